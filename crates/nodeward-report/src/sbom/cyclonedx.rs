//! CycloneDX 1.6, JSON.

use std::collections::{BTreeMap, BTreeSet};

use nodeward_package::integrity::Algorithm;
use nodeward_package::{Integrity, Origin, Package};
use serde_json::{Value, json};

use super::licence::Licence;
use super::parts::{Part, Parts};
use super::{Component, Source, clean_url};
use crate::{Finding, Kind, Severity, Subject};

/// The reference of the root that stands for several projects.
const ALL: &str = "nodeward:all-projects";

pub(super) fn document<'a>(source: &'a Source<'_>) -> Parts<'a> {
    let main = source.roots().next().filter(|_| source.projects.len() == 1);
    let main_component = match main {
        Some(main) => component(main, source),
        None => json!({ "type": "application", "bom-ref": ALL, "name": source.name() }),
    };
    let components = move || {
        source
            .components
            .iter()
            .filter(move |component| main.is_none_or(|main| main.reference != component.reference))
            .map(|one| component(one, source))
            .chain(nodes(source))
    };
    let mut parts = Parts::from([
        ("$schema", Part::from(json!("http://cyclonedx.org/schema/bom-1.6.schema.json"))),
        ("bomFormat", json!("CycloneDX").into()),
        ("specVersion", json!("1.6").into()),
        ("serialNumber", json!(format!("urn:uuid:{}", source.uuid())).into()),
        ("version", json!(1).into()),
        (
            "metadata",
            json!({
                "timestamp": source.created(),
                "lifecycles": [{ "phase": "pre-build" }],
                "tools": { "components": [
                    { "type": "application", "name": "nodeward", "version": source.tool_version }
                ] },
                "component": main_component,
            })
            .into(),
        ),
        ("components", Part::list(components)),
        ("dependencies", Part::list(move || dependencies(source, main.is_none()))),
    ]);
    if !source.findings.is_empty() || !source.suppressed.is_empty() {
        parts.insert("vulnerabilities", json!(vulnerabilities(source)).into());
    }
    parts
}

fn component(component: &Component<'_>, source: &Source<'_>) -> Value {
    let package = component.package;
    let first_party = package.origin.is_first_party();
    let mut value = json!({
        "type": if first_party { "application" } else { "library" },
        "bom-ref": component.reference,
        "name": package.name.unscoped(),
        "purl": component.purl,
        "properties": properties(component, source),
    });
    if let Some(scope) = package.name.scope() {
        value["group"] = json!(format!("@{scope}"));
    }
    if !package.version_text.is_empty() {
        value["version"] = json!(&*package.version_text);
    }
    if !first_party {
        value["scope"] = json!(scope(package));
    }
    if let Some(integrity) = &package.integrity {
        value["hashes"] = hashes(integrity);
    }
    if let Some(licence) = package.license.as_deref().and_then(Licence::read) {
        value["licenses"] = match licence {
            Licence::Id(id) => json!([{ "license": { "id": id } }]),
            Licence::Expression(expression) => json!([{ "expression": expression }]),
            Licence::Name(name) => json!([{ "license": { "name": name } }]),
        };
    }
    if let Some(reference) = external_reference(&package.origin) {
        value["externalReferences"] = json!([reference]);
    }
    value
}

/// `excluded` is the specification's word for what is not there at run time.
fn scope(package: &Package) -> &'static str {
    let reach = package.reach;
    if reach.development && !reach.production {
        "excluded"
    } else if reach.optional {
        "optional"
    } else {
        "required"
    }
}

fn hashes(integrity: &Integrity) -> Value {
    let name = |algorithm| match algorithm {
        Algorithm::Md5 => "MD5",
        Algorithm::Sha1 => "SHA-1",
        Algorithm::Sha256 => "SHA-256",
        Algorithm::Sha384 => "SHA-384",
        Algorithm::Sha512 => "SHA-512",
    };
    let all = integrity.digests().iter();
    json!(
        all.map(|digest| json!({ "alg": name(digest.algorithm), "content": digest.to_hex() }))
            .collect::<Vec<_>>()
    )
}

