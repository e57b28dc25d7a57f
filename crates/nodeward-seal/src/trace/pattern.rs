//! Patterns of paths: which files of a folder they match.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nodeward_javascript::loads::{HOLE, NAME};
use rustc_hash::FxHashMap;

/// The most files of a folder that are looked through for one pattern.
const MOST: usize = 20_000;

/// The longest pattern.
const LONGEST: usize = 4_096;

/// Whether a path matches a pattern. [`HOLE`] is any text, [`NAME`] any text without a slash.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    if pattern.len() > LONGEST || path.len() > LONGEST {
        return false;
    }
    // One row of states for each part of the pattern: whether it can end before a byte of the path.
    let path = path.as_bytes();
    let mut states = vec![false; path.len() + 1];
    states[0] = true;
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let mut next = vec![false; path.len() + 1];
        match character {
            HOLE | NAME => {
                let mut reached = false;
                for at in 0..=path.len() {
                    reached |= states[at];
                    next[at] = reached;
                    if character == NAME && path.get(at) == Some(&b'/') {
                        reached = false;
                    }
                }
                rest = &rest[character.len_utf8()..];
            }
            _ => {
                let end = rest.find([HOLE, NAME]).unwrap_or(rest.len());
                let literal = &rest.as_bytes()[..end];
                for at in 0..=path.len() {
                    if states[at] && path[at..].starts_with(literal) {
                        next[at + literal.len()] = true;
                    }
                }
                rest = &rest[end..];
            }
        }
        states = next;
    }
    states[path.len()]
}

/// The pattern that a library's template of paths means: `{{x}}`, `%s` and `/:x/` are names. `None`: it has no holes.
pub(super) fn of_template(path: &str) -> Option<String> {
    let name = NAME.to_string();
    let mut pattern = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find("{{") {
        let Some(length) = rest[at..].find("}}").filter(|&length| !rest[at..at + length].contains('/'))
        else {
            break;
        };
        pattern.push_str(&rest[..at]);
        pattern.push(NAME);
        rest = &rest[at + length + 2..];
    }
    pattern.push_str(rest);
    let pattern = pattern.replace("%s", &name);
    let parts: Vec<&str> = pattern.split('/').collect();
    let last = parts.len() - 1;
    let is_hole = |part: &str| part.strip_prefix(':').is_some_and(|rest| !rest.is_empty());
    let parts = parts.iter().enumerate();
    let parts = parts.map(|(at, part)| if at < last && is_hole(part) { name.as_str() } else { part });
    let pattern = parts.collect::<Vec<_>>().join("/");
    pattern.contains(NAME).then_some(pattern)
}

/// The folder that all matches of a pattern are below.
pub(super) fn folder_of(pattern: &str) -> &str {
    let known = &pattern[..pattern.find([HOLE, NAME]).unwrap_or(pattern.len())];
    match known.rfind('/') {
        Some(0) => "/",
        Some(at) => &known[..at],
        None => "",
    }
}

/// A pattern as it is shown.
pub(super) fn shown(pattern: &str) -> String {
    pattern.replace([HOLE, NAME], "*")
}

/// What is below folders, each looked through once.
#[derive(Debug, Default)]
pub(super) struct Folders {
    known: Mutex<FxHashMap<PathBuf, Option<Arc<Vec<PathBuf>>>>>,
}

impl Folders {
    /// The files below a folder, sorted, those of packages in it left out. `None`: there are too many.
    pub(super) fn files(&self, folder: &Path) -> Option<Arc<Vec<PathBuf>>> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return known.clone();
        }
        let found = list(folder).map(Arc::new);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(folder.to_path_buf()).or_insert(found).clone()
    }
}

/// Our own files beside a program are none of it. A seal that lists itself can't be true.
const OWN: [&str; 2] = [crate::seal::FILE_NAME, super::recording::FILE_NAME];

fn list(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            if kind.is_dir() {
                if !matches!(name.to_str(), Some("node_modules" | ".git")) {
                    open.push(entry.path());
                }
            } else if kind.is_file() && name.to_str().is_some_and(|name| !OWN.contains(&name)) {
                // A name that is no text can't be asked for: Node.js knows no such paths.
                files.push(entry.path());
                if files.len() > MOST {
                    return None;
                }
            }
        }
    }
    files.sort();
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_templates_mean() {
        for (template, expected) in [
            ("/l/{{lng}}.json", Some("/l/?.json")),
            ("/l/{{lng}}/{{ns}}.json", Some("/l/?/?.json")),
            ("/l/%s.json", Some("/l/?.json")),
            ("/l/:lng/a.json", Some("/l/?/a.json")),
            ("/l/:lng", None),
            ("/l/{{lng/a}}.json", None),
            ("/l/{{lng.json", None),
            ("/l/a.json", None),
            ("", None),
        ] {
            let expected = expected.map(|text| text.replace('?', &NAME.to_string()));
            assert_eq!(of_template(template), expected, "{template}");
        }
    }

    #[test]
    fn what_matches() {
        for (pattern, path, expected) in [
            ("/a/*.js", "/a/b.js", true),
            ("/a/*.js", "/a/b/c.js", true),
            ("/a/?.js", "/a/b/c.js", false),
            ("/a/?.js", "/a/b.js", true),
            ("/a/?", "/a/b", true),
            ("/a/?", "/a/", true),
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/bc", false),
            ("/a/*-?.js", "/a/x-y-z.js", true),
            ("/a/?/x", "/a/b/c/x", false),
            ("*", "", true),
        ] {
            let pattern = pattern.replace('*', &HOLE.to_string()).replace('?', &NAME.to_string());
            assert_eq!(matches(&pattern, path), expected, "{} {path}", shown(&pattern));
        }
    }

    #[test]
    fn folders_of_patterns() {
        assert_eq!(folder_of("/a/b\u{1a}.js"), "/a");
        assert_eq!(folder_of("/\u{1a}"), "/");
        assert_eq!(folder_of("/a/b/\u{1a}"), "/a/b");
    }
}
