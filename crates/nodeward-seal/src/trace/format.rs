//! A trace as JSON: `nodeward.trace/1`. Keys are only added within a version, and never change meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Trace, act_name};

/// The name of the format.
pub const SCHEMA: &str = "nodeward.trace/1";

/// The largest document that is read.
pub const MOST_BYTES: usize = 256 << 20;

/// A trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "nodeward.trace/1")]
pub struct Document {
    /// `nodeward.trace/1`
    pub schema: String,
    /// Where the program starts: paths of `sources`.
    pub entries: Vec<String>,
    /// The files that can load, sorted by path.
    pub sources: Vec<SourceEntry>,
    /// The `package.json` files that Node.js reads to find and to interpret them, sorted.
    pub manifests: Vec<String>,
    /// By package, the largest first. The project's own files have no name.
    pub packages: Vec<PackageEntry>,
    /// Which file loads which, by their places in `sources`.
    pub edges: Vec<EdgeEntry>,
    /// Loads that are not known exactly.
    pub dynamic: Vec<DynamicEntry>,
    /// What is named and not there.
    pub missing: Vec<MissingEntry>,
    /// What could not be read or parsed: what it loads is not known.
    pub unread: Vec<UnreadEntry>,
    /// Listed files that look like tests, benchmarks or examples.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Packages that the lockfile installs for production and no file of which is listed, as `name@version`. Left
    /// out where there is no lockfile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_loaded: Option<Vec<String>>,
    /// What a recording adds. Left out where nothing was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingEntry>,
}

/// A file that can load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceEntry {
    /// Below the root, with `/` between folders.
    pub path: String,
    /// `cjs`, `esm`, `json`, `native`, `wasm`, `text`, `typescript` or `synthetic`.
    pub kind: String,
    /// `static`, `recorded` or `declared`.
    pub origin: String,
    /// Its package as `name@version`; left out for the project's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Its bytes.
    pub size: u64,
}

/// A package with listed files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageEntry {
    /// As `name@version`; left out for the project's own files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Its listed files.
    pub files: usize,
    /// Their bytes.
    pub size: u64,
}

/// One file loads another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeEntry {
    /// The place of the file that loads.
    pub from: usize,
    /// The place of the file that is loaded.
    pub to: usize,
    /// The line that says so, from 1; 0 where no line does.
    pub line: u32,
    /// `require`, `import`, `resolve`, `worker`, `child`, `path`, `read`, `addon`, `named`, `convention`, `links` or
    /// `seen`.
    pub how: String,
}

/// A load that is not known exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DynamicEntry {
    /// The file that loads.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// As in an edge.
    pub how: String,
    /// What is known, `*` for the rest; left out where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// To how many files it was narrowed; left out where it could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched: Option<usize>,
}

/// Something that is named and not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingEntry {
    /// The file that names it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What it names.
    pub specifier: String,
    /// Whether the program goes on without it.
    pub optional: bool,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnreadEntry {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// What a recording and the text say of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingEntry {
    /// Files that were seen loading, tests and their runner included.
    pub seen: usize,
    /// Those that an entry leads to.
    pub kept: usize,
    /// Listed only because they were seen: the text does not lead to them.
    pub only_recorded: Vec<String>,
    /// Listed only because the text leads to them: they were not seen.
    pub only_static: usize,
    /// Seen, and nothing says who loaded them.
    pub without_parent: Vec<String>,
}

impl Document {
    /// The document of a trace. What the lockfile says and what was recorded is added by whoever knows it.
    pub fn of(trace: &Trace) -> Self {
        let sources = trace.list.sources.iter().map(|source| SourceEntry {
            path: source.path.clone(),
            kind: source.kind.name().to_owned(),
            origin: source.origin.name().to_owned(),
            package: source.package.clone(),
            size: source.size,
        });
        Self {
            schema: SCHEMA.to_owned(),
            entries: trace.list.entries.clone(),
            sources: sources.collect(),
            manifests: trace.list.manifests.clone(),
            packages: packages(trace),
            edges: trace
                .edges
                .iter()
                .map(|edge| EdgeEntry {
                    from: edge.from,
                    to: edge.to,
                    line: edge.line,
                    how: edge.how.name().to_owned(),
                })
                .collect(),
            dynamic: trace
                .dynamic
                .iter()
                .map(|dynamic| DynamicEntry {
                    file: dynamic.file.clone(),
                    line: dynamic.line,
                    how: act_name(dynamic.act).to_owned(),
                    pattern: dynamic.pattern.clone(),
                    matched: dynamic.matched,
                })
                .collect(),
            missing: trace
                .missing
                .iter()
                .map(|missing| MissingEntry {
                    file: missing.file.clone(),
                    line: missing.line,
                    specifier: missing.specifier.clone(),
                    optional: missing.optional,
                })
                .collect(),
            unread: trace
                .unread
                .iter()
                .map(|(file, reason)| UnreadEntry { file: file.clone(), reason: reason.clone() })
                .collect(),
            tests: trace.tests().map(str::to_owned).collect(),
            never_loaded: None,
            recording: None,
        }
    }

