//! The source files of a project or of one package.
//!
//! Symbolic links are not followed, so that nothing outside the folder is read. What could not be read is told.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::manifest::Manifest;
use crate::parse::Limits;
use crate::source::{Language, ModuleFormat, SourceKind};

/// Which folder it is: a team's own, or a dependency's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tree {
    /// The team's own: what git ignores is left out, and so are hidden folders.
    Project,
    /// One installed package: all of it, whatever it asks to be ignored.
    Dependency,
}

/// What a file is to the package that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileClass {
    /// Its own code.
    Own,
    /// Code of tests, benchmarks, examples and documentation.
    Test,
    /// Somebody else's code, copied.
    Vendored,
    /// Minified or bundled: no line of it was written by hand.
    Generated,
}

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path below the folder.
    pub path: PathBuf,
    /// How to parse it.
    pub kind: SourceKind,
    /// What it is, by its path alone; [`FileClass::of_text`] looks at the text too.
    pub class: FileClass,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What [`discover`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The source files, sorted by path.
    pub files: Vec<SourceFile>,
    /// What could not be read, sorted, with the reason: it was not checked.
    pub unread: Vec<(PathBuf, String)>,
}

/// The most files of a folder. A larger one is reported, not read in part and called checked.
const MAX_FILES: usize = 500_000;

/// Finds the source files below `root`, and the manifests, leaving out every `node_modules` but the one that `root` may stand in.
pub fn discover(root: &Path, tree: Tree) -> Discovered {
    let mut found = Discovered::default();
    let mut manifests: Vec<(PathBuf, ModuleFormat)> = Vec::new();
    let mut paths = Vec::new();
    let project = tree == Tree::Project;
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false)
        .git_ignore(project)
        .git_exclude(project)
        .parents(project)
        .require_git(false)
        .hidden(project)
        .follow_links(false)
        .filter_entry(|entry| {
            entry.depth() == 0 || !matches!(entry.file_name().to_str(), Some("node_modules" | ".git"))
        });
    for entry in walk.build() {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                if paths.len() == MAX_FILES {
                    found.unread.push((PathBuf::new(), format!("more than {MAX_FILES} files")));
                    break;
                }
                paths.push(entry);
            }
            Ok(_) => {}
            Err(error) => found.unread.push((PathBuf::new(), error.to_string())),
        }
    }
    paths.sort_by(|left, right| left.path().cmp(right.path()));
    for entry in &paths {
        if entry.file_name() == "package.json" {
            let folder = entry.path().parent().unwrap_or(root).to_path_buf();
            manifests.push((folder, format_of(entry.path())));
        }
    }
    for entry in &paths {
        let path = entry.path();
        let below = path.strip_prefix(root).unwrap_or(path);
        match source_file(path, below, &manifests) {
            Ok(Some(file)) => found.files.push(file),
            Ok(None) => {}
            Err(error) => found.unread.push((below.to_path_buf(), error.to_string())),
        }
    }
    found.unread.sort();
    found
}

fn source_file(
    path: &Path,
    below: &Path,
    manifests: &[(PathBuf, ModuleFormat)],
) -> std::io::Result<Option<SourceFile>> {
    let kind = if path.extension().is_none() {
        match hashbang(path)? {
            Some(kind) => kind,
            None => return Ok(None),
        }
    } else {
        // The nearest manifest above the file.
        let nearest = path.ancestors().skip(1).find_map(|folder| {
            let found = manifests.binary_search_by(|(known, _)| known.as_path().cmp(folder)).ok()?;
            Some(manifests[found].1)
        });
        match SourceKind::of(path, nearest.unwrap_or(ModuleFormat::Unknown)) {
            Some(kind) if kind.language != Language::Json => kind,
            // What npm runs by itself stands here, and what a package exports. Those of tests are broken on purpose.
            Some(kind)
                if below.file_name().is_some_and(|name| name == "package.json")
                    && FileClass::of_path(below) == FileClass::Own =>
            {
                kind
            }
            _ => return Ok(None),
        }
    };
    let bytes = std::fs::symlink_metadata(path)?.len();
    Ok(Some(SourceFile { path: below.to_path_buf(), kind, class: FileClass::of_path(below), bytes }))
}

/// The kind of a file without an extension, by its first bytes.
fn hashbang(path: &Path) -> std::io::Result<Option<SourceKind>> {
    use std::io::Read as _;
    let mut start = Vec::with_capacity(256);
    std::fs::File::open(path)?.take(256).read_to_end(&mut start)?;
    Ok(SourceKind::of_hashbang(&String::from_utf8_lossy(&start)))
}

fn format_of(manifest: &Path) -> ModuleFormat {
    let text = read_text(manifest, &Limits::default()).ok();
    // A broken manifest says nothing about its files; who reads manifests reports it.
    text.and_then(|text| Manifest::parse(&text).ok())
        .map_or(ModuleFormat::Unknown, |manifest| manifest.format)
}

