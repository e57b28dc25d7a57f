//! The rules that a compiler can't check: layering, tables, documented paths, forbidden words.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::{cargo, say};

/// Every crate and its level. A crate uses only crates on lower levels (docs/architecture.md).
const LEVELS: &[(&str, u8)] = &[
    ("nodeward-package", 0),
    ("nodeward-javascript", 0),
    ("nodeward-native", 0),
    ("nodeward-report", 1),
    ("nodeward-sandbox", 1),
    ("nodeward-advisory", 2),
    ("nodeward-lint", 2),
    ("nodeward-review", 2),
    ("nodeward-seal", 2),
    ("nodeward", 4),
];

/// Crates that only tests and chores use.
const UNPUBLISHED: &[&str] = &["nodeward-testkit", "xtask"];

/// Folders whose every file has to stand in a table: (folder, file with the table, name of the table).
const TABLES: &[(&str, &str, &str)] = &[
    ("crates/nodeward-package/src/lockfile", "crates/nodeward-package/src/lockfile.rs", "FORMATS"),
    ("crates/nodeward-report/src/render", "crates/nodeward-report/src/render.rs", "FORMATS"),
    ("crates/nodeward-review/src/signals", "crates/nodeward-review/src/signals.rs", "SIGNALS"),
    ("crates/nodeward-lint/src/rules", "crates/nodeward-lint/src/rules.rs", "RULES"),
];

/// Files in those folders that serve the others and are no entry of their own.
const NO_ENTRY: &[&str] = &[
    "crates/nodeward-package/src/lockfile/bill.rs",
    "crates/nodeward-package/src/lockfile/descriptor.rs",
    "crates/nodeward-package/src/lockfile/discover.rs",
    "crates/nodeward-package/src/lockfile/installed.rs",
    "crates/nodeward-package/src/lockfile/locations.rs",
    "crates/nodeward-package/src/lockfile/project.rs",
    "crates/nodeward-package/src/lockfile/requirement.rs",
    "crates/nodeward-package/src/lockfile/source.rs",
    "crates/nodeward-package/src/lockfile/text.rs",
    "crates/nodeward-package/src/lockfile/tree.rs",
    "crates/nodeward-package/src/lockfile/workspaces.rs",
    "crates/nodeward-package/src/lockfile/yaml.rs",
];

/// The files that may say `unsafe`, each for one system call or one interface of Node.js.
const UNSAFE: &[&str] = &[
    "crates/nodeward-advisory/src/index/mapping.rs",
    "crates/nodeward-sandbox/src/sys.rs",
    "npm/native/src/file.rs",
    "npm/native/src/gate.rs",
    "npm/native/src/napi.rs",
    "npm/native/src/v8.rs",
];

/// Crates with no network, clock or environment of their own.
const PURE: &[&str] = &[
    "nodeward-package",
    "nodeward-javascript",
    "nodeward-report",
    "nodeward-advisory",
    "nodeward-lint",
    "nodeward-review",
];

/// The crates that may use what `nodeward-javascript` passes on of its parser.
const PARSER_USERS: &[&str] = &["nodeward-javascript", "nodeward-lint"];

/// The most lines of a source file, its tests not counted.
const MAX_LINES: usize = 600;

/// Checks everything and reports all that is wrong, not only the first.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let files = tracked(root)?;
    let mut faults = Vec::new();
    let reasons = std::fs::read_to_string(root.join("docs/dependencies.md"))?;
    layering(&reasons, &mut faults)?;
    tables(root, &mut faults)?;
    for file in &files {
        let Ok(text) = std::fs::read_to_string(root.join(file)) else { continue };
        words(file, &text, &mut faults);
        if file.ends_with(".rs") {
            source(file, &text, &mut faults);
        }
        if file.ends_with(".md") {
            documented_paths(root, file, &text, &mut faults);
        }
    }
    for fault in &faults {
        say(fault);
    }
    anyhow::ensure!(faults.is_empty(), "{} faults", faults.len());
    Ok(())
}

fn tracked(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let listed = git.output().context("git ls-files")?;
    let text = String::from_utf8(listed.stdout)?;
    Ok(text.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect())
}

#[derive(serde::Deserialize)]
struct Metadata {
    packages: Vec<Member>,
}

