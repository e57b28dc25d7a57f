//! What building and loading an add-on runs and reads.

use super::super::deed::Kind;
use super::super::folder::{Entry, join};
use super::super::gyp;
use super::super::shell::quote;
use super::{Origin, Task, Tracer};

/// Files beside `binding.gyp` that node-gyp reads by itself.
const READ_BY_ITSELF: &[&str] = &["config.gypi", "common.gypi"];
/// Folders in which loaders of add-ons look for machine code that came with the package.
const PREBUILT: &[&str] = &["prebuilds"];

impl Tracer<'_> {
    /// `node-gyp rebuild`. The sources that it compiles do not run: they are no part of what is reached.
    pub(super) fn builds(&mut self, from: &Origin) {
        match self.package.entry("binding.gyp") {
            Entry::File(path) => {
                self.open.push(Task::Gyp(path));
                for name in READ_BY_ITSELF {
                    if let Entry::File(path) = self.package.entry(name) {
                        self.open.push(Task::Gyp(path));
                    }
                }
            }
            _ => self.unknown(from, "builds without a binding.gyp"),
        }
    }

    /// Machine code that came with the package.
    pub(super) fn prebuilt(&mut self) {
        for folder in PREBUILT {
            if let Entry::Folder(path) = self.package.entry(folder) {
                self.folder(&path);
            }
        }
    }

    pub(super) fn gyp(&mut self, path: &str) {
        self.reach(path);
        let from = Origin { file: Some(path.to_owned()), line: 0, folders: vec![String::new()] };
        let read = self.package.read(path).map_err(|error| error.to_string());
        let parsed = read
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned()))
            .and_then(|text| gyp::parse(&text).map_err(|error| error.to_string()));
        let gyp = match parsed {
            Ok(gyp) => gyp,
            Err(error) => return self.unknown(&from, format!("{path} was not read: {error}")),
        };
        for text in gyp.python {
            self.widen(format!("Python in {path}"));
            self.deed(&from, Kind::Hidden, text);
        }
        let own = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let from = Origin { folders: vec![own.clone(), String::new()], ..from };
        for text in gyp.lines {
            self.open.push(Task::Line { text: put_in(&text), from: from.clone() });
        }
        for words in gyp.actions {
            let text: Vec<String> = words.iter().map(|word| quote(&without_variables(word))).collect();
            self.open.push(Task::Line { text: text.join(" "), from: from.clone() });
        }
        for include in gyp.includes {
            let include = include.trim_start_matches("<(module_root_dir)/").to_owned();
            let folders = [own.as_str(), ""];
            let found =
                folders.iter().filter_map(|folder| join(folder, &include)).find_map(|path| {
                    match self.package.entry(&path) {
                        Entry::File(path) => Some(path),
                        _ => None,
                    }
                });
            match found {
                Some(path) => self.open.push(Task::Gyp(path)),
                None => {
                    self.unknown(&from, format!("{path} includes {include}, which is not in the package"))
                }
            }
        }
    }
}

/// What gyp puts in is not known here.
fn without_variables(word: &str) -> String {
    match word.find(['<', '>']) {
        Some(_) => nodeward_javascript::conduct::UNKNOWN.to_string(),
        None => word.to_owned(),
    }
}

/// A line with what gyp puts into it (`<(name)`, `<@(names)`) made unknown.
fn put_in(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = ["<(", "<@(", ">(", ">@("].iter().filter_map(|start| rest.find(start)).min() {
        let Some(end) = rest[at..].find(')') else { break };
        text.push_str(&rest[..at]);
        text.push(nodeward_javascript::conduct::UNKNOWN);
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    text
}
