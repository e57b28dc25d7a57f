//! What package managers' own audits answered, against what ours finds with an index made of those very advisories.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use nodeward_advisory::{AffectedPackage, Index, IndexBuilder, Rating, Record, legacy, matching};
use nodeward_package::{DependencyGraph, Range, lockfile};
use nodeward_report::{Severity, Subject};
use serde_json::Value;

/// What we find and the recording has not, with the reason.
const EXTRA: &[(&str, &str, &str)] = &[];

/// What the recording has and we do not find, with the reason.
const MISSED: &[(&str, &str, &str)] = &[(
    "audit-ci__pnpm-high",
    "qs@6.10.2",
    "the lockfile beside the answer is out of step with its manifest: it has no qs",
)];

/// One advisory of a recorded answer, in whichever of npm's, pnpm's and yarn's shapes.
#[derive(Debug, Clone)]
struct Recorded {
    id: String,
    aliases: Vec<String>,
    name: String,
    range: String,
    severity: Option<Severity>,
    title: String,
    /// The installed versions that the answer names; `None` where it names none.
    versions: Option<BTreeSet<String>>,
}

/// Collects every advisory below a value: `key` is the object key that leads to it.
fn collect(key: &str, value: &Value, found: &mut Vec<Recorded>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(key, item, found)),
        Value::Object(fields) => {
            let text =
                |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str()).map(str::to_owned);
            let range = text(&["vulnerable_versions", "Vulnerable Versions"])
                .or_else(|| fields.contains_key("source").then(|| text(&["range"]))?);
            let Some(range) = range else {
                let key_of = |inner: &str| match inner {
                    // Yarn names the package beside the advisory.
                    "children" => text(&["value"]).unwrap_or_default(),
                    inner => inner.to_owned(),
                };
                return fields.iter().for_each(|(inner, value)| collect(&key_of(inner), value, found));
            };
            let number =
                ["id", "source", "ID"].iter().find_map(|name| fields.get(*name)).map(ToString::to_string);
            let number = format!("npm:{}", number.unwrap_or_default().trim_matches('"'));
            let ghsa = text(&["github_advisory_id"]).or_else(|| {
                let url = text(&["url", "URL"])?;
                url.rsplit('/').next().filter(|last| last.starts_with("GHSA-")).map(str::to_owned)
            });
            let cves = fields.get("cves").and_then(Value::as_array).into_iter().flatten();
            let findings = fields.get("findings").and_then(Value::as_array).map(|findings| {
                findings.iter().filter_map(|finding| finding["version"].as_str()).map(str::to_owned).collect()
            });
            let tree = fields
                .get("Tree Versions")
                .and_then(Value::as_array)
                .map(|versions| versions.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            found.push(Recorded {
                aliases: ghsa.into_iter().chain(cves.filter_map(Value::as_str).map(str::to_owned)).collect(),
                id: number,
                name: text(&["module_name", "name"]).unwrap_or_else(|| key.to_owned()),
                range,
                severity: text(&["severity", "Severity"]).and_then(|word| word.parse().ok()),
                title: text(&["title", "Issue"]).unwrap_or_default(),
                versions: findings.or(tree),
            });
        }
        _ => {}
    }
}

fn recorded(answer: &str) -> Vec<Recorded> {
    let mut found = Vec::new();
    // Yarn 4 answers in lines of JSON.
    for value in serde_json::Deserializer::from_str(answer).into_iter::<Value>() {
        collect("", &value.expect("recordings are JSON"), &mut found);
    }
    found
}

fn index(advisories: &[Recorded]) -> Index {
    let mut records: BTreeMap<&str, Record> = BTreeMap::new();
    for advisory in advisories {
        let record = records.entry(&advisory.id).or_insert_with(|| Record {
            id: advisory.id.clone(),
            aliases: advisory.aliases.clone(),
            summary: advisory.title.clone(),
            rating: advisory.severity.map(Rating::word),
            ..Record::default()
        });
        record.packages.push(AffectedPackage {
            name: advisory.name.clone(),
            intervals: legacy::intervals_of(&advisory.range).unwrap(),
            ..AffectedPackage::default()
        });
    }
    let mut builder = IndexBuilder::new();
    for record in records.into_values() {
        builder.add(record, "recording").unwrap();
    }
    Index::from_bytes(builder.finish(Timestamp::UNIX_EPOCH).unwrap().0).unwrap()
}

