//! The environment that Node.js gets: without what could run other code, with what the guard needs.

use std::ffi::{OsStr, OsString};

use super::options;

/// Variables that never reach Node.js: they load code, change what is loaded, or write files.
const SCRUBBED: &[&str] = &[
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "LOCPATH",
    "NLSPATH",
    "NODE_COMPILE_CACHE",
    "NODE_COMPILE_CACHE_PORTABLE",
    "NODE_DEBUG_NATIVE",
    "NODE_DISABLE_COMPILE_CACHE",
    "NODE_ICU_DATA",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_PRESERVE_SYMLINKS",
    "NODE_PRESERVE_SYMLINKS_MAIN",
    "NODE_REDIRECT_WARNINGS",
    "NODE_REPL_EXTERNAL_MODULE",
    "NODE_REPL_HISTORY",
    "NODE_TEST_CONTEXT",
    "NODE_V8_COVERAGE",
    "OPENSSL_CONF",
    "OPENSSL_CONF_INCLUDE",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "RES_OPTIONS",
    "UV_THREADPOOL_NAME",
];

/// What begins so never reaches Node.js: the loader's variables, and ours, which only the launcher sets.
const SCRUBBED_PREFIXES: &[&str] = &["DYLD_", "LD_", "NODEWARD_"];

/// What is left of an environment.
#[derive(Debug, Default)]
pub(super) struct Scrubbed {
    /// The variables that stay.
    pub(super) kept: Vec<(OsString, OsString)>,
    /// The names of those that do not, and the options of `NODE_OPTIONS` that do not.
    pub(super) removed: Vec<String>,
    /// The harmless options of `NODE_OPTIONS`.
    pub(super) options: Vec<String>,
}

pub(super) fn scrub(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Scrubbed {
    let mut scrubbed = Scrubbed::default();
    for (name, value) in environment {
        if name == "NODE_OPTIONS" {
            let (harmless, others) = options::of_variable(&value.to_string_lossy());
            scrubbed.options = harmless;
            scrubbed.removed.extend(others.into_iter().map(|option| format!("{option} of NODE_OPTIONS")));
        } else if is_scrubbed(&name) {
            scrubbed.removed.push(name.to_string_lossy().into_owned());
        } else {
            scrubbed.kept.push((name, value));
        }
    }
    scrubbed
}

fn is_scrubbed(name: &OsStr) -> bool {
    // Windows takes names in any case.
    let name = name.to_string_lossy().to_ascii_uppercase();
    SCRUBBED.contains(&name.as_str()) || SCRUBBED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of one declaration of the guard's own table.
    fn words_of(declaration: &str) -> Vec<&'static str> {
        const GUARD: &str = include_str!("../../../../npm/nodeward/runtime/variables.cjs");
        let (_, rest) = GUARD.split_once(declaration).unwrap();
        let (body, _) = rest.split_once([';']).unwrap();
        let words = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| !matches!(*word, "" | "__proto__" | "null" | "true")).collect()
    }

    #[test]
    fn the_guard_keeps_the_same_from_child_processes() {
        assert_eq!(words_of("const SCRUBBED ="), SCRUBBED);
        assert_eq!(words_of("const PREFIXES ="), SCRUBBED_PREFIXES);
    }

    #[test]
    fn what_could_run_other_code_is_removed() {
        let variables = [
            ("HOME", "h"),
            ("LD_PRELOAD", "evil.so"),
            ("NODEWARD_MODE", "report"),
            ("NODE_ENV", "production"),
            (
                "NODE_OPTIONS",
                "--max-old-space-size=100 --require \"./e vil.js\" --import=x --no-warnings -r y",
            ),
            ("NODE_EXTRA_CA_CERTS", "ca.pem"),
            ("node_repl_external_module", "x"),
        ];
        let scrubbed = scrub(variables.map(|(name, value)| (name.into(), value.into())));
        let kept: Vec<_> = scrubbed.kept.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(kept, ["HOME", "NODE_ENV", "NODE_EXTRA_CA_CERTS"]);
        assert_eq!(scrubbed.options, ["--max-old-space-size=100", "--no-warnings"]);
        assert_eq!(
            scrubbed.removed,
            [
                "LD_PRELOAD",
                "NODEWARD_MODE",
                "--require of NODE_OPTIONS",
                "--import of NODE_OPTIONS",
                "-r of NODE_OPTIONS",
                "node_repl_external_module",
            ]
        );
    }
}
