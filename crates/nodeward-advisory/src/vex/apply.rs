//! Statements against findings.

use std::collections::{HashMap, HashSet};

use nodeward_package::{DependencyGraph, Origin, Package, PackageId};
use nodeward_report::{Evidence, Finding, Subject, Suppressed};

use super::{Document, Product, Statement, Status};

/// What is left after VEX.
#[derive(Debug)]
pub struct Applied {
    /// Findings that still count. What a statement says of one without hiding it is among its evidence.
    pub findings: Vec<Finding>,
    /// Findings that a statement hides.
    pub suppressed: Vec<Suppressed>,
    /// What the user should know: statements that were not used, and why.
    pub remarks: Vec<String>,
}

/// Applies documents to findings. Of several statements on one flaw and product the latest counts.
///
/// `graphs` are those that the findings come from: a statement about a product that contains the release counts only
/// if every way to the release passes that product.
pub fn apply(documents: &[Document], findings: Vec<Finding>, graphs: &[&DependencyGraph]) -> Applied {
    let mut by_name: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    for (document, in_document) in documents.iter().enumerate() {
        for (statement, said) in in_document.statements.iter().enumerate() {
            for name in &said.vulnerability {
                by_name.entry(name.to_ascii_lowercase()).or_default().push((document, statement));
            }
        }
    }
    let mut used: HashSet<(usize, usize)> = HashSet::new();
    let mut applied = Applied { findings: Vec::new(), suppressed: Vec::new(), remarks: Vec::new() };
    for mut finding in findings {
        let names = std::iter::once(&finding.rule).chain(&finding.aliases);
        let mut candidates: Vec<(usize, usize)> = names
            .filter_map(|name| by_name.get(&name.to_ascii_lowercase()))
            .flatten()
            .copied()
            .filter(|&(document, statement)| {
                let products = &documents[document].statements[statement].products;
                products.iter().any(|product| covers(product, &finding, graphs))
            })
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        used.extend(&candidates);
        let latest = candidates.into_iter().max_by_key(|&(document, statement)| {
            (documents[document].statements[statement].timestamp, document, statement)
        });
        match latest
            .map(|(document, statement)| (&documents[document], &documents[document].statements[statement]))
        {
            Some((document, said)) if matches!(said.status, Status::NotAffected | Status::Fixed) => {
                applied.suppressed.push(Suppressed {
                    finding,
                    reason: said.reason(),
                    until: None,
                    source: document.source.clone(),
                });
            }
            said => {
                finding.evidence.extend(said.map(|(document, said)| remark_on(document, said)));
                applied.findings.push(finding);
            }
        }
    }
    applied.remarks = remarks(documents, &used);
    applied
}

fn remark_on(document: &Document, said: &Statement) -> Evidence {
    let status = if said.status == Status::Affected { "affected" } else { "under investigation" };
    let words = said.action.as_deref().or(said.notes.as_deref());
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    Evidence { label: "vex", value: format!("{status} by {}{words}", document.source), place: None }
}

fn remarks(documents: &[Document], used: &HashSet<(usize, usize)>) -> Vec<String> {
    let mut remarks = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        remarks.extend(document.remarks.iter().cloned());
        for (at, statement) in document.statements.iter().enumerate() {
            if !used.contains(&(index, at)) {
                let product =
                    statement.products[0].identifiers.first().map_or("a product without id", |id| id);
                remarks.push(format!(
                    "{}: statement {} ({} in {product}) matches no finding",
                    document.source, statement.number, statement.vulnerability[0],
                ));
            }
        }
    }
    remarks
}

/// Whether a statement about `product` speaks of this finding.
fn covers(product: &Product, finding: &Finding, graphs: &[&DependencyGraph]) -> bool {
    let is_whole = product.components.is_empty();
    if is_whole && is_subject(&product.identifiers, &finding.subject) {
        return true;
    }
    let concerned =
        is_whole || product.components.iter().any(|component| is_subject(component, &finding.subject));
    concerned && contains_every_way(product, finding, graphs)
}

