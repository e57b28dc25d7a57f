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

/// A project whose `tsconfig-paths` is as that package is, as far as text goes.
fn compiled(config: &str) -> Project {
    Project::empty()
        .file("package.json", "{}")
        .file("tsconfig.json", config)
        .file("dist/app/one.js", "require('@lib/two')")
        .file("dist/lib/two.js", "require('plain')")
        .file("dist/main.js", "")
        .file("node_modules/plain/index.js", "")
        .file(
            "node_modules/tsconfig-paths/index.js",
            "const load = require; exports.register = (x) => load(y)",
        )
        .file("node_modules/tsconfig-paths/register.js", "require('.').register()")
}

#[test]
fn names_of_a_tsconfig() {
    let paths =
        r#""paths": { "@app/*": ["app/*"], "@lib/*": ["none/*", "lib/*"], "main": ["main.js"], /* 1 */ }"#;
    let all: &[&str] = &["a.js", "dist/app/one.js", "dist/lib/two.js", "dist/main.js", "tsconfig.json"];
    let says = "require('@app/one'); require('main')";
    let registers = format!("require('tsconfig-paths/register'); {says}");
    for (config, text, listed, told) in [
        (format!(r#"{{ "compilerOptions": {{ "baseUrl": "dist", {paths} }} }}"#), registers.clone(), all, 0),
        // Compiled from elsewhere: `TS_NODE_BASEURL` has it so.
        (
            format!(r#"{{ "compilerOptions": {{ "baseUrl": "./src", "outDir": "./dist", {paths} }} }}"#),
            registers.clone(),
            all,
            0,
        ),
        (
            "{}".to_owned(),
            format!(
                "require('tsconfig-paths').register({{ baseUrl: './dist', paths: {{ '@app/*': ['app/*'], '@lib/*': ['lib/*'], main: ['main'] }} }}); {says}"
            ),
            &all[..4],
            0,
        ),
        // What is not known is told, and what stands in the file is taken as likely.
        (
            format!(r#"{{ "compilerOptions": {{ {paths} }} }}"#),
            format!("require('tsconfig-paths').register({{ baseUrl: 'dist', paths: x.paths }}); {says}"),
            all,
            1,
        ),
        ("{}".to_owned(), "require('tsconfig-paths').register(x)".to_owned(), &["a.js", "tsconfig.json"], 1),
        // Nothing reads it.
        (
            format!(r#"{{ "compilerOptions": {{ "baseUrl": "dist", {paths} }} }}"#),
            "try { require('@app/one') } catch {} require('tsconfig-paths')".to_owned(),
            &["a.js"],
            0,
        ),
    ] {
        let (own, lines) = own(&compiled(&config).file("a.js", &text));
        assert_eq!(own, listed, "{config} {text}");
        assert_eq!(lines, vec![1; told], "{text}");
    }
}

#[test]
fn names_of_a_tsconfig_that_extends_others() {
    let project = compiled(r#"{ "extends": ["./base", "shared/tsconfig.json"] }"#)
        .file("base.json", r#"{ "compilerOptions": { "baseUrl": "dist" } }"#)
        .file(
            "node_modules/shared/tsconfig.json",
            r#"{ "compilerOptions": { "paths": { "@lib/*": ["lib/*"] } } }"#,
        )
        .file("a.js", "require('tsconfig-paths/register'); require('app/one')");
    let trace = traced(&project, "a.js");
    for file in ["dist/app/one.js", "dist/lib/two.js", "base.json", "node_modules/shared/tsconfig.json"] {
        assert!(files(&trace).contains(&file), "{file}: {:?}", files(&trace));
    }
    // One that can't be read may say anything.
    let (_, told) = own(&compiled("{").file("a.js", "require('tsconfig-paths').register()"));
    assert_eq!(told, [1]);
}
