use std::path::Path;

use super::*;

mod changed;
mod rights;

/// What `text` loads as `/p/lib/a.js`: how and what, `*` for any text, `?` for any name, `!` where nothing is known.
fn of(text: &str) -> Vec<String> {
    of_with(text, &[], &[])
}

fn of_with(text: &str, environment: &[(&str, &str)], names: &[&str]) -> Vec<String> {
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let surroundings = Surroundings {
        working_directory: "/p",
        environment: &environment,
        platform: "linux",
        architecture: "x64",
        names: &names,
        resolver: None,
    };
    let loads = loads(text, Path::new("/p/lib/a.js"), SourceKind::JAVASCRIPT, &surroundings).unwrap();
    loads.loads.iter().map(shown).collect()
}

fn shown(load: &Load) -> String {
    let act = match load.act {
        Act::Require => "require",
        Act::Import => "import",
        Act::Resolve(Loader::Require) => "resolve",
        Act::Resolve(Loader::Import) => "meta",
        Act::Worker => "worker",
        Act::Child => "child",
        Act::Path => "path",
        Act::Data => "data",
        Act::Bindings => "bindings",
        Act::AddonFolder => "addon",
        Act::Named => "named",
    };
    let what = load.what.as_deref().unwrap_or("!").replace(HOLE, "*").replace(NAME, "?");
    match &load.from {
        Some(from) => format!("{act} {what} from {}", from.replace(HOLE, "*")),
        None => format!("{act} {what}"),
    }
}

