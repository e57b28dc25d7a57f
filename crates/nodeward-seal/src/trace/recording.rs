//! What was seen loading, kept as a file: `nodeward.recording/1`. A recording takes a test run; a seal is made and
//! checked again and again, also where no tests run.
//!
//! Only what the entries led to is kept, and every path is relative to the file's folder: the same wherever the project
//! stands. It says what was seen, and decides nothing: a trace keeps of it what its own entries lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use nodeward_package::place::{LineIndex, Place, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::recorded::Seen;
use super::{Trace, synthetic};
use crate::seal::{Quoted, SYNTHETIC, position_of};

/// The name of the format.
pub const SCHEMA: &str = "nodeward.recording/1";

/// The name of the file, where nobody gives another.
pub const FILE_NAME: &str = "nodeward.recording.json";

/// The largest document that is read.
pub const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// The most characters of a text that an error shows.
const MAX_SHOWN: usize = 120;

/// More than Linux takes in one call.
const MAX_PATH: usize = 4096;

const RECORD_AGAIN: &str = "record again with `nodeward seal --record`";

/// What was seen loading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object of a recording")]
#[schemars(title = "nodeward.recording/1")]
pub struct Recording {
    schema: SchemaName,
    /// Listed files that were seen, and that no listed file loaded: entries.
    #[serde(default)]
    started: BTreeSet<RecordedPath>,
    /// By the file that loads, those that it was seen loading.
    #[serde(default, deserialize_with = "each_once")]
    loads: BTreeMap<RecordedPath, BTreeSet<RecordedPath>>,
    /// The code that has no file.
    #[serde(default)]
    synthetic: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
enum SchemaName {
    #[default]
    #[serde(rename = "nodeward.recording/1")]
    One,
}

// By hand, as a derived one takes `{"nodeward.recording/1": null}` too.
impl<'de> Deserialize<'de> for SchemaName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        match &*name {
            SCHEMA => Ok(Self::One),
            other => Err(serde::de::Error::unknown_variant(&clipped(other), &[SCHEMA])),
        }
    }
}

/// Why a text is no recording.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}; {RECORD_AGAIN}")]
pub struct RecordingError {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

impl Recording {
    /// Of all that was seen, what a trace's list holds. `folder` is the one that the recording is for.
    pub fn of(trace: &Trace, seen: &Seen, folder: &Path) -> Self {
        let mut recording = Self::default();
        let listed: BTreeMap<PathBuf, RecordedPath> = trace
            .list
            .sources
            .iter()
            .filter_map(|source| {
                if let Some(hash) = source.path.strip_prefix(SYNTHETIC) {
                    return Some((synthetic::path_of(hash), RecordedPath(source.path.clone())));
                }
                let path = trace.list.root.join(&source.path);
                let relative = RecordedPath::from(folder, &path)?;
                Some((path, relative))
            })
            .collect();
        let mut loaded: BTreeSet<RecordedPath> = BTreeSet::new();
        for (path, from) in &listed {
            let all = seen.loads.get(path).into_iter().flatten();
            let kept: BTreeSet<RecordedPath> = all.filter_map(|to| listed.get(to)).cloned().collect();
            loaded.extend(kept.iter().cloned());
            if !kept.is_empty() {
                recording.loads.insert(from.clone(), kept);
            }
        }
        let started =
            listed.iter().filter(|(path, name)| seen.files.contains(*path) && !loaded.contains(*name));
        recording.started = started.map(|(_, name)| name.clone()).collect();
        let contents = listed.keys().filter_map(|path| seen.synthetic.get(synthetic::hash_of(path)?));
        recording.synthetic = contents.cloned().collect();
        recording
    }

    /// Reads and checks a recording. `file` is for errors.
    ///
    /// # Errors
    /// The text is no recording.
    pub fn parse(file: &Path, text: &[u8]) -> Result<Self, RecordingError> {
        let at = |position, message| RecordingError { place: Place::at(Arc::from(file), position), message };
        if text.len() as u64 > MAX_BYTES {
            return Err(at(Position::default(), format!("larger than {MAX_BYTES} bytes")));
        }
        // A list of the parts in order would be read as one too.
        if let Some(first) = text.iter().position(|byte| !byte.is_ascii_whitespace())
            && text[first] == b'['
        {
            let message = "a list, where the object of a recording belongs".to_owned();
            return Err(at(position(text, first), message));
        }
        serde_json::from_slice(text).map_err(|error| {
            let whole = error.to_string();
            let message = whole.rsplit_once(" at line ").map_or(&*whole, |(message, _)| message);
            at(position_of(text, error.line(), error.column()), message.to_owned())
        })
    }

