//! `nodeward vex [PATH…]`: what a scan found, as statements for others.

use std::path::PathBuf;

use clap::ValueHint;
use nodeward_advisory::vex::{self, Authorship};
use nodeward_package::DependencyGraph;

use crate::cli::ProjectArgs;
use crate::inspection::{self, Job, Scope};
use crate::outcome::Outcome;
use crate::output;
use crate::projects::Notes;
use crate::session::Session;

/// Write an OpenVEX document about what a scan found.
///
/// What nodeward.toml suppresses becomes `not_affected` with its reason; what is open and has a next step,
/// `affected`; the rest, `under_investigation`. Read it again with `scan --vex`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nodeward vex --author security@example.org -o shop.openvex.json")]
pub(crate) struct VexArgs {
    #[command(flatten)]
    projects: ProjectArgs,
    /// Who says so: a name, address or URL
    #[arg(long, value_name = "WHO", default_value = "nodeward (no author given)")]
    author: String,
    /// The document's id, a URI that only it has [default: made from its content]
    #[arg(long, value_name = "URI")]
    id: Option<String>,
    /// Statements of this document are taken over (repeatable)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    vex: Vec<PathBuf>,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// Writes. The document tells what is known, whatever that is; only what could not be checked makes it incomplete.
pub(crate) fn vex(args: &VexArgs, session: &Session) -> anyhow::Result<Outcome> {
    let job = Job {
        command: "vex",
        scope: Scope::Advisories,
        projects: &args.projects,
        vex: &args.vex,
        fail_on: None,
        notes: Notes::Foreign,
    };
    let report = inspection::inspect(job, session)?.report;
    for gap in &report.coverage.gaps {
        session.warn(format_args!("{}; {}", gap.message, gap.remedy));
    }
    let graphs: Vec<&DependencyGraph> = report.projects.iter().map(|project| &project.graph).collect();
    let export = |id: &str| {
        let authorship = Authorship {
            id,
            author: &args.author,
            tooling: concat!("nodeward ", env!("CARGO_PKG_VERSION")),
            now: session.now,
        };
        vex::export(&report.findings, &report.suppressed, &graphs, &authorship)
    };
    let document = match &args.id {
        Some(id) => export(id),
        None => export(&format!("urn:nodeward:vex:{:016x}", hash(&export("")))),
    };
    output::write(args.output.as_deref(), |out| {
        out.write_all(document.as_bytes())?;
        if document.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") }
    })?;
    Ok(if report.coverage.gaps.is_empty() { Outcome::Clean } else { Outcome::Incomplete })
}

/// FNV-1a: tells documents apart, protects nothing.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
