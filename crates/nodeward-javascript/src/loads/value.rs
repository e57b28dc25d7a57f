//! What an expression can be, as far as it is known, and Node.js's functions on paths over it.

use crate::oxc::ast::{Expression, ObjectExpression};

use super::{HOLE, NAME};

/// The most values that are followed through one expression. Past that, a text is any text.
pub(super) const MOST: usize = 256;

/// The longest text that is followed, in bytes. No path is longer.
const LONGEST: usize = 4_096;

/// One thing that an expression can be.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// A text; [`HOLE`] and [`NAME`] stand in it for what is not known. Addresses of files are texts too.
    Text(String),
    /// An array, element by element.
    List { elements: Vec<Known<'a>>, rest: Rest },
    /// An object that is written out.
    Record(&'a ObjectExpression<'a>),
    /// A function of this file: an arrow or a function expression, or the declaration.
    Function(Callable<'a>),
    /// `require`, from the point of view of a file or folder; `None` for the file itself.
    Require(Option<String>),
    /// `require.call`, `apply` or `bind`, which is named.
    Through(&'static str, Option<String>),
    /// `require.resolve`.
    Resolve(Option<String>),
    /// A function that does nothing but `import()`.
    Import,
    /// A module of Node.js: `path`.
    Builtin(String),
    /// What a module of Node.js exports: `path` and `join`.
    Member(String, String),
    /// What another package exports.
    Package(String),
    /// A member of what another package exports.
    PackageMember(String, String),
    /// `process.execPath`.
    Executable,
    /// What a promise will be.
    Promise(Box<Known<'a>>),
}

/// What else an array holds beside the elements that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: these elements in this order.
    Nothing,
    /// The same again: each element any number of times, in any order.
    Same,
    /// Anything.
    Anything,
}

/// A function of the file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Callable<'a> {
    /// `x => x`
    Arrow(&'a crate::oxc::ast::ArrowFunctionExpression<'a>),
    /// `function (x) {}`
    Function(&'a crate::oxc::ast::Function<'a>),
}

/// All that an expression can be.
#[derive(Debug, Clone, Default)]
pub(super) struct Known<'a> {
    /// What it can be.
    pub(super) values: Vec<Value<'a>>,
    /// Whether it can be something else.
    pub(super) open: bool,
}

impl<'a> Known<'a> {
    /// Anything at all.
    pub(super) fn anything() -> Self {
        Self { values: Vec::new(), open: true }
    }

    /// Nothing yet.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// Exactly one thing.
    pub(super) fn one(value: Value<'a>) -> Self {
        Self { values: vec![value], open: false }
    }

    /// Exactly one text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::one(Value::Text(text.into()))
    }

    /// Adds what something else can be.
    pub(super) fn add(&mut self, other: Self) {
        self.open |= other.open;
        for value in other.values {
            self.push(value);
        }
    }

    fn push(&mut self, value: Value<'a>) {
        let is_long = matches!(&value, Value::Text(text) if text.len() > LONGEST);
        if self.values.len() >= MOST || is_long {
            self.open = true;
            return;
        }
        if let Value::Text(text) = &value
            && self.values.iter().any(|known| matches!(known, Value::Text(known) if known == text))
        {
            return;
        }
        self.values.push(value);
    }

    /// The texts that it can be.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The texts that it can be, and [`HOLE`] if it can be something else.
    pub(super) fn pieces(&self) -> Vec<String> {
        let mut pieces: Vec<String> = self.texts().map(str::to_owned).collect();
        if self.open || pieces.len() < self.values.len() {
            pieces.push(HOLE.to_string());
        }
        pieces
    }

    /// The texts with something done to each.
    pub(super) fn map_texts(&self, change: impl Fn(&str) -> String) -> Self {
        let mut changed = Self { values: Vec::new(), open: self.open };
        for text in self.texts() {
            changed.push(Value::Text(change(text)));
        }
        changed
    }

    /// What its elements can be, if it is an array.
    pub(super) fn elements(&self) -> Self {
        let mut all = Self { values: Vec::new(), open: self.open };
        for value in &self.values {
            match value {
                Value::List { elements, rest } => {
                    all.open |= *rest == Rest::Anything;
                    for element in elements {
                        all.add(element.clone());
                    }
                }
                _ => all.open = true,
            }
        }
        all
    }
}

