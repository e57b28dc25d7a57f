//! One entry of `packages`.

use super::Family;
use super::dep_path::DepPath;
use crate::lockfile::locations::{hosted_commit, name_of_folder};
use crate::lockfile::source::Source;
use crate::lockfile::yaml::{Key, Value, shorten};
use crate::lockfile::{LockfileError, unnamed_root};
use crate::lookup::{LookupMap, LookupSet};
use crate::{Integrity, Origin, Package, PackageId, PackageName, Version};

/// What has to be known to read an entry.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r, 'd, 'a> {
    pub(super) source: &'r Source<'a>,
    pub(super) family: Family,
    /// `lockfileVersion` as written.
    pub(super) version: &'d str,
    /// Keys of `patchedDependencies`.
    pub(super) patched: &'r LookupSet<&'d str>,
    /// Members of the workspace by folder.
    pub(super) importers: &'r LookupMap<&'d str, PackageId>,
}

/// The package that an entry describes, without what it requires; and what to remark on it.
pub(super) type Described = Result<(Package, Option<String>), LockfileError>;

/// What is read of an entry, found in one walk over its keys.
#[derive(Default)]
struct Fields<'d, 'a> {
    /// There is no entry at all.
    is_empty: bool,
    name: Option<&'d str>,
    version: Option<&'d str>,
    resolution: Option<Value<'d, 'a>>,
    engines: Option<Value<'d, 'a>>,
    deprecated: Option<&'d str>,
    bundled: Option<Value<'d, 'a>>,
    requires_build: bool,
    is_for_development: bool,
    is_optional: bool,
}

impl<'d, 'a> Fields<'d, 'a> {
    fn of(entry: Option<Value<'d, 'a>>) -> Self {
        let mut fields = Self { is_empty: entry.is_none(), ..Self::default() };
        for (key, value) in entry.into_iter().flat_map(Value::entries) {
            match key.text {
                "name" => fields.name = value.text(),
                "version" => fields.version = value.text(),
                "resolution" => fields.resolution = Some(value),
                "engines" => fields.engines = Some(value),
                "deprecated" => fields.deprecated = value.text(),
                "bundledDependencies" => fields.bundled = Some(value),
                "requiresBuild" => fields.requires_build = value.is_true(),
                "dev" => fields.is_for_development = value.text() == Some("true"),
                "optional" => fields.is_optional = value.is_true(),
                _ => {}
            }
        }
        fields
    }
}

impl<'d, 'a> Reading<'_, 'd, 'a> {
    pub(super) fn package(&self, key: Key<'d>, entry: Value<'d, 'a>) -> Described {
        let fields = Fields::of(super::mapping(self.source, entry, "packages")?);
        let path = DepPath::parse(key.text, self.family);
        let name = self.name_of(key, path, fields.name)?;
        let version = match (fields.version, path) {
            (Some(version), _) => version,
            (None, Some(DepPath { version: Some(version), .. })) => version,
            (None, Some(DepPath { elsewhere: Some(place), .. })) => version_of_scheme(place),
            _ => "",
        };
        let origin = self.origin(path, fields.resolution);
        let mut package = Package::new(name, version, origin);
        package.position = self.source.position(key.offset);
        package.patched = path.is_some_and(|path| path.patched) || self.is_patched(&package);
        if let Some(text) = fields.resolution.and_then(|resolution| resolution.get("integrity")?.text()) {
            match Integrity::parse(text) {
                Ok(integrity) => package.integrity = Some(integrity),
                Err(_) => package.unreadable_integrity = Some(text.into()),
            }
        }
        // Up to lockfileVersion 8 the key is written when true; 9 does not have it.
        if matches!(self.family, Family::Slash | Family::SlashAt) {
            package.install_script = Some(fields.requires_build);
        }
        package.deprecated = fields.deprecated.map(Into::into);
        package.engines_node = fields.engines.and_then(|engines| engines.get("node")?.text()).map(Into::into);
        if !fields.is_empty {
            // What the entry says of itself counts where no edge reaches it.
            package.reach.development = fields.is_for_development;
            package.reach.production = !fields.is_for_development;
            package.reach.optional = fields.is_optional;
        }
        let remark = fields.bundled.map(|bundled| remark_on_bundled(bundled, &package));
        Ok((package, remark))
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
}

/// Bundled packages have no entries: nobody but the tarball knows their versions.
fn remark_on_bundled(bundled: Value<'_, '_>, package: &Package) -> String {
    const SHOWN: usize = 10;
    let mut names: Vec<&str> = bundled.items().filter_map(Value::text).take(SHOWN + 1).collect();
    if names.len() > SHOWN {
        names[SHOWN] = "…";
    }
    let names = if names.is_empty() { "its dependencies".to_owned() } else { names.join(", ") };
    format!("{} carries {names} in its tarball, in versions that the lockfile does not say", package.label())
}

/// The version in `runtime:24.1.0` or `registry-name:1.0.0`; empty for URLs and paths.
fn version_of_scheme(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((_, version)) if Version::parse(version).is_ok() && !version.contains('/') => version,
        _ => "",
    }
}