    /// The canonical text: one line for each file that loads, sorted.
    pub fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out).expect("a String takes everything");
        out
    }

    fn write_to(&self, out: &mut String) -> fmt::Result {
        write!(out, "{{\n  \"schema\": {},\n  \"started\": ", Quoted(SCHEMA))?;
        list(out, self.started.iter().map(RecordedPath::as_str))?;
        out.push_str(",\n  \"loads\": {");
        for (index, (from, to)) in self.loads.iter().enumerate() {
            write!(out, "{}\n    {}: ", if index == 0 { "" } else { "," }, Quoted(from.as_str()))?;
            list(out, to.iter().map(RecordedPath::as_str))?;
        }
        out.push_str(if self.loads.is_empty() { "}" } else { "\n  }" });
        if !self.synthetic.is_empty() {
            out.push_str(",\n  \"synthetic\": [");
            for (index, content) in self.synthetic.iter().enumerate() {
                write!(out, "{}\n    {}", if index == 0 { "" } else { "," }, Quoted(content))?;
            }
            out.push_str("\n  ]");
        }
        out.push_str("\n}\n");
        Ok(())
    }

    /// Where in the text of this recording a file is named, by whatever path that leads to it.
    pub fn place_of(&self, file: &Path, text: &[u8], folder: &Path, wanted: &Path) -> Option<Place> {
        let all = self.started.iter().chain(self.loads.iter().flat_map(|(from, to)| to.iter().chain([from])));
        let named =
            all.filter(|path| folder.join(path.as_str()).canonicalize().is_ok_and(|path| path == wanted));
        let quoted = named.map(|path| Quoted(path.as_str()).to_string());
        let whole = std::str::from_utf8(text).ok()?;
        let found = quoted.filter_map(|quoted| whole.find(&quoted)).min()?;
        Some(Place::at(Arc::from(file), position(text, found)))
    }

    /// What was seen, with the files that it names below `folder`, and how many of them are not there any more.
    pub fn seen(&self, folder: &Path) -> (Seen, usize) {
        let mut seen = Seen::default();
        for content in &self.synthetic {
            seen.note_synthetic(content.clone());
        }
        let mut paths: BTreeMap<&RecordedPath, Option<PathBuf>> = BTreeMap::new();
        let named =
            self.started.iter().chain(self.loads.iter().flat_map(|(from, to)| to.iter().chain([from])));
        for path in named {
            paths.entry(path).or_insert_with(|| match path.as_str().strip_prefix(SYNTHETIC) {
                Some(hash) => seen.synthetic.contains_key(hash).then(|| synthetic::path_of(hash)),
                None => folder.join(path.as_str()).canonicalize().ok(),
            });
        }
        let at = |path: &RecordedPath| paths.get(path).cloned().flatten();
        for path in self.started.iter().filter_map(at) {
            seen.note(None, path);
        }
        for (from, loaded) in &self.loads {
            for to in loaded.iter().filter_map(at) {
                seen.note(at(from), to);
            }
        }
        seen.tidy();
        let gone = paths.values().filter(|path| path.is_none()).count();
        (seen, gone)
    }
}

/// Where a byte is.
fn position(text: &[u8], at: usize) -> Position {
    std::str::from_utf8(text).map_or(Position::default(), |text| LineIndex::new(text).position(at))
}

/// A text at a length that fits a line.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A table in which no key stands twice: a reader would take the last, and a reviewer the first.
fn each_once<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<RecordedPath, BTreeSet<RecordedPath>>, D::Error> {
    struct Table;
    impl<'de> serde::de::Visitor<'de> for Table {
        type Value = BTreeMap<RecordedPath, BTreeSet<RecordedPath>>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object of lists of paths")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut table = BTreeMap::new();
            while let Some(from) = map.next_key::<RecordedPath>()? {
                if table.contains_key(&from) {
                    return Err(serde::de::Error::custom(format!("{:?} stands twice", clipped(&from.0))));
                }
                table.insert(from, map.next_value()?);
            }
            Ok(table)
        }
    }
    deserializer.deserialize_map(Table)
}

fn list<'a>(out: &mut String, items: impl Iterator<Item = &'a str>) -> fmt::Result {
    out.push('[');
    for (index, item) in items.enumerate() {
        write!(out, "{}{}", if index == 0 { "" } else { ", " }, Quoted(item))?;
    }
    out.push(']');
    Ok(())
}

/// A path from the recording's folder, with `/` between its parts and `..` only at its start; of code without a file,
/// `synthetic:` and its hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(inline)]
struct RecordedPath(String);

