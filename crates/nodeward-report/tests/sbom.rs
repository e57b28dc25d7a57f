//! Bills of materials.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod fixture;

use fixture::{PLAIN, render};
use nodeward_report::ScannedProject;
use nodeward_report::render::sbom;
use serde_json::Value;

fn written(write: impl Fn(&[ScannedProject], &mut Vec<u8>), projects: &[ScannedProject]) -> Value {
    let mut out = Vec::new();
    write(projects, &mut out);
    let mut again = Vec::new();
    write(projects, &mut again);
    assert_eq!(out, again, "two runs give the same bytes");
    serde_json::from_slice(&out).unwrap()
}

fn cyclonedx(projects: &[ScannedProject]) -> Value {
    let now = "2026-11-22T03:25:28.123Z".parse().unwrap();
    written(|projects, out| sbom::cyclonedx(projects, now, "0.1.0", out).unwrap(), projects)
}

fn spdx(projects: &[ScannedProject]) -> Value {
    let now = "2026-11-22T03:25:28.123Z".parse().unwrap();
    written(|projects, out| sbom::spdx(projects, now, "0.1.0", out).unwrap(), projects)
}

fn spdx3(projects: &[ScannedProject]) -> Value {
    let now = "2026-11-22T03:25:28.123Z".parse().unwrap();
    written(|projects, out| sbom::spdx3(projects, now, "0.1.0", out).unwrap(), projects)
}

fn strings<'a>(values: &'a Value, key: &str) -> Vec<&'a str> {
    values.as_array().unwrap().iter().filter_map(|value| value[key].as_str()).collect()
}

#[test]
fn cyclonedx_document() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&cyclonedx(&[fixture::storefront()])).unwrap());
}

#[test]
fn spdx_document() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&spdx(&[fixture::storefront()])).unwrap());
}

#[test]
fn cyclonedx_with_findings() {
    let document: Value = serde_json::from_str(&render(&fixture::seven(), "cyclonedx", PLAIN)).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&document["vulnerabilities"]).unwrap());
}

#[test]
fn references_are_unique_and_lead_somewhere() {
    // The same lockfile twice: every package is a copy of another.
    let document = cyclonedx(&[fixture::storefront(), fixture::storefront()]);
    let mut references = strings(&document["components"], "bom-ref");
    references.extend(document["metadata"]["component"]["bom-ref"].as_str());
    let count = references.len();
    references.sort_unstable();
    references.dedup();
    assert_eq!((count, references.len()), (27, 27));
    assert_eq!(strings(&document["dependencies"], "ref").len(), 27);
    for dependency in document["dependencies"].as_array().unwrap() {
        for target in dependency["dependsOn"].as_array().unwrap() {
            assert!(references.binary_search(&target.as_str().unwrap()).is_ok(), "{target}");
        }
    }
    let document = spdx(&[fixture::storefront(), fixture::storefront()]);
    let mut ids = strings(&document["packages"], "SPDXID");
    ids.push("SPDXRef-DOCUMENT");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((count, ids.len()), (27, 27));
    for relationship in document["relationships"].as_array().unwrap() {
        for end in ["spdxElementId", "relatedSpdxElement"] {
            assert!(ids.binary_search(&relationship[end].as_str().unwrap()).is_ok(), "{relationship}");
        }
    }
}

#[test]
fn spdx3_elements_are_unique_and_lead_somewhere() {
    let document = spdx3(&[fixture::storefront(), fixture::storefront()]);
    let mut ids = strings(&document["@graph"], "spdxId");
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(count, ids.len());
    for element in document["@graph"].as_array().unwrap() {
        for key in ["to", "element", "rootElement"] {
            for target in element[key].as_array().into_iter().flatten() {
                assert!(ids.binary_search(&target.as_str().unwrap()).is_ok(), "{key}: {target}");
            }
        }
    }
    assert_eq!(
        document["@graph"].as_array().unwrap().iter().filter(|one| one["type"] == "software_Package").count(),
        26
    );
}

#[test]
fn every_package_has_a_purl_and_no_secret() {
    let projects = [fixture::storefront()];
    for document in [cyclonedx(&projects), spdx(&projects), spdx3(&projects)] {
        let text = document.to_string();
        assert!(!text.contains("token:x"), "{text}");
        assert!(text.contains("pkg:npm/%40scope/tool@2.0.0-rc.1%2Bbuild"));
    }
    let document = cyclonedx(&[fixture::storefront()]);
    assert_eq!(strings(&document["components"], "purl").len(), 12);
}

#[test]
fn no_projects_is_still_a_document() {
    assert_eq!(cyclonedx(&[])["components"], Value::Array(Vec::new()));
    assert_eq!(spdx(&[])["packages"], Value::Array(Vec::new()));
}
