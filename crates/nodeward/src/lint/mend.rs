//! Makes the changes that clear findings, and looks again whether they did.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use nodeward_lint::driver::SourceFile;
use nodeward_lint::{Options, Origin, Safety, Text, apply, lint};
use nodeward_package::Place;
use nodeward_report::{Finding, Subject};

use crate::disk;

/// Changes may clear the way for others; more rounds than that mean that two get in each other's way.
pub(crate) const ROUNDS: usize = 5;

/// Makes the changes for these findings, in the project's own files only; gives how many were made.
pub(crate) fn round(
    files: &[SourceFile],
    findings: &[Finding],
    options: &Options,
    safety: Safety,
) -> anyhow::Result<usize> {
    let wanted: HashSet<(&str, &Place)> = findings
        .iter()
        .filter(|finding| finding.subject == Subject::File)
        .map(|finding| (&*finding.rule, &finding.place))
        .collect();
    let places: HashSet<&Path> = wanted.iter().map(|(_, place)| &*place.file).collect();
    let mut made = 0;
    for file in files.iter().filter(|file| file.origin == Origin::FirstParty && places.contains(&*file.path))
    {
        made += mend(file, &wanted, options, safety)?;
    }
    Ok(made)
}

/// Looks at the very text that is changed, so that no change is made to another one.
fn mend(
    file: &SourceFile,
    wanted: &HashSet<(&str, &Place)>,
    options: &Options,
    safety: Safety,
) -> anyhow::Result<usize> {
    let Text::Disk(path) = &file.text else { return Ok(0) };
    // What is between two changes is not looked at again.
    let options = &Options { cache: None, ..options.clone() };
    let unread = || format!("cannot read {}", path.display());
    let bytes = std::fs::read(path).with_context(unread)?;
    // Bytes that are no text would be lost in writing.
    let Ok(text) = String::from_utf8(bytes) else { return Ok(0) };
    let found = lint(&[in_memory(file, &text)], options).findings;
    let fixes =
        found.iter().filter(|linted| wanted.contains(&(&*linted.finding.rule, &linted.finding.place)));
    let fixes = fixes.filter_map(|linted| linted.fix.as_ref());
    let fixes = fixes.filter(|fix| fix.safety == Safety::Safe || safety == Safety::Unsafe);
    let (mended, made) = apply(&text, fixes);
    if made == 0 || mended == text || !lint(&[in_memory(file, &mended)], options).gaps.is_empty() {
        return Ok(0);
    }
    write(path, &mended)?;
    Ok(made)
}

fn in_memory(file: &SourceFile, text: &str) -> SourceFile {
    SourceFile { text: Text::Memory(Arc::from(text)), ..file.clone() }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    disk::replace(path, |out| out.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
