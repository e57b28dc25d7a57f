//! The file `nodeward.seal.json`: its structure, and what has to hold in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use nodeward_package::place::{LineIndex, Place, Position};
use schemars::JsonSchema;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::SYNTHETIC;
use super::values::{Digest, SealPath, read_text};
use crate::{Origin, SourceKind};

/// More than any seal needs: 100,000 files are about 30 MB.
pub const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// More files than any program loads.
const MAX_ITEMS: usize = 500_000;

/// The only version there is.
pub(super) const SCHEMA: &str = "nodeward.seal/1";

/// Why a text is no seal.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}; {remedy}")]
pub struct SealError {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

const SEAL_AGAIN: &str = "make the seal anew with `nodeward seal`";

/// The files that may load, each with its hash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object of a seal")]
#[schemars(title = "nodeward.seal/1")]
pub struct Document {
    schema: SchemaName,
    /// Where the program may start: paths of `sources`.
    #[serde(deserialize_with = "list")]
    #[schemars(length(min = 1))]
    pub entries: Vec<SealPath>,
    /// The files that may load, sorted by path, each once.
    #[serde(deserialize_with = "sorted")]
    pub sources: Vec<SealedSource>,
    /// The `package.json` files that Node.js reads to find and to interpret them, sorted by path, each once.
    #[serde(default, deserialize_with = "sorted")]
    pub manifests: Vec<SealedManifest>,
    /// What may become code while the program runs.
    #[serde(default)]
    pub eval: EvalRules,
    /// Whether the program may start Node.js anew: child processes, a cluster. They are confined as it is.
    #[serde(default)]
    pub children: bool,
    /// V8's code cache, one file for each version of Node.js, sorted by path, each once.
    #[serde(default, deserialize_with = "sorted")]
    pub cache: Vec<CacheFile>,
    /// Who vouches for the rest of the document.
    pub signature: Option<SignatureBlock>,
}

/// One file that may load.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object of a source")]
pub struct SealedSource {
    /// The file; of code without one, `synthetic:` and the SHA-512 of the code.
    pub path: SealPath,
    /// How it is loaded.
    #[serde(deserialize_with = "kind")]
    #[schemars(with = "KindName")]
    pub kind: SourceKind,
    /// Of its bytes.
    pub sha256: Digest,
    /// Its bytes.
    pub size: u64,
    /// How it is known that it can load.
    #[serde(deserialize_with = "origin")]
    #[schemars(with = "OriginName")]
    pub origin: Origin,
    /// The release that it belongs to, `name@version`. The project's own files have none.
    pub package: Option<String>,
    /// The code, where it has no file.
    pub content: Option<String>,
}

/// A `package.json` file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object of a manifest")]
pub struct SealedManifest {
    /// The file.
    pub path: SealPath,
    /// Of its bytes.
    pub sha256: Digest,
    /// Its bytes.
    pub size: u64,
    /// What `require` of the package's name leads to, a path of `sources`, where that is the same for every Node.js
    /// that has no conditions of its own: then nobody has to look for it.
    pub main: Option<SealPath>,
}

/// What may become code while the program runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object `eval`")]
pub struct EvalRules {
    /// What happens to code from strings without permission.
    #[serde(default)]
    pub mode: EvalMode,
    /// The modules that may be given a permission: paths of `sources`.
    #[serde(default, deserialize_with = "list")]
    pub modules: Vec<SealPath>,
    /// The WebAssembly modules that may be compiled from bytes.
    #[serde(default, deserialize_with = "list")]
    pub wasm: Vec<Digest>,
    /// The code that may be made of a string: of each text, as V8 asks about it, in UTF-8.
    #[serde(default, deserialize_with = "list")]
    pub texts: Vec<Digest>,
}

/// What happens to code from strings without permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EvalMode {
    /// It is denied.
    #[default]
    Strict,
    /// It runs, and is reported.
    Report,
    /// It runs.
    Permissive,
}

impl EvalMode {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Report => "report",
            Self::Permissive => "permissive",
        }
    }
}

/// V8's code cache for one version of Node.js.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object of a cache file")]
pub struct CacheFile {
    /// The version, `v22.1.0`.
    pub node: String,
    /// The system and the processor, `linux-x64`.
    pub platform: String,
    /// The file.
    pub path: SealPath,
    /// Of its bytes.
    pub sha256: Digest,
}

/// Who vouches for the rest of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the object `signature`")]
pub struct SignatureBlock {
    /// Always `ed25519`.
    pub(super) algorithm: AlgorithmName,
    /// The public key, base64.
    #[serde(deserialize_with = "base64_bytes", serialize_with = "base64_text")]
    #[schemars(with = "String")]
    pub key: [u8; 32],
    /// Over the canonical document without this field, base64.
    #[serde(deserialize_with = "base64_bytes", serialize_with = "base64_text")]
    #[schemars(with = "String")]
    pub value: [u8; 64],
}

