//! The parts of a `package.json` that say which of its files load.

use std::path::Path;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ArrayExpressionElement, Expression, ObjectExpression, ObjectPropertyKind, PropertyKey, Statement,
};

use crate::parse::{ParseError, parse};
use crate::source::{ModuleFormat, SourceKind};

/// What a `package.json` says of modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its `name`.
    pub name: Option<String>,
    /// How Node.js loads its `.js` files: as its `type` says, and as the text decides where it says nothing.
    pub format: ModuleFormat,
    /// The files that it names in `main`, `exports`, `bin`, `module` and `browser`, relative to its folder and as
    /// written; patterns keep their `*`. Sorted, each once.
    pub entries: Vec<String>,
    /// Its `main`, as written.
    pub main: Option<String>,
    /// Whether it says that nobody shall publish it.
    pub is_private: bool,
    /// Whether it names what others load: `main`, `exports`, `module` or `browser`.
    pub names_exports: bool,
    /// Whether it names programs: `bin`.
    pub names_programs: bool,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            name: None,
            format: ModuleFormat::Unknown,
            entries: vec!["index.js".to_owned()],
            main: None,
            is_private: false,
            names_exports: false,
            names_programs: false,
        }
    }
}

impl Manifest {
    /// Reads the text of a `package.json`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let arena = Allocator::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed = parse(&arena, text, SourceKind::JSON)?;
        let Some(Statement::ExpressionStatement(statement)) = parsed.program.body.first() else {
            return Ok(Self::default());
        };
        let Expression::ObjectExpression(object) = &statement.expression else { return Ok(Self::default()) };
        let format = match string(object, "type") {
            Some("module") => ModuleFormat::Module,
            Some("commonjs") => ModuleFormat::CommonJs,
            _ => ModuleFormat::Unknown,
        };
        let mut entries = Vec::new();
        for field in ["exports", "bin", "module", "browser"] {
            if let Some(value) = value(object, field) {
                files(value, field, &mut entries);
            }
        }
        let main = string(object, "main");
        if let Some(main) = main {
            entries.push(trim(main));
        } else if value(object, "exports").is_none() {
            entries.push("index.js".to_owned());
        }
        entries.sort();
        entries.dedup();
        let is_private =
            matches!(value(object, "private"), Some(Expression::BooleanLiteral(yes)) if yes.value);
        let names = |field: &str| value(object, field).is_some();
        Ok(Self {
            name: string(object, "name").map(str::to_owned),
            format,
            entries,
            main: main.map(trim),
            is_private,
            names_exports: main.is_some()
                || ["exports", "module", "browser"].iter().any(|field| names(field)),
            names_programs: names("bin"),
        })
    }

    /// Whether a file, relative to the package's folder and with `/` between folders, is one that the manifest
    /// names, as Node.js would complete its name.
    pub fn is_entry(&self, file: &Path) -> bool {
        let Some(file) = file.to_str() else { return false };
        let file = file.replace(std::path::MAIN_SEPARATOR, "/");
        self.entries.iter().any(|entry| {
            if let Some((start, end)) = entry.split_once('*') {
                return file.len() >= start.len() + end.len()
                    && file.starts_with(start)
                    && file.ends_with(end);
            }
            let Some(rest) = file.strip_prefix(entry.as_str()) else { return false };
            // A folder's entry is its index; `main` may leave the extension out.
            let index = rest.strip_prefix('/').unwrap_or(if entry.is_empty() { rest } else { "" });
            matches!(rest, "" | ".js" | ".json" | ".cjs" | ".mjs" | ".ts")
                || matches!(index, "index.js" | "index.json" | "index.cjs" | "index.mjs" | "index.ts")
        })
    }
}

fn value<'o, 'a>(object: &'o ObjectExpression<'a>, name: &str) -> Option<&'o Expression<'a>> {
    // The last of two equal keys counts, as for `JSON.parse`.
    object.properties.iter().rev().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => match &property.key {
            PropertyKey::StringLiteral(key) if key.value == name => Some(&property.value),
            _ => None,
        },
        ObjectPropertyKind::SpreadProperty(_) => None,
    })
}

fn string<'o>(object: &'o ObjectExpression<'_>, name: &str) -> Option<&'o str> {
    match value(object, name)? {
        Expression::StringLiteral(string) => Some(string.value.as_str()),
        _ => None,
    }
}

/// The files that a field names at any depth: conditions, subpaths, lists of alternatives.
fn files(value: &Expression<'_>, field: &str, files: &mut Vec<String>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            // In `exports` a path starts with a dot; `browser` may also name another package.
            Expression::StringLiteral(path) if field != "browser" || path.value.starts_with('.') => {
                files.push(trim(&path.value));
            }
            Expression::ArrayExpression(array) => {
                open.extend(array.elements.iter().filter_map(ArrayExpressionElement::as_expression));
            }
            Expression::ObjectExpression(object) => {
                open.extend(object.properties.iter().filter_map(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) => Some(&property.value),
                    ObjectPropertyKind::SpreadProperty(_) => None,
                }));
            }
            _ => {}
        }
    }
}

fn trim(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = if path == "." { "" } else { path };
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_and_format() {
        let manifest = Manifest::parse(
            r#"{ "name": "a", "type": "module", "main": "./lib", "bin": { "a": "bin/a.js" },
                 "exports": { ".": { "import": "./m.mjs", "default": ["./c.cjs"] }, "./x/*": "./src/*.js", "./n": null },
                 "browser": { "./lib/a.js": false, "fs": "other" }, "module": "es/index.js" }"#,
        )
        .unwrap();
        assert_eq!(manifest.name.as_deref(), Some("a"));
        assert_eq!(manifest.format, ModuleFormat::Module);
        assert_eq!(manifest.entries, ["bin/a.js", "c.cjs", "es/index.js", "lib", "m.mjs", "src/*.js"]);
        for (file, expected) in [
            ("lib/index.js", true),
            ("lib.js", true),
            ("lib/other.js", false),
            ("src/deep/a.js", true),
            ("src/a.ts", false),
            ("bin/a.js", true),
        ] {
            assert_eq!(manifest.is_entry(Path::new(file)), expected, "{file}");
        }
    }

    #[test]
    fn what_says_nothing_has_an_index() {
        for text in ["{}", "[]", "1", "{\"main\": 3}"] {
            assert!(Manifest::parse(text).unwrap().is_entry(Path::new("index.js")), "{text}");
        }
        assert!(Manifest::parse("{").is_err());
        assert!(Manifest::parse("{\"a\": b}").is_err());
        assert!(Manifest::parse("{\"main\": \".\"}").unwrap().is_entry(Path::new("index.js")));
    }
}
