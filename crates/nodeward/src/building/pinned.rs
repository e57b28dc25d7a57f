//! What a package depended on when it was built, laid out as the record says: the same releases in the same places,
//! whatever fits its ranges today. No package manager has a part in it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path};

use anyhow::{Context as _, bail, ensure};
use nodeward_package::{Integrity, PackageName, Version};
use nodeward_seal::built::Dependency;
use serde_json::{Map, Value, json};

use super::folder::{MAX_MANIFEST, TARBALL, unpack};
use super::progress::Progress;
use super::release::{self, Fetched};
use crate::disk;
use crate::interrupt::Watch;
use crate::npm_settings::NpmSettings;
use crate::registry::Registry;
use crate::session::Session;

/// A dependency of a record, whose text may be anybody's.
struct Pin<'a> {
    folder: &'a str,
    name: PackageName,
    version: Version,
    /// None of what came inside of another tarball.
    integrity: Option<Integrity>,
}

impl<'a> Pin<'a> {
    fn new(dependency: &'a Dependency) -> anyhow::Result<Self> {
        let label = format!("the record's dependency {}@{}", dependency.name, dependency.version);
        let folder = &*dependency.folder;
        ensure!(in_modules(folder), "{label}: {folder} is no folder of a package");
        let integrity = dependency.integrity.as_deref().map(Integrity::parse).transpose();
        Ok(Self {
            folder,
            name: PackageName::parse(&dependency.name).with_context(|| label.clone())?,
            version: Version::parse(&dependency.version).with_context(|| label.clone())?,
            integrity: integrity.with_context(|| label.clone())?,
        })
    }
}

/// Whether a path is one that a package manager gives a package: `node_modules/a/node_modules/@s/b`.
fn in_modules(folder: &str) -> bool {
    let mut parts = folder.split('/');
    let is_name = |part: &str| !part.starts_with('.') && part != "node_modules";
    loop {
        let Some("node_modules") = parts.next() else { return false };
        let Some(first) = parts.next() else { return false };
        let name = match first.starts_with('@') {
            true => format!("{first}/{}", parts.next().unwrap_or_default()),
            false => first.to_owned(),
        };
        if PackageName::parse(&name).is_err() || !name.split('/').all(is_name) {
            return false;
        }
        if parts.clone().next().is_none() {
            return true;
        }
    }
}

/// Fetches the dependencies and unpacks each into its folder.
pub(super) fn lay_out(
    work: &Path,
    fetched: &Fetched,
    dependencies: &[Dependency],
    watch: &Watch,
    session: &Session,
) -> anyhow::Result<()> {
    let mut pins = dependencies.iter().map(Pin::new).collect::<anyhow::Result<Vec<_>>>()?;
    // Each after the one that it lies in.
    pins.sort_by(|a, b| a.folder.cmp(b.folder));
    let own = format!("node_modules/{}", fetched.name);
    let folders: BTreeSet<&str> = pins.iter().map(|pin| pin.folder).collect();
    ensure!(folders.len() == pins.len() && !folders.contains(&*own), "the record names a folder twice");
    fs::create_dir_all(work.join(&own)).context("cannot make a folder")?;
    let npm = NpmSettings::read(session, Some(Path::new(".")))?;
    let registry = Registry::new(&npm.config, Path::new("."), session);
    let mut progress = Progress::new(session);
    for (at, pin) in pins.iter().enumerate() {
        watch.check()?;
        let Some(integrity) = &pin.integrity else { continue };
        let label = format!("{}@{}", pin.name, pin.version);
        progress.say(format_args!("fetching {label} ({} of {})", at + 1, pins.len()));
        let tarball = release::exact(&registry, &pin.name, &pin.version, integrity)?;
        let to = work.join(pin.folder);
        fs::create_dir_all(to.parent().unwrap_or(work)).context("cannot make a folder")?;
        unpack(&tarball, &to).with_context(|| label)?;
    }
    fs::write(work.join("package-lock.json"), lockfile(fetched, &pins)).context("cannot write a lockfile")
}

