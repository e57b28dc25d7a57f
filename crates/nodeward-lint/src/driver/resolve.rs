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

/// Whose package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Project,
    Dependency,
}

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
    pub(crate) fn have_library(&self, whose: Whose) -> bool {
        let mut named = self.packages_described().peekable();
        match named.peek() {
            None => whose == Whose::Dependency,
            Some(_) => named.any(|(folder, manifest)| self.is_called(folder, manifest, whose)),
        }
    }

    /// Whether a file belongs to a package that others can call. Of a dependency that says nothing of itself it is
    /// taken to be so.
    pub(crate) fn is_library(&self, file: usize, whose: Whose) -> bool {
        let path = self.paths.get(file).map_or("", String::as_str);
        match self.package_of(path) {
            Some((folder, manifest)) => self.is_called(folder, manifest, whose),
            None => whose == Whose::Dependency,
        }
    }

    /// Whether a file is below one of these folders of its package.
    pub(crate) fn is_below(&self, file: usize, folders: &[&str]) -> bool {
        let path = self.paths.get(file).map_or("", String::as_str);
        let package = self.package_of(path).map_or("", |(package, _)| package);
        let path = path.get(package.len()..).unwrap_or_default();
        path.trim_start_matches('/').split_once('/').is_some_and(|(first, _)| folders.contains(&first))
    }

    /// Whether a file is one that the manifest of its package names.
    pub(crate) fn is_entry(&self, file: usize) -> bool {
        let path = self.paths.get(file).map_or("", String::as_str);
        let Some((package, manifest)) = self.package_of(path) else { return false };
        let path = path.get(package.len()..).unwrap_or_default().trim_start_matches('/');
        manifest.is_entry(std::path::Path::new(path))
    }

    /// The folder of the package that a path is in, and its manifest.
    fn package_of<'p>(&self, path: &'p str) -> Option<(&'p str, &Manifest)> {
        let mut at = path;
        while !at.is_empty() {
            at = folder(at);
            if let Some(manifest) = self.manifests.get(at).filter(|manifest| is_of_package(manifest)) {
                return Some((at, manifest));
            }
        }
        None
    }

    fn packages_described(&self) -> impl Iterator<Item = (&String, &Manifest)> {
        self.manifests.iter().filter(|(_, manifest)| is_of_package(manifest))
    }

    /// Whether others can load a package: it names what they load, or has an `index.js` and is no mere program. What is
    /// installed was published, whatever it says of that.
    fn is_called(&self, folder: &str, manifest: &Manifest, whose: Whose) -> bool {
        let has_index = || self.numbers.contains_key(&join(folder, "index.js"));
        let is_loaded = manifest.names_exports || !manifest.names_programs && has_index();
        is_loaded && (whose == Whose::Dependency || !manifest.is_private)
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

/// Whether it describes a package, and not only how a folder of one is loaded.
fn is_of_package(manifest: &Manifest) -> bool {
    manifest.name.is_some() || manifest.names_exports || manifest.names_programs
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
        let own = Whose::Project;
        assert!(files.have_library(own) && files.is_library(0, own) && !files.is_library(3, own));
        assert!(files.is_library(3, Whose::Dependency), "what is installed was published");
    }

    #[test]
    fn a_package_is_a_library_by_what_it_gives_others() {
        let is_library = |manifest: &str, paths: &[&str], whose| {
            let mut files = Files::default();
            for path in paths {
                files.add(path);
            }
            files.add_manifest("p/package.json", Manifest::parse(manifest).unwrap());
            (files.have_library(whose), files.is_library(0, whose))
        };
        for whose in [Whose::Project, Whose::Dependency] {
            let is_it = |manifest, paths: &[&str]| is_library(manifest, paths, whose);
            assert_eq!(is_it(r#"{"name": "p", "main": "a.js"}"#, &["p/a.js"]), (true, true));
            assert_eq!(is_it(r#"{"name": "p"}"#, &["p/a.js", "p/index.js"]), (true, true));
            assert_eq!(is_it(r#"{"name": "p"}"#, &["p/a.js"]), (false, false));
            assert_eq!(is_it(r#"{"name": "p", "bin": "index.js"}"#, &["p/index.js"]), (false, false));
            assert_eq!(is_it(r#"{"name": "p", "bin": "a", "exports": {}}"#, &["p/a.js"]), (true, true));
        }
        let module = r#"{"type": "module"}"#;
        assert_eq!(is_library(module, &["p/a.js"], Whose::Project), (false, false));
        assert_eq!(is_library(module, &["p/a.js"], Whose::Dependency), (true, true));
    }
}
