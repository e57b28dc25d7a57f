//! Data flow over given files, for measurements.

use std::collections::BTreeMap;

use nodeward_javascript::oxc::Allocator;
use nodeward_javascript::{SourceKind, parse};

use crate::flow;

/// A finding with lines.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Kind of sink.
    pub kind: String,
    /// File.
    pub file: String,
    /// First line of the sink.
    pub line: usize,
    /// Last line of the sink.
    pub last_line: usize,
    /// Origin, guesses, joined.
    pub note: String,
    /// Path: file, line, way.
    pub path: Vec<String>,
    /// Pattern.
    pub pattern: Option<String>,
}

/// Runs data flow over files.
pub fn probe(files: &BTreeMap<String, String>, is_library: bool) -> (Vec<Probe>, Vec<String>) {
    let mut graphs = Vec::new();
    let mut names = Vec::new();
    let mut errors = Vec::new();
    let mut arena = Allocator::default();
    for (path, text) in files {
        {
            match parse(&arena, text, SourceKind::of_path(std::path::Path::new(path)).unwrap_or(SourceKind::of_path(std::path::Path::new("a.js")).expect("js"))) {
                Ok(parsed) => {
                    let semantic = parsed.semantic();
                    graphs.push(flow::lower(&semantic));
                    names.push(path.clone());
                }
                Err(error) => errors.push(format!("{path}: {error}")),
            }
        }
        arena.reset();
    }
    let find = |from: usize, specifier: &str| -> Option<usize> {
        if !specifier.starts_with('.') {
            return None;
        }
        let mut parts: Vec<&str> = names[from].split('/').collect();
        parts.pop();
        for part in specifier.split('/') {
            match part {
                "." | "" => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        let base = parts.join("/");
        ["", ".js", ".ts", ".mjs", ".cjs", "/index.js", "/index.ts"].iter().find_map(|end| {
            let name = format!("{base}{end}");
            let name = name.trim_start_matches('/');
            names.binary_search_by(|probe| probe.as_str().cmp(name)).ok()
        })
    };
    let mode = if is_library { flow::Mode::Library } else { flow::Mode::Application };
    let (found, is_cut) = flow::solve(&graphs, mode, find);
    if is_cut {
        errors.push("cut".to_owned());
    }
    let line = |file: usize, offset: u32| {
        let text = &files[&names[file]];
        text.as_bytes()[..(offset as usize).min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    };
    let probes = found
        .into_iter()
        .map(|finding| Probe {
            kind: format!("{:?}", finding.sink),
            file: names[finding.file].clone(),
            line: line(finding.file, finding.span.start),
            last_line: line(finding.file, finding.span.end),
            note: format!(
                "{:?} guesses={} joined={} named={}",
                finding.origin, finding.guesses, finding.is_joined, finding.is_named_only
            ),
            path: finding
                .path
                .iter()
                .map(|step| format!("{}:{} {:?}", names[step.file], line(step.file, step.span.start), step.way))
                .collect(),
            pattern: finding.pattern,
        })
        .collect();
    (probes, errors)
}
