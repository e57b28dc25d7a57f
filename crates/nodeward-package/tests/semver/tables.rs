//! One runner per table of node-semver's own tests, and one for the order that OSV's events are in.

use nodeward_package::range::{Comparator, RangeOptions, Side};
use nodeward_package::version::{EventVersion, PrereleaseTag, ReleaseType};
use nodeward_package::{Range, Version};
use serde_json::{Value, json};

use crate::javascript::{identifier_base, options, text};
use crate::{Ran, Runner};

type Table = fn(&[Value]) -> Result<Ran, String>;

const TABLES: [(&str, Table); 16] = [
    ("comparator-intersection", comparator_intersection),
    ("comparisons", comparisons),
    ("equality", equality),
    ("increments", increments),
    ("invalid-versions", invalid_versions),
    ("osv-compare", osv_compare),
    ("range-exclude", |row| satisfies(row, false)),
    ("range-include", |row| satisfies(row, true)),
    ("range-intersection", range_intersection),
    ("range-parse", range_parse),
    ("truncations", truncations),
    ("valid-versions", valid_versions),
    ("version-gt-range", |row| outside(row, Side::Above, true)),
    ("version-lt-range", |row| outside(row, Side::Below, true)),
    ("version-not-gt-range", |row| outside(row, Side::Above, false)),
    ("version-not-lt-range", |row| outside(row, Side::Below, false)),
];

pub(crate) fn runner_of(file: &str) -> Option<Runner> {
    let (_, table) = TABLES.iter().find(|(name, _)| *name == file)?;
    Some(Box::new(|vector| table(vector.as_array().ok_or("not a row")?)))
}

fn agree<T: PartialEq + std::fmt::Debug>(given: T, expected: T) -> Result<Ran, String> {
    if given == expected { Ok(Ran::Agreed) } else { Err(format!("gave {given:?}, not {expected:?}")) }
}

fn text_at(row: &[Value], index: usize) -> Result<&str, String> {
    row.get(index).and_then(text).ok_or_else(|| format!("no text at {index}"))
}

fn version(text: &str, options: RangeOptions) -> Result<Version, String> {
    Version::parse_with(text, options.syntax).map_err(|error| format!("{text}: {error}"))
}

fn range(text: &str, options: RangeOptions) -> Result<Range, String> {
    Range::parse_with(text, options).map_err(|error| format!("{text}: {error}"))
}

fn versions(row: &[Value]) -> Result<(Version, Version), String> {
    let options = options(row.get(2));
    Ok((version(text_at(row, 0)?, options)?, version(text_at(row, 1)?, options)?))
}

fn comparisons(row: &[Value]) -> Result<Ran, String> {
    let (greater, less) = versions(row)?;
    agree((greater > less, less < greater, less == greater), (true, true, false))
}

fn equality(row: &[Value]) -> Result<Ran, String> {
    let (left, right) = versions(row)?;
    agree((left == right, left.cmp(&right)), (true, std::cmp::Ordering::Equal))
}

fn osv_compare(row: &[Value]) -> Result<Ran, String> {
    let (left, right) = (text_at(row, 0)?, text_at(row, 2)?);
    let event = |text| EventVersion::parse(text).ok_or_else(|| format!("{text} is no version of an event"));
    let order = event(left)?.cmp(&event(right)?);
    if let (Ok(left), Ok(right)) = (Version::parse(left), Version::parse(right)) {
        agree(left.cmp(&right), order)?;
    }
    match text_at(row, 1)? {
        "<" => agree(order.is_lt(), true),
        "=" => agree(order.is_eq(), true),
        ">" => agree(order.is_gt(), true),
        other => Err(format!("no operator {other}")),
    }
}

fn comparator_intersection(row: &[Value]) -> Result<Ran, String> {
    let everywhere = row.get(3).is_some_and(|value| value == true);
    let expected = row.get(2).and_then(Value::as_bool).ok_or("no expectation")?;
    for is_loose in [false, true] {
        let options = options(Some(&json!({ "loose": is_loose, "includePrerelease": everywhere })));
        let comparator = |index| {
            Comparator::parse(text_at(row, index)?, options).map_err(|error| format!("{index}: {error}"))
        };
        let (left, right) = (comparator(0)?, comparator(1)?);
        agree(left.intersects(&right, options.prereleases), expected)?;
        agree(right.intersects(&left, options.prereleases), expected)?;
        agree(range(text_at(row, 0)?, options)?.intersects(&range(text_at(row, 1)?, options)?), expected)?;
    }
    Ok(Ran::Agreed)
}

