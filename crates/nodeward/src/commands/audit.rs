//! `nodeward audit [PATH…]`: advisories only, and their fixes.

use crate::cli::{ProjectArgs, ReportArgs};
use crate::inspection::{self, Job, Scope};
use crate::outcome::Outcome;
use crate::session::Session;

/// Check advisories only.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Findings of any severity give exit code 1, unless --fail-on or nodeward.toml says otherwise.

Examples:
  nodeward audit
  nodeward audit --prod --fail-on high
  nodeward audit --format github")]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    projects: ProjectArgs,
    #[command(flatten)]
    report: ReportArgs,
}

/// Audits.
pub(crate) fn audit(args: &AuditArgs, session: &Session) -> anyhow::Result<Outcome> {
    let job = Job::new("audit", Scope::Advisories, &args.projects, &args.report);
    let report = inspection::inspect(job, session)?;
    super::scan::print(&report, &args.report, session)?;
    Ok(Outcome::from_code(report.exit_code()))
}
