//! Exactly the sealed files, elsewhere: in a folder or a tar archive, the same bytes each time.
//!
//! Each file is compared with the seal while it is copied, so that what arrives is what was sealed. Besides the
//! files come the seal itself and the symbolic links by which Node.js finds a package in the layouts of pnpm and of
//! workspaces; none of them leads out of the bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files::{self, Root};
use crate::seal::{Digest, Document, FILE_NAME, SealPath};

/// Files of this size are not code or templates any more.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Rights of a file and of a folder. Add-ons need no right to be executed.
const FILE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A sealed file is not there or can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file was changed.
    #[error("{0} is not as it was sealed; restore it, or seal again if the change is meant")]
    Changed(String),
    /// The bundle can't be written.
    #[error("cannot write {path}")]
    Write {
        /// The file within the bundle.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// What a bundle holds.
#[derive(Debug)]
pub struct Bundle<'a> {
    root: &'a Root,
    seal: &'a [u8],
    files: BTreeMap<&'a SealPath, Digest>,
    /// Links and what they hold.
    links: BTreeMap<String, String>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Files, the seal among them.
    pub files: usize,
    /// Symbolic links.
    pub links: usize,
    /// The bytes of the files.
    pub bytes: u64,
}

impl<'a> Bundle<'a> {
    /// The bundle of a seal. `text` is the seal's file.
    pub fn new(root: &'a Root, document: &'a Document, text: &'a [u8]) -> Self {
        let files: BTreeMap<_, _> = document.files().map(|(path, digest, _)| (path, digest)).collect();
        let links = links(root.folder(), &files);
        Self { root, seal: text, files, links }
    }

    /// Writes a tar archive: sorted, every time `modified`, everything owned by user and group 0.
    ///
    /// # Errors
    /// A file is not as it was sealed, or the archive can't be written.
    pub fn write_tar(&self, out: impl Write, modified: u64) -> Result<Written, BundleError> {
        let mut archive = tar::Builder::new(out);
        let header = |kind, mode, size| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_size(size);
            header.set_mtime(modified);
            header.set_uid(0);
            header.set_gid(0);
            header
        };
        let written = self.each(|path, item| match item {
            Item::Folder => {
                let mut header = header(tar::EntryType::Directory, FOLDER_MODE, 0);
                archive.append_data(&mut header, format!("{path}/"), io::empty())
            }
            Item::File(bytes) => {
                let mut header = header(tar::EntryType::Regular, FILE_MODE, bytes.len() as u64);
                archive.append_data(&mut header, path, bytes)
            }
            Item::Link(target) => {
                let mut header = header(tar::EntryType::Symlink, 0o777, 0);
                archive.append_link(&mut header, path, target)
            }
        })?;
        let end = archive.into_inner().and_then(|mut out| out.flush());
        end.map_err(|source| BundleError::Write { path: "the archive".to_owned(), source })?;
        Ok(written)
    }

    /// Fills an empty folder.
    ///
    /// # Errors
    /// A file is not as it was sealed, or the folder can't be written.
    pub fn write_folder(&self, folder: &Path, modified: u64) -> Result<Written, BundleError> {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(modified);
        let mut folders = vec![folder.to_owned()];
        let written = self.each(|path, item| {
            let target = folder.join(path);
            match item {
                Item::Folder => {
                    fs::create_dir(&target)?;
                    folders.push(target);
                }
                Item::File(bytes) => {
                    let mut file = fs::File::create_new(&target)?;
                    file.write_all(bytes)?;
                    set_mode(&target, FILE_MODE)?;
                    file.set_modified(time)?;
                    file.sync_all()?;
                }
                Item::Link(to) => link(to, &target)?,
            }
            Ok(())
        })?;
        // Last, and the innermost first: whatever is made in a folder changes its time.
        for folder in folders.iter().rev() {
            let finish = || {
                set_mode(folder, FOLDER_MODE)?;
                fs::File::open(folder)?.set_modified(time)
            };
            finish().map_err(|source| BundleError::Write { path: folder.display().to_string(), source })?;
        }
        Ok(written)
    }

    /// Each folder, file and link, sorted, folders before what they hold.
    fn each(&self, mut write: impl FnMut(&str, Item<'_>) -> io::Result<()>) -> Result<Written, BundleError> {
        let seal = SealPath::parse(FILE_NAME).expect("the seal's name is a path");
        let names: BTreeSet<&str> = self
            .files
            .keys()
            .map(|path| path.as_str())
            .chain(self.links.keys().map(String::as_str))
            .collect();
        let mut paths: BTreeSet<&str> =
            names.iter().flat_map(|name| folders_of(name)).chain(names.iter().copied()).collect();
        paths.insert(FILE_NAME);
        let mut written = Written::default();
        let mut buffer = Vec::new();
        for path in paths {
            let parsed = SealPath::parse(path).map_err(BundleError::Changed)?;
            let result = if parsed == seal {
                written.files += 1;
                written.bytes += self.seal.len() as u64;
                write(path, Item::File(self.seal))
            } else if let Some(digest) = self.files.get(&parsed) {
                self.read(&parsed, *digest, &mut buffer)?;
                written.files += 1;
                written.bytes += buffer.len() as u64;
                write(path, Item::File(&buffer))
            } else if let Some(target) = self.links.get(path) {
                written.links += 1;
                write(path, Item::Link(target))
            } else {
                write(path, Item::Folder)
            };
            result.map_err(|source| BundleError::Write { path: path.to_owned(), source })?;
        }
        Ok(written)
    }

    fn read(&self, path: &SealPath, sealed: Digest, buffer: &mut Vec<u8>) -> Result<(), BundleError> {
        let mut read = || files::read(&mut self.root.file(path)?, MAX_FILE_BYTES, buffer);
        match read() {
            Ok(found) if found == sealed => Ok(()),
            Ok(_) => Err(BundleError::Changed(path.to_string())),
            Err(source) => Err(BundleError::Read { path: path.to_string(), source }),
        }
    }
}

