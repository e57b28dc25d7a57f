//! `nodeward why NAME[@RANGE]`: every path that brings a package in.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};
use nodeward_package::{DependencyGraph, Edge, EdgeKind, PackageId};
use nodeward_report::Printable;
use serde::Serialize;

use crate::config::PackagePattern;
use crate::outcome::Outcome;
use crate::output;
use crate::projects::{self, Notes, Project};
use crate::session::Session;

/// Show every path that brings a package in.
///
/// Exit code 0: it is there. 1: it is not. 2: something could not be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  nodeward why minimist
  nodeward why 'lodash@<4.17.21' apps/shop
  nodeward why @babel/core --format json")]
pub(crate) struct WhyArgs {
    /// The package, with a range where not every version is meant
    #[arg(value_name = "NAME[@RANGE]", value_parser = PackagePattern::parse)]
    package: PackagePattern,
    /// Projects, as for scan [default: .]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// At most so many paths per release
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    limit: usize,
    /// How to answer
    #[arg(short, long, value_enum, default_value = "text")]
    format: WhyFormat,
    /// Write the answer to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhyFormat {
    Text,
    Json,
}

/// The answer in JSON: `nodeward.why/1`. Keys never change meaning.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    releases: Vec<Release>,
    /// What could not be read.
    gaps: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Release {
    project: String,
    name: String,
    version: String,
    file: String,
    line: u32,
    production: bool,
    development: bool,
    optional: bool,
    /// Whether there are more paths than are listed.
    more: bool,
    /// From the project to the package.
    paths: Vec<Vec<Step>>,
}

#[derive(Debug, Serialize)]
struct Step {
    name: String,
    version: String,
    /// The other names that the step before requires it under.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    /// The range that the step before requires it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

/// Answers.
pub(crate) fn why(args: &WhyArgs, session: &Session) -> anyhow::Result<Outcome> {
    let projects = projects::read(&args.paths, Notes::Foreign, session)?;
    let answer = Answer {
        schema: "nodeward.why/1",
        releases: projects.projects.iter().flat_map(|project| releases(project, args)).collect(),
        gaps: projects.gaps.iter().map(|gap| gap.message.clone()).collect(),
    };
    for gap in &projects.gaps {
        session.warn(format_args!("{}; {}", gap.message, gap.remedy));
    }
    output::write(args.output.as_deref(), |out| match args.format {
        WhyFormat::Text => write_text(&answer, &args.package.name, out),
        WhyFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &answer)?;
            out.write_all(b"\n")
        }
    })?;
    Ok(match (answer.releases.is_empty(), answer.gaps.is_empty()) {
        (false, true) => Outcome::Clean,
        (true, true) => Outcome::Findings,
        _ => Outcome::Incomplete,
    })
}

fn releases(project: &Project, args: &WhyArgs) -> Vec<Release> {
    let graph = &project.graph;
    let mut wanted: Vec<PackageId> = graph
        .iter()
        .filter(|(id, package)| {
            // What is required under an alias is found under either name.
            let mut names = std::iter::once(package.name.as_str()).chain(graph.aliases(*id));
            !graph.is_root(*id) && names.any(|name| args.package.matches(name, &package.version_text))
        })
        .map(|(id, _)| id)
        .collect();
    wanted.sort_by_key(|&id| (graph.package(id).version.clone(), id));
    wanted.into_iter().map(|id| release(project, id, args.limit.max(1))).collect()
}

fn release(project: &Project, id: PackageId, limit: usize) -> Release {
    let graph = &project.graph;
    let package = graph.package(id);
    let mut paths = graph.paths_to(id, limit.saturating_add(1));
    let more = paths.len() > limit;
    paths.truncate(limit);
    Release {
        project: project.name.clone(),
        name: package.name.to_string(),
        version: package.version_text.to_string(),
        file: graph.file().display().to_string(),
        line: package.position.line,
        production: package.reach.production,
        development: package.reach.development,
        optional: package.reach.optional,
        more,
        paths: paths.iter().map(|path| steps(graph, path)).collect(),
    }
}

fn steps(graph: &DependencyGraph, path: &[PackageId]) -> Vec<Step> {
    path.iter()
        .enumerate()
        .map(|(at, &id)| {
            let package = graph.package(id);
            let before = at.checked_sub(1).map_or(&[][..], |before| graph.dependencies(path[before]));
            let edges: Vec<&Edge> = before.iter().filter(|edge| edge.to == Some(id)).collect();
            let edge = edges.first();
            let own = package.name.as_str();
            let is_alias = |edge: &&&Edge| *edge.name != *own && !package.origin.is_first_party();
            Step {
                name: own.to_owned(),
                version: package.version_text.to_string(),
                aliases: edges.iter().filter(is_alias).map(|edge| edge.name.to_string()).collect(),
                required: edge
                    .map(|edge| edge.specifier.to_string())
                    .filter(|specifier| !specifier.is_empty()),
                kind: edge.and_then(|edge| kind(edge.kind)),
            }
        })
        .collect()
}

/// The ordinary case goes without saying.
fn kind(kind: EdgeKind) -> Option<&'static str> {
    match kind {
        EdgeKind::Production => None,
        EdgeKind::Development => Some("dev"),
        EdgeKind::Optional => Some("optional"),
        EdgeKind::Peer => Some("peer"),
        EdgeKind::OptionalPeer => Some("optional peer"),
    }
}

fn write_text(answer: &Answer, name: &str, out: &mut dyn Write) -> io::Result<()> {
    if answer.releases.is_empty() {
        return writeln!(out, "{} is not among the dependencies", Printable(name));
    }
    for (at, release) in answer.releases.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let reach = match (release.production, release.development) {
            (true, _) => "production",
            (false, true) => "development only",
            (false, false) => "nothing requires it",
        };
        writeln!(
            out,
            "{}@{}  ({reach}{})  {}{}",
            Printable(&release.name),
            Printable(&release.version),
            if release.optional { ", optional" } else { "" },
            Printable(&release.file),
            if release.line > 0 { format!(":{}", release.line) } else { String::new() },
        )?;
        for path in &release.paths {
            write!(out, "  ")?;
            for (at, step) in path.iter().enumerate() {
                write_step(step, at, out)?;
            }
            writeln!(out)?;
        }
        if release.more {
            writeln!(out, "  … and more paths; --limit shows them")?;
        }
    }
    Ok(())
}

fn write_step(step: &Step, at: usize, out: &mut dyn Write) -> io::Result<()> {
    if at > 0 {
        write!(out, " > ")?;
    }
    write!(out, "{}", Printable(&step.name))?;
    if !step.version.is_empty() {
        write!(out, "@{}", Printable(&step.version))?;
    }
    if !step.aliases.is_empty() {
        write!(out, " as {}", Printable(&step.aliases.join(", ")))?;
    }
    match (&step.required, step.kind) {
        (Some(required), Some(kind)) => write!(out, " ({}, {kind})", Printable(required)),
        (Some(required), None) => write!(out, " ({})", Printable(required)),
        (None, Some(kind)) => write!(out, " ({kind})"),
        (None, None) => Ok(()),
    }
}