/// Why the text of a file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system would not.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file is larger than the limit.
    #[error("more than the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
}

/// The text of a file, read no further than the limit. Bytes that are no UTF-8 become replacement characters, as
/// they do for Node.js.
pub fn read_text(path: &Path, limits: &Limits) -> Result<String, ReadError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limits.bytes as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limits.bytes {
        return Err(ReadError::TooLarge { limit: limits.bytes });
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

impl FileClass {
    /// What a file is, by its path below its package.
    pub fn of_path(path: &Path) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
        let folders: Vec<String> = path
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .map(|part| part.as_os_str().to_string_lossy().to_ascii_lowercase())
            .collect();
        let inside = |names: &[&str]| folders.iter().any(|folder| names.contains(&folder.as_str()));
        if inside(&[
            "vendor",
            "vendors",
            "vendored",
            "third_party",
            "third-party",
            "thirdparty",
            "bower_components",
        ]) {
            return Self::Vendored;
        }
        let tests = [
            "test",
            "tests",
            "__tests__",
            "__mocks__",
            "spec",
            "specs",
            "e2e",
            "fixture",
            "fixtures",
            "__fixtures__",
            "bench",
            "benchmark",
            "benchmarks",
            "example",
            "examples",
            "demo",
            "demos",
            "docs",
            "cypress",
        ];
        let is_test =
            [".test", ".tests", ".spec", ".specs", "_test", "_spec", "-test", "-spec", ".stories", ".bench"]
                .iter()
                .any(|end| stem.ends_with(end));
        if inside(&tests)
            || is_test
            || matches!(stem, "test" | "tests" | "karma.conf" | "gulpfile" | "gruntfile")
        {
            return Self::Test;
        }
        let is_built =
            [".min", "-min", ".bundle", ".umd.min", ".prod.min"].iter().any(|end| stem.ends_with(end));
        if is_built { Self::Generated } else { Self::Own }
    }

    /// What a file is, by its path and its text: lines that nobody would write are minified.
    pub fn of_text(self, text: &str) -> Self {
        /// The mean length of a line from which on a file counts as minified.
        const LONG: usize = 500;
        if self != Self::Own || text.len() < 4 * LONG {
            return self;
        }
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
        if text.len() / lines >= LONG { Self::Generated } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodeward_testkit::Project;

    #[test]
    fn classes() {
        for (path, expected) in [
            ("lib/a.js", FileClass::Own),
            ("test/a.js", FileClass::Test),
            ("src/a.spec.ts", FileClass::Test),
            ("contest/a.js", FileClass::Own),
            ("lib/latest.js", FileClass::Own),
            ("vendor/jquery.js", FileClass::Vendored),
            ("dist/a.min.js", FileClass::Generated),
        ] {
            assert_eq!(FileClass::of_path(Path::new(path)), expected, "{path}");
        }
        assert_eq!(FileClass::Own.of_text(&"x;".repeat(5_000)), FileClass::Generated);
        assert_eq!(FileClass::Own.of_text(&"x;\n".repeat(5_000)), FileClass::Own);
    }

    #[test]
    fn a_project_and_a_dependency() {
        let project = Project::empty()
            .file("package.json", r#"{"type":"module"}"#)
            .file(".gitignore", "dist/\n")
            .file("src/a.js", "")
            .file("src/old/package.json", "{}")
            .file("src/old/b.js", "")
            .file("types.d.ts", "")
            .file("dist/c.js", "")
            .file("node_modules/d/index.js", "")
            .file("node_modules/d/node_modules/e/index.js", "")
            .file("node_modules/d/.hidden/f.cjs", "")
            .file("bin/run", "#!/usr/bin/env node\n")
            .file("bin/shell", "#!/bin/sh\n");
        let names = |found: &Discovered| -> Vec<String> {
            found.files.iter().map(|file| file.path.display().to_string()).collect()
        };
        let found = discover(project.path(), Tree::Project);
        let expected = ["bin/run", "package.json", "src/a.js", "src/old/b.js", "src/old/package.json"];
        assert_eq!(names(&found), expected);
        assert_eq!(found.unread, []);
        assert_eq!(found.files[2].kind.format, ModuleFormat::Module);
        assert_eq!(found.files[3].kind.format, ModuleFormat::Unknown);
        let dependency = discover(&project.path().join("node_modules/d"), Tree::Dependency);
        assert_eq!(names(&dependency), [".hidden/f.cjs", "index.js"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let outside = Project::empty().file("secret.js", "");
        let project = Project::empty().file("a.js", "");
        std::os::unix::fs::symlink(outside.path(), project.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.js"), project.path().join("b.js")).unwrap();
        let found = discover(project.path(), Tree::Dependency);
        assert_eq!(found.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [Path::new("a.js")]);
    }
}