/// (one name of the flaw, `package@version`).
type Hit = (String, String);

/// What the answer says, or what follows from it: where it names no versions, those of the graph in npm's own range.
fn expected(advisories: &[Recorded], graph: &DependencyGraph) -> BTreeSet<Hit> {
    let mut hits = BTreeSet::new();
    for advisory in advisories {
        let versions = advisory.versions.clone().unwrap_or_else(|| {
            let range = Range::parse(&advisory.range).unwrap();
            let packages = graph.packages().iter().filter(|package| package.name.as_str() == advisory.name);
            let affected = packages.filter(|package| {
                !package.origin.is_first_party()
                    && package.version.as_ref().is_some_and(|version| range.satisfies(version))
            });
            affected.map(|package| package.version_text.to_string()).collect()
        });
        hits.extend(versions.iter().map(|version| (flaw(advisory), format!("{}@{version}", advisory.name))));
    }
    hits
}

fn flaw(advisory: &Recorded) -> String {
    advisory.aliases.first().unwrap_or(&advisory.id).clone()
}

fn found(advisories: &[Recorded], graph: &DependencyGraph) -> BTreeSet<Hit> {
    let findings = matching::scan(graph, &index(advisories)).unwrap();
    let mut hits = BTreeSet::new();
    for finding in findings {
        let Subject::Release { name, version } = &finding.subject else { panic!("{finding:?}") };
        let names: Vec<String> = advisories
            .iter()
            .filter(|advisory| finding.is_called(&advisory.id) || finding.is_called(&flaw(advisory)))
            .map(flaw)
            .collect();
        assert!(!names.is_empty(), "{finding:?}");
        hits.extend(names.into_iter().map(|flaw| (flaw, format!("{name}@{version}"))));
    }
    hits
}

fn lockfile_of(folder: &Path) -> DependencyGraph {
    let names = ["package-lock.json", "yarn.lock", "pnpm-lock.yaml"];
    let file = names.iter().map(|name| folder.join(name)).find(|file| file.exists()).expect("a lockfile");
    lockfile::read(&file).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn our_audit_finds_what_the_recorded_audits_found() {
    let Some(data) = nodeward_testkit::data_or_skip("our_audit_finds_what_the_recorded_audits_found") else {
        return;
    };
    let mut folders: Vec<_> = std::fs::read_dir(data.join("lockfiles/audit-recordings"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let (mut answers, mut hits) = (0, 0);
    let mut wrong = Vec::new();
    for folder in folders {
        let case = folder.file_name().unwrap().to_string_lossy().into_owned();
        let graph = lockfile_of(&folder);
        for entry in std::fs::read_dir(&folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if !name.ends_with(".json") || name.starts_with("package") {
                continue;
            }
            answers += 1;
            let advisories = recorded(&std::fs::read_to_string(&file).unwrap());
            let (expected, found) = (expected(&advisories, &graph), found(&advisories, &graph));
            hits += expected.len();
            let explained = |table: &[(&str, &str, &str)], hit: &Hit| {
                table.iter().any(|(at, subject, _)| *at == case && *subject == hit.1)
            };
            for hit in expected.difference(&found).filter(|hit| !explained(MISSED, hit)) {
                wrong.push(format!("{case}/{name}: missed {} in {}", hit.0, hit.1));
            }
            for hit in found.difference(&expected).filter(|hit| !explained(EXTRA, hit)) {
                wrong.push(format!("{case}/{name}: extra {} in {}", hit.0, hit.1));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {hits} in {answers} answers:\n{}", wrong.len(), wrong.join("\n"));
    println!("{hits} recorded findings in {answers} answers, all found");
    assert!(answers >= 35 && hits >= 60, "{hits} in {answers}");
}
