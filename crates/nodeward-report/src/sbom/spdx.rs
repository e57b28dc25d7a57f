//! SPDX 2.3, JSON.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use nodeward_package::integrity::Algorithm;
use nodeward_package::{EdgeKind, Integrity, Origin, Package};
use serde_json::{Value, json};

use super::licence::Licence;
use super::parts::{Part, Parts};
use super::{Component, Source, clean_url};
use crate::render::sarif::is_web_link;
use crate::{Finding, Kind};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

pub(super) fn document<'a>(source: &'a Source<'_>) -> Parts<'a> {
    let ids: Rc<HashMap<&str, String>> = Rc::new(
        source
            .components
            .iter()
            .enumerate()
            .map(|(number, component)| (component.reference.as_str(), spdx_id(number, component.package)))
            .collect(),
    );
    let licences = Rc::new(ExtractedLicences::of(source));
    let extracted = (!licences.0.is_empty()).then(|| licences.to_json());
    let related = ids.clone();
    let packages = move || {
        let (ids, licences) = (ids.clone(), licences.clone());
        source.components.iter().map(move |component| package(component, source, &ids, &licences))
    };
    let mut parts = Parts::from([
        ("spdxVersion", Part::from(json!("SPDX-2.3"))),
        ("dataLicense", json!("CC0-1.0").into()),
        ("SPDXID", json!(DOCUMENT).into()),
        ("name", json!(source.name()).into()),
        ("documentNamespace", json!(format!("https://spdx.org/spdxdocs/nodeward-{}", source.uuid())).into()),
        (
            "creationInfo",
            json!({
                "created": source.created(),
                "creators": [format!("Tool: nodeward-{}", source.tool_version)],
            })
            .into(),
        ),
        ("packages", Part::list(packages)),
        ("relationships", Part::list(move || relationships(source, related.clone()))),
    ]);
    if let Some(extracted) = extracted {
        parts.insert("hasExtractedLicensingInfos", extracted.into());
    }
    parts
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

/// What a package says of its licence.
enum Declared<'a> {
    /// An SPDX expression.
    Expression(&'a str),
    /// Anything else.
    Text(&'a str),
}

impl<'a> Declared<'a> {
    fn by(package: &'a Package) -> Option<Self> {
        Some(match Licence::read(package.license.as_deref()?)? {
            // A reference to a text of ours that is nowhere would make the document invalid.
            Licence::Expression(text) if text.contains("LicenseRef-") || text.contains("DocumentRef-") => {
                Self::Text(text)
            }
            Licence::Id(text) | Licence::Expression(text) => Self::Expression(text),
            Licence::Name(text) => Self::Text(text),
        })
    }
}

/// Licence texts that are no SPDX expression, each with the reference that stands for it.
#[derive(Default)]
struct ExtractedLicences(BTreeMap<String, String>);

impl ExtractedLicences {
    fn of(source: &Source<'_>) -> Self {
        let mut all = Self::default();
        for component in &source.components {
            if let Some(Declared::Text(text)) = Declared::by(component.package) {
                let next = all.0.len() + 1;
                all.0.entry(text.to_owned()).or_insert_with(|| format!("LicenseRef-{next}"));
            }
        }
        all
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
    ids: &HashMap<&str, String>,
    licences: &ExtractedLicences,
) -> Value {
    let package = component.package;
    let declared = match Declared::by(package) {
        Some(Declared::Expression(text)) => text,
        Some(Declared::Text(text)) => licences.0.get(text).map_or("NOASSERTION", String::as_str),
        None => "NOASSERTION",
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

fn relationships<'a>(
    source: &'a Source<'_>,
    ids: Rc<HashMap<&'a str, String>>,
) -> impl Iterator<Item = Value> + 'a {
    let describes: Vec<Value> =
        source.roots().map(|root| relation(DOCUMENT, "DESCRIBES", &ids[root.reference.as_str()])).collect();
    let among = source.components.iter().flat_map(move |component| relations_of(component, source, &ids));
    describes.into_iter().chain(among)
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

fn relations_of(component: &Component<'_>, source: &Source<'_>, ids: &HashMap<&str, String>) -> Vec<Value> {
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
    let relate = |(kind, target): (EdgeKind, &str)| {
        let to = &ids[target];
        match kind {
            EdgeKind::Production => relation(from, "DEPENDS_ON", to),
            EdgeKind::Development => relation(to, "DEV_DEPENDENCY_OF", from),
            EdgeKind::Optional | EdgeKind::OptionalPeer => relation(to, "OPTIONAL_DEPENDENCY_OF", from),
            EdgeKind::Peer => relation(to, "PROVIDED_DEPENDENCY_OF", from),
        }
    };
    targets.into_iter().map(relate).collect()
}
