//! Which units need no look, because the cache has their outcomes.

use std::sync::atomic::{AtomicUsize, Ordering};

use nodeward_package::beside;
use sha2::{Digest, Sha256};

use super::{Job, Origin, Outcome, SourceFile, file, stored};
use crate::cache::Key;

/// The sources of the rules, so that nothing is recalled that other rules found.
const BUILD: &str = env!("NODEWARD_LINT_SOURCES");

/// The hash of a file's text.
pub(super) type TextHash = [u8; 32];

/// The hash of a text.
pub(super) fn hash(text: &str) -> TextHash {
    Sha256::digest(text.as_bytes()).into()
}

/// Parts the units into the outcomes that are known and the units that are left.
pub(super) fn recall(
    files: &[&SourceFile],
    units: Vec<Vec<usize>>,
    job: &Job<'_>,
) -> (Vec<(usize, Outcome)>, Vec<Vec<usize>>) {
    let Some(cache) = &job.options.cache else { return (Vec::new(), units) };
    let hashes = hashes(files, job);
    let (mut known, mut left) = (Vec::new(), Vec::new());
    for unit in units {
        let own: Vec<&SourceFile> = unit.iter().map(|&at| files[at]).collect();
        let texts: Option<Vec<TextHash>> = unit.iter().map(|&at| hashes[at]).collect();
        let recalled = texts
            .and_then(|texts| cache.get(key(&own, &texts, job)))
            .and_then(|payload| stored::decode(&payload, &own, &unit, job));
        match recalled {
            Some(outcomes) => known.extend(outcomes),
            None => left.push(unit),
        }
    }
    (known, left)
}

/// Keeps the outcome of a unit, by the texts that were looked at.
pub(super) fn keep(files: &[&SourceFile], texts: &[TextHash], outcomes: &[(usize, Outcome)], job: &Job<'_>) {
    if let Some(cache) = &job.options.cache
        && let Some(payload) = stored::encode(files, outcomes)
    {
        cache.put(key(files, texts, job), &payload);
    }
}

/// Everything that the outcome of a unit depends on.
fn key(files: &[&SourceFile], texts: &[TextHash], job: &Job<'_>) -> Key {
    let options = job.options;
    let mut only = options.only.clone();
    only.sort_unstable();
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(BUILD.as_bytes());
    add(format!(
        "{} {only:?} {:?} {:?} {:?}",
        options.policy, options.audience, options.depth, options.budget
    )
    .as_bytes());
    // Requirements are for the project's own files.
    if files.iter().any(|file| file.origin == Origin::FirstParty) && !options.requirements.is_empty() {
        add(format!("{:?} {}", options.requirements, options.directory.display()).as_bytes());
    }
    for (file, text) in files.iter().zip(texts) {
        add(file.path.as_os_str().as_encoded_bytes());
        if let Origin::Dependency { name, version } = &file.origin {
            add(name.as_str().as_bytes());
            add(version.as_bytes());
        }
        add(text);
    }
    Key(hasher.finalize().into())
}

/// The hash of each file's text; `None` of those that cannot be read.
fn hashes(files: &[&SourceFile], job: &Job<'_>) -> Vec<Option<TextHash>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at) else { return done };
            done.push((at, file::read(&file.text, job.options.budget.bytes).ok().map(|text| hash(&text))));
        }
    };
    let mut hashes = vec![None; files.len()];
    for (at, hash) in beside::together(super::threads(files, job), work).into_iter().flatten() {
        hashes[at] = hash;
    }
    hashes
}
