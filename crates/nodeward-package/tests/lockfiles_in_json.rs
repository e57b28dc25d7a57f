//! Every real JSON lockfile in the test data is read, or refused with a place.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nodeward_package::lockfile::{self, Input};
use nodeward_package::{DependencyGraph, Format, LockfileError};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn is_json(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.ends_with("lock.json") || name.ends_with("shrinkwrap.json") || name.ends_with("bun.lock")
}

/// What went wrong, without the path of this machine; `None` where all went well.
fn outcome(path: &Path, result: &Result<DependencyGraph, LockfileError>) -> Option<String> {
    let error = result.as_ref().err()?.to_string();
    let at = path.display().to_string();
    let place = error.strip_prefix(&at).unwrap_or_else(|| panic!("an error does not name its file: {error}"));
    let placed = place.split(':').nth(1).is_some_and(|line| line.parse::<u32>().is_ok());
    assert!(placed, "an error has no line: {error}");
    Some(place.to_owned())
}

#[test]
fn unlabelled_and_large_lockfiles_are_read_or_refused() {
    let Some(data) = nodeward_testkit::data_or_skip("unlabelled_and_large_lockfiles_are_read_or_refused")
    else {
        return;
    };
    let mut refused = BTreeMap::new();
    let (mut read, mut packages, mut dangling) = (0, 0, 0);
    let paths = ["lockfiles/unlabelled", "lockfiles/large"].map(|folder| files(&data.join(folder))).concat();
    for path in paths.iter().filter(|path| is_json(path)) {
        let bytes = std::fs::read(path).unwrap();
        let result = lockfile::parse(&Input { file: path, bytes: &bytes, manifests: &[] });
        if let Some(error) = outcome(path, &result) {
            refused.insert(path.file_name().unwrap().to_string_lossy().into_owned(), error);
            continue;
        }
        let graph = result.unwrap();
        read += 1;
        packages += graph.packages().len();
        dangling += graph.edges().iter().filter(|edge| edge.to.is_none() && !edge.kind.is_optional()).count();
        for package in graph.packages().iter().filter(|package| !package.origin.is_first_party()) {
            assert!(package.position.line > 0, "{} of {} has no place", package.label(), path.display());
        }
    }
    println!(
        "{read} read with {packages} packages, {dangling} requirements resolved to nothing; refused: {refused:#?}"
    );
    assert!(read > 100);
    assert!(refused.len() * 20 < read, "more than one in twenty refused");
}

#[test]
fn the_format_is_known_by_content_too() {
    let Some(data) = nodeward_testkit::data_or_skip("the_format_is_known_by_content_too") else { return };
    for path in files(&data.join("lockfiles/large")) {
        let bytes = std::fs::read(&path).unwrap();
        let by_name = lockfile::recognise(&path, &bytes);
        if let Some(format @ (Format::NpmPackageLock | Format::Bun)) = by_name {
            assert_eq!(
                lockfile::recognise(Path::new("anything.txt"), &bytes),
                Some(format),
                "{}",
                path.display()
            );
        }
    }
}
