//! Patterns known to be vulnerable, and known not to be. Each is written here; none is copied from a package.

use proptest::prelude::*;

use super::{Reason, Verdict, analyse, analyse_literal};

/// Doubles with each pump.
const EXPONENTIAL: &[(&str, &str)] = &[
    (r"^(a+)+$", ""),
    (r"^(a*)*$", ""),
    (r"^(a|a)*$", ""),
    (r"^(a|aa)+$", ""),
    (r"^(a|a?)+$", ""),
    (r"(a*)*b", ""),
    (r"(x+x+)+y", ""),
    (r"^(.*,)+(.+)?$", ""),
    (r"^(\w+\s?)*$", ""),
    (r"^([a-z0-9]+-?)*$", ""),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", ""),
    (r"^(?:\s*\w+\s*,?)+$", ""),
    (r"(?:(?:b?|c?)a)*x", ""),
    (r"^(?:a|A)*$", "i"),
    (r"(a+)+b|[^]", ""),
    (r"(?:😀|😀)*x", ""),
    (r"(?:😀|😀)*x", "u"),
    (r"^(a{1,50}){1,50}$", ""),
    (r#"(['"])(?:\\.|(?!\1).)*\1"#, ""),
    (r#"^"(?:\\.|[^"])*"$"#, ""),
    (r"^(?:[\w-]+\.?)+@example\.org$", ""),
    (r"^(?:.|\n)*?(?:.|[\n])*z(?:.|.)*$", ""),
    (r"^(?:\d+|[0-9a-f]+)*$", "i"),
    (r"^(?:[a-z]+|\w+)*;$", ""),
    (r"^\s*(?:[\w.]+\s*)+:", ""),
    (r"(?:(?:a+)?b?)*c", ""),
    (r"(?<tag>(?:[^<]+|<)*)>", ""),
    (r"^((ab)*)+$", ""),
    (r"^(?:a?b?)*$", ""),
    (r"^(?:(?:\d+)(?:,\s*)?)+%$", ""),
    (r"^[^:]*:(?:[^;]*;?)*end$", ""),
    (r"^(\/?[\w-]+\/?)+$", ""),
    (r"<(?:[^>'\x22]|'[^']*'|[^>])*>x", ""),
    (r"^(?:(?:x|y)+|z)*!?$", ""),
    (r"(?=(?:a+)+$)b", ""),
    (r"(?!(?:a+)+b)c", ""),
    (r"(?<=^(?:a+)+)b", ""),
    (r"^(?:\p{L}+\s?)+$", "u"),
    (r"^(?:[\p{L}--[a-c]]+ ?)+$", "v"),
    (r"^(?i:a|A)+$", ""),
    (r"^(([^,]|,)+)+;$", ""),
    (r"^(?:a+){2,}$", ""),
    (r"^(?:a{2,}b?)+$", ""),
    (r"(?:\r\n?|\n|\s)+$", "y"),
    (r"^(?:-+|--)+$", ""),
    (r"^#?(?:[0-9]|[0-9a-f])+$", "i"),
    (r"^(?:\w|_)+;", ""),
];

/// Grows with this power over all starts, and with this one at each start.
const POLYNOMIAL: &[(&str, &str, u32, u32)] = &[
    (r"\s+$", "", 2, 1),
    (r"^\s+|\s+$", "g", 2, 1),
    (r"^\s*|\s*$", "g", 2, 1),
    (r"a*b", "", 2, 1),
    (r"<!--.*?-->", "", 2, 1),
    (r"foo.*bar", "", 2, 1),
    (r"(.*)=(.*)", "", 2, 1),
    (r"^(.*)=(.*)$", "", 2, 2),
    (r"^a*a*$", "", 2, 2),
    (r"^a*a*a*$", "", 3, 3),
    (r"^a*b?a*c?a*$", "", 3, 3),
    (r"a*a*c", "", 3, 2),
    (r"^.+@.+\..+$", "", 3, 3),
    (r"^((?:\d+)?\.?\d+) *(?:ms|s)?$", "i", 2, 2),
    (r"^\d+\d+$", "", 2, 2),
    (r"^\s*(.*?)\s*$", "", 3, 3),
    (r"(?:(?!.*foo)x)*", "", 2, 2),
    (r#""(?:[^"\\]|\\.)*""#, "", 2, 1),
    (r"\/\*[^]*?\*\/", "", 2, 1),
    (r"\[(.*?)\]\((.*?)\)", "", 3, 2),
    (r"^\s+x$", "m", 2, 1),
    (r"^\S+@\S+$", "y", 2, 2),
    (r"^.*;.*:$", "", 2, 2),
    (r"[\w.]+@[\w.]+\.com", "", 2, 1),
    (r"\n+ *$", "", 2, 1),
    (r"(\w+)\s*=\s*$", "", 2, 1),
    (r" *, *", "g", 2, 1),
    (r"#+\s*$", "", 2, 1),
    (r"\$\{.*\}", "", 2, 1),
    (r"^-+([a-z-]+)-*;$", "", 3, 3),
    (r"^x*(?:y|x)*!$", "", 2, 2),
    (r"([a-z]+)([0-9a-z]+)!", "i", 3, 2),
    (r"(a+)\1b", "", 3, 2),
    (r"^(?:ab)*(?:a|b)*c", "", 2, 2),
    (r"=+$", "", 2, 1),
    (r"\/+$", "", 2, 1),
    (r"[^ ]+ $", "", 2, 1),
];

const SAFE: &[(&str, &str)] = &[
    (r"", ""),
    (r"abc", ""),
    (r"^abc$", "i"),
    (r"^(a+)+", ""),
    (r"^(a*)*", ""),
    (r"(?:a|a)*", ""),
    (r"^a+$", ""),
    (r"^\s+", ""),
    (r"^\s*|\s*$", ""),
    (r"a*", "g"),
    (r"\s+", "g"),
    (r"[^a-z]+", "gi"),
    (r"\d+", ""),
    (r#""[^"]*""#, ""),
    (r"^(?:\S+\s*)*$|^$", "m"),
    (r#"'(?:[^'\\\n]|\\.)*'"#, "y"),
    (r#"^"(?:[^"\\]|\\.)*"$"#, ""),
    (r"^(?:\\.|[^\\])*$", ""),
    (r"^(\b\w+\b\s*)*$", ""),
    (r"^(?:a?)*$", ""),
    (r"^[a-z]{1,63}(?:\.[a-z]{1,63})*$", ""),
    (r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$", "i"),
    (r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{8,}$", ""),
    (r"^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z)?$", ""),
    (r"^[^]*$", ""),
    (r"[^]*|(a+)+$", ""),
    (r"^\w+(?:-\w+)*$", ""),
    (r"^(?:\w+,)*\w+$", ""),
    (r"^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)$", ""),
    (r"^#(?:[0-9a-f]{3}){1,2}$", "i"),
    (r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "i"),
    (r"^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$", ""),
    (r"^https?:\/\/[^/\s]+(?:\/[^\s]*)?$", "i"),
    (r"^--?([a-z][a-z-]*)(?:=(.*))?$", ""),
    (r"[A-Z]", "g"),
    (r"[-\/\\^$*+?.()|[\]{}]", "g"),
    (r"&(?:amp|lt|gt|quot);", "g"),
    (r"\r\n|\r|\n", "g"),
    (r"\.js$", ""),
    (r"\.(?:js|jsx|ts|tsx)$", "i"),
    (r"(?:^|;)\s*session=", "y"),
    (r"^\s*function\s*\(", ""),
    (r"^application\/json\b", "i"),
    (r"^(?:foo|bar|baz)+$", ""),
    (r"^(?:a|b|c)*$", ""),
    (r"^(?:ab|ac|ad)*$", ""),
    (r"^(?:[a-m]|[n-z])+$", ""),
    (r"(?<=;)\s+$", ""),
    (r"^\s+$[^]", "m"),
    (r"^[^@]+@[^@]+$", ""),
    (r"^[^=]*=[^=]*$", ""),
    (r"^\d+(?:\.\d+)?(?:e[+-]?\d+)?$", "i"),
    (r"^(\w)\1*$", ""),
    (r"^(['\x22])[^'\x22]*\1$", ""),
    (r"%[a-f0-9]{2}", "gi"),
    (r"\{\{([^{}]+)\}\}", "g"),
    (r"\$\{[^{}$]*\}", "g"),
    (r"\/\/[^\n]*", "g"),
    (r"(?<!\\)'", "g"),
    (r"(?=[A-Z])", ""),
    (r"\B(?=(?:\d{3})+(?!\d))", "y"),
    (r"^(?!\.)[\w.]+$", ""),
    (r"^(?:(?!-->)[^])*-->", ""),
    (r"^[\w-]+(?:;[\w-]+)*;?$", ""),
    (r"^\/(?:[^/]+\/)*[^/]*$", ""),
    (r"^(?:\.\.?\/)+", ""),
    (r"^(?:(?:\s|,)[a-z]+)*$", ""),
    (r"^[a-z]:[\\/]", "i"),
    (r"\bfoo\b", "g"),
    (r"^\bfoo\b(?:\s\bfoo\b)*$", ""),
    (r"^a{3,5}$", ""),
    (r"^a{1000}$", ""),
    (r"^(?:a{2,5}b)+$", ""),
    (r"(?:)", ""),
    (r"^(?:)*$", ""),
    (r"[]*a", ""),
    (r"^(?:\p{Lu}\p{Ll}+)+$", "u"),
    (r"^[\p{L}--[a-z]]+$", "v"),
    (r"^\u{1F600}+$", "u"),
    (r"^(?<year>\d+)-\k<year>$", ""),
    (r"^(?=(a+))\1$", ""),
    (r"^(?:(?=(a+))\1b)*$", ""),
    (r"^(?:a+$)", "m"),
    (r"^a+?b$", ""),
];

/// Says of every case at once what is wrong with it.
fn check<Case>(cases: &[Case], wrong: impl Fn(&Case) -> Option<String>) {
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn known_exponential() {
    check(EXPONENTIAL, |(pattern, flags)| match analyse(pattern, flags) {
        Verdict::Exponential { .. } => None,
        other => Some(format!("/{pattern}/{flags}: {other:?}")),
    });
}

#[test]
fn known_polynomial() {
    check(POLYNOMIAL, |(pattern, flags, wanted, wanted_at_start)| match analyse(pattern, flags) {
        Verdict::Polynomial { degree, degree_at_start, .. }
            if (&degree, &degree_at_start) == (wanted, wanted_at_start) =>
        {
            None
        }
        other => Some(format!("/{pattern}/{flags}: {other:?}")),
    });
}

#[test]
fn known_safe() {
    check(SAFE, |(pattern, flags)| match analyse(pattern, flags) {
        Verdict::Safe => None,
        other => Some(format!("/{pattern}/{flags}: {other:?}")),
    });
}

#[test]
fn there_are_enough_of_each() {
    assert!(EXPONENTIAL.len() + POLYNOMIAL.len() >= 80);
    assert!(SAFE.len() >= 80);
}

#[test]
fn a_witness_reads_as_javascript() {
    let shown = |pattern: &str| match analyse(pattern, "") {
        Verdict::Polynomial { witness, .. } | Verdict::Exponential { witness } => {
            let (start, end) = (witness.span.start as usize, witness.span.end as usize);
            (witness.expression(30), pattern[start..end].to_owned())
        }
        other => panic!("{pattern}: {other:?}"),
    };
    assert_eq!(shown(r"^x(a+)+$"), ("'x' + 'a'.repeat(30) + '!'".to_owned(), "(a+)+".to_owned()));
    assert_eq!(shown(r"\s+$").0, "' '.repeat(30) + '!'");
    assert_eq!(shown(r"^(?:\\'|\\')*$").0, r"'\\\''.repeat(30) + '!'");
    assert_eq!(shown(r"^\n*\s*x$"), (r"'\n'.repeat(30)".to_owned(), r"\n*\s*".to_owned()));
}

#[test]
fn a_search_goes_on_only_where_every_alternative_fails() {
    // What the last alternative finds ends the search, unless it is of slashes.
    let attribute = r#"([^=<>"'\s]+)\s*=\s*"([^"]*)"|([^=<>"'\s\/]+)"#;
    let Verdict::Polynomial { witness, .. } = analyse(attribute, "g") else { panic!("not found") };
    assert!(witness.expression(9).contains("'/'.repeat(9)"), "{}", witness.expression(9));
}

#[test]
fn a_witness_may_show_less_than_the_worst() {
    let powers = |pattern: &str| match analyse(pattern, "") {
        Verdict::Polynomial { degree_at_start, shown_at_start, .. } => (degree_at_start, shown_at_start),
        other => panic!("{pattern}: {other:?}"),
    };
    assert_eq!(powers("^a*a*a*$"), (3, 3));
    assert_eq!(powers("^a*a*$"), (2, 2));
    assert_eq!(powers("^a*a*b*b*$"), (3, 2));
}

#[test]
fn a_literal_keeps_its_own_offsets() {
    let Verdict::Exponential { witness } = analyse_literal("/^x(a+)+$/i") else { panic!("not found") };
    assert_eq!(witness.span, 3..8);
}

#[test]
fn what_no_engine_takes_is_unknown() {
    let invalid = [
        (r"[", ""),
        (r"(", ""),
        (r")", ""),
        (r"a**", ""),
        (r"*", ""),
        (r"{1}", ""),
        (r"a{2,1}", ""),
        (r"[b-a]", ""),
        (r"(?x)", ""),
        (r"(?<a", ""),
        (r"\k<b>(?<a>)", ""),
        (r"\", ""),
        (r"{", "u"),
        (r"]", "u"),
        (r"\1", "u"),
        (r"\q", "u"),
        (r"\p{L", "u"),
        (r"(?=a)*", "u"),
        (r"^*", ""),
    ];
    for (pattern, flags) in invalid {
        assert!(matches!(analyse(pattern, flags), Verdict::Unknown(Reason::Syntax(_))), "/{pattern}/{flags}");
    }
    let lenient = [
        r"{", r"]", r"}", r"a{", r"a{,2}", r"\1", r"\8", r"\c", r"[\c]", r"\u{3}", r"[\w-z]", r"\k<a>",
        r"(?=a)*", r"\x1",
    ];
    for pattern in lenient {
        assert_eq!(analyse(pattern, ""), Verdict::Safe, "/{pattern}/");
    }
}

#[test]
fn hostile_sizes_end_soon() {
    let patterns = [
        "(".repeat(50_000),
        "(a".repeat(5_000) + &")*".repeat(5_000),
        "(?:a?){25}".repeat(500),
        format!("(?:{})*x", "a|".repeat(3_000)),
        "(a*)*".repeat(400),
        "((((((((((a{25}){25}){25}){25})+)+)+)+)+)+)+".to_owned(),
        "(?=.*a)".repeat(1_000) + "b",
        "(a)".repeat(300) + &(1..300).map(|group| format!("\\{group}*")).collect::<String>(),
        "[^]*".repeat(1_000) + "x",
        "(?:a*b*c*d*e*)*".repeat(40) + "z",
        "(?:(?:a|b|)(?:a|b|)){9}*".repeat(9),
    ];
    for pattern in patterns {
        // No answer is wrong here but none at all.
        let _ = analyse(&pattern, "");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any text ends in an answer, and a witness lies in the pattern and has something to repeat.
    #[test]
    fn any_pattern_ends(
        pattern in "([ab.\\s]|\\\\[wsdb1kpuxc]|[(|)*+?^$]|\\[[a^]|\\]|\\(\\?[:=!<]|\\{[0-9]{1,2},?\\}|\\PC){0,40}",
        flags in "[gimsuvy]{0,3}",
    ) {
        if let Verdict::Polynomial { witness, .. } | Verdict::Exponential { witness } = analyse(&pattern, &flags) {
            prop_assert!(witness.span.start <= witness.span.end);
            prop_assert!(pattern.get(witness.span.start as usize..witness.span.end as usize).is_some());
            prop_assert!(!witness.pump.is_empty());
        }
    }

    /// Patterns that are well formed, so that the analysis gets to work.
    #[test]
    fn any_nesting_ends(pattern in nested()) {
        let _ = analyse(&pattern, "");
    }
}

fn nested() -> impl Strategy<Value = String> {
    let leaf = prop_oneof!["[abc]", Just(".".to_owned()), Just("\\s".to_owned()), Just("\\b".to_owned())];
    leaf.prop_recursive(6, 40, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            many.clone().prop_map(|parts| parts.concat()),
            many.prop_map(|parts| format!("(?:{})", parts.join("|"))),
            (inner.clone(), "[*+?]|\\{1,30\\}").prop_map(|(part, times)| format!("(?:{part}){times}")),
            inner.prop_map(|part| format!("(?=({part}))\\1")),
        ]
    })
}
