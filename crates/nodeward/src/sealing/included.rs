//! Files that `include` of `nodeward.toml` names: what the program reads and no text leads to.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use globset::{GlobBuilder, GlobSetBuilder};
use nodeward_seal::{Origin, Source, SourceKind, SourceList};

/// More than any list of templates needs.
const MAX_FILES: usize = 100_000;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Included {
    /// Files that run: they are traced, as they load others.
    pub(crate) programs: Vec<PathBuf>,
    /// Files that are only read, or loaded as data.
    pub(crate) others: Vec<(PathBuf, SourceKind)>,
}

/// The files below a folder that match any of the patterns. Symbolic links are not followed. A pattern that matches
/// nothing is an error: it is misspelt, or what it should list would not be sealed.
pub(crate) fn find(base: &Path, patterns: &[String]) -> anyhow::Result<Included> {
    let mut included = Included::default();
    if patterns.is_empty() {
        return Ok(included);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let built = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(built.with_context(|| format!("`include` of nodeward.toml: {pattern:?} is no pattern"))?);
    }
    let set = set.build()?;
    let base = fs::canonicalize(base).with_context(|| base.display().to_string())?;
    let mut matched = vec![false; patterns.len()];
    // Whole dependencies are only looked through for who asks for it.
    let with_modules = patterns.iter().any(|pattern| pattern.contains("node_modules"));
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                let name = entry.file_name();
                if name != ".git" && (with_modules || name != "node_modules") {
                    folders.push(path);
                }
                continue;
            }
            let below = path.strip_prefix(&base).unwrap_or(&path);
            let matches = set.matches(below);
            if kind.is_file() && !matches.is_empty() {
                matches.iter().for_each(|&index| matched[index] = true);
                anyhow::ensure!(
                    included.programs.len() + included.others.len() < MAX_FILES,
                    "`include` of nodeward.toml names more than {MAX_FILES} files"
                );
                match kind_of(&path) {
                    None => included.programs.push(path),
                    Some(kind) => included.others.push((path, kind)),
                }
            }
        }
    }
    if let Some(index) = matched.iter().position(|matched| !matched) {
        anyhow::bail!("`include` of nodeward.toml: {:?} matches no file; mend or remove it", patterns[index]);
    }
    included.programs.sort();
    included.others.sort();
    Ok(included)
}

/// What a file that is no program is loaded as.
fn kind_of(path: &Path) -> Option<SourceKind> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("js" | "cjs" | "mjs" | "ts" | "cts" | "mts") => None,
        Some("json") => Some(SourceKind::Json),
        Some("node") => Some(SourceKind::Native),
        Some("wasm") => Some(SourceKind::Wasm),
        _ => Some(SourceKind::Text),
    }
}

/// Puts them on the list, on which the programs stand already, as they were traced.
pub(crate) fn add(list: &mut SourceList, included: &Included) -> anyhow::Result<()> {
    let below = |path: &Path| -> anyhow::Result<String> {
        let below = path.strip_prefix(&list.root).ok().and_then(Path::to_str);
        let below = below.with_context(|| {
            format!(
                "{} is included and not below {}; give a root that holds both",
                path.display(),
                list.root.display()
            )
        })?;
        Ok(below.replace(std::path::MAIN_SEPARATOR, "/"))
    };
    let mut programs =
        included.programs.iter().map(|path| below(path)).collect::<anyhow::Result<Vec<_>>>()?;
    // In the order of text, which is not that of paths.
    programs.sort();
    let others = included
        .others
        .iter()
        .map(|(path, kind)| Ok((below(path)?, *kind)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    for source in &mut list.sources {
        if programs.binary_search(&source.path).is_ok() && !list.entries.contains(&source.path) {
            source.origin = source.origin.min(Origin::Declared);
        }
    }
    for (path, kind) in others {
        if list.get(&path).is_none() {
            let at = list.sources.partition_point(|source| source.path < path);
            let source = Source { path, kind, origin: Origin::Declared, package: None, size: 0 };
            list.sources.insert(at, source);
        }
    }
    Ok(())
}
