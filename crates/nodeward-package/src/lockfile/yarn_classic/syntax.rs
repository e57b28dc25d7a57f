//! The syntax of yarn 1's lockfile: lines of words, nested by indentation.

use std::borrow::Cow;

use crate::lockfile::LockfileError;
use crate::lockfile::source::Source;
use crate::lockfile::yaml::shorten;

/// One entry: what some patterns resolved to.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// At least one.
    pub(super) patterns: Vec<Cow<'a, str>>,
    /// Byte offset of the first pattern.
    pub(super) offset: usize,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) resolved: Option<Cow<'a, str>>,
    pub(super) integrity: Option<Cow<'a, str>>,
    pub(super) dependencies: Vec<Dependency<'a>>,
}

/// One line of an entry's requirements.
#[derive(Debug)]
pub(super) struct Dependency<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) range: Cow<'a, str>,
    pub(super) group: Group,
}

/// Which requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Dependencies,
    OptionalDependencies,
}

/// What the lines inside of an entry belong to.
#[derive(Clone, Copy)]
enum Inside {
    /// The entry itself.
    Entry,
    /// A group of requirements with lines indented by more than this.
    Requirements(Group, usize),
    /// A group that says nothing about requirements.
    Other(usize),
}

/// Reads every entry.
pub(super) fn parse<'a>(source: &Source<'a>) -> Result<Vec<Entry<'a>>, LockfileError> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut inside = Inside::Entry;
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let line_start = start;
        start += line.len();
        let line = line.trim_end_matches(['\n', '\r', ' ']);
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let offset = line_start + indent;
        if content.starts_with('#') && content.contains('\r') {
            // To yarn all of it is one comment, and what it locks is lost without a word.
            return Err(
                source.syntax(offset, "lines that end in a carriage return alone; yarn sees only a comment")
            );
        }
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if content.starts_with('\t') {
            return Err(source.syntax(offset, "a tab in the indentation; yarn takes only spaces there"));
        }
        let words = Words { source, text: content, offset };
        if indent == 0 {
            entries.push(words.header()?);
            inside = Inside::Entry;
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            return Err(source.syntax(offset, "an indented line that belongs to no entry"));
        };
        inside = match inside {
            Inside::Requirements(group, outer) if indent > outer => {
                let (name, range) = words.pair()?;
                entry.dependencies.push(Dependency { name, range, group });
                inside
            }
            Inside::Other(outer) if indent > outer => inside,
            _ => words.field(entry, indent)?,
        };
    }
    Ok(entries)
}

/// The words of one line.
struct Words<'s, 'a> {
    source: &'s Source<'a>,
    text: &'a str,
    offset: usize,
}