enum Item<'a> {
    Folder,
    File(&'a [u8]),
    Link(&'a str),
}

/// The folders above a path, the outermost first.
fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// The links in `node_modules` folders by which Node.js finds a folder with sealed files.
fn links(root: &Path, files: &BTreeMap<&SealPath, Digest>) -> BTreeMap<String, String> {
    let mut holders: BTreeSet<&str> = BTreeSet::from([""]);
    holders.extend(files.keys().flat_map(|path| folders_of(path.as_str())));
    let mut links = BTreeMap::new();
    for holder in &holders {
        let modules =
            if holder.is_empty() { "node_modules".to_owned() } else { format!("{holder}/node_modules") };
        for name in names(&root.join(&modules)) {
            let path = format!("{modules}/{name}");
            add_link(root, &path, &holders, &mut links);
            if name.starts_with('@') {
                for below in names(&root.join(&path)) {
                    add_link(root, &format!("{path}/{below}"), &holders, &mut links);
                }
            }
        }
    }
    links
}

/// The names in a folder that is no link itself.
fn names(folder: &Path) -> Vec<String> {
    if !folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Vec::new();
    }
    let entries =
        fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn add_link(root: &Path, path: &str, holders: &BTreeSet<&str>, links: &mut BTreeMap<String, String>) {
    let whole = root.join(path);
    if !whole.is_symlink() {
        return;
    }
    let Ok(target) = fs::canonicalize(&whole) else { return };
    let Some(target) = target.strip_prefix(root).ok().and_then(Path::to_str) else { return };
    if !target.is_empty() && holders.contains(target) {
        links.insert(path.to_owned(), relative(path, target));
    }
}

/// The way from a link to a path, both below the root.
fn relative(link: &str, target: &str) -> String {
    let from: Vec<&str> = link.split('/').collect();
    let from = &from[..from.len() - 1];
    let to: Vec<&str> = target.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    up.chain(to[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(unix)]
fn link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(_target: &str, _path: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "symbolic links to folders are not made on this system"))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Whether a name asks for an archive.
pub fn is_archive(out: &Path) -> bool {
    out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tar"))
}

/// A folder beside the one that is wanted, to be filled and then renamed to it.
///
/// # Errors
/// The wanted one holds something, or the one beside can't be made.
pub fn beside(out: &Path) -> io::Result<(tempfile::TempDir, PathBuf)> {
    match fs::read_dir(out).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(io::Error::other("the folder is not empty")),
        Ok(false) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok((tempfile::Builder::new().prefix(".nodeward-").tempdir_in(parent)?, out.to_owned()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::seal::{Declared, make};
    use crate::{Origin, Source, SourceKind, SourceList};

    /// A project as pnpm lays it out, its seal, and a file that is not sealed.
    fn project() -> (tempfile::TempDir, Document) {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let real = "node_modules/.pnpm/a@1.0.0/node_modules";
        fs::create_dir_all(at(&format!("{real}/a"))).unwrap();
        fs::create_dir_all(at(&format!("{real}/unused"))).unwrap();
        fs::create_dir_all(at("node_modules/@s")).unwrap();
        let paths = ["app.js".to_owned(), format!("{real}/a/index.js")];
        for path in &paths {
            fs::write(at(path), path).unwrap();
        }
        fs::write(at(&format!("{real}/unused/index.js")), "").unwrap();
        fs::write(at("package.json"), "{}").unwrap();
        std::os::unix::fs::symlink(".pnpm/a@1.0.0/node_modules/a", at("node_modules/a")).unwrap();
        std::os::unix::fs::symlink(at(&format!("{real}/a")), at("node_modules/@s/b")).unwrap();
        std::os::unix::fs::symlink(".pnpm/a@1.0.0/node_modules/unused", at("node_modules/unused")).unwrap();
        std::os::unix::fs::symlink("/etc", at("node_modules/out")).unwrap();
        let source = |path: &String| Source {
            path: path.clone(),
            kind: SourceKind::Cjs,
            origin: Origin::Static,
            package: None,
            size: 0,
        };
        let list = SourceList {
            root: folder.path().canonicalize().unwrap(),
            entries: vec!["app.js".to_owned()],
            sources: paths.iter().map(source).collect(),
            manifests: vec!["package.json".to_owned()],
        };
        let document = make(&list, Declared::default(), std::num::NonZeroUsize::MIN).unwrap();
        (folder, document)
    }

    fn tar_of(folder: &Path, document: &Document) -> Result<Vec<u8>, BundleError> {
        let root = Root::open(folder).unwrap();
        let text = document.write();
        let mut out = Vec::new();
        Bundle::new(&root, document, text.as_bytes()).write_tar(&mut out, 7)?;
        Ok(out)
    }

    #[test]
    fn an_archive_is_the_same_bytes_from_wherever_it_is_made() {
        let (one, document) = project();
        let (other, same) = project();
        assert_eq!(document, same);
        let bytes = tar_of(one.path(), &document).unwrap();
        assert_eq!(bytes, tar_of(other.path(), &document).unwrap());
        let mut archive = tar::Archive::new(&bytes[..]);
        let entries: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!(
                    (header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()),
                    (7, 0, 0)
                );
                let link = entry.link_name().unwrap().map(|link| format!(" -> {}", link.display()));
                format!(
                    "{} {:o}{}",
                    entry.path().unwrap().display(),
                    header.mode().unwrap(),
                    link.unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(
            entries,
            [
                "app.js 644",
                "node_modules/ 755",
                "node_modules/.pnpm/ 755",
                "node_modules/.pnpm/a@1.0.0/ 755",
                "node_modules/.pnpm/a@1.0.0/node_modules/ 755",
                "node_modules/.pnpm/a@1.0.0/node_modules/a/ 755",
                "node_modules/.pnpm/a@1.0.0/node_modules/a/index.js 644",
                "node_modules/@s/ 755",
                "node_modules/@s/b 777 -> ../.pnpm/a@1.0.0/node_modules/a",
                "node_modules/a 777 -> .pnpm/a@1.0.0/node_modules/a",
                "nodeward.seal.json 644",
                "package.json 644",
            ]
        );
    }

    #[test]
    fn a_folder_holds_the_same() {
        let (folder, document) = project();
        let out = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let text = document.write();
        let written = Bundle::new(&root, &document, text.as_bytes()).write_folder(out.path(), 7).unwrap();
        assert_eq!((written.files, written.links), (4, 2));
        let through_link = fs::read_to_string(out.path().join("node_modules/@s/b/index.js")).unwrap();
        assert!(through_link.ends_with("a/index.js"));
        assert!(
            !out.path().join("node_modules/unused").exists()
                && !out.path().join("node_modules/out").is_symlink()
        );
        let copied = Root::open(out.path()).unwrap();
        let again = Bundle::new(&copied, &document, text.as_bytes());
        let mut bytes = Vec::new();
        again.write_tar(&mut bytes, 7).unwrap();
        assert_eq!(bytes, tar_of(folder.path(), &document).unwrap());
    }

    #[test]
    fn what_was_changed_is_not_copied() {
        let (folder, document) = project();
        fs::write(folder.path().join("app.js"), "app.jS").unwrap();
        assert!(
            matches!(tar_of(folder.path(), &document), Err(BundleError::Changed(path)) if path == "app.js")
        );
        fs::remove_file(folder.path().join("app.js")).unwrap();
        assert!(matches!(tar_of(folder.path(), &document), Err(BundleError::Read { .. })));
        std::os::unix::fs::symlink("package.json", folder.path().join("app.js")).unwrap();
        assert!(matches!(tar_of(folder.path(), &document), Err(BundleError::Read { .. })));
    }
}
