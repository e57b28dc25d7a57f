//! What the project's owners decided about install scripts, held against what would run.

use jiff::civil::Date;
use nodeward_package::{PackageName, Place};

use super::content::ContentHash;
use super::inventory::{Item, Listing};

/// One `[[install.allow]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Which package.
    pub package: PackageName,
    /// Which of its versions.
    pub versions: Vec<Box<str>>,
    /// What its scripts are.
    pub hash: ContentHash,
    /// Why they may run.
    pub reason: String,
    /// Hosts that they may reach while they run.
    pub network: Vec<String>,
    /// The last day on which they may.
    pub until: Option<Date>,
    /// Where it stands.
    pub place: Place,
}

/// One `[[install.deny]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deny {
    /// Which package.
    pub package: PackageName,
    /// Why its scripts may not run.
    pub reason: String,
    /// Where it stands.
    pub place: Place,
}

/// `[install.own]`: what the project's own scripts may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Files and folders that they may write to, from the project's folder.
    pub write: Vec<String>,
    /// Hosts that they may reach.
    pub network: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// All that was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// What may run.
    pub allow: Vec<Allow>,
    /// What may not.
    pub deny: Vec<Deny>,
    /// What the project's own scripts may do; `None`: they are not run.
    pub own: Option<Own>,
}

/// How the content compares to what was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The same.
    Same,
    /// Another.
    Differs,
    /// It can't be told: not installed, or not readable.
    Untold,
}

/// What follows for a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<'d> {
    /// The project's own scripts, which nobody has to allow.
    Own,
    /// Its scripts may run.
    Allowed(&'d Allow),
    /// This version may run, if its scripts turn out to be those that were allowed: it is not installed.
    AllowedUnread(&'d Allow),
    /// It was allowed, and is not what it was.
    Changed {
        /// What was allowed.
        since: &'d Allow,
        /// Whether the version is another.
        version: bool,
        /// Whether the scripts are others.
        content: Content,
    },
    /// It was allowed, until a day that is past.
    Expired(&'d Allow),
    /// Its scripts may not run.
    Denied(&'d Deny),
    /// Nobody said anything.
    Undecided,
}

impl State<'_> {
    /// The name in formats. Never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Allowed(_) => "allowed",
            Self::AllowedUnread(_) => "allowed-unread",
            Self::Changed { .. } => "changed",
            Self::Expired(_) => "expired",
            Self::Denied(_) => "denied",
            Self::Undecided => "undecided",
        }
    }

    /// Whether somebody has to decide.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Expired(_) | Self::Undecided)
    }
}

/// What follows from the decisions for a package. What denies goes before what allows; an allowance holds for the
/// package, the version and the content that it names together, where the lockfile has it, and for nothing else.
pub fn decide<'d>(item: &Item, decisions: &'d Decisions, today: Date) -> State<'d> {
    if let Some(deny) = decisions.deny.iter().find(|deny| deny.package == item.name) {
        return State::Denied(deny);
    }
    if item.role.is_own() {
        return State::Own;
    }
    // What is allowed is a package of the lockfile, which no script can put beside files of its own.
    if item.listing == Listing::Unlisted {
        return State::Undecided;
    }
    let hash = item.read().map(|read| read.hash.as_ref().ok().copied());
    let mut expired = None;
    let mut changed: Option<((bool, bool), &Allow, bool, Content)> = None;
    for allow in decisions.allow.iter().filter(|allow| allow.package == item.name) {
        let is_version = allow.versions.contains(&item.version);
        let content = match hash {
            Some(Some(hash)) if hash == allow.hash => Content::Same,
            Some(Some(_)) => Content::Differs,
            _ => Content::Untold,
        };
        let is_over = allow.until.is_some_and(|until| today > until);
        match (is_version, content) {
            (true, Content::Same) if !is_over => return State::Allowed(allow),
            (true, Content::Untold) if !is_over && hash.is_none() => return State::AllowedUnread(allow),
            (true, Content::Same | Content::Untold) if is_over => expired = Some(allow),
            _ => {
                // What differs least is what the owner meant.
                let rank = (content != Content::Same, !is_version);
                if changed.is_none_or(|(known, ..)| rank < known) {
                    changed = Some((rank, allow, !is_version, content));
                }
            }
        }
    }
    match (expired, changed) {
        (Some(allow), _) => State::Expired(allow),
        (None, Some((_, since, version, content))) => State::Changed { since, version, content },
        (None, None) => State::Undecided,
    }
}
