//! What has been run, beside what it made: `node_modules/.nodeward-installed.json`.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nodeward_review::install::{Allow, ContentHash, Item};
use serde::{Deserialize, Serialize};

use super::Unit;
use super::report::Unconfined;
use crate::disk;

/// Its name.
const RECORD: &str = ".nodeward-installed.json";

/// It is no larger.
const MAX_RECORD: u64 = 16 << 20;

/// What scripts made of which package: by folder, the content hash of its scripts before and after.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    schema: String,
    packages: BTreeMap<String, Results>,
    #[serde(skip)]
    file: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Results {
    package: String,
    before: String,
    after: String,
    /// What tells the folder from one that was put there since.
    folder: String,
    /// What tells the copy of it in another package, whose result is about to be put in place with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copied: Option<String>,
    /// Why its scripts ran without confinement, where they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unconfined: Option<String>,
}

impl Record {
    /// Reads what is there; one that can't be read says nothing.
    pub(crate) fn read(project: &Path) -> Self {
        let file = project.join("node_modules").join(RECORD);
        let bytes = disk::read_bounded(&file, MAX_RECORD).unwrap_or_default();
        let known: Self = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { schema: "nodeward.installed/1".to_owned(), file, ..known }
    }

    /// Whether the scripts that are allowed have made of this folder what it is now.
    pub(crate) fn is_done(&self, project: &Path, item: &Item, folder: &str, allow: &Allow) -> bool {
        let after = item.read().and_then(|read| read.hash.as_ref().ok());
        let (Some(known), Some(after)) = (self.packages.get(folder), after) else { return false };
        known.package == item.label()
            && known.before == allow.hash.to_string()
            && known.after == after.to_string()
            && identity(&project.join(folder)).is_some_and(|folder| known.is(&folder))
    }

    /// Notes where the units are that lie within one whose copy takes its place: what their scripts made of them is
    /// in there.
    pub(super) fn note_within(&mut self, project: &Path, unit: &Unit<'_>, copy: &Path) {
        for (folder, known) in &mut self.packages {
            let below = folder.strip_prefix(unit.folder).and_then(|rest| rest.strip_prefix('/'));
            let Some(below) = below.filter(|_| super::link_within(project, folder).is_none()) else {
                continue;
            };
            if let Some(now) = identity(&project.join(folder)).filter(|now| known.is(now)) {
                known.folder = now;
                known.copied = identity(&copy.join(below));
            }
        }
    }

    /// Notes what was made of a unit: its folder, or a copy that takes the folder's place.
    pub(super) fn note(
        &mut self,
        unit: &Unit<'_>,
        after: ContentHash,
        folder: &Path,
        unconfined: Option<&Unconfined>,
    ) {
        let Some(folder) = identity(folder) else { return };
        let results = Results {
            package: unit.item.label(),
            before: unit.allow.hash.to_string(),
            after: after.to_string(),
            folder,
            copied: None,
            unconfined: unconfined.map(|unconfined| unconfined.reason.clone()),
        };
        self.packages.insert(unit.folder.to_owned(), results);
    }

    /// Writes it.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let written = disk::replace_itself(&self.file, |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)
        });
        written.with_context(|| format!("cannot write {}", self.file.display()))
    }
}

impl Results {
    fn is(&self, folder: &str) -> bool {
        self.folder == folder || self.copied.as_deref() == Some(folder)
    }
}

/// What tells a folder from another in its place, and stays as it is where it is moved.
fn identity(folder: &Path) -> Option<String> {
    let metadata = std::fs::metadata(folder).ok()?;
    Some(format!("{}:{}.{}", metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
}