impl RecordedPath {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.strip_prefix(SYNTHETIC).is_some_and(synthetic::is_hash) {
            return Ok(Self(text.to_owned()));
        }
        let below = text.trim_start_matches("../");
        let is_absolute = text.starts_with('/') || text.as_bytes().get(1) == Some(&b':');
        let is_plain = !below.split('/').any(|part| matches!(part, "" | "." | ".."));
        if is_absolute || !is_plain || text.len() > MAX_PATH || text.contains('\0') {
            return Err(format!("{:?} is no path from the folder of the recording to a file", clipped(text)));
        }
        Ok(Self(text.to_owned()))
    }

    /// The way from a folder to a file; both are real paths.
    fn from(folder: &Path, file: &Path) -> Option<Self> {
        let folder: Vec<Component<'_>> = folder.components().collect();
        let file: Vec<Component<'_>> = file.components().collect();
        let shared = folder.iter().zip(&file).take_while(|(one, other)| one == other).count();
        let mut parts = vec![".."; folder.len() - shared];
        for part in &file[shared..] {
            match part {
                Component::Normal(name) => parts.push(name.to_str()?),
                // Another drive.
                _ => return None,
            }
        }
        Self::parse(&parts.join("/")).ok()
    }
}

impl<'de> Deserialize<'de> for RecordedPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use nodeward_testkit::Project;
    use proptest::prelude::*;

    use super::*;
    use crate::seal::synthetic_hash;
    use crate::trace::{Options, TraceError, trace};

    const CODE: &str = "exports.one = require('dep');\n";

    /// An application that loads what its text does not say, tests around it, and what was seen of both.
    fn seen(project: &Project) -> Seen {
        let path = |name: &str| project.path().join(name).canonicalize().unwrap();
        let mut seen = Seen::default();
        for (from, to) in [
            ("test/test.js", "app/index.js"),
            ("app/index.js", "dep/index.js"),
            ("dep/index.js", "dep/late.js"),
        ] {
            seen.note(Some(path(from)), path(to));
        }
        let made = seen.note_synthetic(CODE.to_owned());
        seen.note(Some(path("dep/index.js")), made.clone());
        seen.note(Some(made), path("app/lazy.js"));
        let by_test = seen.note_synthetic("only the test's".to_owned());
        seen.note(Some(path("test/test.js")), by_test);
        seen.tidy();
        seen
    }

    fn project() -> Project {
        ["app/index.js", "app/lazy.js", "dep/index.js", "dep/late.js", "test/test.js"]
            .iter()
            .fold(Project::empty().file("app/package.json", "{}"), |project, name| project.file(name, ""))
    }

    fn options(project: &Project, seen: &Seen) -> Options {
        let entries = vec![project.path().join("app/index.js")];
        Options { entries, seen: Some(seen.clone()), ..Options::default() }
    }

    #[test]
    fn what_the_entries_lead_to_is_kept_and_gives_the_same_list() {
        let project = project();
        let seen = seen(&project);
        let options = |seen| Options { root: Some(project.path().to_owned()), ..options(&project, seen) };
        let found = trace(&options(&seen)).unwrap();
        let folder = project.path().join("app").canonicalize().unwrap();
        let recording = Recording::of(&found, &seen, &folder);
        let hash = synthetic_hash(CODE);
        let expected = format!(
            "{{\n  \"schema\": \"nodeward.recording/1\",\n  \"started\": [\"index.js\"],\n  \"loads\": {{\n    \"../dep/index.js\": [\"../dep/late.js\", \"synthetic:{hash}\"],\n    \"index.js\": [\"../dep/index.js\"],\n    \"synthetic:{hash}\": [\"lazy.js\"]\n  }},\n  \"synthetic\": [\n    {CODE:?}\n  ]\n}}\n"
        );
        assert_eq!(recording.write(), expected);
        let read = Recording::parse(Path::new("recording"), expected.as_bytes()).unwrap();
        assert_eq!(read, recording);
        let (again, gone) = read.seen(&folder);
        assert_eq!(gone, 0);
        assert_eq!(trace(&options(&again)).unwrap(), found);
        assert_eq!(found.synthetic, [CODE]);
        assert!(found.list.get(&format!("synthetic:{hash}")).is_some());
        std::fs::remove_file(project.path().join("dep/late.js")).unwrap();
        assert_eq!(read.seen(&folder).1, 1);
    }

    #[test]
    fn what_is_no_recording_is_refused_with_its_place() {
        let whole = |loads: &str| format!("{{\"schema\": \"nodeward.recording/1\",\n\"loads\": {loads}}}");
        for (text, expected) in [
            ("", "x.json:1:1: EOF"),
            ("{}", "missing field `schema`"),
            (&*whole("{\"/etc/passwd\": []}"), "x.json:2:23: \"/etc/passwd\" is no path"),
            (&*whole("{\"a/../b\": []}"), "is no path"),
            (&*whole("{\"a\": [\"..\"]}"), "is no path"),
            (&*whole("{\"a\": [\"synthetic:0/..\"]}"), "is no path"),
            (&*whole("{}, \"more\": 1"), "unknown field `more`"),
            ("{\"schema\": \"nodeward.recording/2\"}", "unknown variant"),
            ("{\"schema\": {\"nodeward.recording/1\": null}}", "invalid type: map"),
            ("\n [\"nodeward.recording/1\", [\"a.js\"], {}, []]", "x.json:2:2: a list, where"),
            (&*whole("{\"a\": [], \"b\": [],\n \"a\": [\"c\"]}"), "x.json:3:4: \"a\" stands twice"),
        ] {
            let error = Recording::parse(Path::new("x.json"), text.as_bytes()).unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.ends_with("nodeward seal --record`"),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_long_path_is_not_told_whole() {
        let long = "../".repeat(100_000);
        let text = format!("{{\"schema\": \"nodeward.recording/1\", \"started\": [\"{long}\"]}}");
        let error = Recording::parse(Path::new("x.json"), text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("…\" is no path") && error.len() < 400, "{} bytes", error.len());
    }

    /// What a recording says decides nothing about where the root is.
    #[test]
    fn a_recording_does_not_move_the_root() {
        let project = project();
        let text =
            "{\"schema\": \"nodeward.recording/1\",\n \"loads\": {\"index.js\": [\"../dep/index.js\"]}}";
        let folder = project.path().canonicalize().unwrap();
        let recording = Recording::parse(Path::new("r.json"), text.as_bytes()).unwrap();
        let (seen, gone) = recording.seen(&folder.join("app"));
        assert_eq!(gone, 0);
        let mut options = options(&project, &seen);
        let error = trace(&options).unwrap_err();
        let TraceError::Recorded { path, from, root } = &error else { panic!("{error}") };
        assert_eq!(
            (path, from, root),
            (&folder.join("dep/index.js"), &folder.join("app/index.js"), &folder.join("app"))
        );
        let place = recording.place_of(Path::new("r.json"), text.as_bytes(), &folder.join("app"), path);
        assert_eq!(place.unwrap().to_string(), "r.json:2:25");
        // What the text leads to does, and what the user says.
        std::fs::write(project.path().join("app/index.js"), "require('../dep/late')").unwrap();
        assert_eq!(trace(&options).unwrap().list.root, folder);
        std::fs::write(project.path().join("app/index.js"), "").unwrap();
        options.root = Some(project.path().to_owned());
        assert!(trace(&options).unwrap().list.get("dep/index.js").is_some());
    }

    #[test]
    fn the_published_schema_is_current_and_takes_what_is_written() {
        let schema = schemars::schema_for!(Recording);
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/recording-1.schema.json");
        if std::env::var_os("NODEWARD_BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap();
        assert_eq!(published, text, "run the test with NODEWARD_BLESS=1 to write the schema anew");
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        let project = project();
        let seen = seen(&project);
        let root = Some(project.path().to_owned());
        let found = trace(&Options { root, ..options(&project, &seen) }).unwrap();
        let written = Recording::of(&found, &seen, &project.path().canonicalize().unwrap()).write();
        assert!(validator.is_valid(&serde_json::from_str(&written).unwrap()));
        assert!(!validator.is_valid(&serde_json::json!({ "schema": "nodeward.recording/2" })));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(at in 0usize..300, with in "\\PC{0,6}") {
            let mut recording = Recording::default();
            recording.started.insert(RecordedPath("a.js".to_owned()));
            recording.synthetic.insert("\u{202e}\n".to_owned());
            recording.loads.insert(RecordedPath("../a.js".to_owned()), [RecordedPath("b/c.js".to_owned())].into());
            let text = recording.write();
            prop_assert_eq!(&Recording::parse(Path::new("x"), text.as_bytes()).unwrap(), &recording);
            let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            let changed = format!("{}{with}{}", &text[..at], &text[at..]);
            if let Ok(read) = Recording::parse(Path::new("x"), changed.as_bytes()) {
                read.seen(Path::new("/nowhere"));
            }
        }
    }
}
