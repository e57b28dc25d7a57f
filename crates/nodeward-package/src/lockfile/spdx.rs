//! SPDX documents in JSON: 2.2 and 2.3, and the graph form of 3.0.

use super::bill::{Bill, Component, owned, texts};
use super::{Format, Input};
use crate::graph::EdgeKind;
use crate::json::{Dialect, Json, Kind, Read, has_top_level_key, mentions};
use crate::{DependencyGraph, LockfileError};

pub(super) fn recognises(_: &str, bytes: &[u8]) -> bool {
    mentions(bytes, b"\"spdxVersion\"") && has_top_level_key(bytes, &["spdxVersion", "sbom"])
        || mentions(bytes, b"spdx.org/rdf/3") && has_top_level_key(bytes, &["@graph"])
}

pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    let (text, lines) = super::text::decode_lines(input.file, input.bytes)?;
    let read = || {
        let mut json = Json::new(text, Dialect::Strict);
        let mut document = Document::default();
        document.read(&mut json)?;
        json.end()?;
        document.settle().graph(input.file, Format::Spdx, &lines)
    };
    read().map_err(|fault| fault.locate(input.file, text))
}

#[derive(Default)]
struct Document {
    bill: Bill,
    /// What the document says that it is about.
    described: Vec<String>,
    /// Relationships `A contains B`, which count only where nothing better links the two.
    contained: Vec<(String, String)>,
}

