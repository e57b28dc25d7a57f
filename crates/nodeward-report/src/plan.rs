//! What to do, in which order: findings gathered by the change that clears them, or by what they have in common.
//!
//! All formats for people are drawn from this one plan, so that they agree.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use crate::{Change, ChangeKind, Finding, Kind, Progress, Report, Severity, Sources, Subject, fit};

/// Findings that belong together, and what to do about them. Every finding of a report is in exactly one step.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// What holds them together.
    pub(crate) topic: Topic<'a>,
    /// The change that clears them, where one is known.
    pub(crate) change: Option<&'a Change>,
    /// The findings, worst first. Never empty.
    pub(crate) findings: Vec<&'a Finding>,
}

/// What holds a step together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic<'a> {
    /// A release that is known to be malicious.
    Malware(&'a Subject),
    /// One change clears them.
    Change(usize),
    /// Known flaws of one release or of Node.js, without a change that clears them.
    Subject(&'a Subject),
    /// One rule speaks of several packages or settings.
    Rule(&'a str),
}

impl Step<'_> {
    /// The worst severity in it.
    pub(crate) fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }

    /// Whether any of it concerns production.
    pub(crate) fn production(&self) -> bool {
        self.findings.iter().any(|finding| finding.production)
    }

    /// Whether nothing of it can load in production.
    pub(crate) fn is_idle(&self) -> bool {
        self.findings.iter().all(|finding| finding.is_idle())
    }

    /// Whether malware is among it.
    pub(crate) fn is_malware(&self) -> bool {
        matches!(self.topic, Topic::Malware(_))
    }

    /// Whether it is what one rule found in source.
    pub(crate) fn is_of_source(&self) -> bool {
        matches!(self.topic, Topic::Rule(_)) && self.findings.iter().all(|finding| finding.kind == Kind::Lint)
    }

    /// What to do or what it is about, in one line: not yet made safe to show.
    pub(crate) fn title(&self) -> String {
        match (self.topic, self.change) {
            (Topic::Malware(subject), _) => format!("{} is known to be malicious", subject_label(subject)),
            (_, Some(change)) => change_title(change),
            (Topic::Subject(subject), _) => match best_fix(&self.findings) {
                Some(fix) => format!("{}: upgrade to {fix} or later", subject_label(subject)),
                None => format!("{}: no fixed version is known", subject_label(subject)),
            },
            (Topic::Rule(rule), _) if self.is_of_source() => source_title(rule, &self.findings),
            (Topic::Rule(_), _) if self.findings.len() == 1 => self.findings[0].title.clone(),
            (Topic::Rule(rule), _) => {
                format!("{rule}: found {} times", fit::grouped(self.findings.len() as u64))
            }
            (Topic::Change(_), None) => unreachable_title(),
        }
    }

    /// What qualifies the title, in a few words each: not yet made safe to show.
    pub(crate) fn notes(&self, report: &Report) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(change) = self.change {
            match change.kind {
                ChangeKind::UpgradeWithinRange => notes.push("your range allows it".to_owned()),
                ChangeKind::UpgradeBeyondRange => notes.push("your range has to change".to_owned()),
                ChangeKind::Override => {}
                ChangeKind::Replace => notes.push("no version fixes it".to_owned()),
            }
            if change.kind != ChangeKind::Replace {
                if change.breaking {
                    notes.push("may break callers".to_owned());
                }
                if !change.checked {
                    notes.push("not checked against the registry".to_owned());
                }
            }
            if report.projects.len() > 1
                && let Some(project) = report.projects.get(change.project)
            {
                notes.push(format!("in {}", project.name));
            }
        }
        if !self.production() {
            notes.push("development only".to_owned());
        }
        if self.is_idle() {
            notes.push("no file of it loads in production".to_owned());
        }
        notes
    }

    /// Its findings without repeats of one rule on one subject, each with how many there are of it.
    pub(crate) fn distinct(&self) -> Vec<(&Finding, usize)> {
        let mut distinct: Vec<(&Finding, usize)> = Vec::new();
        let mut seen: HashMap<(&str, &Subject, &str), usize> = HashMap::new();
        for &finding in &self.findings {
            // In source every place counts.
            if finding.kind == Kind::Lint {
                distinct.push((finding, 1));
                continue;
            }
            // Settings of one file can break one rule in several ways: there the title counts.
            let title = if finding.subject == Subject::File { finding.title.as_str() } else { "" };
            match seen.entry((&finding.rule, &finding.subject, title)) {
                Entry::Occupied(entry) => distinct[*entry.get()].1 += 1,
                Entry::Vacant(entry) => {
                    entry.insert(distinct.len());
                    distinct.push((finding, 1));
                }
            }
        }
        distinct
    }

    /// What to do next: the change's instruction, or the worst finding's own next step.
    pub(crate) fn next(&self) -> Option<Next<'_>> {
        match self.change {
            Some(change) if !change.instruction.is_empty() => Some(match change.kind {
                ChangeKind::UpgradeWithinRange | ChangeKind::UpgradeBeyondRange => {
                    Next::Run(&change.instruction)
                }
                ChangeKind::Override | ChangeKind::Replace => Next::Read(&change.instruction),
            }),
            // The title names the version that clears all; a step for one of them would say another.
            _ if matches!(self.topic, Topic::Subject(_)) && best_fix(&self.findings).is_some() => None,
            _ => self.findings.iter().find_map(|finding| finding.next_step.as_deref()).map(Next::Read),
        }
    }

    /// The one subject that all findings share, if they do.
    pub(crate) fn common_subject(&self) -> Option<&Subject> {
        let first = &self.findings.first()?.subject;
        self.findings.iter().all(|finding| finding.subject == *first).then_some(first)
    }
}

