//! Picking from versions that are there, and saying which those are in fewer words.

use super::Range;
use crate::version::Version;

impl Range {
    /// The greatest of the versions that are in the range; the first of several that precedence holds equal.
    pub fn max_satisfying<'v>(&self, versions: impl IntoIterator<Item = &'v Version>) -> Option<&'v Version> {
        self.select(versions, |version, best| version > best)
    }

    /// The least of the versions that are in the range; the first of several that precedence holds equal.
    pub fn min_satisfying<'v>(&self, versions: impl IntoIterator<Item = &'v Version>) -> Option<&'v Version> {
        self.select(versions, |version, best| version < best)
    }

    fn select<'v>(
        &self,
        versions: impl IntoIterator<Item = &'v Version>,
        is_better: impl Fn(&Version, &Version) -> bool,
    ) -> Option<&'v Version> {
        let satisfying = versions.into_iter().filter(|version| self.satisfies(version));
        satisfying.reduce(|best, version| if is_better(version, best) { version } else { best })
    }
}

/// A range that holds the same of these versions as the given one, which is given back where it is the shorter text.
pub fn simplify(range: &Range, text: &str, versions: &[Version]) -> String {
    let mut versions: Vec<&Version> = versions.iter().collect();
    versions.sort();
    let mut spans = Vec::new();
    let mut rest = versions.as_slice();
    while let Some(start) = rest.iter().position(|version| range.satisfies(version)) {
        let length = rest[start..].iter().take_while(|version| range.satisfies(version)).count();
        let starts_all = spans.is_empty() && start == 0 && rest.len() == versions.len();
        let ends_all = start + length == rest.len();
        spans.push(span(&rest[start..start + length], starts_all, ends_all));
        rest = &rest[start + length..];
    }
    let simplified = spans.join(" || ");
    let is_shorter = simplified.encode_utf16().count() < text.encode_utf16().count();
    if is_shorter { simplified } else { text.to_owned() }
}

fn span(versions: &[&Version], starts_all: bool, ends_all: bool) -> String {
    let (first, last) = (versions[0].to_string(), versions[versions.len() - 1].to_string());
    match (starts_all, ends_all) {
        (true, true) => "*".to_owned(),
        (false, true) => format!(">={first}"),
        (_, false) if first == last => first,
        (true, false) => format!("<={last}"),
        (false, false) => format!("{first} - {last}"),
    }
}
