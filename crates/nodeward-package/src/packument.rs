//! What a registry says about a package: the packument, full or abbreviated.
//!
//! Twenty years of publishing tools have written packuments, so a field of an unexpected shape (`engines` as an
//! array, `deprecated: false`, `dependencies: []`) counts as absent, as npm itself takes it. A release whose version
//! nobody can read is left out of [`Packument::releases`] and named in [`Packument::unreadable`]. What must hold for
//! the document to be one at all (an object, a name, `versions`) is an error where it doesn't.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{Integrity, PackageName, Version};

/// The largest document taken, in bytes. The largest real ones are some 100 MB.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;
/// The most releases taken.
pub const MAX_RELEASES: usize = 100_000;
/// The most requirements taken of one release, of one kind.
pub const MAX_REQUIREMENTS: usize = 5_000;

/// A registry's document on a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packument {
    /// The package.
    pub name: PackageName,
    /// Tags such as `latest`, by name. A tag whose version can't be read is left out.
    pub dist_tags: BTreeMap<Box<str>, Version>,
    /// Every release, smallest version first.
    pub releases: Vec<PublishedRelease>,
    /// The keys of `versions` that are no versions.
    pub unreadable: Vec<Box<str>>,
}

/// What a packument says about one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRelease {
    /// The version.
    pub version: Version,
    /// `dependencies` as (name, range); those that `optionalDependencies` repeats are only there.
    pub dependencies: Vec<Requirement>,
    /// `optionalDependencies`.
    pub optional: Vec<Requirement>,
    /// `peerDependencies`, the optional ones among them.
    pub peers: Vec<Requirement>,
    /// The deprecation message, where it is deprecated.
    pub deprecated: Option<Box<str>>,
    /// The digest of its tarball: `dist.integrity`, else `dist.shasum`.
    pub integrity: Option<Integrity>,
    /// The tarball's URL, as written.
    pub tarball: Option<Box<str>>,
    /// Whether it runs code when installed. Abbreviated documents say so; in full ones it shows in `scripts`.
    pub install_script: bool,
    /// `engines.node`, as written.
    pub engines_node: Option<Box<str>>,
    /// When it was published, as written (RFC 3339); only full documents tell.
    pub published: Option<Box<str>>,
}

/// One requirement of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The name as required.
    pub name: Box<str>,
    /// The range or specifier as written.
    pub specifier: Box<str>,
}

/// Why a document is no packument.
#[derive(Debug, thiserror::Error)]
pub enum PackumentError {
    /// Over [`MAX_BYTES`].
    #[error("a packument of {0} bytes is over the limit of {MAX_BYTES}")]
    TooLarge(usize),
    /// Not JSON, or not of a packument's shape.
    #[error("not a packument: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Its name is none.
    #[error("a packument's name can't be read: {0}")]
    Name(#[from] crate::name::NameError),
    /// A registry's error document, or one without `versions`.
    #[error("a packument without versions{}", .0.as_deref().map(|error| format!(": the registry says {error:?}")).unwrap_or_default())]
    NoVersions(Option<Box<str>>),
}

impl Packument {
    /// Reads a packument, full or abbreviated.
    ///
    /// # Errors
    /// What makes the whole document unusable; oddities of single fields do not.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackumentError> {
        if bytes.len() > MAX_BYTES {
            return Err(PackumentError::TooLarge(bytes.len()));
        }
        let document: Document<'_> = serde_json::from_slice(bytes)?;
        let Some(Loose(Some(Releases(versions)))) = document.versions else {
            return Err(PackumentError::NoVersions(
                document.error.text().map(Cow::into_owned).map(Into::into),
            ));
        };
        let name = PackageName::parse(document.name.text().as_deref().unwrap_or_default())?;
        let times = document.time.entries();
        let mut unreadable = Vec::new();
        let mut releases = Vec::with_capacity(versions.len());
        for (text, manifest) in versions {
            match (Version::parse(&text), manifest.0) {
                (Ok(version), Some(manifest)) => {
                    releases.push(manifest.release(version, times.get(text.as_ref()).copied()));
                }
                _ => unreadable.push(text.as_ref().into()),
            }
        }
        releases.sort_by(|a, b| a.version.cmp(&b.version));
        releases.dedup_by(|a, b| a.version == b.version);
        let dist_tags = document
            .dist_tags
            .entries()
            .into_iter()
            .filter_map(|(tag, text)| Some((tag.into(), Version::parse(text).ok()?)))
            .collect();
        Ok(Self { name, dist_tags, releases, unreadable })
    }

    /// The release of a version.
    pub fn release(&self, version: &Version) -> Option<&PublishedRelease> {
        self.releases
            .binary_search_by(|release| release.version.cmp(version))
            .ok()
            .map(|at| &self.releases[at])
    }

