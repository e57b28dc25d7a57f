//! Paths that start at the files of another package.

use nodeward_javascript::{Act, Loader};
use nodeward_testkit::Project;

use super::{files, traced};

/// A package of assets, beside one that serves them.
fn assets() -> Project {
    Project::empty()
        .file("package.json", r#"{"name":"app"}"#)
        .file("node_modules/ui/package.json", r#"{"name":"ui","version":"1.0.0","main":"lib/index.js"}"#)
        .file("node_modules/ui/lib/index.js", "")
        .file("node_modules/ui/lib/page.html", "")
        .file("node_modules/ui/dist/app.js", "require('../inner')")
        .file("node_modules/ui/dist/sub/app.css", "")
        .file("node_modules/ui/inner.js", "")
        .file("node_modules/ui/node_modules/deep/index.js", "")
        .file("node_modules/board/package.json", r#"{"name":"board","type":"module"}"#)
}

#[test]
fn the_folder_of_another_package_is_one_of_assets() {
    let folder = "const path = require('path'); const ui = path.dirname(require.resolve('ui/package.json'));";
    let (code, dist, page) = (
        "node_modules/ui/inner.js",
        ["node_modules/ui/dist/app.js", "node_modules/ui/dist/sub/app.css"],
        "node_modules/ui/lib/page.html",
    );
    let (manifest, main) = ("node_modules/ui/package.json", "node_modules/ui/lib/index.js");
    for (text, expected) in [
        (
            format!("{folder} app.use(express.static(path.join(ui, 'dist')))"),
            vec![dist[0], dist[1], manifest],
        ),
        // Who gets the folder may load what is in it.
        (
            format!("{folder} register(plugin, {{ root: path.resolve(ui, 'dist') }})"),
            vec![dist[0], dist[1], code, manifest],
        ),
        (format!("{folder} require('fs').readFileSync(`${{ui}}/lib/page.html`)"), vec![page, manifest]),
        (
            format!("{folder} exports.load = (x) => require(path.join(ui, 'dist', x))"),
            vec![dist[0], code, manifest],
        ),
        ("app.use(serve(require('path').dirname(require.resolve('ui'))))".to_owned(), vec![main, page]),
        (
            "const all = require('path').join(require.resolve('ui'), '../..'); app.use(serve(all))"
                .to_owned(),
            vec![dist[0], dist[1], code, main, page, manifest],
        ),
        ("require(require.resolve('ui'))".to_owned(), vec![main]),
    ] {
        for (entry, start) in [("a.js", "a.js"), ("c.js", "node_modules/board/b.cjs")] {
            let project = assets().file("c.js", "require('./node_modules/board/b.cjs')").file(start, &text);
            let trace = traced(&project, entry);
            let of_ui: Vec<&str> =
                files(&trace).into_iter().filter(|file| file.starts_with("node_modules/ui/")).collect();
            assert_eq!(of_ui, expected, "{start}: {text}");
        }
    }
}

#[test]
fn the_folder_of_a_module_that_is_imported() {
    let project = assets().file(
        "node_modules/board/index.js",
        "import { fileURLToPath } from 'node:url'; import { dirname } from 'node:path';
         serve(dirname(fileURLToPath(import.meta.resolve('ui'))));
         new Files(new URL('../dist/', import.meta.resolve('ui')))",
    );
    let project = project.file("a.mjs", "import './node_modules/board/index.js'");
    let trace = traced(&project, "a.mjs");
    for file in ["lib/page.html", "dist/app.js", "dist/sub/app.css", "inner.js"] {
        assert!(files(&trace).contains(&format!("node_modules/ui/{file}").as_str()), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn the_folder_of_a_linked_package_is_one_of_assets_and_another_is_not() {
    let text = "serve(require('path').join(require.resolve('ui/package.json'), '../dist'));
        serve(__dirname + '/../other/dist')";
    let project = Project::empty()
        .file("package.json", r#"{"name":"all"}"#)
        .file("app/package.json", r#"{"name":"app"}"#)
        .file("app/a.js", text)
        .file("ui/package.json", r#"{"name":"ui"}"#)
        .file("ui/dist/a.css", "")
        .file("other/package.json", r#"{"name":"other"}"#)
        .file("other/dist/b.css", "");
    std::fs::create_dir_all(project.path().join("app/node_modules")).unwrap();
    std::os::unix::fs::symlink("../../ui", project.path().join("app/node_modules/ui")).unwrap();
    assert_eq!(files(&traced(&project, "app/a.js")), ["app/a.js", "ui/dist/a.css", "ui/package.json"]);
}

#[test]
fn names_that_are_looked_for_from_elsewhere() {
    let text = "const path = require('path');
        exports.a = require.resolve('own', { paths: [process.cwd() + '/inner'] });
        exports.b = path.join(path.dirname(require.resolve('own', { paths: [process.cwd() + '/inner'] })), 'x.txt');
        exports.c = require.resolve('else', { paths: [y] });
        exports.d = require.resolve('gone', { paths: [y] })";
    let project = assets()
        .file("a.js", "require('./node_modules/board/b.cjs')")
        .file("node_modules/board/b.cjs", text)
        .file("inner/node_modules/own/lib/i.js", "")
        .file("inner/node_modules/own/lib/x.txt", "")
        .file("inner/node_modules/own/package.json", r#"{"main":"lib/i.js"}"#)
        .file("node_modules/else/index.js", "");
    let trace = traced(&project, "a.js");
    let others: Vec<&str> = files(&trace).into_iter().filter(|file| !file.contains("board")).collect();
    assert_eq!(
        others,
        [
            "a.js",
            "inner/node_modules/own/lib/i.js",
            "inner/node_modules/own/lib/x.txt",
            "node_modules/else/index.js",
        ]
    );
    let told: Vec<_> = trace.dynamic.iter().map(|dynamic| dynamic.line).collect();
    assert_eq!(told, [5]);
}

#[test]
fn what_is_not_known_of_another_package_is_told() {
    let text = "const path = require('path');
        require(path.join(path.dirname(require.resolve(x)), 'y'));
        exports.a = path.join(path.dirname(require.resolve('gone')), 'dist')";
    let trace = traced(&assets().file("a.js", text), "a.js");
    assert_eq!(files(&trace), ["a.js"]);
    let told: Vec<_> = trace.dynamic.iter().map(|dynamic| (dynamic.line, dynamic.act)).collect();
    assert_eq!(told, [(2, Act::Require), (2, Act::Resolve(Loader::Require))]);
    assert_eq!(trace.missing[0].specifier, "gone");
}
