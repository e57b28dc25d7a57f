//! Node.js release lines and when they end.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use nodeward_package::Version;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The largest schedule taken, in bytes. The real one has under 6 kB.
const MAX_BYTES: usize = 1024 * 1024;

/// One release line: `v22`, or `v0.12` from before majors were lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The major version.
    pub major: u64,
    /// The minor version, for lines of the 0.x days.
    pub minor: Option<u64>,
    /// First release.
    pub start: Date,
    /// Start of long-term support, for lines that have it.
    pub lts: Option<Date>,
    /// Last day.
    pub end: Date,
    /// `Iron`; empty where it has none.
    pub codename: Box<str>,
}

impl Line {
    /// Whether a version is of this line.
    pub fn holds(&self, version: &Version) -> bool {
        version.major == self.major && self.minor.is_none_or(|minor| version.minor == minor)
    }

    /// The line as npm writes a range: `22.x`.
    pub fn range_text(&self) -> String {
        match self.minor {
            Some(minor) => format!("{}.{minor}.x", self.major),
            None => format!("{}.x", self.major),
        }
    }

    /// A line that never gets long-term support, and less than a year in all.
    pub fn is_short_lived(&self) -> bool {
        self.lts.is_none() && super::days_between(self.start, self.end) < 365
    }

    /// Whether it gets fixes on a day.
    pub fn is_supported(&self, day: Date) -> bool {
        self.start <= day && day <= self.end
    }
}

/// The release lines, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Vec<Line>);

/// Why a schedule could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Absurdly large.
    #[error("a release schedule of {0} bytes is over the limit of {MAX_BYTES}")]
    TooLarge(usize),
    /// Not JSON, or dates and names that are none.
    #[error("not a Node.js release schedule: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A key that names no line.
    #[error("not a Node.js release schedule: {0:?} names no release line")]
    Name(String),
    /// Nothing in it.
    #[error("the Node.js release schedule is empty")]
    Empty,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(deserialize_with = "read_day")]
    start: Date,
    #[serde(default, deserialize_with = "read_optional_day")]
    lts: Option<Date>,
    #[serde(deserialize_with = "read_day")]
    end: Date,
    #[serde(default)]
    codename: Box<str>,
}

impl Schedule {
    /// Reads the schedule that the Node.js release team keeps (`schedule.json`).
    ///
    /// # Errors
    /// Anything in it that can't be read: a line lost is an end of life unseen.
    pub fn parse(bytes: &[u8]) -> Result<Self, ScheduleError> {
        if bytes.len() > MAX_BYTES {
            return Err(ScheduleError::TooLarge(bytes.len()));
        }
        let entries: BTreeMap<String, Entry> = serde_json::from_slice(bytes)?;
        let mut lines = Vec::with_capacity(entries.len());
        for (name, entry) in entries {
            let (major, minor) = line_number(&name).ok_or_else(|| ScheduleError::Name(name.clone()))?;
            let Entry { start, lts, end, codename } = entry;
            lines.push(Line { major, minor, start, lts, end, codename });
        }
        lines.sort_by_key(|line| (line.major, line.minor));
        if lines.is_empty() { Err(ScheduleError::Empty) } else { Ok(Self(lines)) }
    }

    /// The lines known when this was built, for use without any downloaded data.
    pub fn built_in() -> Self {
        let lines = BUILT_IN.iter().map(|&(major, minor, start, lts, end, codename)| Line {
            major,
            minor,
            start: day(start),
            lts: lts.map(day),
            end: day(end),
            codename: codename.into(),
        });
        Self(lines.collect())
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> &[Line] {
        &self.0
    }

    /// The line of a version.
    pub fn line_of(&self, version: &Version) -> Option<&Line> {
        self.0.iter().find(|line| line.holds(version))
    }

    /// The line of a codename, whatever its case.
    pub fn named(&self, codename: &str) -> Option<&Line> {
        self.0.iter().find(|line| !codename.is_empty() && line.codename.eq_ignore_ascii_case(codename))
    }

    /// The newest line.
    pub fn newest(&self) -> &Line {
        self.0.last().expect("a schedule has at least one line")
    }

    /// The line to move to on a day: the newest that has long-term support by then and is not over; else the newest
    /// that is not over.
    pub fn recommended(&self, day: Date) -> Option<&Line> {
        let supported = || self.0.iter().rev().filter(|line| line.is_supported(day));
        supported().find(|line| line.lts.is_some_and(|lts| lts <= day)).or_else(|| supported().next())
    }
}

fn read_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format_args!("{text:?} is no date")))
}

