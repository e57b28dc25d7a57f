//! The keys of `packages` and `snapshots`, and the references that lead to them.

use crate::{PackageName, Version};

/// How keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// lockfileVersion 5: `/name/1.0.0_peers`.
    Slash,
    /// lockfileVersion 6 to 8: `/name@1.0.0(peers)`.
    SlashAt,
    /// lockfileVersion 9: `name@1.0.0(peers)`.
    At,
    /// Later ones, taken to be written like 9.
    Newer,
}

impl Family {
    /// The family of a `lockfileVersion`; `None` for those that are not supported.
    pub(super) fn of(version: &str) -> Option<Self> {
        let digits = version.len() - version.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (major, rest) = version.split_at(digits);
        if !(rest.is_empty() || rest.starts_with(['.', '-'])) {
            return None;
        }
        match major.parse::<u16>().ok()? {
            5 => Some(Self::Slash),
            6..=8 => Some(Self::SlashAt),
            9 => Some(Self::At),
            10.. => Some(Self::Newer),
            _ => None,
        }
    }

    /// Whether what releases require stands apart from them, in `snapshots`.
    pub(super) fn has_snapshots(self) -> bool {
        self == Self::At
    }

    /// Writes the key that `name: reference` leads to. A reference is a version, or a whole key where the package
    /// is an alias or comes from elsewhere.
    pub(super) fn key_of(self, name: &str, reference: &str, key: &mut String) {
        key.clear();
        let find = |text: &str, byte| memchr::memchr(byte, text.as_bytes());
        let without_peers = &reference[..find(reference, b'(').unwrap_or(reference.len())];
        let is_key = match self {
            Self::Slash => reference.contains('/') || reference.starts_with("file:"),
            Self::SlashAt => without_peers.contains('/') || reference.starts_with("file:"),
            // `name@…` rather than `scheme:…@…`.
            Self::At | Self::Newer => {
                reference.starts_with('@')
                    || find(without_peers, b'@').is_some_and(|at| find(&without_peers[..at], b':').is_none())
            }
        };
        if !is_key {
            if matches!(self, Self::Slash | Self::SlashAt) {
                key.push('/');
            }
            key.push_str(name);
            key.push(if self == Self::Slash { '/' } else { '@' });
        }
        key.push_str(reference);
    }
}

/// A key taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DepPath<'k> {
    /// The name, unless the key is only a place.
    pub(super) name: Option<&'k str>,
    /// The version, for a release of a registry.
    pub(super) version: Option<&'k str>,
    /// For what is not from a registry: where it is from.
    pub(super) elsewhere: Option<&'k str>,
    /// A patch is part of the resolution.
    pub(super) patched: bool,
}

impl<'k> DepPath<'k> {
    /// Takes a key apart; `None` where it is not shaped as the family's keys are.
    pub(super) fn parse(key: &'k str, family: Family) -> Option<Self> {
        let (base, patched) = split_suffix(key);
        let path = match family {
            _ if base.starts_with("file:") => Some(Self::place(base)),
            Family::Slash => slash(key),
            Family::SlashAt => slash_at(base),
            Family::At | Family::Newer => at(base.strip_prefix('/').unwrap_or(base)),
        }?;
        Some(Self { patched, ..path })
    }

    fn release(name: &'k str, version: &'k str) -> Self {
        Self { name: Some(name), version: Some(version), elsewhere: None, patched: false }
    }

    fn place(elsewhere: &'k str) -> Self {
        Self { name: None, version: None, elsewhere: Some(elsewhere), patched: false }
    }
}

/// `/name/1.0.0_peers`, `host/name/1.0.0`, `github.com/owner/repository/commit`.
fn slash(key: &str) -> Option<DepPath<'_>> {
    if let Some(rest) = key.strip_prefix('/') {
        return slash_release(rest);
    }
    let (_, rest) = key.split_once('/')?;
    Some(slash_release(rest).unwrap_or_else(|| DepPath::place(key)))
}

fn slash_release(text: &str) -> Option<DepPath<'_>> {
    let from = if text.starts_with('@') { text.find('/')? + 1 } else { 0 };
    let split = from + text[from..].find('/')?;
    let version = text[split + 1..].split('_').next().unwrap_or_default();
    Version::parse(version).ok()?;
    Some(DepPath::release(&text[..split], version))
}

/// `/name@1.0.0`, `host/name@1.0.0`, `@host/path`, `name@1.0.0`.
fn slash_at(base: &str) -> Option<DepPath<'_>> {
    if let Some(rest) = base.strip_prefix('/') {
        return at(rest);
    }
    let named = |text| at(text).filter(|path| path.name.is_some_and(|name| PackageName::parse(name).is_ok()));
    if let Some(path) = named(base)
        && (path.elsewhere.is_some() || path.version.is_some_and(|version| Version::parse(version).is_ok()))
    {
        return Some(path);
    }
    let (_, rest) = base.split_once('/')?;
    let hosted =
        named(rest).filter(|path| path.version.is_some_and(|version| Version::parse(version).is_ok()));
    Some(hosted.unwrap_or_else(|| DepPath::place(base)))
}

/// `name@1.0.0`, `name@https://…`, `name@file:…`.
fn at(base: &str) -> Option<DepPath<'_>> {
    let split = 1 + memchr::memchr(b'@', base.as_bytes().get(1..)?)?;
    let (name, version) = (&base[..split], &base[split + 1..]);
    if version.is_empty() {
        return None;
    }
    if version.contains(':') {
        return Some(DepPath { name: Some(name), ..DepPath::place(version) });
    }
    Some(DepPath::release(name, version))
}

