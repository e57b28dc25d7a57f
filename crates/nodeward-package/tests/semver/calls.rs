//! One runner per function of node-semver: the recorded arguments in, the recorded result out.

use std::cmp::Ordering;

use nodeward_package::range::{self, Comparator, RangeOptions, Side};
use nodeward_package::version::{CoerceFrom, CoerceKeep, Identifier, PrereleaseTag, ReleaseType, Syntax};
use nodeward_package::{Range, Version};
use serde_json::{Value, json};

use crate::javascript::{identifier_base, is_truthy, options, text};
use crate::{Ran, Runner};

/// What a call gave: a value, or an exception.
type Outcome = Result<Value, Thrown>;

enum Thrown {
    /// It throws.
    Error,
    /// The types do not let it be made.
    NoSuchArgument,
}

type Call = fn(&Arguments<'_>) -> Outcome;

const CALLS: [(&str, Call); 36] = [
    ("functions-clean", clean),
    ("functions-cmp", cmp),
    ("functions-coerce", coerce),
    ("functions-compare", |call| Ok(sign(call.compare(call.syntax(2))?))),
    ("functions-compare-build", compare_build),
    ("functions-compare-loose", |call| Ok(sign(call.compare(Syntax::Loose)?))),
    ("functions-diff", diff),
    ("functions-eq", |call| Ok(json!(call.compare(call.syntax(2))?.is_eq()))),
    ("functions-gt", |call| Ok(json!(call.compare(call.syntax(2))?.is_gt()))),
    ("functions-gte", |call| Ok(json!(call.compare(call.syntax(2))?.is_ge()))),
    ("functions-inc", inc),
    ("functions-lt", |call| Ok(json!(call.compare(call.syntax(2))?.is_lt()))),
    ("functions-lte", |call| Ok(json!(call.compare(call.syntax(2))?.is_le()))),
    ("functions-major", |call| Ok(json!(call.version(0, call.syntax(1))?.major))),
    ("functions-minor", |call| Ok(json!(call.version(0, call.syntax(1))?.minor))),
    ("functions-neq", |call| Ok(json!(call.compare(call.syntax(2))?.is_ne()))),
    ("functions-parse", parse),
    ("functions-patch", |call| Ok(json!(call.version(0, call.syntax(1))?.patch))),
    ("functions-prerelease", prerelease),
    ("functions-rcompare", |call| Ok(sign(call.compare(call.syntax(2))?.reverse()))),
    ("functions-rsort", |call| sort(call, |left, right| right.compare_build(left))),
    ("functions-satisfies", satisfies),
    ("functions-sort", |call| sort(call, Version::compare_build)),
    ("functions-truncate", truncate),
    ("functions-valid", |call| Ok(or_null(call.version(0, call.syntax(1)), canonical))),
    ("ranges-gtr", |call| Ok(json!(call.range(1, 2)?.is_below(&call.version(0, call.syntax(2))?)))),
    ("ranges-intersects", intersects),
    ("ranges-ltr", |call| Ok(json!(call.range(1, 2)?.is_above(&call.version(0, call.syntax(2))?)))),
    ("ranges-max-satisfying", |call| select(call, |range, versions| range.max_satisfying(versions))),
    ("ranges-min-satisfying", |call| select(call, |range, versions| range.min_satisfying(versions))),
    ("ranges-min-version", |call| Ok(version_or_null(call.range(0, 1)?.min_version()))),
    ("ranges-outside", outside),
    ("ranges-simplify", simplify),
    ("ranges-subset", |call| Ok(json!(call.range(0, 2)?.is_subset_of(&call.range(1, 2)?)))),
    ("ranges-to-comparators", to_comparators),
    ("ranges-valid", |call| Ok(or_null(call.range(0, 1), |range| json!(range.to_string())))),
];

pub(crate) fn runner_of(file: &str) -> Option<Runner> {
    let (_, call) = CALLS.iter().find(|(name, _)| *name == file)?;
    Some(Box::new(|vector| run(*call, vector)))
}

fn run(call: Call, vector: &Value) -> Result<Ran, String> {
    let arguments = vector["args"].as_array().ok_or("no arguments")?;
    let expected = match (vector.get("result"), vector.get("throws")) {
        (Some(result), None) => Some(without_raw(result)),
        (None, Some(_)) => None,
        _ => return Err("neither a result nor an exception".to_owned()),
    };
    match (call(&Arguments(arguments)), expected) {
        (Ok(given), Some(expected)) if given == expected => Ok(Ran::Agreed),
        (Err(Thrown::Error), None) => Ok(Ran::Agreed),
        (Err(Thrown::NoSuchArgument), None | Some(Value::Null | Value::Bool(false))) => {
            Ok(Ran::NoSuchArgument)
        }
        (Ok(given), _) => Err(format!("gave {given}")),
        (Err(Thrown::Error), _) => Err("gave an error".to_owned()),
        (Err(Thrown::NoSuchArgument), _) => Err("has an argument that no runner knows".to_owned()),
    }
}

/// The value of a version object; the text that it was read from is not kept.
fn without_raw(result: &Value) -> Value {
    match result.get("$SemVer") {
        Some(version) => json!({ "$SemVer": version }),
        None => result.clone(),
    }
}

struct Arguments<'v>(&'v [Value]);

