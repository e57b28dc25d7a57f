//! Whether what is known against a release can load in production: by the project's seal, else by a static trace.
//!
//! Where that is known, it is also told what the text does not say: loads of anything, test code that can load, and
//! packages that never do. A seal costs little to read; a trace takes its time, and is made only where there is something
//! known against a release.
//!
//! "No" is said only where it is known where the program starts, and of releases that are installed. What is not said
//! stays unknown.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nodeward_package::place::Position;
use nodeward_package::{DependencyGraph, Origin, Place};
use nodeward_report::finding::Kind;
use nodeward_report::{Evidence, Finding, Gap, Printable, Reachable, Severity, Subject};
use nodeward_seal::seal::{Document, SealPath};
use nodeward_seal::trace::{Options, TraceError, is_test, trace};
use serde_json::Value;

use crate::disk;
use crate::projects::Project;
use crate::trace::findings::{self, Noted};

const SEAL: &str = "nodeward.seal.json";
const MOST_SEAL_BYTES: u64 = 256 << 20;
const MOST_MANIFEST_BYTES: u64 = 16 << 20;

/// What can load of which release.
#[derive(Debug)]
struct Loads {
    /// How it is known, by `name@version`.
    releases: HashMap<String, Reachable>,
    /// Where that is from, for the user.
    by: String,
    /// What else is worth knowing.
    noted: Vec<Noted>,
}

/// Notes with each finding about a release whether the release can load, and adds what is known of loading itself.
pub(crate) fn mark(
    project: &Project,
    installed: Option<&DependencyGraph>,
    findings: &mut Vec<Finding>,
    gaps: &mut Vec<Gap>,
) {
    let concerned = |finding: &Finding| matches!(finding.kind, Kind::Advisory | Kind::Malware);
    if !findings.iter().any(concerned) && !project.folder.join(SEAL).exists() {
        return;
    }
    // Without what is installed there is nothing that could load.
    let Some(installed) = installed else { return };
    let Loads { releases, by, noted } = match sealed(&project.folder) {
        Ok(Some(loads)) => loads,
        Ok(None) => match traced(project) {
            Some(loads) => loads,
            None => return,
        },
        Err(message) => {
            gaps.push(Gap {
                message: Printable(&message).to_string(),
                remedy: "seal again, or remove the file".to_owned(),
            });
            return;
        }
    };
    let here: HashSet<String> = installed.packages().iter().map(|package| package.label()).collect();
    for finding in findings.iter_mut().filter(|finding| concerned(finding)) {
        let Subject::Release { name, version } = &finding.subject else { continue };
        let label = format!("{name}@{version}");
        finding.reachable = match releases.get(&label) {
            Some(known) => *known,
            None if here.contains(&label) => Reachable::No,
            None => Reachable::Unknown,
        };
        let value = match finding.reachable {
            Reachable::No => format!("no file of it, by {by}"),
            Reachable::Static => format!("can load, by {by}"),
            Reachable::Recorded => format!("was seen loading, by {by}"),
            Reachable::Unknown => continue,
        };
        finding.evidence.push(Evidence { label: "in production", value, place: None });
    }
    // What is locked for other systems is not installed, and says nothing.
    let never = findings::never_loaded(&project.graph, &|label| {
        releases.contains_key(label) || !here.contains(label)
    });
    let mut more = findings::by_package(noted);
    more.extend(findings::of_never_loaded(&project.graph, &never));
    for finding in &mut more {
        // The lockfile's own findings decide whether a scan fails; these say where to look.
        finding.severity = finding.severity.min(Severity::Low);
        finding.evidence.push(Evidence { label: "known", value: format!("by {by}"), place: None });
    }
    findings.append(&mut more);
}

/// A file of a project as the user would name it.
fn place(folder: &Path, file: &str, line: u32) -> Place {
    let path = if folder == Path::new(".") { PathBuf::from(file) } else { folder.join(file) };
    match line {
        0 => Place::file(path),
        line => Place::at(Arc::from(path), Position { line, column: 1 }),
    }
}

/// By the seal of the project, if it has one.
fn sealed(folder: &Path) -> Result<Option<Loads>, String> {
    let file = folder.join(SEAL);
    if !file.exists() {
        return Ok(None);
    }
    let bytes = disk::read_bounded(&file, MOST_SEAL_BYTES).map_err(|error| format!("{SEAL}: {error}"))?;
    let document = Document::parse(Path::new(SEAL), &bytes).map_err(|error| error.to_string())?;
    let mut releases = HashMap::new();
    for source in &document.sources {
        let Some(package) = &source.package else { continue };
        let how = match source.origin {
            nodeward_seal::Origin::Recorded => Reachable::Recorded,
            nodeward_seal::Origin::Static | nodeward_seal::Origin::Declared => Reachable::Static,
        };
        let known = releases.entry(package.clone()).or_insert(how);
        *known = (*known).max(how);
    }
    let is_entry = |path: &SealPath| document.entries.contains(path);
    let tests =
        document.sources.iter().filter(|source| is_test(source.path.as_str()) && !is_entry(&source.path));
    let noted = tests.map(|source| {
        let path = source.path.as_str();
        (source.package.clone(), findings::test_code(path, place(folder, path, 0)))
    });
    Ok(Some(Loads { releases, by: SEAL.to_owned(), noted: noted.collect() }))
}