/// A next step: to type or to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    /// A command or manifest line.
    Run(&'a str),
    /// A sentence.
    Read(&'a str),
}

fn source_title(rule: &str, findings: &[&Finding]) -> String {
    let times = fit::grouped(findings.len() as u64);
    let title = &findings[0].title;
    match findings.iter().all(|finding| finding.title == *title) {
        true if findings.len() == 1 => format!("{title} ({rule})"),
        true => format!("{title} ({rule}, {times} times)"),
        false => format!("{rule}: found {times} times"),
    }
}

// A step with a change topic is only ever made together with its change.
fn unreachable_title() -> String {
    "findings that one change clears".to_owned()
}

fn change_title(change: &Change) -> String {
    let Change { package, from, to, .. } = change;
    let verb = match change.kind {
        ChangeKind::UpgradeWithinRange => "Update",
        ChangeKind::UpgradeBeyondRange => "Upgrade",
        ChangeKind::Override => "Override",
        ChangeKind::Replace => "Remove or replace",
    };
    match (from.is_empty(), to.is_empty()) {
        (true, true) => format!("{verb} {package}"),
        (false, true) => format!("{verb} {package} {from}"),
        (true, false) => format!("{verb} {package} to {to}"),
        (false, false) => format!("{verb} {package} {from} → {to}"),
    }
}

/// `name@version`, `Node.js 20.1.0`, or `the project`: not yet made safe to show.
pub(crate) fn subject_label(subject: &Subject) -> String {
    match subject {
        Subject::Release { name, version } if version.is_empty() => name.to_string(),
        Subject::Release { name, version } => format!("{name}@{version}"),
        Subject::Node { version } => format!("Node.js {version}"),
        Subject::File => "the project".to_owned(),
    }
}

/// A version that fixes all of them, as far as each finding knows one: the largest of the smallest.
fn best_fix(findings: &[&Finding]) -> Option<String> {
    let mut best: Option<(nodeward_package::Version, &str)> = None;
    for finding in findings {
        let text = finding.fixed_versions.first()?;
        let version = nodeward_package::Version::parse(text).ok()?;
        if best.as_ref().is_none_or(|(known, _)| *known < version) {
            best = Some((version, text));
        }
    }
    best.map(|(_, text)| text.to_owned())
}

/// The plan: malware first, what can't load last, worst first, production before development, what clears most before the rest.
pub(crate) fn steps(report: &Report) -> Vec<Step<'_>> {
    let change_of = change_of_each(report);
    let mut topics: BTreeMap<Topic<'_>, Vec<usize>> = BTreeMap::new();
    for (index, finding) in report.findings.iter().enumerate() {
        let topic = match (finding.kind, change_of[index]) {
            (Kind::Malware, _) => Topic::Malware(&finding.subject),
            (_, Some(change)) => Topic::Change(change),
            (Kind::Advisory, None) => Topic::Subject(&finding.subject),
            (Kind::Signal | Kind::Project | Kind::Lint, None) => Topic::Rule(&finding.rule),
        };
        topics.entry(topic).or_default().push(index);
    }
    let mut steps: Vec<Step<'_>> = topics
        .into_iter()
        .map(|(topic, mut indices)| {
            indices.sort_by_key(|&index| {
                let finding = &report.findings[index];
                (finding.kind != Kind::Malware, Reverse(finding.severity), !finding.production, index)
            });
            let change = match topic {
                Topic::Change(change) => report.changes.get(change),
                Topic::Malware(_) => change_of[indices[0]].and_then(|change| report.changes.get(change)),
                Topic::Subject(_) | Topic::Rule(_) => None,
            };
            let findings = indices.iter().map(|&index| &report.findings[index]).collect();
            Step { topic, change, findings }
        })
        .collect();
    // The sort is stable and the topics came in order, so two runs agree.
    steps.sort_by_key(|step| {
        (
            !step.is_malware(),
            step.is_idle(),
            Reverse(step.severity()),
            !step.production(),
            step.findings[0].kind,
            Reverse(step.findings.len()),
        )
    });
    steps
}

