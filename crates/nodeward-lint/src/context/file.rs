//! What sort of file it is, by its path and its lines.

use std::path::Path;

use crate::Policy;

/// Facts about a file that several rules weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileTraits {
    /// It tests, shows or benchmarks the code rather than being it.
    pub(crate) is_test: bool,
    /// It is a copy of somebody else's library, or part of pages about the code: the package itself runs none of it.
    pub(crate) is_copy: bool,
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

/// Folders of other people's code, and of pages about the code.
const COPY_FOLDERS: &[&str] = &[
    "bower_components",
    "coverage",
    "doc",
    "docs",
    "report",
    "reports",
    "third_party",
    "third-party",
    "vendor",
    "vendors",
    "website",
];

/// What the first comment of a library that others keep copies of says, and what the names of its own packages hold.
const BANNERS: &[(&str, &str)] = &[
    ("angularjs v", "angular"),
    ("backbone.js 1", "backbone"),
    ("bootstrap v", "bootstrap"),
    ("bootstrap-", "bootstrap"),
    ("codemirror, copyright", "codemirror"),
    ("jquery javascript library v", "jquery"),
    ("jquery ui ", "jquery"),
    ("jquery v", "jquery"),
    ("knockout javascript library", "knockout"),
    ("lodash (custom build)", "lodash"),
    ("marked - a markdown parser", "marked"),
    ("modernizr v", "modernizr"),
    ("prototype javascript framework", "prototype"),
    ("sizzle css selector engine", "sizzle"),
    ("typeahead.js 0", "typeahead"),
    ("underscore.js 1", "underscore"),
    ("vue.js v", "vue"),
];

/// The parts of a file's name that say the same.
const TEST_ENDINGS: &[&str] = &["test", "tests", "spec", "specs", "bench", "mock", "stories", "e2e", "cy"];

/// How many characters of the first comment are read.
const BANNER: usize = 400;

/// Longer on average than anybody types.
const TYPED_LINE: usize = 300;

impl FileTraits {
    /// Whether what is shown by this policy is not looked for here, unless it is malice: nothing in tests, and of what
    /// only those ask for who look for flaws nothing in copies.
    pub(crate) fn is_beside(self, policy: Policy) -> bool {
        self.is_test || self.is_copy && policy == Policy::Experimental
    }

    /// By its path and text, and by the name of its package, if that is known.
    pub(crate) fn of(path: &Path, text: &str, package: &str) -> Self {
        let path = path.to_string_lossy();
        let mut parts: Vec<&str> = path.split(['/', '\\']).collect();
        let name = parts.pop().unwrap_or_default();
        // What is tested is an example of a package only below the package's own folder.
        let below = parts.iter().rposition(|&part| part == "node_modules").map_or(0, |at| at + 2);
        let folders = parts.get(below..).unwrap_or_default();
        let is_in = |names: &[&str]| {
            folders.iter().any(|folder| names.contains(&folder.to_ascii_lowercase().as_str()))
        };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let last = stem.rsplit(['.', '-', '_']).next().unwrap_or_default();
        let by_name = TEST_ENDINGS.contains(&last)
            || matches!(stem, "test" | "tests" | "bench" | "benchmark" | "example");
        let lines = 1 + memchr::memchr_iter(b'\n', text.as_bytes()).count();
        Self {
            is_test: is_in(TEST_FOLDERS) || by_name,
            is_copy: is_in(COPY_FOLDERS) || is_named_copy(text, package),
            is_generated: last == "min" || last == "bundle" || text.len() / lines > TYPED_LINE,
            is_declaration: [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending)),
        }
    }
}

/// Whether the first comment of a text names a library that the package is not.
fn is_named_copy(text: &str, package: &str) -> bool {
    let Some(comment) = text.trim_start().strip_prefix("/*") else { return false };
    let comment = comment.split("*/").next().unwrap_or_default();
    let end = comment.char_indices().nth(BANNER).map_or(comment.len(), |(end, _)| end);
    let comment = comment[..end].to_ascii_lowercase();
    // Some say what they were made from, too.
    !BANNERS.iter().any(|(_, own)| package.contains(own))
        && BANNERS.iter().any(|(says, _)| comment.contains(says))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_by_folder_and_banner() {
        let is_copy =
            |path: &str, text: &str, package: &str| FileTraits::of(Path::new(path), text, package).is_copy;
        let jquery = "/*! jQuery v1.8.3 jquery.com | jquery.org/license */";
        assert!(is_copy("public/a.js", jquery, "server"));
        assert!(!is_copy("dist/jquery.js", jquery, "jquery"));
        assert!(!is_copy("public/a.js", "f(); // jQuery v1", "server"));
        assert!(is_copy("docs/js/a.js", "", "server") && !is_copy("node_modules/docs/a.js", "", "docs"));
    }

    #[test]
    fn folders_and_names_tell_tests() {
        let is_test = |path: &str| FileTraits::of(Path::new(path), "", "").is_test;
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
