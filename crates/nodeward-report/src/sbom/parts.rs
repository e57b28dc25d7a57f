//! Documents whose long lists are made while they are written: nobody waits for, or has room for, all of one.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// The parts of a document, by key.
pub(super) type Parts<'a> = BTreeMap<&'static str, Part<'a>>;

/// One part of a document.
pub(super) enum Part<'a> {
    /// As it is.
    Value(Value),
    /// A list, whose elements are made one by one.
    List(Box<dyn Fn() -> Elements<'a> + 'a>),
}

type Elements<'a> = Box<dyn Iterator<Item = Value> + 'a>;

impl<'a> Part<'a> {
    /// A list that is made when it is written.
    pub(super) fn list<I: Iterator<Item = Value> + 'a>(make: impl Fn() -> I + 'a) -> Self {
        Self::List(Box::new(move || Box::new(make())))
    }
}

impl From<Value> for Part<'_> {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::List(make) => serializer.collect_seq(make()),
        }
    }
}
