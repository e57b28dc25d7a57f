//! What sort of file it is, by its path and its lines.

use std::path::Path;

/// Facts about a file that several rules weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileTraits {
    /// It tests, shows or benchmarks the code rather than being it.
    pub(crate) is_test: bool,
    /// It was made by a bundler or a minifier.
    pub(crate) is_generated: bool,
    /// It says types and no more.
    pub(crate) is_declaration: bool,
}

/// Folders of code that production does not load.
const TEST_FOLDERS: &[&str] = &[
    "__mocks__",
    "__tests__",
    "bench",
    "benchmark",
    "benchmarks",
    "demo",
    "demos",
    "e2e",
    "example",
    "examples",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "sample",
    "samples",
    "spec",
    "specs",
    "test",
    "testing",
    "tests",
    "tst",
];

/// The parts of a file's name that say the same.
const TEST_ENDINGS: &[&str] = &["test", "tests", "spec", "specs", "bench", "mock", "stories", "e2e", "cy"];

/// Longer on average than anybody types.
const TYPED_LINE: usize = 300;

impl FileTraits {
    pub(crate) fn of(path: &Path, text: &str) -> Self {
        let path = path.to_string_lossy();
        let mut parts: Vec<&str> = path.split(['/', '\\']).collect();
        let name = parts.pop().unwrap_or_default();
        // What is tested is an example of a package only below the package's own folder.
        let below = parts.iter().rposition(|&part| part == "node_modules").map_or(0, |at| at + 2);
        let folders = parts.get(below..).unwrap_or_default();
        let by_folder =
            folders.iter().any(|folder| TEST_FOLDERS.contains(&folder.to_ascii_lowercase().as_str()));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let last = stem.rsplit(['.', '-', '_']).next().unwrap_or_default();
        let by_name = TEST_ENDINGS.contains(&last)
            || matches!(stem, "test" | "tests" | "bench" | "benchmark" | "example");
        let lines = 1 + memchr::memchr_iter(b'\n', text.as_bytes()).count();
        Self {
            is_test: by_folder || by_name,
            is_generated: last == "min" || last == "bundle" || text.len() / lines > TYPED_LINE,
            is_declaration: [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_names_tell_tests() {
        let is_test = |path: &str| FileTraits::of(Path::new(path), "").is_test;
        for path in
            ["test/a.js", "src/__tests__/a.js", "src/a.test.ts", "node_modules/p/examples/a.js", "test.js"]
        {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/a.js", "node_modules/test/index.js", "latest/a.js", "src/contest.js"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
