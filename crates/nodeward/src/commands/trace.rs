//! `nodeward trace ENTRY…`: which files can load in production?

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{ValueEnum, ValueHint};
use nodeward_javascript::ModuleSync;
use nodeward_report::{Printable, Severity};
use nodeward_seal::trace::format::Document;
use nodeward_seal::trace::{Options, Trace, graph};

use crate::outcome::Outcome;
use crate::output;
use crate::session::Session;
use crate::trace::recording::RecordArgs;
use crate::trace::{findings, recording, text};

/// List the files that a program can load in production, and say why.
///
/// Reads the program's text from its entries on, as Node.js would load it, and runs none of it. With --record it also
/// runs a command, its tests most likely, notes what loads, and keeps what the entries lead to.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0, nothing at the threshold. 1, findings at the threshold
(--fail-on): loads of anything in the project's own code are medium, those of
dependencies low. 2, a file could not be read or parsed.

Examples:
  nodeward trace server.js
  nodeward trace .                       the package in this folder
  nodeward trace server.js --explain node_modules/ms/index.js
  nodeward trace server.js --graph html -o graph.html
  nodeward trace server.js --format json -o trace.json
  nodeward trace server.js --diff trace.json
  nodeward trace . --record -- npm test
  nodeward trace . --recording nodeward.recording.json")]