/// The first change that clears each finding.
fn change_of_each(report: &Report) -> Vec<Option<usize>> {
    let mut of = vec![None; report.findings.len()];
    for (number, change) in report.changes.iter().enumerate() {
        for &index in &change.clears {
            if let Some(slot @ None) = of.get_mut(index) {
                *slot = Some(number);
            }
        }
    }
    of
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Checked, nothing at the threshold.
    Pass,
    /// Findings at the threshold.
    Fail,
    /// Something could not be checked, and nothing at the threshold was found.
    Incomplete,
}

impl Verdict {
    pub(crate) fn of(report: &Report) -> Self {
        match report.exit_code() {
            0 => Self::Pass,
            1 => Self::Fail,
            _ => Self::Incomplete,
        }
    }

    /// The name in machine-readable formats.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Incomplete => "incomplete",
        }
    }
}

/// The verdict in one line.
pub(crate) fn verdict_line(report: &Report) -> String {
    let total = report.findings.len();
    let failing = report.at_threshold().count();
    let suppressed = match report.suppressed.len() {
        0 => String::new(),
        number => format!(", {number} suppressed"),
    };
    let findings = fit::count(total, "finding", "findings");
    match Verdict::of(report) {
        Verdict::Fail => {
            format!(
                "FAIL: {findings}, {} at {} or above{suppressed} (exit 1)",
                fit::grouped(failing as u64),
                report.fail_on
            )
        }
        Verdict::Incomplete if total == 0 => {
            format!("INCOMPLETE: nothing found{suppressed}, but not everything was checked (exit 2)")
        }
        Verdict::Incomplete => {
            format!("INCOMPLETE: {findings}, none at {} or above{suppressed} (exit 2)", report.fail_on)
        }
        Verdict::Pass if total == 0 => format!("OK: nothing found{suppressed}"),
        Verdict::Pass => format!("OK: {findings}, none at {} or above{suppressed}", report.fail_on),
    }
}

/// The packages of a project that others wrote.
pub(crate) fn third_party(
    project: &crate::ScannedProject,
) -> impl Iterator<Item = &nodeward_package::Package> {
    project.graph.packages().iter().filter(|package| !package.origin.is_first_party())
}

/// What was looked at, a line for each project: not yet made safe to show.
pub(crate) fn project_line(project: &crate::ScannedProject) -> String {
    let graph = &project.graph;
    let (mut all, mut production) = (0, 0);
    for package in third_party(project) {
        all += 1;
        production += u64::from(package.reach.production);
    }
    let split = if all as u64 == production || all == 0 {
        String::new()
    } else {
        format!(", {} in production", fit::grouped(production))
    };
    format!(
        "{} ({}): {}{split}",
        project.name,
        graph.file().display(),
        fit::count(all, "package", "packages")
    )
}