impl<'a> Words<'_, 'a> {
    /// `pattern, "pattern":`
    fn header(mut self) -> Result<Entry<'a>, LockfileError> {
        let offset = self.offset;
        let Some(text) = self.text.strip_suffix(':') else {
            return Err(self.error("expected patterns that end in a colon"));
        };
        self.text = text;
        let mut patterns = Vec::new();
        loop {
            let pattern = match self.text.starts_with('"') {
                true => self.quoted()?,
                false => {
                    let end = self.text.find(',').unwrap_or(self.text.len());
                    Cow::Borrowed(self.take(end).trim_end())
                }
            };
            if pattern.is_empty() {
                return Err(self.error("expected a pattern such as name@range"));
            }
            patterns.push(pattern);
            self.skip_spaces();
            if self.text.is_empty() {
                break;
            }
            if !self.text.starts_with(',') {
                return Err(self.error("expected a comma between patterns"));
            }
            self.take(1);
            self.skip_spaces();
        }
        let (name, version, resolved, integrity) = (None, None, None, None);
        Ok(Entry { patterns, offset, name, version, resolved, integrity, dependencies: Vec::new() })
    }

    /// A line of an entry; gives what the lines below it belong to.
    fn field(mut self, entry: &mut Entry<'a>, indent: usize) -> Result<Inside, LockfileError> {
        if let Some(group) = self.text.strip_suffix(':') {
            return Ok(match group.trim_matches('"') {
                "dependencies" => Inside::Requirements(Group::Dependencies, indent),
                "optionalDependencies" => Inside::Requirements(Group::OptionalDependencies, indent),
                _ => Inside::Other(indent),
            });
        }
        let start = self.offset;
        let key = self.word()?;
        let value = self.value()?;
        let field = match &*key {
            "name" => &mut entry.name,
            "version" => &mut entry.version,
            "resolved" => &mut entry.resolved,
            "integrity" => &mut entry.integrity,
            _ => return Ok(Inside::Entry),
        };
        if field.replace(value).is_some() {
            return Err(self.source.syntax(start, format!("the entry has a second {key:?}")));
        }
        Ok(Inside::Entry)
    }

    /// `name "range"`
    fn pair(mut self) -> Result<(Cow<'a, str>, Cow<'a, str>), LockfileError> {
        let name = self.word()?;
        Ok((name, self.value()?))
    }

    fn word(&mut self) -> Result<Cow<'a, str>, LockfileError> {
        let word = match self.text.starts_with('"') {
            true => self.quoted()?,
            false => {
                let end = self.text.find(' ').unwrap_or(self.text.len());
                Cow::Borrowed(self.take(end))
            }
        };
        if !self.text.starts_with(' ') {
            return Err(self.error("expected a value"));
        }
        self.skip_spaces();
        Ok(word)
    }

    /// The rest of the line.
    fn value(&mut self) -> Result<Cow<'a, str>, LockfileError> {
        if !self.text.starts_with('"') {
            return Ok(Cow::Borrowed(self.take(self.text.len())));
        }
        let value = self.quoted()?;
        if self.text.is_empty() { Ok(value) } else { Err(self.error("unexpected text after a value")) }
    }

    /// A text in quotes, with JSON's escapes.
    fn quoted(&mut self) -> Result<Cow<'a, str>, LockfileError> {
        let bytes = self.text.as_bytes();
        let mut from = 1;
        let mut escaped = false;
        loop {
            let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(from..).unwrap_or_default()) else {
                return Err(self.error("this quote is never closed"));
            };
            let at = from + found;
            if bytes[at] == b'\\' {
                escaped = true;
                from = at + 2;
                continue;
            }
            if !escaped {
                let text = self.take(at + 1);
                return Ok(Cow::Borrowed(&text[1..at]));
            }
            let text: String = serde_json::from_str(&self.text[..=at])
                .map_err(|_| self.error("an escape that JSON does not know"))?;
            self.take(at + 1);
            return Ok(Cow::Owned(text));
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.text.split_at(length);
        self.text = rest;
        self.offset += length;
        taken
    }

    fn skip_spaces(&mut self) {
        let spaces = self.text.len() - self.text.trim_start_matches(' ').len();
        self.take(spaces);
    }

    fn error(&self, message: &str) -> LockfileError {
        let message = match self.text {
            "" => message.to_owned(),
            found => format!("{message}: {:?}", shorten(found)),
        };
        self.source.syntax(self.offset, message)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::lockfile::Input;

    fn read(text: &str) -> Result<String, String> {
        let input = Input { file: Path::new("yarn.lock"), bytes: text.as_bytes(), manifests: &[] };
        let source = Source::new(&input).unwrap();
        let entries = parse(&source).map_err(|error| error.to_string())?;
        let show = |entry: &Entry<'_>| {
            let dependencies: Vec<_> =
                entry.dependencies.iter().map(|d| format!("{} {}", d.name, d.range)).collect();
            let version = entry.version.as_deref().unwrap_or("?");
            format!("{}={version}[{}]", entry.patterns.join("|"), dependencies.join(" "))
        };
        Ok(entries.iter().map(show).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_yarn_writes() {
        for (text, expected) in [
            ("# yarn lockfile v1\n\n\n", ""),
            ("a@^1, \"@s/b@>= 1, < 2\", c@2:\n  version \"1.0\"\n", "a@^1|@s/b@>= 1, < 2|c@2=1.0[]"),
            (
                "a@1:\r\n  \"version\" \"1\"\r\n  dependencies:\r\n    \"@s/b\" \">=1 <2\"\r\n    c d\r\n",
                "a@1=1[@s/b >=1 <2 c d]",
            ),
            ("a@1:\n  optionalDependencies:\n    b \"1\"\n  version \"2\"\n", "a@1=2[b 1]"),
            ("a@x:y:\n  version \"1\"\n  permissions:\n    x true\n  uid foo\n", "a@x:y=1[]"),
            ("\"a\\u0040\\\"1\":\n  version \"1\"", "a@\"1=1[]"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, place, message) in [
            ("a@1\n  version \"1\"\n", "yarn.lock:1:1", "colon"),
            ("  version \"1\"\n", "yarn.lock:1:3", "no entry"),
            ("a@1:\n  version\n", "yarn.lock:2:10", "value"),
            ("a@1:\n  version \"1\n", "yarn.lock:2:11", "never closed"),
            ("a@1:\n  version \"1\" 2\n", "yarn.lock:2:14", "after"),
            ("a@1:\n  version \"1\"\n  version \"2\"\n", "yarn.lock:3:3", "second"),
            ("\"a\" b:\n", "yarn.lock:1:5", "comma"),
            ("a,, b:\n", "yarn.lock:1:3", "pattern"),
            ("a@1:\n\tversion \"1\"\n", "yarn.lock:2:1", "tab"),
            ("a@1:\n  version \"\\q\"\n", "yarn.lock:2:11", "escape"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(place) && error.contains(message), "{text:?}: {error}");
        }
    }
}
