//! The sealed code cache: what V8 made of the sealed files when they were sealed, so that it need not be made anew.
//!
//! Node.js keeps such a cache as a folder of files that anybody who can write there can replace, and V8 runs what
//! they hold. Here it is one file that the seal lists by its hash. It is read once, compared, and brought into the
//! launcher's own folder, which the program can't write.
//!
//! Most of it is for CommonJS modules that the guard compiles itself: what belongs to them stays one file, as
//! hundreds of files cost a good part of what the cache saves. The rest is made the folder that Node.js reads.
//!
//! Node.js names each file by a checksum of the module's path. A pack has the paths below the seal instead, so that
//! it serves wherever the program is put.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::place::Place;
use crate::seal::{Document, SealPath};

/// What a pack begins with.
const MAGIC: &[u8; 8] = b"NWCODE1\n";

/// More than the cache of any program.
pub const MAX_PACK: u64 = 1024 * 1024 * 1024;

/// Files of Node.js's cache begin with five numbers: a mark, then size and checksum of the source and of the code.
const HEADER: usize = 20;

/// The code of the modules that the guard compiles, in the launcher's folder.
const CODE_FILE: &str = "guard/code.cache";

/// What the cache of one module is of. The first two numbers are Node.js's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Cjs = 0,
    Esm = 1,
    /// CommonJS without `import()`, which no public function of Node.js compiles as the loader does.
    Function = 2,
}

/// Whose module it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Owner {
    /// A sealed file, by its path below the seal.
    Program = 0,
    /// A file of the guard, by its path in the launcher's folder.
    Guard = 1,
}

/// One module's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry<'a> {
    kind: Kind,
    owner: Owner,
    path: &'a str,
    bytes: &'a [u8],
}

/// Why there is no code cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Node.js wrote none.
    #[error("{0} wrote no code cache; it needs Node.js 22.10 or newer")]
    Nothing(String),
    /// A file can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no pack.
    #[error("is no code cache; make it anew with `nodeward seal --code-cache`")]
    Damaged,
}

/// Packs what Node.js wrote in one or several runs: for each, the folder that it wrote to, and the launcher's folder
/// at that time. `root` is the seal's folder. What belongs to no sealed file and to none of the guard's stays behind.
///
/// # Errors
/// There is nothing to pack, or it can't be read.
pub fn pack(
    version: &str,
    runs: &[(&Path, PathBuf)],
    root: &Path,
    document: &Document,
) -> Result<Vec<u8>, CacheError> {
    let nothing = || CacheError::Nothing(format!("Node.js {version}"));
    let mut tag = None;
    let mut found = BTreeMap::new();
    let guard: Vec<String> = Place::guard_files().collect();
    for (written, place) in runs {
        let folder = folder_of(written, version).ok_or_else(nothing)?;
        let name = folder.file_name().and_then(|name| name.to_str()).ok_or_else(nothing)?;
        tag = Some(name.rsplit_once('-').ok_or_else(nothing)?.0.to_owned());
        collect(&folder, root, place, document, &guard, &mut found)?;
    }
    let tag = tag.filter(|_| !found.is_empty()).ok_or_else(nothing)?;
    let mut out = MAGIC.to_vec();
    text(&mut out, &tag);
    for ((owner, path, kind), bytes) in found {
        out.extend([kind as u8, owner as u8]);
        text(&mut out, path);
        number(&mut out, bytes.len());
        out.extend(bytes);
    }
    Ok(out)
}

/// The files of one run, by what they are of.
fn collect<'a>(
    folder: &Path,
    root: &Path,
    place: &Path,
    document: &'a Document,
    guard: &'a [String],
    found: &mut BTreeMap<(Owner, &'a str, Kind), Vec<u8>>,
) -> Result<(), CacheError> {
    let mut known: HashMap<String, (Kind, Owner, &str)> = HashMap::new();
    let mut know = |folder: &Path, owner, path| {
        for kind in [Kind::Cjs, Kind::Esm] {
            if let Some(name) = name_of(kind, &folder.join(path)) {
                known.insert(name, (kind, owner, path));
            }
        }
    };
    document.sources.iter().for_each(|source| know(root, Owner::Program, source.path.as_str()));
    guard.iter().for_each(|path| know(place, Owner::Guard, path));
    let failed = |path: &Path, source| CacheError::Read { path: path.into(), source };
    // Node.js compiles the main file itself.
    let is_entry = |path: &str| document.entries.iter().any(|entry| entry.as_str() == path);
    for entry in fs::read_dir(folder).map_err(|source| failed(folder, source))?.flatten() {
        if let Some(&(kind, owner, path)) = entry.file_name().to_str().and_then(|name| known.get(name)) {
            let bytes = fs::read(entry.path()).map_err(|source| failed(&entry.path(), source))?;
            let kind = match (kind, owner) {
                (Kind::Cjs, Owner::Program) if !is_entry(path) => {
                    let module = root.join(path);
                    let text = fs::read(&module).map_err(|source| failed(&module, source))?;
                    if may_import(&text) { Kind::Cjs } else { Kind::Function }
                }
                _ => kind,
            };
            found.entry((owner, path, kind)).or_insert(bytes);
        }
    }
    Ok(())
}

