//! CycloneDX documents in JSON, versions 1.2 and later.

use super::bill::{Bill, Component, owned, texts};
use super::{Format, Input};
use crate::graph::EdgeKind;
use crate::json::{Dialect, Fault, Json, Kind, Read, Text, has_top_level_key, mentions};
use crate::{DependencyGraph, LockfileError};

pub(super) fn recognises(_: &str, bytes: &[u8]) -> bool {
    mentions(bytes, b"\"bomFormat\"") && has_top_level_key(bytes, &["bomFormat"])
}

pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    let (text, lines) = super::text::decode_lines(input.file, input.bytes)?;
    let read = || document(text)?.graph(input.file, Format::CycloneDx, &lines);
    read().map_err(|fault| fault.locate(input.file, text))
}

fn document(text: &str) -> Read<Bill> {
    let mut bill = Bill::default();
    let mut json = Json::new(text, Dialect::Strict);
    let mut members = json.object("the document")?;
    while let Some(key) = members.next(&mut json)? {
        match key.as_str() {
            "bomFormat" => check_format(&mut json)?,
            "metadata" => metadata(&mut json, &mut bill)?,
            "components" => components(&mut json, &mut bill, None)?,
            "dependencies" => dependencies(&mut json, &mut bill)?,
            _ => json.skip()?,
        }
    }
    json.end()?;
    Ok(bill)
}

fn check_format(json: &mut Json<'_>) -> Read<()> {
    let format = json.text("bomFormat")?;
    match format.as_str() {
        "CycloneDX" => Ok(()),
        other => {
            Err(Fault::version(format.at, format!("bomFormat {other:?} is not known here; CycloneDX is")))
        }
    }
}

fn metadata(json: &mut Json<'_>, bill: &mut Bill) -> Read<()> {
    if json.kind()? != Kind::Object {
        return json.skip();
    }
    let mut members = json.object("metadata")?;
    while let Some(key) = members.next(json)? {
        match key.as_str() {
            "component" if json.kind()? == Kind::Object => component(json, bill, Part::Project, None)?,
            _ => json.skip()?,
        }
    }
    Ok(())
}

/// Whether a component is what the document is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Project,
    Dependency,
}

/// Recurses once per level of components within components, which the JSON reader bounds.
fn components(json: &mut Json<'_>, bill: &mut Bill, parent: Option<&str>) -> Read<()> {
    if json.kind()? == Kind::Null {
        return json.skip();
    }
    let mut elements = json.array("components")?;
    while elements.next(json)? {
        component(json, bill, Part::Dependency, parent)?;
    }
    Ok(())
}

fn component(json: &mut Json<'_>, bill: &mut Bill, part: Part, parent: Option<&str>) -> Read<()> {
    let mut component =
        Component { at: json.offset()?, first_party: part == Part::Project, ..Component::default() };
    let mut nested = None;
    let mut members = json.object("a component")?;
    while let Some(key) = members.next(json)? {
        match key.as_str() {
            "type" => {
                component.other =
                    !matches!(owned(json)?.as_str(), "" | "library" | "framework" | "application")
            }
            "bom-ref" => component.reference = owned(json)?,
            "group" => component.group = owned(json)?,
            "name" => component.name = json.text("the name of a component")?.value.into_owned(),
            "version" => component.version = owned(json)?,
            "purl" => component.purl = Some(json.text("purl")?.value.into_owned()),
            "scope" => match owned(json)?.as_str() {
                "optional" => component.optional = true,
                // What is not shipped: how several writers mark development dependencies.
                "excluded" => component.development = true,
                _ => {}
            },
            "hashes" => hashes(json, &mut component)?,
            "licenses" => component.license = licenses(json)?,
            "properties" => properties(json, &mut component)?,
            "components" => {
                nested = Some(json.clone());
                json.skip()?;
            }
            _ => json.skip()?,
        }
    }
    if component.reference.is_empty() {
        component.reference = component.purl.clone().unwrap_or_else(|| format!("at {}", component.at));
    }
    let reference = component.reference.clone();
    if let Some(parent) = parent {
        // What a component holds, it brings along.
        bill.relate(parent, &reference, EdgeKind::Production);
    }
    bill.add(component)?;
    match nested {
        Some(mut nested) => components(&mut nested, bill, Some(&reference)),
        None => Ok(()),
    }
}

