//! The work that `scan`, `audit` and `vex` share: from paths to a finished report.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nodeward_advisory::vex;
use nodeward_advisory::{matching, node};
use nodeward_package::{DependencyGraph, Place};
use nodeward_report::finding::Kind;
use nodeward_report::{Finding, Report, ScannedProject, Severity, Subject, Threat};

use crate::cli::{ProjectArgs, ReportArgs};
use crate::config::Config;
use crate::database::{self, Knowledge};
use crate::gather;
use crate::npm_settings::NpmSettings;
use crate::projects::{self, Project};
use crate::session::Session;
use crate::suppress::{self, Sight};

/// How much to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything that Nodeward knows to look at.
    Everything,
    /// Advisories and malware in dependencies.
    Advisories,
}

/// What to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    /// The name for the report.
    pub(crate) command: &'static str,
    /// How much to look at.
    pub(crate) scope: Scope,
    /// Where.
    pub(crate) projects: &'a ProjectArgs,
    /// VEX documents.
    pub(crate) vex: &'a [PathBuf],
    /// The threshold of the command line.
    pub(crate) fail_on: Option<Severity>,
}

impl<'a> Job<'a> {
    /// From the arguments of a command.
    pub(crate) fn new(
        command: &'static str,
        scope: Scope,
        projects: &'a ProjectArgs,
        report: &'a ReportArgs,
    ) -> Self {
        Self { command, scope, projects, vex: &report.vex, fail_on: report.fail_on }
    }
}

/// Does the job. The report's changes are not planned yet.
pub(crate) fn inspect(job: Job<'_>, session: &Session) -> anyhow::Result<Report> {
    let documents = vex_documents(job.vex)?;
    let read = projects::read(&job.projects.paths, session)?;
    let configs = configs(&read.projects, session)?;
    let knowledge = database::knowledge(session)?;
    let mut findings = look(job.scope, &read.projects, &knowledge, session)?;
    findings.extend(stale(&knowledge, session));
    if job.projects.prod {
        findings.retain(is_production);
    }
    let mut coverage = knowledge.coverage;
    let is_whole = read.gaps.is_empty() && coverage.gaps.is_empty();
    coverage.gaps.extend(read.gaps);

    let graphs: Vec<&DependencyGraph> = read.projects.iter().map(|project| &project.graph).collect();
    let applied = vex::apply(&documents, findings, &graphs);
    for remark in &applied.remarks {
        session.warn(remark);
    }
    let sight = match job.scope {
        Scope::Everything if is_whole && !job.projects.prod => Sight::Whole,
        _ => Sight::Partial,
    };
    let configs: Vec<&Config> = configs.iter().collect();
    let sorted = suppress::apply(applied.findings, &configs, sight, session.now);
    let mut suppressed = applied.suppressed;
    suppressed.extend(sorted.suppressed);

    let mut report = Report {
        command: job.command,
        tool_version: env!("CARGO_PKG_VERSION"),
        now: session.now,
        projects: scanned(read.projects, &configs),
        findings: sorted.findings,
        suppressed,
        changes: Vec::new(),
        coverage,
        fail_on: fail_on(job, &configs),
    };
    report.sort();
    Ok(report)
}

/// The command line, else the strictest configuration, else what suits the scope: an advisory of any severity is
/// somebody's statement that something is wrong, a signal of low severity is advice.
fn fail_on(job: Job<'_>, configs: &[&Config]) -> Severity {
    let default = match job.scope {
        Scope::Everything => Severity::Medium,
        Scope::Advisories => Severity::Low,
    };
    job.fail_on.or_else(|| configs.iter().filter_map(|config| config.fail_on).min()).unwrap_or(default)
}

fn vex_documents(files: &[PathBuf]) -> anyhow::Result<Vec<vex::Document>> {
    files
        .iter()
        .map(|file| {
            let length = std::fs::metadata(file).map(|metadata| metadata.len());
            let length = length.with_context(|| format!("cannot read {}", file.display()))?;
            anyhow::ensure!(
                length <= vex::MAX_BYTES as u64,
                "{}: {length} bytes; a VEX document of more than {} is not read",
                file.display(),
                vex::MAX_BYTES
            );
            let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(vex::Document::parse(&file.display().to_string(), &bytes)?)
        })
        .collect()
}

/// The configurations that apply, each once.
fn configs(projects: &[Project], session: &Session) -> anyhow::Result<Vec<Config>> {
    if let Some(file) = &session.config {
        return Ok(vec![Config::read(file)?]);
    }
    let here = std::fs::canonicalize(&session.directory).unwrap_or_else(|_| session.directory.clone());
    let mut configs: Vec<Config> = Vec::new();
    let mut folders: Vec<&Path> = Vec::new();
    for project in projects {
        if folders.contains(&project.folder.as_path()) {
            continue;
        }
        folders.push(&project.folder);
        let config = Config::for_project(&project.folder, &here)?;
        if config.file.is_some() && !configs.iter().any(|known| known.file == config.file) {
            configs.push(config);
        }
    }
    Ok(configs)
}

fn look(
    scope: Scope,
    projects: &[Project],
    knowledge: &Knowledge,
    session: &Session,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for project in projects {
        let known = matching::scan(&project.graph, &knowledge.index)
            .map_err(|error| database::damaged(session, &error))?;
        findings.extend(known);
    }
    if scope == Scope::Everything {
        for project in projects {
            let npm = NpmSettings::read(session, Some(&project.folder))?;
            findings.extend(gather::signals(project, &npm));
        }
        for usage in gather::node_statements(projects, &knowledge.schedule, session)? {
            let known = node::check(&usage, Some(&knowledge.index), &knowledge.schedule, session.now)
                .map_err(|error| database::damaged(session, &error))?;
            findings.extend(known);
        }
        // One `.npmrc` of the user applies to every project, and says its thing once.
        let mut seen: Vec<(std::sync::Arc<str>, Subject, Place)> = Vec::new();
        findings.retain(|finding| {
            if finding.subject != Subject::File {
                return true;
            }
            let key = (finding.rule.clone(), finding.subject.clone(), finding.place.clone());
            let is_new = !seen.contains(&key);
            if is_new {
                seen.push(key);
            }
            is_new
        });
    }
    Ok(findings)
}

/// An old index is worth a remark: what it does not know yet, it does not find.
fn stale(knowledge: &Knowledge, session: &Session) -> Option<Finding> {
    let days = knowledge.age_days.filter(|&days| days > database::STALE_DAYS)?;
    let mut finding = Finding::new(
        "index-stale",
        Kind::Project,
        Threat::ZeroDay,
        Severity::Info,
        Subject::File,
        Place::file(database::file(session)),
        format!("the advisory index was last updated {days} days ago"),
    );
    finding.next_step = Some("run `nodeward db update`".to_owned());
    Some(finding)
}

/// What `--prod` keeps: everything but what only development dependencies bring in.
fn is_production(finding: &Finding) -> bool {
    finding.production || !matches!(finding.subject, Subject::Release { .. })
}

fn scanned(projects: Vec<Project>, configs: &[&Config]) -> Vec<ScannedProject> {
    // A name in the only configuration is that of the only project.
    let given = match (configs, projects.len()) {
        ([config], 1) => config.project_name.clone(),
        _ => None,
    };
    projects
        .into_iter()
        .map(|project| ScannedProject { name: given.clone().unwrap_or(project.name), graph: project.graph })
        .collect()
}
