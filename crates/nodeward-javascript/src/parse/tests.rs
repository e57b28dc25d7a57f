//! What parses, as what, and that nothing exhausts a worker.

use super::*;
use crate::nesting::tests::{NESTS, TS, nest};

/// What a text is read as: the language and format that its tree has, and whether it has errors.
fn read(text: &str, kind: SourceKind) -> Result<(SourceKind, usize), ParseError> {
    let arena = Allocator::default();
    let parsed = parse(&arena, text, kind)?;
    assert!(!parsed.semantic().nodes().is_empty());
    Ok((parsed.kind, parsed.errors.len()))
}

#[test]
fn every_kind_of_source_parses() {
    let module = SourceKind { format: ModuleFormat::Module, ..SourceKind::JAVASCRIPT };
    let script = SourceKind { format: ModuleFormat::CommonJs, ..SourceKind::JAVASCRIPT };
    let cases: &[(&str, SourceKind)] = &[
        ("", SourceKind::JAVASCRIPT),
        ("\u{feff}x", SourceKind::JAVASCRIPT),
        ("#!/usr/bin/env node\nreturn", SourceKind::JAVASCRIPT),
        ("return 1", script),
        ("if (new.target) return", script),
        ("with (a) b", script),
        ("with (a) b", SourceKind::JAVASCRIPT),
        ("x = 010 + '\\01'; delete x; arguments = eval", script),
        ("var await = 1, yield = 2, let = 3, static = 4, package", script),
        ("a <!-- b\n--> c\n", script),
        ("await x; import.meta.url; export default 1", module),
        ("import a from 'a' with { type: 'json' }; await a", SourceKind::JAVASCRIPT),
        ("import('a'); require('b')", SourceKind::JAVASCRIPT),
        ("x = <a b={c} {...d}>it's</a>; y = <></>", SourceKind::JAVASCRIPT),
        ("class A { #a = 1; static { } @d accessor b; get c() { return #a in this } }", module),
        ("a ??= b?.c?.[d]?.() ** 1_000n; x = /[/]\\/(?<n>a)/dv", module),
        ("label: for await (const x of y) continue label", module),
        ("let x: T = <T>y; enum E { A } namespace N {} abstract class C<T> {}", SourceKind::TYPESCRIPT),
        ("import x = require('x'); export = x", SourceKind::TYPESCRIPT),
        ("import type { T } from 't'; export type { T }; x satisfies T as const", SourceKind::TYPESCRIPT),
        ("@d() class A { constructor(private readonly x: T) {} declare y: U }", SourceKind::TYPESCRIPT),
        ("let x = <T,>(y: T) => <div>{y as T}</div>", SourceKind::TSX),
        ("{\"a\": [1, -2.5e3, true, null, {}], \"__proto__\": \"\"}", SourceKind::JSON),
    ];
    for (text, kind) in cases {
        match read(text, *kind) {
            Ok((read_as, errors)) => assert_eq!((read_as, errors), (*kind, 0), "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_read_as_what_it_is() {
    let module = SourceKind { format: ModuleFormat::Module, ..SourceKind::JAVASCRIPT };
    let script = SourceKind { format: ModuleFormat::CommonJs, ..SourceKind::JAVASCRIPT };
    let cases = [
        // The parser takes imports in any format but a script's.
        ("import a from 'a'; export { a }", script, script),
        ("var await = 1; await + 1", module, script),
        (
            "// @flow\nfunction f(a: number): string { return (a: any) }",
            SourceKind::JAVASCRIPT,
            SourceKind::TSX,
        ),
        ("// @flow\nimport type { A } from 'a'; type B = { a?: A }", module, SourceKind::TSX),
        ("let x = <div/>", SourceKind::TYPESCRIPT, SourceKind::TSX),
    ];
    for (text, kind, expected) in cases {
        match read(text, kind) {
            Ok((read_as, _)) => assert_eq!(read_as, expected, "{text}"),
            // What Flow has beyond TypeScript is an error and no crash.
            Err(error) => assert!(text.contains("(a: any)"), "{text}: {error}"),
        }
    }
}

#[test]
fn broken_text_is_an_error_with_a_place() {
    for (text, kind) in [
        ("function (", SourceKind::JAVASCRIPT),
        ("x = 'abc\n", SourceKind::JAVASCRIPT),
        ("let x: = 1", SourceKind::TYPESCRIPT),
        ("<a></b>}", SourceKind::JAVASCRIPT),
        ("`${", SourceKind::JAVASCRIPT),
        ("{a: 1}", SourceKind::JSON),
        ("[1,,2]", SourceKind::JSON),
        ("[...a]", SourceKind::JSON),
        ("process.exit()", SourceKind::JSON),
        ("{\"a\"() {}}", SourceKind::JSON),
        ("", SourceKind::JSON),
        ("{} {}", SourceKind::JSON),
    ] {
        let error = read(text, kind).expect_err(text);
        assert!(matches!(error, ParseError::Syntax(_)), "{text}: {error}");
        assert!(error.offset().is_some_and(|offset| offset as usize <= text.len()), "{text}: {error:?}");
    }
    let arena = Allocator::default();
    let refused = parse_within(&arena, "x = 1", SourceKind::JAVASCRIPT, &Limits { bytes: 4 });
    assert!(matches!(refused, Err(ParseError::TooLarge { bytes: 5, limit: 4 })));
}

#[test]
fn the_deepest_nesting_that_passes_fits_a_workers_stack() {
    // Half of it, so that rules have room.
    let worker = std::thread::Builder::new().stack_size(WORKER_STACK / 2);
    let work = || {
        for &(name, dialect, opening, middle, closing) in NESTS {
            let kind = if dialect == TS { SourceKind::TYPESCRIPT } else { SourceKind::JAVASCRIPT };
            let passes =
                |times: &usize| nesting::check(&nest(opening, middle, closing, *times), dialect).is_ok();
            let candidates: Vec<usize> = (0..=nesting::MAX_DEPTH as usize).collect();
            let times = candidates.partition_point(passes) - 1;
            let text = nest(opening, middle, closing, times);
            let arena = Allocator::default();
            // Some nest nothing that the grammar takes; they must end in an error.
            if let Ok(parsed) = parse(&arena, &text, kind) {
                assert!(!parsed.semantic().nodes().is_empty(), "{name}");
                let _ = crate::imports::imports(parsed.program);
            }
        }
    };
    worker.spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_bomb_is_refused() {
    for text in ["(".repeat(1 << 20), "a+".repeat(1 << 20), "<a>".repeat(1 << 20), "[".repeat(1 << 20)] {
        assert!(matches!(read(&text, SourceKind::JAVASCRIPT), Err(ParseError::TooDeep { .. })));
        assert!(read(&text, SourceKind::JSON).is_err());
        assert!(read(&text, SourceKind::TSX).is_err());
    }
}
