//! What a requirement asks.

use super::{ModulePattern, Name};

/// What a requirement asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// None of these is named, whatever is done with it.
    BannedName(Vec<Name>),
    /// None of these is called, constructed or used as a template's tag.
    BannedCall(Vec<Name>),
    /// None of these properties is read, or written.
    BannedProperty(Vec<Name>, Access),
    /// None of these modules is imported; with names, none of these exports of them.
    BannedImport(Vec<ModulePattern>, Vec<Name>),
    /// These get only some kinds of values.
    Limited(Subject, Limit),
}

/// How a property is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Read,
    /// It is written, deleted, or set as an attribute in JSX.
    Write,
    /// Either.
    Any,
}

impl Access {
    pub(super) fn has(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

/// Where a value goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Into a call of these: at this place, from 0, or anywhere.
    Call(Vec<Name>, Option<usize>),
    /// Into these properties.
    Property(Vec<Name>),
}

/// Which values may go there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// Only what is known to be one of these.
    Only(Accepted),
    /// Anything but what is known to be one of these.
    Not(Accepted),
}

/// Values by what gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Of one of these sorts.
    pub sorts: Vec<ValueSort>,
    /// Templates with one of these tags.
    pub tags: Vec<Name>,
    /// Results of calls of one of these.
    pub wrappers: Vec<Name>,
}

/// A sort of value, as far as the file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueSort {
    /// Text, number or the like that the file alone decides: `'a'`, `1 << 10`, a constant made of such.
    Literal,
    /// Any text, also one put together.
    String,
    /// A template with holes and without a tag.
    Template,
    /// A template with any tag.
    TaggedTemplate,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// A function or class.
    Function,
    /// An object, array, regular expression, or what `new` gives.
    Object,
    /// `null` or `undefined`.
    Nothing,
}

impl ValueSort {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Literal,
        Self::String,
        Self::Template,
        Self::TaggedTemplate,
        Self::Number,
        Self::Boolean,
        Self::Function,
        Self::Object,
        Self::Nothing,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::String => "string",
            Self::Template => "template",
            Self::TaggedTemplate => "tagged-template",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Function => "function",
            Self::Object => "object",
            Self::Nothing => "nothing",
        }
    }
}

impl Accepted {
    /// In words: `a literal or a template tagged sql`.
    pub fn in_words(&self) -> String {
        let sorts = self.sorts.iter().map(|sort| match sort {
            ValueSort::Nothing => "nothing".to_owned(),
            ValueSort::Object => "an object".to_owned(),
            sort => format!("a {}", sort.name().replace('-', " ")),
        });
        let tags = self.tags.iter().map(|tag| format!("a template tagged {tag}"));
        let wrappers = self.wrappers.iter().map(|wrapper| format!("a result of {wrapper}"));
        sorts.chain(tags).chain(wrappers).collect::<Vec<_>>().join(" or ")
    }
}