fn range_intersection(row: &[Value]) -> Result<Ran, String> {
    let expected = row.get(2).and_then(Value::as_bool).ok_or("no expectation")?;
    for is_loose in [false, true] {
        let options = options(Some(&json!(is_loose)));
        let (left, right) = (range(text_at(row, 0)?, options)?, range(text_at(row, 1)?, options)?);
        agree((left.intersects(&right), right.intersects(&left)), (expected, expected))?;
    }
    Ok(Ran::Agreed)
}

fn increments(row: &[Value]) -> Result<Ran, String> {
    // The options may be left out, and then the identifier stands in their place.
    let has_options = !row.get(3).is_some_and(Value::is_string);
    let identifier = if has_options { 4 } else { 3 };
    let options = if has_options { options(row.get(3)) } else { RangeOptions::default() };
    let tag = PrereleaseTag {
        identifier: row.get(identifier).and_then(Value::as_str).unwrap_or(""),
        base: identifier_base(row.get(identifier + 1)),
        syntax: options.syntax,
    };
    let step: Option<ReleaseType> = text_at(row, 1)?.parse().ok();
    let version = version(text_at(row, 0)?, options).ok().zip(step);
    let next = version.and_then(|(version, step)| version.increment(step, tag).ok());
    let next = next.map_or(Value::Null, |version| json!(version.to_string()));
    agree(&next, row.get(2).ok_or("no expectation")?)
}

fn truncations(row: &[Value]) -> Result<Ran, String> {
    let step: Option<ReleaseType> = text_at(row, 1)?.parse().ok();
    let version = version(text_at(row, 0)?, options(row.get(3))).ok().zip(step);
    let truncated = version.and_then(|(version, step)| version.truncate(step));
    let truncated = truncated.map_or(Value::Null, |version| json!(version.to_string()));
    agree(&truncated, row.get(2).ok_or("no expectation")?)
}

fn invalid_versions(row: &[Value]) -> Result<Ran, String> {
    let Some(text) = row.first().and_then(text) else { return Ok(Ran::NoSuchArgument) };
    agree(version(text, options(row.get(2))).is_err(), true)
}

fn valid_versions(row: &[Value]) -> Result<Ran, String> {
    let version = version(text_at(row, 0)?, RangeOptions::default())?;
    let [_, major, minor, patch, prerelease, build] = row else { return Err("not six columns".to_owned()) };
    let numbers = [version.major, version.minor, version.patch];
    agree(json!(numbers), json!([major, minor, patch]))?;
    let words = |list: &Value| -> Vec<String> {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        list.as_array().map(|list| list.iter().map(word).collect()).unwrap_or_default()
    };
    let parts: Vec<_> = version.prerelease().iter().map(ToString::to_string).collect();
    agree(parts, words(prerelease))?;
    let parts: Vec<_> =
        version.build().split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    agree(parts, words(build))
}

fn satisfies(row: &[Value], expected: bool) -> Result<Ran, String> {
    let options = options(row.get(2));
    let Some(text) = row.get(1).and_then(text) else { return Ok(Ran::NoSuchArgument) };
    let version = match Version::parse_with(text, options.syntax) {
        Ok(version) => version,
        Err(_) => return agree(false, expected),
    };
    agree(range(text_at(row, 0)?, options)?.satisfies(&version), expected)
}

fn range_parse(row: &[Value]) -> Result<Ran, String> {
    let options = options(row.get(2));
    let range = Range::parse_with(text_at(row, 0)?, options).ok();
    let canonical = range.as_ref().map_or(Value::Null, |range| json!(range.to_string()));
    agree(&canonical, row.get(1).ok_or("no expectation")?)?;
    // The canonical text is the same range.
    let reread = range.as_ref().and_then(|range| Range::parse_with(&range.to_string(), options).ok());
    agree(reread, range)
}

fn outside(row: &[Value], side: Side, expected: bool) -> Result<Ran, String> {
    let options = options(row.get(2));
    let range = range(text_at(row, 0)?, options)?;
    let version = version(text_at(row, 1)?, options)?;
    agree(range.is_outside(&version, side), expected)
}
