//! A unit: the files whose values are followed together.

use nodeward_javascript::oxc::Span;
use nodeward_report::Gap;
use rustc_hash::FxHashMap;

use super::file::{Looked, clip};
use super::resolve::{Files, Whose};
use super::{Audience, Deadline, Job, Origin, Outcome, SourceFile, recall, report};
use crate::flow::{self, FileGraph, FlowFinding, FlowStep, Mode, SinkKind};
use crate::grade::{self, Grade};
use crate::issue::Issue;
use crate::rule::{Check, Rule, Scope};

/// The most characters of a line that is shown for a step.
const MAX_LINE: usize = 80;
/// How many times what one file may take a unit of many files may take at most.
const MOST_TIMES: u32 = 20;
/// The most steps that are shown between the first and the last.
const MAX_STEPS: usize = 10;

/// The rules that ask for data flow, by the kind of place.
#[derive(Default)]
pub(super) struct Flows(FxHashMap<SinkKind, Vec<(&'static Rule, &'static Check)>>);

impl Flows {
    pub(super) fn new(rules: &[&'static Rule]) -> Self {
        let mut flows: FxHashMap<SinkKind, Vec<_>> = FxHashMap::default();
        for rule in rules {
            for check in rule.checks {
                let Check::Flow { sinks, .. } = check else { continue };
                for sink in *sinks {
                    flows.entry(*sink).or_default().push((*rule, check));
                }
            }
        }
        Self(flows)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The files of each unit, by their places; large units first, so that no thread is left with one at the end.
pub(super) fn group(files: &[&SourceFile], job: &Job<'_>) -> Vec<Vec<usize>> {
    // What is kept from run to run is kept by package, so that a large tree is not a file for each of its own.
    if job.flows.is_empty() && job.options.cache.is_none() {
        return (0..files.len()).map(|at| vec![at]).collect();
    }
    let mut numbers: FxHashMap<String, usize> = FxHashMap::default();
    let mut units: Vec<Vec<usize>> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let number = *numbers.entry(name(file)).or_insert_with(|| {
            units.push(Vec::new());
            units.len() - 1
        });
        units[number].push(at);
    }
    units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
    units
}

/// What files of one unit have in common: the folder of the package that they belong to.
fn name(file: &SourceFile) -> String {
    let Origin::Dependency { name, version } = &file.origin else { return String::new() };
    let path = slashed(file);
    match path.rfind("node_modules/") {
        Some(at) => {
            let start = at + "node_modules/".len();
            let parts = if path[start..].starts_with('@') { 2 } else { 1 };
            let end =
                path[start..].match_indices('/').nth(parts - 1).map_or(path.len(), |(end, _)| start + end);
            path[..end].to_owned()
        }
        None => format!("{name}@{version}"),
    }
}

fn slashed(file: &SourceFile) -> String {
    file.path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// All that is left to do once every file was looked at on its own.
pub(super) fn finish(mut looked: Vec<Looked<'_>>, job: &Job<'_>) -> Vec<(usize, Outcome)> {
    if !job.flows.is_empty() {
        follow(&mut looked, job);
    }
    tell_of_flow(&mut looked);
    let kept = job.options.cache.is_some() && looked.iter().all(|file| file.is_read && !file.is_late);
    if !kept {
        return report::outcomes(looked, job);
    }
    let files: Vec<&SourceFile> = looked.iter().map(|file| file.file).collect();
    // The texts that were looked at, not those that stood there when the cache was asked.
    let texts: Vec<recall::TextHash> = looked.iter().map(|file| recall::hash(&file.text)).collect();
    let outcomes = report::outcomes(looked, job);
    recall::keep(&files, &texts, &outcomes, job);
    outcomes
}

/// Follows values from file to file, and adds what the rules say of it to the files' issues.
fn follow(looked: &mut [Looked<'_>], job: &Job<'_>) {
    let mut files = Files::default();
    let (mut places, mut graphs) = (Vec::new(), Vec::new());
    for (place, file) in looked.iter_mut().enumerate() {
        if let Some(graph) = file.graph.take() {
            files.add(&slashed(file.file));
            places.push(place);
            graphs.push(graph);
        }
        if let Some(manifest) = file.manifest.take() {
            files.add_manifest(&slashed(file.file), manifest);
        }
    }
    let Some(first) = places.first().map(|place| looked[*place].file) else { return };
    let whose = match first.origin {
        Origin::FirstParty => Whose::Project,
        Origin::Dependency { .. } => Whose::Dependency,
    };
    let callers = Callers::of(job.options.audience, &files, whose);
    let mode = if callers == Callers::None { Mode::Application } else { Mode::Library };
    let files_looked_at = u32::try_from(graphs.len()).unwrap_or(u32::MAX);
    let deadline = Deadline::after(job.options.budget.time.saturating_mul(files_looked_at.min(MOST_TIMES)));
    let aside = aside(&graphs, &files);
    let resolve = |from: usize, specifier: &str| files.resolve(from, specifier);
    let (findings, is_cut) = flow::solve(graphs, mode, resolve, deadline);
    let counts = |finding: &&FlowFinding| {
        let start = finding.start();
        let of_caller = finding.origin == flow::Origin::Caller;
        let is_no_library = callers == Callers::OfSome && !files.is_library(start, whose);
        // Nobody calls what only the maintainers run.
        !of_caller || !is_no_library && !aside[start] && !aside[finding.file]
    };
    for ways in findings.chunk_by(|a, b| a.place() == b.place()) {
        let ways: Vec<&FlowFinding> = ways.iter().filter(counts).collect();
        let Some(sink) = ways.first().map(|finding| finding.sink) else { continue };
        for (rule, check) in job.flows.0.get(&sink).into_iter().flatten() {
            if let Some((finding, grade)) = best(rule, check, &ways, &places, looked) {
                let issue = issue(rule, check, finding, grade, &places, looked);
                looked[places[finding.file]].issues.push(issue);
            }
        }
    }
    if is_cut {
        looked[places[0]].is_late = true;
        looked[places[0]].gaps.push(Gap {
            message: clip(&format!("data flow of {} was not checked to its end", title(first))),
            remedy: "check parts of it on their own".into(),
        });
    }
}

/// Folders of what maintainers run, which is published by mistake or for those who build the package themselves.
const ASIDE: [&str; 6] = ["script", "scripts", "doc", "docs", "report", "reports"];

/// For each file whether it is in such a folder, and neither named by its package nor loaded by any file elsewhere.
fn aside(graphs: &[FileGraph], files: &Files) -> Vec<bool> {
    let mut aside: Vec<bool> =
        (0..graphs.len()).map(|file| files.is_below(file, &ASIDE) && !files.is_entry(file)).collect();
    if !aside.contains(&true) {
        return aside;
    }
    let mut open: Vec<usize> = (0..graphs.len()).filter(|file| !aside[*file]).collect();
    while let Some(file) = open.pop() {
        for specifier in graphs[file].imports() {
            if let Some(loaded) = files.resolve(file, specifier)
                && std::mem::take(&mut aside[loaded])
            {
                open.push(loaded);
            }
        }
    }
    aside
}

/// Whose callers are not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Callers {
    None,
    /// Those of the packages that say that they are libraries.
    OfSome,
    All,
}

impl Callers {
    fn of(audience: Option<Audience>, files: &Files, whose: Whose) -> Self {
        match audience {
            Some(Audience::Requests) => Self::None,
            Some(Audience::Callers) => Self::All,
            None if files.have_library(whose) => Self::OfSome,
            None => Self::None,
        }
    }
}

/// Of several ways to a place that which a rule shows under the narrowest policy, the surest of those, the first found.
fn best<'f>(
    rule: &Rule,
    check: &Check,
    ways: &[&'f FlowFinding],
    places: &[usize],
    looked: &[Looked<'_>],
) -> Option<(&'f FlowFinding, Grade)> {
    let Check::Flow { accept, .. } = check else { return None };
    let is_shown = |finding: &FlowFinding, grade: &Grade| {
        let is_beside =
            |file: usize| looked[places[file]].traits.is_some_and(|traits| traits.is_beside(grade.policy));
        rule.scope == Scope::Everywhere || !is_beside(finding.file) && !is_beside(finding.start())
    };
    ways.iter()
        .filter_map(|finding| Some((*finding, accept(finding)?)))
        .filter(|(finding, grade)| is_shown(finding, grade))
        .min_by_key(|(finding, grade)| (grade.policy, std::cmp::Reverse(grade::confidence(finding))))
}

/// What a rule says of a finding.
fn issue(
    rule: &'static Rule,
    check: &Check,
    finding: &FlowFinding,
    Grade { policy, note }: Grade,
    places: &[usize],
    looked: &[Looked<'_>],
) -> Issue {
    let Check::Flow { does, next, .. } = check else { unreachable!("only these have ways") };
    let title = format!("{} {does}", grade::whose(finding.origin));
    let mut issue =
        Issue::new(rule, finding.span, title).under(policy).next(next).at_most(grade::confidence(finding));
    let end = (finding.file, finding.span);
    let line = |(file, span): (usize, Span)| {
        let text: &str = &looked[places[file]].text;
        (file, line_start(text, span))
    };
    let mut steps: Vec<(usize, Span)> = Vec::new();
    for FlowStep { file, span, .. } in &finding.path {
        let is_news = steps.last().is_none_or(|last| line(*last) != line((*file, *span)));
        if is_news && (steps.is_empty() || line((*file, *span)) != line(end)) {
            steps.push((*file, *span));
        }
    }
    let skipped = steps.len().saturating_sub(MAX_STEPS + 1);
    for (number, (file, span)) in steps.into_iter().enumerate() {
        // Of long paths the beginning and the end are shown.
        if number > MAX_STEPS / 2 && number <= MAX_STEPS / 2 + skipped {
            continue;
        }
        let label = if number == 0 { "from" } else { "through" };
        let place = places[file];
        issue = issue.fact_in(place, label, shown_line(&looked[place].text, span), span);
    }
    let place = places[finding.file];
    issue = issue.fact_in(place, "to", shown_line(&looked[place].text, finding.span), finding.span);
    match note {
        Some((label, value)) => issue.note(label, value),
        None => issue,
    }
}

/// Says once for the whole unit that files annotated for Flow were not checked.
fn tell_of_flow(looked: &mut [Looked<'_>]) {
    let Some(first) = looked.iter().position(|file| file.is_for_flow) else { return };
    let path = looked[first].file.path.display();
    let message = match looked.iter().filter(|file| file.is_for_flow).count() {
        1 => format!("{path} was not checked: it is annotated for Flow"),
        count => format!(
            "{count} files of {} were not checked: they are annotated for Flow, as {path} is",
            title(looked[first].file)
        ),
    };
    let remedy = "check what they become once the annotations are taken out".to_owned();
    looked[first].gaps.push(Gap { message: clip(&message), remedy });
}

fn line_start(text: &str, span: Span) -> usize {
    let start = (span.start as usize).min(text.len());
    memchr::memrchr(b'\n', &text.as_bytes()[..start]).map_or(0, |at| at + 1)
}

/// The line at which a span begins; of a line that nobody typed what the span has of it.
fn shown_line(text: &str, span: Span) -> String {
    let start = line_start(text, span);
    let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |at| start + at);
    let line = text.get(start..end).unwrap_or_default().trim();
    let line = match line.char_indices().nth(MAX_LINE) {
        Some(_) => text.get(span.start as usize..end).unwrap_or(line),
        None => line,
    };
    line.chars().take(MAX_LINE).collect()
}

fn title(file: &SourceFile) -> String {
    match &file.origin {
        Origin::FirstParty => "the project".to_owned(),
        Origin::Dependency { .. } => name(file),
    }
}
