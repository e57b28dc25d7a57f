//! What a git repository needs to be prepared, and is not installed.

use std::path::Path;

use crate::disk;

/// A manifest is no larger.
const MAX_BYTES: u64 = 16 << 20;

/// The development dependencies of a package that can't be found from its folder: a package manager that prepares it
/// installs them first.
pub(super) fn missing(project: &Path, folder: &Path) -> Vec<String> {
    let manifest = disk::read_bounded(&folder.join("package.json"), MAX_BYTES).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap_or_default();
    let wanted = manifest["devDependencies"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let is_there = |name: &String| {
        let around = folder.ancestors().take_while(|around| around.starts_with(project));
        around.into_iter().any(|around| around.join("node_modules").join(name).exists())
    };
    wanted.filter(|name| !is_there(name)).collect()
}
