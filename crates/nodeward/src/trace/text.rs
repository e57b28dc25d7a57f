//! A trace for a person at a terminal.

use std::collections::BTreeSet;
use std::io::{self, Write};

use nodeward_package::{DependencyGraph, lockfile};
use nodeward_report::Printable;
use nodeward_report::render::Style;
use nodeward_seal::trace::format::{Change, Document};
use nodeward_seal::trace::{Trace, graph};

use super::findings;
use crate::session::Session;

/// How much of a list is shown without --verbose.
const SHOWN: usize = 15;

/// What the project's lockfile says. `None`: there is none that can be read.
pub(crate) fn lockfile(found: &Trace, session: &Session) -> Option<DependencyGraph> {
    match lockfile::read(&found.list.root) {
        Ok(graph) => Some(graph),
        Err(error) => {
            session.note(format_args!("which packages never load is not known: {error}"));
            None
        }
    }
}

/// The packages that the lockfile installs for production and no file of which is listed.
pub(crate) fn never_loaded(found: &Trace, graph: &DependencyGraph) -> Vec<String> {
    let loaded: BTreeSet<&str> =
        found.list.sources.iter().filter_map(|source| source.package.as_deref()).collect();
    let never = findings::never_loaded(graph, &|label| loaded.contains(label));
    never.into_iter().map(|id| graph.package(id).label()).collect()
}

/// Writes the whole answer.
pub(crate) fn write(found: &Trace, document: &Document, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let most = if style.verbose { usize::MAX } else { SHOWN };
    let list = &found.list;
    writeln!(
        out,
        "{} files can load, {}, of {} packages",
        list.sources.len(),
        graph::bytes(list.size()),
        document.packages.iter().filter(|package| package.package.is_some()).count(),
    )?;
    writeln!(out, "from {}", Printable(&list.entries.join(", ")))?;
    writeln!(out)?;
    writeln!(out, "{:>9} {:>6}  package", "size", "files")?;
    for package in document.packages.iter().take(most) {
        let name = package.package.as_deref().unwrap_or("(project)");
        writeln!(out, "{:>9} {:>6}  {}", graph::bytes(package.size), package.files, Printable(name))?;
    }
    more(document.packages.len(), most, "packages", out)?;
    dynamic(document, most, out)?;
    // Packages ask for much that they go on without; the project's own code seldom does.
    let missing: Vec<String> = document
        .missing
        .iter()
        .filter(|missing| !missing.optional && !missing.file.contains("node_modules/"))
        .map(|missing| format!("{}:{}  {}", missing.file, missing.line, missing.specifier))
        .collect();
    section("Named, and not there", &missing, most, out)?;
    section("Looks like test code or examples, and can load (UIR)", &document.tests, most, out)?;
    if let Some(never) = &document.never_loaded {
        section("Installed for production, and never loads", never, most, out)?;
    }
    if let Some(recording) = &document.recording {
        writeln!(out, "\nRecording: {} files were seen, {} of them kept", recording.seen, recording.kept)?;
        writeln!(
            out,
            "  {} listed files were not seen; the text alone leads to them",
            recording.only_static
        )?;
        section("Only the recording found", &recording.only_recorded, most, out)?;
        section("Seen, and nothing says who loaded them; not kept", &recording.without_parent, most, out)?;
    }
    let unread: Vec<String> =
        document.unread.iter().map(|unread| format!("{}: {}", unread.file, unread.reason)).collect();
    section("Could not be read: what these load is not known", &unread, usize::MAX, out)
}

fn dynamic(document: &Document, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let reads = |how: &str| matches!(how, "path" | "read");
    let open: Vec<String> = document
        .dynamic
        .iter()
        .filter(|dynamic| dynamic.matched.is_none() && !reads(&dynamic.how))
        .map(|dynamic| {
            let what = dynamic.pattern.as_deref().unwrap_or("anything");
            format!("{}:{}  {} of {what}", dynamic.file, dynamic.line, dynamic.how)
        })
        .collect();
    section("Loads that could not be narrowed (UIR)", &open, most, out)?;
    let narrowed = document.dynamic.iter().filter(|dynamic| dynamic.matched.is_some()).count();
    if narrowed > 0 {
        writeln!(
            out,
            "\n{narrowed} loads by patterns were narrowed to the files that they match; --format json has them"
        )?;
    }
    Ok(())
}

/// What came and what went.
pub(crate) fn change(change: &Change, out: &mut dyn Write) -> io::Result<()> {
    if change.is_empty() {
        return writeln!(out, "nothing changed");
    }
    for (sign, what, list) in [
        ('+', "package", &change.packages_added),
        ('-', "package", &change.packages_removed),
        ('+', "load of anything", &change.dynamic_added),
        ('+', "file", &change.files_added),
        ('-', "file", &change.files_removed),
    ] {
        for item in list {
            writeln!(out, "{sign} {what} {}", Printable(item))?;
        }
    }
    Ok(())
}

fn section(title: &str, list: &[String], most: usize, out: &mut dyn Write) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}: {}", list.len())?;
    for item in list.iter().take(most) {
        writeln!(out, "  {}", Printable(item))?;
    }
    more(list.len(), most, "more", out)
}

fn more(count: usize, most: usize, what: &str, out: &mut dyn Write) -> io::Result<()> {
    if count <= most {
        return Ok(());
    }
    let rest = count - most;
    match what {
        "more" => writeln!(out, "  and {rest} more; --verbose shows all"),
        what => writeln!(out, "{:>16}  and {rest} more {what}; --verbose shows all", ""),
    }
}
