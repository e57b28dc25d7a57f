//! What kind of source a file holds, from its name and its package's `type`.

use std::path::Path;

/// The language of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// JavaScript; JSX is allowed in any of it, as build tools allow it.
    JavaScript,
    /// TypeScript without JSX, where `<T>value` is a type assertion.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// JSON.
    Json,
}

/// How Node.js would load a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModuleFormat {
    /// As CommonJS: `require`, top-level `return`, sloppy mode.
    CommonJs,
    /// As an ECMAScript module.
    Module,
    /// Not said: what the text uses decides.
    Unknown,
}

/// The language and the module format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceKind {
    /// The language.
    pub language: Language,
    /// The module format.
    pub format: ModuleFormat,
}

impl SourceKind {
    /// JavaScript whose text decides the module format.
    pub const JAVASCRIPT: Self = Self { language: Language::JavaScript, format: ModuleFormat::Unknown };
    /// TypeScript whose text decides the module format.
    pub const TYPESCRIPT: Self = Self { language: Language::TypeScript, format: ModuleFormat::Unknown };
    /// TypeScript with JSX whose text decides the module format.
    pub const TSX: Self = Self { language: Language::Tsx, format: ModuleFormat::Unknown };
    /// JSON.
    pub const JSON: Self = Self { language: Language::Json, format: ModuleFormat::CommonJs };

    /// The kind of a file by its name alone. `None` for what is no source: other extensions, no extension, and
    /// declarations (`.d.ts`), which hold no code.
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::of_name(path.file_name()?.to_str()?)
    }

    /// [`of_path`](Self::of_path), with the `type` of the nearest `package.json` for `.js`, `.jsx`, `.ts` and
    /// `.tsx`.
    pub fn of(path: &Path, package: ModuleFormat) -> Option<Self> {
        let mut kind = Self::of_path(path)?;
        if kind.format == ModuleFormat::Unknown {
            kind.format = package;
        }
        Some(kind)
    }

    /// The kind of a file without an extension, by its first line: a program for Node.js says so there.
    pub fn of_hashbang(text: &str) -> Option<Self> {
        let line = text.strip_prefix("#!")?.lines().next()?;
        let mut words = line.split([' ', '\t', '/']);
        words.any(|word| matches!(word, "node" | "nodejs" | "bun" | "deno")).then_some(Self::JAVASCRIPT)
    }

    fn of_name(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        let (language, format) = match extension {
            "js" | "jsx" => (Language::JavaScript, ModuleFormat::Unknown),
            "cjs" => (Language::JavaScript, ModuleFormat::CommonJs),
            "mjs" => (Language::JavaScript, ModuleFormat::Module),
            "ts" => (Language::TypeScript, ModuleFormat::Unknown),
            "cts" => (Language::TypeScript, ModuleFormat::CommonJs),
            "mts" => (Language::TypeScript, ModuleFormat::Module),
            "tsx" => (Language::Tsx, ModuleFormat::Unknown),
            "json" => (Language::Json, ModuleFormat::CommonJs),
            _ => return None,
        };
        let typed = matches!(extension, "ts" | "cts" | "mts");
        // `index.d.ts`, and `style.d.css.ts` for the types of `style.css`.
        let declares = stem.ends_with(".d") || extension == "ts" && stem.contains(".d.");
        if typed && declares { None } else { Some(Self { language, format }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_they_hold() {
        use Language::{JavaScript, Json, Tsx, TypeScript};
        use ModuleFormat::{CommonJs, Module, Unknown};
        let cases: &[(&str, Option<(Language, ModuleFormat)>)] = &[
            ("a.js", Some((JavaScript, Unknown))),
            ("a.jsx", Some((JavaScript, Unknown))),
            ("lib/a.cjs", Some((JavaScript, CommonJs))),
            ("lib/a.min.mjs", Some((JavaScript, Module))),
            ("a.ts", Some((TypeScript, Unknown))),
            ("a.cts", Some((TypeScript, CommonJs))),
            ("a.mts", Some((TypeScript, Module))),
            ("a.tsx", Some((Tsx, Unknown))),
            ("package.json", Some((Json, CommonJs))),
            ("a.d.ts", None),
            ("a.d.mts", None),
            ("a.d.cts", None),
            ("a.d.css.ts", None),
            ("d.ts", Some((TypeScript, Unknown))),
            ("bin/cli", None),
            ("a.css", None),
            ("", None),
        ];
        for (path, expected) in cases {
            let kind = SourceKind::of_path(Path::new(path)).map(|kind| (kind.language, kind.format));
            assert_eq!(kind, *expected, "{path}");
        }
    }

    #[test]
    fn the_package_decides_only_where_the_name_does_not() {
        let format = |path| SourceKind::of(Path::new(path), ModuleFormat::Module).map(|kind| kind.format);
        assert_eq!(format("a.js"), Some(ModuleFormat::Module));
        assert_eq!(format("a.cjs"), Some(ModuleFormat::CommonJs));
    }

    #[test]
    fn hashbangs() {
        for (text, expected) in [
            ("#!/usr/bin/env node\nx", true),
            ("#!/usr/bin/node --harmony\n", true),
            ("#!/usr/bin/env -S node --flag\n", true),
            ("#!/bin/sh\nnode x", false),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(SourceKind::of_hashbang(text).is_some(), expected, "{text:?}");
        }
    }
}
