use std::path::Path;

use nodeward_testkit::Project;

use super::*;

mod aliases;
mod assets;
mod told;

fn traced(project: &Project, entry: &str) -> Trace {
    trace(&Options { platform: "linux".into(), architecture: "x64".into(), ..options(project, entry) })
        .unwrap()
}

fn options(project: &Project, entry: &str) -> Options {
    Options { entries: vec![project.path().join(entry)], ..Options::default() }
}

fn files(trace: &Trace) -> Vec<&str> {
    trace.list.sources.iter().map(|source| source.path.as_str()).collect()
}

/// The example of the Node.js security roadmap's chapter on dynamic bundling, in our own words: a load of each kind.
fn roadmap() -> Project {
    Project::empty()
        .file(
            "package.json",
            r#"{"name":"example","version":"1.0.0","main":"index.js","devDependencies":{"runner":"1.0.0"}}"#,
        )
        .file(
            "index.js",
            "const fixed = require('./lib/static');
             function load(how, what) { return how('./lib/' + what); }
             load(require, Math.random() < 2 ? 'dynamic' : 'bogus');
             exports.lazily = () => require('./lib/lazy');
             require(['./lib/opt1', './lib/opt2'].find((name) => {
               try { require.resolve(name); return true; } catch (_) { return false; }
             }));",
        )
        .file("lib/static.js", "")
        .file("lib/dynamic.js", "")
        .file("lib/lazy.js", "")
        .file("lib/opt2.js", "")
        .file("lib/never.js", "")
        .file("test/test.js", "require('runner'); require('../index').lazily()")
        .file("node_modules/runner/package.json", r#"{"name":"runner","version":"1.0.0"}"#)
        .file("node_modules/runner/index.js", "")
}

#[test]
fn the_example_of_the_roadmap() {
    let project = roadmap();
    let expected = ["index.js", "lib/dynamic.js", "lib/lazy.js", "lib/opt2.js", "lib/static.js"];
    for entry in ["index.js", ""] {
        let trace = traced(&project, entry);
        assert_eq!(files(&trace), expected);
        assert_eq!(trace.list.entries, ["index.js"]);
        assert_eq!(trace.list.manifests, ["package.json"]);
        assert_eq!(trace.dynamic, []);
    }
}

#[test]
fn formats_and_what_node_reads_besides() {
    let project = Project::empty()
        .file("package.json", r##"{"name":"app","type":"module","imports":{"#own":"./own.js"}}"##)
        .file("main.js", "import 'dep'; import './c.cjs'; import d from './d.json' with { type: 'json' }; import './t.ts'; import '#own'; import './w.wasm'")
        .file("own.js", "")
        .file("c.cjs", "require('dep'); require('./noext')")
        .file("noext", "module.exports = require('./d.json')")
        .file("d.json", "{}")
        .file("t.ts", "import { x } from './u.ts'; type T = import('./types').T;")
        .file("u.ts", "export const x: number = 1")
        .file("types.ts", "export type T = 1")
        .file("w.wasm", "\0asm")
        .file("node_modules/dep/package.json", r#"{"name":"dep","version":"2.0.0","exports":{"import":"./esm/i.js","require":"./cjs/r.js"}}"#)
        .file("node_modules/dep/esm/package.json", r#"{"type":"module"}"#)
        .file("node_modules/dep/esm/i.js", "export default 1")
        .file("node_modules/dep/cjs/r.js", "require('./s')")
        .file("node_modules/dep/cjs/s.js", "");
    let trace = traced(&project, "main.js");
    let kinds: Vec<String> =
        trace.list.sources.iter().map(|source| format!("{} {}", source.path, source.kind.name())).collect();
    assert_eq!(
        kinds,
        [
            "c.cjs cjs",
            "d.json json",
            "main.js esm",
            "node_modules/dep/cjs/r.js cjs",
            "node_modules/dep/cjs/s.js cjs",
            "node_modules/dep/esm/i.js esm",
            "noext cjs",
            "own.js esm",
            "t.ts typescript",
            "u.ts typescript",
            "w.wasm wasm",
        ]
    );
    assert_eq!(
        trace.list.manifests,
        ["node_modules/dep/esm/package.json", "node_modules/dep/package.json", "package.json"]
    );
    assert_eq!(trace.list.get("node_modules/dep/cjs/r.js").unwrap().package.as_deref(), Some("dep@2.0.0"));
    assert_eq!(trace.list.get("c.cjs").unwrap().package, None);
}

#[test]
fn conditions_choose() {
    let project = Project::empty()
        .file("a.js", "require('dep')")
        .file(
            "node_modules/dep/package.json",
            r#"{"name":"dep","exports":{"worker":"./w.js","module-sync":"./m.mjs","default":"./d.js"}}"#,
        )
        .file("node_modules/dep/w.js", "")
        .file("node_modules/dep/m.mjs", "")
        .file("node_modules/dep/d.js", "");
    let with = |conditions: &[&str], module_sync| {
        let conditions = conditions.iter().map(|&name| name.to_owned()).collect();
        let trace = trace(&Options { conditions, module_sync, ..options(&project, "a.js") }).unwrap();
        files(&trace)[1].to_owned()
    };
    assert_eq!(with(&[], ModuleSync::Offered), "node_modules/dep/m.mjs");
    assert_eq!(with(&[], ModuleSync::Unknown), "node_modules/dep/d.js");
    assert_eq!(with(&["worker"], ModuleSync::Offered), "node_modules/dep/w.js");
}

#[test]
fn patterns_are_narrowed_and_told() {
    let project = Project::empty()
        .file("a.js", "exports.l = (x) => require(`./locales/${x}.js`);\nexports.m = (y) => require(y);\nexports.n = (z) => require('./locales/' + z)")
        .file("locales/de.js", "")
        .file("locales/en.js", "require('../shared')")
        .file("locales/README.md", "")
        .file("locales/x/index.js", "")
        .file("shared.js", "")
        .file("other.js", "");
    let trace = traced(&project, "a.js");
    assert_eq!(files(&trace), ["a.js", "locales/de.js", "locales/en.js", "locales/x/index.js", "shared.js"]);
    let told: Vec<_> = trace
        .dynamic
        .iter()
        .map(|dynamic| (dynamic.line, dynamic.pattern.as_deref(), dynamic.matched))
        .collect();
    assert_eq!(
        told,
        [(1, Some("./locales/*.js"), Some(3)), (2, None, None), (3, Some("./locales/*"), Some(3))]
    );
}

#[test]
fn a_path_with_holes_of_a_library_is_a_pattern() {
    let project = Project::empty()
        .file("package.json", "{}")
        .file(
            "a.js",
            "exports.a = { loadPath: __dirname + '/locales/{{lng}}/{{ns}}.json' };
             exports.b = require('path').join(__dirname, './texts/%s.txt'); exports.c = __dirname + '/{{none}}';",
        )
        .file("locales/en/a.json", "{}")
        .file("locales/en/a.txt", "")
        .file("texts/b.txt", "")
        .file("other.txt", "");
    assert_eq!(files(&traced(&project, "a.js")), ["a.js", "locales/en/a.json", "texts/b.txt"]);
}

#[test]
fn a_pattern_of_folders_means_their_modules() {
    let project = Project::empty()
        .file("a.js", "exports.run = (x) => require(require('path').join(__dirname, 'versions', x, '/'));\nexports.part = (x) => require(`./parts/${x}/lib`)")
        .file("versions/^3.0.0/index.js", "require('./part')")
        .file("versions/^3.0.0/part.js", "")
        .file("versions/^4.0.0/package.json", r#"{"main":"main.js"}"#)
        .file("versions/^4.0.0/main.js", "")
        .file("versions/^4.0.0/other.js", "")
        .file("versions/loose.js", "")
        .file("parts/one/lib/package.json", r#"{"main":"../one.js"}"#)
        .file("parts/one/one.js", "");
    let trace = traced(&project, "a.js");
    assert_eq!(
        files(&trace),
        [
            "a.js",
            "parts/one/one.js",
            "versions/^3.0.0/index.js",
            "versions/^3.0.0/part.js",
            "versions/^4.0.0/main.js"
        ]
    );
}

#[test]
fn a_pattern_does_not_leave_its_package() {
    let project = Project::empty()
        .file("a.js", "require('dep')")
        .file("secret.js", "")
        .file(
            "node_modules/dep/index.js",
            "module.exports = (x) => require('../../' + x); require(__dirname + '/../' + y)",
        )
        .file("node_modules/other/index.js", "");
    let trace = traced(&project, "a.js");
    assert_eq!(files(&trace), ["a.js", "node_modules/dep/index.js"]);
    assert_eq!(trace.dynamic.iter().filter(|dynamic| dynamic.matched.is_none()).count(), 2);
}

#[test]
fn add_ons_of_this_system_and_what_they_link() {
    let project = Project::empty()
        .file("a.js", "require('one'); require('two'); require('three')")
        .file("node_modules/one/index.js", "module.exports = require('bindings')('one')")
        .file("node_modules/one/build/Release/one.node", "")
        .file("node_modules/bindings/index.js", "module.exports = (x) => require(x)")
        .file("node_modules/two/index.js", "module.exports = require('node-gyp-build')(__dirname)")
        .file("node_modules/two/prebuilds/linux-x64/two.node", "")
        .file("node_modules/two/prebuilds/win32-x64/two.node", "")
        .file("node_modules/node-gyp-build/index.js", "module.exports = (x) => require(x)")
        .file(
            "node_modules/three/index.js",
            "module.exports = require(`@three/${process.platform}-${process.arch}`)",
        )
        .file("node_modules/@three/linux-x64/package.json", r#"{"main":"three.node"}"#)
        .file("node_modules/@three/linux-x64/three.node", "");
    let trace = traced(&project, "a.js");
    let native: Vec<&str> = trace
        .list
        .sources
        .iter()
        .filter(|source| source.kind == crate::SourceKind::Native)
        .map(|source| source.path.as_str())
        .collect();
    assert_eq!(
        native,
        [
            "node_modules/@three/linux-x64/three.node",
            "node_modules/one/build/Release/one.node",
            "node_modules/two/prebuilds/linux-x64/two.node",
        ]
    );
}

#[test]
fn conventions_of_packages() {
    let project = Project::empty()
        .file("package.json", r#"{"name":"app","dependencies":{"express":"1","pug":"1","left":"1"}}"#)
        .file(
            "a.js",
            "const app = require('express')(); app.set('view engine', 'pug'); log({ transport: 'left' })",
        )
        .file("views/index.pug", "p")
        .file("node_modules/express/index.js", "require('./lib/view')")
        .file("node_modules/express/lib/view.js", "module.exports = (x) => require(x)")
        .file("node_modules/pug/index.js", "")
        .file("node_modules/left/index.js", "")
        .file("node_modules/ejs/index.js", "");
    let trace = traced(&project, "a.js");
    assert_eq!(
        files(&trace),
        [
            "a.js",
            "node_modules/express/index.js",
            "node_modules/express/lib/view.js",
            "node_modules/left/index.js",
            "node_modules/pug/index.js",
            "views/index.pug",
        ]
    );
    let way: Vec<_> = trace.explain("views/index.pug").unwrap().iter().map(|edge| edge.how).collect();
    assert_eq!(way, [How::Loads(Act::Require), How::Loads(Act::Require), How::Hint]);
}

#[test]
fn an_application_and_its_plugins_by_their_folders() {
    let project = Project::empty()
        .file("package.json", r#"{"name":"app","dependencies":{"egg":"1","egg-own":"1","plain":"1"}}"#)
        .file("a.js", "require('egg').start()")
        .file("app/controller/home.js", "require('../../lib')")
        .file("app/public/a.css", "")
        .file("config/config.default.js", "")
        .file("lib/index.js", "")
        .file("other.js", "")
        .file(
            "node_modules/egg/package.json",
            r#"{"name":"egg","main":"i.js","dependencies":{"egg-one":"1"}}"#,
        )
        .file("node_modules/egg/i.js", "exports.start = (x) => require(x)")
        .file("node_modules/egg/app/middleware/meta.js", "")
        .file("node_modules/egg-one/package.json", r#"{"name":"egg-one","eggPlugin":{"name":"one"}}"#)
        .file("node_modules/egg-one/app.js", "require('./lib/one')")
        .file("node_modules/egg-one/lib/one.js", "")
        .file("node_modules/egg-one/test.js", "")
        .file("node_modules/egg-own/package.json", r#"{"name":"egg-own","eggPlugin":{"name":"own"}}"#)
        .file("node_modules/egg-own/config/config.default.js", "")
        .file("node_modules/plain/package.json", r#"{"name":"plain"}"#)
        .file("node_modules/plain/app.js", "");
    let trace = traced(&project, "a.js");
    assert_eq!(
        files(&trace),
        [
            "a.js",
            "app/controller/home.js",
            "app/public/a.css",
            "config/config.default.js",
            "lib/index.js",
            "node_modules/egg-one/app.js",
            "node_modules/egg-one/lib/one.js",
            "node_modules/egg-own/config/config.default.js",
            "node_modules/egg/app/middleware/meta.js",
            "node_modules/egg/i.js",
        ]
    );
    assert!(files(&trace).iter().all(|file| trace.explain(file).is_some()));
}

#[test]
fn every_file_of_a_convention_is_explained() {
    // What the convention brings comes first by name, and leads to each other.
    let project = Project::empty()
        .file("a.js", "require('workerpool')")
        .file("node_modules/workerpool/package.json", r#"{"name":"workerpool","main":"src/index.js"}"#)
        .file("node_modules/workerpool/src/index.js", "")
        .file("node_modules/workerpool/dist/worker.js", "require('./worker.min.js')")
        .file("node_modules/workerpool/dist/worker.min.js", "require('./worker.js')");
    let trace = traced(&project, "a.js");
    assert_eq!(files(&trace).len(), 4);
    for file in files(&trace) {
        let way = trace.explain(file).unwrap_or_else(|| panic!("nothing leads to {file}"));
        assert_eq!(way.is_empty(), file == "a.js", "{file}");
    }
}

#[test]
fn why_a_file_is_in() {
    let project = roadmap();
    let trace = traced(&project, "index.js");
    let way = trace.explain("lib/lazy.js").unwrap();
    assert_eq!(way.len(), 1);
    assert_eq!((way[0].line, way[0].how), (4, How::Loads(Act::Require)));
    assert_eq!(trace.explain("index.js").unwrap().len(), 0);
    assert_eq!(trace.explain("test/test.js"), None);
}

#[test]
fn threads_do_not_show() {
    let mut project = Project::empty().file("a.js", "for (let i = 0; i < 99; i++) require('./m/' + i)");
    for number in 0..60 {
        project = project.file(
            &format!("m/{number}.js"),
            format!(
                "require('./{}'); require('./' + x + '.js'); try {{ require('gone{number}') }} catch {{}}",
                (number * 7) % 60
            ),
        );
    }
    let with = |threads| trace(&Options { threads, ..options(&project, "a.js") }).unwrap();
    let one = with(1);
    assert_eq!(one.list.sources.len(), 61);
    assert!((0..5).all(|_| with(4) == one));
}

#[test]
fn what_can_not_be_read_is_told() {
    let project = Project::empty()
        .file("a.js", "require('./b'); require('./gone')")
        .file("b.js", "require ( javascript");
    let trace = traced(&project, "a.js");
    assert_eq!(trace.unread.len(), 1);
    assert_eq!(trace.unread[0].0, "b.js");
    assert_eq!(trace.missing[0].specifier, "./gone");
    assert!(matches!(
        super::trace(&options(&project, "none.js")),
        Err(TraceError::Entry { path, .. }) if path.ends_with(Path::new("none.js"))
    ));
    assert!(matches!(super::trace(&Options::default()), Err(TraceError::Nothing)));
}

#[test]
fn a_root_holds_everything_or_says_so() {
    let project = Project::empty()
        .file("app/a.js", "require('../lib/b')")
        .file("app/package.json", "{}")
        .file("lib/b.js", "");
    let found = traced(&project, "app/a.js");
    assert_eq!(files(&found), ["app/a.js", "lib/b.js"]);
    let inside = Options { root: Some(project.path().join("app")), ..options(&project, "app/a.js") };
    assert!(matches!(trace(&inside), Err(TraceError::Outside { .. })));
}

#[test]
fn what_was_seen_is_kept_where_an_entry_leads_to_it() {
    let project = Project::empty()
        .file("index.js", "exports.load = (name) => require(name)")
        .file("plugins/a.js", "exports.late = () => require('./b')")
        .file("plugins/b.js", "")
        .file("test/test.js", "require('../index').load('../plugins/a'); require('./inner')")
        .file("test/inner.js", "");
    let root = project.path().canonicalize().unwrap();
    let path = |below: &str| root.join(below);
    let mut seen = recorded::Seen::default();
    for (from, to) in
        [("test/test.js", "index.js"), ("test/test.js", "test/inner.js"), ("index.js", "plugins/a.js")]
    {
        seen.loads.entry(path(from)).or_default().push(path(to));
        seen.files.insert(path(to));
        seen.with_parent.insert(path(to));
    }
    let trace = trace(&Options { seen: Some(seen), ..options(&project, "index.js") }).unwrap();
    let origins: Vec<_> =
        trace.list.sources.iter().map(|source| (source.path.as_str(), source.origin.name())).collect();
    assert_eq!(origins, [("index.js", "recorded"), ("plugins/a.js", "recorded"), ("plugins/b.js", "static")]);
    assert_eq!(trace.explain("plugins/a.js").unwrap()[0].how, How::Seen);
}

#[test]
fn an_add_on_in_a_package_for_each_system() {
    let project = Project::empty()
        .file("a.js", "require('x')")
        .file(
            "node_modules/x/package.json",
            r#"{"name":"x","main":"i.js","optionalDependencies":{"@x/x-linux-x64":"1","@x/x-darwin-x64":"1"}}"#,
        )
        .file("node_modules/x/i.js", "module.exports = require('node-gyp-build-optional-packages')(__dirname)")
        .file("node_modules/node-gyp-build-optional-packages/index.js", "module.exports = (x) => require(x)")
        .file("node_modules/@x/x-linux-x64/node.napi.glibc.node", "")
        .file("node_modules/@x/x-darwin-x64/node.napi.node", "");
    let trace = traced(&project, "a.js");
    assert!(files(&trace).contains(&"node_modules/@x/x-linux-x64/node.napi.glibc.node"));
    assert!(!files(&trace).contains(&"node_modules/@x/x-darwin-x64/node.napi.node"));
}

#[test]
fn an_add_on_in_a_package_whose_place_is_asked_for() {
    let project = Project::empty()
        .file("a.js", "require('x')")
        .file(
            "node_modules/x/index.js",
            "const { name } = JSON.parse(y), path = require('path');
             const from = require('module').createRequire(path.join(z, 'package.json'));
             const folder = path.dirname(from.resolve(`@${name}/${name}-${process.platform}-${process.arch}`));
             module.exports = require(path.join(folder, require('fs').readdirSync(folder).find(w)))",
        )
        .file("node_modules/@x/x-linux-x64/index.js", "")
        .file("node_modules/@x/x-linux-x64/x-v1-linux-x64.node", "")
        .file("node_modules/@x/x-linux-x64/x-v1-linux-arm64.node", "")
        .file("node_modules/@x/x-darwin-x64/index.js", "")
        .file("node_modules/@x/x-darwin-x64/x.node", "");
    let trace = traced(&project, "a.js");
    assert_eq!(
        files(&trace),
        [
            "a.js",
            "node_modules/@x/x-linux-x64/index.js",
            "node_modules/@x/x-linux-x64/x-v1-linux-x64.node",
            "node_modules/x/index.js"
        ]
    );
}

#[test]
fn manifests_that_cannot_be_read_are_told() {
    let deep = format!("{{\"main\":\"./m.js\",\"x\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
    let project = Project::empty()
        .file("package.json", r#"{"name":"app"}"#)
        .file("i.js", "require('deep'); require('folder')")
        .file("node_modules/deep/package.json", &deep)
        .file("node_modules/deep/m.js", "")
        .file("node_modules/folder/package.json/x", "")
        .file("node_modules/folder/index.js", "");
    let trace = traced(&project, "i.js");
    // A folder of that name is none to Node.js either.
    assert!(files(&trace).contains(&"node_modules/folder/index.js"));
    let unread: Vec<&str> = trace.unread.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(unread, ["node_modules/deep/package.json"]);
}

#[cfg(unix)]
#[test]
fn a_manifest_without_an_end_is_not_waited_for() {
    let project = Project::empty()
        .file("package.json", r#"{"name":"app"}"#)
        .file("i.js", "require('endless')")
        .file("node_modules/endless/index.js", "");
    let manifest = project.path().join("node_modules/endless/package.json");
    std::os::unix::fs::symlink("/dev/zero", manifest).unwrap();
    let trace = traced(&project, "i.js");
    let told = "not a regular file".to_owned();
    assert_eq!(trace.unread, [("node_modules/endless/package.json".to_owned(), told)]);
}
