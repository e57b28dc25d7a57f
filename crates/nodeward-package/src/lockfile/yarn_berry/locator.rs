//! What a `resolution` says: `name@npm:1.0.0`, `name@patch:name@npm%3A1.0.0#…`, `name@workspace:packages/name`.

use std::borrow::Cow;

use crate::Origin;
use crate::lockfile::descriptor::split;
use crate::lockfile::locations::hosted_commit;

/// How deep patches of patches and virtual packages may be nested.
const MAX_DEPTH: u32 = 8;

/// Where a locator's bytes come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) origin: Origin,
    /// The project's own patch is applied; those that yarn brings itself do not count.
    pub(super) patched: bool,
}

/// Reads the reference of a locator: what follows `name@`.
pub(super) fn source(reference: &str) -> Source {
    nested(reference, 0)
}

fn nested(reference: &str, depth: u32) -> Source {
    let plain = |origin| Source { origin, patched: false };
    let (scheme, rest) = reference.split_once(':').unwrap_or(("npm", reference));
    // Parameters follow two colons: what the package is bound to, hashes.
    let (target, parameters) = rest.split_once("::").unwrap_or((rest, ""));
    match scheme {
        "npm" => plain(Origin::Registry { resolved: archive_url(parameters) }),
        "workspace" if matches!(target, "." | "") => plain(Origin::Root),
        "workspace" => plain(Origin::Workspace { path: target.into() }),
        "patch" if depth < MAX_DEPTH => {
            let (inner, patch) = target.split_once('#').unwrap_or((target, ""));
            let inner = decode(inner);
            let inner = nested(split(&inner).1, depth + 1);
            let own = !patch.contains("builtin<");
            Source { origin: inner.origin, patched: inner.patched || own }
        }
        "virtual" if depth < MAX_DEPTH => {
            nested(rest.split_once('#').map_or("", |(_, inner)| inner), depth + 1)
        }
        "file" | "link" | "portal" | "exec" => {
            let path = target.split('#').next().unwrap_or_default();
            plain(Origin::File { path: decode(path).as_ref().into() })
        }
        _ if is_git(reference) => plain(git(reference)),
        "http" | "https" => plain(http(reference)),
        _ => plain(Origin::Registry { resolved: None }),
    }
}

/// The package inside of a `patch:` reference, as `name@reference`.
pub(super) fn patched(reference: &str) -> Option<Cow<'_, str>> {
    let inner = reference.strip_prefix("patch:")?;
    Some(decode(inner.split('#').next().unwrap_or_default()))
}

/// Whether the patch of a `patch:` reference comes with yarn.
pub(super) fn is_builtin(reference: &str) -> bool {
    reference.starts_with("patch:") && reference.contains("builtin<")
}

fn http(reference: &str) -> Origin {
    let url = reference.split_once("::").map_or(reference, |(url, _)| url);
    match hosted_commit(url) {
        Some(commit) => Origin::Git { url: url.into(), commit: Some(commit.into()) },
        None => Origin::Http { url: url.into() },
    }
}

fn is_git(reference: &str) -> bool {
    ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:"]
        .iter()
        .any(|start| reference.starts_with(start))
        || reference.contains("#commit=")
        || reference.split('#').next().is_some_and(|address| address.ends_with(".git"))
}

fn git(reference: &str) -> Origin {
    let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let commit = fragment.split('&').find_map(|part| part.strip_prefix("commit="));
    let bare = fragment.len() >= 7 && fragment.bytes().all(|byte| byte.is_ascii_hexdigit());
    Origin::Git { url: url.into(), commit: commit.or(bare.then_some(fragment)).map(Into::into) }
}

fn archive_url(parameters: &str) -> Option<Box<str>> {
    let url = parameters.split('&').find_map(|part| part.strip_prefix("__archiveUrl="))?;
    Some(decode(url).as_ref().into())
}

/// Undoes percent-encoding; what is not valid stays as it is.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let value = hex
            .filter(|hex| first == b'%' && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let registry = |url: Option<&str>| Origin::Registry { resolved: url.map(Into::into) };
        let git = |url: &str, commit: &str| Origin::Git { url: url.into(), commit: Some(commit.into()) };
        for (reference, origin, patched) in [
            ("npm:1.0.0", registry(None), false),
            (
                "npm:1.0.0::__archiveUrl=https%3A%2F%2Fr.example.org%2Fa.tgz",
                registry(Some("https://r.example.org/a.tgz")),
                false,
            ),
            ("workspace:.", Origin::Root, false),
            ("workspace:packages/a", Origin::Workspace { path: "packages/a".into() }, false),
            ("patch:a@npm%3A1.0.0#./a.patch::version=1.0.0&hash=01", registry(None), true),
            ("patch:a@npm%3A1.0.0#~builtin<compat/a>::version=1.0.0", registry(None), false),
            ("patch:a@patch%3Aa@npm%253A1.0.0%23b.patch#~builtin<compat/a>", registry(None), true),
            (
                "file:../a#../a::hash=01&locator=x%40workspace%3A.",
                Origin::File { path: "../a".into() },
                false,
            ),
            ("portal:../a::locator=x", Origin::File { path: "../a".into() }, false),
            (
                "https://g.example.org/a.git#commit=0123abc",
                git("https://g.example.org/a.git", "0123abc"),
                false,
            ),
            (
                "git@g.example.org:x/a.git#commit=0123abc&workspace=b",
                git("git@g.example.org:x/a.git", "0123abc"),
                false,
            ),
            (
                "https://h.example.org/a.tgz",
                Origin::Http { url: "https://h.example.org/a.tgz".into() },
                false,
            ),
            ("virtual:0123#npm:1.0.0", registry(None), false),
        ] {
            assert_eq!(source(reference), Source { origin, patched }, "{reference}");
        }
        let deep = "virtual:x#".repeat(10_000);
        assert_eq!(source(&deep).origin, registry(None));
    }

    #[test]
    fn percent_encoding() {
        assert_eq!(decode("a%40b%"), "a@b%");
        assert_eq!(decode("%ff%zz"), "%ff%zz");
    }
}
