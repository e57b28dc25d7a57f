//! What `trace` makes of a list: text, findings, recordings.

pub(crate) mod findings;
pub(crate) mod recording;
pub(crate) mod text;
