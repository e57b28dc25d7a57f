//! The lines of an `.npmrc`, read as npm's own reader of INI files does.

use std::borrow::Cow;

use crate::place::Position;

/// One `key = value`.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) in_list: bool,
    pub(super) section: Option<Box<str>>,
    pub(super) position: Position,
}

/// All assignments of a file, in order. A line that npm does not understand is none.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut section: Option<Box<str>> = None;
    let mut entries = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        // npm breaks lines at carriage returns too; they do not count as lines for a person.
        for part in line.split('\r') {
            let trimmed = trim(part);
            if trimmed.is_empty() || trimmed.starts_with([';', '#']) {
                continue;
            }
            if let Some(name) = section_name(part) {
                section = Some(unquote(name).into());
                continue;
            }
            let column = line.chars().take_while(|&c| is_space(c)).count() as u32 + 1;
            let position = Position { line: index as u32 + 1, column };
            entries.extend(entry(part, section.clone(), position));
        }
    }
    entries
}

fn section_name(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    trim(rest).is_empty().then_some(name)
}

fn entry(line: &str, section: Option<Box<str>>, position: Position) -> Option<Entry> {
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key, unquote(value)),
        // A key alone switches it on.
        None => (line, "true".to_owned()),
    };
    if key.is_empty() {
        return None;
    }
    let mut key = unquote(key);
    let in_list = key.len() > 2 && key.ends_with("[]");
    if in_list {
        key.truncate(key.len() - 2);
    }
    Some(Entry { key, value, in_list, section, position })
}

/// What npm's `unsafe` does: quotes are JSON, otherwise `\` escapes and `;` or `#` begins a comment.
fn unquote(text: &str) -> String {
    let text = trim(text);
    let quoted = |quote: char| text.starts_with(quote) && text.ends_with(quote);
    if quoted('"') || quoted('\'') {
        let inner = match text.strip_prefix('\'') {
            Some(rest) => rest.strip_suffix('\'').unwrap_or(rest),
            None => text,
        };
        return serde_json::from_str::<String>(inner).unwrap_or_else(|_| inner.to_owned());
    }
    trim(&unescape(text)).to_owned()
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', ';', '#']) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (true, '\\' | ';' | '#') => plain.push(c),
            (true, _) => plain.extend(['\\', c]),
            (false, ';' | '#') => return Cow::Owned(plain),
            (false, '\\') => {}
            (false, _) => plain.push(c),
        }
        escaped = !escaped && c == '\\';
    }
    if escaped {
        plain.push('\\');
    }
    Cow::Owned(plain)
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// JavaScript's `trim`, which takes a byte order mark for a space.
fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file's only entry as `key`, `value`.
    fn one(line: &str) -> Option<(String, String)> {
        let mut all = entries(line);
        assert!(all.len() <= 1, "{line}");
        all.pop().map(|entry| (entry.key, entry.value))
    }

    #[test]
    fn lines_read_as_npm_reads_them() {
        for (line, key, value) in [
            ("registry=https://registry.example.org/", "registry", "https://registry.example.org/"),
            ("  registry  =  https://r.example.org  ", "registry", "https://r.example.org"),
            ("\u{feff}audit=false", "audit", "false"),
            ("audit=false\r", "audit", "false"),
            ("ignore-scripts", "ignore-scripts", "true"),
            ("a=b ; a comment", "a", "b"),
            ("a=b#c", "a", "b"),
            (r"a=b\;c\#d\\e\f", "a", r"b;c#d\e\f"),
            (r"a=b\", "a", r"b\"),
            ("a=\"b ; c\"", "a", "b ; c"),
            (r#"a="line\nbreak""#, "a", "line\nbreak"),
            ("a='b # c'", "a", "b # c"),
            ("a='", "a", ""),
            ("a=\"", "a", "\""),
            ("a=\"unfinished\\\"", "a", "\"unfinished\\\""),
            ("a=b=c", "a", "b=c"),
            ("a=", "a", ""),
            ("//h.example.org/:_authToken=x==", "//h.example.org/:_authToken", "x=="),
            ("\"quoted key\"=1", "quoted key", "1"),
        ] {
            assert_eq!(one(line), Some((key.into(), value.into())), "{line}");
        }
        for line in ["", "   ", "; no", "# no", "  # no = 1", "=value", "[section]"] {
            assert_eq!(one(line), None, "{line}");
        }
    }

    #[test]
    fn lists_sections_and_lines_are_kept() {
        let all = entries("a=1\n\n  ca[]=x\n[]=y\n[later]\nb=2\n");
        let seen: Vec<_> = all
            .iter()
            .map(|entry| (&*entry.key, entry.in_list, entry.section.as_deref(), entry.position.line))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", false, None, 1),
                ("ca", true, None, 3),
                ("[]", false, None, 4),
                ("b", false, Some("later"), 6)
            ]
        );
        assert_eq!(all[1].position.column, 3);
    }
}
