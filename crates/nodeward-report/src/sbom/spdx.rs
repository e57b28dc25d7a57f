//! SPDX 2.3, JSON.

use std::collections::BTreeMap;

use nodeward_package::integrity::Algorithm;
use nodeward_package::{EdgeKind, Integrity, Origin, Package};
use serde_json::{Value, json};

use super::licence::Licence;
use super::{Component, Source, clean_url};
use crate::render::sarif::is_web_link;
use crate::{Finding, Kind};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

pub(super) fn document(source: &Source<'_>) -> Value {
    let ids: BTreeMap<&str, String> = source
        .components
        .iter()
        .enumerate()
        .map(|(number, component)| (component.reference.as_str(), spdx_id(number, component.package)))
        .collect();
    let mut licences = ExtractedLicences::default();
    let packages: Vec<Value> =
        source.components.iter().map(|component| package(component, source, &ids, &mut licences)).collect();
    let name = source.name();
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": name,
        "documentNamespace": format!("https://spdx.org/spdxdocs/nodeward-{}", source.uuid()),
        "creationInfo": {
            "created": source.created(),
            "creators": [format!("Tool: nodeward-{}", source.tool_version)],
        },
        "packages": packages,
        "relationships": relationships(source, &ids),
    });
    if !licences.0.is_empty() {
        document["hasExtractedLicensingInfos"] = licences.to_json();
    }
    document
}

/// Letters, digits, dots and dashes only; the number makes it unique.
fn spdx_id(number: usize, package: &Package) -> String {
    let readable: String = package
        .label()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .take(80)
        .collect();
    format!("SPDXRef-Package-{}-{}", number + 1, readable.trim_matches('-'))
}

/// Licence texts that are no SPDX expression, each with the reference that stands for it.
#[derive(Default)]
struct ExtractedLicences(BTreeMap<String, String>);

impl ExtractedLicences {
    fn reference(&mut self, text: &str) -> String {
        let next = self.0.len() + 1;
        self.0.entry(text.to_owned()).or_insert_with(|| format!("LicenseRef-{next}")).clone()
    }

    fn to_json(&self) -> Value {
        let all = self.0.iter().map(|(text, id)| {
            json!({
                "licenseId": id,
                "name": text,
                "extractedText": format!("The manifest says only: {text}"),
            })
        });
        json!(all.collect::<Vec<_>>())
    }
}

fn package(
    component: &Component<'_>,
    source: &Source<'_>,
    ids: &BTreeMap<&str, String>,
    licences: &mut ExtractedLicences,
) -> Value {
    let package = component.package;
    let declared = match package.license.as_deref().and_then(Licence::read) {
        // A reference to a text of ours that is nowhere would make the document invalid.
        Some(Licence::Expression(text)) if text.contains("LicenseRef-") || text.contains("DocumentRef-") => {
            licences.reference(text)
        }
        Some(Licence::Id(text) | Licence::Expression(text)) => text.to_owned(),
        Some(Licence::Name(text)) => licences.reference(text),
        None => "NOASSERTION".to_owned(),
    };
    let mut references = vec![json!({
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": component.purl,
    })];
    let (known, annotations) = known(component, source);
    references.extend(known);
    let mut value = json!({
        "SPDXID": ids[component.reference.as_str()],
        "name": package.name.as_str(),
        "downloadLocation": download_location(&package.origin),
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": declared,
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": if package.origin.is_first_party() { "APPLICATION" } else { "LIBRARY" },
        "externalRefs": references,
    });
    if !package.version_text.is_empty() {
        value["versionInfo"] = json!(&*package.version_text);
    }
    if let Some(integrity) = &package.integrity {
        value["checksums"] = checksums(integrity);
    }
    if !annotations.is_empty() {
        value["annotations"] = json!(annotations);
    }
    if let Some(comment) = comment(component, source) {
        value["comment"] = json!(comment);
    }
    value
}

/// What SPDX has no field for, in words.
pub(super) fn comment(component: &Component<'_>, source: &Source<'_>) -> Option<String> {
    let package = component.package;
    let mut facts = Vec::new();
    if package.reach.development && !package.reach.production {
        facts.push("development only".to_owned());
    }
    for (set, fact) in [
        (package.reach.optional, "optional"),
        (package.reach.peer, "peer"),
        (package.bundled, "bundled in its parent"),
        (package.install_script == Some(true), "has an install script"),
        (package.patched, "patched locally"),
    ] {
        if set {
            facts.push(fact.to_owned());
        }
    }
    if let Some(alias) = &package.alias {
        facts.push(format!("required as {alias}"));
    }
    if package.position.line > 0 {
        let file = source.projects[component.project].graph.file().to_string_lossy().replace('\\', "/");
        facts.push(format!("{file}:{}", package.position.line));
    }
    (!facts.is_empty()).then(|| facts.join("; "))
}

