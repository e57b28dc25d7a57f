//! The members of a workspace: which folders the patterns of `workspaces` mean.

use std::collections::BTreeSet;
use std::path::Path;

use super::project::{is_folder, kind_of};
use crate::LockfileError;

/// No workspace we know of comes near; a pattern such as `**` on a home folder does.
const MAX_FOLDERS: usize = 100_000;
const MAX_DEPTH: usize = 64;
const MAX_EXPANSIONS: usize = 256;

/// Whether the folder (relative, with `/`) is meant by the patterns. Later patterns win, so that `!` takes out
/// what came before.
pub(crate) fn is_member(patterns: &[impl AsRef<str>], folder: &str) -> bool {
    let folder: Vec<&str> = segments(folder).collect();
    let mut member = false;
    for pattern in patterns {
        let (negated, pattern) = split_negation(pattern.as_ref());
        if member == negated
            && expand_braces(pattern)
                .iter()
                .any(|pattern| matches(&segments(pattern).collect::<Vec<_>>(), &folder))
        {
            member = !negated;
        }
    }
    member
}

/// The folders below `root` that the patterns mean and that hold a `package.json`, relative with `/`, sorted.
///
/// # Errors
/// A folder that can't be looked into, and more of them than any workspace has: members may be missing then.
pub fn members(root: &Path, patterns: &[impl AsRef<str>]) -> Result<Vec<String>, LockfileError> {
    let mut found = BTreeSet::new();
    let mut walk = Walk { root, folders: 0, found: &mut found };
    for pattern in patterns {
        let (negated, pattern) = split_negation(pattern.as_ref());
        if !negated {
            for pattern in expand_braces(pattern) {
                walk.expand(&mut String::new(), &segments(&pattern).collect::<Vec<_>>(), 0)?;
            }
        }
    }
    Ok(found.into_iter().filter(|folder| is_member(patterns, folder)).collect())
}

struct Walk<'a> {
    root: &'a Path,
    folders: usize,
    found: &'a mut BTreeSet<String>,
}

impl Walk<'_> {
    fn expand(&mut self, folder: &mut String, pattern: &[&str], depth: usize) -> Result<(), LockfileError> {
        let here = self.root.join(&*folder);
        let refused = |message: String| LockfileError::Io { file: here.clone(), message };
        self.folders += 1;
        if self.folders > MAX_FOLDERS || depth > MAX_DEPTH {
            return Err(refused("the workspace's patterns lead to too many folders, or too deep".to_owned()));
        }
        let Some((&first, rest)) = pattern.split_first() else {
            if !folder.is_empty() && kind_of(&here.join("package.json"))?.is_some_and(|kind| kind.is_file()) {
                self.found.insert(folder.clone());
            }
            return Ok(());
        };
        if first == "**" {
            self.expand(folder, rest, depth)?;
        } else if !first.contains(['*', '?', '[']) {
            if first != "node_modules" && (first == ".." || is_folder(&here.join(first))?) {
                self.enter(folder, first, rest, depth)?;
            }
            return Ok(());
        }
        for entry in std::fs::read_dir(&here).map_err(|error| refused(error.to_string()))? {
            let entry = entry.map_err(|error| refused(error.to_string()))?;
            let name = entry.file_name();
            // A member's folder stands in the lockfile, which is Unicode.
            let Some(name) = name.to_str() else { continue };
            let kind = entry.file_type().map_err(|error| refused(error.to_string()))?;
            // `**` follows no links: they may lead back up.
            let is_folder = kind.is_dir() || kind.is_symlink() && first != "**" && entry.path().is_dir();
            if !is_folder || name == "node_modules" || name.starts_with('.') && !first.starts_with('.') {
                continue;
            }
            if first == "**" {
                self.enter(folder, name, pattern, depth)?;
            } else if matches_segment(first.as_bytes(), name.as_bytes()) {
                self.enter(folder, name, rest, depth)?;
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        folder: &mut String,
        name: &str,
        pattern: &[&str],
        depth: usize,
    ) -> Result<(), LockfileError> {
        let length = folder.len();
        if length > 0 {
            folder.push('/');
        }
        folder.push_str(name);
        self.expand(folder, pattern, depth + 1)?;
        folder.truncate(length);
        Ok(())
    }
}

fn split_negation(pattern: &str) -> (bool, &str) {
    match pattern.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty() && *segment != ".")
}

