//! `nodeward db show ID` and `nodeward db alias ID`.

use std::io::{self, Write};

use anyhow::bail;
use nodeward_advisory::{Index, Record, RecordId};
use nodeward_report::Printable;
use serde::Serialize;

use super::AnswerFormat;
use crate::database;
use crate::outcome::Outcome;
use crate::output;
use crate::session::Session;

/// Show an advisory, by any of its names.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nodeward db show GHSA-35jh-r3h4-6jhm")]
pub(crate) struct ShowArgs {
    /// CVE, GHSA, MAL, NSWG-ECO or any other id
    id: String,
    /// How to answer
    #[arg(short, long, value_enum, default_value = "text")]
    format: AnswerFormat,
}

/// List every name of one flaw.
#[derive(Debug, clap::Args)]
pub(crate) struct AliasArgs {
    /// Any of its names
    id: String,
    /// How to answer
    #[arg(short, long, value_enum, default_value = "text")]
    format: AnswerFormat,
}

/// One advisory in JSON. Keys never change meaning.
#[derive(Debug, Serialize)]
struct Advisory {
    id: String,
    aliases: Vec<String>,
    mentions: Vec<String>,
    source: String,
    summary: String,
    details: String,
    malware: bool,
    severity: Option<&'static str>,
    score: Option<f64>,
    vector: Option<String>,
    cwes: Vec<String>,
    published: Option<jiff::Timestamp>,
    modified: Option<jiff::Timestamp>,
    withdrawn: Option<jiff::Timestamp>,
    affected: Vec<Affected>,
    references: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Affected {
    package: String,
    range: String,
    fixed_versions: Vec<String>,
}

impl From<Record> for Advisory {
    fn from(record: Record) -> Self {
        let affected = record
            .packages
            .iter()
            .map(|package| Affected {
                package: package.name.clone(),
                range: package.range(),
                fixed_versions: package.fixed_versions().iter().map(ToString::to_string).collect(),
            })
            .collect();
        let rating = record.rating;
        Self {
            severity: rating.as_ref().map(|rating| rating.severity.name()),
            score: rating.as_ref().and_then(|rating| rating.score),
            vector: rating.and_then(|rating| rating.vector),
            id: record.id,
            aliases: record.aliases,
            mentions: record.mentions,
            source: record.source,
            summary: record.summary,
            details: record.details,
            malware: record.malware,
            cwes: record.cwes,
            published: record.published,
            modified: record.modified,
            withdrawn: record.withdrawn,
            affected,
            references: record.references,
        }
    }
}

/// Shows.
pub(crate) fn show(args: &ShowArgs, session: &Session) -> anyhow::Result<Outcome> {
    let index = database::require(session)?;
    let found = find(&index, &args.id, session)?;
    let advisories: Vec<Advisory> = found
        .iter()
        .map(|&id| index.record(id).map(Advisory::from))
        .collect::<Result<_, _>>()
        .map_err(|error| database::damaged(session, &error))?;
    output::write(None, |out| match args.format {
        AnswerFormat::Text => write_text(&advisories, out),
        AnswerFormat::Json => {
            let answer = serde_json::json!({ "schema": "nodeward.advisories/1", "advisories": advisories });
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            out.write_all(b"\n")
        }
    })?;
    Ok(Outcome::Clean)
}

/// Lists.
pub(crate) fn alias(args: &AliasArgs, session: &Session) -> anyhow::Result<Outcome> {
    let index = database::require(session)?;
    let found = find(&index, &args.id, session)?;
    let names = index.identity(found[0]).map_err(|error| database::damaged(session, &error))?;
    output::write(None, |out| match args.format {
        AnswerFormat::Text => names.iter().try_for_each(|name| writeln!(out, "{}", Printable(name))),
        AnswerFormat::Json => {
            let answer =
                serde_json::json!({ "schema": "nodeward.aliases/1", "asked": args.id, "names": names });
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            out.write_all(b"\n")
        }
    })?;
    Ok(Outcome::Clean)
}

/// At least one record.
fn find(index: &Index, id: &str, session: &Session) -> anyhow::Result<Vec<RecordId>> {
    let found = index.find(id).map_err(|error| database::damaged(session, &error))?;
    if found.is_empty() {
        bail!(
            "no advisory in the index is called {id:?}; `nodeward db update` fetches the newest ({} records now)",
            index.info().records
        );
    }
    Ok(found)
}

fn write_text(advisories: &[Advisory], out: &mut dyn Write) -> io::Result<()> {
    for (at, advisory) in advisories.iter().enumerate() {
        if at > 0 {
            writeln!(out, "\n{}\n", "-".repeat(40))?;
        }
        write_advisory(advisory, out)?;
    }
    Ok(())
}

fn write_advisory(advisory: &Advisory, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", Printable(&advisory.id), Printable(&advisory.summary))?;
    let mut row = |label: &str, value: &str| {
        if value.is_empty() { Ok(()) } else { writeln!(out, "  {label:<10} {}", Printable(value)) }
    };
    row("also", &advisory.aliases.join(", "))?;
    if advisory.malware {
        row("malware", "the code is meant to harm")?;
    }
    let score = advisory.score.map_or_else(String::new, |score| format!(" {score:.1}"));
    let vector = advisory.vector.as_deref().map_or_else(String::new, |vector| format!("  {vector}"));
    row("severity", &advisory.severity.map_or_else(String::new, |name| format!("{name}{score}{vector}")))?;
    row("weakness", &advisory.cwes.join(", "))?;
    let day = |time: Option<jiff::Timestamp>| {
        time.map_or_else(String::new, |time| time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    row("published", &day(advisory.published))?;
    row("modified", &day(advisory.modified))?;
    row("withdrawn", &day(advisory.withdrawn))?;
    row("source", &advisory.source)?;
    for affected in &advisory.affected {
        row("affects", &format!("{} {}", affected.package, affected.range))?;
        row("fixed in", &affected.fixed_versions.join(", "))?;
    }
    if !advisory.details.trim().is_empty() {
        writeln!(out)?;
        for line in advisory.details.trim().lines().take(200) {
            writeln!(out, "  {}", Printable(line.trim_end()))?;
        }
    }
    if !advisory.references.is_empty() {
        writeln!(out)?;
        for reference in &advisory.references {
            writeln!(out, "  {}", Printable(reference))?;
        }
    }
    Ok(())
}
