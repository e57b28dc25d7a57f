//! The work that `scan`, `audit` and `vex` share: from paths to a finished report.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use nodeward_advisory::vex;
use nodeward_advisory::{Index, matching};
use nodeward_lint::Policy;
use nodeward_package::beside::both;
use nodeward_package::{DependencyGraph, Place};
use nodeward_report::finding::Kind;
use nodeward_report::{Finding, Gap, Printable, Progress, Report, ScannedProject, Severity, Subject, Threat};

use crate::cli::{ProjectArgs, ReportArgs};
use crate::config::Config;
use crate::database::{self, Knowledge};
use crate::gather;
use crate::install_scripts;
use crate::lint;
use crate::lint::files::{self, Tests};
use crate::loaded;
use crate::npm_settings::NpmSettings;
use crate::projects::{self, Notes, Project};
use crate::runtime;
use crate::session::Session;
use crate::suppress::{self, Sight};
use crate::unchecked;

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
    /// Whose work may be under way in the projects.
    pub(crate) notes: Notes,
}

impl<'a> Job<'a> {
    /// From the arguments of a command.
    pub(crate) fn new(
        command: &'static str,
        scope: Scope,
        projects: &'a ProjectArgs,
        report: &'a ReportArgs,
    ) -> Self {
        Self { command, scope, projects, vex: &report.vex, fail_on: report.fail_on, notes: Notes::Foreign }
    }
}

/// A report, and what it was made from.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// The report; its changes are not planned yet.
    pub(crate) report: Report,
    /// Where each of the report's projects stands.
    pub(crate) folders: Vec<PathBuf>,
    /// The index that was asked.
    pub(crate) index: Index,
}

/// Does the job.
pub(crate) fn inspect(job: Job<'_>, session: &Session) -> anyhow::Result<Inspection> {
    let documents = vex_documents(job.vex)?;
    let read = projects::read(&job.projects.paths, job.notes, session)?;
    let mut configs = configs(&read.projects, session)?;
    let knowledge = database::knowledge(session)?;
    let (mut findings, unseen) = look(job.scope, &read.projects, &knowledge, session)?;
    findings.extend(stale(&knowledge, session));
    if job.projects.prod {
        findings.retain(is_production);
    }
    let mut coverage = knowledge.coverage;
    let mut gaps = read.gaps;
    gaps.extend(unseen);
    let source = source(job, &mut configs, session)?;
    findings.extend(source.findings);
    gaps.extend(source.gaps);
    coverage.sources = source.sources;
    for project in &read.projects {
        gaps.extend(unchecked::versions(project, &knowledge.index, session)?);
        gaps.extend(unchecked::lost(project));
        if job.scope == Scope::Advisories {
            gaps.extend(unchecked::requirements(project));
        }
    }
    let is_whole = gaps.is_empty() && coverage.gaps.is_empty();
    coverage.gaps.extend(gaps);

    let graphs: Vec<&DependencyGraph> = read.projects.iter().map(|project| &project.graph).collect();
    let applied = vex::apply(&documents, findings, &graphs);
    for remark in &applied.remarks {
        session.warn(remark);
    }
    let sight = match job.scope {
        Scope::Everything if is_whole && !job.projects.prod => Sight::Whole,
        _ => Sight::Partial,
    };
    let folders: Vec<PathBuf> = read.projects.iter().map(|project| project.folder.clone()).collect();
    let configs: Vec<&Config> = configs.iter().collect();
    let sorted = suppress::apply(applied.findings, &configs, &folders, sight, session.now);
    let mut suppressed = applied.suppressed;
    suppressed.extend(source.suppressed);
    suppressed.extend(sorted.suppressed);

    let mut report = Report {
        command: job.command,
        tool_version: env!("CARGO_PKG_VERSION"),
        now: session.now,
        projects: scanned(read.projects, &configs),
        findings: sorted.findings,
        suppressed,
        changes: Vec::new(),
        progress: Progress::Proposed,
        coverage,
        fail_on: fail_on(job, &configs),
    };
    report.sort();
    Ok(Inspection { report, folders, index: knowledge.index })
}

/// What the rules that have shown themselves say of the project's own code, in the folders that are scanned.
fn source(job: Job<'_>, configs: &mut [Config], session: &Session) -> anyhow::Result<lint::Found> {
    let mut options =
        lint::options(Policy::Common, &[], &configs.iter().collect::<Vec<_>>(), &session.directory);
    options.cache = lint::cache(session);
    for config in configs.iter_mut() {
        lint::keep_relevant(config, &options, true);
    }
    if job.scope != Scope::Everything || job.command != "scan" {
        return Ok(lint::Found::default());
    }
    let here = [PathBuf::from(".")];
    let paths = if job.projects.paths.is_empty() { &here[..] } else { &job.projects.paths };
    let folders: Vec<PathBuf> = paths.iter().filter(|path| is_project(path)).cloned().collect();
    if folders.is_empty() {
        return Ok(lint::Found::default());
    }
    let selected = files::own(&folders, Tests::LeftOut)?;
    if selected.files.is_empty() && selected.gaps.is_empty() {
        return Ok(lint::Found::default());
    }
    // Tests are left out, and an exception may be for them.
    Ok(lint::look(&selected, &options, &configs.iter().collect::<Vec<_>>(), Sight::Partial))
}

/// A folder that is scanned, rather than a lockfile in it or what is installed there.
fn is_project(path: &Path) -> bool {
    path.is_dir() && !path.components().any(|part| part.as_os_str() == "node_modules")
}

