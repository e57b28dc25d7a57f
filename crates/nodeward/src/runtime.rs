//! Node.js itself: which version the projects say they run on, and what is known against it.
//!
//! Only where nothing in the projects says so is the machine's own Node.js looked at, and it is not started for
//! that: its header file or its folder tells the version.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nodeward_advisory::node::{self, NodeUse, Schedule, Wanted};
use nodeward_package::node_version::{self, NodeStatement, Said};
use nodeward_package::{Origin, Place, Version};
use nodeward_report::finding::Kind;
use nodeward_report::{Confidence, Finding, Severity, Subject, Threat};

use crate::database::{self, Knowledge};
use crate::gather;
use crate::projects::Project;
use crate::session::{self, Session};

/// What is known against every Node.js that the projects name.
pub(crate) fn check(
    projects: &[Project],
    knowledge: &Knowledge,
    session: &Session,
) -> anyhow::Result<Vec<Finding>> {
    let known = |usage: &NodeUse| {
        node::check(usage, Some(&knowledge.index), &knowledge.schedule, session.now)
            .map_err(|error| database::damaged(session, &error))
    };
    let statements = statements(projects);
    let mut findings = Vec::new();
    for statement in &statements {
        match usage(statement, &knowledge.schedule) {
            Ok(usage) => findings.extend(known(&usage)?),
            Err(error) => findings.push(unclear(statement, &error.to_string())),
        }
    }
    if statements.is_empty()
        && let Some(usage) = on_the_path(session)
    {
        findings.extend(known(&usage)?.into_iter().map(of_this_machine));
    }
    Ok(findings)
}

/// The machine that scans need not be the one that runs the project: worth knowing, no reason to fail.
fn of_this_machine(mut finding: Finding) -> Finding {
    finding.severity = finding.severity.min(Severity::Low);
    finding.confidence = Confidence::Low;
    finding.title = format!("{} (this machine's; the project names none)", finding.title);
    finding
}

fn usage(statement: &NodeStatement, schedule: &Schedule) -> Result<NodeUse, node::WantedError> {
    let wanted = match &statement.said {
        Said::Version(text) => Wanted::parse(text, schedule),
        Said::ImageTag(tag) => Wanted::parse_image_tag(tag, schedule),
    };
    Ok(NodeUse { wanted: wanted?, place: statement.place.clone(), said_by: statement.said_by.clone() })
}

/// What could not be understood was not checked, and is said.
fn unclear(statement: &NodeStatement, error: &str) -> Finding {
    Finding::new(
        "node-version-unclear",
        Kind::Project,
        Threat::ZeroDay,
        Severity::Info,
        Subject::File,
        statement.place.clone(),
        format!("{}: {error}", statement.said_by),
    )
}

/// Everything that the projects' folders say, each file once.
fn statements(projects: &[Project]) -> Vec<NodeStatement> {
    let mut statements = Vec::new();
    let mut seen = BTreeSet::new();
    for project in projects {
        let mut folders = vec![String::new(), ".github/workflows".to_owned()];
        folders.extend(project.graph.roots().iter().filter_map(|&root| {
            match &project.graph.package(root).origin {
                Origin::Workspace { path } => Some(path.to_string()),
                _ => None,
            }
        }));
        for folder in folders {
            for file in files(&gather::beside(project, &folder)) {
                if seen.insert(file.clone()) {
                    statements.extend(in_file(&file));
                }
            }
        }
    }
    statements
}

/// The files of a folder, in order. A folder that can't be listed has been told by who looked for lockfiles there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(here) else { return Vec::new() };
    let names = entries.flatten().map(|entry| folder.join(entry.file_name()));
    let mut files: Vec<PathBuf> = names
        .filter(|path| {
            node_version::is_understood(path) || path.file_name().is_some_and(|name| name == "package.json")
        })
        .collect();
    files.sort();
    files
}

fn in_file(file: &Path) -> Vec<NodeStatement> {
    if file.file_name().is_some_and(|name| name == "package.json") {
        return gather::read_manifest(file)
            .map_or_else(Vec::new, |manifest| node_version::in_manifest(file, &manifest));
    }
    let is_small = std::fs::metadata(file)
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() <= node_version::MAX_FILE_BYTES as u64);
    if !is_small {
        return Vec::new();
    }
    let bytes = std::fs::read(file).unwrap_or_default();
    node_version::statements(file, &String::from_utf8_lossy(&bytes))
}

/// The Node.js that a shell would start. Asking it takes longer than all the rest of a scan.
fn on_the_path(session: &Session) -> Option<NodeUse> {
    let name = if cfg!(windows) { "node.exe" } else { "node" };
    let folders = session::program_folders(session);
    let program = folders.into_iter().map(|folder| folder.join(name)).find(|program| program.is_file())?;
    let real = std::fs::canonicalize(&program).ok()?;
    let prefix = real.parent()?.parent()?;
    let header = std::fs::read_to_string(prefix.join("include/node/node_version.h"));
    let version = match header {
        Ok(header) => from_header(&header)?,
        // Version managers name the folder: `…/versions/node/v20.11.1/bin/node`.
        Err(_) => prefix.components().rev().find_map(|part| {
            let part = part.as_os_str().to_str()?;
            Version::parse(part.strip_prefix('v').unwrap_or(part)).ok()
        })?,
    };
    Some(NodeUse {
        wanted: Wanted::Exactly(version),
        place: Place::file(program),
        said_by: "node on the PATH".to_owned(),
    })
}

/// `#define NODE_MAJOR_VERSION 20` and so on.
fn from_header(header: &str) -> Option<Version> {
    let number = |part: &str| {
        let name = format!("NODE_{part}_VERSION");
        header.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next() == Some("#define") && words.next() == Some(&name)).then(|| words.next())?
        })
    };
    Version::parse(&format!("{}.{}.{}", number("MAJOR")?, number("MINOR")?, number("PATCH")?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_version() {
        let header =
            "#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 11\n#define NODE_PATCH_VERSION 1\n";
        assert_eq!(from_header(header).unwrap().to_string(), "20.11.1");
        assert!(from_header("#define NODE_MAJOR_VERSION x").is_none());
    }
}
