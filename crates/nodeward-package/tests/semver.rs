//! Versions and ranges against node-semver's own vectors: the tables of its tests and the calls that were recorded
//! from them. Every file there must have a runner here, and a runner fails on a call that it does not know.

#[path = "semver/calls.rs"]
mod calls;
#[path = "semver/javascript.rs"]
mod javascript;
#[path = "semver/tables.rs"]
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// What came of one vector: run, or a call with something that is no text, which no Rust caller can make and which
/// node-semver refuses.
enum Ran {
    Agreed,
    NoSuchArgument,
}

type Runner = Box<dyn Fn(&Value) -> Result<Ran, String>>;

/// Runs all vectors of all files of a folder. Prints the counts.
#[expect(clippy::print_stdout, reason = "the counts are what the test found")]
fn run_folder(folder: &Path, runner_of: impl Fn(&str) -> Option<Runner>) {
    let mut failures = Vec::new();
    let mut totals = BTreeMap::new();
    let entries = std::fs::read_dir(folder).expect("the folder of vectors is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let name = file.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).expect("readable");
        let document: Value = serde_json::from_str(&text).expect("vectors are JSON");
        let vectors = document["vectors"].as_array().expect("vectors are an array");
        let Some(runner) = runner_of(&name) else {
            failures.push(format!("{name}: {} vectors and nothing that runs them", vectors.len()));
            continue;
        };
        let mut skipped = 0;
        for vector in vectors {
            match runner(vector) {
                Ok(Ran::Agreed) => {}
                Ok(Ran::NoSuchArgument) => skipped += 1,
                Err(reason) => failures.push(format!("{name}: {vector}: {reason}")),
            }
        }
        println!("{name}: {} vectors, {skipped} of them with an argument that is no text", vectors.len());
        totals.insert(name, vectors.len());
    }
    println!("{} vectors in {} files", totals.values().sum::<usize>(), totals.len());
    assert!(!totals.is_empty(), "no vectors in {}", folder.display());
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn tables_hold() {
    let Some(data) = nodeward_testkit::data_or_skip("tables_hold") else { return };
    run_folder(&data.join("semver"), tables::runner_of);
}

#[test]
fn recorded_calls_give_the_recorded_results() {
    let Some(data) = nodeward_testkit::data_or_skip("recorded_calls_give_the_recorded_results") else {
        return;
    };
    run_folder(&data.join("semver/recorded"), calls::runner_of);
}
