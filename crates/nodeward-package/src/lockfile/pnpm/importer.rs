//! `importers`: the project and the members of its workspace, with what each requires.

use super::Lock;
use crate::lockfile::locations::name_of_folder;
use crate::lockfile::yaml::{Kind, Value};
use crate::lockfile::{LockfileError, unnamed_root};
use crate::lookup::LookupMap;
use crate::{EdgeKind, Origin, Package, PackageId, PackageName};

/// Where an importer lists what it requires. The last two are those of pnpm 11's own document: they run on the
/// machine of whoever installs, not in production.
const GROUPS: &[(&str, EdgeKind)] = &[
    ("dependencies", EdgeKind::Production),
    ("devDependencies", EdgeKind::Development),
    ("optionalDependencies", EdgeKind::Optional),
    ("configDependencies", EdgeKind::Development),
    ("packageManagerDependencies", EdgeKind::Development),
];

impl<'d, 'a> Lock<'_, 'd, 'a> {
    /// Adds a root for each importer, and one for a file that lists its only importer at the top.
    pub(super) fn add_importers(&mut self) -> Result<(), LockfileError> {
        let importers = self.section("importers")?;
        for (folder, value) in importers.into_iter().flat_map(Value::entries) {
            let value = self.mapping(value, "importers")?;
            let manages = value.is_some_and(|value| is_own_document(value));
            self.add_importer(folder.text, folder.offset, manages);
        }
        if !self.importers.contains_key(".") && (importers.is_none() || self.lists_at_top()) {
            self.add_importer(".", self.root.offset(), false);
        }
        Ok(())
    }

    fn lists_at_top(&self) -> bool {
        GROUPS.iter().any(|(group, _)| self.root.get(group).is_some())
    }

    fn add_importer(&mut self, folder: &'d str, offset: usize, manages: bool) {
        let inner = if folder == "." { "" } else { folder };
        let member = match manages {
            true => None,
            false => self.members.iter().find(|(known, _)| known == inner).map(|(_, manifest)| manifest),
        };
        let stated = member.and_then(|member| member.name.clone());
        let named = stated.is_some();
        let name = match stated {
            Some(name) => name,
            None if manages => package_manager(),
            None if folder == "." => unnamed_root(),
            None => name_of_folder(folder).unwrap_or_else(unnamed_root),
        };
        let version = member.and_then(|member| member.version.as_ref()).map_or("", |version| &version.text);
        let origin = match folder {
            "." => Origin::Root,
            _ => Origin::Workspace { path: folder.into() },
        };
        let mut package = Package::new(name, version, origin);
        package.position = self.source.position(offset);
        let id = self.builder.add_root(package);
        if !named && !manages {
            self.unnamed.insert(id);
        }
        self.importers.insert(folder, id);
    }

    /// What the roots require.
    pub(super) fn require_from_importers(&mut self) -> Result<(), LockfileError> {
        let by_key = std::mem::take(&mut self.by_key);
        for (folder, value) in self.section("importers")?.into_iter().flat_map(Value::entries) {
            if let Some(value) = self.mapping(value, "importers")? {
                self.require_from_importer(&by_key, folder.text, value)?;
            }
        }
        self.require_from_importer(&by_key, ".", self.root)?;
        self.by_key = by_key;
        Ok(())
    }

    fn require_from_importer(
        &mut self,
        by_key: &LookupMap<&'d str, PackageId>,
        folder: &'d str,
        value: Value<'d, 'a>,
    ) -> Result<(), LockfileError> {
        let Some(&from) = self.importers.get(folder) else { return Ok(()) };
        let mut specifiers: LookupMap<&str, &str> = LookupMap::default();
        for (name, specifier) in value.get("specifiers").into_iter().flat_map(Value::entries) {
            specifiers.insert(name.text, self.scalar(specifier)?);
        }
        for &(group, kind) in GROUPS {
            let Some(group_value) = value.get(group) else { continue };
            let Some(group_value) = self.mapping(group_value, group)? else { continue };
            for (name, requirement) in group_value.entries() {
                let (reference, specifier) = match requirement.kind() {
                    Kind::Mapping => (requirement.get("version"), requirement.get("specifier")),
                    _ => (Some(requirement), None),
                };
                let specifier = match specifier {
                    Some(specifier) => self.scalar(specifier)?,
                    None => specifiers.get(name.text).copied().unwrap_or_default(),
                };
                let to = match reference {
                    Some(reference) => {
                        let reference = self.scalar(reference)?;
                        self.resolve(by_key, name.text, reference, folder, name.offset)?
                    }
                    None => None,
                };
                self.require(from, to, kind, name.text, specifier);
            }
        }
        Ok(())
    }
}

/// Whether an importer lists only what pnpm itself needs.
fn is_own_document(importer: Value<'_, '_>) -> bool {
    let has = |group: &str| importer.get(group).is_some();
    (has("configDependencies") || has("packageManagerDependencies"))
        && !GROUPS[..3].iter().any(|(group, _)| has(group))
}

/// The root of pnpm's own document, which no manifest names.
fn package_manager() -> PackageName {
    PackageName::parse("(package-manager)").unwrap_or_else(|_| unnamed_root())
}

/// A relative path from a folder, without `.` and with as few `..` as can be; `.` for the lockfile's own folder.
pub(super) fn join(folder: &str, path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let absolute = path.starts_with('/');
    let start = if absolute { "" } else { folder };
    for segment in start.split('/').chain(path.split(['/', '\\'])) {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|&last| last != "..") => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    match (absolute, segments.is_empty()) {
        (true, _) => format!("/{}", segments.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => segments.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_joined() {
        for (folder, path, expected) in [
            (".", "a/b", "a/b"),
            ("a", "../b", "b"),
            ("a/b", "../../c/./d", "c/d"),
            ("a", "..", "."),
            (".", "../x", "../x"),
            ("a", "../../../x", "../../x"),
            ("a", "/x/y", "/x/y"),
            (".", ".", "."),
        ] {
            assert_eq!(join(folder, path), expected, "{folder} {path}");
        }
    }
}
