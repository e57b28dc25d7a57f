//! Records in, index out: what it answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use nodeward_advisory::{Index, IndexBuilder};
use nodeward_package::Version;

fn index_of(records: &[&str]) -> Index {
    let mut builder = IndexBuilder::new();
    for record in records {
        builder.add_osv(record.as_bytes(), "test").unwrap_or_else(|error| panic!("{error}: {record}"));
    }
    let (bytes, _) = builder.finish("2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
    let index = Index::from_bytes(bytes).unwrap();
    index.verify().unwrap();
    index
}

fn is_affected(index: &Index, name: &str, version: &str) -> bool {
    let affected = index.affecting(name).unwrap();
    match Version::parse(version) {
        Ok(version) => affected.iter().any(|record| record.contains(&version)),
        Err(_) => affected.iter().any(|record| record.contains_text(version)),
    }
}

/// `affected` of one npm package `p`, then versions that are affected and versions that are not.
const RANGES: &[(&str, &str, &str)] = &[
    // Introduced and fixed; a prerelease of the fix comes before the fix.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.2.0"}]}]"#,
        "1.0.0 1.1.9 1.2.0-rc.1",
        "0.9.9 1.0.0-alpha 1.2.0 2.0.0",
    ),
    // From the beginning, prereleases of 0.0.0 too.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]"#,
        "0.0.0-alpha 0.0.0 1.9.9",
        "2.0.0 10.0.0",
    ),
    // Events in any order.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"fixed":"1.2.0"},{"introduced":"1.0.0"}]}]"#,
        "1.0.0 1.1.0",
        "0.9.0 1.2.0",
    ),
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"introduced":"2.0.0"},{"fixed":"2.0.1"},{"fixed":"1.3.2"}]}]"#,
        "1.3.1 2.0.0",
        "1.3.2 1.9.0 2.0.1",
    ),
    // Several runs in one range, the last one open.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"1.3.0"}]}]"#,
        "1.1.9 1.3.0 99.0.0",
        "1.2.0 1.2.9",
    ),
    // The last affected version is affected.
    (
        r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.0.0"},{"last_affected":"1.4.0"}]}]"#,
        "1.0.0 1.4.0",
        "1.4.1-0 1.4.1",
    ),
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.5.0"},{"last_affected":"1.5.0"}]}]"#,
        "1.5.0",
        "1.4.9 1.5.1",
    ),
    // What ends and begins at one version goes on.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"fixed":"3.0.0"}]}]"#,
        "1.0.0 2.0.0 2.9.9",
        "3.0.0",
    ),
    // Limits cut.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"limit":"2.0.0"}]}]"#,
        "1.0.0 1.9.9",
        "2.0.0 3.0.0",
    ),
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"limit":"2.0.0"},{"limit":"*"}]}]"#,
        "1.0.0 3.0.0",
        "0.1.0",
    ),
    // Listed versions besides ranges.
    (
        r#""versions":["3.1.4","v3.1.5"],"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]"#,
        "0.5.0 3.1.4 3.1.5 3.1.4+build",
        "1.0.0 3.1.3",
    ),
    // Listed versions that are no SemVer match by their text.
    (r#""versions":["2026.06.18-custom","1.0"]"#, "2026.06.18-custom 1.0", "2026.06.18 1.0.0"),
    // GIT ranges say nothing about releases.
    (
        r#""ranges":[{"type":"GIT","repo":"https://example.org/x","events":[{"introduced":"0"}]}]"#,
        "",
        "1.0.0",
    ),
    // A kind of range that does not exist yet is read all the same.
    (r#""ranges":[{"type":"CALVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]"#, "0.1.0", "1.0.0"),
    // What cannot be read affects everything.
    (r#""ranges":[{"type":"SEMVER","events":[{"introduced":"zero"},{"fixed":"1.0.0"}]}]"#, "0.1.0 5.0.0", ""),
    (r#""ranges":[{"type":"SEMVER","events":[]}]"#, "0.1.0 5.0.0", ""),
    // Without a start it starts at the beginning.
    (r#""ranges":[{"type":"SEMVER","events":[{"fixed":"1.0.0"}]}]"#, "0.1.0", "1.0.0"),
    // Short versions.
    (r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1"},{"fixed":"1.2"}]}]"#, "1.0.0 1.1.9", "1.2.0"),
    // No fix, but a known end.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"2.1.0"}]}],"database_specific":{"last_known_affected_version_range":"< 2.1.3"}"#,
        "2.1.0 2.1.2",
        "2.1.3 3.0.0",
    ),
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.2.0"}"#,
        "1.2.0",
        "1.2.1",
    ),
    // An end before the start is no end.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"2.0.0"}]}],"database_specific":{"last_known_affected_version_range":"<= 1.2.0"}"#,
        "2.0.0 9.0.0",
        "1.2.0",
    ),
    // Prereleases order by SemVer.
    (
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0-beta.2"},{"fixed":"1.0.0-beta.11"}]}]"#,
        "1.0.0-beta.2 1.0.0-beta.10",
        "1.0.0-beta.1 1.0.0-beta.11 1.0.0",
    ),
    // Nothing stated.
    (r#""ranges":[],"versions":[]"#, "", "1.0.0"),
    (r#""ranges":null,"versions":null,"severity":null,"database_specific":null"#, "", "1.0.0"),
];

#[test]
fn ranges_hold_what_osv_says() {
    for (affected, inside, outside) in RANGES {
        let record = format!(
            r#"{{"id":"T-1","affected":[{{"package":{{"ecosystem":"npm","name":"p"}},{affected}}}]}}"#
        );
        let index = index_of(&[&record]);
        for version in inside.split_whitespace() {
            assert!(is_affected(&index, "p", version), "{version} should be affected: {affected}");
        }
        for version in outside.split_whitespace() {
            assert!(!is_affected(&index, "p", version), "{version} should not be affected: {affected}");
        }
    }
}

#[test]
fn a_record_comes_back_as_it_went_in() {
    let index = index_of(&[
        r#"{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2020-1","cve-2020-1"],"summary":"s","details":"d",
        "modified":"2024-05-06T07:08:09.123Z","published":"2020-01-01T00:00:00Z",
        "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "references":[{"type":"WEB","url":"https://www.npmjs.com/advisories/1471"}],
        "database_specific":{"cwe_ids":["CWE-79"],"severity":"LOW"},
        "affected":[{"package":{"ecosystem":"npm","name":"@a/b"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.3"}]}]}]}"#,
    ]);
    let affected = index.affecting("@a/b").unwrap();
    let record = index.record(affected[0].record).unwrap();
    assert_eq!(
        (record.id.as_str(), record.summary.as_str(), record.details.as_str()),
        ("GHSA-aaaa-bbbb-cccc", "s", "d")
    );
    assert_eq!(record.rating.as_ref().and_then(|rating| rating.score), Some(9.8));
    assert_eq!((record.cwes.as_slice(), record.source.as_str()), (&["CWE-79".to_owned()][..], "test"));
    assert_eq!(record.modified.unwrap().to_string(), "2024-05-06T07:08:09.123Z");
    assert_eq!(record.fixed_versions("@a/b"), [Version::parse("1.2.3").unwrap()]);
    assert_eq!(index.identity(affected[0].record).unwrap(), ["CVE-2020-1", "GHSA-aaaa-bbbb-cccc"]);
    for id in ["GHSA-AAAA-bbbb-cccc", "cve-2020-1", " npm:1471 "] {
        assert_eq!(index.find(id).unwrap(), [affected[0].record], "{id}");
    }
    assert_eq!(index.find("CVE-2020-2").unwrap(), []);
    assert_eq!(index.affecting("@a/c").unwrap(), []);
}
