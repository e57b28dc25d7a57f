//! Writes `[[install.allow]]` and `[[install.deny]]` into `nodeward.toml` and leaves the rest of the file as it is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use jiff::civil::Date;
use nodeward_package::PackageName;
use nodeward_review::install::{Allow, ContentHash, Decisions, Deny, Item, Own};

use crate::config::{Config, FILE_NAME};
use crate::disk;

/// What is to be allowed.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) item: &'a Item,
    pub(crate) hash: ContentHash,
    pub(crate) reason: &'a str,
    pub(crate) network: &'a [String],
    pub(crate) until: Option<Date>,
}

/// What is to be denied.
#[derive(Debug)]
pub(crate) struct Denied<'a> {
    pub(crate) package: &'a PackageName,
    pub(crate) reason: &'a str,
}

/// What is to be written.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) wanted: &'a [Wanted<'a>],
    /// The lines of entries that stay although they are of a package that is wanted.
    pub(crate) in_use: &'a [u32],
    pub(crate) denied: &'a [Denied<'a>],
}

impl Change<'_> {
    /// Whether an entry goes: what is wanted or denied takes its place.
    fn replaces(&self, allow: &Allow) -> bool {
        let is_wanted = self.wanted.iter().any(|wanted| wanted.item.name == allow.package);
        is_wanted && !self.in_use.contains(&allow.place.line)
            || self.denied.iter().any(|denied| *denied.package == allow.package)
    }
}

/// Records decisions; gives the file that was written. Allowances of the same packages that are not in use any more
/// are cut out.
///
/// # Errors
/// A file that can't be read or written, or that would not say what it should: then nothing is written.
pub(crate) fn write(config: &Config, folder: &Path, change: &Change<'_>) -> anyhow::Result<PathBuf> {
    let file = config.file.as_deref().map_or_else(|| folder.join(FILE_NAME), Path::to_path_buf);
    let file = file.strip_prefix(".").map(Path::to_path_buf).unwrap_or(file);
    let before = match std::fs::symlink_metadata(&file) {
        Ok(_) => crate::config::read_text(&file)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let after = edited(&file, &before, change)?;
    disk::replace_itself(&file, |out| out.write_all(after.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// The text with what is decided.
fn edited(file: &Path, before: &str, change: &Change<'_>) -> anyhow::Result<String> {
    let known = Config::parse(file, before)?.install;
    let mut after = without(before, &known, &|allow| change.replaces(allow))?;
    if !after.is_empty() && !after.ends_with('\n') {
        after.push('\n');
    }
    let entries = change.wanted.iter().map(entry).chain(change.denied.iter().map(denial));
    for entry in entries {
        if !after.is_empty() {
            after.push('\n');
        }
        after.push_str(&entry);
    }
    check(file, &known, &after, change)?;
    Ok(after)
}

fn denial(denied: &Denied<'_>) -> String {
    let value = |text: &str| toml::Value::from(text);
    format!(
        "[[install.deny]]\npackage = {}\nreason = {}\n",
        value(denied.package.as_str()),
        value(denied.reason)
    )
}

fn entry(wanted: &Wanted<'_>) -> String {
    let mut text = "[[install.allow]]\n".to_owned();
    let mut line = |key: &str, value: toml::Value| {
        let _ = writeln!(text, "{key} = {value}");
    };
    line("package", wanted.item.name.as_str().into());
    line("version", wanted.item.version.to_string().into());
    line("hash", wanted.hash.to_string().into());
    line("reason", wanted.reason.into());
    if !wanted.network.is_empty() {
        line("network", wanted.network.to_vec().into());
    }
    if let Some(until) = wanted.until {
        line("until", until.to_string().into());
    }
    text
}

/// The text without the entries that are replaced: from the line of their head to the next head, or to the comment or
/// blank line before it.
fn without(text: &str, known: &Decisions, is_replaced: &dyn Fn(&Allow) -> bool) -> anyhow::Result<String> {
    let replaced: Vec<u32> =
        known.allow.iter().filter(|allow| is_replaced(allow)).map(|allow| allow.place.line).collect();
    if replaced.is_empty() {
        return Ok(text.to_owned());
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut dropped = vec![false; lines.len()];
    for line in replaced {
        let start = (line as usize).saturating_sub(1);
        let head = lines.get(start).map(|line| line.trim()).unwrap_or_default();
        ensure!(
            head.starts_with("[[") && head.contains("install") && head.contains("allow"),
            "line {line} has an entry in another form than `[[install.allow]]`; edit it by hand"
        );
        let mut end = start + 1;
        while lines.get(end).is_some_and(|line| !line.trim_start().starts_with('[')) {
            end += 1;
        }
        // What stands directly above the next head belongs to it.
        while end > start + 1 && is_between(lines[end - 1]) {
            end -= 1;
        }
        // The blank line between this and what is before goes along.
        let start = if start > 0 && lines[start - 1].trim().is_empty() { start - 1 } else { start };
        dropped[start..end].fill(true);
    }
    Ok(lines.iter().zip(dropped).filter(|(_, dropped)| !dropped).map(|(line, _)| *line).collect())
}

fn is_between(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Whether entries stand in a list of tables within a line, by its looks: asked only of what can't be read.
fn is_written_in_lists(text: &str) -> bool {
    let is_key = |line: &str, key: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let keys = ["allow", "deny", "install", "install.allow", "install.deny"];
    text.lines().any(|line| keys.iter().any(|key| is_key(line, key)))
}

/// Whether the new text says what it should and nothing else: what was there, what is decided, in any order.
fn check(file: &Path, known: &Decisions, after: &str, change: &Change<'_>) -> anyhow::Result<()> {
    let place = || nodeward_package::Place::file(file);
    let unplaced = |allow: &Allow| Allow { place: place(), ..allow.clone() };
    let refused = |deny: &Deny| Deny { place: place(), ..deny.clone() };
    let read = Config::parse(file, after)
        .map_err(|error| match is_written_in_lists(after) {
            true => anyhow::anyhow!(
                "{} has `allow = […]` or `deny = […]`, to which nothing can be added; write each of these entries as `[[install.allow]]` or `[[install.deny]]`, or this one by hand",
                file.display()
            ),
            false => error.context("the edited file would not be read"),
        })?
        .install;
    let mut expected: Vec<Allow> =
        known.allow.iter().filter(|allow| !change.replaces(allow)).map(unplaced).collect();
    expected.extend(change.wanted.iter().map(|wanted| Allow {
        package: wanted.item.name.clone(),
        versions: vec![wanted.item.version.clone()],
        hash: wanted.hash,
        reason: wanted.reason.to_owned(),
        network: wanted.network.to_vec(),
        until: wanted.until,
        place: place(),
    }));
    let mut denied: Vec<Deny> = known.deny.iter().map(refused).collect();
    denied.extend(change.denied.iter().map(|denied| Deny {
        package: denied.package.clone(),
        reason: denied.reason.to_owned(),
        place: place(),
    }));
    let own = |own: &Option<Own>| own.as_ref().map(|own| (own.write.clone(), own.network.clone()));
    let is_same = read.allow.iter().map(unplaced).eq(expected)
        && read.deny.iter().map(refused).eq(denied)
        && own(&read.own) == own(&known.own);
    if !is_same {
        bail!("{} has a form that can't be edited; write the entry by hand", file.display());
    }
    Ok(())
}
