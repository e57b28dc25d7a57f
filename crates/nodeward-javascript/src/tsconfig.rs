//! What a `tsconfig.json` has names stand for: its `baseUrl` and `paths`, with those of the files that it extends.

use std::path::{Path, PathBuf};

use oxc_resolver::ExtendsField;

use crate::resolve::{Loader, Resolved, Resolver};

/// The most files that one configuration is put together from.
const MOST_FILES: usize = 64;

/// What a configuration says of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mappings {
    /// The files that say it: the one that was asked for first.
    pub files: Vec<PathBuf>,
    /// `baseUrl`.
    pub base: Option<PathBuf>,
    /// `outDir`: where what is compiled lies.
    pub out: Option<PathBuf>,
    /// `paths`: each pattern, with one `*` or none, and where to look, from the root of the file system.
    pub paths: Vec<(String, Vec<PathBuf>)>,
}

impl Resolver {
    /// What the configuration at this path says; `None` where it, or one that it extends, can't be read.
    pub fn mappings(&self, config: &Path) -> Option<Mappings> {
        let read = self.configuration(config)?;
        let options = &read.compiler_options;
        Some(Mappings {
            files: self.chain(config),
            base: options.base_url.clone(),
            out: options.out_dir.clone(),
            paths: options
                .paths
                .iter()
                .flatten()
                .map(|(name, paths)| (name.clone(), paths.clone()))
                .collect(),
        })
    }

    /// The configuration, and those that it extends, and so on.
    fn chain(&self, config: &Path) -> Vec<PathBuf> {
        let mut files = vec![config.to_path_buf()];
        let mut at = 0;
        while let Some(file) = files.get(at).cloned().filter(|_| files.len() < MOST_FILES) {
            at += 1;
            let extends = self.configuration(&file).and_then(|read| read.extends.clone());
            let names = match extends {
                Some(ExtendsField::Single(name)) => vec![name],
                Some(ExtendsField::Multiple(names)) => names,
                None => Vec::new(),
            };
            let found: Vec<PathBuf> = names.iter().filter_map(|name| self.extended(&file, name)).collect();
            files.extend(found);
        }
        let mut known = rustc_hash::FxHashSet::default();
        files.retain(|file| known.insert(file.clone()));
        files
    }

    /// The file that another extends by this name.
    fn extended(&self, file: &Path, name: &str) -> Option<PathBuf> {
        let folder = file.parent()?;
        if name.starts_with('.') || Path::new(name).is_absolute() {
            let path = folder.join(name);
            let named = path.with_file_name(format!("{}.json", path.file_name()?.to_string_lossy()));
            return [path, named].into_iter().find(|path| path.is_file());
        }
        ["", ".json", "/tsconfig.json"].into_iter().find_map(|ending| {
            match self.resolve(file, &format!("{name}{ending}"), Loader::Require) {
                Ok(Resolved::File(path)) if path.extension().is_some_and(|extension| extension == "json") => {
                    Some(path)
                }
                _ => None,
            }
        })
    }
}