impl Document {
    /// A document without cache and signature.
    pub fn new(
        entries: Vec<SealPath>,
        sources: Vec<SealedSource>,
        manifests: Vec<SealedManifest>,
        eval: EvalRules,
    ) -> Self {
        Self {
            schema: SchemaName::One,
            entries,
            sources,
            manifests,
            eval,
            children: false,
            cache: Vec::new(),
            signature: None,
        }
    }

    /// Reads and checks a seal. `file` is for errors.
    ///
    /// # Errors
    /// The text is no seal.
    pub fn parse(file: &Path, text: &[u8]) -> Result<Self, SealError> {
        let file: Arc<Path> = Arc::from(file);
        let at = |position: Position, message: String, remedy| SealError {
            place: Place::at(file.clone(), position),
            message,
            remedy,
        };
        if text.len() as u64 > MAX_BYTES {
            let message = format!("larger than {MAX_BYTES} bytes, which no seal needs");
            return Err(at(Position::default(), message, SEAL_AGAIN));
        }
        // Text that is known to be UTF-8 is not asked for it again, piece by piece.
        let document: Result<Self, _> = match std::str::from_utf8(text) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(text),
        };
        let document = document.map_err(|error| {
            let position = position_of(text, error.line(), error.column());
            let whole = error.to_string();
            let message = whole.rsplit_once(" at line ").map_or(&*whole, |(message, _)| message);
            at(position, message.to_owned(), SEAL_AGAIN)
        })?;
        document.check().map_err(|fault| at(fault.position(text), fault.message, SEAL_AGAIN))?;
        Ok(document)
    }

    /// The source of a path.
    pub fn source(&self, path: &str) -> Option<&SealedSource> {
        let at = self.sources.binary_search_by(|source| source.path.as_str().cmp(path)).ok()?;
        Some(&self.sources[at])
    }

    /// Every file that is listed: its path, its hash and, where it is known, its size. Code without a file is not
    /// among them, and a manifest that is a source too comes once.
    pub fn files(&self) -> impl Iterator<Item = (&SealPath, Digest, Option<u64>)> {
        let sources = self.sources.iter().filter(|source| source.kind != SourceKind::Synthetic);
        let manifests = self.manifests.iter().filter(|file| self.source(file.path.as_str()).is_none());
        sources
            .map(|source| (&source.path, source.sha256, Some(source.size)))
            .chain(manifests.map(|file| (&file.path, file.sha256, Some(file.size))))
            .chain(self.cache.iter().map(|file| (&file.path, file.sha256, None)))
    }

    /// What has to hold between the parts.
    fn check(&self) -> Result<(), Fault> {
        if self.entries.is_empty() {
            return Err(Fault::new("entries", "no entry, so nothing could be started".to_owned()));
        }
        for entry in &self.entries {
            match self.source(entry.as_str()).map(|source| source.kind) {
                Some(SourceKind::Cjs | SourceKind::Esm | SourceKind::TypeScript) => {}
                Some(kind) => {
                    let message =
                        format!("the entry {:?} is {}, which is no program", entry.as_str(), kind.name());
                    return Err(Fault::new(entry.as_str(), message));
                }
                None => {
                    let message = format!("the entry {:?} is not among the sources", entry.as_str());
                    return Err(Fault::new(entry.as_str(), message));
                }
            }
        }
        for module in &self.eval.modules {
            if self.source(module.as_str()).is_none() {
                let message = format!("the module {:?} of `eval` is not among the sources", module.as_str());
                return Err(Fault::new(module.as_str(), message));
            }
        }
        for manifest in &self.manifests {
            if let Some(source) = self.source(manifest.path.as_str())
                && (source.sha256, source.size) != (manifest.sha256, manifest.size)
            {
                let message = format!("{:?} is listed twice with different hashes", manifest.path.as_str());
                return Err(Fault::new(manifest.path.as_str(), message));
            }
            if let Some(main) = manifest.main.as_ref().filter(|main| self.source(main.as_str()).is_none()) {
                let message =
                    format!("the main file {:?} of a package is not among the sources", main.as_str());
                return Err(Fault::new(manifest.path.as_str(), message));
            }
        }
        self.sources.iter().try_for_each(SealedSource::check)
    }
}

