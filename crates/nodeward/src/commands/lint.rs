//! `nodeward lint [PATH…]`: what the project's own source does wrong.

use std::path::{Path, PathBuf};

use nodeward_lint::{Audience, Options, Policy, Safety, rules};
use nodeward_report::{Coverage, Finding, Progress, Report, Severity, Suppressed, Tolerance};

use crate::cli::ReportArgs;
use crate::config::Config;
use crate::lint::files::{self, Selected, Tests};
use crate::lint::pages::Topic;
use crate::lint::{self, baseline, changed, mend, pages, trials};
use crate::outcome::Outcome;
use crate::output;
use crate::session::Session;
use crate::suppress::{self, Sight};

/// Check source: what in the code lets attackers in?
///
/// Reads the project's own JavaScript and TypeScript, as far as git does not ignore it, and says what its rules
/// find: injection, dangerous regular expressions, misused crypto, secrets, and so on. Nothing is run.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Findings of severity medium or more give exit code 1, unless --fail-on or
nodeward.toml says otherwise. A file that could not be checked gives exit code
2, unless --allow-unchecked is given.

What is all right in one place, say so above it; the reason is obligatory:
  // nodeward-ignore shell-command: the branch name is checked above

Examples:
  nodeward lint
  nodeward lint src --policy strict
  nodeward lint --since origin/main --format github
  nodeward lint --explain shell-command
  nodeward lint --test-requirements      do our own rules find what they should?
  nodeward lint --write-baseline --baseline lint-baseline.json")]
pub(crate) struct LintArgs {
    /// Folders and files [default: .]
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// Which rules: common (nine of ten findings are true), strict or experimental
    /// [default: `policy` of `[lint]` in nodeward.toml; else common]
    #[arg(long, value_name = "POLICY")]
    policy: Option<Policy>,
    /// Only this rule or requirement, whatever the policy (repeatable)
    #[arg(long, value_name = "RULE")]
    only: Vec<String>,
    /// Print a rule's page and stop
    #[arg(long, value_name = "RULE", conflicts_with = "list")]
    explain: Option<String>,
    /// Print all rules and requirements and stop
    #[arg(long)]
    list: bool,
    /// Hide the findings that this file has
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    baseline: Option<PathBuf>,
    /// Write what is found to the file of --baseline
    #[arg(long, requires = "baseline", conflicts_with_all = ["since", "fix", "fix_unsafe"])]
    write_baseline: bool,
    /// Only findings on lines that changed since a git revision
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Make the changes that clear findings and cannot alter what the program does
    #[arg(long)]
    fix: bool,
    /// Make the changes that clear findings, those that may alter what the program does too
    #[arg(long)]
    fix_unsafe: bool,
    /// Look at the installed production dependencies too, whatever they say about themselves
    #[arg(long)]
    deps: bool,
    /// Do not trust whoever calls what the code exports: it is a library
    /// [default: as each `package.json` says: with `main`, `exports` or an `index.js` it is a library]
    #[arg(long, conflicts_with = "application")]
    library: bool,
    /// Trust whoever calls what the code exports, and not what comes over the network
    #[arg(long)]
    application: bool,
    /// Try the requirements of nodeward.toml on their own examples, and stop
    #[arg(long, conflicts_with_all = ["explain", "list", "write_baseline", "fix", "fix_unsafe", "since", "deps"])]
    test_requirements: bool,
    /// Look at everything anew, and keep nothing for the next run
    #[arg(long)]
    no_cache: bool,
    /// Let what could not be checked pass
    #[arg(long)]
    allow_unchecked: bool,
    #[command(flatten)]
    report: ReportArgs,
}

