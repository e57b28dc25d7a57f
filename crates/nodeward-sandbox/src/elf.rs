//! What the header of a program says.

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use object::Endianness;
use object::elf::{FileHeader32, FileHeader64};
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader as _};

/// The loader that an ELF file names; `Some(None)` when it names none, `None` when it is no ELF file.
pub(crate) fn interpreter(file: &File) -> Option<Option<PathBuf>> {
    let data = &ReadCache::new(file);
    match object::FileKind::parse(data).ok()? {
        object::FileKind::Elf64 => interpreter_of::<FileHeader64<Endianness>>(data),
        object::FileKind::Elf32 => interpreter_of::<FileHeader32<Endianness>>(data),
        _ => None,
    }
}

fn interpreter_of<Elf: FileHeader<Endian = Endianness>>(data: &ReadCache<&File>) -> Option<Option<PathBuf>> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, data).ok()? {
        if let Ok(Some(name)) = segment.interpreter(endian, data) {
            return Some(Some(PathBuf::from(std::ffi::OsStr::from_bytes(name))));
        }
    }
    Some(None)
}

/// Whether a 64-bit ELF file has a note of this name among what is loaded with it; `None` when it is no such file.
pub fn has_note(file: &File, name: &[u8]) -> Option<bool> {
    let data = &ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, data).ok()? {
        let Some(mut notes) = segment.notes(endian, data).ok()? else { continue };
        while let Ok(Some(note)) = notes.next() {
            if note.name() == name {
                return Some(true);
            }
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_by_their_name() {
        let program = File::open(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(has_note(&program, b"GNU"), Some(true));
        assert_eq!(has_note(&program, b"NODE_SEA_BLOB"), Some(false));
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        std::fs::write(&text, "#!/bin/sh\n").unwrap();
        assert_eq!(has_note(&File::open(text).unwrap(), b"GNU"), None);
    }
}