/// What was laid out, as npm would write it down.
fn lockfile(fetched: &Fetched, pins: &[Pin<'_>]) -> String {
    let name = fetched.name.as_str();
    let file = format!("file:{TARBALL}");
    let own = json!({ "version": fetched.version.to_string(), "resolved": file, "integrity": fetched.integrity.to_string() });
    let mut packages = Map::from_iter([
        (String::new(), json!({ "dependencies": { name: file } })),
        (format!("node_modules/{name}"), own),
    ]);
    for pin in pins {
        let mut entry = json!({ "name": pin.name.as_str(), "version": pin.version.to_string() });
        match &pin.integrity {
            Some(integrity) => entry["integrity"] = integrity.to_string().into(),
            None => entry["inBundle"] = true.into(),
        }
        packages.insert(pin.folder.to_owned(), entry);
    }
    json!({ "lockfileVersion": 3, "requires": true, "packages": packages }).to_string()
}

/// Holds what lies there against what the record says; what came inside of other tarballs does so or is missing.
pub(super) fn compare(recorded: &[Dependency], found: &[Dependency]) -> anyhow::Result<()> {
    for dependency in recorded {
        if !found.iter().any(|found| found.folder == dependency.folder) {
            bail!(
                "{}@{} in {} can't be had again: the record has no integrity of it, and it came in no other tarball",
                dependency.name,
                dependency.version,
                dependency.folder
            );
        }
    }
    Ok(())
}

/// Links the programs of packages where scripts look for them, as package managers do.
pub(super) fn link_programs(
    work: &Path,
    fetched: &Fetched,
    dependencies: &[Dependency],
) -> anyhow::Result<()> {
    let own = format!("node_modules/{}", fetched.name);
    for folder in dependencies.iter().map(|dependency| &*dependency.folder).chain([&*own]) {
        let context = || format!("cannot link the programs of {folder}");
        let package = work.join(folder);
        let manifest =
            disk::read_bounded(&package.join("package.json"), MAX_MANIFEST).with_context(context)?;
        let text = manifest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&manifest);
        let manifest: Value = serde_json::from_slice(text).with_context(context)?;
        // The folder's name may be another one than its manifest's: an alias.
        let at = folder.rfind("node_modules/").map_or(0, |at| at + "node_modules/".len());
        let (modules, name) = folder.split_at(at);
        for (program, file) in programs(&manifest, name) {
            let bin = work.join(modules).join(".bin");
            fs::create_dir_all(&bin).with_context(context)?;
            let target = package.join(&file);
            if folder != own && target.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).with_context(context)?;
            }
            match symlink(format!("../{name}/{file}"), bin.join(&program)) {
                // The first has it.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => other.with_context(context)?,
            }
        }
    }
    Ok(())
}

/// The programs of a manifest: their names, and their files within the package.
fn programs(manifest: &Value, name: &str) -> Vec<(String, String)> {
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let named: Vec<(String, &str)> = match &manifest["bin"] {
        Value::String(file) => {
            vec![(last(manifest["name"].as_str().unwrap_or(name)), file)]
        }
        Value::Object(files) => {
            files.iter().filter_map(|(name, file)| Some((last(name), file.as_str()?))).collect()
        }
        _ => Vec::new(),
    };
    let is_plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['\\', '\0']);
    let named = named.into_iter().filter(|(name, _)| is_plain(name));
    named.filter_map(|(name, file)| Some((name, within(file)?))).collect()
}

/// A path within a package, without `.` and `..`; none where it leads out.
fn within(file: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in Path::new(file).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_folders_of_packages_and_no_others() {
        for folder in ["node_modules/a", "node_modules/@s/a", "node_modules/@s/a/node_modules/b"] {
            assert!(in_modules(folder), "{folder}");
        }
        for folder in [
            "",
            "a",
            "node_modules",
            "node_modules/",
            "node_modules/..",
            "node_modules/a/..",
            "/node_modules/a",
            "node_modules/a/b",
            "node_modules/@s",
            "node_modules/@s/..",
            "node_modules/.bin",
            "node_modules/a/node_modules",
            "node_modules/a/../../x",
            "node_modules//a",
            "./node_modules/a",
            "node_modules/@../a",
            "node_modules/node_modules",
        ] {
            assert!(!in_modules(folder), "{folder}");
        }
    }

    #[test]
    fn programs_are_those_of_the_manifest_and_lie_within() {
        let of = |bin: Value| programs(&json!({ "name": "@s/tool", "bin": bin }), "alias");
        let pair = |name: &str, file: &str| (name.to_owned(), file.to_owned());
        assert_eq!(of(json!("./bin/x.js")), [pair("tool", "bin/x.js")]);
        assert_eq!(of(json!({ "a": "a.js", "@s/b": "b.js" })), [pair("a", "a.js"), pair("b", "b.js")]);
        for none in [json!({ "..": "a.js" }), json!({ "a": "../../x" }), json!({ "a": "/x" }), json!(7)] {
            assert!(of(none).is_empty());
        }
    }
}
