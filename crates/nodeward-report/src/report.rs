//! What one run found, and how much of its job it could do.

use jiff::Timestamp;
use nodeward_package::DependencyGraph;

use crate::{Finding, Severity};

/// What one run found. Every renderer gets the same one.
#[derive(Debug)]
pub struct Report {
    /// The command that made it: `scan`, `audit`.
    pub command: &'static str,
    /// Version of Nodeward.
    pub tool_version: &'static str,
    /// When it was made.
    pub now: Timestamp,
    /// What was looked at.
    pub projects: Vec<ScannedProject>,
    /// What was found, in the order of [`Report::sort`].
    pub findings: Vec<Finding>,
    /// What the user's suppressions (or a VEX document) hid.
    pub suppressed: Vec<Suppressed>,
    /// The changes that would clear findings, most clearing first.
    pub changes: Vec<Change>,
    /// How far they have come.
    pub progress: Progress,
    /// The advisory data that was used.
    pub coverage: Coverage,
    /// From which severity on a finding fails the run.
    pub fail_on: Severity,
}

/// How far the changes of a report have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody asked for them yet.
    Proposed,
    /// The user was shown what they do.
    Shown,
    /// They were made; those that the report has are what is left.
    Made,
}

/// One project, that is one lockfile.
#[derive(Debug)]
pub struct ScannedProject {
    /// The project's name, or its folder's.
    pub name: String,
    /// Its graph.
    pub graph: DependencyGraph,
}

/// A finding that was hidden, and why.
#[derive(Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason given.
    pub reason: String,
    /// Until when (a date, `2027-01-31`), where it expires.
    pub until: Option<String>,
    /// `nodeward.toml`, or the VEX file.
    pub source: String,
}

/// How a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A newer version that the manifest's range already allows: only the lockfile changes.
    UpgradeWithinRange,
    /// A newer version of a direct dependency beyond its range.
    UpgradeBeyondRange,
    /// An override of a transitive version (`overrides`, `resolutions`, `pnpm.overrides`).
    Override,
    /// Nothing fixes it: remove or replace the direct dependency.
    Replace,
}

/// One change of a project that clears findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Index into [`Report::projects`].
    pub project: usize,
    /// How.
    pub kind: ChangeKind,
    /// The package to change.
    pub package: String,
    /// Version now.
    pub from: String,
    /// Version after; empty for [`ChangeKind::Replace`].
    pub to: String,
    /// The command or manifest line that does it, for the project's own package manager.
    pub instruction: String,
    /// Indices into [`Report::findings`] that it clears.
    pub clears: Vec<usize>,
    /// Whether registry metadata was read to make sure that it works.
    pub checked: bool,
    /// It may break callers: the major version changes (or the minor one below 1.0).
    pub breaking: bool,
}

/// Which advisory data a run had.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Records in the index.
    pub advisories: u64,
    /// When the newest of them was last modified.
    pub newest: Option<Timestamp>,
    /// Where they came from, in the user's words: `index of 2026-11-20`, `built-in landmarks`.
    pub source: String,
    /// What could not be looked at. Not empty means that the run can't be called clean.
    pub gaps: Vec<Gap>,
    /// Whether they fail the run.
    pub tolerance: Tolerance,
    /// The source that was looked at, where any was to be.
    pub sources: Option<Sources>,
}

/// What gaps do to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tolerance {
    /// It is not clean.
    #[default]
    Never,
    /// The user said that they may be.
    Asked,
}

/// The source that a run looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// How many files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were left out because nobody wrote them: built, bundled, minified.
    pub left_out: usize,
    /// How many rules looked.
    pub rules: usize,
    /// Which: `policy common`.
    pub chosen: String,
    /// Findings that `--fix` would clear, and those that only `--fix-unsafe` would.
    pub fixable: (usize, usize),
}

/// Something that the run could not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What, in one line.
    pub message: String,
    /// How to mend it, in one line.
    pub remedy: String,
}

impl Report {
    /// Worst first, but advisories about what can't load last; then production before development, rule, subject,
    /// place. Total, so that two runs agree.
    pub fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            let (idle, other_idle) = (a.is_idle(), b.is_idle());
            (idle, b.severity, a.kind, b.production, b.reachable, &a.rule, &a.subject, &a.place).cmp(&(
                other_idle,
                a.severity,
                b.kind,
                a.production,
                a.reachable,
                &b.rule,
                &b.subject,
                &b.place,
            ))
        });
    }

    /// Whether source is all that was looked at.
    pub fn is_of_source(&self) -> bool {
        self.coverage.sources.is_some() && self.projects.is_empty()
    }

    /// The findings that fail the run.
    pub fn at_threshold(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity >= self.fail_on)
    }

    /// 1 with findings at the threshold, else 2 if something could not be checked, else 0.
    pub fn exit_code(&self) -> u8 {
        if self.at_threshold().next().is_some() {
            1
        } else if !self.coverage.gaps.is_empty() && self.coverage.tolerance == Tolerance::Never {
            2
        } else {
            0
        }
    }
}