/// Lints.
pub(crate) fn lint(args: &LintArgs, session: &Session) -> anyhow::Result<Outcome> {
    let output = args.report.output.as_deref();
    // A page of a built-in rule needs no configuration that can be read.
    if let Some(rule) = args.explain.as_deref().and_then(rules::find) {
        output::write(output, |out| pages::explain(&Topic::Rule(rule), out))?;
        return Ok(Outcome::Clean);
    }
    anyhow::ensure!(args.report.vex.is_empty(), "--vex speaks of releases; `lint` looks at source");
    let run = Run::new(args, session)?;
    let requirements = &run.options.requirements;
    if args.list {
        output::write(output, |out| pages::list(requirements, out))?;
        return Ok(Outcome::Clean);
    }
    if let Some(id) = &args.explain {
        let topic = pages::topic(id, requirements)?;
        output::write(output, |out| pages::explain(&topic, out))?;
        return Ok(Outcome::Clean);
    }
    for id in &args.only {
        pages::topic(id, requirements)?;
    }
    if args.test_requirements {
        return run.test_requirements();
    }
    let mut looked = run.look()?;
    if args.fix_unsafe || args.fix {
        looked = run.mend(looked)?;
    }
    if let (Some(file), true) = (&args.baseline, args.write_baseline) {
        baseline::write(file, &looked.report.findings)?;
        session.note(format_args!("wrote {} with {} findings", file.display(), looked.report.findings.len()));
        return Ok(Outcome::Clean);
    }
    super::scan::print(&looked.report, &args.report, session)?;
    Ok(Outcome::from_code(looked.report.exit_code()))
}

impl LintArgs {
    fn audience(&self) -> Option<Audience> {
        match (self.library, self.application) {
            (true, _) => Some(Audience::Callers),
            (_, true) => Some(Audience::Requests),
            _ => None,
        }
    }
}

/// One run: what does not change from round to round.
struct Run<'a> {
    args: &'a LintArgs,
    session: &'a Session,
    folders: Vec<PathBuf>,
    configs: Vec<Config>,
    options: Options,
}

/// What one look gave.
struct Looked {
    report: Report,
    selected: Selected,
}

impl<'a> Run<'a> {
    fn new(args: &'a LintArgs, session: &'a Session) -> anyhow::Result<Self> {
        let folders: Vec<PathBuf> = match &args.paths[..] {
            [] => vec![PathBuf::from(".")],
            paths => paths.iter().map(|path| folder_of(path)).collect(),
        };
        let mut configs = configs(&folders, session)?;
        let written = configs.iter().filter_map(|config| config.lint_policy).max();
        let policy = args.policy.or(written).unwrap_or_default();
        let asked: Vec<&Config> = configs.iter().collect();
        let mut options = lint::options(policy, &args.only, &asked, &session.directory);
        options.audience = args.audience();
        options.cache = if args.no_cache { None } else { lint::cache(session) };
        for config in &mut configs {
            lint::keep_relevant(config, &options, false);
        }
        Ok(Self { args, session, folders, configs, options })
    }

    /// Holds the requirements against their own examples.
    fn test_requirements(&self) -> anyhow::Result<Outcome> {
        let configs: Vec<&Config> = self.configs.iter().collect();
        let tried = trials::all(&configs, &self.args.only);
        anyhow::ensure!(
            !tried.is_empty(),
            "there are no requirements to test: write `[[lint.requirement]]` in nodeward.toml"
        );
        let output = self.args.report.output.as_deref();
        match self.args.report.format.as_str() {
            "text" => output::write(output, |out| trials::text(&tried, out))?,
            "json" => output::write(output, |out| trials::json(&tried, out))?,
            other => anyhow::bail!("--test-requirements writes text and json, and no {other}"),
        }
        Ok(trials::outcome(&tried))
    }

