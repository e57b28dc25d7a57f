//! `binding.gyp`: which commands its reading and building run, and which files it includes.
//!
//! The file is Python literals: dictionaries, lists, strings. Only texts matter here, and the keys that they stand
//! under, so it is read as a flat list of both. What is no such file is an error, never an empty answer.

/// The largest file that is read.
pub const MAX_BYTES: usize = 4 << 20;
/// How deep lists and dictionaries may nest.
const MAX_DEPTH: usize = 200;

/// What stands only in conditions that mean to get at Python itself.
const PYTHON: &[&str] = &[
    "__class__",
    "__import__",
    "__builtins__",
    "__subclasses__",
    "__globals__",
    "__bases__",
    "__mro__",
    "__dict__",
];

/// What a file says that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gyp {
    /// Lines for a shell: `<!(…)` and `<!@(…)`, which run while the file is read.
    pub lines: Vec<String>,
    /// Commands as words: `action` of actions and rules, which run while it builds.
    pub actions: Vec<Vec<String>>,
    /// Files that it includes, and gyp files that its targets depend on, as written.
    pub includes: Vec<String>,
    /// Texts that only an attempt to run Python holds, or a call of a Python module.
    pub python: Vec<String>,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a gyp file: {what} at byte {at}")]
pub struct GypError {
    /// Where.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads a file's text.
///
/// # Errors
/// Text that is not made of Python literals.
pub fn parse(text: &str) -> Result<Gyp, GypError> {
    if text.len() > MAX_BYTES {
        return Err(GypError { at: MAX_BYTES, what: "larger than any" });
    }
    let mut reader = Reader { text, at: 0, gyp: Gyp::default() };
    reader.document()?;
    Ok(reader.gyp)
}

/// A list or dictionary that is open.
struct Open {
    end: u8,
    /// The key that this stands under.
    key: String,
    /// The key that was read last, in a dictionary.
    last_key: String,
    /// Texts directly in it.
    texts: Vec<String>,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    gyp: Gyp,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), GypError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let Some(byte) = self.next_byte() else {
                return match open.is_empty() {
                    true => Ok(()),
                    false => self.fault("the end"),
                };
            };
            match byte {
                b'{' | b'[' | b'(' => {
                    if open.len() == MAX_DEPTH {
                        return self.fault("too deep");
                    }
                    self.at += 1;
                    let end = if byte == b'{' {
                        b'}'
                    } else if byte == b'[' {
                        b']'
                    } else {
                        b')'
                    };
                    let key = open.last().map_or_else(String::new, |outer| match outer.end {
                        b'}' => outer.last_key.clone(),
                        _ => outer.key.clone(),
                    });
                    open.push(Open { end, key, last_key: String::new(), texts: Vec::new() });
                }
                b'}' | b']' | b')' => {
                    self.at += 1;
                    match open.pop() {
                        Some(ended) if ended.end == byte => self.ended(ended),
                        _ => return self.fault("a bracket"),
                    }
                }
                b',' | b':' => self.at += 1,
                b'\'' | b'"' => {
                    let text = self.strings()?;
                    let is_key = self.next_byte() == Some(b':');
                    match open.last_mut() {
                        Some(outer) if outer.end == b'}' && is_key => outer.last_key = text.clone(),
                        Some(outer) => outer.texts.push(text.clone()),
                        None => {}
                    }
                    self.said(text);
                }
                b'0'..=b'9' | b'-' | b'.' => {
                    self.skip(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
                }
                byte if byte.is_ascii_alphabetic() => {
                    let start = self.at;
                    self.skip(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    if !matches!(
                        &self.text[start..self.at],
                        "True" | "False" | "None" | "true" | "false" | "u" | "r" | "and" | "or" | "not"
                    ) {
                        return self.fault("a name");
                    }
                }
                _ => return self.fault("a character"),
            }
        }
    }

    fn ended(&mut self, list: Open) {
        let key = list.key.trim_end_matches(['+', '?', '=', '!', '/', '%']);
        match key {
            "action" if list.end == b']' && !list.texts.is_empty() => self.gyp.actions.push(list.texts),
            "includes" if list.end == b']' => self.gyp.includes.extend(list.texts),
            _ => {}
        }
    }

