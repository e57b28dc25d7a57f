//! yarn's descriptors, `name@range`, and the `resolutions` of a manifest that replace their ranges.

use crate::manifest::OverrideField;
use crate::{Manifest, PackageName, Range};

/// Splits `name@range`. Without a range the whole text is the name and the range is empty; a text that starts
/// with its range (a URL) has no name.
pub(super) fn split(text: &str) -> (&str, &str) {
    let from = usize::from(!text.is_empty());
    match memchr::memchr(b'@', &text.as_bytes()[from..]) {
        Some(at) if !text[..from + at].contains(':') => (&text[..from + at], &text[from + at + 1..]),
        _ if text.contains(':') => ("", text),
        _ => (text, ""),
    }
}

/// The target of an `npm:name@range` alias; `None` for `npm:range` and for other ranges.
pub(super) fn alias_target(range: &str) -> Option<(&str, &str)> {
    let (name, range) = split(range.strip_prefix("npm:")?);
    // No range has an `@`. `npm:latest` is a tag, `npm:@scope/name` a name.
    let is_name = !range.is_empty() || name.starts_with('@');
    (is_name && PackageName::parse(name).is_ok()).then_some((name, range))
}

/// The same for yarn 1, to which whatever follows `npm:` starts with a name; a bare version is still none.
pub(super) fn classic_alias_target(range: &str) -> Option<(&str, &str)> {
    alias_target(range).or_else(|| {
        let name = range.strip_prefix("npm:")?;
        (PackageName::parse(name).is_ok() && Range::parse(name).is_err()).then_some((name, ""))
    })
}

/// The `resolutions` of the project's own manifest; yarn does not look at those of members.
#[derive(Debug, Default)]
pub(super) struct Resolutions(Vec<Resolution>);

#[derive(Debug, PartialEq, Eq)]
struct Resolution {
    parent: Option<(String, String)>,
    name: String,
    range: String,
    specifier: String,
}

impl Resolutions {
    pub(super) fn of(manifests: &[(String, Manifest)]) -> Self {
        let root = manifests.iter().find(|(folder, _)| folder.is_empty() || folder == ".");
        let overrides = root.into_iter().flat_map(|(_, manifest)| &manifest.overrides);
        let own = overrides.filter(|over| over.field == OverrideField::Resolutions);
        Self(own.filter_map(|over| Resolution::parse(&over.path.join("/"), &over.specifier)).collect())
    }

    /// What to take for a requirement, if the project says.
    pub(super) fn replacement(
        &self,
        parent: &str,
        parent_version: &str,
        name: &str,
        range: &str,
    ) -> Option<&str> {
        let matches = |resolution: &&Resolution| {
            let bare = |range: &str| range.strip_prefix("npm:").unwrap_or(range).to_owned();
            resolution.name == name
                && (resolution.range.is_empty() || bare(&resolution.range) == bare(range))
                && resolution.parent.as_ref().is_none_or(|(known, version)| {
                    known == parent && (version.is_empty() || bare(version) == parent_version)
                })
        };
        self.0.iter().find(matches).map(|resolution| &*resolution.specifier)
    }
}

impl Resolution {
    /// `name`, `name@range`, `parent/name`, `parent@version/name`, `**/name`, `a/**/name`.
    fn parse(pattern: &str, specifier: &str) -> Option<Self> {
        // Slashes part packages, but for the one inside of a scoped name.
        let mut packages: Vec<String> = Vec::new();
        let mut scope = None;
        for segment in pattern.split('/') {
            match scope.take() {
                Some(scope) => packages.push(format!("{scope}/{segment}")),
                None if segment.starts_with('@') => scope = Some(segment),
                None => packages.push(segment.to_owned()),
            }
        }
        let last = packages.pop()?;
        let owned = |text: &str| {
            let (name, range) = split(text);
            (name.to_owned(), range.to_owned())
        };
        let (name, range) = owned(&last);
        // `a/**/b` is for every b below a: taken to be for every b.
        let parent = packages.pop().filter(|parent| parent != "**").map(|parent| owned(&parent));
        (!name.is_empty()).then(|| Self { parent, name, range, specifier: specifier.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_split() {
        for (text, expected) in [
            ("a@^1", ("a", "^1")),
            ("@s/a@npm:^1", ("@s/a", "npm:^1")),
            ("a@npm:@s/b@1", ("a", "npm:@s/b@1")),
            ("chokidar", ("chokidar", "")),
            ("@s/a", ("@s/a", "")),
            ("a@git@github.com:x/y", ("a", "git@github.com:x/y")),
            ("https://x.example.org/a@b", ("", "https://x.example.org/a@b")),
            ("", ("", "")),
            ("@", ("@", "")),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn aliases() {
        for (range, expected) in [
            ("npm:b@^1", Some(("b", "^1"))),
            ("npm:@s/b@^1", Some(("@s/b", "^1"))),
            ("npm:@s/b", Some(("@s/b", ""))),
            ("npm:^1.0.0", None),
            ("npm:vue@^2", Some(("vue", "^2"))),
            ("npm:2d@1.0.0", Some(("2d", "1.0.0"))),
            ("npm:latest", None),
            ("npm:v1.0.0", None),
            ("npm:>=1 <2 || 3.x", None),
            ("npm:^1.0.0::__archiveUrl=https%3A%2F%2Fx.example.org%2Fa@1", None),
            ("^1", None),
        ] {
            assert_eq!(alias_target(range), expected, "{range}");
        }
        for (range, expected) in [
            ("npm:b", Some(("b", ""))),
            ("npm:@s/b", Some(("@s/b", ""))),
            ("npm:b@1", Some(("b", "1"))),
            ("npm:^1.0.0", None),
            ("npm:1.x", None),
            ("b", None),
        ] {
            assert_eq!(classic_alias_target(range), expected, "{range}");
        }
    }

    #[test]
    fn resolutions_apply_where_they_say() {
        let resolutions = Resolutions(
            [
                ("a", "1"),
                ("b@^2", "2"),
                ("p/c", "3"),
                ("@s/p@npm:1.0.0/@s/d", "4"),
                ("**/e", "5"),
                ("q/**/f", "6"),
            ]
            .into_iter()
            .filter_map(|(pattern, specifier)| Resolution::parse(pattern, specifier))
            .collect(),
        );
        let take = |parent, name, range| resolutions.replacement(parent, "1.0.0", name, range);
        assert_eq!(take("x", "a", "^9"), Some("1"));
        assert_eq!((take("x", "b", "npm:^2"), take("x", "b", "^3")), (Some("2"), None));
        assert_eq!((take("p", "c", "1"), take("x", "c", "1")), (Some("3"), None));
        assert_eq!((take("@s/p", "@s/d", "1"), take("x", "@s/d", "1")), (Some("4"), None));
        assert_eq!((take("x", "e", "1"), take("x", "f", "1")), (Some("5"), Some("6")));
    }
}