pub(super) fn download_location(origin: &Origin) -> String {
    let location = match origin {
        Origin::Registry { resolved: Some(url) } | Origin::Http { url } => clean_url(url).into_owned(),
        Origin::Git { url, commit } => {
            let url = clean_url(url);
            let prefix = if url.starts_with("git") { "" } else { "git+" };
            let commit = commit.as_deref().map(|commit| format!("@{commit}")).unwrap_or_default();
            format!("{prefix}{url}{commit}")
        }
        Origin::Registry { resolved: None } => "NOASSERTION".to_owned(),
        Origin::Root | Origin::Workspace { .. } | Origin::File { .. } => "NONE".to_owned(),
    };
    let is_uri = location.bytes().all(|byte| byte.is_ascii_graphic());
    if is_uri && !location.is_empty() { location } else { "NOASSERTION".to_owned() }
}

fn checksums(integrity: &Integrity) -> Value {
    let name = |algorithm| match algorithm {
        Algorithm::Md5 => "MD5",
        Algorithm::Sha1 => "SHA1",
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha384 => "SHA384",
        Algorithm::Sha512 => "SHA512",
    };
    let all = integrity.digests().iter();
    json!(
        all.map(|digest| json!({ "algorithm": name(digest.algorithm), "checksumValue": digest.to_hex() }))
            .collect::<Vec<_>>()
    )
}

/// What is known against a package: a reference where there is a link, which is all that a reference takes, else a
/// remark of ours.
fn known<'a>(component: &Component<'_>, source: &Source<'a>) -> (Vec<Value>, Vec<Value>) {
    let (mut references, mut annotations) = (Vec::new(), Vec::new());
    let flaws =
        source.findings.iter().filter(|finding| matches!(finding.kind, Kind::Advisory | Kind::Malware));
    for finding in flaws.filter(|finding| is_about(finding, component)) {
        let comment = format!("{} {}: {}", finding.severity, finding.rule, finding.title);
        match finding.references.iter().find(|link| is_web_link(link)) {
            Some(link) => references.push(json!({
                "referenceCategory": "SECURITY",
                "referenceType": "advisory",
                "referenceLocator": link,
                "comment": comment,
            })),
            None => annotations.push(json!({
                "annotationDate": source.created(),
                "annotationType": "REVIEW",
                "annotator": format!("Tool: nodeward-{}", source.tool_version),
                "comment": comment,
            })),
        }
    }
    (references, annotations)
}

fn is_about(finding: &Finding, component: &Component<'_>) -> bool {
    let package = component.package;
    match &finding.subject {
        crate::Subject::Release { name, version } => {
            package.name == *name && package.version_text == *version && !package.origin.is_first_party()
        }
        crate::Subject::Node { .. } | crate::Subject::File => false,
    }
}

fn relationships(source: &Source<'_>, ids: &BTreeMap<&str, String>) -> Value {
    let mut all: Vec<Value> = Vec::new();
    let mut relate = |from: &str, kind: &str, to: &str| {
        all.push(json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to }));
    };
    for root in source.roots() {
        relate(DOCUMENT, "DESCRIBES", &ids[root.reference.as_str()]);
    }
    for component in &source.components {
        let from = &ids[component.reference.as_str()];
        let mut targets: Vec<(EdgeKind, &str)> = source.projects[component.project]
            .graph
            .dependencies(component.id)
            .iter()
            .filter_map(|edge| {
                Some((edge.kind, source.component(component.project, edge.to?).reference.as_str()))
            })
            .collect();
        targets.sort_unstable();
        targets.dedup();
        for (kind, target) in targets {
            let to = &ids[target];
            match kind {
                EdgeKind::Production => relate(from, "DEPENDS_ON", to),
                EdgeKind::Development => relate(to, "DEV_DEPENDENCY_OF", from),
                EdgeKind::Optional | EdgeKind::OptionalPeer => relate(to, "OPTIONAL_DEPENDENCY_OF", from),
                EdgeKind::Peer => relate(to, "PROVIDED_DEPENDENCY_OF", from),
            }
        }
    }
    json!(all)
}
