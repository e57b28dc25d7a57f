//! Packages that came inside of another one's tarball: package managers run their scripts as they run its own.

use std::io;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use crate::disk;

/// A `package.json` is no larger.
const MAX_MANIFEST: u64 = 16 << 20;

/// A file at the top of a package by which package managers tell what to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decides {
    /// `package.json`.
    Manifest,
    /// What file systems that don't look at cases take for it.
    LikeManifest,
    /// `binding.gyp`, in whatever case.
    Gyp,
}

/// What a file decides, at the top of the package or of one inside of it, however deep.
pub(super) fn decides(path: &str) -> Option<Decides> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if !is_package(folder) {
        return None;
    }
    match &*folded(name) {
        "binding.gyp" => Some(Decides::Gyp),
        "package.json" if name == "package.json" => Some(Decides::Manifest),
        "package.json" => Some(Decides::LikeManifest),
        _ => None,
    }
}

/// Whether package managers would take a folder for that of a package: the top itself, or what stands in a
/// `node_modules`, with its scope.
fn is_package(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let (name, above, scope) = (parts.next(), parts.next(), parts.next());
    let is_modules = |part: Option<&str>| part.is_some_and(|part| folded(part) == "node_modules");
    name == Some("") || is_modules(above) || is_modules(scope) && above.is_some_and(|at| at.starts_with('@'))
}

/// A name as a file system has it that doesn't look at cases; `ſ` and the sign for Kelvin are letters to some.
fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

/// The manifest of a package inside of the packed one, without what would run.
pub(super) fn manifest(file: &Path, has_gyp: bool) -> anyhow::Result<String> {
    let bytes = disk::read_bounded(file, MAX_MANIFEST)?;
    let value = serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let Value::Object(mut manifest) = value.context("nobody can tell what it would run")? else {
        bail!("it is no object, and nobody can tell what it would run");
    };
    let mut built = Map::new();
    let taken = take_scripts(&mut manifest);
    if !taken.is_empty() {
        built.insert("scripts".to_owned(), taken.into());
    }
    if has_gyp && let Some(before) = manifest.insert("gypfile".to_owned(), false.into()) {
        built.insert("gypfile".to_owned(), before);
    }
    if !built.is_empty() {
        manifest.insert("nodeward".to_owned(), json!({ "built": built }));
    }
    text(&manifest)
}

/// Takes out what package managers run.
pub(super) fn take_scripts(manifest: &mut Map<String, Value>) -> Map<String, Value> {
    let mut taken = Map::new();
    let Some(Value::Object(scripts)) = manifest.get_mut("scripts") else { return taken };
    for stage in ["preinstall", "install", "postinstall"] {
        if let Some(script) = scripts.shift_remove(stage) {
            taken.insert(stage.to_owned(), script);
        }
    }
    if scripts.is_empty() {
        manifest.shift_remove("scripts");
    }
    taken
}

/// A manifest as it is packed.
pub(super) fn text(manifest: &Map<String, Value>) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(manifest).map_err(io::Error::from)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_is_known_wherever_a_package_is() {
        use Decides::{Gyp, LikeManifest, Manifest};
        for (path, found) in [
            ("package.json", Some(Manifest)),
            ("binding.gyp", Some(Gyp)),
            ("Package.JSON", Some(LikeManifest)),
            ("pac\u{212a}age.j\u{17f}on", Some(LikeManifest)),
            ("node_modules/a/package.json", Some(Manifest)),
            ("node_modules/a/BINDING.gyp", Some(Gyp)),
            ("node_modules/@s/a/package.json", Some(Manifest)),
            ("node_modules/a/node_modules/@s/b/binding.gyp", Some(Gyp)),
            ("lib/node_modules/a/package.json", Some(Manifest)),
            ("Node_Modules/a/package.json", Some(Manifest)),
            ("node_modules/.store/a@1.0.0/node_modules/a/package.json", Some(Manifest)),
            ("lib/package.json", None),
            ("lib/binding.gyp", None),
            ("node_modules/a/lib/package.json", None),
            ("node_modules/a/package.json/index.js", None),
        ] {
            assert_eq!(decides(path), found, "{path}");
        }
    }
}
