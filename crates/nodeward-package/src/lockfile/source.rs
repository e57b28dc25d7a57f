//! A lockfile's text, with what turns byte offsets into places.

use std::path::Path;

use super::text::decode_lines;
use super::yaml::{Cause, YamlError};
use super::{Input, LockfileError};
use crate::place::{LineIndex, Place, Position};

/// The text of an input.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
    lines: LineIndex<'a>,
}

impl<'a> Source<'a> {
    /// Decodes the bytes of an input.
    pub(super) fn new(input: &Input<'a>) -> Result<Self, LockfileError> {
        let (text, lines) = decode_lines(input.file, input.bytes)?;
        Ok(Self { file: input.file, text, lines })
    }

    /// The position of a byte offset.
    pub(super) fn position(&self, offset: usize) -> Position {
        self.lines.position(offset)
    }

    /// A syntax error at a byte offset.
    pub(super) fn syntax(&self, offset: usize, message: impl Into<String>) -> LockfileError {
        LockfileError::syntax(self.file, self.position(offset), message)
    }

    /// A version that no reader knows, at a byte offset.
    pub(super) fn unsupported(&self, offset: usize, message: impl Into<String>) -> LockfileError {
        let place = Place::at(self.file.into(), self.position(offset));
        LockfileError::UnsupportedVersion { place, message: message.into() }
    }

    /// What the YAML reader found, with its place.
    pub(super) fn yaml(&self, error: YamlError) -> LockfileError {
        match error.cause {
            Cause::Syntax => self.syntax(error.offset, error.message),
            Cause::Limit => LockfileError::Limit {
                place: Place::at(self.file.into(), self.position(error.offset)),
                message: error.message,
            },
        }
    }
}
