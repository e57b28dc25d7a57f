//! How many known flaws of real packages the rules find, under each policy. `cargo xtask recall` runs it.
//!
//! A label is found if a finding of a rule of its class (`classes.rs`) is at its line, give or take one, or inside
//! the innermost function around its line. Packages are looked at as libraries: whoever calls what they export is
//! not trusted. The figures hold nothing of a package's text but names, places and rules.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a measurement prints what it measured")]

mod classes;
mod corpus;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use classes::Class;
use corpus::{Label, Package};
use nodeward_lint::{Audience, Linted, Options, Policy};

const HELP: &str = "\
recall LABELS FOLDER [OPTION…]

  --only TEXT       only packages whose names hold this, and labels of a class that does
  --missed          the labels that were not found, too
  --findings FILE   every finding, one a line: policy, rule, package, file, line, text
  --markdown FILE   the table, into this file
  --threads N       how many packages at a time (default: 2)
";

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [labels, folder, rest @ ..] = args.as_slice() else { anyhow::bail!("{HELP}") };
    let value = |name: &str| rest.iter().position(|arg| arg == name).and_then(|at| rest.get(at + 1));
    let only = value("--only").map_or("", String::as_str);
    let mut by_package: BTreeMap<String, Vec<Label>> = BTreeMap::new();
    for label in corpus::labels(Path::new(labels))? {
        if label.class.contains(only) || label.package.contains(only) {
            by_package.entry(label.folder()).or_default().push(label);
        }
    }
    let packages: Vec<(String, Vec<Label>)> = by_package.into_iter().collect();
    let threads = value("--threads").map_or(Ok(2), |number| number.parse())?;
    let measured = measure(&packages, Path::new(folder), threads);
    if let Some(file) = value("--findings") {
        let lines: Vec<&str> =
            measured.iter().flat_map(|package| &package.findings).map(String::as_str).collect();
        std::fs::write(file, lines.join("\n") + "\n").with_context(|| file.clone())?;
    }
    let judged: Vec<&Judged> = measured.iter().flat_map(|package| &package.labels).collect();
    let text = table::markdown(&judged);
    if let Some(file) = value("--markdown") {
        std::fs::write(file, &text).with_context(|| file.clone())?;
    }
    println!("{text}");
    if rest.iter().any(|arg| arg == "--missed") {
        for judged in judged.iter().filter(|judged| judged.is_missed()) {
            println!("{}", judged.shown());
        }
    }
    let seconds: f64 = measured.iter().map(|package| package.seconds).sum();
    let bytes: u64 = measured.iter().map(|package| package.bytes).sum();
    println!("{} MB in {seconds:.0} s of work", bytes >> 20);
    Ok(())
}

/// What became of one label.
pub(crate) struct Judged {
    pub(crate) label: Label,
    pub(crate) place: Place,
    /// The narrowest policy with a finding at the line itself.
    pub(crate) exact: Option<Policy>,
    /// The narrowest policy with a finding at the line or in its function.
    pub(crate) near: Option<Policy>,
    /// What was found near it of other classes.
    pub(crate) others: Vec<String>,
}

/// Whether the labelled place is there at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The package could not be fetched.
    NoPackage,
    /// No labelled file, or not in the package.
    NoFile,
    /// Found by its base name alone.
    ByName,
    /// Found.
    Known,
}

impl Judged {
    fn is_missed(&self) -> bool {
        self.near.is_none()
            && matches!(self.place, Place::Known | Place::ByName)
            && matches!(classes::class(&self.label.class), Class::Seen(_))
    }

    fn shown(&self) -> String {
        let mut text = format!("{}\t{}\t", self.label.class, self.label.folder());
        for point in &self.label.sinks {
            let _ = write!(text, "{}:{} ", point.file.as_deref().unwrap_or("?"), point.line);
        }
        format!("{text}\t{}", self.others.join(" "))
    }
}

