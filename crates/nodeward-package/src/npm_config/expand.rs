//! `${VARIABLE}` in keys and values.

/// The longest text that expansion makes. A file can name one variable a hundred thousand times.
const MAX_EXPANDED_BYTES: usize = 256 * 1024;

/// One `${…}` of a text.
pub(super) struct Reference<'a> {
    /// Where its backslashes start, and where it ends.
    range: std::ops::Range<usize>,
    backslashes: usize,
    name: &'a str,
    fallback: Fallback<'a>,
}

/// What stands for a variable that is not set.
#[derive(Clone, Copy)]
enum Fallback<'a> {
    /// The reference as written, as npm leaves it.
    Itself,
    /// `${NAME?}`, and `${NAME-text}`: nothing, or the text, where it is not set.
    Unset(&'a str),
    /// `${NAME:-text}`: also where it is set to nothing.
    UnsetOrEmpty(&'a str),
}

/// The variables that a text names. An escaped reference is none.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    references(text).filter(|reference| reference.backslashes % 2 == 0).map(|reference| reference.name)
}

/// Puts the variables in.
pub(super) fn expand<'a>(text: &str, look_up: &dyn Fn(&str) -> Option<&'a str>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut done = 0;
    for reference in references(text) {
        expanded.push_str(&text[done..reference.range.start]);
        done = reference.range.end;
        let written = &text[reference.range.clone()];
        // Each pair of backslashes is one; an odd one left over escapes the reference.
        expanded.push_str(&written[..reference.backslashes / 2]);
        let bare = &written[reference.backslashes..];
        let value = match (reference.backslashes % 2, look_up(reference.name), reference.fallback) {
            (1, ..) => bare,
            (_, Some(""), Fallback::UnsetOrEmpty(text)) => text,
            (_, Some(value), _) => value,
            (_, None, Fallback::Itself) => bare,
            (_, None, Fallback::Unset(text) | Fallback::UnsetOrEmpty(text)) => text,
        };
        if expanded.len() + value.len() > MAX_EXPANDED_BYTES {
            return text.to_owned();
        }
        expanded.push_str(value);
    }
    expanded.push_str(&text[done..]);
    expanded
}

fn references(text: &str) -> impl Iterator<Item = Reference<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text[from..].find("${")?;
            let inside = start + 2;
            let Some(length) = text[inside..].find(['}', '{', '$']) else {
                from = text.len();
                return None;
            };
            let end = inside + length;
            if text.as_bytes()[end] != b'}' || length == 0 {
                from = end.max(inside);
                continue;
            }
            let backslashes = text[from..start].bytes().rev().take_while(|&byte| byte == b'\\').count();
            from = end + 1;
            let (name, fallback) = split(&text[inside..end]);
            if !name.is_empty() {
                return Some(Reference { range: start - backslashes..end + 1, backslashes, name, fallback });
            }
        }
    })
}

fn split(inside: &str) -> (&str, Fallback<'_>) {
    if let Some(name) = inside.strip_suffix('?') {
        return (name, Fallback::Unset(""));
    }
    match inside.split_once('-') {
        Some((name, text)) => match name.strip_suffix(':') {
            Some(name) => (name, Fallback::UnsetOrEmpty(text)),
            None => (name, Fallback::Unset(text)),
        },
        None => (inside, Fallback::Itself),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in() {
        let look_up = |name: &str| match name {
            "TOKEN" => Some("t0ken"),
            "EMPTY" => Some(""),
            _ => None,
        };
        for (text, expected) in [
            ("${TOKEN}", "t0ken"),
            ("a${TOKEN}b${TOKEN}", "at0kenbt0ken"),
            ("${MISSING}", "${MISSING}"),
            ("${MISSING?}", ""),
            ("${TOKEN?}", "t0ken"),
            ("${MISSING-x}", "x"),
            ("${MISSING:-x-y}", "x-y"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY-x}", ""),
            (r"\${TOKEN}", "${TOKEN}"),
            (r"\\${TOKEN}", r"\t0ken"),
            (r"\\\${TOKEN}", r"\${TOKEN}"),
            ("$TOKEN", "$TOKEN"),
            ("${", "${"),
            ("${}", "${}"),
            ("${${TOKEN}}", "${t0ken}"),
            ("${?}é${TOKEN}", "${?}ét0ken"),
        ] {
            assert_eq!(expand(text, &look_up), expected, "{text}");
        }
        assert_eq!(variables(r"${A}\${B}\\${C?}").collect::<Vec<_>>(), ["A", "C"]);
    }

    #[test]
    fn expansion_cannot_blow_up() {
        let long = "x".repeat(10_000);
        let text = "${LONG}".repeat(10_000);
        assert_eq!(expand(&text, &|_| Some(&long)).len(), text.len());
    }
}
