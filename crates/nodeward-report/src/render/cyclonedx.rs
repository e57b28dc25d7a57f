//! CycloneDX 1.6: the bill of materials together with what is known against it.

use std::io::{self, Write};

use super::{OutputFormat, Style};
use crate::{Report, sbom};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "cyclonedx", summary: "CycloneDX 1.6 with vulnerabilities", write };

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    sbom::cyclonedx_report(report, out)
}
