//! One advisory, whatever format it came in.

use jiff::Timestamp;
use nodeward_package::Version;
use nodeward_report::Severity;

use crate::codec::{Decoder, Encoder, Malformed};
use crate::interval::{self, Interval};
use crate::severity::Rating;

/// The name that flaws of Node.js itself stand under. No npm package can have it: it holds a space.
pub const NODEJS: &str = "Node.js runtime";

/// One advisory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Its own id: `GHSA-…`, `MAL-…`.
    pub id: String,
    /// Other ids of the same flaw, as the record states them.
    pub aliases: Vec<String>,
    /// Ids that its references point to (npm's old numbers, SNYK). Good for finding it, not for telling that two
    /// records are one flaw.
    pub mentions: Vec<String>,
    /// The source that it came from.
    pub source: String,
    /// One line.
    pub summary: String,
    /// The whole text, Markdown. May be empty.
    pub details: String,
    /// How bad; `None` where nobody says.
    pub rating: Option<Rating>,
    /// Weaknesses: `CWE-79`.
    pub cwes: Vec<String>,
    /// Where to read more.
    pub references: Vec<String>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    /// When it was first published.
    pub published: Option<Timestamp>,
    /// When it was taken back; such a record matches nothing.
    pub withdrawn: Option<Timestamp>,
    /// The code is meant to harm.
    pub malware: bool,
    /// What is affected: one entry per package.
    pub packages: Vec<AffectedPackage>,
}

/// What one record says of one package.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AffectedPackage {
    /// The package, or [`NODEJS`].
    pub name: String,
    /// Affected runs of versions: separate, ascending.
    pub intervals: Vec<Interval>,
    /// Versions that are affected besides, as written; those that are no SemVer match by their text.
    pub versions: Vec<String>,
    /// Versions that are said to have the fix, where the ends of the runs do not say it.
    pub stated_fixes: Vec<Version>,
}

impl AffectedPackage {
    /// Versions with the fix, smallest first.
    pub fn fixed_versions(&self) -> Vec<Version> {
        let mut fixed = interval::fixed_versions(&self.intervals);
        let inside = |version: &Version| self.intervals.iter().any(|interval| interval.contains(version));
        fixed.extend(self.stated_fixes.iter().filter(|version| !inside(version)).cloned());
        fixed.retain(|fixed| {
            !self.versions.iter().any(|text| Version::parse(text).is_ok_and(|listed| listed == *fixed))
        });
        fixed.sort();
        fixed.dedup();
        fixed
    }

    /// The affected versions as npm would write them: `<1.2.3 || >=2.0.0 <2.0.4`.
    pub fn range(&self) -> String {
        let mut parts: Vec<String> = self.intervals.iter().map(ToString::to_string).collect();
        parts.extend(
            self.versions
                .iter()
                .filter(|text| {
                    Version::parse(text)
                        .map_or(true, |version| !self.intervals.iter().any(|i| i.contains(&version)))
                })
                .cloned(),
        );
        parts.join(" || ")
    }
}

impl Record {
    /// What it says of one package.
    pub fn package(&self, name: &str) -> Option<&AffectedPackage> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The versions of one package that have the fix, smallest first.
    pub fn fixed_versions(&self, name: &str) -> Vec<Version> {
        self.package(name).map(AffectedPackage::fixed_versions).unwrap_or_default()
    }