    fn look(&self) -> anyhow::Result<Looked> {
        let mut selected = files::own(&self.args.paths, Tests::Looked)?;
        if self.args.deps {
            for folder in &self.folders {
                selected.add_dependencies(folder)?;
            }
        }
        let configs: Vec<&Config> = self.configs.iter().collect();
        let asked = if self.args.paths.is_empty() { Sight::Whole } else { Sight::Partial };
        let found = lint::look(&selected, &self.options, &configs, asked);
        let sight = if found.gaps.is_empty() { asked } else { Sight::Partial };
        let sorted = suppress::apply(found.findings, &configs, &self.folders, sight, self.session.now);
        let mut suppressed = found.suppressed;
        suppressed.extend(sorted.suppressed);
        let mut report = Report {
            command: "lint",
            tool_version: env!("CARGO_PKG_VERSION"),
            now: self.session.now,
            projects: Vec::new(),
            findings: sorted.findings,
            suppressed,
            changes: Vec::new(),
            progress: Progress::Proposed,
            coverage: Coverage {
                gaps: found.gaps,
                tolerance: if self.args.allow_unchecked { Tolerance::Asked } else { Tolerance::Never },
                sources: found.sources,
                ..Coverage::default()
            },
            fail_on: self.fail_on(),
        };
        report.sort();
        self.narrow(&mut report, &selected)?;
        Ok(Looked { report, selected })
    }

    /// Leaves what is new: not in the baseline, and on lines that changed.
    fn narrow(&self, report: &mut Report, selected: &Selected) -> anyhow::Result<()> {
        if let (Some(file), false) = (&self.args.baseline, self.args.write_baseline) {
            let (findings, suppressed) =
                self.compare(file, std::mem::take(&mut report.findings), selected)?;
            report.findings = findings;
            report.suppressed.extend(suppressed);
        }
        if let Some(revision) = &self.args.since {
            let changed = changed::since(revision, &self.folders[0], self.session)?;
            report.findings.retain(|finding| changed.concerns(finding));
        }
        Ok(())
    }

    fn compare(
        &self,
        file: &Path,
        findings: Vec<Finding>,
        selected: &Selected,
    ) -> anyhow::Result<(Vec<Finding>, Vec<Suppressed>)> {
        let mut compared = baseline::compare(file, findings)?;
        baseline::keep_telling(&mut compared.gone, |id| lint::runs(&self.options, id), &selected.files);
        for entry in &compared.gone {
            self.session.note(format_args!(
                "{}: {} in {} is gone; --write-baseline takes it out",
                file.display(),
                entry.rule,
                entry.file
            ));
        }
        Ok((compared.findings, compared.suppressed))
    }

    /// Changes and looks again, until there is nothing left to change.
    fn mend(&self, mut looked: Looked) -> anyhow::Result<Looked> {
        let also_risky = self.args.fix_unsafe;
        let safety = match also_risky {
            true => Safety::Unsafe,
            false => Safety::Safe,
        };
        let mut all = 0;
        for _ in 0..mend::ROUNDS {
            let made = mend::round(&looked.selected.files, &looked.report.findings, &self.options, safety)?;
            if made == 0 {
                break;
            }
            all += made;
            looked = self.look()?;
        }
        self.session.note(format_args!("made {all} {}", if all == 1 { "change" } else { "changes" }));
        Ok(looked)
    }

    fn fail_on(&self) -> Severity {
        let strictest = self.configs.iter().filter_map(|config| config.fail_on).min();
        self.args.report.fail_on.or(strictest).unwrap_or(Severity::Medium)
    }
}

fn folder_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_path_buf();
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The configurations that apply, each once.
fn configs(folders: &[PathBuf], session: &Session) -> anyhow::Result<Vec<Config>> {
    if let Some(file) = &session.config {
        return Ok(vec![Config { chosen: true, ..Config::read(file)? }]);
    }
    let here = std::fs::canonicalize(&session.directory).unwrap_or_else(|_| session.directory.clone());
    let mut configs: Vec<Config> = Vec::new();
    for folder in folders {
        let config = Config::for_project(folder, &here)?;
        if !configs.iter().any(|known| known.file == config.file) {
            configs.push(config);
        }
    }
    Ok(configs)
}
