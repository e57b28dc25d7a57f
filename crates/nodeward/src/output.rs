//! Where results go: standard output, or a file that is either the old one or the complete new one.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;

/// Files that are not written to their end are called so.
pub(crate) const UNFINISHED_PREFIX: &str = ".nodeward-";

/// Writes results. A reader that goes away early (`| head`) is no error.
pub(crate) fn write(
    file: Option<&Path>,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    match file {
        Some(file) => write_file(file, render).with_context(|| format!("cannot write {}", file.display())),
        None => {
            let mut out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
            match render(&mut out).and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    // What is left in the buffer must not be tried again when it is dropped.
                    let _ = out.into_parts();
                    Ok(())
                }
                result => result.context("cannot write to standard output"),
            }
        }
    }
}

/// Writes beside, syncs, renames: an interrupted run leaves the original or the complete new file.
pub(crate) fn write_file(
    file: &Path,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // A device or a pipe can't be renamed over, and holds nothing to protect.
    if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        let mut out = io::BufWriter::new(std::fs::OpenOptions::new().write(true).open(file)?);
        render(&mut out)?;
        return out.flush();
    }
    // Through a symbolic link the target is replaced, not the link.
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
    let mut beside = builder.tempfile_in(folder)?;
    {
        let mut out = io::BufWriter::new(beside.as_file_mut());
        render(&mut out)?;
        out.flush()?;
    }
    beside.as_file().sync_all()?;
    beside.persist(&file).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_writer_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        std::fs::write(&file, "old").unwrap();
        let failed = write_file(&file, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no space"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
        write_file(&file, |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write_file(&link, |out| out.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
    }
}
