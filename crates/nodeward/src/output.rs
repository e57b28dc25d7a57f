//! Where results go: standard output, or a file.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::disk;

/// Writes results. A reader that goes away early (`| head`) is no error.
pub(crate) fn write(
    file: Option<&Path>,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    match file {
        Some(file) => write_to(file, render).with_context(|| format!("cannot write {}", file.display())),
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

fn write_to(file: &Path, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    disk::refuse_leading_out(file, &std::env::current_dir()?)?;
    // A device or a pipe can't be renamed over, and holds nothing to protect.
    if std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        let mut out = io::BufWriter::new(std::fs::OpenOptions::new().write(true).open(file)?);
        render(&mut out)?;
        return out.flush();
    }
    disk::replace(file, render)
}