/// Whether every way from the project to the finding's release passes the product. A finding about something that is
/// no release (Node.js) belongs to the project in its folder.
fn contains_every_way(product: &Product, finding: &Finding, graphs: &[&DependencyGraph]) -> bool {
    let Subject::Release { name, version } = &finding.subject else {
        let folder = finding.place.file.parent();
        return graphs.iter().filter(|graph| graph.file().parent() == folder).any(|graph| {
            graph.roots().first().is_some_and(|&root| is_package(product, graph.package(root)))
        });
    };
    let mut graphs = graphs.iter().filter(|graph| *graph.file() == finding.place.file);
    let Some(graph) = graphs.next() else { return false };
    let own_project = graph.roots().first().map(|&root| graph.package(root));
    if own_project.is_some_and(|root| root.origin == Origin::Root && is_package(product, root)) {
        return true;
    }
    let targets = graph
        .iter()
        .filter(|(_, package)| package.name == *name && package.version_text == *version)
        .map(|(id, _)| id);
    let mut queue: Vec<PackageId> = targets.collect();
    let mut seen: HashSet<PackageId> = queue.iter().copied().collect();
    let mut passed = false;
    while let Some(id) = queue.pop() {
        if is_package(product, graph.package(id)) {
            passed = true;
            continue;
        }
        let is_start = graph.roots().contains(&id) || graph.dependents(id).next().is_none();
        if is_start {
            return false;
        }
        queue.extend(graph.dependents(id).map(|edge| edge.from).filter(|&from| seen.insert(from)));
    }
    passed
}

fn is_package(product: &Product, package: &Package) -> bool {
    names(&product.identifiers, package.name.as_str(), &package.version_text)
}

fn is_subject(identifiers: &[String], subject: &Subject) -> bool {
    match subject {
        Subject::Release { name, version } => names(identifiers, name.as_str(), version),
        Subject::Node { version } => identifiers.iter().filter_map(|id| parse_purl(id)).any(|purl| {
            purl.kind == "generic"
                && ["node", "nodejs", "node.js"].contains(&purl.name.as_str())
                && purl.version.is_none_or(|wanted| wanted.trim_start_matches('v') == &**version)
        }),
        Subject::File => false,
    }
}

/// Whether one of the identifiers is this release, or this package whatever its version. Identifiers that are no
/// package URL must be `name` or `name@version` to the letter.
fn names(identifiers: &[String], name: &str, version: &str) -> bool {
    identifiers.iter().any(|identifier| match parse_purl(identifier) {
        Some(purl) => {
            purl.kind == "npm" && purl.name == name && purl.version.is_none_or(|wanted| wanted == version)
        }
        None => {
            identifier == name
                || identifier.strip_prefix(name).and_then(|rest| rest.strip_prefix('@')) == Some(version)
        }
    })
}

struct Purl {
    kind: String,
    /// Namespace and name.
    name: String,
    version: Option<String>,
}

/// `pkg:npm/%40scope/name@1.0.0?qualifiers#subpath`.
fn parse_purl(text: &str) -> Option<Purl> {
    let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split(['?', '#']).next()?;
    let (kind, rest) = rest.split_once('/')?;
    // A scope may stand unencoded: the version's `@` is the last one, and not the first character.
    let (name, version) = match rest.rfind('@') {
        Some(at) if at > 0 => (&rest[..at], Some(decode(&rest[at + 1..]))),
        _ => (rest, None),
    };
    Some(Purl {
        kind: kind.to_ascii_lowercase(),
        name: decode(name.trim_end_matches('/')),
        version: version.filter(|version| !version.is_empty()),
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|&digit| (digit as char).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls() {
        let parse = |text: &str| {
            parse_purl(text).map(|purl| (purl.kind, purl.name, purl.version.unwrap_or_default()))
        };
        let scoped = Some(("npm".to_owned(), "@a/b".to_owned(), "1.0.0+x".to_owned()));
        assert_eq!(parse("pkg:npm/%40a/b@1.0.0%2Bx?vcs_url=x@y#z"), scoped);
        assert_eq!(parse("pkg:NPM/@a/b@1.0.0+x"), scoped);
        assert_eq!(parse("pkg:npm/@a/b"), Some(("npm".to_owned(), "@a/b".to_owned(), String::new())));
        assert_eq!(parse("cpe:2.3:a:x"), None);
        assert_eq!(parse("pkg:npm"), None);
        assert_eq!(decode("%4%zz%"), "%4%zz%");
    }
}