/// All ways to choose one text of each, joined by `join`. Too many are one hole.
pub(super) fn combine<'a>(parts: &[Vec<String>], join: impl Fn(&[&str]) -> String) -> Known<'a> {
    if parts.iter().any(Vec::is_empty) {
        // Where a part can be nothing at all, the whole is never made.
        return Known::nothing();
    }
    let count = parts.iter().try_fold(1usize, |count, part| count.checked_mul(part.len().max(1)));
    let fewer: Vec<Vec<String>>;
    let parts = if count.is_none_or(|count| count > MOST) {
        fewer = reduced(parts);
        &fewer
    } else {
        parts
    };
    let mut all = Known::nothing();
    let mut at = vec![0; parts.len()];
    loop {
        let chosen: Vec<&str> = parts.iter().zip(&at).map(|(part, &at)| part[at].as_str()).collect();
        all.push(Value::Text(join(&chosen)));
        let mut place = 0;
        loop {
            if place == parts.len() {
                return all;
            }
            at[place] += 1;
            if at[place] < parts[place].len() {
                break;
            }
            at[place] = 0;
            place += 1;
        }
    }
}

/// The parts with a hole for each that varies.
pub(super) fn reduced(parts: &[Vec<String>]) -> Vec<Vec<String>> {
    let hole = || vec![HOLE.to_string()];
    parts.iter().map(|part| if part.len() > 1 { hole() } else { part.clone() }).collect()
}

/// Texts put together, holes merged.
pub(super) fn concatenate(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        for character in part.chars() {
            if character == HOLE && text.ends_with(HOLE) {
                continue;
            }
            text.push(character);
        }
    }
    text
}

/// `path.join`.
pub(super) fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    normalise(&parts.join("/"))
}

/// `path.resolve`, from a working directory. A hole is not taken for an absolute path.
pub(super) fn resolve(parts: &[&str], working: &str) -> String {
    let from = parts.iter().rposition(|part| is_absolute(part));
    let kept = match from {
        Some(from) => parts[from..].to_vec(),
        None => std::iter::once(working).chain(parts.iter().copied()).collect(),
    };
    let joined = join(&kept);
    let trimmed = joined.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

/// Whether a path starts at a root: `/`, or a drive.
pub(super) fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.first() == Some(&b'/')
        || bytes.len() > 2
            && bytes[0].is_ascii_alphabetic()
            && bytes[1] == b':'
            && matches!(bytes[2], b'/' | b'\\')
}

/// `path.normalize`, a trailing slash kept.
pub(super) fn normalise(path: &str) -> String {
    let absolute = path.starts_with('/');
    let trailing = path.ends_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                _ if absolute => {}
                _ => kept.push(".."),
            },
            other => kept.push(other),
        }
    }
    let mut text = kept.join("/");
    if absolute {
        text.insert(0, '/');
    }
    if text.is_empty() {
        text.push('.');
    }
    if trailing && !text.ends_with('/') {
        text.push('/');
    }
    text
}

/// `path.dirname`.
pub(super) fn dirname(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path.rfind('/') {
        Some(0) => "/".to_owned(),
        Some(at) => path[..at].to_owned(),
        None => ".".to_owned(),
    }
}

/// `path.basename`, without an ending if one is given.
pub(super) fn basename(path: &str, ending: Option<&str>) -> String {
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = match ending {
        Some(ending) if name.len() > ending.len() => name.strip_suffix(ending).unwrap_or(name),
        _ => name,
    };
    name.to_owned()
}

/// The path of a `file:` address; other texts as they are.
pub(super) fn path_of_address(text: &str) -> String {
    let Some(rest) = text.strip_prefix("file://") else { return text.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let mut path = Vec::with_capacity(rest.len());
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let digits = rest.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                path.push(byte);
                at += 3;
            }
            None => {
                path.push(bytes[at]);
                at += 1;
            }
        }
    }
    let path = String::from_utf8_lossy(&path).into_owned();
    // A drive: `/C:/a`.
    match path.strip_prefix('/') {
        Some(rest) if rest.as_bytes().get(1) == Some(&b':') => rest.to_owned(),
        _ => path,
    }
}

