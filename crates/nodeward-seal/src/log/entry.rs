//! What a line says.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Link;

/// The version of the lines, in the first of them.
pub const SCHEMA: &str = "nodeward.log/1";

/// The most bytes of text in one entry; what is longer goes on in the next.
pub const MAX_TEXT: usize = 64 << 10;

/// Where a line of output came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program was started; `text` has its command line.
    Start,
    /// A message that a module gave to the console; `module` says which.
    Console,
    /// Output that did not come through the console: nobody vouches for who wrote it.
    Output,
    /// Something claimed to be a message of a module and was not.
    Forged,
    /// The program ended; `text` says how.
    End,
    /// The log goes on after a line that was cut short; `text` is the hash of that line.
    Resume,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<'t> {
    /// Which entry it is, from 0.
    pub n: u64,
    /// [`SCHEMA`], in the first entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schema: Option<Cow<'t, str>>,
    /// When it was written (RFC 3339).
    pub time: Cow<'t, str>,
    /// What it is about.
    pub kind: Kind,
    /// Where it came out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stream: Option<Stream>,
    /// The module that it is from: a package with its version, or a path below the seal's folder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub module: Option<Cow<'t, str>>,
    /// The text, without the line break at its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<Cow<'t, str>>,
    /// The text goes on in the next entry of the same stream and module.
    #[serde(skip_serializing_if = "is_false", default)]
    pub more: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

impl<'t> Entry<'t> {
    /// An entry without more than that; the writer numbers it.
    pub fn new(kind: Kind, time: impl Into<Cow<'t, str>>) -> Self {
        Self {
            n: 0,
            schema: None,
            time: time.into(),
            kind,
            stream: None,
            module: None,
            text: None,
            more: false,
        }
    }

    /// The bytes of its line up to the hash.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = serde_json::to_vec(self).expect("strings and numbers can be written");
        body.pop();
        body
    }
}

/// A line in its parts: the bytes that the hash is over, and the hash.
pub(super) fn split(line: &[u8]) -> Option<(&[u8], Link)> {
    // `,"hash":"` 64 digits `"}`
    let (body, end) = line.split_at_checked(line.len().checked_sub(9 + 64 + 2)?)?;
    let digits = end.strip_prefix(b",\"hash\":\"")?.strip_suffix(b"\"}")?;
    Some((body, Link::parse(std::str::from_utf8(digits).ok()?)?))
}

/// The line of an entry, with its break.
pub(super) fn line(mut body: Vec<u8>, link: Link) -> Vec<u8> {
    body.extend_from_slice(format!(",\"hash\":\"{link}\"}}\n").as_bytes());
    body
}

/// What the body says. A member that stands twice, or that we do not know, makes it none.
pub(super) fn read(body: &[u8]) -> Option<Entry<'static>> {
    let mut text = Vec::with_capacity(body.len() + 1);
    text.extend_from_slice(body);
    text.push(b'}');
    serde_json::from_slice(&text).ok()
}
