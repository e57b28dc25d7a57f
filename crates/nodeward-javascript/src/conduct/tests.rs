use super::*;

/// `Deed what` of each, in order, without what needs no word.
fn of(text: &str) -> Vec<String> {
    let doings = conduct(text, SourceKind::JAVASCRIPT).unwrap();
    doings.iter().map(|doing| format!("{:?} {}", doing.deed, doing.what).trim().to_owned()).collect()
}

#[track_caller]
fn does(text: &str, expected: &[&str]) {
    assert_eq!(of(text), expected, "{text}");
}

#[test]
fn programs_are_named_whatever_they_are_called_by() {
    for text in [
        "require('child_process').execSync('node-gyp rebuild')",
        "const cp = require('node:child_process'); cp.execSync(`node-gyp rebuild`)",
        "const { execSync: run } = require('child_process'); run('node-gyp' + ' rebuild')",
        "import * as cp from 'child_process'; cp['execSync']('node-gyp rebuild')",
        "import { execSync } from 'node:child_process'; execSync('node-gyp rebuild')",
        "var cp = __toESM(require('child_process')); (0, cp.execSync)('node-gyp rebuild')",
        "const cp = (await import('child_process')).default; cp.execSync('node-gyp rebuild')",
    ] {
        does(text, &["Start node-gyp rebuild"]);
    }
    does("const cp = require('child_process'); cp.spawn('a b', ['-c', x])", &["Start 'a b' -c …"]);
    does(
        "const { spawn } = require('child_process'); spawn(process.execPath, [path.join(__dirname, 'x.js')])",
        &["Start node ./x.js"],
    );
    does("require('child_process').fork('./x.js')", &["Start node ./x.js"]);
    does("const { exec } = require('child_process'); exec(command)", &["Start …"]);
    for text in [
        "const { exec } = require('child_process'); const run = promisify(exec); run('x')",
        "const cp = require('child_process'); const run = promisify(cp.exec); run('x')",
        "[require('child_process').exec].map(run => run('x'))",
    ] {
        does(text, &["Start …"]);
    }
    for text in ["f(require('child_process'))", "const cp = require('child_process'); f(cp)"] {
        does(text, &["Unfollowed child_process"]);
    }
    does("let cp; cp = require('child_process'); cp.exec('x')", &["Start x"]);
}

#[test]
fn files_that_are_written_and_those_that_are_read() {
    does("const fs = require('fs'); fs.writeFileSync(path.join(__dirname, 'a', b), x)", &["Write ./a/…"]);
    does(
        "const fs = require('fs'); fs.rename('a', 'b'); fs.open('c', 'w'); fs.open('d', 'r')",
        &["Write a", "Write c"],
    );
    does("anything.rename('a', 'b'); anything.open('a', 'w')", &[]);
    does("const { promises } = require('fs'); promises.writeFile('x')", &["Write x"]);
    does("require('fs').readFileSync('x')", &[]);
}

#[test]
fn the_environment_and_credentials() {
    does("process.env.npm_config_x; process.env['HOME']", &["Variable HOME", "Variable npm_config_x"]);
    does("process.env.NPM_TOKEN", &["Credential NPM_TOKEN"]);
    does("Object.keys(process.env)", &["Environment"]);
    does("import { env } from 'node:process'; f(env)", &["Environment"]);
    does("import p from 'node:process'; f(p.env)", &["Environment"]);
    does("process.env[name]", &["Environment"]);
    does("read(home + '/.npmrc')", &["Credential .npmrc"]);
    does("require('os').homedir()", &["Home"]);
}

#[test]
fn the_network_and_hosts() {
    does("const https = require('https'); https.get(`https://${host}/a`)", &["Network https", "Host …"]);
    does("fetch('https://Example.org/x')", &["Network fetch", "Host example.org"]);
    does("console.log('see https://example.org')", &["Print", "Host example.org"]);
}

#[test]
fn what_hides_an_act_is_an_act() {
    for text in [
        "eval(x)",
        "new Function('x')",
        "(() => {}).constructor('x')()",
        "setTimeout('x', 1)",
        "const e = eval; e(x)",
    ] {
        assert!(of(text).iter().any(|deed| deed.starts_with("CodeFromText")), "{text}: {:?}", of(text));
    }
    for text in [
        "require(x)",
        "import(x)",
        "globalThis[x](y)",
        "process[x]",
        "a[b](c)",
        "const cp = require('child_process'); cp[x]('a')",
        "require('vm').runInThisContext(x)",
        "const p = process; p.env",
        "const { env } = process",
        "const r = require; r('x')",
        "globalThis.process.kill(1)",
        "import('child_process').then(cp => cp.exec('x'))",
        "export * from 'child_process'",
        "export { exec } from 'node:child_process'",
        "module.require('child_process').exec('x')",
        "module.parent.require('child_process')",
        "const { constructor: F } = () => {}; F('x')()",
        "const F = f.constructor; F('x')()",
        "Function`x`()",
        "import { createRequire } from 'module'; const r = createRequire(import.meta.url); r('child_process').exec('x')",
        "import('fs').then(f => f.rename('a', 'b'))",
        "process.chdir('x')",
        "process.mainModule.require('x')",
        "require.apply(null, x)",
        "module[x]",
    ] {
        assert!(of(text).iter().any(|deed| deed.starts_with("Unfollowed")), "{text}: {:?}", of(text));
    }
    let names = (0..20).map(|at| format!("_0x{at:04x}();")).collect::<String>();
    does(&names, &["Obscured names of an obfuscator"]);
    assert!(of(&format!("x('{}')", "\\x41".repeat(200)))[0].starts_with("Obscured"));
    assert!(of(&format!("x('{}')", "QUJD".repeat(2_000)))[0].starts_with("Obscured"));
}

#[test]
fn ordinary_code_does_nothing() {
    does("const path = require('path'); module.exports = path.join('a', 'b').split('/').map(x => x[0])", &[]);
    does("console.log('thanks')", &["Print"]);
    does("process._rawDebug('x')", &["Print"]);
    does(
        "if (typeof process !== 'undefined' && process.platform === 'x') process.exit(process.argv.length)",
        &[],
    );
    does(
        "class A extends B { constructor() { super(this.constructor.name); } } x instanceof Function; !module.parent",
        &[],
    );
    does(
        "import { createRequire } from 'module'; const require = createRequire(import.meta.url); require('path')",
        &[],
    );
    does("require.resolve('x'); require.main === module; a[i](b)", &[]);
}

#[test]
fn text_that_is_none_is_an_error() {
    assert!(conduct("let let let", SourceKind::JAVASCRIPT).is_err() || !of("let let let").is_empty());
    assert!(conduct(&"(".repeat(100_000), SourceKind::JAVASCRIPT).is_err());
}
