//! `nodeward.install-scripts/1`: the list in JSON. Keys never change meaning.

use nodeward_report::Gap;
use nodeward_review::install::{Content, Decisions, Deed, Item, Listing, Reach, State, summary};
use schemars::JsonSchema;
use serde::Serialize;

use super::Looked;
use crate::projects::Project;

/// What would run when projects are installed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "nodeward.install-scripts/1")]
pub(crate) struct Document {
    /// `nodeward.install-scripts/1`
    schema: &'static str,
    /// One for each lockfile.
    pub(crate) projects: Vec<ProjectEntry>,
    /// What could not be read.
    pub(crate) gaps: Vec<GapEntry>,
}

/// One project.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProjectEntry {
    /// Its name.
    pub(crate) name: String,
    /// The lockfile, or the folder that stands for one.
    pub(crate) file: String,
    /// Whose lockfile it is: `npm`, `pnpm`, `yarn-classic`, `yarn-berry`, `bun`.
    pub(crate) manager: &'static str,
    /// The packages with scripts, dependencies first.
    pub(crate) packages: Vec<PackageEntry>,
    /// Packages that are not installed and of which the lockfile does not tell whether they have scripts.
    pub(crate) untold: Vec<String>,
}

/// One package.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PackageEntry {
    /// The name under which it is locked or required.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// The name that its own manifest gives, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<String>,
    /// `root`, `member`, `folder`, `git` or `tarball`.
    pub(crate) role: &'static str,
    /// Where it lies, relative to the project; empty where it is not installed.
    pub(crate) folders: Vec<String>,
    /// Some root needs it to run.
    pub(crate) production: bool,
    /// Some root needs it to develop.
    development: bool,
    /// The install goes on without it.
    pub(crate) optional: bool,
    /// It came inside its parent's tarball.
    bundled: bool,
    /// From a root to it.
    pub(crate) path: Vec<String>,
    /// Where it is written that it is there.
    file: String,
    /// On which line; 0 where there is none.
    line: u32,
    /// What the lockfile says of its scripts: that it has some, that it has none, or nothing.
    lockfile: Option<bool>,
    /// The lockfile says that it has none, and it has.
    pub(crate) hidden: bool,
    /// The lockfile has no package in its folder: nothing that is allowed holds for it.
    pub(crate) unlisted: bool,
    /// In the order in which they run; empty where it is not installed.
    pub(crate) scripts: Vec<ScriptEntry>,
    /// By which the scripts are known again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<String>,
    /// Why there is no hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unhashed: Option<String>,
    /// `reached`: the hash is over the files that the scripts can reach; `whole`: over all of the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coverage: Option<&'static str>,
    /// Why it is over all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) because: Option<String>,
    /// The files that the scripts can reach, where that can be told.
    pub(crate) files: Vec<String>,
    /// `own`, `allowed`, `allowed-unread`, `changed`, `expired`, `denied` or `undecided`.
    pub(crate) state: &'static str,
    /// Whether somebody has to decide, which gives exit code 1.
    pub(crate) open: bool,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<DecisionEntry>,
    /// What changed since it was allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<ChangeEntry>,
    /// What the package manager would do by itself.
    pub(crate) package_manager: StanceEntry,
}

/// One script.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScriptEntry {
    /// Its name: `postinstall`.
    pub(crate) stage: String,
    /// The command.
    pub(crate) command: String,
    /// It stands in no manifest, and runs because of a `binding.gyp`.
    pub(crate) implicit: bool,
    /// What it does, in words.
    pub(crate) summary: String,
    /// What it does, one by one.
    pub(crate) deeds: Vec<DeedEntry>,
}

/// One thing that a script does.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeedEntry {
    /// `nothing`, `prints`, `environment`, `checks-native`, `compiles`, `writes`, `starts`, `downloads`, `unknown`,
    /// `credentials` or `hidden-code`.
    pub(crate) kind: &'static str,
    /// To what.
    pub(crate) what: String,
    /// Which file of the package does it; none: the command itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// On which line; 0 where there is none.
    pub(crate) line: u32,
}

/// What was decided.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DecisionEntry {
    /// The configuration.
    pub(crate) file: String,
    /// The line of the entry.
    pub(crate) line: u32,
    /// Why.
    pub(crate) reason: String,
    /// Hosts that the scripts may reach.
    pub(crate) network: Vec<String>,
    /// The last day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
}

/// What changed since it was allowed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ChangeEntry {
    /// The versions that were allowed, where this is none of them.
    pub(crate) versions: Vec<String>,
    /// Whether the scripts are the `same`, `differ`, or it can't be told (`untold`).
    pub(crate) content: &'static str,
}

/// What the package manager would do by itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StanceEntry {
    /// Whether it runs the scripts; `null` where that depends on its version.
    pub(crate) runs: Option<bool>,
    /// What says so.
    pub(crate) because: String,
}

