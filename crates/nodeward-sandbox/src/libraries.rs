//! The libraries that a program needs, as its own loader finds them.
//!
//! Where a library is looked for depends on the file, on the loader's cache and on the processor. The loader is
//! asked, with an empty environment; asked so, it runs nothing of the program.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::elf::interpreter;

/// What a program needs to start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Libraries {
    /// The loader. None when the file is linked statically.
    pub interpreter: Option<PathBuf>,
    /// The libraries, the loader among them, in its order.
    pub files: Vec<PathBuf>,
}

/// Why it is not known what a program needs.
#[derive(Debug, thiserror::Error)]
pub enum LibrariesError {
    /// It is no ELF file.
    #[error("{0} is no program that this system can start")]
    NoProgram(PathBuf),
    /// A library is not there.
    #[error("{program} needs the library {library}, which is not installed")]
    Absent {
        /// The program.
        program: PathBuf,
        /// The library's name.
        library: String,
    },
    /// The loader failed.
    #[error("cannot list the libraries of {program}: {reason}")]
    Loader {
        /// The program.
        program: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// The file can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The loader that a program names for itself; none when it is linked statically.
pub fn loader(path: &Path) -> Result<Option<PathBuf>, LibrariesError> {
    let file = File::open(path).map_err(|source| LibrariesError::Read { path: path.into(), source })?;
    interpreter(&file).ok_or_else(|| LibrariesError::NoProgram(path.into()))
}

/// The loader and the libraries of a program or, with the `loader` of the program that opens it, of a library. Which
/// loader a library names for itself does not count: nobody starts it by that.
pub fn needed(path: &Path, loader: Option<&Path>) -> Result<Libraries, LibrariesError> {
    let own = self::loader(path)?;
    let Some(interpreter) = loader.map(Path::to_owned).or(own) else {
        return Ok(Libraries::default());
    };
    let failed = |reason: String| LibrariesError::Loader { program: path.into(), reason };
    let output = Command::new(&interpreter)
        .arg("--list")
        .arg(path)
        .env_clear()
        .output()
        .map_err(|error| failed(format!("{}: {error}", interpreter.display())))?;
    if !output.status.success() {
        return Err(match absent(&output.stderr) {
            Some(library) => LibrariesError::Absent { program: path.into(), library },
            None => failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        });
    }
    let mut files =
        listed(&output.stdout).map_err(|library| LibrariesError::Absent { program: path.into(), library })?;
    if !files.contains(&interpreter) {
        files.push(interpreter.clone());
    }
    Ok(Libraries { interpreter: Some(interpreter), files })
}

/// The paths of `name => path (address)` and `path (address)`. A library without a path fails, by its name.
fn listed(output: &[u8]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for line in String::from_utf8_lossy(output).lines() {
        let line = line.trim();
        let (name, found) = line.split_once(" => ").unwrap_or((line, line));
        if found == "not found" {
            return Err(name.to_owned());
        }
        let path = found.rsplit_once(" (0x").map_or(found, |(path, _)| path);
        // What has no path, as linux-vdso, is no file.
        if path.starts_with('/') {
            files.push(PathBuf::from(path));
        }
    }
    Ok(files)
}

/// The library of glibc's `…: error while loading shared libraries: NAME: cannot open …` and of musl's
/// `Error loading shared library NAME: …`.
fn absent(errors: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(errors);
    let after = ["loading shared libraries: ", "loading shared library "]
        .iter()
        .find_map(|phrase| text.split_once(phrase))?
        .1;
    Some(after.split_once(':')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaders_own_words() {
        let output =
            b"\tlinux-vdso.so.1 (0x00007f)\n\tlibm.so.6 => /lib/libm.so.6 (0x00007f)\n\t/lib64/ld.so (0x0)\n";
        assert_eq!(listed(output).unwrap(), [Path::new("/lib/libm.so.6"), Path::new("/lib64/ld.so")]);
        assert_eq!(listed(b"\tlibatomic.so.1 => not found\n").unwrap_err(), "libatomic.so.1");
        let glibc =
            b"node: error while loading shared libraries: libatomic.so.1: cannot open shared object file\n";
        assert_eq!(absent(glibc).as_deref(), Some("libatomic.so.1"));
        let musl = b"Error loading shared library libatomic.so.1: No such file (needed by node)\n";
        assert_eq!(absent(musl).as_deref(), Some("libatomic.so.1"));
        assert_eq!(absent(b"something else"), None);
    }

    #[test]
    fn a_program_and_what_is_none() {
        let program = std::env::current_exe().unwrap();
        let libraries = needed(&program, None).unwrap();
        let loader = libraries.interpreter.unwrap();
        assert!(libraries.files.contains(&loader), "{:?}", libraries.files);
        assert!(libraries.files.iter().any(|file| file.to_string_lossy().contains("libc.")));
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "#!/bin/sh\n").unwrap();
        assert!(matches!(needed(&text, None), Err(LibrariesError::NoProgram(_))));
        std::fs::write(&text, b"\x7fELF\x02\x01\x01").unwrap();
        assert!(needed(&text, None).is_err());
    }
}