/// Which data was used, in one line: not yet made safe to show.
pub(crate) fn data_line(report: &Report) -> String {
    let coverage = &report.coverage;
    let mut line =
        if coverage.source.is_empty() { "no advisory data".to_owned() } else { coverage.source.clone() };
    line += &format!(", {}", fit::count(coverage.advisories as usize, "advisory", "advisories"));
    if let Some(newest) = coverage.newest {
        line += &format!(", newest {}", newest.strftime("%Y-%m-%d"));
    }
    line
}

/// Which source was looked at, in one line: not yet made safe to show.
pub(crate) fn sources_line(sources: &Sources) -> String {
    let kilobytes = fit::grouped(sources.bytes.div_ceil(1_000));
    let left_out = match sources.left_out {
        0 => String::new(),
        number => format!("; {} left out (built or minified)", fit::count(number, "file", "files")),
    };
    format!(
        "Read {} of source ({kilobytes} kB) with {} ({}){left_out}",
        fit::count(sources.files, "file", "files"),
        fit::count(sources.rules, "rule", "rules"),
        sources.chosen
    )
}

/// What a run looks at, in a few words.
pub(crate) fn looked_at(report: &Report) -> &'static str {
    match &report.coverage.sources {
        Some(_) if report.is_of_source() => "source, not dependencies or settings",
        Some(_) => "dependencies, settings and the project's source",
        None => "dependencies and settings, not source",
    }
}

/// What to do after reading, in order; each at most a few lines: not yet made safe to show.
pub(crate) fn next_steps(report: &Report) -> Vec<String> {
    let mut next = Vec::new();
    if report.findings.iter().any(|finding| finding.kind == Kind::Malware) {
        next.push(
            "Remove the malicious packages. Treat every secret on a machine that installed one as known to others: \
             replace tokens, keys and passwords from a clean machine."
                .to_owned(),
        );
    }
    for gap in report.coverage.gaps.iter().filter(|gap| !gap.remedy.is_empty()).take(3) {
        next.push(format!("Complete the check: {}", gap.remedy));
    }
    match report.progress {
        _ if report.changes.is_empty() => {}
        Progress::Proposed => next.push("See what would change: nodeward audit --fix --dry-run".to_owned()),
        Progress::Shown => next.push("Make the changes: nodeward audit --fix".to_owned()),
        Progress::Made => next.push("What is left, change by hand, as proposed above.".to_owned()),
    }
    let transitive = report.findings.iter().find_map(|finding| match &finding.subject {
        Subject::Release { name, .. } if finding.paths.first().is_some_and(|path| path.len() > 2) => {
            Some(name)
        }
        _ => None,
    });
    if let Some(name) = transitive {
        next.push(format!("See what brings a package in: nodeward why {name}"));
    }
    next.extend(next_in_source(report));
    if report.findings.iter().any(|finding| finding.kind != Kind::Lint) {
        next.push(
            "What does not apply to you, suppress in nodeward.toml, with a reason and an expiry date."
                .to_owned(),
        );
    }
    next
}

/// What to do about findings in source: not yet made safe to show.
fn next_in_source(report: &Report) -> Vec<String> {
    let Some(finding) = report.findings.iter().find(|finding| finding.kind == Kind::Lint) else {
        return Vec::new();
    };
    let mut next = Vec::new();
    let flag = match report.coverage.sources.as_ref().map_or((0, 0), |sources| sources.fixable) {
        (0, 0) => None,
        (0, number) => Some((number, "--fix-unsafe")),
        (number, _) => Some((number, "--fix")),
    };
    if let Some((number, flag)) = flag {
        next.push(format!("Let Nodeward mend {number} of them: nodeward lint {flag}"));
    }
    next.push(format!("Read what a rule means and what to do: nodeward lint --explain {}", finding.rule));
    if report.findings.iter().any(|finding| finding.kind == Kind::Lint && finding.subject == Subject::File) {
        next.push(format!(
            "What is all right in one place, say so above it: // nodeward-ignore {}: reason",
            finding.rule
        ));
    }
    next
}