/// Something that could not be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GapEntry {
    /// What.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl Document {
    /// An empty list.
    pub(crate) fn new(gaps: &[Gap]) -> Self {
        Self {
            schema: "nodeward.install-scripts/1",
            projects: Vec::new(),
            gaps: gaps.iter().map(gap).collect(),
        }
    }

    /// Adds a project.
    pub(crate) fn add(&mut self, project: &Project, looked: &Looked, decisions: &Decisions) {
        self.gaps.extend(looked.inventory.gaps.iter().map(gap));
        self.projects.push(ProjectEntry {
            name: project.name.clone(),
            file: project.graph.file().display().to_string(),
            manager: super::manager(project).name(),
            packages: looked.inventory.items.iter().map(|item| package(item, looked, decisions)).collect(),
            untold: looked.inventory.untold.clone(),
        });
    }

    /// How many packages wait for a decision.
    pub(crate) fn open(&self) -> usize {
        self.projects.iter().flat_map(|project| &project.packages).filter(|package| package.open).count()
    }

    /// Whether something could not be told.
    pub(crate) fn is_partial(&self) -> bool {
        !self.gaps.is_empty() || self.projects.iter().any(|project| !project.untold.is_empty())
    }
}

fn gap(gap: &Gap) -> GapEntry {
    GapEntry { message: gap.message.clone(), remedy: gap.remedy.clone() }
}

fn package(item: &Item, looked: &Looked, decisions: &Decisions) -> PackageEntry {
    let state = looked.state(item, decisions);
    let stance = looked.stance(item);
    let read = item.read();
    let (coverage, because, files) = match read.map(|read| &read.reading.reach) {
        Some(Reach::Files(files)) => (Some("reached"), None, files.iter().cloned().collect()),
        Some(Reach::Whole(why)) => (Some("whole"), Some(why.clone()), Vec::new()),
        None => (None, None, Vec::new()),
    };
    PackageEntry {
        name: item.name.to_string(),
        version: item.version.to_string(),
        claims: item.claims.as_ref().map(ToString::to_string),
        role: item.role.name(),
        folders: item.folders.iter().map(ToString::to_string).collect(),
        production: item.production,
        development: item.development,
        optional: item.optional,
        bundled: item.bundled,
        path: item.path.clone(),
        file: item.place.file.display().to_string(),
        line: item.place.line,
        lockfile: item.told,
        hidden: item.is_hidden(),
        unlisted: item.listing == Listing::Unlisted,
        scripts: scripts(item),
        hash: read.and_then(|read| read.hash.as_ref().ok()).map(ToString::to_string),
        unhashed: read.and_then(|read| read.hash.as_ref().err()).cloned(),
        coverage,
        because,
        files,
        state: state.name(),
        open: is_open(item, state),
        decision: decision(state),
        changed: changed(state),
        package_manager: StanceEntry { runs: stance.runs, because: stance.because },
    }
}

/// Whether somebody has to decide. What is for another platform is decided where it is installed.
pub(crate) fn is_open(item: &Item, state: State<'_>) -> bool {
    state.is_open() && !(item.read().is_none() && item.optional)
}

fn scripts(item: &Item) -> Vec<ScriptEntry> {
    let Some(read) = item.read() else { return Vec::new() };
    let entry = |(script, deeds): (&nodeward_review::install::Script, &Vec<Deed>)| ScriptEntry {
        stage: script.stage.to_string(),
        command: script.command.to_string(),
        implicit: script.implicit,
        summary: summary(deeds),
        deeds: deeds.iter().map(deed).collect(),
    };
    read.scripts.iter().zip(&read.reading.deeds).map(entry).collect()
}

fn deed(deed: &Deed) -> DeedEntry {
    DeedEntry { kind: deed.kind.name(), what: deed.what.clone(), file: deed.file.clone(), line: deed.line }
}

fn decision(state: State<'_>) -> Option<DecisionEntry> {
    let (place, reason, allow) = match state {
        State::Allowed(allow) | State::AllowedUnread(allow) | State::Expired(allow) => {
            (&allow.place, &allow.reason, Some(allow))
        }
        State::Changed { since, .. } => (&since.place, &since.reason, Some(since)),
        State::Denied(deny) => (&deny.place, &deny.reason, None),
        State::Own | State::Undecided => return None,
    };
    Some(DecisionEntry {
        file: place.file.display().to_string(),
        line: place.line,
        reason: reason.clone(),
        network: allow.map(|allow| allow.network.clone()).unwrap_or_default(),
        until: allow.and_then(|allow| allow.until).map(|until| until.to_string()),
    })
}

fn changed(state: State<'_>) -> Option<ChangeEntry> {
    let State::Changed { since, version, content } = state else { return None };
    let versions =
        if version { since.versions.iter().map(ToString::to_string).collect() } else { Vec::new() };
    let content = match content {
        Content::Same => "same",
        Content::Differs => "differ",
        Content::Untold => "untold",
    };
    Some(ChangeEntry { versions, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        let mut schema = serde_json::to_string_pretty(&schemars::schema_for!(Document)).unwrap();
        schema.push('\n');
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/formats/install-scripts-1.schema.json");
        if std::env::var_os("NODEWARD_BLESS").is_some() {
            std::fs::write(&file, &schema).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(published, schema, "run the test with NODEWARD_BLESS=1 to write the schema anew");
    }
}