    /// Reads a document that was written before.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("larger than {MOST_BYTES} bytes"));
        }
        let document: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if document.schema != SCHEMA {
            return Err(format!("the schema is {:?}, and not {SCHEMA:?}", document.schema));
        }
        Ok(document)
    }

    /// What came and what went since an earlier trace.
    pub fn since(&self, old: &Self) -> Change {
        let paths = |document: &Self| -> Vec<String> {
            document.sources.iter().map(|source| source.path.clone()).collect()
        };
        let (new_paths, old_paths) = (sorted(paths(self)), sorted(paths(old)));
        let told = |document: &Self| -> Vec<String> {
            let dynamic = document.dynamic.iter().filter(|dynamic| dynamic.matched.is_none());
            dynamic.map(|dynamic| format!("{}:{}", dynamic.file, dynamic.line)).collect()
        };
        let (new_told, old_told) = (sorted(told(self)), sorted(told(old)));
        let labels = |document: &Self| -> Vec<String> {
            document.packages.iter().filter_map(|package| package.package.clone()).collect()
        };
        let (new_labels, old_labels) = (sorted(labels(self)), sorted(labels(old)));
        Change {
            files_added: without(&new_paths, &old_paths),
            files_removed: without(&old_paths, &new_paths),
            packages_added: without(&new_labels, &old_labels),
            packages_removed: without(&old_labels, &new_labels),
            dynamic_added: without(&new_told, &old_told),
        }
    }
}

/// What came and what went between two traces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Files that are new in the list.
    pub files_added: Vec<String>,
    /// Files that are no longer in it.
    pub files_removed: Vec<String>,
    /// Packages that are new in it.
    pub packages_added: Vec<String>,
    /// Packages that are no longer in it.
    pub packages_removed: Vec<String>,
    /// Loads of anything that are new, as `file:line`.
    pub dynamic_added: Vec<String>,
}

impl Change {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list.dedup();
    list
}

fn without(list: &[String], other: &[String]) -> Vec<String> {
    list.iter().filter(|item| other.binary_search(item).is_err()).cloned().collect()
}

fn packages(trace: &Trace) -> Vec<PackageEntry> {
    let mut by_name: std::collections::BTreeMap<Option<&str>, (usize, u64)> =
        std::collections::BTreeMap::new();
    for source in &trace.list.sources {
        let (files, size) = by_name.entry(source.package.as_deref()).or_default();
        *files += 1;
        *size += source.size;
    }
    let mut packages: Vec<PackageEntry> = by_name
        .into_iter()
        .map(|(package, (files, size))| PackageEntry { package: package.map(str::to_owned), files, size })
        .collect();
    packages.sort_by_key(|package| std::cmp::Reverse(package.size));
    packages
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::{Origin, Source, SourceKind};

    fn sample(paths: &[&str]) -> Document {
        let mut trace = Trace::default();
        trace.list.sources = paths
            .iter()
            .map(|path| Source {
                path: (*path).to_owned(),
                kind: SourceKind::Cjs,
                origin: Origin::Static,
                package: path.contains("node_modules").then(|| "x@1.0.0".to_owned()),
                size: 3,
            })
            .collect();
        Document::of(&trace)
    }

    #[test]
    fn there_and_back() {
        let document = sample(&["a.js", "node_modules/x/b.js", "node_modules/x/test/c.js"]);
        assert_eq!(document.tests, ["node_modules/x/test/c.js"]);
        assert_eq!(document.packages[0].package.as_deref(), Some("x@1.0.0"));
        assert_eq!((document.packages[0].files, document.packages[0].size), (2, 6));
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(Document::parse(&text).unwrap(), document);
        assert!(Document::parse(&text.replace("trace/1", "trace/2")).is_err());
    }

    #[test]
    fn the_published_schema_is_current_and_takes_what_is_written() {
        let schema = schemars::schema_for!(Document);
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        let file =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/trace-1.schema.json");
        if std::env::var_os("NODEWARD_BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap();
        assert_eq!(published, text, "run the test with NODEWARD_BLESS=1 to write the schema anew");
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        let mut document = sample(&["a.js", "node_modules/x/b.js"]);
        document.recording = Some(RecordingEntry::default());
        assert!(validator.is_valid(&serde_json::to_value(&document).unwrap()));
        assert!(!validator.is_valid(&serde_json::json!({ "schema": SCHEMA })));
    }

    #[test]
    fn what_changed() {
        let (old, new) = (sample(&["a.js", "b.js"]), sample(&["a.js", "node_modules/x/b.js"]));
        let change = new.since(&old);
        assert_eq!(change.files_added, ["node_modules/x/b.js"]);
        assert_eq!(change.files_removed, ["b.js"]);
        assert_eq!(change.packages_added, ["x@1.0.0"]);
        assert!(old.since(&old).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(at in 0usize..400, with in "\\PC{0,6}") {
            let text = serde_json::to_string(&sample(&["a.js", "b/c.js"])).unwrap();
            let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
            let _ = Document::parse(&format!("{}{with}{}", &text[..at], &text[at..]));
            let _ = Document::parse(&text[..at]);
        }
    }
}
