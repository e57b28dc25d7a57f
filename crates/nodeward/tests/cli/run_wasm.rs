//! WebAssembly that packages carry in the text of their JavaScript.

use std::fs;

use crate::nodes::nodes;
use crate::run::App;

/// A module whose function `f` gives the number at its end.
fn module(number: u8) -> Vec<u8> {
    let mut bytes =
        b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41"
            .to_vec();
    bytes.extend([number, 0x0b]);
    bytes
}

fn numbers(bytes: &[u8]) -> String {
    bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}

/// As undici has it: one file has the text, and another compiles it, so that the text's file has not called.
const MAIN: &str = "\
const run = (bytes) => {
  try { return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f(); }
  catch (error) { return error.code; }
};
const bytes = require('./carried.js');
console.log(Object.values(bytes).map(run).join());
Promise.resolve().then(() => WebAssembly.compile(bytes.text)).then(() => console.log('compiled'), (error) => console.log(error.code));
";

#[test]
fn webassembly_in_sealed_text_is_compiled_and_no_other() {
    let app = App::new(MAIN);
    let text = base64(&module(1));
    let (first, second) = base64_halves(&module(2));
    app.write(
        "carried.js",
        &format!(
            "const {{ Buffer }} = require('node:buffer');\nlet text;\n\
             Object.defineProperty(exports, 'text', {{ enumerable: true, get: () => text ??= Buffer.from('{text}', 'base64') }});\n\
             exports.sum = Buffer.from('{first}' +\n  '{second}', 'base64');\n\
             exports.address = Buffer.from(`data:application/octet-stream;base64,{}`.split(',')[1], 'base64');\n\
             exports.numbers = new Uint8Array([{}]);\n\
             exports.changed = new Uint8Array([{}]); exports.changed[exports.changed.length - 2] = 9;\n\
             exports.read = require('fs').existsSync('absent') ? 1 : Buffer.concat([exports.sum, Buffer.from([0, 1, 0])]);\n",
            base64(&module(3)),
            numbers(&module(4)),
            numbers(&module(5)),
        ),
    );
    let sealed = app.nodeward(&["seal", "app.js"]);
    assert_eq!(sealed.code, 0, "{}", sealed.err);
    assert_eq!(
        sealed.err.matches("carried.js: carries WebAssembly, which may be compiled: ").count(),
        5,
        "{}",
        sealed.err
    );
    let seal: serde_json::Value = serde_json::from_str(&app.text("nodeward.seal.json")).unwrap();
    assert_eq!(seal["eval"]["wasm"].as_array().map(Vec::len), Some(5));
    assert_eq!(app.nodeward(&["seal", "--check", "app.js"]).code, 0);
    for (version, node) in nodes() {
        let ran = app.run(&node, &[], &["app.js"]);
        let expected = "1,2,3,4,ERR_NODEWARD_DENIED,ERR_NODEWARD_DENIED\ncompiled\n";
        assert_eq!((ran.code, &*ran.out), (0, expected), "Node.js {version}: {}", ran.err);
    }

    // What a team lists counts besides, and what no text carries any more is not kept.
    let own = "0".repeat(64);
    app.write("nodeward.toml", &format!("[seal.eval]\nwasm = [\"{own}\"]\n"));
    fs::write(app.path("carried.js"), format!("exports.text = Buffer.from('{text}', 'base64');\n")).unwrap();
    assert_eq!(app.nodeward(&["seal", "--check", "app.js"]).code, 1);
    app.seal(&[]);
    let seal: serde_json::Value = serde_json::from_str(&app.text("nodeward.seal.json")).unwrap();
    let listed = seal["eval"]["wasm"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]), (2, &serde_json::Value::from(own)));
    assert_eq!(app.nodeward(&["seal", "--check", "app.js"]).code, 0);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn base64_halves(bytes: &[u8]) -> (String, String) {
    let text = base64(bytes);
    let (first, second) = text.split_at(21);
    (first.to_owned(), second.to_owned())
}
