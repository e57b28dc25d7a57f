//! Every rule's page: what it has to hold, and its examples, each run through the whole engine.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::{Audience, Options, Origin, SourceFile, Text, fix, lint};

/// One fenced example of a page.
struct Example {
    file: String,
    is_bad: bool,
    code: String,
    /// Line and columns (from 1, the end not included) under which the page has carets.
    marks: Vec<(u32, u32, u32)>,
}

fn examples(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut words = info.split(' ');
        let (language, verdict) = (words.next().unwrap_or_default(), words.next());
        let is_bad = match verdict {
            Some("bad") => true,
            Some("good") => false,
            _ => continue,
        };
        let file = words.next().map_or_else(|| format!("page.{language}"), str::to_owned);
        let mut marks = Vec::new();
        for (at, line) in body.iter().enumerate() {
            if is_marks(line) {
                let start = line.find('^').unwrap();
                let code_line = (0..at).rev().find(|&before| !is_marks(body[before])).unwrap();
                marks.push((code_line as u32 + 1, start as u32 + 1, line.trim_end().len() as u32 + 1));
            }
        }
        found.push(Example { file, is_bad, code: body.join("\n") + "\n", marks });
    }
    found
}

fn is_marks(line: &str) -> bool {
    line.trim_start().strip_prefix("//").is_some_and(|rest| {
        let rest = rest.trim();
        !rest.is_empty() && rest.bytes().all(|byte| byte == b'^')
    })
}

fn run(example: &Example, rule: &Rule) -> crate::Outcome {
    let file = SourceFile {
        path: Arc::from(Path::new(&example.file)),
        text: Text::Memory(example.code.as_str().into()),
        origin: Origin::FirstParty,
    };
    // What a comment hides depends on what else runs.
    let only = match rule.id {
        "ignore-comment" => Vec::new(),
        id => vec![id.to_owned()],
    };
    let policy = crate::Policy::Experimental;
    lint(&[file], &Options { only, policy, audience: Some(Audience::Callers), ..Options::default() })
}

#[test]
fn pages_have_their_sections_and_examples() {
    for rule in RULES {
        let title = rule.docs.strip_prefix("# ").unwrap_or_else(|| panic!("{}: no title", rule.id));
        assert!(!title.lines().next().unwrap().ends_with('.'), "{}", rule.id);
        let sections: Vec<&str> = rule.docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, ["What", "Why", "How to fix", "Examples"], "{}", rule.id);
        let examples = examples(rule.docs);
        assert!(examples.iter().any(|example| example.is_bad), "{}: no bad example", rule.id);
        assert!(examples.iter().any(|example| !example.is_bad), "{}: no good example", rule.id);
        let typed =
            examples.iter().any(|example| example.file.ends_with(".ts") || example.file.ends_with(".tsx"));
        assert!(typed || rule.docs.contains("```json"), "{}: no example in TypeScript", rule.id);
    }
}

#[test]
fn bad_examples_are_found_and_good_ones_are_not() {
    let mut faults = Vec::new();
    for rule in RULES {
        for example in examples(rule.docs) {
            let outcome = run(&example, rule);
            let shown =
                || format!("{}: {}\n{}", rule.id, if example.is_bad { "bad" } else { "good" }, example.code);
            let found: Vec<_> =
                outcome.findings.iter().filter(|linted| *linted.finding.rule == *rule.id).collect();
            if rule.id != "syntax-error" && !outcome.gaps.is_empty() {
                faults.push(format!("{}does not parse: {:?}", shown(), outcome.gaps));
            }
            if found.is_empty() == example.is_bad {
                let said: Vec<_> =
                    found.iter().map(|linted| (&linted.finding.title, &linted.finding.place)).collect();
                faults.push(format!("{}gives {said:?}", shown()));
            }
            for &(line, start, _) in &example.marks {
                let at = |linted: &&&crate::Linted| {
                    (linted.finding.place.line, linted.finding.place.column) == (line, start)
                };
                if !found.iter().any(|linted| at(&linted)) {
                    let places: Vec<_> =
                        found.iter().map(|linted| linted.finding.place.to_string()).collect();
                    faults.push(format!("{}nothing at {line}:{start}, but at {places:?}", shown()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn fixes_clear_what_they_fix() {
    for rule in RULES {
        for example in examples(rule.docs).iter().filter(|example| example.is_bad) {
            let outcome = run(example, rule);
            let fixes: Vec<_> = outcome.findings.iter().filter_map(|linted| linted.fix.as_ref()).collect();
            if fixes.is_empty() {
                continue;
            }
            let (code, made) = fix::apply(&example.code, fixes.iter().copied());
            assert!(made > 0, "{}: {}", rule.id, example.code);
            let fixed = Example { file: example.file.clone(), is_bad: false, code, marks: Vec::new() };
            let left = run(&fixed, rule);
            assert!(left.gaps.is_empty(), "{}: {}", rule.id, fixed.code);
            assert!(left.findings.len() < outcome.findings.len(), "{}: {}", rule.id, fixed.code);
        }
    }
}

#[test]
fn names_are_unique_and_say_what_they_say_shortly() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(RULES[..at].iter().all(|other| other.id != rule.id), "{} is there twice", rule.id);
        assert!(
            rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
        assert!(rule.summary.len() < 100 && !rule.summary.ends_with('.'), "{}", rule.id);
    }
}