    /// Its own id and its aliases.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder(Vec::with_capacity(self.summary.len() + self.details.len() + 256));
        out.text(&self.id);
        out.texts(&self.aliases);
        out.texts(&self.mentions);
        out.text(&self.source);
        out.text(&self.summary);
        out.text(&self.details);
        encode_rating(&mut out, self.rating.as_ref());
        out.texts(&self.cwes);
        out.texts(&self.references);
        for time in [self.modified, self.published, self.withdrawn] {
            encode_time(&mut out, time);
        }
        out.byte(u8::from(self.malware));
        out.number(self.packages.len() as u64);
        for package in &self.packages {
            out.text(&package.name);
            out.intervals(&package.intervals);
            out.texts(&package.versions);
            out.texts(&package.stated_fixes.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        out.0
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Decoder(bytes);
        let record = Self {
            id: from.text()?.to_owned(),
            aliases: from.texts()?,
            mentions: from.texts()?,
            source: from.text()?.to_owned(),
            summary: from.text()?.to_owned(),
            details: from.text()?.to_owned(),
            rating: decode_rating(&mut from)?,
            cwes: from.texts()?,
            references: from.texts()?,
            modified: decode_time(&mut from)?,
            published: decode_time(&mut from)?,
            withdrawn: decode_time(&mut from)?,
            malware: from.byte()? == 1,
            packages: decode_packages(&mut from)?,
        };
        if from.is_empty() { Ok(record) } else { Err(Malformed) }
    }

    /// What [`Self::fixed_versions`] gives for a record, without the texts before them.
    pub(crate) fn decode_fixed_versions(bytes: &[u8], name: &str) -> Result<Vec<Version>, Malformed> {
        let mut from = Decoder(bytes);
        from.pass_text()?; // id
        from.pass_texts()?; // aliases
        from.pass_texts()?; // mentions
        from.pass_text()?; // source
        from.pass_text()?; // summary
        from.pass_text()?; // details
        decode_rating(&mut from)?;
        from.pass_texts()?; // cwes
        from.pass_texts()?; // references
        for _ in ["modified", "published", "withdrawn"] {
            decode_time(&mut from)?;
        }
        from.byte()?; // malware
        let packages = decode_packages(&mut from)?;
        if !from.is_empty() {
            return Err(Malformed);
        }
        Ok(Self { packages, ..Self::default() }.fixed_versions(name))
    }
}

fn decode_packages(from: &mut Decoder<'_>) -> Result<Vec<AffectedPackage>, Malformed> {
    let count = from.count()?;
    (0..count)
        .map(|_| {
            Ok(AffectedPackage {
                name: from.text()?.to_owned(),
                intervals: from.intervals()?,
                versions: from.texts()?,
                stated_fixes: decode_versions(from)?,
            })
        })
        .collect()
}

fn decode_versions(from: &mut Decoder<'_>) -> Result<Vec<Version>, Malformed> {
    let count = from.count()?;
    (0..count).map(|_| Version::parse(from.text()?).map_err(|_| Malformed)).collect()
}

fn encode_rating(out: &mut Encoder, rating: Option<&Rating>) {
    let Some(rating) = rating else {
        return out.byte(0);
    };
    out.byte(1 + rating.severity as u8);
    // Scores have one decimal.
    out.number(rating.score.map_or(0, |score| 1 + (score * 10.0).round() as u64));
    out.text(rating.vector.as_deref().unwrap_or(""));
}

fn decode_rating(from: &mut Decoder<'_>) -> Result<Option<Rating>, Malformed> {
    let severity = match from.byte()? {
        0 => return Ok(None),
        byte => *Severity::WORST_FIRST.iter().find(|s| **s as u8 + 1 == byte).ok_or(Malformed)?,
    };
    let score = match from.number()? {
        0 => None,
        number @ 1..=101 => Some((number - 1) as f64 / 10.0),
        _ => return Err(Malformed),
    };
    let vector = Some(from.text()?).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Some(Rating { severity, score, vector }))
}

pub(crate) fn encode_time(out: &mut Encoder, time: Option<Timestamp>) {
    match time {
        None => out.byte(0),
        Some(time) => {
            out.byte(1);
            out.signed(time.as_microsecond());
        }
    }
}

pub(crate) fn decode_time(from: &mut Decoder<'_>) -> Result<Option<Timestamp>, Malformed> {
    match from.byte()? {
        0 => Ok(None),
        1 => Timestamp::from_microsecond(from.signed()?).map(Some).map_err(|_| Malformed),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_versions_are_read_without_the_texts() {
        let version = |text: &str| Version::parse(text).unwrap();
        let package = |name: &str, stated: &[&str]| AffectedPackage {
            name: name.to_owned(),
            versions: vec!["0.9.0".to_owned()],
            stated_fixes: stated.iter().copied().map(version).collect(),
            ..AffectedPackage::default()
        };
        let record = Record {
            id: "GHSA-1".to_owned(),
            aliases: vec!["CVE-1".to_owned(), "é".to_owned()],
            summary: "s".to_owned(),
            details: "d".repeat(300),
            rating: Some(Rating { severity: Severity::High, score: Some(7.5), vector: Some("v".to_owned()) }),
            references: vec!["r".to_owned()],
            modified: Some(Timestamp::UNIX_EPOCH),
            malware: true,
            packages: vec![package("a", &["2.0.0", "1.0.0", "0.9.0"]), package("b", &["3.0.0-rc.1"])],
            ..Record::default()
        };
        let bytes = record.encode();
        for name in ["a", "b", "c"] {
            let fixed = Record::decode_fixed_versions(&bytes, name).unwrap();
            assert_eq!(fixed, record.fixed_versions(name), "{name}");
        }
        assert_eq!(Record::decode_fixed_versions(&bytes, "a").unwrap(), [version("1.0.0"), version("2.0.0")]);
        for length in 0..bytes.len() {
            assert!(Record::decode_fixed_versions(&bytes[..length], "a").is_err(), "{length}");
        }
        assert!(Record::decode_fixed_versions(&[&bytes[..], b"x"].concat(), "a").is_err());
    }
}