fn hashes(json: &mut Json<'_>, component: &mut Component) -> Read<()> {
    if json.kind()? != Kind::Array {
        return json.skip();
    }
    let mut elements = json.array("hashes")?;
    while elements.next(json)? {
        let (mut algorithm, mut content) = (String::new(), String::new());
        let mut members = json.object("a hash")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "alg" => algorithm = owned(json)?,
                "content" => content = owned(json)?,
                _ => json.skip()?,
            }
        }
        component.hashes.push((algorithm, content));
    }
    Ok(())
}

/// `[{license: {id | name}}, {expression}]`, several joined with `AND` as the standard means them.
fn licenses(json: &mut Json<'_>) -> Read<Option<Box<str>>> {
    if json.kind()? != Kind::Array {
        json.skip()?;
        return Ok(None);
    }
    let mut found: Vec<String> = Vec::new();
    let mut elements = json.array("licenses")?;
    while elements.next(json)? {
        if json.kind()? != Kind::Object {
            json.skip()?;
            continue;
        }
        let mut members = json.object("")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "expression" => found.push(owned(json)?),
                "license" if json.kind()? == Kind::Object => {
                    let mut inner = json.object("")?;
                    while let Some(field) = inner.next(json)? {
                        match field.as_str() {
                            "id" | "name" => found.push(owned(json)?),
                            _ => json.skip()?,
                        }
                    }
                }
                _ => json.skip()?,
            }
        }
    }
    found.retain(|text| !text.is_empty());
    Ok((!found.is_empty()).then(|| found.join(" AND ").into()))
}

fn properties(json: &mut Json<'_>, component: &mut Component) -> Read<()> {
    if json.kind()? != Kind::Array {
        return json.skip();
    }
    let mut elements = json.array("properties")?;
    while elements.next(json)? {
        let (mut name, mut value) = (String::new(), String::new());
        let mut members = json.object("a property")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "name" => name = owned(json)?,
                "value" => value = owned(json)?,
                _ => json.skip()?,
            }
        }
        property(component, &name, value);
    }
    Ok(())
}

/// What npm's own writer, and ours, say in properties.
fn property(component: &mut Component, name: &str, value: String) {
    let holds = value == "true";
    match name {
        "cdx:npm:package:development" => component.development |= holds,
        "cdx:npm:package:bundled" => component.bundled = holds,
        "cdx:npm:package:path" => component.folder = Some(value.into()),
        "cdx:npm:package:constraint:engine:node" => component.engines_node = Some(value.into()),
        "nodeward:optional" => component.optional |= holds,
        "nodeward:peer" => component.peer = holds,
        "nodeward:installScript" => component.install_script = holds,
        "nodeward:patched" => component.patched = holds,
        "nodeward:alias" => component.alias = Some(value),
        _ => {}
    }
}