impl SealedSource {
    fn check(&self) -> Result<(), Fault> {
        let path = self.path.as_str();
        let fault = |what: &str| Err(Fault::new(path, format!("{path:?} {what}")));
        match (self.kind, path.strip_prefix(SYNTHETIC), &self.content) {
            (SourceKind::Synthetic, Some(hash), Some(content)) => {
                if synthetic_hash(content) != hash {
                    return fault("is not the hash of its `content`");
                }
                if Digest::of(content.as_bytes()) != self.sha256 || content.len() as u64 != self.size {
                    return fault("has a `content` of another hash or size");
                }
                Ok(())
            }
            (SourceKind::Synthetic, None, _) => {
                fault("is synthetic, so its path has to begin with `synthetic:`")
            }
            (SourceKind::Synthetic, _, None) => fault("is synthetic and has no `content`"),
            (_, Some(_), _) => fault("is named as synthetic code and is of another kind"),
            (_, None, Some(_)) => fault("is a file and has a `content`, which only synthetic code has"),
            (_, None, None) => Ok(()),
        }
    }
}

/// The reader counts bytes, and from 0 at the end of the text; a place counts characters, from 1.
pub(crate) fn position_of(text: &[u8], line: usize, column: usize) -> Position {
    let found = text.split(|&byte| byte == b'\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = String::from_utf8_lossy(&found[..column.min(found.len())]).chars().count();
    let number = |value: usize| u32::try_from(value.max(1)).unwrap_or(u32::MAX);
    Position { line: number(line), column: number(before) }
}

/// The SHA-512 that names code without a file.
pub(crate) fn synthetic_hash(content: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha512::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Something that does not hold between the parts of a document.
struct Fault {
    /// A text that stands at the place, or near it.
    text: String,
    message: String,
}

impl Fault {
    fn new(text: &str, message: String) -> Self {
        Self { text: text.to_owned(), message }
    }

    /// Where the text stands first.
    fn position(&self, document: &[u8]) -> Position {
        let Ok(document) = std::str::from_utf8(document) else { return Position::default() };
        let needle = serde_json::Value::from(self.text.as_str()).to_string();
        match document.find(&needle) {
            Some(at) => LineIndex::new(document).position(at),
            None => Position { line: 1, column: 1 },
        }
    }
}

/// What a list is sorted by.
trait Keyed {
    fn key(&self) -> &SealPath;
}

impl Keyed for SealedSource {
    fn key(&self) -> &SealPath {
        &self.path
    }
}

impl Keyed for SealedManifest {
    fn key(&self) -> &SealPath {
        &self.path
    }
}

impl Keyed for CacheFile {
    fn key(&self) -> &SealPath {
        &self.path
    }
}

/// A list that is sorted, so that each path stands in it once and in one place.
fn sorted<'de, D: Deserializer<'de>, T: Deserialize<'de> + Keyed>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    bounded(deserializer, |before: &[T], next: &T| match before.last() {
        Some(last) if last.key() == next.key() => Err(format!("{:?} is listed twice", next.key().as_str())),
        Some(last) if last.key() > next.key() => {
            Err(format!("{:?} stands after {:?}: not sorted", next.key().as_str(), last.key().as_str()))
        }
        _ => Ok(()),
    })
}

/// A list in an order of its own, each item once.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Ord + Clone + std::fmt::Debug,
{
    let mut known = BTreeSet::new();
    bounded(deserializer, |_: &[T], next: &T| match known.insert(next.clone()) {
        true => Ok(()),
        false => Err("the same item a second time".to_owned()),
    })
}

fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    check: impl FnMut(&[T], &T) -> Result<(), String>,
) -> Result<Vec<T>, D::Error> {
    struct List<T, C>(C, std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>, C: FnMut(&[T], &T) -> Result<(), String>> Visitor<'de> for List<T, C> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element()? {
                (self.0)(&list, &item).map_err(A::Error::custom)?;
                if list.len() == MAX_ITEMS {
                    return Err(A::Error::custom(format_args!("more than {MAX_ITEMS} items")));
                }
                list.push(item);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(List(check, std::marker::PhantomData))
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SourceKind, D::Error> {
    read_text(deserializer, |text| {
        SourceKind::of_name(text).ok_or_else(|| format!("{text:?} is no kind of source"))
    })
}

fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Origin, D::Error> {
    read_text(deserializer, |text| {
        Origin::of_name(text).ok_or_else(|| format!("{text:?} is no origin of a source"))
    })
}

fn base64_bytes<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[u8; N], D::Error> {
    use base64::Engine as _;
    read_text(deserializer, |text| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.as_bytes());
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| format!("not {N} bytes in base64"))
    })
}

fn base64_text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    use base64::Engine as _;
    serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// The one version there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
enum SchemaName {
    #[serde(rename = "nodeward.seal/1")]
    One,
}

/// The one algorithm there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum AlgorithmName {
    #[serde(rename = "ed25519")]
    Ed25519,
}

/// For the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum KindName {
    Cjs,
    Esm,
    Json,
    Native,
    Wasm,
    Text,
    TypeScript,
    Synthetic,
}

/// For the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum OriginName {
    Static,
    Recorded,
    Declared,
}

#[cfg(test)]
mod tests;
