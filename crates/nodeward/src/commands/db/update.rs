//! `nodeward db update`.

use nodeward_advisory::store::Guard;

use crate::database;
use crate::feeds::{self, Feed, Updated};
use crate::first_run;
use crate::outcome::Outcome;
use crate::output;
use crate::session::{Chatter, Session};
use crate::transport::Patience;

/// Fetch the newest advisories and build the index anew.
///
/// Without --from the public feeds are asked: OSV's npm export, then only what changed; the flaws of Node.js itself;
/// its release schedule. The new index replaces the old one in one step, after it has been read back whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Locations: a URL (of a file, or of a mirror's folder with all.zip), a zip, a
folder, or a JSON file.
Formats: OSV, and the Node.js Security WG's npm and core advisories.

Examples:
  nodeward db update
  nodeward db update --from https://mirror.example.org/osv/npm/
  nodeward db update --from osv=npm-all.zip --from nodejs-core=core/index.json")]
pub(super) struct UpdateArgs {
    /// Take a feed from here instead of the public ones; NAME is osv (if left out), nodejs-core or nodejs-schedule
    /// [env: NODEWARD_DB_SOURCE, several with commas]
    #[arg(long, value_name = "[NAME=]LOCATION", value_parser = Feed::parse)]
    from: Vec<Feed>,
    /// Take a feed that is older, empty or much smaller than the index, and replace a damaged index
    #[arg(long)]
    force: bool,
}

/// Updates.
pub(super) fn update(args: &UpdateArgs, session: &Session) -> anyhow::Result<Outcome> {
    let feeds = if args.from.is_empty() { Feed::usual(session)? } else { args.from.clone() };
    let guard = if args.force { Guard::Force } else { Guard::Enforce };
    let results = feeds::update(&feeds, guard, Patience::ASKED, session)?;
    let mut outcome = Outcome::Clean;
    let mut lines = Vec::new();
    for result in results {
        match result {
            Ok(Updated::Current { name }) => lines.push(format!("{name}: up to date")),
            Ok(Updated::Taken { name, records, remarks, remark_count }) => {
                lines.push(format!("{name}: {records} records"));
                tell(&remarks, remark_count, session);
            }
            Err(error) => {
                session.print_error(&error);
                outcome = Outcome::Incomplete;
            }
        }
    }
    if let Some(index) = database::open(session)? {
        first_run::forget_failure(session);
        let info = index.info();
        lines.push(format!(
            "the index has {} advisories on {} packages, {} of them malware",
            info.records, info.names, info.malware
        ));
    }
    output::write(None, |out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
    Ok(outcome)
}

fn tell(remarks: &[String], count: usize, session: &Session) {
    if session.chatter == Chatter::Verbose {
        for remark in remarks {
            session.note(remark);
        }
    } else if count > 0 {
        session.note(format_args!("{count} oddities in the records; --verbose shows them"));
    }
}