/// Whether a text may hold `import(…)`, be it in a string that becomes code: the word, with nothing between it and
/// the parenthesis but what a comment begins with, space, or a dot (`import.defer(…)`).
fn may_import(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"import").any(|at| {
        let after = text[at + b"import".len()..].iter().find(|byte| !byte.is_ascii_whitespace());
        // What is not ASCII may be space too.
        after.is_some_and(|byte| matches!(byte, b'(' | b'.' | b'/' | b'\\') || !byte.is_ascii())
    })
}

/// The folder of a version; there is one for each set of V8's options.
fn folder_of(written: &Path, version: &str) -> Option<PathBuf> {
    let folders = fs::read_dir(written).ok()?.flatten().map(|entry| entry.path());
    folders.filter(|path| path.is_dir()).find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{version}-")))
    })
}

/// A pack in the launcher's folder.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// What `NODE_COMPILE_CACHE` has to be.
    pub(super) folder: PathBuf,
    /// Where the code of each module stands that the guard compiles: its path below the seal, the offset, the length.
    pub(super) code: Vec<(String, usize, usize)>,
}

/// Unpacks a pack that was compared with the seal.
pub(super) fn unpack(pack: &[u8], root: &Path, place: &mut Place) -> Result<Unpacked, CacheError> {
    let (tag, entries) = parse(pack).ok_or(CacheError::Damaged)?;
    let cache = Path::new("cache");
    let folder = cache.join(format!("{tag}-{}", user()));
    let whole = place.folder().join(&folder);
    let failed = |source| CacheError::Read { path: whole.clone(), source };
    place.make_folder(&folder).map_err(failed)?;
    let (mut code, mut index) = (Vec::with_capacity(pack.len()), Vec::new());
    for entry in entries {
        let base = match entry.owner {
            Owner::Program => root,
            Owner::Guard => place.folder(),
        };
        if entry.kind == Kind::Function {
            let bytes = &entry.bytes[HEADER..];
            index.push((entry.path.to_owned(), code.len(), bytes.len()));
            code.extend_from_slice(bytes);
        } else if let Some(name) = name_of(entry.kind, &base.join(entry.path)) {
            place.write_in(&folder.join(name), entry.bytes).map_err(failed)?;
        }
    }
    if !index.is_empty() {
        place.write(CODE_FILE, &code).map_err(failed)?;
    }
    Ok(Unpacked { folder: place.folder().join(cache), code: index })
}

/// Node.js ends the folder's name with the user's number.
#[cfg(unix)]
fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

#[cfg(not(unix))]
fn user() -> String {
    "0".to_owned()
}

/// How Node.js names the file of a module.
fn name_of(kind: Kind, path: &Path) -> Option<String> {
    let path = path.to_str()?;
    let mut sum = crc32fast::Hasher::new();
    match kind {
        Kind::Cjs | Kind::Function => {
            sum.update(&[Kind::Cjs as u8]);
            sum.update(path.as_bytes());
        }
        Kind::Esm => {
            sum.update(&[Kind::Esm as u8]);
            // What a URL writes in another way is left out: such a module is compiled anew.
            if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-@+,=!$&'()*;:".contains(&byte))
            {
                return None;
            }
            sum.update(b"file://");
            sum.update(path.as_bytes());
        }
    }
    Some(format!("{:08x}", sum.finalize()))
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len());
    out.extend(text.as_bytes());
}

fn number(out: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("files of the cache are far smaller");
    out.extend(number.to_le_bytes());
}

fn parse(pack: &[u8]) -> Option<(&str, Vec<Entry<'_>>)> {
    let mut rest = pack.strip_prefix(MAGIC)?;
    let tag = std::str::from_utf8(take(&mut rest)?).ok()?;
    // It becomes the name of a folder.
    if tag.is_empty() || !tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte)) {
        return None;
    }
    let mut entries = Vec::new();
    while let [kind, owner, after @ ..] = rest {
        rest = after;
        let kind = match kind {
            0 => Kind::Cjs,
            1 => Kind::Esm,
            2 => Kind::Function,
            _ => return None,
        };
        let owner = match owner {
            0 => Owner::Program,
            1 => Owner::Guard,
            _ => return None,
        };
        let path = std::str::from_utf8(take(&mut rest)?).ok()?;
        SealPath::parse(path).ok()?;
        let bytes = take(&mut rest)?;
        if bytes.len() < HEADER {
            return None;
        }
        entries.push(Entry { kind, owner, path, bytes });
    }
    rest.is_empty().then_some((tag, entries))
}

