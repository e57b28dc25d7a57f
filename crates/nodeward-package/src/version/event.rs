//! The versions in the events of an OSV record, of which not all are versions: `0`, `1.2`, numbers of any size.

use std::cmp::Ordering;

use super::{Identifier, MAX_LENGTH, Syntax, Version, scan};

/// A version as OSV's SemVer ranges order them: any count of numbers of any size, of which the first three count and
/// missing ones are zero, and a prerelease. Of what npm accepts as a version the order is [`Version`]'s.
#[derive(Debug, Clone)]
pub struct EventVersion(Form);

#[derive(Debug, Clone)]
enum Form {
    Version(Version),
    /// Digits without leading zeros, since the numbers may have any size.
    Large {
        numbers: [Box<str>; 3],
        prerelease: Box<[Identifier]>,
    },
}

impl EventVersion {
    /// Reads the text of an event. `None` where it does not start with a number, or is too long for a version.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(version) = Version::parse_with(text, Syntax::Loose) {
            return Some(version.into());
        }
        if scan::is_longer_than(text, MAX_LENGTH) {
            return None;
        }
        let text = scan::trim(text).trim_start_matches(['v', '=']);
        let text = text.split_once('+').map_or(text, |(text, _)| text);
        let (numbers, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let digits = numbers.split('.').map(|number| {
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| number.trim_start_matches('0'))
        });
        let digits = digits.collect::<Option<Vec<_>>>()?;
        let number = |index: usize| digits.get(index).copied().unwrap_or_default();
        let parts = prerelease.split('.').filter(|part| !part.is_empty());
        Some(Self(Form::Large {
            numbers: [number(0).into(), number(1).into(), number(2).into()],
            prerelease: parts.map(Identifier::parse).collect(),
        }))
    }

    /// The version that npm would read, where it is one.
    pub fn version(&self) -> Option<&Version> {
        match &self.0 {
            Form::Version(version) => Some(version),
            Form::Large { .. } => None,
        }
    }

    fn prerelease(&self) -> &[Identifier] {
        match &self.0 {
            Form::Version(version) => version.prerelease(),
            Form::Large { prerelease, .. } => prerelease,
        }
    }

    /// The numbers so that longer is larger, and among those as long, later in ASCII.
    fn numbers(&self) -> [Box<str>; 3] {
        match &self.0 {
            Form::Version(Version { major, minor, patch, .. }) => [major, minor, patch]
                .map(|number| if *number == 0 { Box::default() } else { number.to_string().into() }),
            Form::Large { numbers, .. } => numbers.clone(),
        }
    }
}

impl From<Version> for EventVersion {
    fn from(version: Version) -> Self {
        Self(Form::Version(version))
    }
}

impl Ord for EventVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Form::Version(ours), Form::Version(theirs)) = (&self.0, &other.0) {
            return ours.cmp(theirs);
        }
        let keys = |version: &Self| version.numbers().map(|number| (number.len(), number));
        let (ours, theirs) = (self.prerelease(), other.prerelease());
        // A release proper comes after its prereleases.
        let rank = (ours.is_empty(), ours).cmp(&(theirs.is_empty(), theirs));
        keys(self).cmp(&keys(other)).then(rank)
    }
}

impl PartialOrd for EventVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for EventVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for EventVersion {}
