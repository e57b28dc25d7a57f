//! Two builds of the same, compared: which files differ, and where.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use nodeward_seal::built::{Again, Change, ChangeKind, Difference, Record};
use object::{Object as _, ObjectSection as _};

use super::Recorded;
use super::folder::unpack;
use super::packing::{Choice, Packed};
use crate::installing::removal::Temporary;

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

/// Compares what was built with what was recorded. Without the tarball of then, the record has only what scripts made.
pub(super) fn compare_with(recorded: Recorded<'_>, now: &Record, tarball: &[u8]) -> anyhow::Result<Again> {
    let result = |record: &Record| record.result.as_ref().map(|result| result.sha256);
    if result(recorded.record) == result(now) {
        return Ok(Again { same: true, differs: Vec::new() });
    }
    let Some(before) = recorded.tarball else { return Ok(compare_records(recorded.record, now)) };
    let folder = Temporary::of_system("nodeward-build-").context("cannot make a folder")?;
    let choices =
        [("then", before), ("now", tarball)].map(|(name, bytes)| unpacked(bytes, &folder.path().join(name)));
    let [then, now] = choices;
    let compared = compare(&then?, &now?)?;
    folder.remove()?;
    // The same files, packed otherwise, are other bytes.
    Ok(Again { same: false, ..compared })
}

/// The files of a tarball, unpacked into a new folder.
fn unpacked(bytes: &[u8], to: &Path) -> anyhow::Result<Choice> {
    let packed = |path: String| {
        let from = to.join(&path);
        let executable = fs::metadata(&from)?.permissions().mode() & 0o100 != 0;
        Ok(Packed { path, from, executable })
    };
    let files = unpack(bytes, to)?.into_iter().map(packed).collect::<io::Result<_>>()?;
    Ok(Choice { files, left_out: Vec::new() })
}

/// What two records say that scripts made and changed.
fn compare_records(then: &Record, now: &Record) -> Again {
    let mut paths: BTreeMap<&str, [Option<&Change>; 2]> = BTreeMap::new();
    for (at, record) in [then, now].into_iter().enumerate() {
        for file in record.files.iter().filter(|file| file.packed || file.change == ChangeKind::Removed) {
            paths.entry(&file.path).or_default()[at] = Some(file);
        }
    }
    let is_other = |[one, other]: &[Option<&Change>; 2]| {
        one.map(|file| (file.change, file.sha256)) != other.map(|file| (file.change, file.sha256))
    };
    let differs = paths.into_iter().filter(|(_, files)| is_other(files)).map(|(path, files)| Difference {
        path: path.to_owned(),
        sizes: files.map(|file| file.and_then(|file| file.size)),
        offset: None,
        place: None,
    });
    Again { same: false, differs: differs.take(MOST).collect() }
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
