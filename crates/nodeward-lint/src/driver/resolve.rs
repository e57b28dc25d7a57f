//! Which file of a unit a specifier in another file of it means.
//!
//! Only what the unit itself holds: relative paths, with the endings that Node.js, TypeScript and bundlers add, and
//! the names of the unit's own packages. It reads nothing from the disk.

use nodeward_javascript::Manifest;
use rustc_hash::FxHashMap;

const ENDINGS: [&str; 9] = ["", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".mts", ".cts"];
/// What TypeScript calls by the name of the JavaScript that it becomes.
const BECOMES: [(&str, &[&str]); 4] =
    [(".js", &[".ts", ".tsx"]), (".jsx", &[".tsx"]), (".mjs", &[".mts"]), (".cjs", &[".cts"])];

/// The files and packages of a unit.
#[derive(Debug, Default)]
pub(crate) struct Files {
    numbers: FxHashMap<String, usize>,
    paths: Vec<String>,
    manifests: FxHashMap<String, Manifest>,
    packages: FxHashMap<String, String>,
}

impl Files {
    /// The next file, as the user would name it, with `/`; they are numbered from 0.
    pub(crate) fn add(&mut self, path: &str) {
        let path = join("", path);
        self.numbers.insert(path.clone(), self.paths.len());
        self.paths.push(path);
    }

    /// A `package.json`.
    pub(crate) fn add_manifest(&mut self, path: &str, manifest: Manifest) {
        let path = join("", path);
        let folder = folder(&path);
        if let Some(name) = &manifest.name {
            self.packages.insert(name.clone(), folder.to_owned());
        }
        self.manifests.insert(folder.to_owned(), manifest);
    }

    /// Whether any of the packages can be called by others.
    pub(crate) fn have_library(&self) -> bool {
        self.manifests.values().any(|manifest| manifest.is_library)
    }

    /// Whether a file belongs to a package that others can call.
    pub(crate) fn is_library(&self, file: usize) -> bool {
        let mut at = self.paths.get(file).map_or("", String::as_str);
        while !at.is_empty() {
            at = folder(at);
            if let Some(manifest) = self.manifests.get(at) {
                return manifest.is_library;
            }
        }
        false
    }

    /// The file that a specifier means.
    pub(crate) fn resolve(&self, from: usize, specifier: &str) -> Option<usize> {
        if specifier == "."
            || specifier == ".."
            || specifier.starts_with("./")
            || specifier.starts_with("../")
        {
            return self.complete(&join(folder(self.paths.get(from)?), specifier));
        }
        let name_ends = match specifier.strip_prefix('@') {
            Some(scoped) => scoped.match_indices('/').nth(1).map(|(at, _)| at + 1),
            None => specifier.find('/'),
        };
        let (name, rest) = specifier.split_at(name_ends.unwrap_or(specifier.len()));
        self.complete(&join(self.packages.get(name)?, rest))
    }

    fn complete(&self, base: &str) -> Option<usize> {
        self.file(base).or_else(|| {
            let main = self.manifests.get(base).and_then(|manifest| manifest.main.as_deref());
            let main = main.map(|main| join(base, main));
            let by_main = main.and_then(|main| self.file(&main).or_else(|| self.file(&join(&main, "index"))));
            by_main.or_else(|| self.file(&join(base, "index")))
        })
    }

    fn file(&self, base: &str) -> Option<usize> {
        let mut name = String::with_capacity(base.len() + 4);
        let mut find = |stem: &str, ending: &str| {
            name.clear();
            name.push_str(stem);
            name.push_str(ending);
            self.numbers.get(&name).copied()
        };
        ENDINGS.iter().find_map(|ending| find(base, ending)).or_else(|| {
            BECOMES.iter().find_map(|(ending, sources)| {
                let stem = base.strip_suffix(ending)?;
                sources.iter().find_map(|source| find(stem, source))
            })
        })
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below a folder, without `.` and, as far as the folder goes, without `..`.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let is_absolute = folder.starts_with('/') || folder.is_empty() && path.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if is_absolute { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_name_files_of_the_unit() {
        let mut files = Files::default();
        let paths =
            ["src/a.ts", "src/b/index.js", "./src/c.mjs", "pkg/lib/main.js", "pkg/extra.js", "../up.js"];
        for path in paths {
            files.add(path);
        }
        let manifest = r#"{ "name": "@team/pkg", "main": "./lib/main", "private": true }"#;
        files.add_manifest("pkg/package.json", Manifest::parse(manifest).unwrap());
        let manifest = r#"{ "name": "own", "exports": "./src/a.ts" }"#;
        files.add_manifest("package.json", Manifest::parse(manifest).unwrap());
        let named = |from, specifier| files.resolve(from, specifier).map(|at| paths[at]);
        assert_eq!(named(1, "../a"), Some("src/a.ts"));
        assert_eq!(named(1, "../a.js"), Some("src/a.ts"));
        assert_eq!(named(0, "./b"), Some("src/b/index.js"));
        assert_eq!(named(0, "./c"), Some("./src/c.mjs"));
        assert_eq!(named(0, "../pkg"), Some("pkg/lib/main.js"));
        assert_eq!(named(0, "@team/pkg"), Some("pkg/lib/main.js"));
        assert_eq!(named(0, "@team/pkg/extra"), Some("pkg/extra.js"));
        assert_eq!(named(0, "../../up"), Some("../up.js"));
        for unknown in ["express", "./d", "@team", "@team/other", "", "/src/a.ts"] {
            assert_eq!(named(0, unknown), None, "{unknown}");
        }
        assert!(files.have_library() && files.is_library(0) && !files.is_library(3));
    }
}
