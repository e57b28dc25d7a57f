//! SPDX 2.3: the bill of materials, with a reference to each advisory against a package.

use std::io::{self, Write};

use super::{OutputFormat, Style};
use crate::{Report, sbom};

/// This format.
pub const FORMAT: OutputFormat =
    OutputFormat { name: "spdx", summary: "SPDX 2.3 with references to advisories", write };

fn write(report: &Report, _: Style, out: &mut dyn Write) -> io::Result<()> {
    sbom::spdx_report(report, out)
}