fn external_reference(origin: &Origin) -> Option<Value> {
    let (kind, url) = match origin {
        Origin::Registry { resolved: Some(url) } | Origin::Http { url } => ("distribution", clean_url(url)),
        Origin::Git { url, .. } => ("vcs", clean_url(url)),
        Origin::Registry { resolved: None }
        | Origin::Root
        | Origin::Workspace { .. }
        | Origin::File { .. } => {
            return None;
        }
    };
    // The field takes URIs only; what a lockfile holds there may be anything.
    let is_uri = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    (is_uri && !url.is_empty()).then(|| json!({ "type": kind, "url": url }))
}

fn properties(component: &Component<'_>, source: &Source<'_>) -> Value {
    let package = component.package;
    let file = source.projects[component.project].graph.file();
    let mut properties: Vec<(&str, String)> = Vec::new();
    let mut flag = |name, set: bool| {
        if set {
            properties.push((name, "true".to_owned()));
        }
    };
    flag("cdx:npm:package:bundled", package.bundled);
    flag("cdx:npm:package:development", package.reach.development && !package.reach.production);
    flag("nodeward:optional", package.reach.optional);
    flag("nodeward:peer", package.reach.peer);
    flag("nodeward:installScript", package.install_script == Some(true));
    flag("nodeward:patched", package.patched);
    if let Some(folder) = &package.folder {
        properties.push(("cdx:npm:package:path", folder.to_string()));
    }
    if let Some(engines) = &package.engines_node {
        properties.push(("cdx:npm:package:constraint:engine:node", engines.to_string()));
    }
    if let Some(alias) = &package.alias {
        properties.push(("nodeward:alias", alias.to_string()));
    }
    if let Some(message) = &package.deprecated {
        properties.push(("nodeward:deprecated", message.to_string()));
    }
    match &package.origin {
        Origin::Git { commit: Some(commit), .. } => properties.push(("nodeward:commit", commit.to_string())),
        Origin::File { path } | Origin::Workspace { path } => {
            properties.push(("nodeward:folder", path.to_string()))
        }
        _ => {}
    }
    properties.push(("nodeward:lockfile", file.to_string_lossy().replace('\\', "/")));
    if package.position.line > 0 {
        properties.push(("nodeward:line", package.position.line.to_string()));
    }
    properties.sort();
    json!(properties.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>())
}

fn dependencies<'a>(source: &'a Source<'_>, has_common_root: bool) -> impl Iterator<Item = Value> + 'a {
    let common = has_common_root.then(|| {
        let roots: BTreeSet<&str> = source.roots().map(|root| root.reference.as_str()).collect();
        json!({ "ref": ALL, "dependsOn": roots })
    });
    let required = source.components.iter().map(|component| {
        let required: Vec<&str> =
            source.required_by(component).iter().map(|required| required.reference.as_str()).collect();
        json!({ "ref": component.reference, "dependsOn": required })
    });
    let nodes = node_versions(source).into_iter().map(|version| json!({ "ref": node_reference(version) }));
    common.into_iter().chain(required).chain(nodes)
}

/// The Node.js versions that findings speak of.
fn node_versions<'a>(source: &Source<'a>) -> BTreeSet<&'a str> {
    let hidden = source.suppressed.iter().map(|hidden| &hidden.finding);
    source
        .findings
        .iter()
        .chain(hidden)
        .filter_map(|finding| match &finding.subject {
            Subject::Node { version } => Some(&**version),
            Subject::Release { .. } | Subject::File => None,
        })
        .collect()
}

fn node_reference(version: &str) -> String {
    format!("nodeward:node@{version}")
}

fn nodes<'a>(source: &'a Source<'_>) -> impl Iterator<Item = Value> + 'a {
    node_versions(source).into_iter().map(|version| {
        json!({
            "type": "platform",
            "bom-ref": node_reference(version),
            "name": "node",
            "version": version,
        })
    })
}

/// What is known, each advisory once, with everything that it affects.
fn vulnerabilities(source: &Source<'_>) -> Vec<Value> {
    let mut open: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in source.findings.iter().filter(|finding| is_known_flaw(finding)) {
        open.entry(&finding.rule).or_default().push(finding);
    }
    let mut all: Vec<Value> = open.values().map(|findings| vulnerability(findings, source)).collect();
    for (number, hidden) in source.suppressed.iter().enumerate() {
        if !is_known_flaw(&hidden.finding) {
            continue;
        }
        let mut value = vulnerability(&[&hidden.finding], source);
        let until = hidden.until.as_deref().map(|until| format!(" (until {until})")).unwrap_or_default();
        value["bom-ref"] = json!(format!("nodeward:suppressed:{number}:{}", hidden.finding.rule));
        value["analysis"] =
            json!({ "detail": format!("suppressed in {}: {}{until}", hidden.source, hidden.reason) });
        all.push(value);
    }
    all
}

