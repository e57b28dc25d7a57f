//! What the command line says about install scripts, written into `nodeward.toml`.

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use nodeward_report::Printable;
use nodeward_review::install::{Allow, Item, Listing, Reach, ReadScripts, State, summary};

use super::Looked;
use super::edit::{self, Change, Denied, Wanted};
use super::format::is_open;
use crate::config::Config;
use crate::gather;
use crate::projects::Project;
use crate::session::Session;

/// A project, what would run there, and what its file says.
pub(crate) type Subject<'a> = (&'a Project, Looked, Config);

/// What goes with a decision: why, and for those who allow something how far it goes. The command has `--allow` and a
/// group `decision` of all options that decide.
#[derive(Debug, clap::Args)]
pub(crate) struct Terms {
    /// Why
    #[arg(long, value_name = "TEXT", requires = "decision")]
    reason: Option<String>,
    /// A host that what is allowed may reach (repeatable)
    #[arg(long, value_name = "HOST", requires = "allow")]
    network: Vec<String>,
    /// The last day on which it may run: 2027-01-31
    #[arg(long, value_name = "DATE", requires = "allow")]
    until: Option<Date>,
}

impl Terms {
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// What is wished for of these packages.
    pub(crate) fn wish<'a>(&'a self, names: &'a [String], reason: &'a str) -> Wish<'a> {
        Wish { names, reason, network: &self.network, until: self.until }
    }
}

/// Packages whose scripts may run, as the command line names them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    /// `NAME` or `NAME@VERSION`.
    pub(crate) names: &'a [String],
    pub(crate) reason: &'a str,
    pub(crate) network: &'a [String],
    pub(crate) until: Option<Date>,
}

/// A reason that says something.
pub(crate) fn reason<'a>(given: Option<&'a str>, wanted: &str) -> anyhow::Result<&'a str> {
    let reason = given.unwrap_or_default().trim();
    if reason.is_empty() {
        bail!("--reason is empty: say why {wanted}");
    }
    Ok(reason)
}

/// Allows what is wished for, in all of the projects that have it; says what that is. All of it, or nothing.
pub(crate) fn allow(wish: Wish<'_>, subjects: &[Subject<'_>], session: &Session) -> anyhow::Result<()> {
    for name in wish.names {
        let (name, version) = split(name);
        let mut items = subjects.iter().flat_map(|(_, looked, _)| &looked.inventory.items);
        if !items.any(|item| is_meant(item, name, version)) {
            bail!("{}", unknown(name, version, subjects));
        }
    }
    if let Some(until) = wish.until.filter(|until| *until < super::today(session)) {
        bail!("--until {until} is past: nothing would be allowed");
    }
    let choices: Vec<_> =
        subjects.iter().map(|subject| chosen(wish, subject, session)).collect::<anyhow::Result<_>>()?;
    for ((project, _, config), (wanted, in_use)) in subjects.iter().zip(&choices) {
        if wanted.is_empty() {
            continue;
        }
        let change = Change { wanted, in_use, denied: &[] };
        let file = edit::write(config, &project.folder, &change)?;
        for wanted in wanted {
            describe(wanted, session);
            session.note(format_args!("{} is allowed, in {}", wanted.item.label(), file.display()));
        }
    }
    Ok(())
}

type Chosen<'a> = (Vec<Wanted<'a>>, Vec<u32>);

fn chosen<'a>(
    wish: Wish<'a>,
    (project, looked, config): &'a Subject<'_>,
    session: &Session,
) -> anyhow::Result<Chosen<'a>> {
    let (mut wanted, mut in_use): (Vec<Wanted<'a>>, Vec<u32>) = (Vec::new(), Vec::new());
    for text in wish.names {
        let (name, version) = split(text);
        let mut open: Vec<&Item> = Vec::new();
        for item in looked.inventory.items.iter().filter(|item| item.name.as_str() == name) {
            let state = looked.state(item, &config.install);
            let is_meant = is_meant(item, name, version);
            match state {
                State::Allowed(allow) | State::AllowedUnread(allow)
                    if is_meant && asks_for_more(wish, allow) =>
                {
                    wanted.push(more(item, wish, allow)?);
                }
                State::Allowed(allow) | State::AllowedUnread(allow) => {
                    in_use.push(allow.place.line);
                    if is_meant {
                        session.note(format_args!("{} is allowed already, by {}", item.label(), allow.place));
                    }
                }
                _ if !is_meant => {}
                State::Denied(deny) => {
                    bail!("{}: {} is denied there; remove that first", deny.place, item.label())
                }
                State::Own => bail!("{} is the project's own: its scripts need no allowance", item.label()),
                _ if is_open(item, state) => open.push(item),
                _ => {}
            }
        }
        match open[..] {
            [] => {}
            [item] => wanted.push(want(item, wish, project)?),
            _ => bail!("{}", ambiguous(text, &open)),
        }
    }
    wanted.dedup_by(|one, other| one.item.label() == other.item.label());
    Ok((wanted, in_use))
}

/// Whether what is allowed already is to have other hosts, or another last day.
fn asks_for_more(wish: Wish<'_>, allow: &Allow) -> bool {
    !wish.network.is_empty() && wish.network != allow.network
        || wish.until.is_some() && wish.until != allow.until
}

/// What takes the place of what is allowed: what the command line does not speak of stays as it was, and so does the
/// hash, which what its own scripts made of the package does not change.
fn more<'a>(item: &'a Item, wish: Wish<'a>, allow: &'a Allow) -> anyhow::Result<Wanted<'a>> {
    if allow.versions.len() > 1 {
        bail!(
            "{}: {} is allowed there together with other versions; write its `network` and `until` there by hand",
            allow.place,
            item.label()
        );
    }
    let network = if wish.network.is_empty() { &allow.network } else { wish.network };
    Ok(Wanted { item, hash: allow.hash, reason: wish.reason, network, until: wish.until.or(allow.until) })
}

