//! What was seen loading: the notes of the recorder, one JSON line for each pair of files.
//!
//! The notes are written while foreign code runs, and any of it can write there too. They can name files, and give code
//! that has no file; what is kept of them is what the entries lead to, below the root.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::synthetic;
use crate::files;

/// The preload that takes the notes.
pub const RECORDER: &str = include_str!("../../../../npm/nodeward/runtime/recorder.cjs");

/// What it needs on versions of Node.js whose hooks run in a thread of their own.
pub const RECORDER_HOOKS: &str = include_str!("../../../../npm/nodeward/runtime/recorder-hooks.mjs");

/// The most bytes of all files of notes.
const MOST_BYTES: u64 = 1 << 30;

/// The most notes.
const MOST: usize = 20_000_000;

/// What was seen loading. Code without a file has a path too ([`synthetic::path_of`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// By the file that loads, as real paths; sorted, each once.
    pub loads: FxHashMap<PathBuf, Vec<PathBuf>>,
    /// The code that has no file, by the hash in its path.
    pub synthetic: BTreeMap<String, String>,
    /// Every file that was seen.
    pub files: FxHashSet<PathBuf>,
    /// Those that somebody known loaded.
    pub with_parent: FxHashSet<PathBuf>,
    /// Lines that are no notes.
    pub unread: usize,
}

#[derive(Deserialize)]
struct Note {
    from: Option<String>,
    to: Option<String>,
    content: Option<String>,
}

/// Why notes can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The system says no.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
    /// There is too much.
    #[error(
        "{path}: with it there are more than {MOST_BYTES} bytes, or more than {MOST} notes; record less at once"
    )]
    TooMuch {
        /// The file.
        path: PathBuf,
    },
}

impl Seen {
    /// Reads every file of notes in a folder.
    ///
    /// # Errors
    /// One can't be read, is no regular file, or there is too much.
    pub fn read(folder: &Path) -> Result<Self, RecordedError> {
        Self::read_at_most(folder, MOST_BYTES)
    }