/// The command line, else the strictest of what the projects' configurations say, else what suits the scope: an
/// advisory of any severity is somebody's statement that something is wrong, a signal of low severity is advice. A
/// configuration says nothing for the projects beside it, so the default holds with it where one has none.
fn fail_on(job: Job<'_>, configs: &[&Config]) -> Severity {
    let default = match job.scope {
        Scope::Everything => Severity::Medium,
        Scope::Advisories => Severity::Low,
    };
    let strictest = configs.iter().map(|config| config.fail_on.unwrap_or(default)).min();
    job.fail_on.or(strictest).unwrap_or(default)
}

fn vex_documents(files: &[PathBuf]) -> anyhow::Result<Vec<vex::Document>> {
    files
        .iter()
        .map(|file| {
            let unread = || format!("cannot read {}", file.display());
            let mut bytes = Vec::new();
            // The length of a pipe or a device is not known before its end.
            let mut limited = std::fs::File::open(file).with_context(unread)?.take(vex::MAX_BYTES as u64 + 1);
            limited.read_to_end(&mut bytes).with_context(unread)?;
            anyhow::ensure!(
                bytes.len() <= vex::MAX_BYTES,
                "{}: a VEX document of more than {} bytes is not read",
                file.display(),
                vex::MAX_BYTES
            );
            Ok(vex::Document::parse(&file.display().to_string(), &bytes)?)
        })
        .collect()
}

/// The configuration that applies to one project; an empty one if it has none.
pub(crate) fn config(project: &Project, session: &Session) -> anyhow::Result<Config> {
    if let Some(file) = &session.config {
        return Ok(Config { chosen: true, ..Config::read(file)? });
    }
    let here = std::fs::canonicalize(&session.directory).unwrap_or_else(|_| session.directory.clone());
    Config::for_project(&project.folder, &here)
}

/// The configurations that apply, each once; an empty one for the projects that have none.
fn configs(projects: &[Project], session: &Session) -> anyhow::Result<Vec<Config>> {
    if let Some(file) = &session.config {
        return Ok(vec![Config { chosen: true, ..Config::read(file)? }]);
    }
    let here = std::fs::canonicalize(&session.directory).unwrap_or_else(|_| session.directory.clone());
    let mut configs: Vec<Config> = Vec::new();
    let mut folders: HashSet<&Path> = HashSet::new();
    for project in projects {
        if !folders.insert(&project.folder) {
            continue;
        }
        let config = Config::for_project(&project.folder, &here)?;
        if !configs.iter().any(|known| known.file == config.file) {
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
) -> anyhow::Result<(Vec<Finding>, Vec<Gap>)> {
    let known = |graph: &DependencyGraph| {
        matching::scan(graph, &knowledge.index).map_err(|error| database::damaged(session, &error))
    };
    let (mut findings, mut gaps) = (Vec::new(), Vec::new());
    for project in projects {
        if scope == Scope::Advisories {
            findings.extend(known(&project.graph)?);
            continue;
        }
        // Neither waits for the other: what is known against the releases, and what they look like.
        let (noticed, matched) = both(|| notice(project, known, session), || known(&project.graph));
        let Noticed { findings: mut here, gaps: unseen, installed } = noticed?;
        here.extend(matched?);
        gaps.extend(unseen);
        loaded::mark(project, installed.as_ref(), &mut here, &mut gaps);
        findings.extend(here);
    }
    if scope == Scope::Everything {
        findings.extend(runtime::check(projects, knowledge, session)?);
        say_once(&mut findings);
    }
    Ok((findings, gaps))
}

/// What a project's files say.
struct Noticed {
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
    /// What is installed, if that could be read.
    installed: Option<DependencyGraph>,
}

/// What a project's files say by themselves, and what is known against installed releases that are not locked; and
/// what of it could not be read.
fn notice(
    project: &Project,
    known: impl Fn(&DependencyGraph) -> anyhow::Result<Vec<Finding>>,
    session: &Session,
) -> anyhow::Result<Noticed> {
    let (mut findings, mut gaps) = (Vec::new(), Vec::new());
    let installed = match gather::installed(project) {
        Some(Ok(installed)) => Some(installed),
        Some(Err(error)) => {
            gaps.push(Gap {
                message: Printable(&format!("what is installed was not looked at: {error}")).to_string(),
                remedy: "make it readable, or install anew, and scan again".to_owned(),
            });
            None
        }
        None => None,
    };
    if let Some(installed) = &installed {
        findings.extend(known(installed)?.into_iter().filter(|finding| !is_locked(finding, &project.graph)));
    }
    let npm = NpmSettings::read(session, Some(&project.folder))?;
    let decided = (&config(project, session)?.install, install_scripts::today(session));
    findings.extend(gather::signals(project, installed.as_ref(), &npm, decided, &mut gaps));
    Ok(Noticed { findings, gaps, installed })
}

/// Whether the lockfile has the same release, so that what is installed adds nothing.
fn is_locked(finding: &Finding, graph: &DependencyGraph) -> bool {
    let Subject::Release { name, version } = &finding.subject else { return false };
    graph.packages().iter().any(|package| package.name == *name && package.version_text == *version)
}

/// One `.npmrc` of the user applies to every project, and says its thing once.
fn say_once(findings: &mut Vec<Finding>) {
    let mut seen: HashSet<(Arc<str>, Place)> = HashSet::new();
    findings.retain(|finding| {
        finding.subject != Subject::File || seen.insert((finding.rule.clone(), finding.place.clone()))
    });
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
