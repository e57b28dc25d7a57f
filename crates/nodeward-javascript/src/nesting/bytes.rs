//! Where words, comments and regular expressions end.

use memchr::memchr3;

pub(super) const fn is_word(byte: u8) -> bool {
    WORDS[byte as usize]
}

const WORDS: [bool; 256] = {
    let mut words = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        words[at] =
            byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'_' | b'$' | b'#' | b'\\');
        at += 1;
    }
    words
};

/// The end of the blanks that start at `from`, within the line.
pub(super) fn space_end(text: &[u8], from: usize) -> usize {
    let blanks = text[from..].iter().take_while(|&&byte| byte == b' ' || byte == b'\t');
    from + blanks.count()
}

/// The end of the word that starts at `from`: letters, digits, escapes, whatever is beyond ASCII.
pub(super) fn word_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    // Most words are of plain letters.
    while text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        at += 1;
    }
    while let Some(&byte) = text.get(at).filter(|&&byte| at == from || is_word(byte)) {
        at += 1;
        if byte == b'\\' && text[at..].starts_with(b"u{") {
            at += text[at..].iter().take_while(|&&byte| is_word(byte) || byte == b'{').count();
            at += usize::from(text.get(at) == Some(&b'}'));
        }
    }
    at
}

/// The end of a line that a comment fills.
pub(super) fn line_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = memchr3(b'\n', b'\r', 0xe2, &text[at..]) {
        at += found;
        if text[at] != 0xe2 || matches!(text.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) {
            return at;
        }
        at += 1;
    }
    text.len()
}

/// What a regular expression that may start at a `/` comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Regex {
    /// It ends before this byte, its flags included.
    End(usize),
    /// The line ends first.
    None,
    /// The text ends first.
    Unfinished,
}

/// The regular expression that may start at `from`.
pub(super) fn regex_end(text: &[u8], from: usize) -> Regex {
    let mut at = from + 1;
    let mut class = false;
    loop {
        let Some(byte) = text.get(at) else { return Regex::Unfinished };
        match byte {
            b'\n' | b'\r' => return Regex::None,
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => break,
            0xe2 if matches!(text.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => return Regex::None,
            _ => {}
        }
        at += 1;
    }
    let flags = text[at + 1..].iter().take_while(|&&byte| is_word(byte) && byte != b'\\').count();
    Regex::End(at + 1 + flags)
}

/// Whether what starts with `<` could be the parameters of a generic arrow function and not a tag.
pub(super) fn may_be_type_parameters(rest: &[u8]) -> bool {
    let name = rest[1..].iter().take_while(|&&byte| is_word(byte)).count();
    let after = rest[1 + name..].iter().position(|byte| !byte.is_ascii_whitespace());
    let Some(after) = after.map(|at| &rest[1 + name + at..]) else { return false };
    &rest[1..=name] == b"const"
        || after.starts_with(b",")
        || after.starts_with(b"extends")
        || after.starts_with(b"=")
}
