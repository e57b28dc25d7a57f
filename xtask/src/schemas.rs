//! The official JSON schemas that outputs are tested against.
//!
//! They are not ours to copy, so they come from npm packages that ship them, each at one exact version, through the
//! user's own npm and its configuration. Nothing that comes along is run.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::npm;

/// A package, the schemas in it, and the names under which the tests look for them.
const SOURCES: &[(&str, &[(&str, &str)])] = &[
    (
        "@cyclonedx/cyclonedx-library@10.3.0",
        &[
            ("res/schema/bom-1.6.SNAPSHOT.schema.json", "bom-1.6.schema.json"),
            ("res/schema/spdx.SNAPSHOT.schema.json", "spdx.schema.json"),
            ("res/schema/jsf-0.82.SNAPSHOT.schema.json", "jsf-0.82.schema.json"),
        ],
    ),
    ("@microsoft/jest-sarif@1.0.0-beta.0", &[("lib/schemas/sarif-2.1.0-rtm.5.json", "sarif-2.1.0.json")]),
    ("@cyclonedx/cdxgen@12.8.4", &[("data/spdx-export.schema.json", "spdx-3.0.1.schema.json")]),
];

/// Fills `dir` with the schemas that are not there yet.
///
/// # Errors
/// npm is missing or can't reach its registry, or a package no longer holds what it did.
pub(crate) fn fetch(dir: &Path) -> anyhow::Result<()> {
    for (package, files) in SOURCES {
        if !files.iter().all(|(_, name)| dir.join(name).is_file()) {
            fetch_from(package, files, dir).with_context(|| format!("fetching the schemas in {package}"))?;
        }
    }
    Ok(())
}

fn fetch_from(package: &str, files: &[(&str, &str)], dir: &Path) -> anyhow::Result<()> {
    let unpacked = dir.join("unpacked");
    npm::unpack(package, &unpacked)?;
    for (path, target) in files {
        let source = unpacked.join("package").join(path);
        let bytes = fs::read(&source).with_context(|| format!("{package} has no {path}"))?;
        fs::write(dir.join(target), bytes)?;
    }
    fs::remove_dir_all(&unpacked)?;
    Ok(())
}