    /// Commands in a text run where the text is read, wherever it stands.
    fn said(&mut self, text: String) {
        for start in ["<!(", "<!@(", ">!(", ">!@(", "^!(", "^!@("] {
            for (at, _) in text.match_indices(start) {
                let inner = &text[at + start.len()..];
                self.gyp.lines.push(up_to_bracket(inner).to_owned());
            }
        }
        // `deps/x.gyp:target`.
        if let Some((file, _)) = text.split_once(".gyp:").filter(|_| !text.contains('\n')) {
            self.gyp.includes.push(format!("{file}.gyp"));
        }
        if text.contains("pymod_do_main") || PYTHON.iter().any(|word| text.contains(word)) {
            self.gyp.python.push(text);
        }
    }

    /// Strings that stand side by side are one.
    fn strings(&mut self) -> Result<String, GypError> {
        let mut text = String::new();
        while let Some(quote @ (b'\'' | b'"')) = self.next_byte() {
            let triple = [quote; 3];
            let is_long = self.text.as_bytes()[self.at..].starts_with(&triple);
            self.at += if is_long { 3 } else { 1 };
            loop {
                let rest = &self.text[self.at..];
                let Some(c) = rest.chars().next() else { return self.fault("a text without its end") };
                if is_long && rest.as_bytes().starts_with(&triple) {
                    self.at += 3;
                    break;
                }
                self.at += c.len_utf8();
                match c {
                    '\\' => match self.text[self.at..].chars().next() {
                        Some(escaped) => {
                            self.at += escaped.len_utf8();
                            match escaped {
                                '\n' => {}
                                'n' => text.push('\n'),
                                't' => text.push('\t'),
                                '\\' | '\'' | '"' => text.push(escaped),
                                // What other escapes hide is not what it looks like.
                                _ => return self.fault("an escape"),
                            }
                        }
                        None => return self.fault("a text without its end"),
                    },
                    c if !is_long && c == char::from(quote) => break,
                    '\n' if !is_long => return self.fault("a text without its end"),
                    c => text.push(c),
                }
            }
        }
        Ok(text)
    }

    /// The next byte that is neither space nor comment.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => self.at += 1,
                b'#' => self.skip(|byte| byte != b'\n'),
                _ => return Some(byte),
            }
        }
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.text.as_bytes().get(self.at).is_some_and(|&byte| wanted(byte)) {
            self.at += 1;
        }
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, GypError> {
        Err(GypError { at: self.at.min(self.text.len()), what })
    }
}

/// The text up to the bracket that belongs to the one before it.
fn up_to_bracket(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return &text[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commands_and_includes() {
        let gyp = parse(
            "# x\n{\n 'variables': {'a%': 1, 'napi': '<!(node -p \"require(\\'x\\')\")'},\n 'includes': ['common.gypi', \"b\" \"c.gypi\"],\n \
             'targets': [{'target_name': 'x', 'include_dirs': ['<!@(node -p \"require(\\'node-addon-api\\').include\")', 'src'],\n \
             'conditions': [['OS==\"win\"', {'defines': ['X=1',],}]],\n 'actions': [{'action_name': 'g', 'inputs': [], 'action': ['node', 'gen.js', '<@(_outputs)']}]}],\n}",
        )
        .unwrap();
        assert_eq!(gyp.lines, ["node -p \"require('x')\"", "node -p \"require('node-addon-api').include\""]);
        assert_eq!(gyp.actions, [["node", "gen.js", "<@(_outputs)"]]);
        assert_eq!(gyp.includes, ["common.gypi", "bc.gypi"]);
        assert!(gyp.python.is_empty());
    }

    #[test]
    fn python_is_noticed() {
        let gyp =
            parse("{'conditions': [[\"().__class__.__bases__\", {}]], 'a': '<!pymod_do_main(x)'}").unwrap();
        assert_eq!(gyp.python.len(), 2);
    }

    #[test]
    fn what_is_no_gyp_file_is_an_error() {
        for text in
            ["{", "}", "{'a': x}", "{'a", "import os", "{'a': '\\x41'}", &"[".repeat(1_000), "{'a': 1 $ 2}"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[\\[\\]{}()'\"#:,<!@\\\\a-c0\u{feff}\u{e9} \n]{0,80}") {
            let _ = parse(&text);
        }
    }
}
