//! What the guard needs of a seal, in a form that it reads quickly: the whole seal says more, for people and for
//! comparisons, and to take it apart in JavaScript took a good part of a program's start.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::SourceKind;
use crate::seal::{Digest, Document};

/// Its name in the guard's folder.
pub(super) const FILE_NAME: &str = "guard/list.json";

#[derive(Serialize)]
struct List<'a> {
    schema: &'static str,
    /// The hash of the seal that it was made of.
    seal: String,
    root: &'a str,
    /// The version that Node.js has to be.
    node: &'a str,
    /// The file that says so, where Node.js itself was not asked: the guard names it where it is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a str>,
    children: bool,
    synthetic: bool,
    eval: Rules<'a>,
    /// By path, a letter for the kind and the hash.
    #[serde(serialize_with = "sources")]
    sources: &'a Document,
    /// By folder, the main file of a package.
    #[serde(serialize_with = "mains")]
    mains: &'a Document,
    /// By path, where in the file of the code cache the module's code stands: offset and length.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    code: BTreeMap<&'a str, (usize, usize)>,
}

#[derive(Serialize)]
struct Rules<'a> {
    mode: &'static str,
    modules: Vec<&'a str>,
    wasm: Vec<String>,
    texts: Vec<String>,
}

/// The list of a seal. None where the folder's path is no text, which JSON could not say: the guard then reads the seal.
/// `known` is the file that says the version of Node.js.
pub(super) fn of(
    document: &Document,
    seal: Digest,
    root: &Path,
    (node, known): (&str, Option<&Path>),
    code: &[(String, usize, usize)],
) -> Option<Vec<u8>> {
    let list = List {
        schema: "nodeward.list/1",
        seal: seal.to_string(),
        root: root.to_str()?,
        node,
        known: known.and_then(Path::to_str),
        children: document.children,
        synthetic: document.sources.iter().any(|source| source.kind == SourceKind::Synthetic),
        eval: Rules {
            mode: document.eval.mode.name(),
            modules: document.eval.modules.iter().map(|path| path.as_str()).collect(),
            wasm: document.eval.wasm.iter().map(ToString::to_string).collect(),
            texts: document.eval.texts.iter().map(ToString::to_string).collect(),
        },
        sources: document,
        mains: document,
        code: code.iter().map(|(path, offset, length)| (path.as_str(), (*offset, *length))).collect(),
    };
    let mut text = Vec::with_capacity(ROOM * (document.sources.len() + document.manifests.len() + 16));
    serde_json::to_writer(&mut text, &list).ok()?;
    Some(text)
}

/// About the bytes of one source.
const ROOM: usize = 160;

/// Straight from the document: to bring it into another order first took longer than to write it.
fn sources<S: Serializer>(document: &&Document, serializer: S) -> Result<S::Ok, S::Error> {
    // Programs load manifests too, to tell versions. What is a source as well is what its source says.
    let manifests = document.manifests.iter().filter(|file| document.source(file.path.as_str()).is_none());
    let manifests = manifests.map(|file| (&file.path, SourceKind::Json, file.sha256));
    let sources = document.sources.iter().map(|source| (&source.path, source.kind, source.sha256));
    let mut map = serializer.serialize_map(None)?;
    for (path, kind, sha256) in manifests.chain(sources) {
        let mut value = [letter(kind); 65];
        value[1..].copy_from_slice(&sha256.digits());
        let value = std::str::from_utf8(&value).map_err(serde::ser::Error::custom)?;
        map.serialize_entry(path.as_str(), value)?;
    }
    map.end()
}

fn mains<S: Serializer>(document: &&Document, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(document.manifests.iter().filter_map(|manifest| {
        let folder = manifest.path.as_str().strip_suffix("/package.json")?;
        Some((folder, manifest.main.as_ref()?.as_str()))
    }))
}

/// As `KINDS` of `runtime/seal.cjs` has it.
fn letter(kind: SourceKind) -> u8 {
    match kind {
        SourceKind::Cjs => b'c',
        SourceKind::Esm => b'e',
        SourceKind::Json => b'j',
        SourceKind::Native => b'n',
        SourceKind::Wasm => b'w',
        SourceKind::Text => b't',
        SourceKind::Synthetic => b's',
        SourceKind::TypeScript => b'p',
    }
}
