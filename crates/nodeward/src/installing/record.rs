//! What has been run, beside what it made: `node_modules/.nodeward-installed.json`.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nodeward_review::install::{Allow, Item};
use serde::{Deserialize, Serialize};

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

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Results {
    package: String,
    before: String,
    after: String,
    /// What tells the folder from one that was put there since.
    folder: String,
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
        let results = results(project, item, folder, allow);
        results.is_some() && self.packages.get(folder) == results.as_ref()
    }

    /// Notes what was made of a folder.
    pub(crate) fn note(&mut self, project: &Path, item: &Item, folder: &str, allow: &Allow) {
        if let Some(results) = results(project, item, folder, allow) {
            self.packages.insert(folder.to_owned(), results);
        }
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

fn results(project: &Path, item: &Item, folder: &str, allow: &Allow) -> Option<Results> {
    let after = item.read()?.hash.as_ref().ok()?;
    let metadata = std::fs::metadata(project.join(folder)).ok()?;
    Some(Results {
        package: item.label(),
        before: allow.hash.to_string(),
        after: after.to_string(),
        folder: format!("{}:{}.{}", metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
    })
}