    fn read_at_most(folder: &Path, most: u64) -> Result<Self, RecordedError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| RecordedError::Read { path, source }
        };
        let mut seen = Self::default();
        let mut real = FxHashMap::default();
        let (mut count, mut left) = (0, most);
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let entry = entry.map_err(failed(folder))?;
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "jsonl") {
                continue;
            }
            // The recorder makes regular files. What was recorded may have put something else there.
            if !entry.file_type().map_err(failed(&path))?.is_file() {
                return Err(failed(&path)(std::io::Error::other("not a regular file")));
            }
            let mut text = Vec::new();
            let file = files::open_regular(&path).map_err(failed(&path))?;
            file.take(left + 1).read_to_end(&mut text).map_err(failed(&path))?;
            count += seen.add(&String::from_utf8_lossy(&text), &mut real);
            left = match left.checked_sub(text.len() as u64) {
                Some(left) if count <= MOST => left,
                _ => return Err(RecordedError::TooMuch { path }),
            };
        }
        seen.tidy();
        Ok(seen)
    }

    /// Adds what was seen elsewhere.
    pub fn extend(&mut self, other: Self) {
        for (from, loaded) in other.loads {
            self.loads.entry(from).or_default().extend(loaded);
        }
        self.synthetic.extend(other.synthetic);
        self.files.extend(other.files);
        self.with_parent.extend(other.with_parent);
        self.unread += other.unread;
        self.tidy();
    }

    /// One file, and the one that loaded it.
    pub(super) fn note(&mut self, from: Option<PathBuf>, to: PathBuf) {
        self.files.insert(to.clone());
        if let Some(from) = from.filter(|from| *from != to) {
            self.with_parent.insert(to.clone());
            self.loads.entry(from).or_default().push(to);
        }
    }

    /// Code without a file; gives its path.
    pub(super) fn note_synthetic(&mut self, content: String) -> PathBuf {
        let hash = crate::seal::synthetic_hash(&content);
        let path = synthetic::path_of(&hash);
        self.synthetic.insert(hash, content);
        path
    }

    pub(super) fn tidy(&mut self) {
        for loaded in self.loads.values_mut() {
            loaded.sort();
            loaded.dedup();
        }
    }

    /// Adds the notes of a text; gives their number.
    fn add(&mut self, text: &str, real: &mut FxHashMap<String, Option<PathBuf>>) -> usize {
        let mut count = 0;
        for line in text.lines().filter(|line| !line.is_empty()) {
            count += 1;
            let Ok(note) = serde_json::from_str::<Note>(line) else {
                self.unread += 1;
                continue;
            };
            let mut path = |text: String| {
                let read = || {
                    let path = Path::new(&text);
                    path.canonicalize().ok().or_else(|| synthetic::noted(path))
                };
                real.entry(text.clone()).or_insert_with(read).clone()
            };
            let to = match (note.to, note.content) {
                (Some(to), None) => path(to).filter(|to| synthetic::hash_of(to).is_none()),
                (None, Some(content)) => Some(self.note_synthetic(content)),
                _ => {
                    self.unread += 1;
                    continue;
                }
            };
            if let Some(to) = to {
                self.note(note.from.and_then(path), to);
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use nodeward_testkit::Project;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn notes_are_read_and_others_counted() {
        let project = Project::empty().file("a.js", "").file("b.js", "");
        let root = project.path().canonicalize().unwrap();
        let line =
            |from: &str, to: &str| format!("{{\"from\":{from:?},\"to\":{to:?},\"how\":\"require\"}}\n");
        let (a, b) = (root.join("a.js"), root.join("b.js"));
        let text =
            line(a.to_str().unwrap(), b.to_str().unwrap()) + "nonsense\n" + &line("/gone", "/gone/too");
        let project = project.file("notes/1.jsonl", &text).file("notes/other.txt", "x");
        let seen = Seen::read(&project.join("notes")).unwrap();
        assert_eq!(seen.loads.get(&a), Some(&vec![b.clone()]));
        assert_eq!(seen.files.len(), 1);
        assert_eq!(seen.unread, 1);
    }

    #[test]
    fn what_is_read_is_bounded() {
        let project = Project::empty().file("1.jsonl", "nonsense\n").file("2.jsonl", "nonsense\n");
        assert_eq!(Seen::read_at_most(project.path(), 18).unwrap().unread, 2);
        let much = Seen::read_at_most(project.path(), 17).unwrap_err().to_string();
        assert!(much.contains("record less at once"), "{much}");
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_file_of_notes_is_not_waited_for() {
        for what in ["pipe", "link"] {
            let project = Project::empty().file("real", "");
            let notes = project.join("zz.jsonl");
            match what {
                "pipe" => {
                    assert!(std::process::Command::new("mkfifo").arg(&notes).status().unwrap().success());
                }
                _ => std::os::unix::fs::symlink(project.join("real"), &notes).unwrap(),
            }
            let error = Seen::read(project.path()).unwrap_err().to_string();
            assert!(error.ends_with("zz.jsonl: not a regular file"), "{what}: {error}");
        }
    }

    #[test]
    fn code_without_a_file_is_known_by_its_content() {
        let project = Project::empty().file("a.js", "").file("b.js", "");
        let root = project.path().canonicalize().unwrap();
        let hash = crate::seal::synthetic_hash("import 'b'");
        let virtual_path = synthetic::path_of(&hash);
        let mut text = serde_json::json!({"kind": "synthetic", "from": root.join("a.js"), "sha512": "no matter", "content": "import 'b'"}).to_string();
        // As `require` and as `import` name the one who loads.
        for from in [virtual_path.clone(), root.join(format!("synthetic-{hash}"))] {
            text.push('\n');
            text.push_str(&serde_json::json!({"from": from, "to": root.join("b.js")}).to_string());
        }
        let mut seen = Seen::default();
        assert_eq!(seen.add(&text, &mut FxHashMap::default()), 3);
        seen.tidy();
        assert_eq!(seen.synthetic[&hash], "import 'b'");
        assert_eq!(seen.loads[&root.join("a.js")], std::slice::from_ref(&virtual_path));
        assert_eq!(seen.loads[&virtual_path], [root.join("b.js")]);
        assert_eq!(seen.unread, 0);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\{\"from\":(null|\"/[a-z]{0,3}\"),\"to\":\"[^\"]{0,5}\"\\}|\\PC{0,20}|\n){0,12}") {
            Seen::default().add(&text, &mut FxHashMap::default());
        }
    }
}