/// As many bytes as the number before them says.
fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (bytes, after) = after.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *rest = after;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Digest, EvalRules, SealedSource};
    use crate::{Origin, SourceKind};
    use proptest::prelude::*;

    fn document(entry: &str) -> Document {
        let path = SealPath::parse("lib/a.js").unwrap();
        let source = SealedSource {
            path,
            kind: SourceKind::Cjs,
            sha256: Digest::of(b""),
            size: 0,
            origin: Origin::Static,
            package: None,
            content: None,
        };
        Document::new(vec![SealPath::parse(entry).unwrap()], vec![source], Vec::new(), EvalRules::default())
    }

    /// What Node.js would have written for a program in `app` and a guard in `/place`; `lib/a.js` has this text.
    fn written(folder: &Path, text: &str) {
        let app = folder.join("app");
        fs::create_dir_all(app.join("lib")).unwrap();
        fs::write(app.join("lib/a.js"), text).unwrap();
        let cache = folder.join("written/v22.1.0-x64-abcd1234-0");
        fs::create_dir_all(&cache).unwrap();
        for file in
            [app.join("lib/a.js"), app.join("lib/other.js"), "/place/guard/runtime/preload.cjs".into()]
        {
            let name = name_of(Kind::Cjs, &file).unwrap();
            fs::write(
                cache.join(&name),
                [&[7; HEADER], b"code of ".as_slice(), file.as_os_str().as_encoded_bytes()].concat(),
            )
            .unwrap();
        }
    }

    fn packed_from(version: &str, folder: &Path, entry: &str) -> Result<Vec<u8>, CacheError> {
        let runs = [(&*folder.join("written"), PathBuf::from("/place"))];
        pack(version, &runs, &folder.join("app"), &document(entry))
    }

    fn unpacked(pack: &[u8], place: &mut Place) -> (Vec<String>, Unpacked) {
        let unpacked = unpack(pack, Path::new("/elsewhere"), place).unwrap();
        let inner = unpacked.folder.join(format!("v22.1.0-x64-abcd1234-{}", user()));
        let names =
            fs::read_dir(inner).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        (names.collect(), unpacked)
    }

    #[test]
    fn names_are_those_of_node() {
        // As Node.js 22, 24 and 26 named them.
        assert_eq!(name_of(Kind::Cjs, Path::new("/app/b.js")).as_deref(), Some("f3ba17d7"));
        assert_eq!(name_of(Kind::Cjs, Path::new("/a/f7.js")).as_deref(), Some("02271e52"));
        assert_eq!(name_of(Kind::Esm, Path::new("/a b.mjs")), None);
    }

    #[test]
    fn a_pack_serves_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = name_of(Kind::Cjs, Path::new("/elsewhere/lib/a.js")).unwrap();
        // The main file and what may import are Node.js's to compile.
        for (text, entry, is_ours) in
            [("x = 1", "main.js", true), ("x = 1", "lib/a.js", false), ("import('x')", "main.js", false)]
        {
            written(folder.path(), text);
            let packed = packed_from("v22.1.0", folder.path(), entry).unwrap();
            assert_eq!(packed, packed_from("v22.1.0", folder.path(), entry).unwrap());
            let mut place = Place::make(&crate::launch::Parents(vec![folder.path().to_owned()])).unwrap();
            let (names, unpacked) = unpacked(&packed, &mut place);
            // What belongs to no sealed file stays behind.
            assert_eq!(names.len(), if is_ours { 1 } else { 2 }, "{text} {entry}");
            assert_eq!(names.contains(&elsewhere), !is_ours, "{text} {entry}");
            assert_eq!(unpacked.code.len(), usize::from(is_ours), "{text} {entry}");
            if let Some((path, offset, length)) = unpacked.code.first() {
                assert_eq!(path, "lib/a.js");
                let code = fs::read(place.folder().join(CODE_FILE)).unwrap();
                let code = std::str::from_utf8(&code[*offset..offset + length]).unwrap();
                assert!(code.starts_with("code of ") && code.ends_with("lib/a.js"), "{code}");
            }
        }
        let missing = packed_from("v24.0.0", folder.path(), "main.js");
        assert!(matches!(missing, Err(CacheError::Nothing(_))));
    }

    #[test]
    fn imports_are_seen_in_any_spelling() {
        for text in [
            "import('x')",
            "import (x)",
            "a; import\n/* */ ('x')",
            "import.defer('x')",
            "'import\\x28x)'",
            "import\u{a0}(x)",
        ] {
            assert!(may_import(text.as_bytes()), "{text}");
        }
        for text in ["important(x)", "imports.x", "// import what is there", "'import'", "import"] {
            assert!(!may_import(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_pack_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), "");
        let packed = packed_from("v22.1.0", folder.path(), "main.js").unwrap();
        for end in 0..packed.len() {
            // A pack cut between two modules is a shorter pack; the seal's hash tells.
            let _ = parse(&packed[..end]);
        }
        assert!(parse(&packed[..MAGIC.len() + 3]).is_none());
        let escaping = packed.windows(8).position(|window| window == b"lib/a.js").unwrap();
        let mut bytes = packed.clone();
        bytes[escaping..escaping + 3].copy_from_slice(b"../");
        assert!(parse(&bytes).is_none());
        let mut bytes = packed;
        bytes[MAGIC.len() + 4] = b'/';
        assert!(parse(&bytes).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&[MAGIC.as_slice(), &bytes].concat());
        }
    }
}