#[derive(Default)]
struct Measured {
    at: usize,
    labels: Vec<Judged>,
    findings: Vec<String>,
    seconds: f64,
    bytes: u64,
}

fn measure(packages: &[(String, Vec<Label>)], folder: &Path, threads: usize) -> Vec<Measured> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, labels)) = packages.get(at) else { return };
                    let measured = Measured { at, ..package(name, labels, &folder.join(name)) };
                    results.lock().expect("no thread panics with it").push(measured);
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no thread panics with it");
    results.sort_by_key(|measured| measured.at);
    results
}

fn package(name: &str, labels: &[Label], folder: &Path) -> Measured {
    let Some(package) = Package::open(folder) else {
        let absent = |label: &Label| Judged {
            label: label.clone(),
            place: Place::NoPackage,
            exact: None,
            near: None,
            others: Vec::new(),
        };
        return Measured { labels: labels.iter().map(absent).collect(), ..Measured::default() };
    };
    let started = std::time::Instant::now();
    let options = Options {
        policy: Policy::Experimental,
        audience: Some(Audience::Callers),
        threads: NonZeroUsize::new(1),
        ..Options::default()
    };
    let outcome = nodeward_lint::lint(&package.sources(labels.first()), &options);
    let seconds = started.elapsed().as_secs_f64();
    if seconds > 20.0 {
        eprintln!("{name}: {seconds:.0} s for {} bytes", outcome.bytes);
    }
    let findings = outcome.findings.iter().map(|linted| line_of(name, linted)).collect();
    let judged = labels.iter().map(|label| judge(label, &package, &outcome.findings)).collect();
    Measured { at: 0, labels: judged, findings, seconds, bytes: outcome.bytes }
}

fn line_of(package: &str, linted: &Linted) -> String {
    let finding = &linted.finding;
    let excerpt = finding.excerpt.as_ref().map_or("", |excerpt| excerpt.text.trim());
    let place = &finding.place;
    format!(
        "{}\t{}\t{package}\t{}\t{}\t{}\t{excerpt}",
        linted.policy,
        finding.rule,
        PathBuf::from(&*place.file).display(),
        place.line,
        finding.title
    )
}

/// Looks for a finding of the label's class where the label says.
fn judge(label: &Label, package: &Package, findings: &[Linted]) -> Judged {
    let mut judged =
        Judged { label: label.clone(), place: Place::NoFile, exact: None, near: None, others: Vec::new() };
    let rules = match classes::class(&label.class) {
        Class::Seen(rules) => *rules,
        Class::Unseen(_) => &[],
    };
    for point in &label.sinks {
        let Some((file, is_whole)) = point.file.as_deref().and_then(|named| package.file(label, named))
        else {
            continue;
        };
        if judged.place != Place::Known {
            judged.place = if is_whole { Place::Known } else { Place::ByName };
        }
        let functions = package.functions(file);
        let around = functions
            .iter()
            .filter(|(first, last)| (*first..=*last).contains(&point.line))
            .min_by_key(|(first, last)| last - first);
        for linted in findings.iter().filter(|linted| *linted.finding.place.file == *Path::new(file)) {
            let first = linted.finding.place.line;
            let last = linted.finding.excerpt.as_ref().map_or(first, |excerpt| excerpt.end.line);
            let is_exact = first <= point.line + 1 && last + 1 >= point.line;
            let is_near = is_exact || around.is_some_and(|(start, end)| (*start..=*end).contains(&first));
            if !is_near {
                continue;
            }
            if !rules.contains(&&*linted.finding.rule) {
                judged.others.push(format!("{}@{first}", linted.finding.rule));
                continue;
            }
            let narrower =
                |old: Option<Policy>| Some(old.map_or(linted.policy, |old| old.min(linted.policy)));
            judged.near = narrower(judged.near);
            if is_exact {
                judged.exact = narrower(judged.exact);
            }
        }
    }
    judged
}