    /// The release that the tag `latest` points to.
    pub fn latest(&self) -> Option<&PublishedRelease> {
        self.release(self.dist_tags.get("latest")?)
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    name: Loose<Text<'a>>,
    #[serde(borrow, default, rename = "dist-tags")]
    dist_tags: Loose<Texts<'a>>,
    #[serde(borrow, default)]
    versions: Option<Loose<Releases<'a>>>,
    #[serde(borrow, default)]
    time: Loose<Texts<'a>>,
    #[serde(borrow, default)]
    error: Loose<Text<'a>>,
}

#[derive(Deserialize)]
struct ReleaseManifest<'a> {
    #[serde(borrow, default)]
    dependencies: Loose<Texts<'a>>,
    #[serde(borrow, default, rename = "optionalDependencies")]
    optional: Loose<Texts<'a>>,
    #[serde(borrow, default, rename = "peerDependencies")]
    peers: Loose<Texts<'a>>,
    #[serde(borrow, default)]
    deprecated: Loose<Text<'a>>,
    #[serde(borrow, default)]
    dist: Loose<Texts<'a>>,
    #[serde(default, rename = "hasInstallScript")]
    has_install_script: Loose<Flag>,
    #[serde(borrow, default)]
    scripts: Loose<Texts<'a>>,
    #[serde(borrow, default)]
    engines: Loose<Texts<'a>>,
}

impl ReleaseManifest<'_> {
    fn release(self, version: Version, published: Option<&str>) -> PublishedRelease {
        let optional = requirements(&self.optional);
        let mut dependencies = requirements(&self.dependencies);
        if !optional.is_empty() {
            let names: std::collections::BTreeSet<&str> =
                optional.iter().map(|wanted| &*wanted.name).collect();
            dependencies.retain(|wanted| !names.contains(&*wanted.name));
        }
        let dist = self.dist.entries();
        let integrity = dist
            .get("integrity")
            .and_then(|text| Integrity::parse(text).ok())
            .or_else(|| Integrity::from_hex(crate::integrity::Algorithm::Sha1, dist.get("shasum").copied()?));
        let scripts = self.scripts.entries();
        let install_script = matches!(self.has_install_script, Loose(Some(Flag(true))))
            || ["preinstall", "install", "postinstall"].iter().any(|name| scripts.contains_key(name));
        PublishedRelease {
            version,
            dependencies,
            optional,
            peers: requirements(&self.peers),
            // Registries write the empty string where a deprecation was taken back.
            deprecated: self
                .deprecated
                .text()
                .filter(|text| !text.is_empty())
                .map(|text| text.as_ref().into()),
            integrity,
            tarball: dist.get("tarball").map(|&url| url.into()),
            install_script,
            engines_node: self.engines.entries().get("node").map(|&range| range.into()),
            published: published.map(Into::into),
        }
    }
}

fn requirements(texts: &Loose<Texts<'_>>) -> Vec<Requirement> {
    let all = texts.0.iter().flat_map(|texts| &texts.0).take(MAX_REQUIREMENTS);
    all.map(|(name, specifier)| Requirement {
        name: name.as_ref().into(),
        specifier: specifier.as_ref().into(),
    })
    .collect()
}

/// A value of the expected shape, or `None` for any other.
struct Loose<T>(Option<T>);

impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'a> Loose<Text<'a>> {
    fn text(self) -> Option<Cow<'a, str>> {
        self.0.map(|text| text.0)
    }
}

impl Loose<Texts<'_>> {
    fn entries(&self) -> BTreeMap<&str, &str> {
        self.0.iter().flat_map(|texts| &texts.0).map(|(key, value)| (key.as_ref(), value.as_ref())).collect()
    }
}

struct Flag(bool);
struct Text<'a>(Cow<'a, str>);
/// An object's members whose value is text, in order.
struct Texts<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);
struct Releases<'a>(Vec<(Cow<'a, str>, Loose<ReleaseManifest<'a>>)>);

/// One shape that a loose value may have; every other shape gives `None`.
trait Shape<'de>: Sized {
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
    fn from_text(_: Cow<'de, str>) -> Option<Self> {
        None
    }
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        drain(map).map(|()| None)
    }
}

impl Shape<'_> for Flag {
    fn from_bool(value: bool) -> Option<Self> {
        Some(Self(value))
    }
}

impl<'de: 'a, 'a> Shape<'de> for Text<'a> {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self(text))
    }
}

impl<'de: 'a, 'a> Shape<'de> for Texts<'a> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut texts = Vec::new();
        while let Some(CowText(key)) = map.next_key()? {
            if let Loose(Some(Text(value))) = map.next_value()? {
                texts.push((key, value));
            }
        }
        Ok(Some(Self(texts)))
    }
}

