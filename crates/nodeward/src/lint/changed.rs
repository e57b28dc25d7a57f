//! Which lines changed since a revision: git is asked, with everything off that would run more than git.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use nodeward_report::Finding;

use crate::programs;
use crate::session::Session;

/// The lines that changed, by real path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    files: HashMap<PathBuf, Vec<RangeInclusive<u32>>>,
}

/// Asks git what changed between a revision and the files as they are.
pub(crate) fn since(revision: &str, folder: &Path, session: &Session) -> anyhow::Result<Changed> {
    let program = programs::needed("git", "--since asks it what changed", folder, session)?;
    let git = |folder: &Path, arguments: &[&str]| git(&program, folder, arguments);
    let root = git(folder, &["rev-parse", "--show-toplevel"])
        .context("--since needs a git repository around the folder")?;
    let root =
        PathBuf::from(String::from_utf8(root).context("the repository's path is not Unicode")?.trim_end());
    let commit = format!("{revision}^{{commit}}");
    let commit = git(&root, &["rev-parse", "--verify", "--end-of-options", &commit])
        .with_context(|| format!("--since: {revision:?} is no revision of this repository"))?;
    let commit = String::from_utf8(commit)?;
    let diff = git(
        &root,
        &[
            "diff",
            "-U0",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--ignore-submodules",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            commit.trim_end(),
            "--",
        ],
    )?;
    let mut changed = read(&diff, &root);
    let new = git(&root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    for name in new.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        changed.add(&root, name, 1..=u32::MAX);
    }
    Ok(changed)
}

fn git(program: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new(program);
    command
        .args(["-c", "core.quotePath=true", "-c", "core.fsmonitor=false", "-c", "diff.external="])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C");
    let output = command.output().context("cannot run git, which --since asks what changed")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("git {}: {}", arguments[0], said.lines().next().unwrap_or("failed"));
    }
    Ok(output.stdout)
}

/// Reads a diff without context. Lines of files are counted off, so that none passes for a header.
fn read(diff: &[u8], root: &Path) -> Changed {
    let mut changed = Changed::default();
    let mut file: Option<Vec<u8>> = None;
    let mut of_file = 0_u64;
    for line in diff.split(|&byte| byte == b'\n') {
        if of_file > 0 && matches!(line.first(), Some(b'+' | b'-')) {
            of_file -= 1;
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            file = new_name(name);
        } else if let Some((removed, first, added)) = std::str::from_utf8(line).ok().and_then(hunk) {
            of_file = u64::from(removed) + u64::from(added);
            if let Some(file) = &file {
                // Where lines only went, those around the gap are what changed.
                let last = if added == 0 { first.saturating_add(1) } else { first.saturating_add(added - 1) };
                changed.add(root, file, first..=last);
            }
        } else if line.starts_with(b"@@") {
            // Not understood: better too much than too little.
            if let Some(file) = &file {
                changed.add(root, file, 1..=u32::MAX);
            }
        }
    }
    changed
}

/// The name after the change; `None` for a file that is gone.
fn new_name(name: &[u8]) -> Option<Vec<u8>> {
    let name = name.strip_suffix(b"\t").unwrap_or(name);
    let name = match name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")) {
        Some(quoted) => unquoted(quoted),
        None => name.to_vec(),
    };
    name.strip_prefix(b"b/").map(<[u8]>::to_vec)
}

/// Undoes git's quoting: `\303\251`, `\"`, `\\`, `\t`.
fn unquoted(quoted: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            name.push(byte);
            continue;
        }
        let octal: Option<u8> =
            rest.get(..3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        if let Some(octal) = octal {
            name.push(octal);
            rest = &rest[3..];
        } else if let Some((&escaped, after)) = rest.split_first() {
            let control = b"abtnvfr".iter().position(|&letter| letter == escaped);
            name.push(control.map_or(escaped, |at| [7, 8, 9, 10, 11, 12, 13][at]));
            rest = after;
        }
    }
    name
}

/// `@@ -a,b +c,d @@`: lines removed, first line of the new text, lines added.
fn hunk(line: &str) -> Option<(u32, u32, u32)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let pair = |text: &str| -> Option<(u32, u32)> {
        let (first, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((first.parse().ok()?, count.parse().ok()?))
    };
    let ((_, removed), (first, added)) = (pair(old)?, pair(new)?);
    Some((removed, first, added))
}

impl Changed {
    fn add(&mut self, root: &Path, name: &[u8], lines: RangeInclusive<u32>) {
        let path = root.join(path_of(name));
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        self.files.entry(path).or_default().push(lines);
    }

    /// Whether a finding, or a step on the way to it, stands on a line that changed.
    pub(crate) fn concerns(&self, finding: &Finding) -> bool {
        let end = finding.excerpt.as_ref().map_or(finding.place.line, |excerpt| excerpt.end.line);
        let whole = self.has(&finding.place.file, finding.place.line, end);
        whole
            || finding
                .evidence
                .iter()
                .filter_map(|evidence| evidence.place.as_ref())
                .any(|place| self.has(&place.file, place.line, place.line))
    }

    fn has(&self, file: &Path, first: u32, last: u32) -> bool {
        let Ok(file) = std::fs::canonicalize(file) else { return false };
        let lines = self.files.get(&file);
        lines.is_some_and(|all| {
            all.iter().any(|lines| first <= *lines.end() && *lines.start() <= last.max(first))
        })
    }
}

#[cfg(unix)]
fn path_of(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

#[cfg(not(unix))]
fn path_of(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_file_is_never_a_header() {
        let diff =
            b"diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -3,0 +4,2 @@ f\n+one\n+++ b/other.js\n\
                     @@ -9 +11,0 @@\n-gone\n--- a/gone.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\
                     --- a/q\n+++ \"b/\\303\\251\\t.js\"\n@@ -0,0 +1 @@\n+x\n";
        let root = Path::new("/nowhere");
        let mut expected = Changed::default();
        expected.files.insert(root.join("a.js"), vec![4..=5, 11..=12]);
        expected.files.insert(root.join("é\t.js"), vec![1..=1]);
        assert_eq!(read(diff, root), expected);
    }
}
