//! Findings and suppressions as an OpenVEX document for others.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nodeward_package::DependencyGraph;
use nodeward_report::sbom::purl;
use nodeward_report::{Finding, Kind, Subject, Suppressed};
use serde::Serialize;

use super::{Justification, Status};

/// Who says it, about what.
#[derive(Debug, Clone)]
pub struct Authorship<'a> {
    /// The document's `@id`, a URI that only it has.
    pub id: &'a str,
    /// The author.
    pub author: &'a str,
    /// The tool that wrote it.
    pub tooling: &'a str,
    /// When.
    pub now: Timestamp,
}

#[derive(Serialize)]
struct WireDocument<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: &'a str,
    author: &'a str,
    timestamp: String,
    version: u32,
    tooling: &'a str,
    statements: Vec<WireStatement>,
}

#[derive(Serialize, PartialEq)]
struct WireStatement {
    vulnerability: WireVulnerability,
    products: Vec<WireProduct>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<Justification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<String>,
}

#[derive(Serialize, PartialEq)]
struct WireVulnerability {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
}

#[derive(Serialize, PartialEq)]
struct WireProduct {
    #[serde(rename = "@id")]
    id: String,
    identifiers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subcomponents: Vec<WireProduct>,
}

impl WireProduct {
    fn new(id: String, subcomponents: Vec<Self>) -> Self {
        Self { identifiers: BTreeMap::from([("purl", id.clone())]), id, subcomponents }
    }
}

/// An OpenVEX 0.2.0 document: `affected` with the next step for each finding that has one, `under_investigation` for
/// the others, `not_affected` (or `fixed`) with the reason for what was suppressed. Only advisories and malware are
/// vulnerabilities; other findings are left out. The product is the project that the finding was made in, with the
/// release as its component: what holds here need not hold wherever else the release is used.
pub fn export(
    findings: &[Finding],
    suppressed: &[Suppressed],
    graphs: &[&DependencyGraph],
    authorship: &Authorship<'_>,
) -> String {
    let open = findings.iter().filter_map(|finding| {
        let (status, action) = match &finding.next_step {
            Some(step) => (Status::Affected, Some(step.clone())),
            None => (Status::UnderInvestigation, None),
        };
        statement(finding, graphs, |statement| {
            statement.status = status;
            statement.action_statement = action;
        })
    });
    let closed = suppressed.iter().filter_map(|hidden| {
        let (status, justification, impact) = verdict(&hidden.reason);
        statement(&hidden.finding, graphs, |statement| {
            statement.status = status;
            statement.justification = justification;
            statement.impact_statement = impact;
        })
    });
    let mut statements: Vec<WireStatement> = Vec::new();
    for statement in open.chain(closed) {
        // One flaw of one release found in two projects is one statement.
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    let document = WireDocument {
        context: "https://openvex.dev/ns/v0.2.0",
        id: authorship.id,
        author: authorship.author,
        timestamp: authorship.now.to_string(),
        version: 1,
        tooling: authorship.tooling,
        statements,
    };
    let mut text = serde_json::to_string_pretty(&document).expect("a tree of texts is always JSON");
    text.push('\n');
    text
}

fn statement(
    finding: &Finding,
    graphs: &[&DependencyGraph],
    fill: impl FnOnce(&mut WireStatement),
) -> Option<WireStatement> {
    if !matches!(finding.kind, Kind::Malware | Kind::Advisory) {
        return None;
    }
    let id = match &finding.subject {
        Subject::Release { name, version } => purl::of_release(name, version),
        Subject::Node { version } => format!("pkg:generic/node@{version}"),
        Subject::File => return None,
    };
    let component = WireProduct::new(id, Vec::new());
    let product = match project(finding, graphs) {
        Some(project) => WireProduct::new(project, vec![component]),
        None => component,
    };
    let mut statement = WireStatement {
        vulnerability: WireVulnerability {
            name: finding.rule.to_string(),
            aliases: finding.aliases.iter().map(ToString::to_string).collect(),
        },
        products: vec![product],
        status: Status::UnderInvestigation,
        justification: None,
        impact_statement: None,
        action_statement: None,
    };
    fill(&mut statement);
    Some(statement)
}

/// The package URL of the project whose lockfile, or at least whose folder, the finding is in; none where the project
/// has no name.
fn project(finding: &Finding, graphs: &[&DependencyGraph]) -> Option<String> {
    let file = &finding.place.file;
    let same_file = graphs.iter().find(|graph| graph.file() == file);
    let graph = same_file.or_else(|| graphs.iter().find(|graph| graph.file().parent() == file.parent()))?;
    let root = graph.package(*graph.roots().first()?);
    // The reader's stand-in for a missing name is in parentheses, which no published name has.
    (!root.name.as_str().starts_with('(')).then(|| purl::of_release(&root.name, &root.version_text))
}

/// A reason that came from a VEX document starts with its justification; any other is words only.
fn verdict(reason: &str) -> (Status, Option<Justification>, Option<String>) {
    let (first, words) = reason.split_once(": ").unwrap_or((reason, ""));
    if first == "fixed" {
        return (Status::Fixed, None, None);
    }
    match Justification::named(&first.replace(' ', "_")) {
        Some(justification) => (
            Status::NotAffected,
            Some(justification),
            Some(words.to_owned()).filter(|words| !words.is_empty()),
        ),
        // The specification asks for one of the two.
        None => (Status::NotAffected, None, Some(reason.to_owned())),
    }
}
