//! Node's look-up over a tree of `node_modules` folders, without the disk.

use crate::lookup::LookupMap;

/// The longest folder path that is taken; no file system has a longer one.
pub(super) const MAX_FOLDER_BYTES: usize = 4096;

/// What stands in which `node_modules`.
pub(super) struct Tree<'a, T> {
    /// Every folder that has a `node_modules`, numbered.
    holders: LookupMap<&'a str, u32>,
    /// By holder, the next one upwards.
    above: Vec<Option<u32>>,
    children: LookupMap<(u32, &'a str), T>,
}

impl<'a, T: Copy> Tree<'a, T> {
    /// Builds the tree from folders (`node_modules/a/node_modules/b`) and what stands there. Folders that are in
    /// no `node_modules` are not found by any look-up.
    pub(super) fn new(folders: impl Iterator<Item = (&'a str, T)> + Clone) -> Self {
        let mut tree =
            Self { holders: LookupMap::default(), above: Vec::new(), children: LookupMap::default() };
        let size = folders.size_hint().0;
        tree.children.reserve(size);
        for (folder, value) in folders {
            if let Some((holder, name)) = split(folder) {
                let next = tree.holders.len() as u32;
                let holder = *tree.holders.entry(holder).or_insert(next);
                tree.children.insert((holder, name), value);
            }
        }
        tree.above = vec![None; tree.holders.len()];
        for (&folder, &holder) in &tree.holders {
            tree.above[holder as usize] = parent(folder).and_then(|parent| tree.holder_from(parent));
        }
        tree
    }

    /// Where the look-up from a folder starts.
    pub(super) fn holder_from(&self, folder: &str) -> Option<u32> {
        let mut folder = Some(folder);
        while let Some(path) = folder {
            if let Some(&holder) = self.holders.get(path) {
                return Some(holder);
            }
            folder = parent(path);
        }
        None
    }

    /// What `require(name)` finds from there.
    pub(super) fn find(&self, mut holder: Option<u32>, name: &str) -> Option<T> {
        while let Some(at) = holder {
            if let Some(&value) = self.children.get(&(at, name)) {
                return Some(value);
            }
            holder = self.above[at as usize];
        }
        None
    }
}

/// The folder that has the `node_modules`, and the name within it; nothing for a folder further inside a package,
/// or inside a store such as `.pnpm`.
pub(super) fn split(folder: &str) -> Option<(&str, &str)> {
    const MODULES: &str = "node_modules";
    let bytes = folder.as_bytes();
    let slash =
        memchr::memrchr_iter(b'/', bytes).find(|&slash| bytes[..slash].ends_with(MODULES.as_bytes()))?;
    let at = slash - MODULES.len();
    let name = &folder[slash + 1..];
    let unscoped =
        if name.starts_with('@') { name.split_once('/').map_or("", |(_, name)| name) } else { name };
    if unscoped.contains('/') {
        return None;
    }
    match at.checked_sub(1) {
        None => Some(("", name)),
        Some(slash) if folder.as_bytes()[slash] == b'/' => Some((&folder[..slash], name)),
        Some(_) => None,
    }
}

/// The next folder upwards that could have a `node_modules`; the project's own is the empty path.
fn parent(folder: &str) -> Option<&str> {
    if folder.is_empty() || folder == ".." || folder.ends_with("/..") {
        return None;
    }
    let parent = folder.rfind('/').map_or("", |slash| &folder[..slash]);
    match parent.strip_suffix("node_modules") {
        Some("") => Some(""),
        Some(above) if above.ends_with('/') => Some(&above[..above.len() - 1]),
        _ => Some(parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_upwards_as_node_does() {
        let folders = [
            "node_modules/a",
            "node_modules/@s/b",
            "node_modules/@s/b/node_modules/a",
            "packages/x/node_modules/c",
            "../out/node_modules/d",
        ];
        let tree = Tree::new(folders.iter().map(|folder| (*folder, *folder)));
        let find = |from: &str, name: &str| tree.find(tree.holder_from(from), name);
        assert_eq!(find("", "a"), Some("node_modules/a"));
        assert_eq!(find("node_modules/@s/b", "a"), Some("node_modules/@s/b/node_modules/a"));
        assert_eq!(find("node_modules/@s/b/node_modules/a", "a"), Some("node_modules/@s/b/node_modules/a"));
        assert_eq!(find("node_modules/a", "@s/b"), Some("node_modules/@s/b"));
        assert_eq!(find("packages/x", "c"), Some("packages/x/node_modules/c"));
        assert_eq!(find("packages/x", "a"), Some("node_modules/a"));
        assert_eq!(find("packages/y", "c"), None);
        assert_eq!(find("../out", "d"), Some("../out/node_modules/d"));
        assert_eq!(find("../out", "a"), None, "the project's node_modules is not above a folder outside it");
    }
}
