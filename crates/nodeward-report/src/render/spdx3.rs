//! SPDX 3.0.1: the bill of materials together with what is known against it.

use std::io::{self, Write};

use super::{OutputFormat, Style};
use crate::{Report, sbom};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "spdx3", summary: "SPDX 3.0.1 JSON-LD with vulnerabilities", write };

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    sbom::spdx3_report(report, out)
}
