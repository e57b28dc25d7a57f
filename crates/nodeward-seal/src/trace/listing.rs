//! What a walk found, as a list: every path below the root, sorted, with what each file gives.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::conventions::{self, Brought};
use super::packages::{self, Manifests};
use super::targets::slashed;
use super::walk::{File, State};
use super::{Dynamic, Edge, Made, Missing, Options, Trace, TraceError, quiet, synthetic};
use crate::seal::SYNTHETIC;
use crate::source::{Origin, Source, SourceKind};

/// The folder that all files are below.
pub(super) struct Root {
    pub(super) folder: PathBuf,
    /// How many files the text leads to; only a recording leads to those after them.
    pub(super) by_text: usize,
}

/// The list.
///
/// # Errors
/// A file stands outside of the root.
pub(super) fn list(
    state: &State,
    manifests: &Manifests,
    options: &Options,
    root: Root,
    entries: &[PathBuf],
) -> Result<Trace, TraceError> {
    hold_below(state, &root)?;
    let root = root.folder;
    let below = |file: &File| match synthetic::hash_of(&file.path) {
        Some(hash) => format!("{SYNTHETIC}{hash}"),
        None => slashed(file.path.strip_prefix(&root).unwrap_or(&file.path)),
    };
    let names: Vec<String> = state.files.iter().map(below).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&left, &right| names[left].cmp(&names[right]));
    let mut sorted = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, &old)| sorted[old] = new);

    let mut trace = Trace::default();
    let mut folders: FxHashSet<&Path> = FxHashSet::default();
    let mut labels = Labels { manifests, known: FxHashMap::default() };
    for &old in &order {
        let file = &state.files[old];
        trace.list.sources.push(source(file, &names[old], options, &mut labels));
        if file.outcome.kind == Some(SourceKind::Synthetic) {
            let content = options.seen.as_ref().zip(synthetic::hash_of(&file.path));
            let content = content.and_then(|(seen, hash)| seen.synthetic.get(hash));
            trace.synthetic.extend(content.cloned());
        }
        add_outcome(&mut trace, file, &names[old], old, &sorted);
        for folder in file.path.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)) {
            if !folders.insert(folder) {
                break;
            }
        }
    }
    manifests.below(&folders, &root, &mut trace.list);
    manifests.tell_broken(&root, &mut trace.unread);
    trace.edges.sort();
    let place = |path: &Path| state.places.get(path).map(|&old| sorted[old]);
    let declared = options.declared.iter().filter_map(|file| file.canonicalize().ok());
    let starts = entries.iter().cloned().chain(declared).filter_map(|file| place(&file)).collect();
    let brought = state.hints.iter().map(|(folder, hint, to)| Brought {
        package: format!("{}/", slashed(folder.strip_prefix(&root).unwrap_or(folder))),
        by: (!hint.when.is_empty()).then(|| place(&folder.join(hint.when))).flatten(),
        to: sorted[*to],
    });
    conventions::join(&mut trace, starts, brought.collect());
    quiet::leave_out(&mut trace);
    tidy(&mut trace);
    trace.list.entries =
        entries.iter().map(|entry| slashed(entry.strip_prefix(&root).unwrap_or(entry))).collect();
    trace.list.entries.sort();
    trace.list.root = root;
    Ok(trace)
}

/// An error for the first file, by its name, that is not below the root.
fn hold_below(state: &State, root: &Root) -> Result<(), TraceError> {
    let outside =
        state.files.iter().enumerate().filter(|(_, file)| {
            synthetic::hash_of(&file.path).is_none() && !file.path.starts_with(&root.folder)
        });
    let Some((place, file)) = outside.min_by_key(|(_, file)| &file.path) else { return Ok(()) };
    let (path, root_folder) = (file.path.clone(), root.folder.clone());
    if place < root.by_text {
        return Err(TraceError::Outside { path, root: root_folder });
    }
    let leads = |file: &&File| file.outcome.edges.iter().any(|&(to, ..)| to == place);
    let from = state.files.iter().filter(leads).map(|file| &file.path).min();
    Err(TraceError::Recorded { from: from.unwrap_or(&path).clone(), path, root: root_folder })
}

/// The labels of packages, `name@version`, each made once.
struct Labels<'m> {
    manifests: &'m Manifests,
    known: FxHashMap<PathBuf, Option<String>>,
}

impl Labels<'_> {
    fn of(&mut self, path: &Path) -> Option<String> {
        let (folder, folder_name) = packages::installed(path)?;
        let label = self.known.entry(folder.clone()).or_insert_with(|| {
            let manifest = self.manifests.nearest(&folder)?;
            let name = manifest.text("name").unwrap_or(&folder_name);
            Some(format!("{name}@{}", manifest.text("version").unwrap_or_default()))
        });
        label.clone().or(Some(folder_name))
    }
}

fn source(file: &File, name: &str, options: &Options, labels: &mut Labels<'_>) -> Source {
    Source {
        path: name.to_owned(),
        kind: file.outcome.kind.unwrap_or(SourceKind::Text),
        origin: match &options.seen {
            Some(seen) if seen.files.contains(&file.path) => Origin::Recorded,
            _ => Origin::Static,
        },
        package: labels.of(&file.path),
        size: file.outcome.size,
    }
}

/// Adds what one file gives besides itself. `sorted` says where each file comes to stand.
fn add_outcome(trace: &mut Trace, file: &File, name: &str, place: usize, sorted: &[usize]) {
    let outcome = &file.outcome;
    if let Some(why) = &outcome.unread {
        trace.unread.push((name.to_owned(), why.clone()));
    }
    trace.wasm.extend(outcome.wasm.iter().map(|&hash| (name.to_owned(), hash)));
    trace.made.extend(outcome.made.iter().map(|place| Made {
        file: name.to_owned(),
        line: place.line,
        text: place.text.clone(),
    }));
    trace.edges.extend(outcome.edges.iter().map(|&(to, line, how)| Edge {
        from: sorted[place],
        to: sorted[to],
        line,
        how,
    }));
    trace.dynamic.extend(outcome.dynamic.iter().map(|(line, act, pattern, matched)| Dynamic {
        file: name.to_owned(),
        line: *line,
        act: *act,
        pattern: pattern.clone(),
        matched: *matched,
    }));
    trace.missing.extend(outcome.missing.iter().map(|(line, specifier, optional)| Missing {
        file: name.to_owned(),
        line: *line,
        specifier: specifier.clone(),
        optional: *optional,
    }));
}

fn tidy(trace: &mut Trace) {
    trace.dynamic.sort();
    trace.dynamic.dedup();
    super::summarise(&mut trace.dynamic);
    trace.missing.sort();
    trace.missing.dedup();
    trace.wasm.sort();
    trace.wasm.dedup();
    trace.made.sort();
    trace.made.dedup();
}