/// By tracing from where the project's programs start, if that can be told.
fn traced(project: &Project) -> Option<Loads> {
    let mut entries = entries(project)?;
    let found = loop {
        let all = entries.iter().flat_map(|entries| &entries.all).cloned().collect();
        let options = Options { entries: all, root: Some(project.folder.clone()), ..Options::default() };
        match trace(&options) {
            Ok(found) => break found,
            // What a manifest names is not there: what its scripts start still is, if they say.
            Err(TraceError::NoEntry { path }) => {
                let entries = entries.iter_mut().find(|entries| same(&entries.folder, &path))?;
                entries.all.retain(|entry| !same(entry, &path));
                if entries.all.is_empty() && !entries.is_optional {
                    return None;
                }
            }
            // Whoever asks for the trace itself is told what stands in its way.
            Err(_) => return None,
        }
    };
    let by = match found.list.entries.as_slice() {
        [] => return None,
        [entry] => format!("a trace from {}", Printable(entry)),
        more => format!("a trace from {} entries", more.len()),
    };
    let packages = found.list.sources.iter().filter_map(|source| source.package.clone());
    let mut noted = findings::dynamic_loads(&found, &|file, line| place(&project.folder, file, line));
    noted.extend(found.tests().map(|file| {
        let package = found.list.get(file).and_then(|source| source.package.clone());
        (package, findings::test_code(file, place(&project.folder, file, 0)))
    }));
    Some(Loads { releases: packages.map(|package| (package, Reachable::Static)).collect(), by, noted })
}

fn same(one: &Path, other: &Path) -> bool {
    one == other
        || std::fs::canonicalize(one)
            .is_ok_and(|one| std::fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Where the programs in a folder start.
#[derive(Debug)]
struct Entries {
    folder: PathBuf,
    /// Files, and the folder itself for what its manifest names.
    all: Vec<PathBuf>,
    /// It may be that no program is there.
    is_optional: bool,
}

/// Where the programs of a project start: the root's and those of its workspaces. `None` if one of them is started by
/// something that does not say what it loads.
fn entries(project: &Project) -> Option<Vec<Entries>> {
    let mut folders = vec![project.folder.clone()];
    for package in project.graph.packages() {
        if let Origin::Workspace { path } = &package.origin {
            folders.push(project.folder.join(&**path));
        }
    }
    // The root of a monorepo is often no program.
    let has_workspaces = folders.len() > 1;
    let of = |(at, folder): (usize, PathBuf)| {
        let mut all = started(&folder)?;
        all.push(folder.clone());
        Some(Entries { folder, all, is_optional: at == 0 && has_workspaces })
    };
    folders.into_iter().enumerate().map(of).collect()
}

/// What the scripts of a manifest start with `node`. `None` if they start something else, or it is not there.
fn started(folder: &Path) -> Option<Vec<PathBuf>> {
    let bytes = disk::read_bounded(&folder.join("package.json"), MOST_MANIFEST_BYTES).ok()?;
    let manifest: Value = serde_json::from_slice(&bytes).ok()?;
    let mut files = Vec::new();
    for script in ["start", "serve", "start:prod"] {
        let command = manifest.get("scripts").and_then(|scripts| scripts.get(script)?.as_str());
        if let Some(command) = command {
            let file = folder.join(program(command)?);
            let candidates = [file.clone(), file.with_extension("js"), file.join("index.js")];
            files.push(candidates.into_iter().find(|file| file.is_file())?);
        }
    }
    Some(files)
}

/// The file that `node …` runs.
fn program(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace().skip_while(|word| {
        // `NODE_ENV=production node server.js`, with or without cross-env.
        word.contains('=') || *word == "cross-env"
    });
    if words.next()? != "node" {
        return None;
    }
    let mut words = words.skip_while(|word| word.starts_with('-') && !takes_value(word));
    let file = words.next().filter(|word| !word.starts_with('-'))?;
    (!command.contains(['&', '|', ';', '$', '`'])).then_some(file.trim_matches(['"', '\'']))
}

fn takes_value(option: &str) -> bool {
    ["-r", "--require", "--import", "--loader", "--experimental-loader", "-e", "-p", "--eval", "--print"]
        .contains(&option)
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn what_a_script_starts() {
        for (command, file) in [
            ("node server.js", Some("server.js")),
            ("NODE_ENV=production node --max-old-space-size=400 ./bin/www --port 1", Some("./bin/www")),
            ("cross-env NODE_ENV=production node 'dist/main'", Some("dist/main")),
            ("node -r dotenv/config app.js", None),
            ("node", None),
            ("next start", None),
            ("tsc && node dist/index.js", None),
            ("node a.js & node b.js", None),
        ] {
            assert_eq!(program(command), file, "{command}");
        }
    }
}
