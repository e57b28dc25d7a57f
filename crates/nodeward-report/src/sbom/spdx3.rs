//! SPDX 3.0.1, JSON-LD.

use std::collections::{BTreeMap, BTreeSet};

use nodeward_package::EdgeKind;
use serde_json::{Value, json};

use super::licence::Licence;
use super::{Component, Source, spdx};
use crate::render::sarif::is_web_link;
use crate::{Finding, Kind, Severity};

/// The blank node that says who made the document and when.
const CREATION: &str = "_:creation";

/// Builds a document: a flat graph of elements, each with an IRI below one that follows from the content.
pub(super) fn document(source: &Source<'_>) -> Value {
    let base = format!("urn:uuid:{}", source.uuid());
    let mut builder = Builder { source, base, ids: BTreeMap::new(), elements: Vec::new() };
    for (number, component) in source.components.iter().enumerate() {
        builder.ids.insert(&component.reference, format!("{}#package-{}", builder.base, number + 1));
    }
    let agent = builder.id("agent-nodeward");
    let creation = json!({
        "type": "CreationInfo",
        "@id": CREATION,
        "specVersion": "3.0.1",
        "created": source.created(),
        "createdBy": [agent],
    });
    let name = format!("nodeward {}", source.tool_version);
    builder.element("SoftwareAgent", &agent, json!({ "name": name }));
    builder.packages();
    builder.licences();
    builder.dependencies();
    builder.vulnerabilities();
    let roots: Vec<&String> = source.roots().map(|root| &builder.ids[root.reference.as_str()]).collect();
    let all: Vec<Value> = builder.elements.iter().map(|element| element["spdxId"].clone()).collect();
    let profiles = json!(["core", "software", "simpleLicensing", "security"]);
    let (sbom, document) = (builder.id("sbom"), builder.id("document"));
    let sbom_fields = json!({
        "name": source.name(),
        "software_sbomType": ["source"],
        "profileConformance": profiles,
        "rootElement": roots,
        "element": all,
    });
    let document_fields =
        json!({ "name": source.name(), "profileConformance": profiles, "rootElement": [sbom] });
    builder.element("software_Sbom", &sbom, sbom_fields);
    builder.element("SpdxDocument", &document, document_fields);
    let mut graph = vec![creation];
    graph.append(&mut builder.elements);
    json!({ "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph })
}

struct Builder<'a, 'b> {
    source: &'b Source<'a>,
    base: String,
    /// The IRI of each component, by its reference.
    ids: BTreeMap<&'b str, String>,
    elements: Vec<Value>,
}

impl Builder<'_, '_> {
    fn id(&self, fragment: &str) -> String {
        format!("{}#{fragment}", self.base)
    }

    fn element(&mut self, kind: &str, id: &str, mut fields: Value) {
        fields["type"] = json!(kind);
        fields["spdxId"] = json!(id);
        fields["creationInfo"] = json!(CREATION);
        self.elements.push(fields);
    }

    /// A relationship with an IRI of its own.
    fn relate(&mut self, kind: &str, from: &str, relationship: &str, to: &[String], mut fields: Value) {
        let id = self.id(&format!("relationship-{}", self.elements.len() + 1));
        fields["from"] = json!(from);
        fields["relationshipType"] = json!(relationship);
        fields["to"] = json!(to);
        self.element(kind, &id, fields);
    }

    fn packages(&mut self) {
        for component in &self.source.components {
            let id = self.ids[component.reference.as_str()].clone();
            self.element("software_Package", &id, package(component, self.source));
        }
    }

    /// Each licence once, and who declares it. What is no SPDX expression is a text.
    fn licences(&mut self) {
        let mut declared: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for component in &self.source.components {
            if let Some(text) =
                component.package.license.as_deref().map(str::trim).filter(|text| !text.is_empty())
            {
                declared.entry(text).or_default().push(self.ids[component.reference.as_str()].clone());
            }
        }
        for (number, (text, packages)) in declared.into_iter().enumerate() {
            let id = self.id(&format!("licence-{}", number + 1));
            match Licence::read(text) {
                Some(Licence::Id(text) | Licence::Expression(text)) => {
                    let fields = json!({ "simplelicensing_licenseExpression": text });
                    self.element("simplelicensing_LicenseExpression", &id, fields);
                }
                _ => {
                    let fields = json!({ "name": text, "simplelicensing_licenseText": text });
                    self.element("simplelicensing_SimpleLicensingText", &id, fields);
                }
            }
            for package in packages {
                self.relate(
                    "Relationship",
                    &package,
                    "hasDeclaredLicense",
                    std::slice::from_ref(&id),
                    json!({}),
                );
            }
        }
    }

    fn dependencies(&mut self) {
        for component in &self.source.components {
            let mut targets: BTreeMap<EdgeKind, BTreeSet<String>> = BTreeMap::new();
            let graph = &self.source.projects[component.project].graph;
            for edge in graph.dependencies(component.id) {
                if let Some(to) = edge.to {
                    let target = &self.source.component(component.project, to).reference;
                    targets.entry(edge.kind).or_default().insert(self.ids[target.as_str()].clone());
                }
            }
            let from = self.ids[component.reference.as_str()].clone();
            for (kind, to) in targets {
                let (relationship, scope) = match kind {
                    EdgeKind::Production => ("dependsOn", "runtime"),
                    EdgeKind::Development => ("dependsOn", "development"),
                    EdgeKind::Optional | EdgeKind::OptionalPeer => ("hasOptionalDependency", "runtime"),
                    EdgeKind::Peer => ("hasProvidedDependency", "runtime"),
                };
                let to: Vec<String> = to.into_iter().collect();
                self.relate(
                    "LifecycleScopedRelationship",
                    &from,
                    relationship,
                    &to,
                    json!({ "scope": scope }),
                );
            }
        }
    }

    /// Each advisory once, what it affects, and how bad it is.
    fn vulnerabilities(&mut self) {
        let mut flaws: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        let known = |finding: &&Finding| matches!(finding.kind, Kind::Advisory | Kind::Malware);
        for finding in self.source.findings.iter().filter(known) {
            flaws.entry(&finding.rule).or_default().push(finding);
        }
        for (number, findings) in flaws.values().enumerate() {
            let id = self.id(&format!("vulnerability-{}", number + 1));
            self.element("security_Vulnerability", &id, vulnerability(findings[0]));
            let affected: BTreeSet<&str> = findings
                .iter()
                .flat_map(|finding| self.source.affected(finding))
                .map(|component| component.reference.as_str())
                .collect();
            let affected: Vec<String> =
                affected.iter().map(|reference| self.ids[reference].clone()).collect();
            if affected.is_empty() {
                continue;
            }
            let action = json!({ "security_actionStatement": action(findings[0]) });
            self.relate("security_VexAffectedVulnAssessmentRelationship", &id, "affects", &affected, action);
            if let Some((kind, fields)) = assessment(findings[0]) {
                self.relate(kind, &id, "hasAssessmentFor", &affected, fields);
            }
        }
    }
}

fn package(component: &Component<'_>, source: &Source<'_>) -> Value {
    let package = component.package;
    let mut fields = json!({
        "name": package.name.as_str(),
        "software_packageUrl": component.purl,
        "software_primaryPurpose": if package.origin.is_first_party() { "application" } else { "library" },
    });
    if !package.version_text.is_empty() {
        fields["software_packageVersion"] = json!(&*package.version_text);
    }
    let location = spdx::download_location(&package.origin);
    if location.contains(':') {
        fields["software_downloadLocation"] = json!(location);
    }
    if let Some(integrity) = &package.integrity {
        let hashes = integrity.digests().iter().map(|digest| {
            json!({ "type": "Hash", "algorithm": digest.algorithm.name(), "hashValue": digest.to_hex() })
        });
        fields["verifiedUsing"] = json!(hashes.collect::<Vec<_>>());
    }
    if let Some(comment) = spdx::comment(component, source) {
        fields["comment"] = json!(comment);
    }
    fields
}

fn vulnerability(finding: &Finding) -> Value {
    let names = std::iter::once(&finding.rule).chain(&finding.aliases).map(|name| {
        let kind = if name.starts_with("CVE-") { "cve" } else { "securityOther" };
        json!({ "type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": &**name })
    });
    let mut fields = json!({
        "name": &*finding.rule,
        "summary": finding.title,
        "externalIdentifier": names.collect::<Vec<_>>(),
    });
    if let Some(details) = &finding.details {
        fields["description"] = json!(details);
    }
    let links: Vec<&String> = finding.references.iter().filter(|link| is_web_link(link)).collect();
    if !links.is_empty() {
        fields["externalRef"] =
            json!([{ "type": "ExternalRef", "externalRefType": "securityAdvisory", "locator": links }]);
    }
    fields
}

fn action(finding: &Finding) -> String {
    match (&finding.next_step, finding.fixed_versions.as_slice()) {
        (Some(next), _) => next.clone(),
        (None, []) => "no fixed version is known".to_owned(),
        (None, fixed) => format!("fixed in {}", fixed.join(", ")),
    }
}

/// The score, where there is one together with its vector.
fn assessment(finding: &Finding) -> Option<(&'static str, Value)> {
    let (score, vector) = (finding.score?, finding.vector.as_deref()?);
    let severity = match finding.severity {
        Severity::Info => "none",
        other => other.name(),
    };
    let mut fields = json!({ "security_score": score, "security_vectorString": vector });
    let kind = if vector.starts_with("CVSS:4") {
        "security_CvssV4VulnAssessmentRelationship"
    } else if vector.starts_with("CVSS:3") {
        "security_CvssV3VulnAssessmentRelationship"
    } else if vector.starts_with("AV:") || vector.starts_with("(AV:") {
        return Some(("security_CvssV2VulnAssessmentRelationship", fields));
    } else {
        return None;
    };
    fields["security_severity"] = json!(severity);
    Some((kind, fields))
}