impl Document {
    fn read(&mut self, json: &mut Json<'_>) -> Read<()> {
        let mut members = json.object("the document")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                // A code host's answer has the document in one field.
                "sbom" if json.kind()? == Kind::Object => self.read(json)?,
                "documentDescribes" => self.described.extend(texts(json)?),
                "packages" => self.packages(json)?,
                "relationships" => self.relationships(json)?,
                "@graph" => self.elements(json)?,
                _ => json.skip()?,
            }
        }
        Ok(())
    }

    fn packages(&mut self, json: &mut Json<'_>) -> Read<()> {
        let mut elements = json.array("packages")?;
        while elements.next(json)? {
            let mut component = Component { at: json.offset()?, ..Component::default() };
            let mut concluded = None;
            let mut members = json.object("a package")?;
            while let Some(key) = members.next(json)? {
                match key.as_str() {
                    "SPDXID" => component.reference = json.text("SPDXID")?.value.into_owned(),
                    "name" => component.name = json.text("the name of a package")?.value.into_owned(),
                    "versionInfo" => component.version = owned(json)?,
                    "downloadLocation" => component.download = Some(owned(json)?),
                    "primaryPackagePurpose" => component.other = is_other(&owned(json)?),
                    "licenseDeclared" => component.license = license(owned(json)?),
                    "licenseConcluded" => concluded = license(owned(json)?),
                    "checksums" => hashes(json, &mut component)?,
                    "externalRefs" => external_references(json, &mut component)?,
                    _ => json.skip()?,
                }
            }
            component.license = component.license.take().or(concluded);
            self.bill.add(component)?;
        }
        Ok(())
    }

    fn relationships(&mut self, json: &mut Json<'_>) -> Read<()> {
        let mut elements = json.array("relationships")?;
        while elements.next(json)? {
            let (mut from, mut to, mut kind) = (String::new(), String::new(), String::new());
            let mut members = json.object("a relationship")?;
            while let Some(key) = members.next(json)? {
                match key.as_str() {
                    "spdxElementId" => from = owned(json)?,
                    "relatedSpdxElement" => to = owned(json)?,
                    "relationshipType" => kind = owned(json)?,
                    _ => json.skip()?,
                }
            }
            self.relate(&kind, &from, &to);
        }
        Ok(())
    }

    fn relate(&mut self, kind: &str, from: &str, to: &str) {
        use EdgeKind::{Development, Optional, Peer, Production};
        let (from, to, kind) = match kind {
            "DESCRIBES" => return self.described.push(to.to_owned()),
            "DESCRIBED_BY" => return self.described.push(from.to_owned()),
            "CONTAINS" => return self.contained.push((from.to_owned(), to.to_owned())),
            "CONTAINED_BY" => return self.contained.push((to.to_owned(), from.to_owned())),
            "DEPENDS_ON" => (from, to, Production),
            "DEPENDENCY_OF" | "RUNTIME_DEPENDENCY_OF" => (to, from, Production),
            "DEV_DEPENDENCY_OF" | "BUILD_DEPENDENCY_OF" | "TEST_DEPENDENCY_OF" | "DEV_TOOL_OF" => {
                (to, from, Development)
            }
            "OPTIONAL_DEPENDENCY_OF" => (to, from, Optional),
            "PROVIDED_DEPENDENCY_OF" => (to, from, Peer),
            _ => return,
        };
        self.bill.relate(from, to, kind);
    }

    /// The flat list of 3.0.
    fn elements(&mut self, json: &mut Json<'_>) -> Read<()> {
        let mut elements = json.array("@graph")?;
        while elements.next(json)? {
            if json.kind()? == Kind::Object {
                self.element(json)?;
            } else {
                json.skip()?;
            }
        }
        Ok(())
    }

    fn element(&mut self, json: &mut Json<'_>) -> Read<()> {
        let mut component = Component { at: json.offset()?, ..Component::default() };
        let (mut of_type, mut relation, mut scope) = (String::new(), String::new(), String::new());
        let (mut from, mut to, mut roots) = (String::new(), Vec::new(), Vec::new());
        let mut members = json.object("an element")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "type" | "@type" => of_type = owned(json)?,
                "spdxId" | "@id" => component.reference = owned(json)?,
                "name" => component.name = owned(json)?,
                "software_packageVersion" => component.version = owned(json)?,
                "software_packageUrl" => component.purl = Some(owned(json)?),
                "software_downloadLocation" => component.download = Some(owned(json)?),
                "software_primaryPurpose" => component.other = is_other(&owned(json)?),
                "externalIdentifier" => external_references(json, &mut component)?,
                "verifiedUsing" => hashes(json, &mut component)?,
                "rootElement" => roots = texts(json)?,
                "relationshipType" => relation = owned(json)?,
                "scope" => scope = owned(json)?,
                "from" => from = owned(json)?,
                "to" => to = texts(json)?,
                _ => json.skip()?,
            }
        }
        let kind = of_type.rsplit(['/', '_']).next().unwrap_or_default();
        match kind {
            "Package" => self.bill.add(component)?,
            "Relationship" | "LifecycleScopedRelationship" => {
                for to in to {
                    self.relate_scoped(&relation, &scope, &from, &to);
                }
            }
            "SpdxDocument" | "Sbom" | "Bom" => self.described.extend(roots),
            _ => {}
        }
        Ok(())
    }

    fn relate_scoped(&mut self, relation: &str, scope: &str, from: &str, to: &str) {
        let kind = match (relation, scope) {
            ("dependsOn", "development" | "build" | "test") => EdgeKind::Development,
            ("dependsOn", _) => EdgeKind::Production,
            ("hasOptionalDependency" | "hasOptionalComponent", _) => EdgeKind::Optional,
            ("hasProvidedDependency", _) => EdgeKind::Peer,
            ("describes", _) => return self.described.push(to.to_owned()),
            ("contains", _) => return self.contained.push((from.to_owned(), to.to_owned())),
            _ => return,
        };
        self.bill.relate(from, to, kind);
    }

    fn settle(mut self) -> Bill {
        let linked: std::collections::HashSet<&str> =
            self.bill.relations.iter().map(|relation| relation.to.as_str()).collect();
        let described: std::collections::HashSet<&str> = self.described.iter().map(String::as_str).collect();
        // Some writers describe every package: then none of those that others need is a project.
        for component in &mut self.bill.components {
            let reference = component.reference.as_str();
            component.first_party = described.contains(reference)
                && (described.len() == 1 || !linked.contains(reference) && !component.is_release());
        }
        let unlinked: Vec<_> =
            self.contained.iter().filter(|(_, to)| !linked.contains(to.as_str())).cloned().collect();
        for (from, to) in unlinked {
            self.bill.relate(&from, &to, EdgeKind::Production);
        }
        self.bill
    }
}

impl Component {
    fn is_release(&self) -> bool {
        self.purl.as_deref().is_some_and(|purl| purl.starts_with("pkg:npm/") && purl[8..].contains('@'))
    }
}

fn is_other(purpose: &str) -> bool {
    !matches!(
        purpose.to_ascii_uppercase().as_str(),
        "" | "LIBRARY" | "FRAMEWORK" | "APPLICATION" | "SOURCE" | "INSTALL"
    )
}

fn license(text: String) -> Option<Box<str>> {
    (!matches!(text.as_str(), "" | "NOASSERTION" | "NONE")).then(|| text.into())
}

/// `checksums` of 2.x and `verifiedUsing` of 3.0.
fn hashes(json: &mut Json<'_>, component: &mut Component) -> Read<()> {
    if json.kind()? != Kind::Array {
        return json.skip();
    }
    let mut elements = json.array("")?;
    while elements.next(json)? {
        if json.kind()? != Kind::Object {
            json.skip()?;
            continue;
        }
        let (mut algorithm, mut value) = (String::new(), String::new());
        let mut members = json.object("")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "algorithm" => algorithm = owned(json)?,
                "checksumValue" | "hashValue" => value = owned(json)?,
                _ => json.skip()?,
            }
        }
        component.hashes.push((algorithm, value));
    }
    Ok(())
}