#[test]
fn what_stands_in_the_text() {
    assert_eq!(
        of("import a from 'a'; export * from 'b'; import('c'); require('d'); require.resolve('e'); module.require('f');
            require(`g`); import.meta.resolve('h')"),
        ["import a", "import b", "import c", "require d", "resolve e", "require f", "require g", "meta h"]
    );
    assert_eq!(of("typeof require === 'function' && require.cache; require.main === module"), [""; 0]);
    assert_eq!(of("// require('x')\n'require(y)'"), [""; 0]);
}

#[test]
fn texts_are_put_together() {
    for (text, expected) in [
        ("require('./' + 'a' + '.js')", &["require ./a.js"][..]),
        ("const x = 'a'; require(`./${x}.js`)", &["require ./a.js"]),
        ("let x; if (y) x = './a'; else x = './b'; require(x)", &["require ./a", "require ./b"]),
        ("require(y ? './a' : './b')", &["require ./a", "require ./b"]),
        ("require(y || './b')", &["require !", "require ./b"]),
        ("require('./locales/' + x + '.js')", &["require ./locales/*.js"]),
        ("require(`./locales/${x}.js`)", &["require ./locales/*.js"]),
        ("import(`./l/${x}`)", &["import ./l/*"]),
        ("['a', 'b'].forEach(n => { exports[n] = require('./' + n) })", &["require ./a", "require ./b"]),
        ("for (const n of ['a', 'b']) require('./' + n)", &["require ./a", "require ./b"]),
        (
            "const m = { a: './a', b: './b' }; module.exports = k => require(m[k])",
            &["require ./a", "require ./b"],
        ),
        ("const m = { a: './a' }; for (const k in m) require('./x/' + k)", &["require ./x/a"]),
        ("Object.keys({ a: 1, b: 2 }).map(k => require('./' + k))", &["require ./a", "require ./b"]),
        ("const { a: x } = { a: './a', b: './b' }; require(x)", &["require ./a"]),
        ("require(['.', 'a', 'b'].join('/'))", &["require ./a/b"]),
        ("require('./A'.toLowerCase())", &["require ./a"]),
        ("require(x)", &["require !"]),
        ("require('./x/' + process.platform + '-' + process.arch)", &["require ./x/linux-x64"]),
        ("class A { f = './a'; g() { require(this.f) } }", &["require !", "require ./a"]),
        ("const p = ['a']; if (y) p.push('b'); require('x-' + p.join('-'))", &["require x-*"]),
        ("const p = []; p.push('./a', './b'); p.forEach(n => require(n))", &["require ./a", "require ./b"]),
        ("const p = []; p[0] = './a'; p.forEach(n => require(n))", &["require ./a"]),
        ("const p = []; p.push(...y); p.forEach(n => require(n))", &["require !"]),
        ("const p = ['a', 'b']; p.sort(); require('./' + p.join('/'))", &["require ./*"]),
        ("require(['./a', ...['b', 'c']].join('/'))", &["require !"]),
        ("const m = {}; m[y] = './a'; require(m[z])", &["require !"]),
        ("const m = {}; m.k = './a'; require(m[z])", &["require ./a"]),
        (
            "let n = 'x-linux'; if (y) n += '-musl'; else n += '-gnu'; require(n)",
            &["require x-linux", "require x-linux*"],
        ),
        ("eval('require')('./a')", &["require ./a"]),
        ("eval('quire'.replace(/^/, 're'))(x)", &["require !"]),
        ("eval('require(x)')", &["require !"]),
        ("eval('1 + 1'); process.y", &[]),
        ("eval(\"require('a')\"); (0, eval)('require(`b`);')", &["require a", "require b"]),
        ("eval(`require.resolve('a/package.json')`)", &["resolve a/package.json"]),
        ("eval('require.resolve')('./a')", &["resolve ./a"]),
        ("const r = eval('module.require'); r('./' + 'a')", &["require ./a"]),
        ("eval(\"var x = require('a'); if (x) { y = require('./' + x.b) }\")", &["require !", "require a"]),
        ("eval('/* require(x) */ 1'); new Function('typeof require')", &[]),
        ("Function(\"return import('a')\")(); process.y", &["import a"]),
        (
            "new Function('require', \"const a = require('a'); return a.b\")(require)",
            &["require a", "require !"],
        ),
        (
            "const { Worker } = eval(\"require('worker_threads')\"); new Worker('./w.js')",
            &["require worker_threads", "worker ./w.js"],
        ),
        (
            "const p = require('path'); f(p.join(p.dirname(eval(`require.resolve('./b/c')`)), 'd'))",
            &["require path", "path /p/lib/b/d", "resolve ./b/c"],
        ),
        (
            "const load = new Function('s', 'return import(s)'); load('a'); load('./b.js')",
            &["import a", "import ./b.js"],
        ),
        ("new Function('x', 'return require(x)')", &["require !"]),
    ] {
        assert_eq!(of(text), expected, "{text}");
    }
}

#[test]
fn functions_of_the_file() {
    for (text, expected) in [
        ("function f(n) { return require('./' + n) } f('a'); f('b')", &["require ./a", "require ./b"][..]),
        (
            "function f(r, n) { return r('./' + n) } f(require, x ? 'a' : 'b')",
            &["require ./a", "require ./b"],
        ),
        ("const f = n => require(n); module.exports = f; f('./a')", &["require !", "require ./a"]),
        ("(function (n) { require(n) })('./a')", &["require ./a"]),
        ("(function (n) { require(n) }).call(this, './a')", &["require ./a"]),
        ("const g = () => './a'; require(g())", &["require ./a"]),
        ("function g(x) { return './' + x } require(g('a'))", &["require ./a"]),
        (
            "(function (factory) { factory(require, exports) })(function (require, exports) { require('./a') })",
            &["require ./a"],
        ),
        ("Promise.resolve(`./a`).then(s => require(s))", &["require ./a"]),
        ("var r = require; r('./a')", &["require ./a"]),
        ("lazy(require)", &["require !"]),
        (
            "require.resolve('a', { paths: [__dirname + '/x', process.cwd()] })",
            &["resolve a", "resolve a from /p/", "resolve a from /p/lib/x/", "path /p/lib/x"],
        ),
        (
            "require.resolve('a', { paths: [y] }); require.resolve('b', z)",
            &["resolve a", "resolve a from *", "resolve b", "resolve b from *"],
        ),
        (
            "require.main.require('./a'); process.mainModule.require('b')",
            &["require ./a from *", "require b from *"],
        ),
        ("module.parent.require('./a')", &["require ./a from *"]),
        ("const m = process.mainModule; m.require('./a')", &["require ./a from *"]),
        ("const M = require('module'); new M('x').require('./a')", &["require module", "require ./a from *"]),
        ("require.call(null, './a'); require.apply(null, ['./b'])", &["require ./a", "require ./b"]),
        ("require.apply(null, arguments)", &["require !"]),
        (
            "var r = require.bind(null); r('./a'); require.bind(null, './b')()",
            &["require ./a", "require ./b"],
        ),
        (
            "require('module')._load('./a', module); const M = require('node:module'); M._load('./b')",
            &["require module", "require ./a", "require node:module", "require ./b from *"],
        ),
        (
            "require('module').prototype.require.call(module, './a')",
            &["require module", "require ./a from *"],
        ),
        ("module['requ' + 'ire']('./a'); module['require']('./b')", &["require ./a", "require ./b"]),
        ("module[x]('./a')", &["require !"]),
        ("module.constructor._load('./a', module)", &["require ./a"]),
        ("const { require: r } = module; r('./a')", &["require ./a"]),
        ("class A { static r = require } A.r('./a')", &["require !", "require ./a"]),
        ("require.main === module; module.exports = x; typeof module; module.id", &[]),
        ("require.extensions[y](module, z)", &["require !"]),
        ("(function (module, require) { module[x](y); require.call(z, './a') })", &[]),
        (
            "var v = require('import-lazy')(require); v('./a')",
            &["require import-lazy", "require !", "require ./a"],
        ),
        (
            "require(['./a', './b'].find(n => { try { require.resolve(n); return true } catch {} }))",
            &["require ./a", "require ./b", "resolve ./a", "resolve ./b"],
        ),
    ] {
        assert_eq!(of(text), expected, "{text}");
    }
}

#[test]
fn paths_from_the_file() {
    for (text, expected) in [
        ("const path = require('path'); require(path.join(__dirname, 'a'))", &["require path", "require /p/lib/a"][..]),
        ("import { join } from 'node:path'; import(join(import.meta.dirname, 'a.js'))",
            &["import node:path", "import /p/lib/a.js"]),
        ("const p = __importDefault(require('path')); fs.readFileSync(p.default.resolve(__dirname, '../t.html'))",
            &["require path", "data /p/t.html"]),
        ("const fs = require('fs'); fs.readFileSync(__dirname + '/t.html')", &["require fs", "data /p/lib/t.html"]),
        ("const dir = __dirname + '/t'; read(dir + '/x.txt'); read(dir + `/${n}.txt`)",
            &["path /p/lib/t/x.txt", "path /p/lib/t/*.txt"]),
        ("new Worker(new URL('./w.js', import.meta.url))", &["worker file:///p/lib/w.js"]),
        ("const { Worker } = require('worker_threads'); new Worker(__filename)", &["require worker_threads", "worker /p/lib/a.js"]),
        ("import { Worker as W } from 'worker_threads'; new W('1', { eval: true })", &["import worker_threads"]),
        ("require('child_process').fork(require('path').join(__dirname, 'c.js'))",
            &["require child_process", "child /p/lib/c.js", "require path"]),
        ("const { spawn } = require('child_process'); spawn(process.execPath, ['--x', './c.js'])",
            &["require child_process", "child ./c.js"]),
        ("import { createRequire } from 'module'; const r = createRequire(import.meta.url); r('./a')",
            &["import module", "require ./a"]),
        ("import { createRequire } from 'module'; const r = createRequire(process.cwd() + '/x.js'); r('a')",
            &["import module", "require a from /p/x.js"]),
        ("const fs = require('fs'); fs.readdirSync(__dirname).forEach(f => require('./' + f))",
            &["require fs", "data /p/lib", "require ./?"]),
        ("const fs = require('fs'), path = require('path');
          fs.readdirSync(path.join(__dirname, 'r')).filter(f => f.endsWith('.js')).map(f => require(path.join(__dirname, 'r', f)))",
            &["require fs", "require path", "data /p/lib/r", "require /p/lib/r/?"]),
        ("const SG = require('strong-globalize'); SG.SetRootDir(require('path').join(__dirname, '..'), x)",
            &["require strong-globalize", "data /p/intl", "path /p", "require path"]),
        ("make(x).SetRootDir(__dirname); SetRootDir(x)", &["data /p/lib/intl", "path /p/lib"]),
        ("app.set('views', __dirname + '/views'); app.use(express.static(__dirname + '/public'))",
            &["data /p/lib/views", "data /p/lib/public"]),
        ("require('bindings')('x.node')", &["require bindings", "bindings x.node"]),
        ("require('node-gyp-build')(__dirname)", &["require node-gyp-build", "addon /p/lib"]),
        ("const g = wrap(require('node-gyp-build')); g['default'](__dirname)", &["require node-gyp-build", "addon /p/lib"]),
        ("var wrap = (this && this.w) || function (m) { return m && m.__esModule ? m : { default: m } };
          const g = wrap(require('node-gyp-build')); (0, g.default)(__dirname)", &["require node-gyp-build", "addon /p/lib"]),
        ("import g from 'node-gyp-build'; g(x)", &["import node-gyp-build", "addon !", "addon /p/lib/*"]),
        ("require.addon('.', __filename)", &["addon /p/lib/*"]),
        ("const c = require('cmake-ts/build/loader'); (0, c.loadAddon)(__dirname)", &["require cmake-ts/build/loader", "addon /p/lib"]),
        ("import { run } from './x.js'; run(process.execPath, ['--require', '/p/a.cjs', ...y, '--import', 'file:///p/b.mjs', z])",
            &["import ./x.js", "child !", "child /p/a.cjs", "child file:///p/b.mjs"]),
        ("require('child_process').spawn('node', ['-r', './a.cjs', './c.js', './d.js'])",
            &["require child_process", "child ./a.cjs", "child ./c.js"]),
        ("const path = require('path'); fs.readFileSync(path.join(here(), 'x.html'));
          function here() { if (typeof __dirname === 'string') return __dirname; return y }",
            &["require path", "data /p/lib/x.html", "path /p/lib"]),
        ("const { join } = require('path'), at = () => join(__dirname, 'views'); f(join(at(), 'a.txt')); exports.at = at",
            &["require path", "path /p/lib/views", "path /p/lib/views/a.txt"]),
        ("const { join } = require('path'), at = (x) => join(__dirname, 'views', x); f(at('a.txt')); exports.at = at",
            &["require path", "path /p/lib/views/*", "path /p/lib/views/a.txt"]),
        ("import { made } from './x.js'; made.resolve('./a.mjs'); Promise.resolve('./b')", &["import ./x.js", "resolve ./a.mjs"]),
        ("const at = folderOf(import.meta); fs.readFileSync(`${at}/x.json`)", &[]),
        ("const at = moduleDirectory(import.meta); fs.readFileSync(`${at}/x.json`)", &["data /p/lib/x.json"]),
        ("const b = require('bindings'); b({ bindings: 'x', module_root: y })", &["require bindings", "bindings x"]),
    ] {
        assert_eq!(of(text), expected, "{text}");
    }
}

#[test]
fn folders_that_are_walked_through() {
    let text = "const fs = require('fs'), path = require('path');
        function walk(dir) { for (const f of fs.readdirSync(dir)) { walk(path.join(dir, f)); require(path.join(dir, f)) } }
        walk(path.join(__dirname, 'r'));";
    let found = of(text);
    assert!(found.contains(&"require /p/lib/r/?".to_owned()), "{found:?}");
    assert!(found.contains(&"require /p/lib/r/*/?".to_owned()), "{found:?}");
}

#[test]
fn what_the_environment_decides() {
    let text = "if (process.env.NODE_ENV === 'production') { module.exports = require('./p') } else { module.exports = require('./d') }
        module.exports = process.env.NODE_ENV !== 'production' ? require('./e') : require('./' + f);
        process.env.NODE_ENV !== 'production' && require('./g')";
    assert_eq!(of(text), ["require ./p", "require ./d", "require ./e", "require ./*", "require ./g"]);
    assert_eq!(of_with(text, &[("NODE_ENV", "production")], &[]), ["require ./p", "require ./*"]);
    assert_eq!(of_with(text, &[("NODE_ENV", "test")], &[]), ["require ./d", "require ./e", "require ./g"]);
}

#[test]
fn texts_that_name_packages() {
    assert_eq!(
        of_with("app.set('view engine', 'pug'); require('pug')", &[], &["pug"]),
        ["named pug", "require pug"]
    );
}

#[test]
fn what_may_fail() {
    let surroundings = Surroundings {
        working_directory: "/p",
        environment: &[],
        platform: "linux",
        architecture: "x64",
        names: &[],
        resolver: None,
    };
    let text = "try { require('a') } catch { require('b') }\ntry { f(x => require(y)) } finally {}";
    let loads = loads(text, Path::new("/p/a.js"), SourceKind::JAVASCRIPT, &surroundings).unwrap();
    let seen: Vec<_> = loads.loads.iter().map(|load| (load.optional, load.line)).collect();
    assert_eq!(seen, [(true, 1), (false, 1), (true, 2)]);
    assert!(!loads.is_module);
}

#[test]
fn hostile_texts_end() {
    let many = format!("require({})", vec!["x"; 4_000].join("+"));
    assert_eq!(of(&many), ["require !"]);
    let mut circle = String::new();
    for number in 0..400 {
        circle.push_str(&format!("let v{number} = v{} + v{} + 'x';", (number + 1) % 400, (number + 7) % 400));
    }
    circle.push_str("require(v0)");
    assert!(of(&circle).len() < 300);
    // A tangle leaves the rest of the file an answer, and more of it than can be followed is told.
    let mut tangle = String::new();
    for number in 0..40 {
        tangle.push_str(&format!(
            "function f{number}(x) {{ return f{}(x + f{}(x)) }}",
            (number + 1) % 40,
            (number + 3) % 40
        ));
    }
    assert!(
        of(&format!("{tangle} f0(y); require('./l/' + f0(y)); require('./a' + '/b')"))
            .contains(&"require ./a/b".to_owned())
    );
    let long: String =
        (0..6_000).map(|at| format!("(function () {{ return {at} ? g{at} : h }})()(x);")).collect();
    assert!(of(&format!("var r = require; {long} r('./a')")).len() <= 2);
    let wide: Vec<String> = (0..2_000).map(|number| format!("'{number}'")).collect();
    let wide = format!("for (const a of [{0}]) for (const b of [{0}]) require('./' + a + b)", wide.join(","));
    assert!(of(&wide).len() <= 257);
}
