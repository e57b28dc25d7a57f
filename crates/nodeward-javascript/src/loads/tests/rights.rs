//! `require` and its kin, given to somebody else.

use super::of;

/// What `text` is told of; what it names is left out.
fn told(text: &str) -> Vec<String> {
    of(text).into_iter().filter(|load| load.contains('!')).collect()
}

#[test]
fn what_loads_and_is_given_to_others_is_told() {
    for (text, expected) in [
        ("const { createRequire } = require('module'); core(x, { createRequire })", "require !"),
        ("import { createRequire as c } from 'node:module'; export { c }", "require !"),
        ("import * as m from 'node:module'; core(m)", "require !"),
        ("core(x, require('module'))", "require !"),
        ("exports.M = require('module')", "require !"),
        ("exports.createRequire = require('module').createRequire", "require !"),
        ("export const r = wrap(require('module').createRequire(__filename))", "require !"),
        ("core(module)", "require !"),
        ("module.exports = module", "require !"),
        ("global.mod = module", "require !"),
        ("new Map([['m', module]]).get('m')", "require !"),
        ("exports.f = () => module", "require !"),
        ("[x].map(module.require, module)", "require !"),
        ("const r = require; new Proxy(r, {})", "require !"),
        ("function make(m) { return m.require.bind(m) } exports.load = (m, x) => make(m)(x)", "require !"),
        ("exports.load = (m, x) => m.require.call(m, x)", "require !"),
        ("require.cache[__filename].require(x)", "require ! from *"),
        ("globalThis.process.getBuiltinModule('module').createRequire(__filename)(x)", "require !"),
        ("function f(r) { this.r = r } f(require)", "require !"),
        ("const { Worker } = require('worker_threads'); exports.W = Worker", "worker !"),
        ("const wt = require('worker_threads'); new Pool(wt.Worker)", "worker !"),
        ("import { Worker } from 'node:worker_threads'; class A extends Worker {}", "worker !"),
        ("const { Worker } = require('worker_threads'), o = { T: Worker }; new o.T('./w.js')", "worker !"),
        ("const cp = require('child_process'); this.start = cp.fork", "child !"),
        ("Reflect.apply(require, null, [x])", "require !"),
        ("f.call(module, './a')", "require !"),
        (
            "function lazy() { const data = require('module'); lazy = x; return data } exports.a = lazy()",
            "require !",
        ),
    ] {
        assert!(told(text).contains(&expected.to_owned()), "{text}: {:?}", of(text));
    }
}

#[test]
fn uses_that_are_seen_are_not_told() {
    for text in [
        "require('./a'); module.exports = x; require.main === module; typeof module; module.id; !module.parent",
        "const m = module; if (m && m.exports) m.exports = x",
        "var free = typeof module == 'object' && module && !module.nodeType && module; free.exports === x",
        "const M = require('module'); M.builtinModules.includes(x); new M('y', module); M._load('./a', module)",
        "const { createRequire: c } = require('module'); const make = (c) => c(__filename); make(c)('./a')",
        "import { createRequire } from 'module'; const require = createRequire(import.meta.url); require('./a')",
        "const m = __importStar(require('node:module')); m.createRequire(__filename)('./a')",
        "var n = (0, _interop.default)(require('worker_threads')); new n.Worker('./w.js')",
        "if (typeof define !== 'function') { var define = require('amdefine')(module, require) }",
        "if (global.GENTLY) require = GENTLY.hijack(require)",
        "(function (factory) { factory(require, exports, module) })(function (require, exports, module) { require('./a') })",
        "globalThis.Worker = require('worker_threads').Worker; new Worker('./w.js')",
        "const cp = require('child_process'); promisify(cp.execFile); wrap(cp)",
        "(function e(t,n,r){function s(o,u){if(!n[o]){var a=typeof require=='function'&&require;if(!u&&a)return a(o,!0)}}})({1:[function(require){require('./a')}]},{},[1])",
        "console.log(module, require); Boolean(require)",
        "Object.defineProperty(module, 'exports', { get: x }); (module && module[y]).call(module, 'timers')",
        "function lazy() { const data = require('module'); lazy = function () { return data }; return data } lazy().builtinModules",
        "var types = module && module.require && module.require('util').types; exports.types = types",
        "import { createRequire } from 'module'; var __require = createRequire(import.meta.url); export { __require as r }",
        "exports.threads = () => require('worker_threads'); exports.cached = require.cache[x]",
        "const { Module } = require('module'); new Module(this.x, module).exports = 1; exports.at = require.main || y",
        "exports.hook = (m, file) => require.extensions['.js'](m, file)",
    ] {
        assert_eq!(told(text), [""; 0], "{text}");
    }
}

#[test]
fn other_ways_to_load() {
    for (text, expected) in [
        ("const M = require('module'); const m = new M(x, module); m.load(x)", "require !"),
        ("const M = require('module'); new M('x').load('/p/b.js')", "require /p/b.js"),
        ("require('module')._extensions['.js'](m, '/p/b.js')", "require /p/b.js"),
        ("require.extensions['.js'](module, x)", "require !"),
        ("const old = require.extensions['.js']; old(module, x)", "require !"),
        ("require('module').runMain()", "require !"),
        ("require('cluster').setupPrimary({ exec: x })", "child !"),
        ("import('node:test').then(({ run }) => run({ files: [x, './b.js'] }))", "child !"),
        ("import('node:test').then(({ run }) => run({ files: [x, './b.js'] }))", "child ./b.js"),
        ("require('child_process').execSync('node ' + __dirname + '/b.js')", "child /p/lib/b.js"),
        ("require('child_process').exec(`\"${process.execPath}\" ./b.js x`)", "child ./b.js"),
        (
            "const vm = require('vm'); new vm.Script('import(`./b.js`)', { importModuleDynamically: y })",
            "import ./b.js",
        ),
        (
            "const { Worker } = require('worker_threads'); new Worker(new URL('data:text/javascript,' + x))",
            "worker data:text/javascript,*",
        ),
        ("new (require('better-sqlite3'))('x').loadExtension(y)", "path !"),
    ] {
        assert!(of(text).contains(&expected.to_owned()), "{text}: {:?}", of(text));
    }
    for text in [
        "const old = require.extensions['.js']; require.extensions['.js'] = (m, file) => old(m, file)",
        "require('child_process').execSync('npm run x.js'); /a/.exec(x)",
        "const vm = require('vm'); new vm.Script('import(`./b.js`)'); vm.runInThisContext(x)",
        "exports.loadExtension = function loadExtension(path) { this[db].loadExtension(path) }",
        "require('cluster').setupPrimary({ silent: true }); require('cluster').setupPrimary()",
    ] {
        let found = of(text);
        let is_plain = |load: &String| {
            ["require vm", "require child_process", "require cluster"].contains(&load.as_str())
        };
        assert!(found.iter().all(is_plain), "{text}: {found:?}");
    }
}

#[test]
fn an_address_that_is_made_of_the_file() {
    assert_eq!(
        of("const fs = require('fs');
            const at = () => typeof document === 'undefined' ? new URL(`file:${__filename}`).href : document.src;
            const url = at(); fs.readFileSync(new URL('./x.wasm', url))"),
        ["require fs", "path /p/lib/a.js", "data /p/lib/x.wasm"]
    );
}
