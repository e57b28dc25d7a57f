//! Which Node.js versions a project allows, from the many ways in which projects say so.

use nodeward_package::{Range, Version};

use super::lines::{Line, Schedule};

/// Which Node.js versions are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Exactly one.
    Exactly(Version),
    /// Any in a range.
    Within {
        /// As written.
        text: Box<str>,
        /// The range.
        range: Range,
    },
    /// Whatever is newest when it is fetched: `node`, `lts/*`, `latest`.
    Newest {
        /// As written.
        text: Box<str>,
    },
}

/// Why a text says no Node.js version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no Node.js version, range or release line")]
pub struct WantedError(pub String);

impl Wanted {
    /// Reads what version files (`.nvmrc`, `.node-version`), `engines`, `volta` and version managers take: `18.12.1`,
    /// `v18`, `>=16 <21`, `lts/iron`, `lts/*`, `node`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str, schedule: &Schedule) -> Result<Self, WantedError> {
        let text = text.trim();
        let wrong = || WantedError(text.chars().take(100).collect());
        if let Some(lts) = text.strip_prefix("lts/").or_else(|| text.strip_prefix("lts-")) {
            return match schedule.named(lts) {
                Some(line) => Self::line(text, line),
                // `lts/-1` counts back from the newest: a moving target too.
                None if lts == "*" || lts.strip_prefix('-').is_some_and(is_number) => Ok(Self::newest(text)),
                None => Err(wrong()),
            };
        }
        if ["node", "stable", "current", "latest", "lts", "*", "x", ""].contains(&text) {
            return if text.is_empty() { Err(wrong()) } else { Ok(Self::newest(text)) };
        }
        let plain = text.strip_prefix("node-").or_else(|| text.strip_prefix("node@")).unwrap_or(text);
        if let Ok(version) = Version::parse(plain) {
            return Ok(Self::Exactly(version));
        }
        if let Some(line) = schedule.named(plain) {
            return Self::line(text, line);
        }
        let range = Range::parse(plain).map_err(|_| wrong())?;
        Ok(Self::Within { text: text.into(), range })
    }

    /// Reads the tag of an official image: `18-alpine`, `20.11.1-bookworm-slim`, `lts`, `iron-slim`, `alpine`.
    ///
    /// # Errors
    /// A tag that says no version (a digest, a variable).
    pub fn parse_image_tag(tag: &str, schedule: &Schedule) -> Result<Self, WantedError> {
        let first = tag.split('-').next().unwrap_or_default();
        let is_version = first.starts_with(|c: char| c.is_ascii_digit());
        if is_version || ["lts", "current", "latest"].contains(&first) || schedule.named(first).is_some() {
            return Self::parse(first, schedule);
        }
        // A tag that starts with the distribution stands for the newest Node.js on it.
        const DISTRIBUTIONS: [&str; 12] = [
            "alpine", "alpine3", "slim", "bullseye", "bookworm", "buster", "stretch", "jessie", "trixie",
            "forky", "wheezy", "onbuild",
        ];
        let name = first.split('.').next().unwrap_or_default();
        if DISTRIBUTIONS.contains(&name) { Ok(Self::newest(tag)) } else { Err(WantedError(tag.to_owned())) }
    }

    fn newest(text: &str) -> Self {
        Self::Newest { text: text.into() }
    }

    fn line(text: &str, line: &Line) -> Result<Self, WantedError> {
        let range = Range::parse(&line.range_text()).map_err(|_| WantedError(text.to_owned()))?;
        Ok(Self::Within { text: text.into(), range })
    }

    /// As the user wrote it, for exact versions without the `v`.
    pub fn text(&self) -> String {
        match self {
            Self::Exactly(version) => version.to_string(),
            Self::Within { text, .. } | Self::Newest { text } => text.to_string(),
        }
    }

    /// Whether some version of the line is allowed.
    pub(super) fn allows_line(&self, line: &Line) -> bool {
        match self {
            Self::Exactly(version) => line.holds(version),
            Self::Within { range, .. } => {
                Range::parse(&line.range_text()).is_ok_and(|line| range.intersects(&line))
            }
            Self::Newest { .. } => true,
        }
    }

    /// Whether a version above every known line is allowed.
    pub(super) fn allows_beyond(&self, schedule: &Schedule) -> bool {
        let next = schedule.newest().major + 1;
        match self {
            Self::Exactly(version) => version.major >= next,
            Self::Within { range, .. } => {
                Range::parse(&format!(">={next}.0.0")).is_ok_and(|beyond| range.intersects(&beyond))
            }
            Self::Newest { .. } => true,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_it() {
        let schedule = Schedule::built_in();
        let parse = |text: &str| Wanted::parse(text, &schedule);
        for text in ["v18.12.1", "18.12.1\n", "node-v18.12.1", "18.12.1"] {
            assert_eq!(parse(text).unwrap().text(), "18.12.1", "{text}");
        }
        for text in ["18", "v18", ">=16 <21", "lts/iron", "Hydrogen", "18.x || 20.x"] {
            assert!(matches!(parse(text).unwrap(), Wanted::Within { .. }), "{text}");
        }
        for text in ["lts/*", "lts/-1", "node", "stable", "current", "*"] {
            assert!(matches!(parse(text).unwrap(), Wanted::Newest { .. }), "{text}");
        }
        for text in ["", "lts/nope", "system", "iojs", "${NODE}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn image_tags() {
        let schedule = Schedule::built_in();
        let parse = |tag: &str| Wanted::parse_image_tag(tag, &schedule);
        assert_eq!(parse("20.11.1-bookworm-slim").unwrap().text(), "20.11.1");
        assert_eq!(parse("18-alpine3.19").unwrap().text(), "18");
        assert_eq!(parse("iron-slim").unwrap().text(), "iron");
        for tag in ["latest", "lts-alpine", "alpine3.19", "slim", "current"] {
            assert!(matches!(parse(tag).unwrap(), Wanted::Newest { .. }), "{tag}");
        }
        for tag in ["${TAG}", "", "mine"] {
            assert!(parse(tag).is_err(), "{tag}");
        }
    }
}
