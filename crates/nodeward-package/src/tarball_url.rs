//! What the URL of a tarball says of the release behind it.

use std::borrow::Cow;

use crate::{Package, WebAddress};

/// What a URL of the form that npm's registry uses, `…/NAME/-/FILE-VERSION.tgz`, says of itself. Registries with
/// other forms say nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TarballUrl<'a> {
    /// The name, scope included.
    pub name: Cow<'a, str>,
    /// File name without `.tgz`.
    file: Cow<'a, str>,
}

impl<'a> TarballUrl<'a> {
    /// Reads it; `None` for URLs of other forms.
    pub fn of(url: &'a str) -> Option<Self> {
        match percent_decode(WebAddress::parse(url)?.path)? {
            Cow::Borrowed(path) => {
                let (name, file) = name_and_file(path)?;
                Some(Self { name: name.into(), file: file.into() })
            }
            Cow::Owned(path) => {
                let (name, file) = name_and_file(&path)?;
                Some(Self { name: name.to_owned().into(), file: file.to_owned().into() })
            }
        }
    }

    /// Whether a URL ends, as nearly every one does, in just the name and the version that the package has. Where it
    /// does not, it may say the same in another way; where it does, [`Self::names_other_than`] is no for it, if it
    /// is of the form at all.
    pub fn ends_as_named(url: &str, package: &Package) -> bool {
        let (name, version) = (package.name.as_str(), &*package.version_text);
        let Some(rest) = url.strip_suffix(".tgz") else { return false };
        let before = ["/", name, "/-/", package.name.unscoped(), "-", version];
        let rest = before.iter().rev().try_fold(rest, |rest, end| rest.strip_suffix(end));
        // The segment before a name without scope could be the scope of another, and without any segment a scope
        // could be the host.
        let last = |rest: &str| {
            rest.rsplit('/').next().is_some_and(|last| !last.is_empty() && !last.starts_with('@'))
        };
        version.starts_with(|c: char| c.is_ascii_digit())
            && memchr::memchr3(b'?', b'#', b'%', url.as_bytes()).is_none()
            && rest.is_some_and(last)
    }

    /// The version. Only where the file is named as the package is; some old ones are not.
    pub fn version(&self) -> Option<&str> {
        let unscoped = self.name.rsplit('/').next()?;
        let rest = self.file.get(unscoped.len()..)?;
        let same = self.file.get(..unscoped.len())?.eq_ignore_ascii_case(unscoped);
        let version = rest.strip_prefix('-').filter(|_| same)?;
        version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
    }

    /// Name and, where it tells, version.
    pub fn label(&self) -> String {
        match self.version() {
            Some(version) => format!("{}@{version}", self.name),
            None => self.name.to_string(),
        }
    }

    /// Whether it names the package, in whatever version.
    pub fn names(&self, package: &Package) -> bool {
        self.name.eq_ignore_ascii_case(package.name.as_str())
    }

    /// Whether it names another package, or another version of it.
    pub fn names_other_than(&self, package: &Package) -> bool {
        if !self.names(package) {
            return true;
        }
        if self.version() == Some(&*package.version_text) {
            return false;
        }
        // Build metadata is not part of a published version.
        let wanted = package.version_text.split('+').next().unwrap_or_default();
        let wanted = wanted.trim_start_matches(['v', '=']);
        let Some(version) = self.version().and_then(|version| version.split('+').next()) else {
            return false;
        };
        !wanted.is_empty() && package.version.is_some() && !version.eq_ignore_ascii_case(wanted)
    }
}

fn name_and_file(path: &str) -> Option<(&str, &str)> {
    let slash = path.rmatch_indices('/').map(|(at, _)| at).find(|&at| path[..at].ends_with("/-"))?;
    let (end, after) = (slash - 2, &path[slash + 1..]);
    let before = &path[..end];
    let segment = |end: usize| before[..end].rfind('/').map_or(0, |slash| slash + 1);
    let last = segment(end);
    let scope = if last > 0 { segment(last - 1) } else { last };
    let name = if before[scope..].starts_with('@') { &before[scope..] } else { &before[last..] };
    let file = after.rsplit('/').next()?.strip_suffix(".tgz")?;
    (last < end).then_some((name, file))
}

