use proptest::prelude::*;

use super::*;

/// One line per command: its link, assignments, words and redirections.
fn lines(text: &str) -> Vec<String> {
    let line = |command: &Command| {
        let mut parts: Vec<String> = match command.link {
            Link::Always => Vec::new(),
            Link::And => vec!["&&".to_owned()],
            Link::Or => vec!["||".to_owned()],
            Link::Pipe => vec!["|".to_owned()],
        };
        parts.extend(command.assignments.iter().map(|(name, value)| format!("{name}={}", value.shown())));
        parts.extend(command.words.iter().map(|word| format!("[{}]", word.shown())));
        parts.extend(
            command
                .redirections
                .iter()
                .map(|to| format!("{}{}", if to.writes { '>' } else { '<' }, to.target.shown())),
        );
        parts.join(" ")
    };
    parse(text).unwrap().commands.iter().map(line).collect()
}

#[test]
fn what_people_write() {
    for (text, expected) in [
        ("", vec![]),
        ("node install.js", vec!["[node] [install.js]"]),
        ("prebuild-install || node-gyp rebuild", vec!["[prebuild-install]", "|| [node-gyp] [rebuild]"]),
        (
            "node -e \"try{require('./postinstall')}catch(e){}\"",
            vec!["[node] [-e] [try{require('./postinstall')}catch(e){}]"],
        ),
        ("A=1 B=\"x y\" node x 2>/dev/null; exit 0", vec!["A=1 B=x y [node] [x] >/dev/null", "[exit] [0]"]),
        ("(node x || true) && echo ok", vec!["[node] [x]", "|| [true]", "&& [echo] [ok]"]),
        ("a && (b; c)", vec!["[a]", "&& [b]", "[c]"]),
        ("if [ -f x ]; then node x; fi", vec!["[[] [-f] [x] []]", "[node] [x]"]),
        (
            "test -d .git && husky install 2>&1 >> log",
            vec!["[test] [-d] [.git]", "&& [husky] [install] >log"],
        ),
        (
            "echo $(curl -s https://example.org | sh)",
            vec!["[curl] [-s] [https://example.org]", "| [sh]", "[echo] […]"],
        ),
        ("echo `id` \"$HOME/x\" ${A} ${B:-c} *.js", vec!["[id]", "[echo] […] [$HOME/x] [$A] […] [….js]"]),
        ("for f in a b; do rm $f; done", vec!["[rm] [$f]"]),
        ("node a # not b\nnode c", vec!["[node] [a]", "[node] [c]"]),
        ("no\"d\"e x\\ y '' 'it'\\''s'", vec!["[node] [x y] [] [it's]"]),
        ("a & b", vec!["[a]", "[b]"]),
        ("a &> log; b < in", vec!["[a] >log", "[b] <in"]),
        ("'A=1' b", vec!["[A=1] [b]"]),
        ("node a\\\n b", vec!["[node] [a] [b]"]),
    ] {
        assert_eq!(lines(text), expected, "{text}");
    }
}

#[test]
fn what_is_beyond_is_an_error() {
    for text in [
        "cat <<EOF\nx\nEOF",
        "case $x in a) b;; esac",
        "f() { node x; }",
        "'open",
        "\"open",
        "$(open",
        "${open",
        "a >",
        "diff <(a) b",
        "$'\\x41'",
    ] {
        assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
    }
    assert!(parse(&"$(".repeat(10_000)).is_err());
    assert!(parse(&"x".repeat(MAX_BYTES + 1)).is_err());
}

proptest! {
    #[test]
    fn no_text_is_too_much(text in ".{0,300}") {
        let _ = parse(&text);
    }

    #[test]
    fn nor_is_text_of_the_shells_own_characters(text in "[a \"'\\\\$`(){}|&;<>#=!\n*\\[\\]~]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn quoted_words_come_back(lists in prop::collection::vec(prop::collection::vec("\\PC{0,12}", 1..5), 1..4)) {
        let line = lists.iter().map(|words| words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" && ");
        let program = parse(&line).unwrap();
        // What sets a variable or structures a command stands in quotes only if `quote` put it there.
        let read: Vec<Vec<&str>> = program.commands.iter().map(|command| command.words.iter().map(|word| word.literal().unwrap()).collect()).collect();
        let expected: Vec<Vec<&str>> = lists.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
        let has_structure = expected.iter().any(|words| words.iter().any(|word| word.contains('=') || word.chars().all(|c| c.is_ascii_lowercase() || "{}!".contains(c))));
        prop_assume!(!has_structure);
        prop_assert_eq!(read, expected);
    }
}
