//! The source list: the files that production can load.

use std::path::PathBuf;

/// How a listed file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// As CommonJS.
    Cjs,
    /// As an ECMAScript module.
    Esm,
    /// As JSON.
    Json,
    /// As a native add-on, or as a library that one needs.
    Native,
    /// As WebAssembly.
    Wasm,
    /// Read and not run: templates, certificates, static files.
    Text,
    /// As TypeScript whose types Node.js strips.
    TypeScript,
    /// Made while the program runs: code without a file, named by its hash.
    Synthetic,
}

impl SourceKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Cjs,
        Self::Esm,
        Self::Json,
        Self::Native,
        Self::Wasm,
        Self::Text,
        Self::TypeScript,
        Self::Synthetic,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cjs => "cjs",
            Self::Esm => "esm",
            Self::Json => "json",
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::Text => "text",
            Self::TypeScript => "typescript",
            Self::Synthetic => "synthetic",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How it is known that a file can load. Ordered: what was seen says more than what was concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The project's configuration says so.
    Declared,
    /// The text of a listed file leads to it.
    Static,
    /// It was seen loading.
    Recorded,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Declared, Self::Static, Self::Recorded];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Static => "static",
            Self::Recorded => "recorded",
        }
    }

    /// The origin of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == name)
    }
}

/// One file that can load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Below the list's root, with `/` between folders and no `..`. Of synthetic code: `synthetic:` and its hash.
    pub path: String,
    /// How it is loaded.
    pub kind: SourceKind,
    /// How that is known.
    pub origin: Origin,
    /// The installed package that it belongs to, as `name@version`. `None` for the project's own.
    pub package: Option<String>,
    /// Its bytes.
    pub size: u64,
}

/// The files that production can load.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceList {
    /// The folder that every path is below, as a real path.
    pub root: PathBuf,
    /// Where the program starts: paths of `sources`.
    pub entries: Vec<String>,
    /// The files, sorted by path, each once.
    pub sources: Vec<Source>,
    /// The `package.json` files that Node.js reads to find and to interpret them, sorted, each once. One that is
    /// also loaded as a module stands in `sources` too.
    pub manifests: Vec<String>,
}

impl SourceList {
    /// The source of a path.
    pub fn get(&self, path: &str) -> Option<&Source> {
        let at = self.sources.binary_search_by(|source| source.path.as_str().cmp(path)).ok()?;
        Some(&self.sources[at])
    }

    /// The bytes of all files together.
    pub fn size(&self) -> u64 {
        self.sources.iter().map(|source| source.size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_there_and_back() {
        for kind in SourceKind::ALL {
            assert_eq!(SourceKind::of_name(kind.name()), Some(kind));
        }
        for origin in Origin::ALL {
            assert_eq!(Origin::of_name(origin.name()), Some(origin));
        }
        assert_eq!(SourceKind::of_name("CJS"), None);
        assert_eq!(Origin::of_name(""), None);
    }

    #[test]
    fn a_source_by_its_path() {
        let source = |path: &str, size| Source {
            path: path.to_owned(),
            kind: SourceKind::Cjs,
            origin: Origin::Static,
            package: None,
            size,
        };
        let list = SourceList { sources: vec![source("a.js", 1), source("b/c.js", 2)], ..Default::default() };
        assert_eq!(list.get("b/c.js").map(|source| source.size), Some(2));
        assert_eq!(list.get("b.js"), None);
        assert_eq!(list.size(), 3);
    }
}
