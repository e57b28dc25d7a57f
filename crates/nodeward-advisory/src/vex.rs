//! OpenVEX: what somebody who looked says about a flaw in a product. Read to hide findings that do not apply, with
//! the reason given, and written to tell others.
//!
//! Nothing is dropped silently: a statement that matches nothing, or that says less than the specification asks,
//! is reported. A statement hides a finding only if it names that flaw and a product that is the finding's release,
//! the package whatever its version, or the scanned project.

mod apply;
mod write;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use apply::{Applied, apply};
pub use write::{Authorship, export};

/// The largest document taken, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The most statements taken, and the most products of one.
pub const MAX_STATEMENTS: usize = 200_000;

/// What a statement says of a flaw in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The flaw can't be used here.
    NotAffected,
    /// It can.
    Affected,
    /// The product has the fix.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

/// Why a product is not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// The component is not in the product.
    ComponentNotPresent,
    /// The flawed code is not in the product.
    VulnerableCodeNotPresent,
    /// The flawed code is there but never runs.
    VulnerableCodeNotInExecutePath,
    /// An adversary can't steer the flawed code.
    VulnerableCodeCannotBeControlledByAdversary,
    /// A protection is built in.
    InlineMitigationsAlreadyExist,
}

impl Justification {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
        }
    }

    /// The justification of a wire name.
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::ComponentNotPresent,
            Self::VulnerableCodeNotPresent,
            Self::VulnerableCodeNotInExecutePath,
            Self::VulnerableCodeCannotBeControlledByAdversary,
            Self::InlineMitigationsAlreadyExist,
        ]
        .into_iter()
        .find(|justification| justification.name() == name)
    }
}

/// One document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// How the user knows it: its file.
    pub source: String,
    /// Its statements, oldest first: a later one on the same flaw and product takes the place of an earlier one.
    pub statements: Vec<Statement>,
    /// Statements that could not be used, and why.
    pub remarks: Vec<String>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its place in the document, from 1.
    pub number: usize,
    /// The flaw's name and aliases.
    pub vulnerability: Vec<String>,
    /// The products, as the document identifies them, each with the components concerned (none: the product as a
    /// whole).
    pub products: Vec<Product>,
    /// What it says.
    pub status: Status,
    /// Why not affected.
    pub justification: Option<Justification>,
    /// Why not affected, in words.
    pub impact: Option<String>,
    /// What to do, in words.
    pub action: Option<String>,
    /// Other words.
    pub notes: Option<String>,
    /// When it was said.
    pub timestamp: Option<Timestamp>,
}

/// A product and the components of it that a statement speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Every identifier that the document gives: package URLs and other text.
    pub identifiers: Vec<String>,
    /// The same for each component; empty for the product as a whole.
    pub components: Vec<Vec<String>>,
}

/// Why a document could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum VexError {
    /// Over [`MAX_BYTES`].
    #[error("{source_name}: a VEX document of {bytes} bytes is over the limit of {MAX_BYTES}")]
    TooLarge {
        /// The document.
        source_name: String,
        /// Its size.
        bytes: usize,
    },
    /// Not JSON of this shape.
    #[error("{source_name}: not an OpenVEX document: {message}")]
    Syntax {
        /// The document.
        source_name: String,
        /// What was wrong, and where.
        message: String,
    },
}

mod wire {
    //! OpenVEX as it stands in files, 0.0.1 to 0.2.0. Every field optional: what is missing is told, not fatal.

    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(super) struct Document {
        #[serde(rename = "@context", default)]
        pub(super) context: serde_json::Value,
        #[serde(default)]
        pub(super) timestamp: Option<String>,
        #[serde(default)]
        pub(super) statements: Option<Vec<serde_json::Value>>,
    }

