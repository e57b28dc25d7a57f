//! What the guard needs of a seal, in a form that it reads quickly: the whole seal says more, for people and for
//! comparisons, and to take it apart in JavaScript took a good part of a program's start.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::SourceKind;
use crate::seal::{Digest, Document, EvalMode};

/// Its name in the guard's folder.
pub(super) const FILE_NAME: &str = "guard/list.json";

#[derive(Serialize)]
struct List<'a> {
    schema: &'static str,
    /// The hash of the seal that it was made of.
    seal: String,
    root: &'a str,
    children: bool,
    synthetic: bool,
    eval: Rules<'a>,
    /// By path, a letter for the kind and the hash.
    sources: BTreeMap<&'a str, String>,
    /// By path, where in the file of the code cache the module's code stands: offset and length.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    code: BTreeMap<&'a str, (usize, usize)>,
}

#[derive(Serialize)]
struct Rules<'a> {
    mode: &'static str,
    modules: Vec<&'a str>,
    wasm: Vec<String>,
}

/// The list of a seal. None where the folder's path is no text, which JSON could not say: the guard then reads the seal.
pub(super) fn of(
    document: &Document,
    seal: Digest,
    root: &Path,
    code: &[(String, usize, usize)],
) -> Option<Vec<u8>> {
    let list = List {
        schema: "nodeward.list/1",
        seal: seal.to_string(),
        root: root.to_str()?,
        children: document.children,
        synthetic: document.sources.iter().any(|source| source.kind == SourceKind::Synthetic),
        eval: Rules {
            mode: match document.eval.mode {
                EvalMode::Strict => "strict",
                EvalMode::Report => "report",
                EvalMode::Permissive => "permissive",
            },
            modules: document.eval.modules.iter().map(|path| path.as_str()).collect(),
            wasm: document.eval.wasm.iter().map(ToString::to_string).collect(),
        },
        // Programs load manifests too, to tell versions. What is a source as well is what its source says.
        sources: document
            .manifests
            .iter()
            .map(|file| (file.path.as_str(), SourceKind::Json, file.sha256))
            .chain(document.sources.iter().map(|source| (source.path.as_str(), source.kind, source.sha256)))
            .map(|(path, kind, sha256)| (path, format!("{}{sha256}", letter(kind))))
            .collect(),
        code: code.iter().map(|(path, offset, length)| (path.as_str(), (*offset, *length))).collect(),
    };
    serde_json::to_vec(&list).ok()
}

/// As `KINDS` of `runtime/seal.cjs` has it.
fn letter(kind: SourceKind) -> char {
    match kind {
        SourceKind::Cjs => 'c',
        SourceKind::Esm => 'e',
        SourceKind::Json => 'j',
        SourceKind::Native => 'n',
        SourceKind::Wasm => 'w',
        SourceKind::Text => 't',
        SourceKind::Synthetic => 's',
        SourceKind::TypeScript => 'p',
    }
}
