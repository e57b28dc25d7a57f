//! The list for a person at a terminal.

use std::io::{self, Write};

use nodeward_report::Printable;
use nodeward_report::render::Style;

use super::format::{Document, PackageEntry, ProjectEntry, ScriptEntry};

/// The states in the order in which they are shown, with the words for each.
const STATES: &[(&str, &str)] = &[
    ("changed", "changed since they were allowed"),
    ("expired", "allowed until a day that is past"),
    ("undecided", "undecided"),
    ("denied", "denied"),
    ("allowed-unread", "allowed, and not installed"),
    ("allowed", "allowed"),
    ("own", "the project's own"),
];

/// How much of a list is shown without --verbose.
const SHOWN: usize = 12;

/// Writes the list.
pub(crate) fn write(document: &Document, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (at, project) in document.projects.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        self::project(project, style, out)?;
    }
    let open = document.open();
    if open > 0 {
        writeln!(out)?;
        writeln!(out, "{open} to decide: `nodeward install-scripts --explain NAME` says more of one,")?;
        writeln!(out, "`--allow NAME --reason TEXT` lets it run, `--deny NAME --reason TEXT` does not")?;
    }
    Ok(())
}

fn project(project: &ProjectEntry, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let count = project.packages.len();
    let packages = if count == 1 { "1 package runs" } else { &format!("{count} packages run") };
    writeln!(
        out,
        "{} ({}): {packages} scripts when installed",
        Printable(&project.name),
        Printable(&project.file)
    )?;
    for (state, words) in STATES {
        // What is for other platforms is a group of its own: nobody has to decide here.
        let of_state =
            project.packages.iter().filter(|package| package.state == *state && !is_elsewhere(package));
        group(words, of_state.collect(), style, out)?;
    }
    let elsewhere = project.packages.iter().filter(|package| is_elsewhere(package));
    group("for other platforms", elsewhere.collect(), style, out)?;
    if !project.untold.is_empty() {
        writeln!(out)?;
        let shown: Vec<&str> = project.untold.iter().take(SHOWN).map(String::as_str).collect();
        let more = if project.untold.len() > SHOWN { ", …" } else { "" };
        writeln!(
            out,
            "not installed, and the lockfile does not tell of scripts ({}): {}{more}",
            project.untold.len(),
            Printable(&shown.join(", "))
        )?;
    }
    Ok(())
}

/// Whether it is left out here because it is for another platform.
pub(super) fn is_elsewhere(package: &PackageEntry) -> bool {
    package.folders.is_empty() && package.optional && !package.open
}

fn group(words: &str, packages: Vec<&PackageEntry>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(out, "{words} ({})", packages.len())?;
    // What is decided needs no more than its name, unless somebody asks.
    let is_short = !style.verbose && packages.iter().all(|package| !package.open && !package.hidden);
    for package in packages {
        if is_short {
            short(package, out)?;
        } else {
            self::package(package, style, out)?;
        }
    }
    Ok(())
}

fn short(package: &PackageEntry, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "  {}", Printable(&label(package)))?;
    let stages: Vec<&str> = package.scripts.iter().map(|script| script.stage.as_str()).collect();
    if !stages.is_empty() {
        write!(out, "  {}", Printable(&stages.join(", ")))?;
    }
    if let Some(decision) = &package.decision {
        write!(out, "  {} ({}:{})", Printable(&decision.reason), Printable(&decision.file), decision.line)?;
    }
    writeln!(out)
}

fn package(package: &PackageEntry, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}  {}", Printable(&label(package)), Printable(&needed(package)))?;
    for script in &package.scripts {
        self::script(script, out)?;
    }
    if package.scripts.is_empty() {
        writeln!(out, "    not installed: what it runs was not read")?;
    }
    for note in notes(package) {
        writeln!(out, "    {}", Printable(&note))?;
    }
    if style.verbose {
        if let Some(hash) = &package.hash {
            writeln!(out, "    {hash}")?;
        }
        writeln!(out, "    {}", Printable(&format!("path: {}", package.path.join(" > "))))?;
        writeln!(out, "    {}", Printable(&format!("package manager: {}", stance(package))))?;
    }
    Ok(())
}

fn script(script: &ScriptEntry, out: &mut dyn Write) -> io::Result<()> {
    let implied = if script.implicit { "  (implied by binding.gyp)" } else { "" };
    writeln!(out, "    {}: {}{implied}", Printable(&script.stage), Printable(&script.command))?;
    writeln!(out, "      {}", Printable(&script.summary))
}

/// `name@version`.
pub(super) fn label(package: &PackageEntry) -> String {
    match package.version.as_str() {
        "" => package.name.clone(),
        version => format!("{}@{version}", package.name),
    }
}

/// For what it is needed, and where it lies.
pub(super) fn needed(package: &PackageEntry) -> String {
    let mut words = vec![if package.production { "production" } else { "development" }.to_owned()];
    if package.optional {
        words.push("optional".to_owned());
    }
    if package.role != "tarball" {
        words.push(package.role.to_owned());
    }
    match &package.folders[..] {
        [] => {}
        [folder] if folder.is_empty() => {}
        [folder] => words.push(folder.clone()),
        [folder, others @ ..] => words.push(format!("{folder} and {} more", others.len())),
    }
    words.join(", ")
}

