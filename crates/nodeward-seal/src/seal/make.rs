//! From a source list to a document: every file is read and hashed.

use std::io;
use std::num::NonZeroUsize;

use super::SYNTHETIC;
use super::document::{Document, EvalRules, SealedManifest, SealedSource, synthetic_hash};
use super::mains::Mains;
use super::values::{Digest, SealPath};
use crate::files::{self, Root};
use crate::{Origin, SourceKind, SourceList};

/// Files of this size are not code or templates any more.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// What a seal says besides the files that were found.
#[derive(Debug, Default)]
pub struct Declared {
    /// What may become code while the program runs.
    pub eval: EvalRules,
    /// Whether the program may start Node.js anew.
    pub children: bool,
    /// Code without a file, and how it is known.
    pub synthetic: Vec<(String, Origin)>,
}

/// Why no seal was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A file can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A path can't stand in a seal.
    #[error("{0}")]
    Path(String),
    /// A module of `eval` is not among the sources.
    #[error(
        "the module {0} may get permissions for code from strings, but is not among the sources; name a file that the program loads, or take it off `eval` of nodeward.toml"
    )]
    Module(SealPath),
}

/// Reads and hashes every file of a list.
///
/// # Errors
/// A file can't be read, or a path can't stand in a seal.
pub fn make(list: &SourceList, declared: Declared, threads: NonZeroUsize) -> Result<Document, MakeError> {
    let root = Root::open(&list.root)
        .map_err(|source| MakeError::Read { path: list.root.display().to_string(), source })?;
    let files: Vec<_> = list.sources.iter().filter(|source| source.kind != SourceKind::Synthetic).collect();
    let mut sources = files::in_parallel(&files, threads, |source, buffer| {
        let (path, sha256, size) = hash(&root, &source.path, buffer)?;
        Ok(SealedSource {
            path,
            kind: source.kind,
            sha256,
            size,
            origin: source.origin,
            package: source.package.clone(),
            content: None,
        })
    })
    .into_iter()
    .collect::<Result<Vec<_>, MakeError>>()?;
    sources.extend(declared.synthetic.into_iter().map(|(content, origin)| synthetic(content, origin)));
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources.dedup_by(|a, b| a.path == b.path);
    let mains = Mains::of(root.folder(), &sources, &list.manifests);
    let mut manifests = files::in_parallel(&list.manifests, threads, |path, buffer| {
        let main = mains.as_ref().and_then(|mains| mains.main(path));
        let (path, sha256, size) = hash(&root, path, buffer)?;
        Ok(SealedManifest { path, sha256, size, main })
    })
    .into_iter()
    .collect::<Result<Vec<_>, MakeError>>()?;
    manifests.sort_by(|a, b| a.path.cmp(&b.path));
    manifests.dedup_by(|a, b| a.path == b.path);
    let entries = list
        .entries
        .iter()
        .map(|entry| SealPath::parse(entry).map_err(MakeError::Path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut document = Document::new(entries, sources, manifests, declared.eval);
    document.children = declared.children;
    match document.eval.modules.iter().find(|module| document.source(module.as_str()).is_none()) {
        Some(module) => Err(MakeError::Module(module.clone())),
        None => Ok(document),
    }
}

/// A path, the hash of the file's bytes, and how many there are.
fn hash(root: &Root, path: &str, buffer: &mut Vec<u8>) -> Result<(SealPath, Digest, u64), MakeError> {
    let path = SealPath::parse(path).map_err(MakeError::Path)?;
    let mut read = || files::read(&mut root.file(&path)?, MAX_FILE_BYTES, buffer);
    match read() {
        Ok(sha256) => Ok((path, sha256, buffer.len() as u64)),
        Err(source) => Err(MakeError::Read { path: path.to_string(), source }),
    }
}

fn synthetic(content: String, origin: Origin) -> SealedSource {
    let path = format!("{SYNTHETIC}{}", synthetic_hash(&content));
    SealedSource {
        path: SealPath::parse(&path).expect("a hash is a path"),
        kind: SourceKind::Synthetic,
        sha256: Digest::of(content.as_bytes()),
        size: content.len() as u64,
        origin,
        package: None,
        content: Some(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use crate::seal::compare::compare;

    fn list(root: &std::path::Path, paths: &[&str]) -> SourceList {
        let source = |path: &&str| Source {
            path: (*path).to_owned(),
            kind: SourceKind::Cjs,
            origin: Origin::Static,
            package: None,
            size: 0,
        };
        SourceList {
            root: root.to_owned(),
            entries: vec![paths[0].to_owned()],
            sources: paths.iter().map(source).collect(),
            manifests: vec!["package.json".to_owned()],
        }
    }

    fn make_one(root: &std::path::Path, paths: &[&str]) -> Result<Document, MakeError> {
        make(&list(root, paths), Declared::default(), NonZeroUsize::MIN)
    }

    #[test]
    fn changes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        for name in ["a.js", "b.js", "c.js", "package.json"] {
            write(name, name);
        }
        let before = make_one(folder.path(), &["a.js", "b.js"]).unwrap();
        assert!(compare(&before, &make_one(folder.path(), &["a.js", "b.js"]).unwrap()).is_empty());
        write("a.js", "b");
        write("package.json", "{}");
        let after = make_one(folder.path(), &["a.js", "c.js"]).unwrap();
        let changes = compare(&before, &after);
        assert_eq!(changes.added, ["c.js"]);
        assert_eq!(changes.removed, ["b.js"]);
        assert_eq!(changes.changed, ["a.js", "package.json"]);
        assert_eq!(changes.parts, [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = make_one(folder.path(), &["gone.js"]).unwrap_err();
        assert_eq!(error.to_string(), "cannot read gone.js");
        let error = make_one(folder.path(), &["../gone.js"]).unwrap_err();
        assert!(error.to_string().contains("\"../gone.js\""), "{error}");
    }

    #[test]
    fn code_without_a_file_is_named_by_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.js"), "").unwrap();
        std::fs::write(folder.path().join("package.json"), "").unwrap();
        let declared = Declared {
            synthetic: vec![("1".to_owned(), Origin::Recorded), ("1".to_owned(), Origin::Recorded)],
            ..Declared::default()
        };
        let document = make(&list(folder.path(), &["a.js"]), declared, NonZeroUsize::MIN).unwrap();
        assert_eq!(document.sources.len(), 2);
        assert!(Document::parse("seal".as_ref(), document.write().as_bytes()).is_ok());
        let eval = EvalRules { modules: vec![SealPath::parse("b.js").unwrap()], ..EvalRules::default() };
        let declared = Declared { eval, ..Declared::default() };
        let error = make(&list(folder.path(), &["a.js"]), declared, NonZeroUsize::MIN).unwrap_err();
        assert!(matches!(error, MakeError::Module(_)));
    }
}
