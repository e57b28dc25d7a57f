//! The shape of `[[lint.requirement]]`, and its JSON Schema.

use std::fmt;
use std::ops::Range;

use nodeward_package::Place;
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::config::SeverityName;

/// A file of requirements that `requirements` of `[lint]` names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RequirementsFile {
    #[serde(default)]
    pub(crate) requirement: Vec<Spanned<RequirementSection>>,
}

/// One rule of the team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RequirementSection {
    /// Its name, for reports and for `// nodeward-ignore ID: reason`.
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z][A-Za-z0-9._/-]*$"))]
    pub(super) id: Spanned<String>,
    /// What is asked.
    #[schemars(with = "KindName")]
    pub(super) kind: Spanned<String>,
    /// What is wrong, in one line.
    #[schemars(with = "String", length(min = 1))]
    pub(super) message: Spanned<String>,
    /// Which of the twelve threats it is about.
    #[schemars(with = "ThreatCode")]
    pub(super) threat: Spanned<String>,
    /// How bad it is; medium if it is not said.
    #[schemars(with = "Option<SeverityName>")]
    pub(super) severity: Option<Spanned<String>>,
    /// Where to read more.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    pub(super) explanation: Option<Spanned<String>>,
    /// What to do instead, in one line.
    #[schemars(with = "Option<String>")]
    pub(super) next_step: Option<Spanned<String>>,
    /// What it speaks of: `eval`, `document.write`, `.innerHTML` (whatever has it), `exec from child_process`, `*`
    /// (all that a module exports), `default`. One or several. For properties the dot may be left out.
    #[schemars(with = "Option<Texts>")]
    pub(super) name: Option<Spanned<Texts>>,
    /// The module, or modules, that the names are exported by: `child_process`, `@scope/package`, `./src/db`. For
    /// `banned-import` also a pattern: `@team/*`.
    #[schemars(with = "Option<Texts>")]
    pub(super) from: Option<Spanned<Texts>>,
    /// Which argument is meant, from 1, or "all"; the first if it is not said.
    #[schemars(with = "Option<ArgumentPlace>")]
    pub(super) argument: Option<Spanned<toml::Value>>,
    /// For `required-wrapper`: whether the value is passed in a call or written to a property.
    #[schemars(with = "Option<OnName>")]
    pub(super) on: Option<Spanned<String>>,
    /// The only sorts of value that may be passed.
    #[schemars(with = "Option<Vec<SortName>>")]
    pub(super) allow: Option<Spanned<Texts>>,
    /// Sorts of value that may not be passed.
    #[schemars(with = "Option<Vec<SortName>>")]
    pub(super) deny: Option<Spanned<Texts>>,
    /// Tags whose templates may be passed: `sql`, `sql from @safe/tags`.
    #[schemars(with = "Option<Texts>")]
    pub(super) tags: Option<Spanned<Texts>>,
    /// Functions whose results may be passed: `escapeHtml from ./src/html`.
    #[schemars(with = "Option<Texts>")]
    pub(super) wrappers: Option<Spanned<Texts>>,
    /// Globs, relative to nodeward.toml: it holds only in these files.
    #[schemars(with = "Option<Texts>")]
    pub(super) files: Option<Spanned<Texts>>,
    /// Files in which it does not hold.
    #[serde(default)]
    #[schemars(with = "Vec<ExceptSection>")]
    pub(super) except: Vec<Spanned<ExceptSection>>,
    /// Code in which it finds nothing, for `nodeward lint --test-requirements`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) good: Vec<Spanned<String>>,
    /// Code in which it finds something.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) bad: Vec<Spanned<String>>,
}

/// Files in which a requirement does not hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ExceptSection {
    /// Globs, relative to nodeward.toml.
    #[schemars(with = "Texts")]
    pub(super) files: Spanned<Texts>,
    /// Why it does not hold there. Obligatory.
    #[schemars(with = "String", length(min = 1))]
    pub(super) reason: Spanned<String>,
}

/// The kinds, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum KindName {
    BannedName,
    BannedCall,
    BannedProperty,
    BannedPropertyRead,
    BannedPropertyWrite,
    BannedImport,
    RestrictedCall,
    RestrictedPropertyWrite,
    RequiredWrapper,
}

/// The sorts of values, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum SortName {
    Literal,
    String,
    Template,
    TaggedTemplate,
    Number,
    Boolean,
    Function,
    Object,
    Nothing,
}

/// Where a value goes, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum OnName {
    Call,
    Write,
}

/// The threats, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum ThreatCode {
    #[schemars(rename = "0DY")]
    ZeroDay,
    Bof,
    Cry,
    Dex,
    Dos,
    Exf,
    Lqc,
    Mtp,
    Qui,
    Rce,
    Shp,
    Uir,
}

/// The place of an argument, for the schema.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum ArgumentPlace {
    From1(#[schemars(range(min = 1, max = 100))] u8),
    All(AllWord),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum AllWord {
    All,
}

/// One text or several, each with its place.
#[derive(Debug, Default)]
pub(crate) struct Texts(pub(super) Vec<(Option<Range<usize>>, String)>);

/// The texts with their places.
pub(crate) fn places(texts: Spanned<Texts>, place: &dyn Fn(Range<usize>) -> Place) -> Vec<(Place, String)> {
    let whole = texts.span();
    let each = texts.into_inner().0.into_iter();
    each.map(|(span, text)| (place(span.unwrap_or(whole.clone())), text)).collect()
}

impl JsonSchema for Texts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Texts".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 }
            ]
        })
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![(None, text.to_owned())]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element::<Spanned<String>>()? {
                    texts.push((Some(text.span()), text.into_inner()));
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}
