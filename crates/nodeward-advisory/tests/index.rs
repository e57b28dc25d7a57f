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
    (r#""versions":["2026.06.18-custom","1.0"]"#, "2026.06.18-custom 1.0", "2026.6.18-custom 1.0.0"),
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

fn flaw(id: &str, aliases: &[&str], packages: &[&str]) -> String {
    let packages: Vec<String> = packages
        .iter()
        .map(|name| format!(r#"{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}}]}}]}}"#))
        .collect();
    format!(r#"{{"id":"{id}","aliases":{aliases:?},"affected":[{}]}}"#, packages.join(","))
}

/// Id, aliases, packages.
type Flaw<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

/// Records, then which of them are one flaw.
#[test]
fn one_flaw_has_one_identity() {
    let cases: &[(&[Flaw<'_>], &[&[&str]])] = &[
        // Over a shared CVE, whatever the case; over each other's ids; over a chain.
        (
            &[("GHSA-1", &["CVE-2020-1"], &["a"]), ("NSWG-ECO-1", &["cve-2020-1"], &["a"])],
            &[&["GHSA-1", "NSWG-ECO-1"]],
        ),
        (&[("GHSA-1", &[], &["a"]), ("MAL-1", &["GHSA-1"], &["a"])], &[&["GHSA-1", "MAL-1"]]),
        (
            &[("A-1", &["B-1"], &["a"]), ("B-1", &["C-1"], &["a"]), ("C-1", &[], &["a"])],
            &[&["A-1", "B-1", "C-1"]],
        ),
        // One CVE in two packages is one flaw.
        (
            &[("GHSA-1", &["CVE-2020-1"], &["a"]), ("GHSA-2", &["CVE-2020-1"], &["b"])],
            &[&["GHSA-1", "GHSA-2"]],
        ),
        // A hub does not join flaws that have CVEs of their own,
        (
            &[
                ("GHSA-1", &["CVE-2020-1"], &["a"]),
                ("GHSA-2", &["CVE-2020-2"], &["a"]),
                ("MAL-1", &["GHSA-1", "GHSA-2"], &["a"]),
            ],
            &[&["GHSA-1", "MAL-1"], &["GHSA-2"]],
        ),
        // nor flaws of other packages.
        (
            &[("GHSA-1", &[], &["a"]), ("GHSA-2", &[], &["b"]), ("MAL-1", &["GHSA-1", "GHSA-2"], &["c"])],
            &[&["GHSA-1"], &["GHSA-2"], &["MAL-1"]],
        ),
        // Without common names, nothing is common.
        (
            &[("GHSA-1", &["CVE-2020-1"], &["a"]), ("GHSA-2", &["CVE-2020-2"], &["a"])],
            &[&["GHSA-1"], &["GHSA-2"]],
        ),
    ];
    for (records, flaws) in cases {
        let records: Vec<String> =
            records.iter().map(|(id, aliases, packages)| flaw(id, aliases, packages)).collect();
        for order in [records.clone(), records.iter().rev().cloned().collect()] {
            let index = index_of(&order.iter().map(String::as_str).collect::<Vec<_>>());
            let mut found: Vec<Vec<String>> = index
                .record_ids()
                .map(|id| {
                    let same = index.same_flaw(id).unwrap();
                    let mut ids: Vec<String> = same.iter().map(|id| index.record(*id).unwrap().id).collect();
                    ids.sort();
                    ids
                })
                .collect();
            found.sort();
            found.dedup();
            assert_eq!(found, *flaws, "{order:?}");
        }
    }
}

#[test]
fn what_is_withdrawn_matches_nothing_and_hides_nothing() {
    let live = flaw("GHSA-live", &["CVE-2020-1"], &["p"]);
    let gone = flaw("GHSA-gone", &["CVE-2020-1", "GHSA-live"], &["p"]).replacen(
        '{',
        r#"{"withdrawn":"2024-01-01T00:00:00Z","#,
        1,
    );
    let index = index_of(&[&gone, &live]);
    let affected = index.affecting("p").unwrap();
    assert_eq!(affected.len(), 1);
    assert_eq!(index.record(affected[0].record).unwrap().id, "GHSA-live");
    assert_eq!((index.info().records, index.info().withdrawn), (2, 1));
    let found = index.find("GHSA-gone").unwrap();
    assert_eq!(index.identity(found[0]).unwrap(), ["CVE-2020-1", "GHSA-gone", "GHSA-live"]);
}

#[test]
fn malware_is_told_from_flaws_that_handle_malicious_input() {
    for (record, malware) in [
        (r#""id":"MAL-2025-1""#, true),
        (r#""id":"GHSA-1","aliases":["MAL-2025-1"]"#, true),
        (r#""id":"GHSA-1","summary":"Malicious Package in crossenv""#, true),
        (r#""id":"GHSA-1","summary":"Embedded malware in x""#, true),
        (r#""id":"GHSA-1","database_specific":{"cwe_ids":["CWE-506"]}"#, true),
        (r#""id":"GHSA-1","summary":"DoS via malicious record IDs in x""#, false),
        (r#""id":"GHSA-1","summary":"Malicious takeover of previously owned names""#, false),
        (r#""id":"GHSA-1","summary":"Misinterpretation of malicious XML input""#, false),
    ] {
        let json = format!(
            r#"{{{record},"affected":[{{"package":{{"ecosystem":"npm","name":"p"}},"versions":["1.0.0"]}}]}}"#
        );
        let index = index_of(&[&json]);
        assert_eq!(index.affecting("p").unwrap()[0].malware, malware, "{record}");
    }
}

/// Where a severity may stand, and which one counts.
#[test]
fn severity_is_found_wherever_it_stands() {
    for (parts, severity, score) in [
        (r#""severity":[{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:N/I:N/A:C"}]"#, "high", Some(7.8)),
        (r#""database_specific":{"severity":"MODERATE"}"#, "medium", None),
        (r#""database_specific":{"severity":["odd"]}"#, "", None),
        (
            r#""severity":[{"type":"CVSS_V3","score":"nonsense"}],"database_specific":{"severity":"LOW"}"#,
            "low",
            None,
        ),
        (
            r#""database_specific":{"severity":"LOW","cvss":{"score":5,"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}"#,
            "critical",
            Some(9.8),
        ),
    ] {
        let json = format!(
            r#"{{"id":"T-1",{parts},"affected":[{{"package":{{"ecosystem":"npm","name":"p"}},"versions":["1.0.0"]}}]}}"#
        );
        let index = index_of(&[&json]);
        let rating = index.record(index.find("T-1").unwrap()[0]).unwrap().rating;
        assert_eq!(rating.as_ref().map_or("", |rating| rating.severity.name()), severity, "{parts}");
        assert_eq!(rating.and_then(|rating| rating.score), score, "{parts}");
    }
    let json = r#"{"id":"T-1","affected":[{"package":{"ecosystem":"npm","name":"p"},"versions":["1.0.0"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]}]}"#;
    let index = index_of(&[json]);
    let rating = index.record(index.find("T-1").unwrap()[0]).unwrap().rating.unwrap();
    assert_eq!(rating.score, Some(7.5));
}
