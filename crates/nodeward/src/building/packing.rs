//! What of a built package is packed, and how npm is told that nothing is left to run.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nodeward_package::Integrity;
use nodeward_package::tarball::Writer;
use nodeward_seal::built::{LeftOut, Machine, Native};
use serde_json::{Map, Value, json};

use super::attempt::{Attempt, Found, FoundKind};
use super::bundles::{self, Decides};
use super::folder::Folder;

/// One file of the tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) path: String,
    /// Where its bytes are.
    pub(super) from: PathBuf,
    pub(super) executable: bool,
}

/// What is packed, sorted by path, and what is not.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) files: Vec<Packed>,
    pub(super) left_out: Vec<LeftOut>,
}

impl Choice {
    /// Whether a `binding.gyp` was left out beside a manifest.
    fn has_gyp_beside(&self, manifest: &str) -> bool {
        let gyp = manifest.strip_suffix("package.json").map(|folder| format!("{folder}binding.gyp"));
        self.left_out.iter().any(|left_out| Some(&left_out.path) == gyp.as_ref())
    }
}

/// The names of the packages that came inside of a tarball, in its `node_modules`.
pub(super) fn bundled(files: &BTreeSet<String>) -> BTreeSet<&str> {
    files.iter().filter_map(|path| top(path.strip_prefix("node_modules/")?)).collect()
}