impl Arguments<'_> {
    fn get(&self, index: usize) -> Option<&Value> {
        self.0.get(index)
    }

    fn text(&self, index: usize) -> Result<&str, Thrown> {
        self.get(index).and_then(text).ok_or(Thrown::NoSuchArgument)
    }

    fn options(&self, index: usize) -> RangeOptions {
        options(self.get(index))
    }

    fn syntax(&self, index: usize) -> Syntax {
        self.options(index).syntax
    }

    fn version(&self, index: usize, syntax: Syntax) -> Result<Version, Thrown> {
        Version::parse_with(self.text(index)?, syntax).map_err(|_| Thrown::Error)
    }

    fn compare(&self, syntax: Syntax) -> Result<Ordering, Thrown> {
        Ok(self.version(0, syntax)?.cmp(&self.version(1, syntax)?))
    }

    fn range(&self, index: usize, options: usize) -> Result<Range, Thrown> {
        Range::parse_with(self.text(index)?, self.options(options)).map_err(|_| Thrown::Error)
    }

    fn comparator(&self, index: usize, options: usize) -> Result<Option<Comparator>, Thrown> {
        let is_comparator = self.get(index).is_some_and(|value| value.get("$Comparator").is_some());
        if !is_comparator {
            return Ok(None);
        }
        let comparator = Comparator::parse(self.text(index)?, self.options(options));
        comparator.map(Some).map_err(|_| Thrown::Error)
    }

    /// The texts of a list of versions, each with the version that it is.
    fn versions(&self, index: usize, syntax: Syntax) -> Result<Vec<(&str, Version)>, Thrown> {
        let list = self.get(index).and_then(Value::as_array).ok_or(Thrown::NoSuchArgument)?;
        let texts = list.iter().map(|value| text(value).ok_or(Thrown::NoSuchArgument));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let parse = |text| Version::parse_with(text, syntax).map(|version| (text, version));
        texts.into_iter().map(parse).collect::<Result<_, _>>().map_err(|_| Thrown::Error)
    }
}

fn sign(order: Ordering) -> Value {
    json!(order as i8)
}

fn canonical(version: Version) -> Value {
    json!(version.canonical().to_string())
}

fn version_or_null(version: Option<Version>) -> Value {
    version.map_or(Value::Null, |version| json!({ "$SemVer": version.canonical().to_string() }))
}

/// For the functions that give null where others throw.
fn or_null<T>(result: Result<T, Thrown>, value: impl Fn(T) -> Value) -> Value {
    result.map_or(Value::Null, value)
}

fn clean(call: &Arguments<'_>) -> Outcome {
    let version = Version::clean(call.text(0)?, call.syntax(1)).ok();
    Ok(version.map_or(Value::Null, canonical))
}

fn cmp(call: &Arguments<'_>) -> Outcome {
    let operator = call.text(1)?;
    let syntax = call.syntax(3);
    if let "===" | "!==" = operator {
        // Of two texts it compares the texts.
        let is_same = call.text(0)? == call.text(2)?;
        return Ok(json!(is_same == (operator == "===")));
    }
    let holds: fn(Ordering) -> bool = match operator {
        "" | "=" | "==" => Ordering::is_eq,
        "!=" => Ordering::is_ne,
        ">" => Ordering::is_gt,
        ">=" => Ordering::is_ge,
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        _ => return Err(Thrown::Error),
    };
    Ok(json!(holds(call.version(0, syntax)?.cmp(&call.version(2, syntax)?))))
}

fn coerce(call: &Arguments<'_>) -> Outcome {
    let option = |key: &str| call.get(1).and_then(|options| options.get(key)).is_some_and(is_truthy);
    let from = if option("rtl") { CoerceFrom::Right } else { CoerceFrom::Left };
    let keep = if option("includePrerelease") { CoerceKeep::All } else { CoerceKeep::Numbers };
    let number = call.get(0).filter(|value| value.is_number()).map(Value::to_string);
    let text = number.as_deref().map_or_else(|| call.text(0), Ok)?;
    Ok(version_or_null(Version::coerce(text, from, keep, call.syntax(1))))
}

fn compare_build(call: &Arguments<'_>) -> Outcome {
    let syntax = call.syntax(2);
    Ok(sign(call.version(0, syntax)?.compare_build(&call.version(1, syntax)?)))
}

