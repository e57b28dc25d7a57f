//! Package names.

use std::fmt;
use std::sync::Arc;

/// The longest name we take, in bytes. npm's own limit for new packages is 214; a few older ones are longer.
pub const MAX_NAME_BYTES: usize = 512;

/// The name of a package, with its scope if it has one: `lodash`, `@types/node`.
///
/// Holding one means that it is not empty, not absurdly long, and has no character that could end a line, move a
/// cursor or leave a path segment. It may still be a name that npm would not let anyone publish today
/// (capital letters, say): many such are installed. A clone shares the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(Arc<str>);

/// Why a text is no package name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there, or only a scope.
    #[error("a package name is empty")]
    Empty,
    /// Longer than [`MAX_NAME_BYTES`].
    #[error("a package name is longer than {MAX_NAME_BYTES} bytes")]
    TooLong,
    /// A control, white-space, bidirectional or path character.
    #[error("a package name holds {0:?}, which no package name can hold")]
    Character(char),
    /// `.`, `..`, or a slash in the wrong place.
    #[error("a package name is shaped like a path")]
    PathLike,
}

impl PackageName {
    /// Reads a name.
    ///
    /// # Errors
    /// A text that no registry could serve and no `node_modules` folder could hold.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The whole name, scope included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole name, to be held without a copy of it.
    pub fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// The scope without `@`, if there is one.
    pub fn scope(&self) -> Option<&str> {
        self.0.strip_prefix('@')?.split_once('/').map(|(scope, _)| scope)
    }

    /// The name without its scope.
    pub fn unscoped(&self) -> &str {
        match self.0.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
            Some((_, name)) => name,
            None => &self.0,
        }
    }
}

fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_NAME_BYTES {
        return Err(NameError::TooLong);
    }
    let unscoped = match text.strip_prefix('@') {
        Some(rest) => match rest.split_once('/') {
            Some((scope, name)) if !scope.is_empty() => {
                check_segment(scope)?;
                name
            }
            Some(_) => return Err(NameError::Empty),
            None => text,
        },
        None => text,
    };
    check_segment(unscoped)
}

fn check_segment(segment: &str) -> Result<(), NameError> {
    if segment.is_empty() {
        return Err(NameError::Empty);
    }
    // Nearly every name: none of these bytes is looked for below, and dots alone are left to it.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if segment.bytes().all(|byte| is_plain(byte) || byte == b'.') && segment.bytes().any(is_plain) {
        return Ok(());
    }
    if segment == "." || segment == ".." || segment.contains(['/', '\\']) {
        return Err(NameError::PathLike);
    }
    match segment.chars().find(|&c| c.is_control() || c.is_whitespace() || is_invisible(c)) {
        Some(c) => Err(NameError::Character(c)),
        None => Ok(()),
    }
}

/// Characters that change how neighbouring text looks without showing themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for PackageName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for PackageName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_names_are_names() {
        for name in
            ["lodash", "@types/node", "JSONStream", "@", "a.b_c-d~e", "@scope", "8.9.4", "_mocha", ".bin-x"]
        {
            assert!(PackageName::parse(name).is_ok(), "{name}");
        }
        let scoped = PackageName::parse("@types/node").unwrap();
        assert_eq!((scoped.scope(), scoped.unscoped()), (Some("types"), "node"));
        assert_eq!(PackageName::parse("ms").unwrap().scope(), None);
    }

    #[test]
    fn hostile_names_are_refused() {
        for name in [
            "",
            "@/x",
            "@a/",
            "..",
            "a/b",
            "@a/b/c",
            "@../x",
            "a\nb",
            "a\u{1b}[2Jb",
            "a\u{202e}b",
            "a b",
            "a\\b",
        ] {
            assert!(PackageName::parse(name).is_err(), "{name:?}");
        }
        assert_eq!(PackageName::parse(&"a".repeat(513)), Err(NameError::TooLong));
    }
}