fn is_known_flaw(finding: &Finding) -> bool {
    matches!(finding.kind, Kind::Advisory | Kind::Malware)
}

fn vulnerability(findings: &[&Finding], source: &Source<'_>) -> Value {
    let worst = findings[0];
    let mut affects: BTreeMap<String, &str> = BTreeMap::new();
    for finding in findings {
        if let Subject::Node { version } = &finding.subject {
            affects.insert(node_reference(version), version);
        }
        for component in source.affected(finding) {
            affects.insert(component.reference.clone(), &component.package.version_text);
        }
    }
    let affects: Vec<Value> = affects
        .iter()
        .map(|(reference, version)| {
            let mut one = json!({ "ref": reference });
            if !version.is_empty() {
                one["versions"] = json!([{ "version": version, "status": "affected" }]);
            }
            one
        })
        .collect();
    let mut value = json!({
        "bom-ref": format!("nodeward:vulnerability:{}", worst.rule),
        "id": &*worst.rule,
        "description": worst.title,
        "ratings": [rating(worst)],
        "affects": affects,
        "properties": [
            { "name": "nodeward:kind", "value": worst.kind.name() },
            { "name": "nodeward:threat", "value": worst.threat.code() },
        ],
    });
    if let Some(name) = keeper(&worst.rule) {
        value["source"] = json!({ "name": name });
    }
    let cwes: BTreeSet<u32> = worst
        .cwes
        .iter()
        .filter_map(|cwe| cwe.strip_prefix("CWE-")?.parse().ok())
        .filter(|cwe| *cwe > 0)
        .collect();
    if !cwes.is_empty() {
        value["cwes"] = json!(cwes);
    }
    if let Some(details) = &worst.details {
        value["detail"] = json!(details);
    }
    if let Some(advice) = recommendation(worst) {
        value["recommendation"] = json!(advice);
    }
    let aliases: BTreeSet<&str> = worst.aliases.iter().map(|alias| &**alias).collect();
    if !aliases.is_empty() {
        let references: Vec<Value> = aliases
            .iter()
            .map(|alias| json!({ "id": alias, "source": { "name": keeper(alias).unwrap_or("unknown") } }))
            .collect();
        value["references"] = json!(references);
    }
    let links: BTreeSet<&String> =
        worst.references.iter().filter(|link| crate::render::sarif::is_web_link(link)).collect();
    if !links.is_empty() {
        value["advisories"] = json!(links.iter().map(|url| json!({ "url": url })).collect::<Vec<_>>());
    }
    value
}

fn recommendation(finding: &Finding) -> Option<String> {
    let fixed =
        finding.fixed_versions.first().map(|_| format!("fixed in {}", finding.fixed_versions.join(", ")));
    finding.next_step.clone().or(fixed)
}

fn rating(finding: &Finding) -> Value {
    let mut rating = json!({
        "severity": match finding.severity {
            Severity::Info => "info",
            other => other.name(),
        },
    });
    if let Some(score) = finding.score {
        rating["score"] = json!(score);
    }
    if let Some(vector) = &finding.vector {
        rating["vector"] = json!(vector);
        rating["method"] = json!(match vector.get(..8) {
            Some("CVSS:4.0") => "CVSSv4",
            Some("CVSS:3.1") => "CVSSv31",
            Some("CVSS:3.0") => "CVSSv3",
            _ if vector.starts_with("AV:") || vector.starts_with("(AV:") => "CVSSv2",
            _ => "other",
        });
    }
    rating
}

/// Who keeps the list that an id is from.
fn keeper(id: &str) -> Option<&'static str> {
    let (prefix, _) = id.split_once('-')?;
    Some(match prefix {
        "CVE" => "CVE",
        "GHSA" => "GitHub Advisory Database",
        "MAL" => "OpenSSF Malicious Packages",
        "NSWG" => "Node.js Security WG",
        "SNYK" => "Snyk",
        "OSV" => "OSV",
        _ => return None,
    })
}