/// `a/{b,c}` to `a/b` and `a/c`; nested braces too.
fn expand_braces(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(pattern) = open.pop() {
        let brace = pattern.rfind('{').and_then(|start| {
            let end = start + pattern[start..].find('}')?;
            pattern[start..end].contains(',').then_some((start, end))
        });
        match brace {
            Some((start, end)) if done.len() + open.len() < MAX_EXPANSIONS => {
                let choices = pattern[start + 1..end].split(',');
                open.extend(
                    choices.map(|choice| format!("{}{choice}{}", &pattern[..start], &pattern[end + 1..])),
                );
            }
            _ => done.push(pattern),
        }
    }
    done
}

fn matches(pattern: &[&str], folder: &[&str]) -> bool {
    // The classic two-pointer walk, whose cost is bounded by the product of the lengths.
    let (mut at, mut in_folder, mut retry) = (0, 0, None);
    while in_folder < folder.len() {
        if pattern.get(at) == Some(&"**") {
            retry = Some((at, in_folder));
            at += 1;
        } else if pattern.get(at).is_some_and(|p| matches_segment(p.as_bytes(), folder[in_folder].as_bytes()))
        {
            at += 1;
            in_folder += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            at = star + 1;
            in_folder = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|segment| *segment == "**")
}

fn matches_segment(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut in_name, mut retry) = (0, 0, None);
    while in_name < name.len() {
        let step = match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, in_name));
                at += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => matches_class(&pattern[at..], name[in_name]),
            Some(&byte) if byte == name[in_name] => Some(1),
            _ => None,
        };
        match (step, retry) {
            (Some(length), _) => {
                at += length;
                in_name += 1;
            }
            (None, Some((star, from))) => {
                retry = Some((star, from + 1));
                at = star + 1;
                in_name = from + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// The length of the class at the start of the pattern, if it holds the byte.
fn matches_class(pattern: &[u8], byte: u8) -> Option<usize> {
    let end = pattern.iter().skip(2).position(|&b| b == b']')? + 2;
    let (negated, class) = match &pattern[1..end] {
        [b'!' | b'^', rest @ ..] => (true, rest),
        class => (false, class),
    };
    let mut found = false;
    let mut at = 0;
    while at < class.len() {
        if at + 2 < class.len() && class[at + 1] == b'-' {
            found |= (class[at]..=class[at + 2]).contains(&byte);
            at += 3;
        } else {
            found |= class[at] == byte;
            at += 1;
        }
    }
    (found != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_package_managers_take_them_for() {
        for (patterns, folder, expected) in [
            ("packages/*", "packages/a", true),
            ("packages/*", "packages/a/b", false),
            ("./packages/*/", "packages/a", true),
            ("packages/**", "packages/a/b", true),
            ("packages/**/test", "packages/a/b/test", true),
            ("packages/**/test", "packages/test", true),
            ("packages/{a,b}", "packages/b", true),
            ("{apps,packages/{x,y}}/*", "packages/y/z", true),
            ("packages/a-*", "packages/a-b", true),
            ("packages/[ab]", "packages/b", true),
            ("packages/[!ab]", "packages/b", false),
            ("packages/* !packages/b", "packages/b", false),
            ("packages/* !packages/b packages/b", "packages/b", true),
            ("**", "a/b", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            let patterns: Vec<&str> = patterns.split(' ').collect();
            assert_eq!(is_member(&patterns, folder), expected, "{patterns:?} {folder}");
        }
    }

    #[test]
    fn members_are_folders_with_a_manifest() {
        let root = tempfile::tempdir().unwrap();
        for folder in
            ["packages/a", "packages/b", "packages/deep/c", "packages/a/node_modules/x", "apps/.hidden"]
        {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            std::fs::write(root.path().join(folder).join("package.json"), "{}").unwrap();
        }
        std::fs::create_dir_all(root.path().join("packages/empty")).unwrap();
        let list = |patterns: &[&str]| members(root.path(), patterns).unwrap().join(" ");
        assert_eq!(list(&["packages/*"]), "packages/a packages/b");
        assert_eq!(list(&["packages/**"]), "packages/a packages/b packages/deep/c");
        assert_eq!(list(&["packages/*", "!packages/b"]), "packages/a");
        assert_eq!(list(&["**", "apps/*"]), "packages/a packages/b packages/deep/c");
    }
}
