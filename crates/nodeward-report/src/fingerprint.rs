//! Names for findings that stay the same from run to run.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use crate::{Finding, Subject};

/// One name per finding of a list, in its order: the same in the next run although lines have moved, versions of
/// other packages have changed, or findings have come or gone. Findings that would share a name (two copies of a
/// release in one tree) are told apart by a number.
pub fn fingerprints(findings: &[Finding]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let base = fingerprint(finding);
            let number = seen.entry(base.clone()).or_default();
            *number += 1;
            format!("{base}:{number}")
        })
        .collect()
}

fn fingerprint(finding: &Finding) -> String {
    let file = finding.place.file.to_string_lossy().replace('\\', "/");
    if let Some(excerpt) = &finding.excerpt {
        // Code is known again by its line, wherever that moves to.
        let line: Vec<&str> = excerpt.text.split_whitespace().collect();
        return hex(&hash(&["source/1", &finding.rule, &file, &line.join(" ")]), 16);
    }
    let (name, version) = match &finding.subject {
        Subject::Release { name, version } => (name.as_str(), &**version),
        Subject::Node { version } => ("node", &**version),
        // Several settings of one file can break one rule: only the title tells them apart.
        Subject::File => (finding.title.as_str(), ""),
    };
    hex(&hash(&["finding/1", &finding.rule, finding.kind.name(), &file, name, version]), 16)
}

/// A UUID that follows from the content: the same content at the same time gives the same one. Version 8 of
/// RFC 9562, which is for just that.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let mut bytes = hash(parts);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes, 16);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Lengths go in too, so that no two lists of parts look alike.
fn hash(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
}