fn dependencies(json: &mut Json<'_>, bill: &mut Bill) -> Read<()> {
    if json.kind()? == Kind::Null {
        return json.skip();
    }
    let mut elements = json.array("dependencies")?;
    while elements.next(json)? {
        let (mut from, mut to) = (None::<Text<'_>>, Vec::new());
        let mut members = json.object("an entry of dependencies")?;
        while let Some(key) = members.next(json)? {
            match key.as_str() {
                "ref" => from = Some(json.text("ref")?),
                "dependsOn" => to = texts(json)?,
                _ => json.skip()?,
            }
        }
        let from = from.map(|from| from.value.into_owned()).unwrap_or_default();
        to.iter().for_each(|to| bill.relate(&from, to, EdgeKind::Production));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::graph::{Origin, Package};

    const BILL: &str = r#"{
  "bomFormat": "CycloneDX", "specVersion": "1.6",
  "metadata": { "component": { "type": "application", "bom-ref": "root", "name": "shop", "version": "1.0.0" } },
  "components": [
    { "type": "library", "bom-ref": "a", "name": "a", "version": "1.0.0", "purl": "pkg:npm/a@1.0.0",
      "hashes": [{ "alg": "MD5", "content": "d41d8cd98f00b204e9800998ecf8427e" },
                 { "alg": "SHA-1", "content": "da39a3ee5e6b4b0d3255bfef95601890afd80709" }],
      "licenses": [{ "license": { "id": "MIT" } }, { "expression": "ISC OR 0BSD" }],
      "components": [{ "type": "library", "bom-ref": "in-a", "group": "@s", "name": "b", "version": "2.0.0" }] },
    { "type": "library", "bom-ref": "d", "name": "d", "version": "3.0.0", "purl": "pkg:npm/%40s/d@3.0.0",
      "properties": [{ "name": "cdx:npm:package:development", "value": "true" },
                     { "name": "cdx:npm:package:path", "value": "node_modules/@s/d" }] },
    { "type": "library", "name": "snake", "version": "1.0", "purl": "pkg:pypi/snake@1.0" },
    { "type": "file", "name": "some file" }
  ],
  "dependencies": [{ "ref": "root", "dependsOn": ["a", "d"] }, { "ref": "a", "dependsOn": ["d"] }]
}"#;

    fn parse_text(text: &str) -> Result<DependencyGraph, LockfileError> {
        parse(&Input { file: Path::new("bom.json"), bytes: text.as_bytes(), manifests: &[] })
    }

    #[test]
    fn npm_components_become_packages() {
        assert!(recognises("anything", BILL.as_bytes()));
        let graph = parse_text(BILL).unwrap();
        let labels: Vec<String> = graph.packages().iter().map(Package::label).collect();
        assert_eq!(labels, ["shop@1.0.0", "a@1.0.0", "@s/b@2.0.0", "@s/d@3.0.0"]);
        assert_eq!(graph.packages()[0].origin, Origin::Root);
        let a = &graph.packages()[1];
        assert_eq!(a.license.as_deref(), Some("MIT AND ISC OR 0BSD"));
        assert_eq!(a.integrity.as_ref().unwrap().strongest().algorithm.name(), "sha1");
        assert_eq!(a.position.line, 5);
        assert_eq!(graph.packages()[3].folder.as_deref(), Some("node_modules/@s/d"));
        let edges: Vec<String> =
            graph.edges().iter().map(|edge| format!("{:?} {}", edge.kind, edge.name)).collect();
        assert_eq!(edges, ["Production a", "Development @s/d", "Production @s/b", "Production @s/d"]);
        assert!(graph.packages()[2].reach.production);
        assert_eq!(graph.remarks()[0].message, "2 components are no npm packages and are passed over");
    }

    #[test]
    fn a_broken_document_is_placed() {
        let error = |text| parse_text(text).unwrap_err().to_string();
        assert_eq!(
            error("{\"bomFormat\": \"Other\"}"),
            "bom.json:1:16: bomFormat \"Other\" is not known here; CycloneDX is"
        );
        assert_eq!(
            error("{\"components\": [{\"name\": 1}]}"),
            "bom.json:1:26: the name of a component should be a string, but is a number"
        );
        assert!(
            error("{\"components\": [{\"name\": \"a b\"}]}").contains("bom.json:1:17: a package name holds")
        );
        let deep = format!("{}{}", "{\"components\":[".repeat(1000), "]}".repeat(1000));
        assert!(error(&deep).contains("nested deeper"));
    }
}