/// `externalRefs` of 2.x and `externalIdentifier` of 3.0: where the package URL stands.
fn external_references(json: &mut Json<'_>, component: &mut Component) -> Read<()> {
    if json.kind()? != Kind::Array {
        return json.skip();
    }
    let mut elements = json.array("")?;
    while elements.next(json)? {
        if json.kind()? != Kind::Object {
            json.skip()?;
            continue;
        }
        let (mut kind, mut locator) = (String::new(), String::new());
        let mut members = json.object("")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "referenceType" | "externalIdentifierType" => kind = owned(json)?,
                "referenceLocator" | "identifier" => locator = owned(json)?,
                _ => json.skip()?,
            }
        }
        // A package may carry URLs of several ecosystems; npm's is the one that counts here.
        let is_npm = locator.starts_with("pkg:npm/");
        if matches!(kind.as_str(), "purl" | "packageUrl") && (component.purl.is_none() || is_npm) {
            component.purl = Some(locator);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::graph::Package;

    fn lines(text: &str) -> Vec<String> {
        assert!(recognises("anything", text.as_bytes()));
        let graph = parse(&Input { file: Path::new("x"), bytes: text.as_bytes(), manifests: &[] }).unwrap();
        let mut lines: Vec<String> = graph.packages().iter().map(Package::label).collect();
        let label = |id| graph.package(id).label();
        lines.extend(graph.edges().iter().map(|edge| {
            format!("{} {:?} {}", label(edge.from), edge.kind, edge.to.map_or("nothing".to_owned(), label))
        }));
        lines
    }

    const EXPECTED: [&str; 6] = [
        "shop@1.0.0",
        "@s/a@1.0.0",
        "d@2.0.0",
        "shop@1.0.0 Production @s/a@1.0.0",
        "shop@1.0.0 Development d@2.0.0",
        "@s/a@1.0.0 Production d@2.0.0",
    ];

    #[test]
    fn version_2() {
        let document = r#"{
  "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT",
  "packages": [
    { "SPDXID": "R", "name": "shop", "versionInfo": "1.0.0" },
    { "SPDXID": "A", "name": "ignored", "versionInfo": "9", "downloadLocation": "NOASSERTION", "licenseDeclared": "MIT",
      "checksums": [{ "algorithm": "SHA1", "checksumValue": "da39a3ee5e6b4b0d3255bfef95601890afd80709" }],
      "externalRefs": [{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/%40s/a@1.0.0" }] },
    { "SPDXID": "D", "name": "d", "versionInfo": "2.0.0" },
    { "SPDXID": "P", "name": "p", "externalRefs": [{ "referenceType": "purl", "referenceLocator": "pkg:pypi/p@1" }] }
  ],
  "relationships": [
    { "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "R" },
    { "spdxElementId": "R", "relationshipType": "CONTAINS", "relatedSpdxElement": "A" },
    { "spdxElementId": "R", "relationshipType": "CONTAINS", "relatedSpdxElement": "D" },
    { "spdxElementId": "D", "relationshipType": "DEV_DEPENDENCY_OF", "relatedSpdxElement": "R" },
    { "spdxElementId": "A", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "D" }
  ]
}"#;
        let mut found = lines(document);
        found.sort();
        let mut expected = EXPECTED.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
        let wrapped = format!("{{\"sbom\": {document}}}");
        assert_eq!(lines(&wrapped).len(), EXPECTED.len());
    }

    #[test]
    fn version_3() {
        let document = r#"{
  "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
  "@graph": [
    { "type": "SpdxDocument", "spdxId": "doc", "rootElement": ["R"] },
    { "type": "software_Package", "spdxId": "R", "name": "shop", "software_packageVersion": "1.0.0" },
    { "type": "software_Package", "spdxId": "A", "name": "a", "software_packageUrl": "pkg:npm/@s/a@1.0.0",
      "verifiedUsing": [{ "type": "Hash", "algorithm": "sha1", "hashValue": "da39a3ee5e6b4b0d3255bfef95601890afd80709" }] },
    { "type": "software_Package", "spdxId": "D", "name": "d", "software_packageVersion": "2.0.0" },
    { "type": "Relationship", "spdxId": "1", "from": "R", "to": ["A"], "relationshipType": "dependsOn" },
    { "type": "LifecycleScopedRelationship", "spdxId": "2", "from": "R", "to": ["D"], "relationshipType": "dependsOn", "scope": "development" },
    { "type": "Relationship", "spdxId": "3", "from": "A", "to": ["D"], "relationshipType": "dependsOn" }
  ]
}"#;
        assert_eq!(lines(document), EXPECTED);
    }
}
