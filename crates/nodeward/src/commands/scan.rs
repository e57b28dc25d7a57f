//! `nodeward scan [PATH…]`: the main job.

use nodeward_report::{Report, render};

use crate::cli::{ProjectArgs, ReportArgs};
use crate::inspection::{self, Job, Scope};
use crate::outcome::Outcome;
use crate::output;
use crate::remedies::{self, Metadata};
use crate::session::Session;

/// Check a project: what third-party code does it run, and what is known against it?
///
/// Joins advisories and malware, Node.js itself, how dependencies come in (git, http, files), install scripts,
/// names one slip from a popular one, the lockfile's hygiene and npm's configuration. Every finding carries one of
/// the twelve threats; the report ends with where the project stands on each.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Findings of severity medium or more give exit code 1, unless --fail-on or
nodeward.toml says otherwise.

Examples:
  nodeward scan
  nodeward scan apps/shop apps/admin --prod
  nodeward scan --format sarif --output nodeward.sarif
  nodeward scan pnpm-lock.yaml --fail-on critical --offline
  nodeward scan sbom.cdx.json --vex decisions.openvex.json")]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    projects: ProjectArgs,
    #[command(flatten)]
    report: ReportArgs,
    /// Ask the registry of npm's configuration whether each proposed change works
    #[arg(long)]
    check_fixes: bool,
}

/// Scans.
pub(crate) fn scan(args: &ScanArgs, session: &Session) -> anyhow::Result<Outcome> {
    let job = Job::new("scan", Scope::Everything, &args.projects, &args.report);
    let metadata = if args.check_fixes { Metadata::FromRegistry } else { Metadata::FromAdvisories };
    let mut inspection = inspection::inspect(job, session)?;
    let planned = remedies::plan(&mut inspection, metadata, session)?;
    let report = inspection.report;
    print(&report, &args.report, session)?;
    let outcome = Outcome::from_code(report.exit_code());
    // The process ends here: taking the report and its graphs apart would only keep the user waiting.
    std::mem::forget((report, planned));
    Ok(outcome)
}

/// Renders a report where it was asked for.
pub(super) fn print(report: &Report, args: &ReportArgs, session: &Session) -> anyhow::Result<()> {
    let format = render::find(&args.format).expect("the command line takes only formats of the table");
    let style = session.style(args.output.is_some());
    output::write(args.output.as_deref(), |out| (format.write)(report, style, out))?;
    if let Some(file) = &args.output {
        session.note(format_args!("wrote {}", file.display()));
    }
    Ok(())
}
