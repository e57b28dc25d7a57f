//! Objects and arrays that others may change.

use super::of;

/// That `text` loads nothing but what it says.
fn exact(text: &str) {
    let found = of(text);
    assert!(!found.contains(&"require !".to_owned()), "{text}: {found:?}");
    assert!(found.iter().any(|load| load.starts_with("require ./")), "{text}: {found:?}");
}

/// That `text` is told of, and what it says listed where it says something.
fn open(text: &str) {
    let found = of(text);
    assert!(found.contains(&"require !".to_owned()), "{text}: {found:?}");
    assert_eq!(text.contains("./q"), found.contains(&"require ./q".to_owned()), "{text}: {found:?}");
}

#[test]
fn what_only_the_file_itself_changes_is_known() {
    for text in [
        "const l = ['./q']; l.forEach(f => require(f))",
        "const l = ['./q']; console.log(l.length, [...l], l.join()); for (const f of l) require(f)",
        "const l = []; l.push('./q'); if (l.includes(x)) y(l[0].length); l.forEach(f => require(f))",
        "const o = { f: './q' }; g(o.f); require(o.f)",
        "const o = { f: './q', n: 1 }; o.f = './r'; delete o.n; require(o.f)",
        "const o = { f: './q', l: [] }; o.l.push(x); require(o.f)",
        "const o = { f: './q', l: [] }; const { l } = o; g(l); require(o.f)",
        "const o = { f: './q' }; const p = o; if (p.f === x) y(p.f); require(o.f)",
        "const o = { f: './q' }; function g(p) { return p.f } require(g(o))",
        "const o = { f: './q' }; function g(p) { h(p.f) } g(o); require(o.f)",
        "const o = { f: './q' }; const p = Object.assign({}, o); p.f = x; require(o.f)",
        "const o = Object.freeze({ f: './q' }); require(o.f)",
        "function make() { const l = ['./q']; return l } make().forEach(f => require(f))",
        "const l = ['./q']; Object.keys(l); JSON.stringify(l); new Set(l); f(...l); l.map(f => require(f))",
        "const fs = require('fs'), o = { f: './q' }; fs.statSync('x', o); require(o.f)",
        "function f(p) { g(arguments[0]); return require(p) } f('./q')",
        "require(['./q', './r'][x])",
    ] {
        exact(text);
    }
}

#[test]
fn what_others_may_change_is_told() {
    for text in [
        // By a method of the object's own.
        "class A { f = []; add(x) { this.f.push(x) } go() { this.f.forEach(n => require(n)) } }",
        "function C() { this.l = [] } C.prototype.go = function () { for (var i in this.l) { var s = this.l[i]; require(s) } }",
        "class C { f = './q'; constructor(o) { Object.assign(this, o) } go() { return require(this.f) } }",
        "function A() { this.o = { f: './q' } } A.prototype.go = function () { require(this.o.f) }",
        "const o = { f: './q', set(x) { this.f = x } }; o.set(y); require(o.f)",
        // Through what lies in a property, and by another name.
        "const o = { l: ['./q'] }; function add(x) { o.l.push(x) } o.l.forEach(n => require(n))",
        "const o = { l: ['./q'] }; const { l } = o; l.push(x); o.l.forEach(n => require(n))",
        "const o = {}; o.l = []; const m = o.l; m.push(x); for (const i in o.l) require(o.l[i])",
        "const o = { l: [] }, p = o; p.l.push(x); o.l.forEach(n => require(n))",
        "let l = ['./q']; const get = () => l; get().push(x); l.forEach(n => require(n))",
        "const o = { f: './q' }, p = o; p.f = x; require(o.f)",
        "const o = { f: './q' }; const { f } = o; (o || y).f = x; const { f: g } = o; require(g)",
        // By a function that gets it.
        "const l = ['./q']; function add(x, to) { to.push(x) } add(y, l); l.forEach(n => require(n))",
        "const o = { f: './q' }; (function (c) { c['n' + 'f'] = x })(o); require(o.f)",
        "const o = { f: './q' }; function set(p) { p.f = x } set(o); require(o.f)",
        "const o = { f: './q' }; extend(o, x); require(o.f)",
        "const o = { f: './q' }; new Changer(o); require(o.f)",
        "const o = { f: './q' }; Object.assign(o, x); require(o.f)",
        "const o = { f: './q' }; Object.defineProperty(o, 'f', x); require(o.f)",
        "const l = ['./q']; Array.prototype.push.apply(l, x); l.forEach(n => require(n))",
        "const l = ['./q']; l.push.apply(l, x); l.forEach(n => require(n))",
        "const l = ['./q']; [].push.call(l, x); l.forEach(n => require(n))",
        "const l = ['./q']; const add = l.push.bind(l); add(x); l.forEach(n => require(n))",
        // By another file.
        "const l = ['./q']; exports.l = l; exports.go = () => l.map(n => require(n))",
        "const o = { f: './q' }; module.exports = o; o.go = () => require(o.f)",
        "export const o = { f: './q' }; export const go = () => require(o.f)",
        "const o = { f: './q' }; export { o }; require(o.f)",
        "const l = ['./q']; registry.set('l', { l }); l.forEach(n => require(n))",
        "function f(p) { arguments[0] = x; return require(p) } f('./q')",
    ] {
        open(text);
    }
    assert_eq!(of("const o = { f: './q' }; o['f'] = './r'; require(o.f)"), ["require ./q", "require ./r"]);
}
