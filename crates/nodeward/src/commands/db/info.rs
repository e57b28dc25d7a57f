//! `nodeward db info`.

use std::io::{self, Write};

use jiff::Timestamp;
use nodeward_advisory::index::IndexInfo;
use nodeward_report::Printable;
use serde::Serialize;

use super::AnswerFormat;
use crate::database;
use crate::outcome::Outcome;
use crate::output;
use crate::session::Session;

/// Tell what the index holds, and how old it is.
///
/// Exit code 2 where there is no index, or a damaged one.
#[derive(Debug, clap::Args)]
pub(crate) struct InfoArgs {
    /// Read all of the index and check that it is whole
    #[arg(long)]
    verify: bool,
    /// How to answer
    #[arg(short, long, value_enum, default_value = "text")]
    format: AnswerFormat,
}

/// The answer in JSON: `nodeward.index-info/1`. Keys never change meaning.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    path: String,
    format_version: u32,
    records: u32,
    malware: u32,
    withdrawn: u32,
    packages: u32,
    built: Timestamp,
    newest: Option<Timestamp>,
    age_days: i64,
    stale: bool,
    verified: bool,
    sources: Vec<Source<'a>>,
}

#[derive(Debug, Serialize)]
struct Source<'a> {
    name: &'a str,
    records: u32,
    newest: Option<Timestamp>,
    updated: Timestamp,
}

/// Tells.
pub(crate) fn info(args: &InfoArgs, session: &Session) -> anyhow::Result<Outcome> {
    let index = database::require(session)?;
    if args.verify {
        index.verify().map_err(|error| database::damaged(session, &error))?;
    }
    let answer = answer(index.info(), args.verify, session);
    output::write(None, |out| match args.format {
        AnswerFormat::Text => write_text(&answer, out),
        AnswerFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            out.write_all(b"\n")
        }
    })?;
    Ok(Outcome::Clean)
}

fn answer<'a>(info: &'a IndexInfo, verified: bool, session: &Session) -> Answer<'a> {
    let age_days = database::age_in_days(info, session);
    Answer {
        schema: "nodeward.index-info/1",
        path: database::file(session).display().to_string(),
        format_version: info.format_version,
        records: info.records,
        malware: info.malware,
        withdrawn: info.withdrawn,
        packages: info.names,
        built: info.built,
        newest: info.newest,
        age_days,
        stale: age_days > database::STALE_DAYS,
        verified,
        sources: info
            .sources
            .iter()
            .map(|source| Source {
                name: &source.name,
                records: source.records,
                newest: source.newest,
                updated: source.updated,
            })
            .collect(),
    }
}

fn write_text(answer: &Answer<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "advisory index   {}", Printable(&answer.path))?;
    writeln!(
        out,
        "records          {} on {} packages ({} malware, {} withdrawn)",
        answer.records, answer.packages, answer.malware, answer.withdrawn
    )?;
    let age = match answer.age_days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    };
    let stale = if answer.stale { "; stale: run `nodeward db update`" } else { "" };
    writeln!(out, "updated          {} ({age}{stale})", day(answer.built))?;
    if let Some(newest) = answer.newest {
        writeln!(out, "newest record    {}", day(newest))?;
    }
    if answer.verified {
        writeln!(out, "verified         all of it is whole")?;
    }
    writeln!(out, "sources")?;
    for source in &answer.sources {
        write!(out, "  {:<16} {} records", Printable(source.name), source.records)?;
        if let Some(newest) = source.newest {
            write!(out, ", newest {}", day(newest))?;
        }
        writeln!(out, ", read {}", day(source.updated))?;
    }
    Ok(())
}

fn day(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
