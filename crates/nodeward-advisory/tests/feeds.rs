//! Real feeds: all of each is read, and says what it is known to say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use jiff::Timestamp;
use nodeward_advisory::feed::Limits;
use nodeward_advisory::index::BuildSummary;
use nodeward_advisory::store::{Extent, Guard, Store, Update};
use nodeward_advisory::{Index, NODEJS};
use nodeward_package::Version;
use nodeward_report::Severity;
use nodeward_testkit::data_or_skip;

fn index_of(feeds: &[(&str, &Path)]) -> (Index, BuildSummary) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let mut summary = None;
    for (source, feed) in feeds {
        let update =
            Update { source, feed, extent: Extent::Whole, guard: Guard::Enforce, limits: Limits::default() };
        summary = Some(store.update(&update, now()).unwrap_or_else(|error| panic!("{source}: {error}")));
    }
    (store.open().unwrap().unwrap(), summary.unwrap())
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn names_of_hits(index: &Index, package: &str, version: &str) -> Vec<String> {
    let version = Version::parse(version).unwrap();
    let hits = index.affecting(package).unwrap();
    let hits = hits.iter().filter(|affected| affected.contains(&version));
    let mut names: Vec<String> =
        hits.map(|affected| index.identity(affected.record).unwrap().swap_remove(0)).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn modern_records_of_osv() {
    let Some(data) = data_or_skip("modern_records_of_osv") else { return };
    let (index, _) = index_of(&[("osv", &data.join("advisories/osv-modern"))]);
    assert_eq!((index.info().records, index.info().withdrawn), (32, 0));
    assert_eq!(names_of_hits(&index, "cross-spawn", "7.0.3"), ["CVE-2024-21538"]);
    assert_eq!(names_of_hits(&index, "cross-spawn", "6.0.6"), [""; 0]);
    assert!(index.affecting("@ctrl/tinycolor").unwrap().iter().all(|affected| affected.malware));
}

#[test]
fn edge_cases_of_other_tools() {
    let Some(data) = data_or_skip("edge_cases_of_other_tools") else { return };
    let (index, summary) = index_of(&[("osv", &data.join("advisories/osv-from-fixtures"))]);
    for (package, version, hits) in [
        ("pkg", "1.0.0", &["GHSA-active"][..]),
        ("JSONStream", "1.0.0", &["GHSA-case"]),
        ("jsonstream", "1.0.0", &[]),
        ("dup", "1.0.0", &["GHSA-dup"]),
        ("ord", "1.1.0", &["GHSA-order"]),
        ("ord", "1.2.0", &[]),
        ("zero", "0.0.1", &["GHSA-zero"]),
        ("alice", "1.0.0", &["VULN-000", "VULN-001"]),
        ("alice", "2.0.0", &["VULN-000"]),
        ("d", "1.2.0", &["OSV-000-002"]),
        ("d", "1.3.0", &["OSV-000-002", "OSV-000-003"]),
        ("request", "1.0.0", &[]),
        ("demo-lib", "2.0.0", &["MULTI-ECO-FIX-DEMO"]),
        ("mixin-deep", "1.3.1", &["CVE-2019-10746"]),
        ("mixin-deep", "1.3.2", &[]),
        ("formidable", "2.1.2", &["CVE-2025-46653"]),
        ("formidable", "2.1.3", &[]),
        ("formidable", "3.5.3", &[]),
        ("jquery", "2.1.1-0", &["CVE-2016-10707"]),
        ("yandex-yt-yson-bindings", "1.0.0", &["MAL-2023-995"]),
    ] {
        assert_eq!(names_of_hits(&index, package, version), hits, "{package}@{version}");
    }
    assert!(index.affecting("odd").unwrap()[0].contains_text("2026.06.18-custom"));
    assert_eq!(index.info().withdrawn, 1);
    let gone = index.find("GHSA-gone").unwrap();
    assert!(index.record(gone[0]).unwrap().withdrawn.is_some());
    assert!(summary.remarks.iter().any(|remark| remark.id == "OSV-1"), "{:?}", summary.remarks);
}

#[test]
fn github_records_in_one_file() {
    let Some(data) = data_or_skip("github_records_in_one_file") else { return };
    let (index, _) = index_of(&[("ghsa", &data.join("advisories/ghsa-slice-2022/ghsa-npm-2022.osv.json"))]);
    // Two of the 2,225 name a package of Composer (`tinymce/tinymce`), which npm cannot have.
    assert_eq!(index.info().records, 2223);
    assert!((370..400).contains(&index.info().malware), "{}", index.info().malware);
    assert!(names_of_hits(&index, "is-my-json-valid", "2.0.0").contains(&"CVE-2016-2537".to_owned()));
    assert!(!names_of_hits(&index, "is-my-json-valid", "2.17.2").contains(&"CVE-2016-2537".to_owned()));
}

#[test]
fn security_wg_and_node_core() {
    let Some(data) = data_or_skip("security_wg_and_node_core") else { return };
    let wg = data.join("advisories/nodejs-security-wg");
    let (index, _) = index_of(&[("wg", &wg.join("npm")), ("node", &wg.join("core"))]);
    assert_eq!(index.info().sources.iter().map(|source| source.records).collect::<Vec<_>>(), [467, 171]);
    assert_eq!(names_of_hits(&index, "bassmaster", "1.5.1"), ["CVE-2014-7205"]);
    assert_eq!(names_of_hits(&index, "bassmaster", "1.5.2"), [""; 0]);
    let record = index.record(index.find("NSWG-ECO-1").unwrap()[0]).unwrap();
    assert_eq!(record.fixed_versions("bassmaster"), [Version::parse("1.5.2").unwrap()]);
    assert_eq!(record.rating.unwrap().severity, Severity::Medium);
    assert!(names_of_hits(&index, NODEJS, "20.5.0").contains(&"CVE-2023-32558".to_owned()));
    assert!(!names_of_hits(&index, NODEJS, "20.5.1").contains(&"CVE-2023-32558".to_owned()));
    // An exact patched version stands for its line: 15.3.0 is no worse than 15.2.1.
    let exact = |version| names_of_hits(&index, NODEJS, version);
    assert!(exact("15.2.0").contains(&"CVE-2020-8277".to_owned()), "{:?}", exact("15.2.0"));
    assert!(!exact("15.3.0").contains(&"CVE-2020-8277".to_owned()));
}

#[test]
fn recorded_audits_make_an_index() {
    let Some(data) = data_or_skip("recorded_audits_make_an_index") else { return };
    let (index, _) = index_of(&[("npm", &data.join("advisories/npm-audit-recordings/advisories.json"))]);
    assert_eq!(names_of_hits(&index, "base64url", "2.0.0"), ["GHSA-rvg8-pwq2-xj7q"]);
    assert!(names_of_hits(&index, "qs", "6.10.2").contains(&"CVE-2022-24999".to_owned()));
}
