//! What a package requires, as JSON lockfiles write it, and how a requirement becomes an edge.

use std::borrow::Cow;

use super::locations::hosted_commit;
use crate::graph::{Edge, EdgeKind, GraphBuilder, Origin, PackageId};
use crate::json::{Fault, Json, Kind, Read, Text};
use crate::{Integrity, Package};

/// One requirement of one entry.
pub(super) struct Requirement<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) specifier: Cow<'a, str>,
    pub(super) kind: EdgeKind,
}

/// Reads an object of names and ranges onto the list.
pub(super) fn read<'a>(
    json: &mut Json<'a>,
    field: &Text<'a>,
    kind: EdgeKind,
    requirements: &mut Vec<Requirement<'a>>,
) -> Read<()> {
    match json.kind()? {
        Kind::Null => return json.skip(),
        // Some old manifests have an empty list here, and npm copied it.
        Kind::Array => {
            let mut elements = json.array("")?;
            while elements.next(json)? {
                let name = json.text(field.as_str())?.value;
                requirements.push(Requirement { name, specifier: "*".into(), kind });
            }
            return Ok(());
        }
        _ => {}
    }
    let mut members = json.object(field.as_str())?;
    while let Some(name) = members.next(json)? {
        let specifier = match json.kind()? {
            Kind::String => json.text("")?.value,
            Kind::Object | Kind::Array | Kind::Number => {
                let at = json.offset()?;
                let message =
                    format!("the range of {:?} in {} should be a string", name.as_str(), field.as_str());
                return Err(Fault::new(at, message));
            }
            _ => json.skip().map(|()| Cow::Borrowed(""))?,
        };
        requirements.push(Requirement { name: name.value, specifier, kind });
    }
    Ok(())
}

/// Applies what one list says of another: an optional dependency is no plain one, and a peer may be optional.
pub(super) fn settle(requirements: &mut Vec<Requirement<'_>>, start: usize, optional_peers: &[Cow<'_, str>]) {
    let own = &requirements[start..];
    let mut optional: Vec<&str> =
        own.iter().filter(|one| one.kind == EdgeKind::Optional).map(|one| &*one.name).collect();
    if !optional.is_empty() {
        optional.sort_unstable();
        let keep: Vec<bool> = own
            .iter()
            .map(|one| one.kind != EdgeKind::Production || optional.binary_search(&&*one.name).is_err())
            .collect();
        let mut keep = std::iter::repeat_n(true, start).chain(keep);
        requirements.retain(|_| keep.next().unwrap_or(true));
    }
    if !optional_peers.is_empty() {
        let names: std::collections::HashSet<&str> = optional_peers.iter().map(|name| &**name).collect();
        for one in &mut requirements[start..] {
            if one.kind == EdgeKind::Peer && names.contains(&*one.name) {
                one.kind = EdgeKind::OptionalPeer;
            }
        }
    }
}

/// Adds the edge. A requirement that is a URL says that the tarball is no registry's.
pub(super) fn link(
    builder: &mut GraphBuilder,
    from: PackageId,
    to: Option<PackageId>,
    requirement: &Requirement<'_>,
) {
    if let Some(id) = to
        && (requirement.specifier.starts_with("https:") || requirement.specifier.starts_with("http:"))
        && let Origin::Registry { resolved } = &builder.package(id).origin
    {
        let url = resolved.clone().unwrap_or_else(|| (*requirement.specifier).into());
        builder.package_mut(id).origin = Origin::Http { url };
    }
    let name = builder.required_name(to, &requirement.name);
    let specifier = (*requirement.specifier).into();
    builder.require(Edge { from, to, kind: requirement.kind, name, specifier });
}

/// Where the bytes of a package come from, by the URL or path that a lockfile has for it. A tarball's URL alone
/// does not tell a registry from another server: what the requirement says decides that.
pub(super) fn source_of(resolved: Option<&str>) -> Origin {
    let Some(url) = resolved.filter(|url| !url.is_empty()) else {
        return Origin::Registry { resolved: None };
    };
    const GIT: [&str; 8] = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"];
    let (address, fragment) = url.split_once('#').unwrap_or((url, ""));
    if GIT.iter().any(|prefix| url.starts_with(prefix)) || address.ends_with(".git") {
        let commit = fragment.rsplit('&').next().unwrap_or_default();
        let commit = commit.strip_prefix("commit=").unwrap_or(commit);
        let commit = (!commit.is_empty() && !commit.starts_with("semver:")).then(|| commit.into());
        return Origin::Git { url: address.into(), commit };
    }
    if let Some(path) = url.strip_prefix("file:").or_else(|| url.strip_prefix("link:")) {
        return Origin::File { path: path.into() };
    }
    if let Some(commit) = hosted_commit(url) {
        return Origin::Git { url: address.into(), commit: Some(commit.into()) };
    }
    Origin::Registry { resolved: Some(url.into()) }
}

/// Notes what an install will check the package with.
pub(super) fn check_with(package: &mut Package, integrity: Option<&str>) {
    match integrity.filter(|text| !text.trim().is_empty()) {
        None => {}
        Some(text) => match Integrity::parse(text) {
            Ok(integrity) => package.integrity = Some(integrity),
            Err(_) => package.unreadable_integrity = Some(text.into()),
        },
    }
}
