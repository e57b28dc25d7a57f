//! The output formats. To add one: write `render/NAME.rs` and add one line to [`FORMATS`].

use std::io;

use crate::Report;

pub use crate::sbom;

pub mod cyclonedx;
pub mod github;
pub mod html;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod spdx;
pub mod spdx3;
pub mod text;

/// How a renderer may use its output.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Use colour. Colour adds nothing that words do not say.
    pub colour: bool,
    /// Columns to fill.
    pub width: usize,
    /// Show every finding instead of the groups.
    pub verbose: bool,
}

/// One output format.
pub struct OutputFormat {
    /// The name for `--format`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// Writes a report.
    pub write: fn(&Report, Style, &mut dyn io::Write) -> io::Result<()>,
}

/// Every output format, in the order that help lists them.
pub const FORMATS: &[OutputFormat] = &[
    text::FORMAT,
    json::FORMAT,
    sarif::FORMAT,
    markdown::FORMAT,
    html::FORMAT,
    github::FORMAT,
    cyclonedx::FORMAT,
    spdx::FORMAT,
    spdx3::FORMAT,
];

/// The format of a name.
pub fn find(name: &str) -> Option<&'static OutputFormat> {
    FORMATS.iter().find(|format| format.name == name)
}
