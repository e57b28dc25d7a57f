//! The list for a pull request.

use std::io::{self, Write};

use nodeward_report::render::markdown::{code, escape};

use super::format::{Document, PackageEntry};
use super::text::{is_elsewhere, label, needed, notes};

/// Columns of one cell.
const WIDTH: usize = 200;

/// Writes the list.
pub(crate) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for project in &document.projects {
        writeln!(out, "### Install scripts of {}\n", escape(&project.name, WIDTH))?;
        let shown: Vec<&PackageEntry> =
            project.packages.iter().filter(|package| !is_elsewhere(package)).collect();
        if shown.is_empty() {
            writeln!(out, "No scripts run when it is installed.\n")?;
            continue;
        }
        writeln!(out, "| package | needed for | script | what it does | state |\n|---|---|---|---|---|")?;
        for package in shown {
            row(package, out)?;
        }
        writeln!(out)?;
        if !project.untold.is_empty() {
            writeln!(
                out,
                "Of {} packages the lockfile does not tell whether they have scripts.\n",
                project.untold.len()
            )?;
        }
    }
    for gap in &document.gaps {
        writeln!(out, "- not checked: {}; {}", escape(&gap.message, WIDTH), escape(&gap.remedy, WIDTH))?;
    }
    Ok(())
}

fn row(package: &PackageEntry, out: &mut dyn Write) -> io::Result<()> {
    let scripts: Vec<String> = package
        .scripts
        .iter()
        .map(|script| code(&format!("{}: {}", script.stage, script.command), WIDTH))
        .collect();
    let does: Vec<String> = package.scripts.iter().map(|script| escape(&script.summary, WIDTH)).collect();
    let mut state = package.state.to_owned();
    for note in notes(package) {
        state.push_str("<br>");
        state.push_str(&escape(&note, WIDTH));
    }
    writeln!(
        out,
        "| {} | {} | {} | {} | {state} |",
        escape(&label(package), WIDTH),
        escape(&needed(package), WIDTH),
        scripts.join("<br>"),
        does.join("<br>"),
    )
}
