//! Edits of manifests that change what is meant and nothing else: key order, indentation, line ends and comments stay.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Why a file could not be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Not JSON, or not an object where one is needed.
    #[error("cannot edit the manifest: {0}")]
    Manifest(String),
    /// No dependency table has the name.
    #[error("cannot edit the manifest: no dependency table has {0:?}")]
    Missing(String),
    /// A form of YAML that is left to its author.
    #[error("cannot edit pnpm-workspace.yaml: {0}")]
    Workspace(&'static str),
}

const TABLES: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

/// The members of a JSON object with their raw values, which are parts of the text that was read.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((Cow::Owned(member.0), member.1));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Result<Self, EditError> {
        serde_json::from_str(text).map_err(|error| EditError::Manifest(error.to_string()))
    }

    /// The value of a key; of several, the last, as every reader takes it.
    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.get())
    }
}

/// Where `part`, a slice of `text`, stands in it.
fn span(text: &str, part: &str) -> std::ops::Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + part.len()
}

fn json_body(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn splice(text: &str, at: std::ops::Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..at.start], &text[at.end..])
}

/// The manifest with another specifier for a dependency, in each table that has it.
///
/// # Errors
/// No manifest, or none of its tables has the name.
pub fn set_requirement(manifest: &str, name: &str, specifier: &str) -> Result<String, EditError> {
    let members = Members::read(json_body(manifest))?;
    let mut spans = Vec::new();
    for table in TABLES.iter().filter_map(|table| members.get(table)) {
        if let Some(value) = Members::read(table)?.get(name) {
            spans.push(span(manifest, value));
        }
    }
    if spans.is_empty() {
        return Err(EditError::Missing(name.to_owned()));
    }
    // From the end, so that earlier places stay where they are.
    spans.sort_by_key(|span| std::cmp::Reverse(span.start));
    Ok(spans.into_iter().fold(manifest.to_owned(), |text, at| splice(&text, at, &quoted(specifier))))
}

/// The manifest with an override at `path` (`overrides`; `resolutions`; `pnpm`, `overrides`), made or changed.
///
/// # Errors
/// No manifest, or something else than an object on the path.
pub fn set_manifest_override(
    manifest: &str,
    path: &[&str],
    selector: &str,
    version: &str,
) -> Result<String, EditError> {
    let mut object = json_body(manifest).trim();
    Members::read(object)?;
    for (depth, key) in path.iter().enumerate() {
        match Members::read(object)?.get(key) {
            Some(inner) => object = inner,
            None => return insert(manifest, object, &path[depth..], selector, version),
        }
    }
    match Members::read(object)?.get(selector) {
        Some(value) if value.starts_with('{') => {
            // npm's form with nested rules: `.` is the package itself.
            set_manifest_override(manifest, &[path, &[selector]].concat(), ".", version)
        }
        Some(value) => Ok(splice(manifest, span(manifest, value), &quoted(version))),
        None => insert(manifest, object, &[], selector, version),
    }
}

/// Adds `selector: version` to an object, within new objects of the keys of `path`.
fn insert(
    manifest: &str,
    object: &str,
    path: &[&str],
    selector: &str,
    version: &str,
) -> Result<String, EditError> {
    let layout = Layout::of(manifest, object);
    let (key, value) = match path.split_first() {
        None => (selector, quoted(version)),
        Some((first, rest)) => {
            let mut value = layout.object(selector, &quoted(version), rest.len() + 1);
            for (depth, key) in rest.iter().enumerate().rev() {
                value = layout.object(key, &value, depth + 1);
            }
            (*first, value)
        }
    };
    let member = format!("{}:{}{value}", quoted(key), layout.space);
    let members = Members::read(object)?;
    let last_end = members.0.iter().map(|(_, value)| span(manifest, value.get()).end).max();
    let (at, text) = match last_end {
        Some(end) => (end..end, format!(",{}{member}", layout.line(1))),
        None => {
            let inner = span(manifest, object);
            (inner.start + 1..inner.end - 1, format!("{}{member}{}", layout.line(1), layout.line(0)))
        }
    };
    Ok(splice(manifest, at, &text))
}

/// How an object is laid out: on lines or on one.
struct Layout<'a> {
    newline: &'static str,
    /// Indentation of one level; `None` where the manifest is on one line.
    unit: Option<&'a str>,
    /// Indentation of the object's own closing brace.
    base: &'a str,
    space: &'static str,
}