fn want<'a>(item: &'a Item, wish: Wish<'a>, project: &Project) -> anyhow::Result<Wanted<'a>> {
    let Some(read) = item.read() else {
        unreadable(item, project)?;
        bail!(
            "{} is not installed, so that its scripts can't be read; install with scripts off, and then allow it",
            item.label()
        );
    };
    if item.listing == Listing::Unlisted {
        bail!(
            "{} lies in {}, where the lockfile has no package; remove it, or install anew",
            item.label(),
            item.folders.join(", ")
        );
    }
    let hash = read.hash.clone().map_err(anyhow::Error::msg);
    let hash = hash.with_context(|| format!("{} can't be known again", item.label()))?;
    Ok(Wanted { item, hash, reason: wish.reason, network: wish.network, until: wish.until })
}

/// What is wrong with the manifest of a package that lies there and could not be read.
fn unreadable(item: &Item, project: &Project) -> anyhow::Result<()> {
    let file = gather::beside(project, &format!("node_modules/{}/package.json", item.name));
    gather::try_read_manifest(&file).map(drop).with_context(|| format!("{} can't be read", item.label()))
}

fn ambiguous(text: &str, open: &[&Item]) -> String {
    let mut labels: Vec<String> = open.iter().map(|item| item.label()).collect();
    labels.sort();
    labels.dedup();
    if labels.len() > 1 {
        return format!("{} is there more than once; name one: {}", Printable(text), labels.join(", "));
    }
    let folders: Vec<&str> =
        open.iter().filter_map(|item| item.folders.first()).map(|folder| &**folder).collect();
    format!(
        "{} is there with different scripts, in {}; somebody changed one of them: install anew, and look again",
        Printable(text),
        folders.join(" and ")
    )
}

/// Denies packages whatever their version, in all of the projects that have them.
pub(crate) fn deny(
    names: &[String],
    reason: &str,
    subjects: &[Subject<'_>],
    session: &Session,
) -> anyhow::Result<()> {
    for text in names {
        let (name, version) = split(text);
        if version.is_some() {
            bail!("{}: what is denied is denied in every version; name {name}", Printable(text));
        }
        let mut items = subjects.iter().flat_map(|(_, looked, _)| &looked.inventory.items);
        if !items.any(|item| is_meant(item, name, None)) {
            bail!("{}", unknown(name, None, subjects));
        }
    }
    for (project, looked, config) in subjects {
        let mut denied: Vec<Denied<'_>> = Vec::new();
        for item in &looked.inventory.items {
            let is_named = names.iter().any(|name| name == item.name.as_str());
            if !is_named || denied.iter().any(|denied| *denied.package == item.name) {
                continue;
            }
            match looked.state(item, &config.install) {
                State::Denied(deny) => {
                    session.note(format_args!("{} is denied already, by {}", item.name, deny.place))
                }
                _ => denied.push(Denied { package: &item.name, reason }),
            }
        }
        if denied.is_empty() {
            continue;
        }
        let change = Change { wanted: &[], in_use: &[], denied: &denied };
        let file = edit::write(config, &project.folder, &change)?;
        for Denied { package, .. } in &denied {
            session.note(format_args!("{package} is denied, in {}", file.display()));
        }
    }
    Ok(())
}

/// `NAME` or `NAME@VERSION`. A scope begins with the same sign.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rfind('@') {
        None | Some(0) => (text, None),
        Some(at) => (&text[..at], Some(&text[at + 1..])),
    }
}

fn is_meant(item: &Item, name: &str, version: Option<&str>) -> bool {
    item.name.as_str() == name && version.is_none_or(|version| version == &*item.version)
}

fn unknown(name: &str, version: Option<&str>, subjects: &[Subject<'_>]) -> String {
    let items = subjects.iter().flat_map(|(_, looked, _)| &looked.inventory.items);
    let versions: Vec<&str> =
        items.filter(|item| item.name.as_str() == name).map(|item| &*item.version).collect();
    match version {
        Some(version) if !versions.is_empty() => format!(
            "{}@{} is not there; what is there is {}",
            Printable(name),
            Printable(version),
            Printable(&versions.join(", "))
        ),
        _ => format!("{} runs no script when the project is installed", Printable(name)),
    }
}

/// Says what is allowed: what runs, what that does, and by what it is known again.
fn describe(wanted: &Wanted<'_>, session: &Session) {
    let Some(read) = wanted.item.read() else { return };
    let label = wanted.item.label();
    for (script, deeds) in read.scripts.iter().zip(&read.reading.deeds) {
        session.note(format_args!("{label} {}: {}", script.stage, script.command));
        session.note(format_args!("  {}", summary(deeds)));
    }
    if !wanted.network.is_empty() {
        session.note(format_args!("  and may reach {}", wanted.network.join(", ")));
    }
    session.note(format_args!("  {}, over {}", wanted.hash, coverage(read)));
}

fn coverage(read: &ReadScripts) -> String {
    match &read.reading.reach {
        Reach::Files(files) if files.is_empty() => "its commands".to_owned(),
        Reach::Files(files) if files.len() == 1 => "its commands and the file that they reach".to_owned(),
        Reach::Files(files) => format!("its commands and the {} files that they reach", files.len()),
        Reach::Whole(why) => format!("all of its files ({why})"),
    }
}
