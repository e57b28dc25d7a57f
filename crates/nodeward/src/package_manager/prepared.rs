//! What yarn prepares as it fetches it: git repositories, by their own scripts, which no option keeps from running.
//!
//! What the lockfile and the project's manifests name is found here, before anything is run. What else turns up while
//! yarn resolves is kept from it by git, which is told to fetch nothing.

use std::path::Path;

use anyhow::Context as _;
use nodeward_package::lockfile::{self, workspace_members};
use nodeward_package::manifest::OverrideField;
use nodeward_package::{DependencyGraph, Manifest, Origin};

use crate::disk;

/// A lockfile is no larger, and a manifest neither.
const MAX_BYTES: u64 = 64 << 20;

/// Each dependency from git, and where that is written.
///
/// # Errors
/// A lockfile or manifest that can't be read: nobody could say what it names.
pub(super) fn sources(folder: &Path) -> anyhow::Result<Vec<String>> {
    let locked = locked(folder)?;
    let mut found: Vec<String> = Vec::new();
    for (id, package) in locked.iter().flat_map(DependencyGraph::iter) {
        if matches!(&package.origin, Origin::Git { url, .. } if !is_tarball(url)) {
            let place = locked.as_ref().map(|graph| graph.place(id).to_string()).unwrap_or_default();
            found.push(format!("{} ({place})", package.label()));
        }
    }
    let is_fetched = |name: &str| {
        let mut packages = locked.iter().flat_map(DependencyGraph::packages);
        packages.any(|package| {
            package.name.as_str() == name
                && matches!(&package.origin, Origin::Git { url, .. } | Origin::Http { url } if is_tarball(url))
        })
    };
    let root = manifest(folder, "")?;
    let patterns = root.iter().flat_map(|manifest| &manifest.workspaces).cloned().collect::<Vec<_>>();
    let members = workspace_members(folder, &patterns)?.into_iter();
    let members = members.map(|member| Ok((manifest(folder, &member)?, member)));
    let members: Vec<_> = members.collect::<anyhow::Result<_>>()?;
    for (manifest, below) in std::iter::once((root, String::new())).chain(members) {
        let Some(manifest) = manifest else { continue };
        let file = if below.is_empty() { "package.json".to_owned() } else { format!("{below}/package.json") };
        for (name, line) in required(&manifest).filter(|(name, _)| !is_fetched(name)) {
            found.push(format!("{name} ({file}:{line})"));
        }
    }
    Ok(found)
}

/// What `yarn.lock` says, where there is one that says something.
fn locked(folder: &Path) -> anyhow::Result<Option<DependencyGraph>> {
    let file = folder.join("yarn.lock");
    let file = file.strip_prefix(".").unwrap_or(&file);
    match disk::read_bounded(file, MAX_BYTES) {
        Ok(text) if text.trim_ascii().is_empty() => Ok(None),
        Ok(_) => Ok(Some(lockfile::read(file)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn manifest(folder: &Path, below: &str) -> anyhow::Result<Option<Manifest>> {
    let file = folder.join(below).join("package.json");
    match disk::read_bounded(&file, MAX_BYTES) {
        Ok(bytes) => Ok(Some(Manifest::parse(&file, &bytes)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// The names that a manifest requires from git, and the lines on which it does.
fn required(manifest: &Manifest) -> impl Iterator<Item = (&str, u32)> {
    let wanted = manifest.dependencies.iter().map(|one| (&*one.name, &*one.specifier, one.position));
    let forced = manifest.overrides.iter().filter(|one| one.field == OverrideField::Resolutions);
    let forced =
        forced.map(|one| (one.path.last().map_or("", |name| &**name), &*one.specifier, one.position));
    wanted.chain(forced).filter(|(_, specifier, _)| is_git(specifier)).map(|(name, _, at)| (name, at.line))
}

/// Whether yarn takes a specifier for that of a git repository.
fn is_git(specifier: &str) -> bool {
    const SCHEMES: [&str; 8] = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"];
    const HOSTS: [&str; 5] =
        ["github.com", "gitlab.com", "bitbucket.org", "bitbucket.com", "gist.github.com"];
    let address = specifier.split('#').next().unwrap_or_default();
    if SCHEMES.iter().any(|scheme| specifier.starts_with(scheme)) || address.ends_with(".git") {
        return true;
    }
    if let Some((_, rest)) = address.split_once("://") {
        let mut parts = rest.trim_end_matches('/').split('/');
        let host = parts.next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default().trim_start_matches("www.");
        return specifier.contains("#commit=") || HOSTS.contains(&host) && parts.count() <= 2;
    }
    // `owner/name`.
    let is_path = address.starts_with(['.', '/', '~', '@', '-']) || address.contains([':', '@', '%', ' ']);
    !is_path && address.split('/').filter(|part| !part.is_empty()).count() == 2
}

/// Whether an address is that of an archive that a host packs, and yarn only unpacks: that of a repository has an owner
/// and a name, and no more.
fn is_tarball(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let is_archive = rest.contains("tar.gz") || rest.ends_with(".tgz");
    matches!(scheme, "http" | "https")
        && is_archive
        && !url.contains('#')
        && !url.ends_with(".git")
        && rest.split('/').count() > 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_of_repositories() {
        for specifier in [
            "git+https://git.example.org/a/b",
            "git@git.example.org:a/b",
            "ssh://git@git.example.org/a/b.git#main",
            "https://git.example.org/a/b.git#main",
            "https://git.example.org/a/b#commit=0123abc",
            "https://github.com/a/b",
            "https://token@github.com/a/b/#main",
            "github:a/b",
            "gist:0123abc",
            "a/b",
            "a/b#semver:^1",
        ] {
            assert!(is_git(specifier), "{specifier}");
        }
        for specifier in [
            "^1.0.0",
            "npm:other@1",
            "workspace:packages/a",
            "file:../a/b",
            "../a",
            "latest",
            "",
            "https://registry.example.org/a/-/a-1.0.0.tgz",
            "https://github.com/a/b/archive/0123abc.tar.gz",
        ] {
            assert!(!is_git(specifier), "{specifier}");
        }
    }

    #[test]
    fn archives_are_no_repositories() {
        assert!(is_tarball("https://codeload.github.com/a/b/tar.gz/0123abc"));
        assert!(is_tarball("https://github.com/a/b/archive/0123abc.tar.gz"));
        for url in
            ["https://github.com/a/b.tar.gz", "https://h.example.org/a/b/c/tar.gz.git", "git@x:a/b/c/d.tgz"]
        {
            assert!(!is_tarball(url), "{url}");
        }
    }
}