impl<'a> Layout<'a> {
    fn of(manifest: &'a str, object: &str) -> Self {
        let newline = if manifest.contains("\r\n") { "\r\n" } else { "\n" };
        let at = span(manifest, object).start;
        let line = manifest[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let base = leading_space(manifest[line..].trim_start_matches('\u{feff}'));
        let unit = manifest.lines().map(leading_space).find(|indent| !indent.is_empty());
        let is_on_lines = json_body(manifest).trim_end().contains('\n');
        let unit = if is_on_lines { Some(unit.unwrap_or("  ")) } else { None };
        let space = if is_on_lines || manifest.contains("\": ") { " " } else { "" };
        Self { newline, unit, base, space }
    }

    /// A line break and the indentation of `depth` levels below the object.
    fn line(&self, depth: usize) -> String {
        self.unit
            .map(|unit| format!("{}{}{}", self.newline, self.base, unit.repeat(depth)))
            .unwrap_or_default()
    }

    /// An object of one member whose closing brace stands `depth` levels below the object.
    fn object(&self, key: &str, value: &str, depth: usize) -> String {
        format!("{{{}{}:{}{value}{}}}", self.line(depth + 1), quoted(key), self.space, self.line(depth))
    }
}

fn leading_space(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// `pnpm-workspace.yaml` with an override, made or changed.
///
/// # Errors
/// `overrides` in a form that is not one plain entry per line.
pub fn set_workspace_override(yaml: &str, selector: &str, version: &str) -> Result<String, EditError> {
    let newline = if yaml.contains("\r\n") { "\r\n" } else { "\n" };
    let entry = |indent: &str| format!("{indent}{}: {}{newline}", yaml_text(selector), yaml_text(version));
    let lines: Vec<&str> = yaml.split_inclusive('\n').collect();
    let Some(head) = lines.iter().position(|line| is_key(line, "overrides")) else {
        let gap = if yaml.is_empty() || yaml.ends_with('\n') { "" } else { newline };
        return Ok(format!("{yaml}{gap}overrides:{newline}{}", entry("  ")));
    };
    let rest = lines[head].trim_end().trim_start_matches(|c| c != ':').trim_start_matches(':').trim();
    let rest = if rest.starts_with('#') { "" } else { rest };
    if rest == "{}" {
        let with = format!("overrides:{newline}{}", entry("  "));
        return Ok(lines[..head].concat() + &with + &lines[head + 1..].concat());
    }
    if !rest.is_empty() {
        return Err(EditError::Workspace("its overrides are not written one per line"));
    }
    let mut indent = "  ";
    let mut last = head;
    for (at, line) in lines.iter().enumerate().skip(head + 1) {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if leading_space(line).is_empty() {
            break;
        }
        indent = leading_space(line);
        last = at;
        if is_key(text, selector) {
            return Ok(lines[..at].concat() + &entry(indent) + &lines[at + 1..].concat());
        }
    }
    let gap = if lines[last].ends_with('\n') { "" } else { newline };
    Ok(lines[..=last].concat() + gap + &entry(indent) + &lines[last + 1..].concat())
}

/// Whether a line starts with the key, quoted in whatever way.
fn is_key(line: &str, key: &str) -> bool {
    let rest = ["'", "\"", ""].iter().find_map(|quote| {
        line.strip_prefix(quote)?.strip_prefix(key)?.strip_prefix(quote)?.trim_start().strip_prefix(':')
    });
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// A YAML scalar that reads back as this text and not as a number.
fn yaml_text(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_change_in_place() {
        let manifest = "{\r\n\t\"name\": \"x\",\r\n\t\"devDependencies\": { \"a\" : \"^1\", \"b\":\"2\" },\r\n\t\"dependencies\": {\"a\": \"1.0.0\"}\r\n}\r\n";
        let edited = set_requirement(manifest, "a", "^2.0.0").unwrap();
        assert_eq!(edited, manifest.replace("\"^1\"", "\"^2.0.0\"").replace("\"1.0.0\"", "\"^2.0.0\""));
        assert_eq!(set_requirement(manifest, "c", "1"), Err(EditError::Missing("c".to_owned())));
        assert!(set_requirement("[]", "a", "1").is_err() && set_requirement("{", "a", "1").is_err());
        assert_eq!(
            set_requirement("\u{feff}{\"dependencies\":{\"a\":\"1\"}}", "a", "2").unwrap(),
            "\u{feff}{\"dependencies\":{\"a\":\"2\"}}"
        );
    }

    #[test]
    fn overrides_are_made_and_changed() {
        let set = |text: &str, path: &[&str]| set_manifest_override(text, path, "a", "2.0.0").unwrap();
        assert_eq!(
            set("{\n    \"name\": \"x\"\n}\n", &["overrides"]),
            "{\n    \"name\": \"x\",\n    \"overrides\": {\n        \"a\": \"2.0.0\"\n    }\n}\n"
        );
        assert_eq!(
            set("{\n  \"name\": \"x\"\n}", &["pnpm", "overrides"]),
            "{\n  \"name\": \"x\",\n  \"pnpm\": {\n    \"overrides\": {\n      \"a\": \"2.0.0\"\n    }\n  }\n}"
        );
        assert_eq!(
            set("{\n  \"pnpm\": {\n    \"x\": 1\n  },\n  \"y\": 2\n}", &["pnpm", "overrides"]),
            "{\n  \"pnpm\": {\n    \"x\": 1,\n    \"overrides\": {\n      \"a\": \"2.0.0\"\n    }\n  },\n  \"y\": 2\n}"
        );
        assert_eq!(
            set("{\n  \"overrides\": {\n    \"b\": \"1\"\n  }\n}", &["overrides"]),
            "{\n  \"overrides\": {\n    \"b\": \"1\",\n    \"a\": \"2.0.0\"\n  }\n}"
        );
        assert_eq!(set("{\"overrides\":{\"a\":\"1\"}}", &["overrides"]), "{\"overrides\":{\"a\":\"2.0.0\"}}");
        assert_eq!(set("{\"x\":1}", &["overrides"]), "{\"x\":1,\"overrides\":{\"a\":\"2.0.0\"}}");
        assert_eq!(set("{}", &["overrides"]), "{\"overrides\":{\"a\":\"2.0.0\"}}");
        assert_eq!(
            set("{\n  \"overrides\": {}\n}", &["overrides"]),
            "{\n  \"overrides\": {\n    \"a\": \"2.0.0\"\n  }\n}"
        );
        assert_eq!(
            set("{\"overrides\":{\"a\":{\"b\":\"1\"}}}", &["overrides"]),
            "{\"overrides\":{\"a\":{\"b\":\"1\",\".\":\"2.0.0\"}}}"
        );
        assert!(set_manifest_override("{\"overrides\":[]}", &["overrides"], "a", "1").is_err());
    }

    #[test]
    fn workspace_overrides_are_made_and_changed() {
        let set = |text: &str| set_workspace_override(text, "a@1", "2.0.0").unwrap();
        assert_eq!(set(""), "overrides:\n  'a@1': '2.0.0'\n");
        assert_eq!(set("packages:\n  - x"), "packages:\n  - x\noverrides:\n  'a@1': '2.0.0'\n");
        assert_eq!(
            set("overrides: # why\n    b: 1\n\n# end\nx: 1\n"),
            "overrides: # why\n    b: 1\n    'a@1': '2.0.0'\n\n# end\nx: 1\n"
        );
        assert_eq!(set("overrides:\r\n  \"a@1\": 1\r\n  b: 2"), "overrides:\r\n  'a@1': '2.0.0'\r\n  b: 2");
        assert_eq!(set("overrides: {}\nx: 1"), "overrides:\n  'a@1': '2.0.0'\nx: 1");
        assert!(set_workspace_override("overrides: {a: 1}", "a", "1").is_err());
    }

    proptest::proptest! {
        #[test]
        fn an_edited_manifest_reads_back(
            text in r#"\{( ?"[a-c]" ?: ?("1"|\{\}|\{"a":"1"\}|\[1\]|"é"),?\n?)*\}"#,
            name in "[a-d]",
        ) {
            for path in [&["a"][..], &["b", "a"]] {
                if let Ok(edited) = set_manifest_override(&text, path, &name, "9.9.9") {
                    let mut value: serde_json::Value = serde_json::from_str(&edited).unwrap();
                    for key in path {
                        value = value[key].take();
                    }
                    let value = if value[&name].is_object() { value[&name]["."].take() } else { value[&name].take() };
                    proptest::prop_assert_eq!(value, "9.9.9");
                }
            }
            let _ = set_workspace_override(&text, &name, "1");
        }
    }
}
