//! What became of install scripts: `nodeward.installed-scripts/1`, documented in `docs/formats/install-scripts.md`.

use nodeward_review::install::{Allow, Item, Script};
use serde::Serialize;

use super::script;
use crate::confined::{self, Ran};

/// All that a run did.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    /// Each package whose scripts were begun, dependencies first, the project's own last.
    pub(crate) packages: Vec<Installed>,
    /// Packages whose scripts may run and were not begun.
    pub(crate) skipped: Vec<Skipped>,
    /// Packages whose scripts nobody decided about.
    pub(crate) undecided: Vec<String>,
    /// Why scripts ran without confinement, where they did.
    pub(crate) unconfined: Option<Unconfined>,
    /// Why not all was done.
    pub(crate) error: Option<String>,
}

/// That scripts ran without confinement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Unconfined {
    /// What whoever chose it gave as the reason.
    pub(crate) reason: String,
    /// The layer that was missing, and what the system said.
    pub(crate) missing: String,
}

/// What becomes of a package whose scripts may run.
#[derive(Debug, Serialize)]
pub(crate) struct Installed {
    pub(crate) package: String,
    folder: String,
    reason: String,
    /// Whether all went well, and the result is in place.
    pub(crate) done: bool,
    /// Whether the install goes on without it.
    pub(crate) optional: bool,
    /// Why it was not done, where that is not what a script ended with.
    pub(crate) error: Option<String>,
    /// The files that were made, changed or removed, from the package's folder.
    pub(super) wrote: Vec<String>,
    scripts: Vec<Ended>,
    /// Whether a folder could not be removed, which `error` says.
    #[serde(skip)]
    pub(super) is_left: bool,
}

/// A package whose scripts were not begun.
#[derive(Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) package: String,
    pub(crate) folder: String,
    pub(crate) because: String,
}

#[derive(Debug, Serialize)]
struct Ended {
    stage: String,
    #[serde(flatten)]
    report: confined::Report,
    /// The last of what it wrote to its standard streams.
    written: String,
}

impl Report {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            schema: "nodeward.installed-scripts/1",
            packages: Vec::new(),
            skipped: Vec::new(),
            undecided: Vec::new(),
            unconfined: None,
            error: None,
        }
    }

    /// The packages that are not as they should be.
    pub(crate) fn failed(&self) -> impl Iterator<Item = &Installed> {
        self.packages.iter().filter(|package| !package.done && !package.optional)
    }

    /// Whether a folder is still there that should have been removed.
    pub(crate) fn has_left(&self) -> bool {
        self.packages.iter().any(|package| package.is_left)
    }
}

impl Installed {
    /// Of a package of which nothing ran yet; without an allowance, it is the project's own.
    pub(super) fn new(item: &Item, folder: &str, allow: Option<&Allow>) -> Self {
        Self {
            package: item.label(),
            folder: folder.to_owned(),
            reason: allow.map_or_else(|| "the project's own".to_owned(), |allow| allow.reason.clone()),
            done: false,
            optional: item.optional,
            error: None,
            wrote: Vec::new(),
            scripts: Vec::new(),
            is_left: false,
        }
    }

    /// Adds a script that ended.
    pub(super) fn add(&mut self, script: &Script, ran: &Ran) {
        self.scripts.push(Ended {
            stage: script.stage.to_string(),
            report: confined::report(&script::command_line(script), ran),
            written: ran.written.clone(),
        });
    }
}
