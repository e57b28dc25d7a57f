//! What is reported.

use std::sync::Arc;

use nodeward_package::{PackageName, Place};

use crate::{Excerpt, Severity, Threat};

/// How sure a finding is. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A hint.
    Low,
    /// More likely than not.
    Medium,
    /// As good as certain.
    High,
}

impl Confidence {
    /// Lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Which family a finding belongs to; decides how it is grouped and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A release known to be malicious.
    Malware,
    /// A known flaw in a release or in Node.js itself.
    Advisory,
    /// Something about a release or about how it is brought in.
    Signal,
    /// Something about the project's own files: lockfile, configuration, suppressions.
    Project,
    /// Something in source code, the project's own or a dependency's.
    Lint,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Advisory => "advisory",
            Self::Signal => "signal",
            Self::Project => "project",
            Self::Lint => "lint",
        }
    }
}

/// Whether the code concerned can load in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reachable {
    /// Not looked at, or not decidable.
    Unknown,
    /// No file of it is in the source list.
    No,
    /// The static trace reaches it.
    Static,
    /// It was seen loading.
    Recorded,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A release of a package.
    Release {
        /// Its name.
        name: PackageName,
        /// Its version as written; empty where unknown.
        version: Box<str>,
    },
    /// A Node.js version.
    Node {
        /// Without the leading `v`.
        version: Box<str>,
    },
    /// A file of the project, or a setting in it.
    File,
}

/// One fact that bears a finding out, in one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is: `affected range`, `script`, `resolved`.
    pub label: &'static str,
    /// The value. May come from a package: printed only through [`crate::Printable`].
    pub value: String,
    /// Where it stands, where it stands anywhere.
    pub place: Option<Place>,
}

/// One thing that is wrong or worth knowing. Texts may hold what a package or an advisory wrote: renderers print
/// them only through [`crate::Printable`] or an escaper of their own format.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule, signal or advisory that it comes from: `CVE-2021-23337`, `lockfile-http`. Stable.
    pub rule: Arc<str>,
    /// Other names of the same advisory; never holds `rule`.
    pub aliases: Vec<Arc<str>>,
    /// The family.
    pub kind: Kind,
    /// One of the twelve.
    pub threat: Threat,
    /// How bad.
    pub severity: Severity,
    /// CVSS base score, where there is one.
    pub score: Option<f64>,
    /// The CVSS vector, where there is one.
    pub vector: Option<String>,
    /// Weakness numbers: `CWE-79`.
    pub cwes: Vec<Arc<str>>,
    /// How sure.
    pub confidence: Confidence,
    /// What, in one short line without a full stop.
    pub title: String,
    /// More, in plain text, where there is more to say. May be long.
    pub details: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// Where: the line of the lockfile, the setting.
    pub place: Place,
    /// The line of source there, for what was found in source.
    pub excerpt: Option<Excerpt>,
    /// Why that release is there at all: labels `name@version` from the project to the subject, shortest first.
    /// At most a handful; `path_count` says how many there are, capped.
    pub paths: Vec<Vec<String>>,
    /// Production, or only development.
    pub production: bool,
    /// Whether the code can load in production.
    pub reachable: Reachable,
    /// The affected range, as npm would write it.
    pub affected_range: Option<String>,
    /// Versions that are no longer affected, smallest first.
    pub fixed_versions: Vec<String>,
    /// The facts.
    pub evidence: Vec<Evidence>,
    /// What to do next, in one short line.
    pub next_step: Option<String>,
    /// Where to read more.
    pub references: Vec<String>,
}

impl Finding {
    /// Whether it is a flaw in code that can't load in production. Malware is none: it ran when it was installed,
    /// whether or not it loads.
    pub fn is_idle(&self) -> bool {
        self.kind == Kind::Advisory && self.reachable == Reachable::No
    }

    /// A finding with the given essentials and nothing else.
    pub fn new(
        rule: impl Into<Arc<str>>,
        kind: Kind,
        threat: Threat,
        severity: Severity,
        subject: Subject,
        place: Place,
        title: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            aliases: Vec::new(),
            kind,
            threat,
            severity,
            score: None,
            vector: None,
            cwes: Vec::new(),
            confidence: Confidence::High,
            title: title.into(),
            details: None,
            subject,
            place,
            excerpt: None,
            paths: Vec::new(),
            production: true,
            reachable: Reachable::Unknown,
            affected_range: None,
            fixed_versions: Vec::new(),
            evidence: Vec::new(),
            next_step: None,
            references: Vec::new(),
        }
    }

    /// Whether `id` is this finding's rule or one of its aliases, whatever the case.
    pub fn is_called(&self, id: &str) -> bool {
        self.rule.eq_ignore_ascii_case(id) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id))
    }
}