fn read_optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parse =
        |text: String| text.parse().map_err(|_| D::Error::custom(format_args!("{text:?} is no date")));
    text.map(parse).transpose()
}

/// `v22` is (22, none), `v0.12` is (0, 12).
fn line_number(name: &str) -> Option<(u64, Option<u64>)> {
    let number = name.strip_prefix('v')?;
    match number.split_once('.') {
        Some((major, minor)) => Some((major.parse().ok()?, Some(minor.parse().ok()?))),
        None => Some((number.parse().ok()?, None)),
    }
}

/// One line of the built-in table.
type Row = (u64, Option<u64>, Day, Option<Day>, Day, &'static str);

/// (year, month, day).
type Day = (i16, i8, i8);

fn day((year, month, day): Day) -> Date {
    date(year, month, day)
}

/// (major, minor of 0.x lines, first release, long-term support from, end, codename), as of November 2026.
#[rustfmt::skip]
const BUILT_IN: &[Row] = &[
    (0, Some(8), (2012, 6, 25), None, (2014, 7, 31), ""),
    (0, Some(10), (2013, 3, 11), None, (2016, 10, 31), ""),
    (0, Some(12), (2015, 2, 6), None, (2016, 12, 31), ""),
    (4, None, (2015, 9, 8), Some((2015, 10, 12)), (2018, 4, 30), "Argon"),
    (5, None, (2015, 10, 29), None, (2016, 6, 30), ""),
    (6, None, (2016, 4, 26), Some((2016, 10, 18)), (2019, 4, 30), "Boron"),
    (7, None, (2016, 10, 25), None, (2017, 6, 30), ""),
    (8, None, (2017, 5, 30), Some((2017, 10, 31)), (2019, 12, 31), "Carbon"),
    (9, None, (2017, 10, 1), None, (2018, 6, 30), ""),
    (10, None, (2018, 4, 24), Some((2018, 10, 30)), (2021, 4, 30), "Dubnium"),
    (11, None, (2018, 10, 23), None, (2019, 6, 1), ""),
    (12, None, (2019, 4, 23), Some((2019, 10, 21)), (2022, 4, 30), "Erbium"),
    (13, None, (2019, 10, 22), None, (2020, 6, 1), ""),
    (14, None, (2020, 4, 21), Some((2020, 10, 27)), (2023, 4, 30), "Fermium"),
    (15, None, (2020, 10, 20), None, (2021, 6, 1), ""),
    (16, None, (2021, 4, 20), Some((2021, 10, 26)), (2023, 9, 11), "Gallium"),
    (17, None, (2021, 10, 19), None, (2022, 6, 1), ""),
    (18, None, (2022, 4, 19), Some((2022, 10, 25)), (2025, 4, 30), "Hydrogen"),
    (19, None, (2022, 10, 18), None, (2023, 6, 1), ""),
    (20, None, (2023, 4, 18), Some((2023, 10, 24)), (2026, 4, 30), "Iron"),
    (21, None, (2023, 10, 17), None, (2024, 6, 1), ""),
    (22, None, (2024, 4, 24), Some((2024, 10, 29)), (2027, 4, 30), "Jod"),
    (23, None, (2024, 10, 16), None, (2025, 6, 1), ""),
    (24, None, (2025, 5, 6), Some((2025, 10, 28)), (2028, 4, 30), "Krypton"),
    (25, None, (2025, 10, 15), None, (2026, 6, 1), ""),
    (26, None, (2026, 5, 5), Some((2026, 10, 28)), (2029, 4, 30), ""),
    (27, None, (2027, 4, 22), None, (2030, 4, 30), ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_lines_are_those_of_the_schedule() {
        let Some(data) = nodeward_testkit::data_or_skip("the_built_in_lines_are_those_of_the_schedule")
        else {
            return;
        };
        let bytes = std::fs::read(data.join("advisories/node-core/schedule.json")).unwrap();
        assert_eq!(Schedule::parse(&bytes).unwrap(), Schedule::built_in());
    }

    #[test]
    fn the_recommended_line_has_long_term_support() {
        let schedule = Schedule::built_in();
        let recommended = |day| schedule.recommended(day).map(|line| line.major);
        assert_eq!(recommended(date(2026, 11, 22)), Some(26));
        assert_eq!(recommended(date(2026, 10, 1)), Some(24));
        assert_eq!(recommended(date(2012, 7, 1)), Some(0));
        assert_eq!(recommended(date(2031, 1, 1)), None);
    }

    #[test]
    fn a_broken_schedule_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"x":{"start":"2020-01-01","end":"2021-01-01"}}"#,
            r#"{"v1":{"start":"soon"}}"#,
        ] {
            assert!(Schedule::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