#[derive(serde::Deserialize)]
struct Member {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(serde::Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Each crate uses only what stands below it, and from outside only what `docs/dependencies.md` has a reason for.
fn layering(reasons: &str, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let output = cargo().args(["metadata", "--no-deps", "--format-version=1", "--offline"]).output()?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let levels: BTreeMap<&str, u8> = LEVELS.iter().copied().collect();
    let members: Vec<&str> = metadata.packages.iter().map(|member| member.name.as_str()).collect();
    for member in &metadata.packages {
        let name = member.name.as_str();
        let outside = member.dependencies.iter().filter(|used| !members.contains(&used.name.as_str()));
        for used in outside.filter(|used| !reasons.contains(&format!("`{}`", used.name))) {
            faults.push(format!("{name}: uses {}, for which docs/dependencies.md has no reason", used.name));
        }
        let Some(&level) = levels.get(name) else {
            if !UNPUBLISHED.contains(&name) {
                faults.push(format!("{name}: has no level in xtask/src/tidy.rs"));
            }
            continue;
        };
        for dependency in &member.dependencies {
            let used = dependency.name.as_str();
            let only_for_tests = dependency.kind.as_deref() == Some("dev");
            if UNPUBLISHED.contains(&used) && !only_for_tests {
                faults.push(format!("{name}: uses {used} outside its tests"));
            }
            if used.starts_with("oxc_") && name != "nodeward-javascript" {
                faults.push(format!("{name}: uses {used}, which only nodeward-javascript may"));
            }
            if levels.get(used).is_some_and(|&lower| lower >= level) && used != name {
                faults.push(format!("{name}: uses {used}, which is not on a lower level"));
            }
        }
    }
    Ok(())
}

fn tables(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for (folder, file, table) in TABLES {
        let text = std::fs::read_to_string(root.join(file)).with_context(|| file.to_string())?;
        let start = text.find(&format!("const {table}:")).with_context(|| format!("{file}: no {table}"))?;
        let body = &text[start..];
        let body = &body[..body.find("\n];").unwrap_or(body.len())];
        for entry in std::fs::read_dir(root.join(folder)).with_context(|| folder.to_string())? {
            let path = entry?.path();
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            if path.extension().is_none_or(|extension| extension != "rs") || stem == "tests" {
                continue;
            }
            let shown = format!("{folder}/{stem}.rs");
            if !NO_ENTRY.contains(&shown.as_str()) && !body.contains(&format!("{stem}::")) {
                faults.push(format!("{shown}: is not in {table} of {file}"));
            }
            if matches!(*table, "SIGNALS" | "RULES") && !path.with_extension("md").is_file() {
                faults.push(format!("{shown}: has no page {stem}.md beside it"));
            }
        }
    }
    Ok(())
}

/// Words that no tracked file may hold. Put together from parts, so that this file does not hold them either.
fn words(file: &str, text: &str, faults: &mut Vec<String>) {
    let hosts = [
        concat!("registry.", "npmjs"),
        concat!("registry.", "yarnpkg"),
        concat!("static.", "crates.io"),
        concat!("index.", "crates.io"),
        concat!("py", "pi.org"),
        concat!("deb.", "debian.org"),
    ];
    if file != "Cargo.lock" && file != "fuzz/Cargo.lock" {
        for host in hosts {
            if text.contains(host) {
                faults.push(format!("{file}: names a package registry's host, {host}"));
            }
        }
    }
    for path in [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")] {
        if text.lines().any(|line| line.contains(path) && !line.contains("tidy: a user's path")) {
            faults.push(format!("{file}: names a machine's path, {path}"));
        }
    }
}

fn source(file: &str, text: &str, faults: &mut Vec<String>) {
    let code = text.find("#[cfg(test)]\nmod tests").map_or(text, |tests| &text[..tests]);
    let lines = code.lines().count();
    let is_test = file.contains("/tests/") || file.ends_with("/tests.rs");
    if lines > MAX_LINES && !is_test {
        faults.push(format!("{file}: {lines} lines; split it by idea (at most {MAX_LINES})"));
    }
    let says_unsafe = code.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with("//")
            && (line.contains(concat!("unsafe", " {")) || line.starts_with(concat!("unsafe", " ")))
    });
    if says_unsafe && !UNSAFE.contains(&file) && file != "xtask/src/tidy.rs" {
        faults.push(format!("{file}: unsafe code; only the files named in xtask/src/tidy.rs may"));
    }
    let library = PURE.iter().any(|name| file.starts_with(&format!("crates/{name}/src/")));
    if library {
        let impure = [
            "std::env::var",
            "SystemTime::now",
            "Timestamp::now",
            "Zoned::now",
            "Instant::now",
            "std::net::",
            "std::process::Command",
        ];
        for word in impure {
            if code.contains(word) {
                faults.push(format!("{file}: {word}: time, environment and transport are arguments here"));
            }
        }
    }
    if file.starts_with("crates/")
        && !file.starts_with("crates/nodeward-javascript/")
        && code.contains(concat!("ox", "c_"))
    {
        faults.push(format!("{file}: names a parser crate that only nodeward-javascript may name"));
    }
    let uses_parser = code.contains("nodeward_javascript::oxc") || code.contains("javascript::oxc::");
    if file.starts_with("crates/")
        && uses_parser
        && !PARSER_USERS.iter().any(|name| file.starts_with(&format!("crates/{name}/")))
    {
        faults.push(format!("{file}: uses the parser's types, which only the lint crate may"));
    }
}

/// A path in backticks that starts with a folder of the repository must exist, and so must a relative link.
fn documented_paths(root: &Path, file: &str, text: &str, faults: &mut Vec<String>) {
    const FOLDERS: &[&str] = &["crates/", "docs/", "xtask/", "examples/", "bench/", "fuzz/", ".ci/", "npm/"];
    let here = root.join(file);
    let quoted = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|part| FOLDERS.iter().any(|folder| part.starts_with(folder)));
    for path in quoted {
        let path = path.split([' ', ':']).next().unwrap_or_default();
        let pattern = path.contains(['*', '<', '{', '…'])
            || path.split('/').any(|part| {
                !part.is_empty()
                    && part
                        .trim_end_matches(".rs")
                        .trim_end_matches(".md")
                        .chars()
                        .all(|c| c.is_ascii_uppercase())
                    && part != "README.md"
            });
        if !pattern && !root.join(path).exists() {
            faults.push(format!("{file}: names {path}, which does not exist"));
        }
    }
    // In an example `actions[name](value)` is a call.
    let prose: Vec<&str> = text.split("\n```").step_by(2).collect();
    for link in
        prose.iter().flat_map(|part| part.split("](").skip(1)).filter_map(|rest| rest.split(')').next())
    {
        let target = link.split('#').next().unwrap_or_default();
        if target.is_empty() || target.contains(':') || target.contains(' ') {
            continue;
        }
        if !here.parent().is_some_and(|folder| folder.join(target).exists()) {
            faults.push(format!("{file}: links to {target}, which does not exist"));
        }
    }
}