    #[derive(Deserialize)]
    pub(super) struct Statement {
        pub(super) vulnerability: Vulnerability,
        #[serde(default)]
        pub(super) products: Vec<Component>,
        #[serde(default)]
        pub(super) subcomponents: Vec<Component>,
        pub(super) status: super::Status,
        #[serde(default)]
        pub(super) justification: Option<String>,
        #[serde(default)]
        pub(super) impact_statement: Option<String>,
        #[serde(default)]
        pub(super) action_statement: Option<String>,
        #[serde(default)]
        pub(super) status_notes: Option<String>,
        #[serde(default)]
        pub(super) timestamp: Option<String>,
        #[serde(default)]
        pub(super) last_updated: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub(super) enum Vulnerability {
        Name(String),
        Named {
            #[serde(rename = "@id", default)]
            id: Option<String>,
            #[serde(default)]
            name: Option<String>,
            #[serde(default)]
            aliases: Vec<String>,
        },
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub(super) enum Component {
        Id(String),
        Identified {
            #[serde(rename = "@id", default)]
            id: Option<String>,
            #[serde(default)]
            identifiers: std::collections::BTreeMap<String, String>,
            #[serde(default)]
            subcomponents: Vec<Component>,
        },
    }
}

impl Document {
    /// Reads an OpenVEX document. Statements that can't be used are told in [`Document::remarks`].
    ///
    /// # Errors
    /// What is no such document at all.
    pub fn parse(source: &str, bytes: &[u8]) -> Result<Self, VexError> {
        if bytes.len() > MAX_BYTES {
            return Err(VexError::TooLarge { source_name: source.to_owned(), bytes: bytes.len() });
        }
        let syntax = |message: String| VexError::Syntax { source_name: source.to_owned(), message };
        let document: wire::Document =
            serde_json::from_slice(bytes).map_err(|error| syntax(error.to_string()))?;
        if !is_openvex(&document.context) {
            return Err(syntax("its @context does not name OpenVEX".to_owned()));
        }
        let Some(raw) = document.statements else {
            return Err(syntax("it has no statements".to_owned()));
        };
        if raw.len() > MAX_STATEMENTS {
            return Err(syntax(format!(
                "it has {} statements, over the limit of {MAX_STATEMENTS}",
                raw.len()
            )));
        }
        let default_time = document.timestamp.as_deref().and_then(|text| text.parse().ok());
        let mut statements = Vec::with_capacity(raw.len());
        let mut remarks = Vec::new();
        for (index, value) in raw.into_iter().enumerate() {
            let number = index + 1;
            match Statement::read(number, value, default_time) {
                Ok((statement, remark)) => {
                    statements.push(statement);
                    remarks.extend(remark.map(|text| format!("{source}: statement {number}: {text}")));
                }
                Err(why) => remarks.push(format!("{source}: statement {number} was not used: {why}")),
            }
        }
        statements.sort_by_key(|statement| (statement.timestamp, statement.number));
        Ok(Self { source: source.to_owned(), statements, remarks })
    }
}

fn is_openvex(context: &serde_json::Value) -> bool {
    let names =
        |value: &serde_json::Value| value.as_str().is_some_and(|text| text.contains("openvex.dev/ns"));
    names(context) || context.as_array().is_some_and(|all| all.iter().any(names))
}

impl Statement {
    /// The statement, and what is worth saying about one that is used all the same.
    fn read(
        number: usize,
        value: serde_json::Value,
        default_time: Option<Timestamp>,
    ) -> Result<(Self, Option<String>), String> {
        let raw: wire::Statement = serde_json::from_value(value).map_err(|error| error.to_string())?;
        let vulnerability = names_of(raw.vulnerability);
        if vulnerability.is_empty() {
            return Err("it names no vulnerability".to_owned());
        }
        let shared: Vec<Vec<String>> =
            raw.subcomponents.into_iter().map(|component| identify(component).identifiers).collect();
        let mut products: Vec<Product> = raw.products.into_iter().map(identify).collect();
        for product in &mut products {
            product.components.extend(shared.iter().cloned());
        }
        if products.is_empty() {
            return Err("it names no product".to_owned());
        }
        let justification = match raw.justification.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => {
                Some(Justification::named(text).ok_or_else(|| format!("{text:?} is no justification"))?)
            }
        };
        let impact = raw.impact_statement.filter(|text| !text.trim().is_empty());
        if raw.status == Status::NotAffected && justification.is_none() && impact.is_none() {
            return Err("not_affected needs a justification or an impact_statement".to_owned());
        }
        let mut remark = None;
        let mut timestamp = default_time;
        // The later of the two is when the statement was last stood by.
        for text in [raw.timestamp, raw.last_updated].into_iter().flatten() {
            match text.parse() {
                Ok(time) => timestamp = Some(time),
                Err(_) => remark = Some(format!("{text:?} is no timestamp; the document's is used")),
            }
        }
        let statement = Self {
            number,
            vulnerability,
            products,
            status: raw.status,
            justification,
            impact,
            action: raw.action_statement,
            notes: raw.status_notes,
            timestamp,
        };
        Ok((statement, remark))
    }

    /// Why the finding does not count, in one line.
    pub fn reason(&self) -> String {
        let first = match (self.status, self.justification) {
            (Status::Fixed, _) => Some("fixed".to_owned()),
            (_, justification) => justification.map(|justification| justification.name().replace('_', " ")),
        };
        let words = self.impact.as_deref().or(self.notes.as_deref()).map(str::to_owned);
        let parts: Vec<String> = first.into_iter().chain(words).collect();
        if parts.is_empty() { "not affected".to_owned() } else { parts.join(": ") }
    }
}

fn names_of(vulnerability: wire::Vulnerability) -> Vec<String> {
    let (id, name, aliases) = match vulnerability {
        wire::Vulnerability::Name(name) => (None, Some(name), Vec::new()),
        wire::Vulnerability::Named { id, name, aliases } => (id, name, aliases),
    };
    // The @id may be a URL that ends in the name.
    let from_id = id.map(|id| id.rsplit('/').next().unwrap_or_default().to_owned());
    let all = name.into_iter().chain(aliases).chain(from_id);
    all.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Flattens one level of components: the specification has no deeper ones.
fn identify(component: wire::Component) -> Product {
    match component {
        wire::Component::Id(id) => Product { identifiers: vec![id], components: Vec::new() },
        wire::Component::Identified { id, identifiers, subcomponents } => Product {
            identifiers: id.into_iter().chain(identifiers.into_values()).collect(),
            components: subcomponents.into_iter().map(|component| identify(component).identifiers).collect(),
        },
    }
}

#[cfg(test)]
mod tests;
