//! Two builds of the same, compared: which files differ, and where.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use nodeward_seal::built::{Again, Difference};
use object::{Object as _, ObjectSection as _};

use super::packing::{Choice, Packed};

/// The most files that are told.
const MOST: usize = 1000;

/// Compares what two builds would pack.
pub(super) fn compare(first: &Choice, second: &Choice) -> io::Result<Again> {
    let mut paths: BTreeMap<&str, [Option<&Packed>; 2]> = BTreeMap::new();
    for (at, choice) in [first, second].into_iter().enumerate() {
        for file in &choice.files {
            paths.entry(&file.path).or_default()[at] = Some(file);
        }
    }
    let mut differs = Vec::new();
    for (path, files) in paths {
        let [one, other] = [read(files[0])?, read(files[1])?];
        let rights = files.map(|file| file.map(|file| file.executable));
        if one == other && rights[0] == rights[1] {
            continue;
        }
        let sizes = [&one, &other].map(|bytes| bytes.as_ref().map(|bytes| bytes.len() as u64));
        let (mut offset, mut place) = (None, None);
        if let (Some(one), Some(other)) = (&one, &other) {
            let at = one.iter().zip(other).position(|(a, b)| a != b);
            let at = at.or_else(|| (one.len() != other.len()).then_some(one.len().min(other.len())));
            offset = at.map(|at| at as u64);
            place =
                at.and_then(|at| place_of(one, at)).or_else(|| at.is_none().then(|| "its rights".to_owned()));
        }
        differs.push(Difference { path: path.to_owned(), sizes, offset, place });
    }
    let same = differs.is_empty();
    differs.truncate(MOST);
    Ok(Again { same, differs })
}

fn read(file: Option<&Packed>) -> io::Result<Option<Vec<u8>>> {
    file.map(|file| fs::read(&file.from)).transpose()
}

/// The line of a text, or the section of native code.
fn place_of(bytes: &[u8], at: usize) -> Option<String> {
    if bytes.starts_with(b"\x7fELF") {
        let file = object::File::parse(bytes).ok()?;
        let holds = |(start, size): (u64, u64)| (start..start.saturating_add(size)).contains(&(at as u64));
        let section = file.sections().find(|section| section.file_range().is_some_and(holds))?;
        return Some(format!("section {}", section.name().ok()?));
    }
    std::str::from_utf8(bytes).ok()?;
    let line = bytes[..at.min(bytes.len())].iter().filter(|&&byte| byte == b'\n').count() + 1;
    Some(format!("line {line}"))
}
