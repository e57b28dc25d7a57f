//! Modules behind names that the program makes up.

use nodeward_testkit::Project;

use super::{files, traced};

/// A project whose `module-alias` is as that package is, as far as text goes.
fn project(manifest: &str) -> Project {
    Project::empty()
        .file("package.json", manifest)
        .file("lib/x/one.js", "require('@z')")
        .file("lib/y/index.js", "require('plain')")
        .file("lib/z.js", "")
        .file("src/two.js", "")
        .file("node_modules/plain/index.js", "exports.load = (x) => require('@x/one')")
        .file("node_modules/module-alias/index.js", "const load = require; module.exports = (x) => load(y)")
        .file("node_modules/module-alias/register.js", "require('.')()")
}

/// What of the project's own is listed, and what is told in `a.js`.
fn own(project: &Project) -> (Vec<String>, Vec<u32>) {
    let trace = traced(project, "a.js");
    let own = files(&trace).into_iter().filter(|file| !file.starts_with("node_modules/"));
    let told = trace.dynamic.iter().filter(|dynamic| dynamic.file == "a.js").map(|dynamic| dynamic.line);
    (own.map(str::to_owned).collect(), told.collect())
}

#[test]
fn names_that_a_program_makes_up() {
    // Not from `__dirname`: folders that are named from there are listed anyway.
    let head = "const alias = require('module-alias');";
    let all: &[&str] = &["a.js", "lib/x/one.js", "lib/z.js"];
    for (text, listed, told) in [
        (
            "alias.addAlias('@x', process.cwd() + '/lib/x'); alias.addAlias('@z', process.cwd() + '/lib/z.js'); require('@x/one')",
            all,
            0,
        ),
        (
            "alias.addAliases({ '@x': `${process.cwd()}/lib/x`, ['@z']: process.cwd() + '/lib/z' }); require('@x/' + 'one')",
            all,
            0,
        ),
        // A package is reached too.
        (
            "alias.addAlias('@y', process.cwd() + '/lib/y'); alias.addAlias('@x', process.cwd() + '/lib/x'); require('@y')",
            &["a.js", "lib/x/one.js", "lib/y/index.js"],
            0,
        ),
        // As a pattern is, and only as far as the name goes.
        (
            "alias.addAlias('@x', process.cwd() + '/lib/x'); exports.f = (n) => require(`@x/${n}`); require('@xy/one')",
            &["a.js", "lib/x/one.js"],
            1,
        ),
        ("alias.addPath(process.cwd() + '/src'); require('two')", &["a.js", "src/two.js"], 0),
        ("alias(process.cwd() + '/other'); require('@o')", &["a.js", "lib/z.js"], 0),
        ("alias({ base: process.cwd() + '/other' }); require('@o')", &["a.js", "lib/z.js"], 0),
        // What is not known is told.
        ("alias.addAlias('@x', (from) => from + y); require('@x/one')", &["a.js"], 1),
        ("alias.addAlias(x, process.cwd() + '/lib/x')", &["a.js"], 1),
        ("alias.addAliases(x)", &["a.js"], 1),
        (
            "alias.addAliases({ ...x, '@z': process.cwd() + '/lib/z.js' }); require('@z')",
            &["a.js", "lib/z.js"],
            1,
        ),
        ("alias.addPath(x)", &["a.js"], 1),
        ("alias(x)", &["a.js"], 1),
        ("alias.isPathMatchesAlias(x, y); alias()", &["a.js"], 0),
    ] {
        let project = project("{}")
            .file("other/package.json", r#"{"_moduleAliases":{"@o":"../lib/z.js"}}"#)
            .file("a.js", format!("{head}\n{text}"));
        let (own, lines) = own(&project);
        assert_eq!(own, listed, "{text}");
        assert_eq!(lines, vec![2; told], "{text}");
    }
}

#[test]
fn names_of_a_manifest() {
    let manifest = r#"{"_moduleAliases":{"@x":"lib/x","@z":"./lib/z.js","@n":1},"_moduleDirectories":["node_modules","src"]}"#;
    let (listed, told) = own(&project(manifest)
        .file("a.js", "require('module-alias/register'); require('@x/one'); require('two')"));
    assert_eq!(listed, ["a.js", "lib/x/one.js", "lib/z.js", "src/two.js"]);
    assert_eq!(told, [0; 0]);
    // Nothing reads it.
    let project = project(manifest).file("a.js", "require('@x/one'); require('two')");
    assert_eq!(own(&project).0, ["a.js"]);
    assert_eq!(traced(&project, "a.js").missing.len(), 2);
}

#[test]
fn names_that_are_told_late_and_by_a_module() {
    // The files before are looked at again, however many threads look.
    let project = project("{}")
        .file("a.js", "require('@z'); require('./b')")
        .file("b.js", "import('./c.mjs')")
        .file("c.mjs", "import { addAlias } from 'module-alias'; import '@z'; addAlias('@z', process.cwd() + '/lib/z.js')");
    for _ in 0..20 {
        let trace = traced(&project, "a.js");
        assert!(files(&trace).contains(&"lib/z.js"));
        // `import` knows no aliases.
        assert_eq!(trace.missing.iter().map(|missing| missing.file.as_str()).collect::<Vec<_>>(), ["c.mjs"]);
    }
}
