//! Files that are read or replaced whole. What is no regular file is refused: a pipe may never begin, a device never
//! end.

use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use nodeward_seal::files::open_regular;

/// Files that are not written to their end are called so.
pub(crate) const UNFINISHED_PREFIX: &str = ".nodeward-";

fn not_regular() -> io::Error {
    io::Error::other("not a regular file")
}

/// The bytes of a file that has at most so many.
pub(crate) fn read_bounded(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(file)?;
    // Room for all of it at once.
    let size = file.metadata()?.len().min(most).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("larger than {most} bytes")));
    }
    Ok(bytes)
}

/// The same error without the name of the file beside, which says nothing to the user.
fn without_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or_default())
}

/// As [`replace`], for files that have their name from us: `nodeward.seal.json`. A symbolic link under such a name is
/// refused. The user did not name what is behind it; whoever wrote the checkout did.
pub(crate) fn replace_itself(
    file: &Path,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if std::fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(io::Error::other(
            "a symbolic link; remove it, as nothing is written through one of this name",
        ));
    }
    replace(file, render)
}

/// An error where a path that the user gave leads out of the folder that it is in by its words. That is a folder of
/// other people's files: a link among them is theirs, and the user can name what is behind it.
pub(crate) fn refuse_leading_out(file: &Path, folder: &Path) -> io::Result<()> {
    use std::path::Component;
    let named = folder.join(file);
    let Ok(below) = named.strip_prefix(folder) else { return Ok(()) };
    if below.components().any(|part| part == Component::ParentDir) {
        return Ok(());
    }
    // What is not there yet is made in the nearest folder that is.
    let real = named.ancestors().find_map(|path| std::fs::canonicalize(path).ok());
    let Some(real) = real else { return Ok(()) };
    if real.starts_with(std::fs::canonicalize(folder)?) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "a symbolic link leads from there to {}; name that, if it is meant",
        real.display()
    )))
}

/// Writes beside, syncs, renames: an interrupted run leaves the original or the complete new file.
pub(crate) fn replace(file: &Path, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (beside, file) = write_beside(file, render)?;
    beside.persist(&file).map_err(|error| error.error)?;
    Ok(())
}

/// The same for several files with names from us: all are complete before any has its name, and where one can't have
/// it, none of them has.
#[cfg(target_os = "linux")]
pub(crate) fn replace_together(files: &[(PathBuf, Vec<u8>)]) -> io::Result<()> {
    let mut complete = Vec::new();
    for (file, bytes) in files {
        if std::fs::symlink_metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(not_regular());
        }
        complete.push(write_beside(file, |out| out.write_all(bytes))?);
    }
    let mut named: Vec<PathBuf> = Vec::new();
    for (beside, file) in complete {
        if let Err(error) = beside.persist(&file) {
            for file in named {
                // What could be written can be removed, unless all of the disk is gone.
                let _ = std::fs::remove_file(file);
            }
            return Err(error.error);
        }
        named.push(file);
    }
    Ok(())
}

/// A complete file beside its place, and that place.
fn write_beside(
    file: &Path,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<(tempfile::NamedTempFile, PathBuf)> {
    if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(not_regular());
    }
    // Through a symbolic link the target is replaced, not the link: users keep reports and configuration elsewhere.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED_PREFIX);
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::PermissionsExt as _;
        // What the file has now, or what any new file would get: the user's umask applies.
        let mode = std::fs::metadata(&file).map_or(0o666, |metadata| metadata.permissions().mode() & 0o7777);
        builder.permissions(std::fs::Permissions::from_mode(mode))
    };
    let mut beside = builder.tempfile_in(folder).map_err(without_path)?;
    {
        let mut out = io::BufWriter::new(beside.as_file_mut());
        render(&mut out)?;
        out.flush()?;
    }
    beside.as_file().sync_all()?;
    Ok((beside, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_writer_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        std::fs::write(&file, "old").unwrap();
        let failed = replace(&file, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no space"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
        replace(&file, |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = [
            read_bounded(folder.path(), 10).unwrap_err(),
            replace(folder.path(), |out| out.write_all(b"new")).unwrap_err(),
        ];
        assert!(refused.iter().all(|error| error.to_string() == "not a regular file"), "{refused:?}");
        let file = folder.path().join("long");
        std::fs::write(&file, "four").unwrap();
        assert_eq!(read_bounded(&file, 4).unwrap(), b"four");
        assert!(read_bounded(&file, 3).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn nothing_is_written_through_a_link_that_the_user_did_not_name() {
        let folder = tempfile::tempdir().unwrap();
        let (checkout, outside) = (folder.path().join("checkout"), folder.path().join("outside"));
        for made in [&checkout, &outside, &checkout.join("own")] {
            std::fs::create_dir(made).unwrap();
        }
        std::fs::write(outside.join("file"), "theirs").unwrap();
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(target, checkout.join(name)).unwrap();
        };
        link("../outside/file", "file");
        link("../outside", "folder");
        link("own", "inside");
        let refused = replace_itself(&checkout.join("file"), |out| out.write_all(b"ours")).unwrap_err();
        assert!(refused.to_string().contains("a symbolic link; remove it"), "{refused}");
        let leads = |file: &str| refuse_leading_out(Path::new(file), &checkout);
        for out in ["file", "folder", "folder/new", "folder/new/deeper", "./folder/file"] {
            let error = leads(out).unwrap_err().to_string();
            assert!(
                error.contains("outside") && error.contains("name that, if it is meant"),
                "{out}: {error}"
            );
        }
        for fine in
            ["new", "own/new", "inside/new", "../outside/file", outside.join("file").to_str().unwrap()]
        {
            assert!(leads(fine).is_ok(), "{fine}");
        }
        assert_eq!(std::fs::read(outside.join("file")).unwrap(), b"theirs");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, |out| out.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
    }
}
