//! The baseline: findings that were there when a team began, by names that stay when lines move.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Context as _;
use nodeward_lint::driver::SourceFile;
use nodeward_report::{Finding, Suppressed, fingerprints};
use serde::{Deserialize, Serialize};

use crate::disk;

const SCHEMA: &str = "nodeward.baseline/1";
const MAX_BYTES: u64 = 256 << 20;

/// The file's form.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    findings: Vec<Entry>,
}

/// One finding that is known. Only the fingerprint is compared; the rest is for readers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    fingerprint: String,
    pub(crate) rule: String,
    pub(crate) file: String,
    title: String,
}

/// What is left, what is hidden, and which entries hide nothing any more.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) findings: Vec<Finding>,
    pub(crate) suppressed: Vec<Suppressed>,
    pub(crate) gone: Vec<Entry>,
}

/// Writes the findings as the new baseline.
pub(crate) fn write(file: &Path, findings: &[Finding]) -> anyhow::Result<()> {
    let names = fingerprints(findings);
    let mut findings: Vec<Entry> =
        findings.iter().zip(names).map(|(finding, name)| entry(finding, name)).collect();
    findings.sort_by(|a, b| (&a.file, &a.rule, &a.fingerprint).cmp(&(&b.file, &b.rule, &b.fingerprint)));
    let mut text = serde_json::to_string_pretty(&File { schema: SCHEMA.to_owned(), findings })?;
    text.push('\n');
    disk::replace(file, |out| out.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn entry(finding: &Finding, fingerprint: String) -> Entry {
    Entry {
        fingerprint,
        rule: finding.rule.to_string(),
        file: slashes(&finding.place.file),
        title: finding.title.clone(),
    }
}

/// Hides what the baseline has.
pub(crate) fn compare(file: &Path, findings: Vec<Finding>) -> anyhow::Result<Compared> {
    let mut known: HashMap<String, Entry> =
        read(file)?.into_iter().map(|entry| (entry.fingerprint.clone(), entry)).collect();
    let mut compared = Compared::default();
    let names = fingerprints(&findings);
    for (finding, name) in findings.into_iter().zip(names) {
        match known.remove(&name) {
            Some(_) => compared.suppressed.push(Suppressed {
                finding,
                reason: "it was there before".to_owned(),
                until: None,
                source: file.display().to_string(),
            }),
            None => compared.findings.push(finding),
        }
    }
    compared.gone = known.into_values().collect();
    compared.gone.sort_by(|a, b| (&a.file, &a.rule, &a.fingerprint).cmp(&(&b.file, &b.rule, &b.fingerprint)));
    Ok(compared)
}

/// Leaves the entries that this run can tell are gone: their rule ran, and their file was read or is no more.
pub(crate) fn keep_telling(gone: &mut Vec<Entry>, ran: impl Fn(&str) -> bool, files: &[SourceFile]) {
    let read: HashSet<String> = files.iter().map(|file| slashes(&file.path)).collect();
    gone.retain(|entry| ran(&entry.rule) && (read.contains(&entry.file) || !Path::new(&entry.file).exists()));
}

fn read(file: &Path) -> anyhow::Result<Vec<Entry>> {
    let unread = || format!("cannot read {}", file.display());
    let metadata = std::fs::metadata(file).with_context(unread)?;
    anyhow::ensure!(
        metadata.is_file() && metadata.len() <= MAX_BYTES,
        "{} is no baseline: write one with --write-baseline",
        file.display()
    );
    let text = std::fs::read_to_string(file).with_context(unread)?;
    let parsed: File =
        serde_json::from_str(&text).with_context(|| format!("{} is no baseline", file.display()))?;
    anyhow::ensure!(
        parsed.schema == SCHEMA,
        "{}: {:?} is no version of a baseline that is known here",
        file.display(),
        parsed.schema
    );
    Ok(parsed.findings)
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
