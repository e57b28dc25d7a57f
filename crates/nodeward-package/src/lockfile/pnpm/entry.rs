//! One entry of `packages`.

use super::dep_path::DepPath;
use super::{Family, Lock};
use crate::lockfile::locations::{hosted_commit, name_of_folder};
use crate::lockfile::yaml::{Key, Value, shorten};
use crate::lockfile::{LockfileError, unnamed_root};
use crate::{Integrity, Origin, Package, PackageName, Version};

impl<'d, 'a> Lock<'_, 'd, 'a> {
    /// The package that an entry describes, without what it requires.
    pub(super) fn package(&mut self, key: Key<'d>, entry: Value<'d, 'a>) -> Result<Package, LockfileError> {
        let entry = self.mapping(entry, "packages")?;
        let field = |name| entry.and_then(|entry| entry.get(name)).and_then(Value::text);
        let path = DepPath::parse(key.text, self.family);
        let name = self.name_of(key, path, field("name"))?;
        let version = match (field("version"), path) {
            (Some(version), _) => version,
            (None, Some(DepPath { version: Some(version), .. })) => version,
            (None, Some(DepPath { elsewhere: Some(place), .. })) => version_of_scheme(place),
            _ => "",
        };
        let resolution = entry.and_then(|entry| entry.get("resolution"));
        let origin = self.origin(path, resolution);
        let mut package = Package::new(name, version, origin);
        package.position = self.source.position(key.offset);
        package.patched = path.is_some_and(|path| path.patched) || self.is_patched(&package);
        if let Some(text) = resolution.and_then(|resolution| resolution.get("integrity")?.text()) {
            match Integrity::parse(text) {
                Ok(integrity) => package.integrity = Some(integrity),
                Err(_) => package.unreadable_integrity = Some(text.into()),
            }
        }
        // Up to lockfileVersion 8 the key is written when true; 9 does not have it.
        if matches!(self.family, Family::Slash | Family::SlashAt) {
            let builds = entry.and_then(|entry| entry.get("requiresBuild")).is_some_and(Value::is_true);
            package.install_script = Some(builds);
        }
        package.deprecated = field("deprecated").map(Into::into);
        package.engines_node =
            entry.and_then(|entry| entry.get("engines")?.get("node")?.text()).map(Into::into);
        if let Some(entry) = entry {
            self.flags(entry, &mut package);
            self.remark_bundled(entry, &package);
        }
        Ok(package)
    }

    fn name_of(
        &self,
        key: Key<'d>,
        path: Option<DepPath<'d>>,
        field: Option<&'d str>,
    ) -> Result<PackageName, LockfileError> {
        let error = |message: String| self.source.syntax(key.offset, message);
        if let Some(name) = field.or_else(|| path?.name) {
            return PackageName::parse(name)
                .map_err(|cause| error(format!("{cause}: {:?}", shorten(key.text))));
        }
        // A folder or tarball always has its name beside it; where it was lost, that of the folder has to do.
        if let Some(place) = path.and_then(|path| path.elsewhere?.strip_prefix("file:")) {
            return Ok(name_of_folder(place).unwrap_or_else(unnamed_root));
        }
        let shown = shorten(key.text);
        Err(match path {
            Some(_) => error(format!("{shown:?} gives no name, neither in its key nor beside it")),
            None => error(format!(
                "{shown:?} is not a package of lockfileVersion {} (expected {})",
                self.version,
                match self.family {
                    Family::Slash => "/name/version",
                    Family::SlashAt => "/name@version",
                    Family::At | Family::Newer => "name@version",
                }
            )),
        })
    }

    fn origin(&self, path: Option<DepPath<'d>>, resolution: Option<Value<'d, 'a>>) -> Origin {
        let field = |name| resolution.and_then(|resolution| resolution.get(name)).and_then(Value::text);
        let elsewhere = path.and_then(|path| path.elsewhere);
        if let Some(repository) = field("repo") {
            return Origin::Git { url: repository.into(), commit: field("commit").map(Into::into) };
        }
        if let Some(folder) = field("directory") {
            let folder = super::importer::join(".", folder);
            return match self.importers.contains_key(folder.as_str()) {
                true => Origin::Workspace { path: folder.into() },
                false => Origin::File { path: folder.into() },
            };
        }
        let tarball = field("tarball");
        if let Some(file) = [tarball, elsewhere].into_iter().flatten().find_map(|at| at.strip_prefix("file:"))
        {
            return Origin::File { path: file.into() };
        }
        if path.is_some_and(|path| path.version.is_some()) {
            return Origin::Registry { resolved: tarball.map(Into::into) };
        }
        let binary = || {
            let variant = resolution?.get("variants")?.items().next()?;
            variant.get("resolution")?.get("url")?.text()
        };
        match tarball.or_else(|| field("url")).or_else(binary).or(elsewhere) {
            Some(url) if field("gitHosted") == Some("true") || hosted_commit(url).is_some() => {
                Origin::Git { url: url.into(), commit: hosted_commit(url).map(Into::into) }
            }
            Some(url) if url.contains("://") => Origin::Http { url: url.into() },
            _ => Origin::Registry { resolved: None },
        }
    }

    fn is_patched(&self, package: &Package) -> bool {
        !self.patched.is_empty()
            && (self.patched.contains(package.label().as_str())
                || self.patched.contains(package.name.as_str()))
    }

    /// What the entry says of itself counts where no edge reaches it.
    fn flags(&self, entry: Value<'d, 'a>, package: &mut Package) {
        let dev = entry.get("dev").and_then(Value::text);
        package.reach.development = dev == Some("true");
        package.reach.production = dev != Some("true");
        package.reach.optional = entry.get("optional").is_some_and(Value::is_true);
    }

    /// Bundled packages have no entries: nobody but the tarball knows their versions.
    fn remark_bundled(&mut self, entry: Value<'d, 'a>, package: &Package) {
        const SHOWN: usize = 10;
        let Some(bundled) = entry.get("bundledDependencies") else { return };
        let mut names: Vec<&str> = bundled.items().filter_map(Value::text).take(SHOWN + 1).collect();
        if names.len() > SHOWN {
            names[SHOWN] = "…";
        }
        let names = if names.is_empty() { "its dependencies".to_owned() } else { names.join(", ") };
        let message = format!(
            "{} carries {names} in its tarball, in versions that the lockfile does not say",
            package.label()
        );
        self.builder.remark(message, package.position);
    }
}

/// The version in `runtime:24.1.0` or `registry-name:1.0.0`; empty for URLs and paths.
fn version_of_scheme(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((_, version)) if Version::parse(version).is_ok() && !version.contains('/') => version,
        _ => "",
    }
}
