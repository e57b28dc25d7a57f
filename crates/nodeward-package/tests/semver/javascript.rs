//! What JavaScript values mean as arguments of node-semver.

use nodeward_package::range::{Prereleases, RangeOptions};
use nodeward_package::version::{IdentifierBase, Syntax};
use serde_json::Value;

/// Whether the value counts as true.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) => true,
        Value::Object(object) => {
            object.get("$number").is_none_or(|number| number != "NaN") && !object.contains_key("$undefined")
        }
    }
}

/// An options argument: an object, or anything else that counts as true for loose.
pub(crate) fn options(value: Option<&Value>) -> RangeOptions {
    let value = value.unwrap_or(&Value::Null);
    let is_loose = match value {
        Value::Object(object) => object.get("loose").is_some_and(is_truthy),
        other => is_truthy(other),
    };
    let is_everywhere = value.get("includePrerelease").is_some_and(is_truthy);
    RangeOptions {
        syntax: if is_loose { Syntax::Loose } else { Syntax::Strict },
        prereleases: if is_everywhere { Prereleases::Everywhere } else { Prereleases::WhereNamed },
    }
}

/// A version, range or comparator argument; `None` for what is no text and stands for none.
pub(crate) fn text(value: &Value) -> Option<&str> {
    let object = |key| value.get(key).and_then(Value::as_str);
    value
        .as_str()
        .or_else(|| object("$SemVer"))
        .or_else(|| value.get("$Range").and(object("raw")))
        .or_else(|| object("$Comparator"))
}

/// The identifierBase argument.
pub(crate) fn identifier_base(value: Option<&Value>) -> IdentifierBase {
    match value {
        Some(Value::Bool(false)) => IdentifierBase::None,
        Some(Value::String(text)) if text.parse().is_ok_and(|number: f64| number != 0.0) => {
            IdentifierBase::One
        }
        Some(Value::Number(number)) if number.as_f64() != Some(0.0) => IdentifierBase::One,
        _ => IdentifierBase::Zero,
    }
}
