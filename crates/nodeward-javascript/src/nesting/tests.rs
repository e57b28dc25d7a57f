//! Every construct that nests is refused past the limit, and none of the shapes of real code is.

use super::*;

pub(crate) const JS: Dialect = Dialect { types: false, tags: true };
pub(crate) const TS: Dialect = Dialect { types: true, tags: false };

/// A construct repeated: (name, dialect, opening, middle, closing).
pub(crate) const NESTS: &[(&str, Dialect, &str, &str, &str)] = &[
    ("parentheses", JS, "(", "x", ")"),
    ("arrays", JS, "[", "", "]"),
    ("objects", JS, "x={a:", "1", "}"),
    ("blocks", JS, "{", "", "}"),
    ("functions", JS, "function f(){", "", "}"),
    ("templates", JS, "`${", "x", "}`"),
    ("tags", JS, "<a>", "it's", "</a>"),
    ("tags in attributes", JS, "<a b=", "<c/>", "/>"),
    ("unary", JS, "!", "x", ""),
    ("typeof", JS, "typeof ", "x", ""),
    ("new", JS, "new ", "x", ""),
    ("await", JS, "await ", "x", ""),
    ("conditional", JS, "a?b:", "x", ""),
    ("conditional, left", JS, "a?", "x", ":b"),
    ("arrow", JS, "a=>", "x", ""),
    ("async arrow over lines", JS, "async a=>\n", "x", ""),
    ("sum", JS, "a+", "x", ""),
    ("power", JS, "a**", "x", ""),
    ("assignment", JS, "a=", "x", ""),
    ("members", JS, "", "x", ".a"),
    ("calls", JS, "", "x", "()"),
    ("indexes", JS, "", "x", "[0]"),
    ("tagged", JS, "", "x", "``"),
    ("if", JS, "if(a)", ";", ""),
    ("else if", JS, "if(a)b;else ", ";", ""),
    ("else if with blocks", JS, "if(a){}else ", ";", ""),
    ("for", JS, "for(;;)", ";", ""),
    ("while", JS, "while(a)", ";", ""),
    ("do", JS, "do ", ";", "while(a);"),
    ("labels", JS, "a:", ";", ""),
    ("labels before a comma", JS, "a:", "b,!!x", ""),
    ("class heritage", JS, "class extends ", "x", "{}"),
    ("decorated heritage", JS, "x=@a\nclass extends ", "x", "{}"),
    ("spread", JS, "[...", "x", "]"),
    ("escaped names", JS, "b\\u{61}c=", "x", ""),
    ("type arguments", TS, "let x:A<B,", "C", ">"),
    ("type parameters", TS, "x=<T,U>()=>", "1", ""),
    ("generic classes", TS, "class<T,U> extends ", "x", "{}"),
    ("assertions", TS, "<T>", "x", ""),
    ("as", TS, "", "x", " as T"),
    ("non-null", TS, "", "x", "!"),
    ("conditional types", TS, "type A = B extends C ? D : ", "E", ""),
    ("keyof", TS, "keyof ", "T", ""),
    ("array types", TS, "", "let x:T", "[]"),
    ("namespaces", TS, "namespace a{", "", "}"),
    ("implements", TS, "class implements I,J{m(){return ", "x", "}}"),
];

pub(crate) fn nest(opening: &str, middle: &str, closing: &str, times: usize) -> String {
    format!("{}{middle}{}", opening.repeat(times), closing.repeat(times))
}

#[test]
fn each_construct_is_refused_past_the_limit_and_passes_below_it() {
    for &(name, dialect, opening, middle, closing) in NESTS {
        let deep = nest(opening, middle, closing, MAX_DEPTH as usize + 10);
        assert!(
            matches!(check(&deep, dialect), Err(Refusal::TooDeep(_))),
            "{name}: {:?}",
            check(&deep, dialect)
        );
        let shallow = format!("{};", nest(opening, middle, closing, 200)).repeat(20);
        assert_eq!(check(&shallow, dialect), Ok(()), "{name}");
    }
}

#[test]
fn what_hides_nesting_does_not() {
    let deep = "(".repeat(MAX_DEPTH as usize);
    for disguise in [
        "x = 1 / 2; // /\n",
        "{}\n/`/;",
        "{}/`/;",
        "if (a) /`/;",
        "if\u{a0}(a) /`/;",
        "do ; while (a) /`/;",
        "l: for (;;) break l\n/`/;",
        "x = y++ / `a`;",
        "x = /[/`]/;",
        "// \u{2028}",
        "<!-- `\n",
        "x\n--> `\n",
        "/* \n */ --> `\n",
        "#!/`\n",
        "x = '\\\r\n';",
        "<a>`</a>;",
        "yield\n/`/;",
        "`}${{}}`;",
        "x = a ? <b>`</b> : c;",
        "{}<b>`</b>;",
    ] {
        let text = if disguise.starts_with("#!") {
            format!("{disguise}{deep}")
        } else {
            format!(";{disguise}{deep}")
        };
        assert!(matches!(check(&text, JS), Err(Refusal::TooDeep(_))), "{disguise:?}: {:?}", check(&text, JS));
    }
}

#[test]
fn shapes_of_real_code_pass() {
    let passing = [
        "function f() { return 1 }\n",
        "const a = b\n",
        "foo()\n",
        "x.y = z\n",
        "class A {}\n",
        "if (a) { b() } else { c() }\n",
        "if (a) b(); else c();\n",
        "while (a) b();\nfoo();\n",
        "import a from 'a'\n",
        "export { a }\n",
        "let r = a / b / c\n",
        "x = <a b='c' d={e}>it's {f} (g</a>\n",
        "switch (a) { case 1: b(); break; default: c() }\n",
        "var s = \"(((\" + '[[[' + `{{{`\n",
        "lbl: for (;;) {}\n",
        "({ a, b: 1, c() {}, get d() { return 1 } });\n",
        "a < b && c > d, e < f\n",
        "async function g() { for await (const x of y) {} }\n",
        "!function () {}()\n;",
    ];
    for shape in passing {
        assert_eq!(check(&shape.repeat(30_000), JS), Ok(()), "{shape:?}");
    }
    // What only a parser could tell apart.
    for shape in [
        "/x/.test(y);\n{}\n/['\"(]/.test(z)\nbreak a\n/['`(]/.exec(b)\n",
        "{}/['\"(]/.test(z);",
        "a = b++ / 2; c = 'http://d';",
        "`${a}` / 2 / b;",
        "{}\n<a>it's (</a>;\n",
    ] {
        assert_eq!(check(&shape.repeat(5_000), JS), Ok(()), "{shape:?}");
    }
    let list = format!("x = [{}]", "{a: 1, b: [2], c: d < e, f: x ? 1 : 2}, ".repeat(30_000));
    assert_eq!(check(&list, JS), Ok(()));
    let typed = "function f<T, U>(a: Map<T, Array<U>>, b?: T): a is U { return a as unknown as U }\n";
    assert_eq!(check(&typed.repeat(30_000), TS), Ok(()));
    let members = format!("interface A {{\n{}}}", "a: string\nb?: number\nc(): void\n".repeat(30_000));
    assert_eq!(check(&members, TS), Ok(()));
}

#[test]
fn text_that_can_be_read_in_too_many_ways_is_refused() {
    let text = "{}/a/ `;\n".repeat(3_000);
    assert!(check(&text, JS).is_err());
}