fn diff(call: &Arguments<'_>) -> Outcome {
    let difference = call.version(0, Syntax::Strict)?.difference(&call.version(1, Syntax::Strict)?);
    Ok(difference.map_or(Value::Null, |step| json!(step.name())))
}

fn inc(call: &Arguments<'_>) -> Outcome {
    // The options may be left out, and then the identifier stands in their place.
    let has_options = !call.get(2).is_some_and(Value::is_string);
    let identifier = if has_options { 3 } else { 2 };
    let syntax = if has_options { call.syntax(2) } else { Syntax::Strict };
    let tag = PrereleaseTag {
        identifier: call.get(identifier).and_then(Value::as_str).unwrap_or(""),
        base: identifier_base(call.get(identifier + 1)),
        syntax,
    };
    let step: Result<ReleaseType, _> = call.text(1)?.parse();
    let version = call.version(0, syntax).ok().zip(step.ok());
    let next = version.and_then(|(version, step)| version.increment(step, tag).ok());
    Ok(next.map_or(Value::Null, canonical))
}

fn parse(call: &Arguments<'_>) -> Outcome {
    let version = call.version(0, call.syntax(1));
    match version {
        Err(thrown) if call.get(2).is_some_and(is_truthy) => Err(thrown),
        version => Ok(version_or_null(version.ok())),
    }
}

fn prerelease(call: &Arguments<'_>) -> Outcome {
    let part = |part: &Identifier| match part {
        Identifier::Number(number) => json!(number),
        Identifier::Text(text) => json!(text),
    };
    Ok(or_null(call.version(0, call.syntax(1)), |version| match version.prerelease() {
        [] => Value::Null,
        parts => parts.iter().map(part).collect(),
    }))
}

fn sort(call: &Arguments<'_>, order: impl Fn(&Version, &Version) -> Ordering) -> Outcome {
    let mut versions = call.versions(0, call.syntax(1))?;
    versions.sort_by(|(_, left), (_, right)| order(left, right));
    Ok(versions.into_iter().map(|(text, _)| json!(text)).collect())
}

fn satisfies(call: &Arguments<'_>) -> Outcome {
    let (version, range) = (call.version(0, call.syntax(2)), call.range(1, 2));
    match (version, range) {
        (Ok(version), Ok(range)) => Ok(json!(range.satisfies(&version))),
        (Err(Thrown::NoSuchArgument), _) | (_, Err(Thrown::NoSuchArgument)) => Err(Thrown::NoSuchArgument),
        _ => Ok(json!(false)),
    }
}

fn truncate(call: &Arguments<'_>) -> Outcome {
    let step: Result<ReleaseType, _> = call.text(1)?.parse();
    let version = match call.version(0, call.syntax(2)) {
        Err(Thrown::NoSuchArgument) => return Err(Thrown::NoSuchArgument),
        version => version.ok().zip(step.ok()),
    };
    let truncated = version.and_then(|(version, step)| version.truncate(step));
    Ok(truncated.map_or(Value::Null, canonical))
}

fn intersects(call: &Arguments<'_>) -> Outcome {
    let options = call.options(2);
    if let (Some(left), Some(right)) = (call.comparator(0, 2)?, call.comparator(1, 2)?) {
        return Ok(json!(left.intersects(&right, options.prereleases)));
    }
    Ok(json!(call.range(0, 2)?.intersects(&call.range(1, 2)?)))
}

fn select(
    call: &Arguments<'_>,
    best: impl for<'v> Fn(&Range, &'v [Version]) -> Option<&'v Version>,
) -> Outcome {
    let Ok(range) = call.range(1, 2) else { return Ok(Value::Null) };
    let (texts, versions): (Vec<_>, Vec<_>) = call.versions(0, call.syntax(2))?.into_iter().unzip();
    let best = best(&range, &versions);
    let index = best.and_then(|best| versions.iter().position(|version| std::ptr::eq(version, best)));
    Ok(index.map_or(Value::Null, |index| json!(texts[index])))
}

fn outside(call: &Arguments<'_>) -> Outcome {
    let side = match call.text(2)? {
        ">" => Side::Above,
        "<" => Side::Below,
        _ => return Err(Thrown::Error),
    };
    Ok(json!(call.range(1, 3)?.is_outside(&call.version(0, call.syntax(3))?, side)))
}

fn simplify(call: &Arguments<'_>) -> Outcome {
    let versions: Vec<_> =
        call.versions(0, call.syntax(2))?.into_iter().map(|(_, version)| version).collect();
    Ok(json!(range::simplify(&call.range(1, 2)?, call.text(1)?, &versions)))
}

fn to_comparators(call: &Arguments<'_>) -> Outcome {
    let range = call.range(0, 1)?;
    let set =
        |set: &[Comparator]| set.iter().map(|comparator| json!(comparator.to_string())).collect::<Value>();
    Ok(range.sets().map(set).collect())
}
