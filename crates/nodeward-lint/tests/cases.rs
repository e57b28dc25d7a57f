//! Cases from the field: where values from outside come in, and where they do harm or do not.
//!
//! `handlers/` has one case for each framework, queue and cloud: every `exec(` in it is to be found. `harm/` has one
//! file for each rule: in a case marked `bad` it is to find something, in one marked `good` nothing, and in one marked
//! `unsure` something that only the widest policy shows, in one marked `sure` something that `strict` shows. `callers/` has the same of libraries: whoever calls what a
//! case exports is not trusted.

use std::fs;
use std::path::{Path, PathBuf};

use nodeward_lint::{Audience, Options, Origin, Policy, SourceFile, Text, lint};

/// The cases of a file: what their first line says after the mark, and their text.
fn cases(path: &Path, marks: &[&'static str]) -> Vec<(&'static str, String, String)> {
    let text = fs::read_to_string(path).expect("a file of cases");
    let mut cases: Vec<(&'static str, String, String)> = Vec::new();
    for line in text.lines() {
        let begins = |mark: &&&str| line.starts_with(&format!("// {mark}: "));
        if let Some(mark) = marks.iter().find(begins) {
            cases.push((mark, line[mark.len() + 5..].to_owned(), String::new()));
        } else if let Some((_, _, text)) = cases.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(!cases.is_empty(), "{} has no case", path.display());
    cases
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("a file of cases").path())
        .collect();
    files.sort();
    files
}

/// How many findings of a rule a program of one file has under a policy.
fn found(rule: &str, name: &str, text: &str, policy: Policy, audience: Audience) -> usize {
    let file = SourceFile {
        path: Path::new(name).into(),
        text: Text::Memory(text.into()),
        origin: Origin::FirstParty,
    };
    let options = Options { policy, audience: Some(audience), ..Options::default() };
    let outcome = lint(&[file], &options);
    assert!(outcome.gaps.is_empty(), "{name}: {:?}", outcome.gaps);
    outcome.findings.iter().filter(|linted| linted.finding.is_called(rule)).count()
}

#[test]
fn values_come_in_by_every_framework() {
    let mut wrong = Vec::new();
    for path in files("handlers") {
        let extension = path.extension().expect("an extension").to_str().expect("ASCII");
        for (_, name, text) in cases(&path, &["case"]) {
            let (wanted, found) = (
                text.matches("exec(").count(),
                found(
                    "command-injection",
                    &format!("{name}.{extension}"),
                    &text,
                    Policy::Experimental,
                    Audience::Requests,
                ),
            );
            if wanted != found {
                wrong.push(format!("{name}.{extension}: {found} of {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn harm_is_told_from_what_only_looks_like_it() {
    let wrong = wrong("harm", Audience::Requests);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn so_it_is_in_libraries() {
    let wrong = wrong("callers", Audience::Callers);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The cases of a folder that do not come out as they are marked.
fn wrong(folder: &str, audience: Audience) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in files(folder) {
        let rule = path.file_stem().expect("a name").to_str().expect("ASCII");
        for (mark, name, text) in cases(&path, &["bad", "good", "unsure", "sure"]) {
            let is_found = |policy| found(rule, "app.js", &text, policy, audience) > 0;
            let is_wrong = match mark {
                "bad" => !is_found(Policy::Experimental),
                "good" => is_found(Policy::Experimental),
                "sure" => !is_found(Policy::Strict),
                _ => !is_found(Policy::Experimental) || is_found(Policy::Strict),
            };
            if is_wrong {
                wrong.push(format!("{rule}: {mark}: {name}"));
            }
        }
    }
    wrong
}