fn percent_decode(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(path.into());
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
                rest = after;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok().map(Cow::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Origin, PackageName};

    #[test]
    fn a_tarball_says_its_name_and_version() {
        for (url, label) in [
            ("https://r.example.org/a/-/a-1.0.0.tgz", Some("a@1.0.0")),
            ("https://r.example.org/npm/@s/a/-/a-1.0.0-rc.1.tgz?x#y", Some("@s/a@1.0.0-rc.1")),
            ("https://r.example.org/@s%2fa/-/a-1.0.0.tgz", Some("@s/a@1.0.0")),
            ("https://r.example.org/a/-/old.tgz", Some("a")),
            ("https://r.example.org/download/a/1.0.0/0123", None),
            ("https://r.example.org/-/a-1.0.0.tgz", None),
            ("file:a/-/a-1.0.0.tgz", None),
            ("https://r.example.org/%ff%/-/a-1.0.0.tgz", None),
        ] {
            assert_eq!(TarballUrl::of(url).map(|named| named.label()).as_deref(), label, "{url}");
        }
    }

    #[test]
    fn build_metadata_and_case_make_no_other_release() {
        let other = |name: &str, version: &str| {
            let origin = Origin::Registry { resolved: None };
            let package = Package::new(PackageName::parse(name).unwrap(), version, origin);
            TarballUrl::of("https://r.example.org/Ab/-/Ab-1.0.0.tgz").unwrap().names_other_than(&package)
        };
        assert!(
            !other("ab", "1.0.0") && !other("Ab", "v1.0.0") && !other("Ab", "1.0.0+b") && !other("Ab", "")
        );
        assert!(other("Ab", "1.0.1") && other("c", "1.0.0"));
    }

    #[test]
    fn a_url_that_ends_as_named_is_told_at_once() {
        for (name, version, url, ends) in [
            ("a", "1.0.0", "https://r.example.org/a/-/a-1.0.0.tgz", true),
            ("@s/a", "1.0.0-rc.1", "https://r.example.org/npm/@s/a/-/a-1.0.0-rc.1.tgz", true),
            ("a", "1.0.0", "https://r.example.org/@s/a/-/a-1.0.0.tgz", false),
            ("a", "1.0.0", "https://r.example.org/b/-/b-1.0.0.tgz?/a/-/a-1.0.0.tgz", false),
            ("a", "1.0.0", "https://r.example.org/%40s/a/-/a-1.0.0.tgz", false),
            ("a", "1.0.1", "https://r.example.org/a/-/a-1.0.0.tgz", false),
            ("a", "x", "https://r.example.org/a/-/a-x.tgz", false),
            ("@s/a", "1.0.0", "https://@s/a/-/a-1.0.0.tgz", false),
        ] {
            let origin = Origin::Registry { resolved: None };
            let package = Package::new(PackageName::parse(name).unwrap(), version, origin);
            assert_eq!(TarballUrl::ends_as_named(url, &package), ends, "{url}");
        }
    }

    proptest! {
        #[test]
        fn what_ends_as_named_names_no_other(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "https:", "/", "//", "h", "@s", "a", "-", "/-/", "a-1.0.0", ".tgz", "?", "#", "%2f", "%40", "\\", "@",
                ]),
                0..9,
            ),
            scoped in any::<bool>(),
        ) {
            let name = if scoped { "@s/a" } else { "a" };
            let origin = Origin::Registry { resolved: None };
            let package = Package::new(PackageName::parse(name).unwrap(), "1.0.0", origin);
            for start in ["", "https://h/"] {
                let url = format!("{start}{}/{name}/-/a-1.0.0.tgz", parts.concat());
                if TarballUrl::ends_as_named(&url, &package) {
                    let named = TarballUrl::of(&url);
                    prop_assert!(named.is_none_or(|named| !named.names_other_than(&package)), "{}", url);
                }
            }
        }
    }
}