impl<'de: 'a, 'a> Shape<'de> for Releases<'a> {
    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut releases = Vec::new();
        while let Some(CowText(key)) = map.next_key()? {
            if releases.len() >= MAX_RELEASES {
                return Err(de::Error::custom(format_args!("more than {MAX_RELEASES} releases")));
            }
            releases.push((key, map.next_value()?));
        }
        Ok(Some(Self(releases)))
    }
}

impl<'de: 'a, 'a> Shape<'de> for ReleaseManifest<'a> {
    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Self::deserialize(de::value::MapAccessDeserializer::new(map)).map(Some)
    }
}

fn drain<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de, T: Shape<'de>> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor(std::marker::PhantomData)).map(Self)
    }
}

struct LooseVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Shape<'de>> Visitor<'de> for LooseVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::from_bool(value))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::from_map(map)
    }
}

/// A key: borrowed where it has no escapes.
struct CowText<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for CowText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(KeyVisitor).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Packument {
        Packument::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn reads_full_and_abbreviated() {
        let packument = parse(
            r#"{"_id":"x","name":"x","dist-tags":{"latest":"1.10.0","odd":7},"modified":"2020-01-01T00:00:00Z",
            "versions":{
              "1.10.0":{"dependencies":{"a":"^1","o":"2"},"optionalDependencies":{"o":"2"},
                "peerDependencies":{"p":">=3"},"hasInstallScript":true,"engines":{"node":">=18"},
                "dist":{"tarball":"https://registry.example.org/x/-/x-1.10.0.tgz","shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709","size":5}},
              "1.9.0":{"deprecated":"use y","scripts":{"postinstall":"node x"},"engines":["node 0.6"]}},
            "time":{"created":"2019-01-01T00:00:00Z","1.9.0":"2019-06-01T00:00:00Z"}}"#,
        );
        assert_eq!(packument.name.as_str(), "x");
        let versions: Vec<String> =
            packument.releases.iter().map(|release| release.version.to_string()).collect();
        assert_eq!(versions, ["1.9.0", "1.10.0"]);
        let latest = packument.latest().unwrap();
        assert_eq!(latest.dependencies, [Requirement { name: "a".into(), specifier: "^1".into() }]);
        assert_eq!(latest.optional[0].name.as_ref(), "o");
        assert_eq!(latest.peers[0].specifier.as_ref(), ">=3");
        assert_eq!(latest.engines_node.as_deref(), Some(">=18"));
        assert!(latest.install_script && latest.integrity.is_some() && latest.tarball.is_some());
        let older = &packument.releases[0];
        assert_eq!(older.deprecated.as_deref(), Some("use y"));
        assert_eq!(older.published.as_deref(), Some("2019-06-01T00:00:00Z"));
        assert!(older.install_script && older.engines_node.is_none());
        assert_eq!(packument.dist_tags.len(), 1);
    }

    #[test]
    fn odd_fields_count_as_absent_and_unreadable_versions_are_named() {
        let packument = parse(
            r#"{"name":"x","versions":{"1.0.0":{"dependencies":[],"deprecated":false,"dist":null,"engines":"x",
            "peerDependencies":{"a":1,"b":"2","c":{"d":[1]}},"hasInstallScript":"yes"},"latest":{},"2.0.0":null}}"#,
        );
        assert_eq!(packument.releases.len(), 1);
        assert_eq!(packument.releases[0].peers.len(), 1);
        assert_eq!(packument.releases[0].deprecated, None);
        assert_eq!(packument.unreadable, ["latest".into(), Box::<str>::from("2.0.0")]);
    }

    #[test]
    fn what_is_no_packument_is_an_error() {
        for text in
            ["", "[]", "null", "7", "{}", r#"{"name":"x"}"#, r#"{"name":"../x","versions":{}}"#, "{\"name\""]
        {
            assert!(Packument::parse(text.as_bytes()).is_err(), "{text}");
        }
        let error = Packument::parse(br#"{"error":"not_found"}"#).unwrap_err();
        assert_eq!(error.to_string(), "a packument without versions: the registry says \"not_found\"");
        let deep = format!(
            r#"{{"name":"x","versions":{{"1.0.0":{}{}}}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert!(Packument::parse(deep.as_bytes()).is_ok() || Packument::parse(deep.as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in r#"(\{|\}|\[|\]|"name"|"x"|"versions"|"1\.0\.0"|"dist"|"dependencies"|:|,|null|7|true| ){0,40}"#) {
            let _ = Packument::parse(text.as_bytes());
        }
    }
}
