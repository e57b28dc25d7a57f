//! Tarball URLs that name another package or version than the entry they stand in.

use nodeward_package::{Origin, Package, WebAddress};
use nodeward_report::{Confidence, Finding, Severity, Threat};

use crate::context::{Context, Project};
use crate::signal::{Signal, clip, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "lockfile-tarball",
    summary: "a tarball's URL names another package or version than its entry",
    threat: Threat::Mtp,
    severity: Severity::High,
    confidence: Confidence::High,
    docs: include_str!("lockfile_tarball.md"),
    check,
};

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    context.projects.iter().flat_map(|project| in_project(signal, project)).collect()
}

fn in_project(signal: &Signal, project: &Project<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, package) in project.graph.iter() {
        let Origin::Registry { resolved: Some(url) } = &package.origin else { continue };
        let Some(named) = Tarball::of(url) else { continue };
        let Some(other) = named.differs_from(package) else { continue };
        let mut finding = signal.release(
            project.graph,
            id,
            format!("{} is fetched from the tarball of {}", package.label(), clip(&other)),
        );
        finding.evidence.push(fact_of("resolved", clip(url)));
        finding.next_step =
            Some("restore the entry from a lockfile that you trust, and find out who changed it".into());
        findings.push(finding);
    }
    findings
}

/// What a URL of the form that npm's registry uses, `…/NAME/-/FILE-VERSION.tgz`, says of itself. Registries with
/// other forms say nothing.
struct Tarball {
    /// The name, scope included.
    name: String,
    /// File name without `.tgz`.
    file: String,
}

impl Tarball {
    fn of(url: &str) -> Option<Self> {
        let path = percent_decode(WebAddress::parse(url)?.path)?;
        let (before, after) = path.rsplit_once("/-/")?;
        let mut segments = before.rsplit('/');
        let last = segments.next().filter(|last| !last.is_empty())?;
        let name = match segments.next() {
            Some(scope) if scope.starts_with('@') => format!("{scope}/{last}"),
            _ => last.to_owned(),
        };
        let file = after.rsplit('/').next()?.strip_suffix(".tgz")?.to_owned();
        Some(Self { name, file })
    }

    /// What it names instead, if it does.
    fn differs_from(&self, package: &Package) -> Option<String> {
        let version = self.version();
        if !self.name.eq_ignore_ascii_case(package.name.as_str()) {
            return Some(match version {
                Some(version) => format!("{}@{version}", self.name),
                None => self.name.clone(),
            });
        }
        // Build metadata is not part of a published version.
        let wanted = package.version_text.split('+').next().unwrap_or_default();
        let version = version?.split('+').next()?;
        let wanted = wanted.trim_start_matches(['v', '=']);
        (!wanted.is_empty() && package.version.is_some() && !version.eq_ignore_ascii_case(wanted))
            .then(|| format!("{}@{version}", self.name))
    }

    /// Only where the file is named as the package is; some old ones are not.
    fn version(&self) -> Option<&str> {
        let unscoped = self.name.rsplit('/').next()?;
        let rest = self.file.get(unscoped.len()..)?;
        let same = self.file.get(..unscoped.len())?.eq_ignore_ascii_case(unscoped);
        let version = rest.strip_prefix('-').filter(|_| same)?;
        version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
    }
}

fn percent_decode(path: &str) -> Option<String> {
    if !path.contains('%') {
        return Some(path.to_owned());
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
                rest = after;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
