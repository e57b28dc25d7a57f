//! What is told, once, and what those who ask tell already.

use nodeward_testkit::Project;

use super::{files, traced};
use crate::trace::Trace;

/// The places that are told because nothing narrows them: file, line, pattern.
fn told(trace: &Trace) -> Vec<(&str, u32, Option<&str>)> {
    let open = trace.dynamic.iter().filter(|place| place.matched.is_none());
    open.map(|place| (place.file.as_str(), place.line, place.pattern.as_deref())).collect()
}

#[test]
fn a_place_that_can_mean_anything_is_told_once() {
    let project = Project::empty().file(
        "a.js",
        "exports.go = (x, y) => require(y ? x : y.z ? `${x}/a.js` : `${x}.json`);\nrequire(`${x}/b.js`)",
    );
    assert_eq!(told(&traced(&project, "a.js")), [("a.js", 1, None), ("a.js", 2, Some("*/b.js"))]);
}

#[test]
fn a_finder_of_add_ons_is_told_where_it_found_none() {
    let project = |folder: &str| {
        Project::empty()
            .file("a.js", format!("require('node-gyp-build')({folder})"))
            .file("prebuilds/linux-x64/a.node", "")
            .file("node_modules/node-gyp-build/package.json", r#"{"name":"node-gyp-build"}"#)
            .file("node_modules/node-gyp-build/index.js", "module.exports = (dir) => require(dir)")
            .file("node_modules/node-gyp-build-other/index.js", "module.exports = (x) => require(x)")
    };
    let finder = ("node_modules/node-gyp-build/index.js", 1, None);
    let found = project("__dirname");
    let trace = traced(&found, "a.js");
    assert_eq!(told(&trace), []);
    assert!(files(&trace).contains(&"prebuilds/linux-x64/a.node"));
    let elsewhere = project("__dirname + '/none'");
    assert_eq!(told(&traced(&elsewhere, "a.js")), [finder]);
    // Where it looks is not known: that is told of its call.
    let open = project("x");
    assert_eq!(told(&traced(&open, "a.js")), [("a.js", 1, None)]);
    let other = project("__dirname").file("b.js", "require('./a'); require('node-gyp-build-other')");
    assert_eq!(told(&traced(&other, "b.js")), [("node_modules/node-gyp-build-other/index.js", 1, None)]);
}

#[test]
fn a_loader_that_only_its_kin_asks_is_not_told() {
    let project = Project::empty()
        .file("a.js", "require('@protobufjs/inquire')('long'); require('inquire')")
        .file("node_modules/@protobufjs/inquire/index.js", "module.exports = (x) => eval('require')(x)")
        .file("node_modules/inquire/index.js", "module.exports = (x) => eval('require')(x)")
        .file("node_modules/long/index.js", "");
    let trace = traced(&project, "a.js");
    assert_eq!(told(&trace), [("node_modules/inquire/index.js", 1, None)]);
    assert!(files(&trace).contains(&"node_modules/long/index.js"));
}

#[test]
fn a_program_in_an_address_is_told() {
    let project = Project::empty().file(
        "a.js",
        "const { Worker } = require('worker_threads'); new Worker(new URL('data:text/javascript,' + x))",
    );
    assert_eq!(told(&traced(&project, "a.js")), [("a.js", 1, Some("data:text/javascript,*"))]);
}

#[test]
fn commands_of_oclif_and_of_its_plugins() {
    let project = Project::empty()
        .file("package.json", r#"{"name":"cli","oclif":{},"dependencies":{"@oclif/core":"4","plugin":"1"}}"#)
        .file("oclif.manifest.json", "{}")
        .file("run.js", "require('@oclif/core').execute({ dir: __dirname })")
        .file("dist/commands/hello.js", "require('../greet')")
        .file("dist/greet.js", "")
        .file("dist/other.js", "")
        .file("node_modules/@oclif/core/package.json", r#"{"name":"@oclif/core","main":"i.js"}"#)
        .file("node_modules/@oclif/core/i.js", "exports.execute = (x) => require(x)")
        .file("node_modules/plugin/package.json", r#"{"name":"plugin","oclif":{"commands":"lib/commands"}}"#)
        .file("node_modules/plugin/lib/commands/go.js", "")
        .file("node_modules/plugin/test.js", "");
    assert_eq!(
        files(&traced(&project, "run.js")),
        [
            "dist/commands/hello.js",
            "dist/greet.js",
            "node_modules/@oclif/core/i.js",
            "node_modules/plugin/lib/commands/go.js",
            "oclif.manifest.json",
            "run.js",
        ]
    );
}