pub(crate) struct TraceArgs {
    /// Files where the program starts, or folders of packages (their main, exports and bin) [default: .]
    #[arg(value_name = "ENTRY", value_hint = ValueHint::AnyPath)]
    entries: Vec<PathBuf>,
    /// A condition of `exports` beside Node.js's own (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    conditions: Vec<String>,
    /// The version of Node.js that it is for: 20, 22.11
    #[arg(long, value_name = "VERSION")]
    node: Option<String>,
    /// A variable of the environment that is known: NODE_ENV=production (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// The system that it is for, as Node.js calls it: linux-x64, darwin-arm64 [default: this one]
    #[arg(long, value_name = "SYSTEM")]
    platform: Option<String>,
    /// The folder that all files have to be below [default: the package's, or as far up as files stand]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    root: Option<PathBuf>,
    /// Say why a file is in the list: the way from an entry to it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["graph", "diff"])]
    explain: Option<PathBuf>,
    /// Draw which package loads which
    #[arg(long, value_name = "KIND", conflicts_with = "diff")]
    graph: Option<GraphKind>,
    /// Say what came and went since a trace that was written with --format json
    #[arg(long, value_name = "OLD", value_hint = ValueHint::FilePath)]
    diff: Option<PathBuf>,
    #[command(flatten)]
    record: RecordArgs,
    /// How to write the answer
    #[arg(short, long, value_enum, default_value = "text")]
    format: TraceFormat,
    /// Write the answer to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// From which severity on findings give exit code 1: info, low, medium, high or critical
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    fail_on: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphKind {
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// One page to go through, which loads nothing
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TraceFormat {
    /// For a person at a terminal
    Text,
    /// The list with every edge: nodeward.trace/1
    Json,
    /// The findings, as scan and lint write them: nodeward.findings/1
    Findings,
    /// The findings as SARIF 2.1.0
    Sarif,
    /// The findings as Markdown
    Markdown,
    /// The findings as annotations of GitHub Actions
    Github,
}

/// Traces.
pub(crate) fn trace(args: &TraceArgs, session: &Session) -> anyhow::Result<Outcome> {
    let options = options(args, session)?;
    let recordings: Vec<PathBuf> =
        args.record.recording.iter().map(|file| session.directory.join(file)).collect();
    let mut found = nodeward_seal::trace::trace(&options)
        .map_err(|error| recording::placed(error, &recordings, session))?;
    let recorded = match args.record.record {
        true => Some(recording::record(&args.record, &options, &mut found, session)?),
        false => None,
    };
    let mut document = Document::of(&found);
    document.recording = recorded;
    let graph = text::lockfile(&found, session);
    document.never_loaded = graph.as_ref().map(|graph| text::never_loaded(&found, graph));
    let output = args.output.as_deref();
    if let Some(file) = &args.explain {
        return explain(&found, file, session, output);
    }
    if let Some(kind) = args.graph {
        let drawn = match kind {
            GraphKind::Dot => graph::dot(&found),
            GraphKind::Svg => graph::svg(&found),
            GraphKind::Html => graph::html(&found),
        };
        output::write(output, |out| out.write_all(drawn.as_bytes()))?;
        return Ok(Outcome::Clean);
    }
    if let Some(old) = &args.diff {
        return diff(&document, old, args.format, output);
    }
    let report = findings::report(&found, graph.as_ref(), &document, args.fail_on, session);
    let rendered = match args.format {
        TraceFormat::Text => {
            output::write(output, |out| {
                text::write(&found, &document, session.style(output.is_some()), out)
            })?;
            None
        }
        TraceFormat::Json => {
            output::write(output, |out| {
                serde_json::to_writer_pretty(&mut *out, &document)?;
                out.write_all(b"\n")
            })?;
            None
        }
        TraceFormat::Findings => Some("json"),
        TraceFormat::Sarif => Some("sarif"),
        TraceFormat::Markdown => Some("markdown"),
        TraceFormat::Github => Some("github"),
    };
    if let Some(name) = rendered {
        findings::write(&report, name, session.style(output.is_some()), output)?;
    }
    Ok(Outcome::from_code(report.exit_code()))
}

fn options(args: &TraceArgs, session: &Session) -> anyhow::Result<Options> {
    let here = |path: &PathBuf| session.directory.join(path);
    let defaults = Options::default();
    let (platform, architecture) = match args.platform.as_deref().map(|system| system.split_once('-')) {
        None => (defaults.platform.clone(), defaults.architecture.clone()),
        Some(Some((platform, architecture))) => (platform.to_owned(), architecture.to_owned()),
        Some(None) => anyhow::bail!("--platform: write system and processor, as in linux-x64"),
    };
    Ok(Options {
        entries: match &args.entries[..] {
            [] => vec![session.directory.clone()],
            entries => entries.iter().map(here).collect(),
        },
        root: args.root.as_ref().map(here),
        conditions: args.conditions.clone(),
        module_sync: args.node.as_deref().map_or(Ok(ModuleSync::Offered), module_sync)?,
        environment: args.env.clone(),
        platform,
        architecture,
        seen: match args.record.record {
            true => None,
            false => {
                let files: Vec<PathBuf> = args.record.recording.iter().map(here).collect();
                recording::read(&files, session)?
            }
        },
        ..defaults
    })
}

/// Whether a version of Node.js knows the condition `module-sync`: 20.19, 22.10 and later ones do.
fn module_sync(version: &str) -> anyhow::Result<ModuleSync> {
    let mut parts = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), minor) = (parts.next(), parts.next()) else {
        anyhow::bail!("--node: {} is no version of Node.js; write 22 or 22.11", Printable(version));
    };
    let minor = minor.and_then(Result::ok).unwrap_or(u32::MAX);
    Ok(match (major, minor) {
        (..20, _) | (20, ..19) | (21, _) | (22, ..10) => ModuleSync::Unknown,
        _ => ModuleSync::Offered,
    })
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn explain(found: &Trace, file: &Path, session: &Session, output: Option<&Path>) -> anyhow::Result<Outcome> {
    let real = session.directory.join(file).canonicalize();
    let below = real.as_deref().ok().and_then(|real| real.strip_prefix(&found.list.root).ok());
    let wanted = match below {
        Some(below) => below.to_string_lossy().replace('\\', "/"),
        None => file.to_string_lossy().replace('\\', "/"),
    };
    let way = found.explain(&wanted);
    output::write(output, |out| match &way {
        None => {
            writeln!(out, "{} is not in the list: nothing that was traced leads to it", Printable(&wanted))
        }
        Some(way) if way.is_empty() && found.list.entries.contains(&wanted) => {
            writeln!(out, "{}  the program starts here", Printable(&wanted))
        }
        Some(way) => {
            for edge in way {
                let from = &found.list.sources[edge.from].path;
                let place = if edge.line > 0 { format!("{from}:{}", edge.line) } else { from.clone() };
                writeln!(out, "{}  {}", Printable(&place), edge.how.name())?;
            }
            writeln!(out, "{}", Printable(&wanted))
        }
    })?;
    Ok(if way.is_some() { Outcome::Clean } else { Outcome::Findings })
}

fn diff(new: &Document, old: &Path, format: TraceFormat, output: Option<&Path>) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(old).with_context(|| format!("cannot read {}", old.display()))?;
    let old = Document::parse(&text)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("{}: write it anew with `trace --format json`", old.display()))?;
    let change = new.since(&old);
    output::write(output, |out| match format {
        TraceFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &change)?;
            out.write_all(b"\n")
        }
        _ => text::change(&change, out),
    })?;
    Ok(if change.is_empty() { Outcome::Clean } else { Outcome::Findings })
}
