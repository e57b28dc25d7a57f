//! `nodeward sbom [PATH…]`: what a project is made of.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};
use nodeward_report::{ScannedProject, sbom};

use crate::outcome::Outcome;
use crate::output;
use crate::projects::{self, Notes};
use crate::session::Session;

/// Write a software bill of materials.
///
/// Every package of every lockfile, with its package URL, digests, licence, reach and requirements. Needs no index
/// and no network.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  nodeward sbom > sbom.cdx.json
  nodeward sbom apps/shop/pnpm-lock.yaml --format spdx -o shop.spdx.json")]
pub(crate) struct SbomArgs {
    /// Projects, as for scan [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// CycloneDX 1.6 or SPDX 2.3, both JSON
    #[arg(short, long, value_enum, default_value = "cyclonedx")]
    format: SbomFormat,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SbomFormat {
    #[value(name = "cyclonedx")]
    CycloneDx,
    Spdx,
}

/// Writes. With something unread the document is written all the same, and the exit code says that it is not whole.
pub(crate) fn sbom(args: &SbomArgs, session: &Session) -> anyhow::Result<Outcome> {
    let read = projects::read(&args.paths, Notes::Foreign, session)?;
    for gap in &read.gaps {
        session.warn(format_args!("{}; {}", gap.message, gap.remedy));
    }
    let scanned: Vec<ScannedProject> = read
        .projects
        .into_iter()
        .map(|project| ScannedProject { name: project.name, graph: project.graph })
        .collect();
    let write = match args.format {
        SbomFormat::CycloneDx => sbom::cyclonedx,
        SbomFormat::Spdx => sbom::spdx,
    };
    output::write(args.output.as_deref(), |out| {
        write(&scanned, session.now, env!("CARGO_PKG_VERSION"), out)
    })?;
    Ok(if read.gaps.is_empty() { Outcome::Clean } else { Outcome::Incomplete })
}
