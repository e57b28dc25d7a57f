//! Resolution against Node.js itself, over a project with every way to name a module.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use nodeward_javascript::{Loader, Resolved, Resolver};
use nodeward_testkit::Project;

const PACKAGES: &[(&str, &str)] = &[
    (
        "package.json",
        r##"{"name":"app","exports":{".":"./main.js","./inner":"./lib/a.js"},"imports":{"#own":"./lib/a.js","#fs":"fs","#lib/*":"./lib/*.js","#gone":"./gone.js"}}"##,
    ),
    ("main.js", ""),
    ("main.mjs", ""),
    ("lib/a.js", ""),
    ("lib/b.mjs", ""),
    ("lib/index.js", ""),
    ("lib/data.json", "{}"),
    ("lib/with.dots.js", ""),
    ("both.js", ""),
    ("both/index.js", ""),
    ("folder/package.json", r#"{"main":"./inner"}"#),
    ("folder/inner.js", ""),
    ("hollow/package.json", r#"{"main":"./gone"}"#),
    ("hollow/index.js", ""),
    ("node_modules/plain/index.js", ""),
    ("node_modules/plain/sub.js", ""),
    ("node_modules/mained/package.json", r#"{"main":"lib"}"#),
    ("node_modules/mained/lib/index.js", ""),
    ("node_modules/exact/package.json", r#"{"exports":"./e.js"}"#),
    ("node_modules/exact/e.js", ""),
    (
        "node_modules/dual/package.json",
        r#"{"exports":{".":{"import":"./m.mjs","require":"./c.cjs"},"./feature/*":{"node":"./f/*.js","default":null},"./feature/private/*":null,"./list":["./l.js"],"./up":"../plain/index.js","./package.json":"./package.json"}}"#,
    ),
    ("node_modules/dual/m.mjs", ""),
    ("node_modules/dual/c.cjs", ""),
    ("node_modules/dual/f/x.js", ""),
    ("node_modules/dual/f/private/y.js", ""),
    ("node_modules/dual/l.js", ""),
    (
        "node_modules/nested/package.json",
        r#"{"exports":{"node":{"module-sync":"./s.js","import":"./i.js"},"default":"./d.js"}}"#,
    ),
    ("node_modules/nested/s.js", ""),
    ("node_modules/nested/i.js", ""),
    ("node_modules/nested/d.js", ""),
    ("node_modules/@scope/p/package.json", r#"{"main":"p.js","type":"module"}"#),
    ("node_modules/@scope/p/p.js", ""),
    ("node_modules/dotted.js/index.js", ""),
    ("node_modules/broken/package.json", r#"{"exports":{".":"./gone.js"}}"#),
    ("node_modules/events/index.js", ""),
    ("packages/member/package.json", r#"{"name":"member","main":"m.js"}"#),
    ("packages/member/m.js", ""),
];

const SPECIFIERS: &[&str] = &[
    "./main.js",
    "./main",
    "./lib",
    "./lib/",
    "./lib/a",
    "./lib/a.js",
    "./lib/b",
    "./lib/b.mjs",
    "./lib/data",
    "./lib/data.json",
    "./lib/with.dots",
    "./both",
    "./both/",
    "./folder",
    "./hollow",
    "./gone",
    ".",
    "./",
    "..",
    "plain",
    "plain/sub",
    "plain/sub.js",
    "plain/gone",
    "mained",
    "mained/lib",
    "mained/lib/index.js",
    "mained/package.json",
    "exact",
    "exact/e.js",
    "exact/package.json",
    "dual",
    "dual/feature/x",
    "dual/feature/private/y",
    "dual/list",
    "dual/up",
    "dual/m.mjs",
    "dual/package.json",
    "dual/gone",
    "nested",
    "@scope/p",
    "@scope/p/p.js",
    "@scope",
    "dotted.js",
    "broken",
    "member",
    "member/m",
    "member/m.js",
    "app",
    "app/inner",
    "app/lib/a.js",
    "#own",
    "#fs",
    "#lib/a",
    "#gone",
    "#unknown",
    "fs",
    "node:fs",
    "fs/promises",
    "node:test",
    "test",
    "node:gone",
    "events",
    "events/",
    "gone",
    "Gone/x",
];

/// What Node.js resolves each specifier to from `main.js` and `main.mjs`: a line for each, `-` for an error.
const ORACLE: &str = r#"
const { createRequire, isBuiltin } = require("node:module");
const { pathToFileURL, fileURLToPath } = require("node:url");
const fs = require("node:fs");
const [root, ...specifiers] = process.argv.slice(1);
const named = (name) => isBuiltin(name) && !name.startsWith("node:") ? "node:" + name : name;
const load = createRequire(root + "/main.js");
const lines = specifiers.map((specifier) => {
  let required = "-", imported = "-";
  try { required = named(load.resolve(specifier)); } catch {}
  return required;
});
import(pathToFileURL(root + "/oracle.mjs")).then(({ resolve }) => {
  for (const [at, specifier] of specifiers.entries()) {
    let imported = "-";
    try {
      const url = resolve(specifier);
      imported = url.startsWith("node:") ? url : fs.statSync(fileURLToPath(url)).isFile() ? fs.realpathSync(fileURLToPath(url)) : "-";
    } catch {}
    console.log(lines[at] + "\t" + imported);
  }
});
"#;

/// Where we say more than Node.js does: `require("#fs")` loads what `require.resolve("#fs")` will not name, and a
/// name with `node:` is a builtin's whether or not this version of Node.js has it.
const KNOWN: &[&str] = &["#fs", "node:gone"];

#[test]
fn resolution_is_that_of_node() {
    let Ok(version) = Command::new("node").arg("--version").output() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED resolution_is_that_of_node: no node on PATH");
        return;
    };
    assert!(version.status.success());
    let mut project = Project::empty();
    for (path, text) in PACKAGES {
        project = project.file(path, text);
    }
    project = project.file("oracle.mjs", "export const resolve = (name) => import.meta.resolve(name)\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../packages/member", project.join("node_modules/member")).unwrap();
    let root = project.path().canonicalize().unwrap();
    let output = Command::new("node")
        .arg("-e")
        .arg(ORACLE)
        .arg(&root)
        .args(SPECIFIERS)
        .env_remove("NODE_PATH")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let expected: Vec<&str> = text.lines().collect();
    assert_eq!(expected.len(), SPECIFIERS.len(), "{}", String::from_utf8_lossy(&output.stderr));
    let resolver = Resolver::new();
    let ours =
        |from: &str, specifier: &str, loader: Loader| show(&resolver, &root.join(from), specifier, loader);
    let mut differences = Vec::new();
    for (specifier, expected) in SPECIFIERS.iter().zip(expected) {
        let found = format!(
            "{}\t{}",
            ours("main.js", specifier, Loader::Require),
            ours("main.mjs", specifier, Loader::Import)
        );
        if found != expected && !KNOWN.contains(specifier) {
            differences.push(format!("{specifier}: node {expected:?}, ours {found:?}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {}:\n{}",
        differences.len(),
        SPECIFIERS.len(),
        differences.join("\n")
    );
}

fn show(resolver: &Resolver, file: &Path, specifier: &str, loader: Loader) -> String {
    match resolver.resolve(file, specifier, loader) {
        Ok(Resolved::File(path)) => path.display().to_string(),
        Ok(Resolved::Builtin(name)) => name,
        Err(_) => "-".to_owned(),
    }
}

#[test]
fn typescript_sources_resolve_as_their_compiler_would() {
    let project = Project::empty()
        .file(
            "tsconfig.json",
            r#"{"compilerOptions":{"baseUrl":".","paths":{"@/*":["src/*"],"one":["src/b.ts"]}}}"#,
        )
        .file("src/a.ts", "")
        .file("src/b.ts", "")
        .file("src/view.tsx", "")
        .file("src/m.mts", "");
    let root = project.path().canonicalize().unwrap();
    let resolver = Resolver::new();
    for (specifier, expected) in [
        ("./b.js", "src/b.ts"),
        ("./b", "src/b.ts"),
        ("./view.js", "src/view.tsx"),
        ("./view", "src/view.tsx"),
        ("./m.mjs", "src/m.mts"),
        ("@/b", "src/b.ts"),
        ("one", "src/b.ts"),
    ] {
        let found = show(&resolver, &root.join("src/a.ts"), specifier, Loader::Import);
        assert_eq!(found, root.join(expected).display().to_string(), "{specifier}");
    }
    assert_eq!(show(&resolver, &root.join("src/c.js"), "./b", Loader::Require), "-");
}