/// What somebody who decides should know besides.
pub(super) fn notes(package: &PackageEntry) -> Vec<String> {
    let mut notes = Vec::new();
    if package.hidden {
        notes.push("hidden: the lockfile says that it has no scripts".to_owned());
    }
    if package.unlisted {
        let folders = package.folders.join(", ");
        notes.push(format!("the lockfile has no package in {folders}: remove it, or install anew"));
    }
    if let Some(claims) = &package.claims {
        notes.push(format!("its manifest says that it is {claims}"));
    }
    if let Some(unhashed) = &package.unhashed {
        notes.push(format!("it can't be known again: {unhashed}"));
    }
    if let Some(decision) = &package.decision {
        let until = decision.until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        notes.push(format!("{}:{}: {}{until}", decision.file, decision.line, decision.reason));
    }
    if let Some(changed) = &package.changed {
        let versions = &changed.versions;
        if !versions.is_empty() {
            notes.push(format!("the version is another: {} was allowed", versions.join(", ")));
        }
        notes.push(match (changed.content, versions.is_empty()) {
            ("same", _) => "its scripts are the same".to_owned(),
            ("untold", _) => "whether its scripts are the same can't be told".to_owned(),
            // Scripts that ran leave files that the next hash is made over.
            (_, true) => "its files are others than those that were allowed: its scripts have run, or somebody changed them; \
                          install with scripts off and look again"
                .to_owned(),
            (_, false) => "its scripts are others".to_owned(),
        });
    }
    notes
}

/// What the package manager would do by itself.
pub(super) fn stance(package: &PackageEntry) -> String {
    let runs = match package.package_manager.runs {
        Some(true) => "runs it",
        Some(false) => "does not run it",
        None => "may run it",
    };
    format!("{runs} ({})", package.package_manager.because)
}

/// Everything about some packages.
pub(crate) fn explain(packages: &[&PackageEntry], out: &mut dyn Write) -> io::Result<()> {
    for (at, package) in packages.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        explain_one(package, out)?;
    }
    Ok(())
}

fn explain_one(package: &PackageEntry, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", Printable(&label(package)), Printable(&needed(package)))?;
    writeln!(out, "  state: {}", package.state)?;
    writeln!(out, "  required by: {}", Printable(&package.path.join(" > ")))?;
    for folder in package.folders.iter().filter(|folder| !folder.is_empty()) {
        writeln!(out, "  folder: {}", Printable(folder))?;
    }
    writeln!(out, "  package manager: {}", Printable(&stance(package)))?;
    for note in notes(package) {
        writeln!(out, "  {}", Printable(&note))?;
    }
    if package.scripts.is_empty() {
        writeln!(out, "  not installed: what it runs was not read")?;
    }
    for script in &package.scripts {
        let implied = if script.implicit { "  (implied by binding.gyp)" } else { "" };
        writeln!(out, "\n  {}: {}{implied}", Printable(&script.stage), Printable(&script.command))?;
        for deed in &script.deeds {
            let what = if deed.what.is_empty() { String::new() } else { format!(": {}", deed.what) };
            let place = match (&deed.file, deed.line) {
                (Some(file), 0) => format!("  ({file})"),
                (Some(file), line) => format!("  ({file}:{line})"),
                (None, _) => String::new(),
            };
            writeln!(out, "    {}", Printable(&format!("{}{what}{place}", deed.kind)))?;
        }
    }
    writeln!(out)?;
    if let Some(skip) = skip(package) {
        writeln!(out, "  without it: {skip}")?;
    }
    if let Some(hash) = &package.hash {
        let over = match (package.coverage, &package.because) {
            (Some("whole"), Some(why)) => format!("over the whole package, because of this: {why}"),
            _ => format!("over {} files that it can reach", package.files.len()),
        };
        writeln!(out, "  hash: {hash}")?;
        writeln!(out, "    {}", Printable(&over))?;
    }
    for file in &package.files {
        writeln!(out, "    {}", Printable(file))?;
    }
    Ok(())
}

/// Whether the scripts can be left out, as far as what they do tells.
fn skip(package: &PackageEntry) -> Option<&'static str> {
    let kinds: Vec<&str> =
        package.scripts.iter().flat_map(|script| &script.deeds).map(|deed| deed.kind).collect();
    let has = |kind: &str| kinds.contains(&kind);
    if package.scripts.is_empty() {
        None
    } else if kinds.iter().all(|kind| matches!(*kind, "nothing" | "prints" | "environment")) {
        Some("nothing is missed: it only prints")
    } else if has("unknown") || has("hidden-code") {
        Some("it can't be told what is missed")
    } else if has("checks-native") {
        Some("it may work all the same, where an add-on for this system came along")
    } else {
        Some("it may not work: what the script makes is missing")
    }
}