/// Splits the groups in parentheses off the end of a key, and tells whether one of them is a patch.
pub(super) fn split_suffix(key: &str) -> (&str, bool) {
    let bytes = key.as_bytes();
    let mut end = bytes.len();
    let mut patched = false;
    while end > 0 && bytes[end - 1] == b')' {
        let mut open = 0;
        let start = bytes[..end].iter().rposition(|&byte| {
            match byte {
                b')' => open += 1,
                b'(' => open -= 1,
                _ => {}
            }
            open == 0
        });
        let Some(start) = start else { break };
        patched |= key[start..end].starts_with("(patch_hash=");
        end = start;
    }
    (&key[..end], patched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        for (version, family) in [
            ("5", Some(Family::Slash)),
            ("5.4-inlineSpecifiers", Some(Family::Slash)),
            ("6.1", Some(Family::SlashAt)),
            ("7.0", Some(Family::SlashAt)),
            ("9.0", Some(Family::At)),
            ("10.2", Some(Family::Newer)),
            ("3", None),
            ("v3", None),
            ("", None),
            ("9x", None),
            ("99999999", None),
        ] {
            assert_eq!(Family::of(version), family, "{version}");
        }
    }

    #[test]
    fn keys() {
        let release = |name, version| Some(DepPath::release(name, version));
        let place = |place| Some(DepPath::place(place));
        let named = |name, place| Some(DepPath { name: Some(name), ..DepPath::place(place) });
        let patched = |path: Option<DepPath<'static>>| path.map(|path| DepPath { patched: true, ..path });
        use Family::{At, Slash, SlashAt};
        for (family, key, expected) in [
            (Slash, "/lodash/4.17.21", release("lodash", "4.17.21")),
            (Slash, "/@a/b/1.0.0_@c+d@2.0.0+e@1.0.0", release("@a/b", "1.0.0")),
            (Slash, "/a_b/1.0.0-x.1+y_hash", release("a_b", "1.0.0-x.1+y")),
            (Slash, "npm.example.org/@a/b/1.0.0", release("@a/b", "1.0.0")),
            (Slash, "github.com/a/b/0123abc", place("github.com/a/b/0123abc")),
            (Slash, "@github.com/a/b/archive/1.9.0.tar.gz", place("@github.com/a/b/archive/1.9.0.tar.gz")),
            (Slash, "git@example.org+a/b/0123abc", place("git@example.org+a/b/0123abc")),
            (Slash, "file:../a_b@1", place("file:../a_b@1")),
            (Slash, "axios@1.2.5", None),
            (Slash, "/axios", None),
            (Slash, "/axios/latest", None),
            (SlashAt, "/lodash@4.17.21", release("lodash", "4.17.21")),
            (SlashAt, "/@a/b@1.0.0(@c/d@2.0.0(e@1))(f@3)", release("@a/b", "1.0.0")),
            (SlashAt, "/a@1.0.0(patch_hash=abc)(b@1)", patched(release("a", "1.0.0"))),
            (SlashAt, "npm.example.org/@a/b@1.0.0", release("@a/b", "1.0.0")),
            (SlashAt, "@github.com/a/b/tarball/4.3.4", place("@github.com/a/b/tarball/4.3.4")),
            (SlashAt, "git@example.org+a/b/0123abc", place("git@example.org+a/b/0123abc")),
            (SlashAt, "file:packages/a(b@1.0.0)", place("file:packages/a")),
            (SlashAt, "a@1.0.0", release("a", "1.0.0")),
            (SlashAt, "nothing", None),
            (At, "lodash@4.17.21", release("lodash", "4.17.21")),
            (At, "@a/b@1.0.0(c@1)", release("@a/b", "1.0.0")),
            (At, "@a/b@https://x.example.org/y(z)/c.tgz", named("@a/b", "https://x.example.org/y(z)/c.tgz")),
            (At, "a@file:b/c", named("a", "file:b/c")),
            (At, "node@runtime:24.1.0", named("node", "runtime:24.1.0")),
            (At, "a", None),
            (At, "@a/b", None),
            (At, "a@", None),
            (At, "", None),
            (At, "))((", None),
            (At, "é@1.0.0", release("é", "1.0.0")),
        ] {
            assert_eq!(DepPath::parse(key, family), expected, "{family:?} {key}");
        }
    }

    #[test]
    fn references() {
        use Family::{At, Slash, SlashAt};
        for (family, reference, expected) in [
            (Slash, "1.0.0_b@2", "/a/1.0.0_b@2"),
            (Slash, "/b/1.0.0", "/b/1.0.0"),
            (Slash, "github.com/x/y/z", "github.com/x/y/z"),
            (SlashAt, "1.0.0(@b/c@2)", "/a@1.0.0(@b/c@2)"),
            (SlashAt, "/b@1.0.0(c@1)", "/b@1.0.0(c@1)"),
            (SlashAt, "file:x", "file:x"),
            (At, "1.0.0(@b/c@2)", "a@1.0.0(@b/c@2)"),
            (At, "b@1.0.0", "b@1.0.0"),
            (At, "@b/c@1.0.0", "@b/c@1.0.0"),
            (At, "https://x.example.org/@b/c.tgz", "a@https://x.example.org/@b/c.tgz"),
            (At, "file:x(b@1)", "a@file:x(b@1)"),
        ] {
            let mut key = String::from("left over");
            family.key_of("a", reference, &mut key);
            assert_eq!(key, expected, "{family:?} {reference}");
        }
    }
}