/// What lies in a `node_modules`: the names of packages, with their scopes, and `.bin`.
pub(super) fn packages_in(modules: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for name in names(modules)? {
        if name.starts_with('@') {
            found.extend(names(&modules.join(&name))?.into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    Ok(found)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// The name of a package at the beginning of a path in `node_modules`.
fn top(path: &str) -> Option<&str> {
    let mut ends = path.match_indices('/').map(|(at, _)| at);
    let end = if path.starts_with('@') { ends.nth(1) } else { ends.next() };
    Some(&path[..end?])
}

/// Chooses what is packed.
pub(super) fn choose(folder: &Folder, attempt: &Attempt) -> io::Result<Choice> {
    let chooser = Chooser {
        attempt,
        package: attempt.package(),
        bundled: bundled(&folder.files),
        builds: gyp_folders(attempt),
    };
    let mut choice = Choice::default();
    for (path, found) in &attempt.after {
        match chooser.left_out(path, found)? {
            // As the tarball has it, and neutralised: see [`manifest`].
            None if path == "package.json" => {}
            None => choice.files.push(packed(&chooser.package, path, found)?),
            // Of a folder, once.
            Some(left_out) if choice.left_out.contains(&left_out) => {}
            Some(left_out) => choice.left_out.push(left_out),
        }
    }
    Ok(choice)
}

struct Chooser<'a> {
    attempt: &'a Attempt,
    package: PathBuf,
    bundled: BTreeSet<&'a str>,
    /// Where node-gyp built.
    builds: Vec<&'a str>,
}

impl Chooser<'_> {
    /// Why a file is not packed, if it isn't.
    fn left_out(&self, path: &str, found: &Found) -> io::Result<Option<LeftOut>> {
        let left_out =
            |path: &str, reason: &str| Ok(Some(LeftOut { path: path.to_owned(), reason: reason.to_owned() }));
        let before = self.attempt.before.get(path);
        if let Some(below) = path.strip_prefix("node_modules/") {
            let name = top(below).unwrap_or(below);
            if !self.bundled.contains(name) {
                return left_out(&format!("node_modules/{name}/"), "another package's");
            }
        }
        match bundles::decides(path) {
            Some(Decides::Gyp) => return left_out(path, "package managers would build by it once more"),
            Some(Decides::LikeManifest) => return left_out(path, "some systems take it for package.json"),
            Some(Decides::Manifest) | None => {}
        }
        if path == "package.json" && before != Some(found) {
            return left_out(path, "as the release has it, whatever scripts make of it");
        }
        if before.is_none()
            && let Some(above) = gyps(path, &self.builds)
        {
            return left_out(&above, "what node-gyp works with");
        }
        match &found.kind {
            FoundKind::File => Ok(None),
            FoundKind::Link(_) if target(&self.package, path, found)?.is_some() => Ok(None),
            FoundKind::Link(to) => left_out(
                path,
                &format!("a symbolic link to {}, which is no file of the package", to.display()),
            ),
            FoundKind::Other => left_out(path, "neither file nor link"),
        }
    }
}

/// Tarballs of packages hold no links: the file behind it goes in its place.
fn packed(package: &Path, path: &str, found: &Found) -> io::Result<Packed> {
    use std::os::unix::fs::PermissionsExt as _;
    let from = target(package, path, found)?.unwrap_or_else(|| package.join(path));
    let executable = fs::metadata(&from)?.permissions().mode() & 0o100 != 0;
    Ok(Packed { path: path.to_owned(), from, executable })
}

/// The file within the package that a link leads to.
fn target(package: &Path, path: &str, found: &Found) -> io::Result<Option<PathBuf>> {
    let FoundKind::Link(to) = &found.kind else { return Ok(None) };
    // What is absolute was meant where the scripts saw it, and leads elsewhere here.
    if to.is_absolute() {
        return Ok(None);
    }
    let root = fs::canonicalize(package)?;
    let Ok(real) = fs::canonicalize(package.join(path)) else { return Ok(None) };
    Ok((real.starts_with(&root) && fs::metadata(&real)?.is_file()).then_some(real))
}

/// The folders that node-gyp built in: `build`, or what node-pre-gyp calls it for a while.
fn gyp_folders(attempt: &Attempt) -> Vec<&str> {
    let is_new = |path: &&String| !attempt.before.contains_key(*path);
    let folders = attempt.after.keys().filter(is_new).filter_map(|path| path.strip_suffix("/config.gypi"));
    folders.filter(|folder| !folder.contains('/')).collect()
}

/// Whether node-gyp made a file to work with: anything where it built but what it built, and the makefiles that it
/// puts beside those of dependencies. Gives the file, or the folder of such files.
fn gyps(path: &str, builds: &[&str]) -> Option<String> {
    let whole = || Some(path.to_owned());
    let is_makefile = path.ends_with(".target.mk") || path.ends_with(".Makefile");
    if is_makefile && !builds.is_empty() {
        return whole();
    }
    let (build, below) = path.split_once('/').filter(|(folder, _)| builds.contains(folder))?;
    let parts: Vec<&str> = below.split('/').collect();
    let folder = |depth: usize| Some(format!("{build}/{}/", parts[..depth].join("/")));
    match parts[..] {
        ["node_gyp_bins", _, ..] => folder(1),
        ["Release" | "Debug", "obj" | "obj.target" | ".deps", _, ..] => folder(2),
        ["Release" | "Debug", .., name]
            if [".a", ".ar-file-list", "linker.lock"].iter().any(|end| name.ends_with(end)) =>
        {
            whole()
        }
        ["Makefile" | "config.gypi" | "gyp-mac-tool" | "linker.lock"] => whole(),
        [name] if name.ends_with(".mk") => whole(),
        _ => None,
    }
}

/// The native code among what the scripts made.
pub(super) fn natives(choice: &Choice, attempt: &Attempt) -> io::Result<Vec<Native>> {
    let mut found = Vec::new();
    for file in &choice.files {
        if attempt.before.get(&file.path) == attempt.after.get(&file.path) {
            continue;
        }
        let bytes = fs::read(&file.from)?;
        if bytes.starts_with(b"\x7fELF") {
            let node_api = file.path.ends_with(".node").then(|| is_node_api(&bytes));
            found.push(Native { path: file.path.clone(), node_api });
        }
    }
    Ok(found)
}

/// Whether an add-on registers itself through Node-API, and names nothing of V8.
fn is_node_api(bytes: &[u8]) -> bool {
    let has = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    (has(b"napi_register_module_v1") || has(b"napi_module_register")) && !has(b"_ZN2v8")
}

/// The manifest as the tarball had it, but for what would run: npm, pnpm, yarn and bun find nothing to do. What is
/// native is said to be for this kind of machine only.
pub(super) fn manifest(
    folder: &Folder,
    integrity: &Integrity,
    natives: &[Native],
    machine: &Machine,
) -> anyhow::Result<String> {
    let Value::Object(mut manifest) = folder.manifest.clone() else { bail!("package.json is no object") };
    let mut built = Map::from_iter([("from".to_owned(), Value::from(integrity.to_string()))]);
    let taken = bundles::take_scripts(&mut manifest);
    if !taken.is_empty() {
        built.insert("scripts".to_owned(), taken.into());
    }
    let mut set = |key: &str, value: Value| {
        if let Some(before) = manifest.insert(key.to_owned(), value) {
            built.insert(key.to_owned(), before);
        }
    };
    if folder.files.contains("binding.gyp") {
        set("gypfile", false.into());
    }
    if !natives.is_empty() {
        set("os", json!([machine.os]));
        set("cpu", json!([machine.cpu]));
        if let Some(libc) = &machine.libc {
            set("libc", json!([libc]));
        }
    }
    manifest.insert("nodeward".to_owned(), json!({ "built": built }));
    bundles::text(&manifest).context("cannot write package.json")
}

/// Packs what was chosen, with this manifest; of packages inside, what would run is taken out.
pub(super) fn pack(choice: &Choice, manifest: &str) -> anyhow::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    let mut manifest = Some(manifest);
    let add_manifest = |writer: &mut Writer<Vec<u8>>, text: &str| {
        writer.add("package.json", false, text.len() as u64, text.as_bytes())
    };
    for file in &choice.files {
        if file.path.as_str() > "package.json"
            && let Some(text) = manifest.take()
        {
            add_manifest(&mut writer, text)?;
        }
        if bundles::decides(&file.path) == Some(Decides::Manifest) {
            let has_gyp = choice.has_gyp_beside(&file.path);
            let text = bundles::manifest(&file.from, has_gyp).with_context(|| file.path.clone())?;
            writer.add(&file.path, file.executable, text.len() as u64, text.as_bytes())?;
            continue;
        }
        let open = File::open(&file.from).with_context(|| file.path.clone())?;
        let size = open.metadata()?.len();
        writer
            .add(&file.path, file.executable, size, open)
            .with_context(|| format!("cannot pack {}", file.path))?;
    }
    if let Some(text) = manifest {
        add_manifest(&mut writer, text)?;
    }
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_node_gyp_works_with_is_told_from_what_it_built() {
        for (path, left_out) in [
            ("build/Makefile", Some("build/Makefile")),
            ("build/binding.Makefile", Some("build/binding.Makefile")),
            ("build/deps/a/a.target.mk", Some("build/deps/a/a.target.mk")),
            ("build/config.gypi", Some("build/config.gypi")),
            ("node-addon-api/nothing.target.mk", Some("node-addon-api/nothing.target.mk")),
            ("build-tmp/Makefile", Some("build-tmp/Makefile")),
            ("build-other/Makefile", None),
            ("build/Release/node-addon-api/nothing.a", Some("build/Release/node-addon-api/nothing.a")),
            ("build/node_gyp_bins/python3", Some("build/node_gyp_bins/")),
            ("build/Release/obj.target/native/a.o", Some("build/Release/obj.target/")),
            ("build/Release/.deps/Release/a.d", Some("build/Release/.deps/")),
            ("build/Release/sqlite3.a", Some("build/Release/sqlite3.a")),
            ("build/Release/native.node", None),
            ("build/Release/spawn-helper", None),
            ("build/Release/lib/libx.so", None),
            ("build/index.js", None),
            ("lib/Makefile", None),
        ] {
            assert_eq!(gyps(path, &["build", "build-tmp"]).as_deref(), left_out, "{path}");
            assert_eq!(gyps(path, &[]), None, "{path}");
        }
    }

    #[test]
    fn packages_that_came_inside_are_known_by_their_names() {
        let files = ["index.js", "node_modules/a/index.js", "node_modules/@s/b/c.js", "node_modules/file"];
        let files = files.into_iter().map(str::to_owned).collect();
        assert_eq!(bundled(&files), BTreeSet::from(["a", "@s/b"]));
    }
}