/// `new URL(relative, base)`, where the base is a `file:` address.
pub(super) fn address(relative: &str, base: &str) -> Option<String> {
    if relative.starts_with("file://") {
        return Some(relative.to_owned());
    }
    let base = base.strip_prefix("file://")?;
    let has_scheme = relative.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    if has_scheme || relative.starts_with("//") {
        return None;
    }
    let relative = relative.split(['?', '#']).next().unwrap_or(relative);
    if relative.starts_with('/') {
        return Some(format!("file://{}", normalise(relative)));
    }
    let folder = base.rfind('/').map_or("", |at| &base[..=at]);
    if relative.is_empty() {
        return Some(format!("file://{base}"));
    }
    Some(format!("file://{}", normalise(&format!("{folder}{relative}"))))
}

/// What a glob pattern can match, in our own two marks.
pub(super) fn of_glob(pattern: &str) -> String {
    let mut text = String::new();
    let mut depth = 0;
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' | '(' | '[' => {
                depth += 1;
                text.push(HOLE);
            }
            '}' | ')' | ']' => depth = i32::max(depth - 1, 0),
            _ if depth > 0 => {}
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                // `**/` is also no folder at all.
                rest.next_if_eq(&'/');
                text.push(HOLE);
            }
            '*' | '?' => text.push(NAME),
            '!' | '+' | '@' if rest.peek() == Some(&'(') => {}
            other => text.push(other),
        }
    }
    concatenate(&[&text])
}

/// The expression without what does not change its value.
pub(super) fn bare<'e, 'a>(mut expression: &'e Expression<'a>) -> &'e Expression<'a> {
    loop {
        expression = match expression {
            Expression::ParenthesizedExpression(inner) => &inner.expression,
            Expression::TSAsExpression(inner) => &inner.expression,
            Expression::TSSatisfiesExpression(inner) => &inner.expression,
            Expression::TSNonNullExpression(inner) => &inner.expression,
            Expression::TSTypeAssertion(inner) => &inner.expression,
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(join(&["/a/b", "..", "c"]), "/a/c");
        assert_eq!(join(&["a", "", "./b/"]), "a/b/");
        assert_eq!(join(&["/", "..", ".."]), "/");
        assert_eq!(join(&[".", "..", "x"]), "../x");
        assert_eq!(resolve(&["a", "/b", "c"], "/w"), "/b/c");
        assert_eq!(resolve(&["a"], "/w"), "/w/a");
        assert_eq!(dirname("/a/b.js"), "/a");
        assert_eq!(dirname("b.js"), ".");
        assert_eq!(basename("/a/b.js", Some(".js")), "b");
        assert_eq!(normalise("./"), "./");
    }

    #[test]
    fn addresses() {
        assert_eq!(address("./w.js", "file:///a/b/c.mjs").as_deref(), Some("file:///a/b/w.js"));
        assert_eq!(address("../w.js?x#y", "file:///a/b/c.mjs").as_deref(), Some("file:///a/w.js"));
        assert_eq!(address("https://x.example/y", "file:///a/b/c.mjs"), None);
        assert_eq!(address(".", "file:///a/b/c.mjs").as_deref(), Some("file:///a/b"));
        assert_eq!(path_of_address("file:///a%20b/c.js?q"), "/a b/c.js");
        assert_eq!(path_of_address("file:///a%zz"), "/a%zz");
    }

    #[test]
    fn globs() {
        assert_eq!(of_glob("/a/**/*.{js,ts}"), format!("/a/{HOLE}{NAME}.{HOLE}"));
        assert_eq!(of_glob("/a/b?.js"), format!("/a/b{NAME}.js"));
    }

    #[test]
    fn combinations_are_bounded() {
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let all = combine(&[many.clone(), vec!["/".to_owned()], many], concatenate);
        assert_eq!(all.pieces(), [format!("{HOLE}/{HOLE}")]);
        let few = combine(&[vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]], concatenate);
        assert_eq!(few.pieces(), ["ac", "bc"]);
    }
}
