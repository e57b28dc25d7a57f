//! Damaged and hostile bytes: refused, or without effect; never a panic, never a wrong answer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::LazyLock;

use nodeward_advisory::{Affected, Index, IndexBuilder, IndexError, Record, osv};
use nodeward_testkit::osv as made_up;
use proptest::prelude::*;

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = IndexBuilder::new();
    for (_, json) in made_up::export(300) {
        builder.add_osv(json.as_bytes(), "made-up").unwrap();
    }
    builder.finish("2026-01-02T03:04:05Z".parse().unwrap()).unwrap().0
});

/// Questions that touch every kind of section.
fn questions() -> (Vec<String>, Vec<String>) {
    let names = (0..12).map(made_up::flawed_package).chain(["no-such-package".to_owned()]).collect();
    let ids = ["GHSA-0004-0000-0000", "CVE-2024-9", "mal-2025-3", "CVE-1999-1"].map(str::to_owned).to_vec();
    (names, ids)
}

type Answer = (Vec<Affected>, Vec<Record>, Vec<String>);

fn ask(index: &Index) -> Vec<Result<Answer, IndexError>> {
    let (names, ids) = questions();
    let about = |records: Vec<nodeward_advisory::RecordId>, affected: Vec<Affected>| {
        let bodies = records.iter().map(|id| index.record(*id)).collect::<Result<Vec<_>, _>>()?;
        let mut identities = Vec::new();
        for id in &records {
            identities.extend(index.identity(*id)?);
        }
        Ok((affected, bodies, identities))
    };
    let by_name = names.iter().map(|name| {
        let affected = index.affecting(name)?;
        about(affected.iter().map(|affected| affected.record).collect(), affected)
    });
    let by_id = ids.iter().map(|id| about(index.find(id)?, Vec::new()));
    by_name.chain(by_id).collect()
}

static EXPECTED: LazyLock<Vec<Answer>> = LazyLock::new(|| {
    let index = Index::from_bytes(GOOD.clone()).unwrap();
    index.verify().unwrap();
    ask(&index).into_iter().map(Result::unwrap).collect()
});

/// Refused when opened, refused when asked, or the very same answer.
fn refused_or_harmless(bytes: Vec<u8>) {
    let Ok(index) = Index::from_bytes(bytes) else { return };
    for (answer, expected) in ask(&index).into_iter().zip(EXPECTED.iter()) {
        if let Ok(answer) = answer {
            assert_eq!(&answer, expected);
        }
    }
}

#[test]
fn the_questions_have_answers() {
    let records: usize = EXPECTED.iter().map(|(_, records, _)| records.len()).sum();
    assert!(records > 12, "{records}");
}

/// Every byte of the header and of the sections' edges, and a stride over the rest.
#[test]
fn a_flipped_bit_anywhere() {
    for position in (0..400).chain((400..GOOD.len()).step_by(257)) {
        let mut bytes = GOOD.clone();
        bytes[position.min(GOOD.len() - 1)] ^= 1 << (position % 8);
        refused_or_harmless(bytes);
    }
}

#[test]
fn every_length() {
    for length in (0..GOOD.len()).step_by(61) {
        assert!(Index::from_bytes(GOOD[..length].to_vec()).is_err(), "{length}");
    }
    let mut longer = GOOD.clone();
    longer.push(0);
    assert!(matches!(Index::from_bytes(longer), Err(IndexError::Length { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits(flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4)) {
        let mut bytes = GOOD.clone();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        refused_or_harmless(bytes);
    }

    #[test]
    fn any_bytes_as_an_index(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(Index::from_bytes(bytes).is_err());
    }

    /// With a header that holds, whatever stands behind it.
    #[test]
    fn any_bytes_behind_a_good_header(seed in any::<u8>(), start in 600usize..4000) {
        let mut bytes = GOOD.clone();
        for (offset, byte) in bytes.iter_mut().enumerate().skip(start) {
            *byte = (offset as u8).wrapping_mul(seed);
        }
        refused_or_harmless(bytes);
    }

    #[test]
    fn any_text_as_a_record(text in "\\PC{0,200}") {
        let _ = osv::parse(text.as_bytes());
    }

    /// Records that are nearly right: built into an index, which then holds together.
    #[test]
    fn nearly_right_records(
        events in prop::collection::vec(("introduced|fixed|last_affected|limit|other", "0|[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9](-[a-z0-9.]{1,4})?|\\*|[a-z]{0,3}|9{1,25}"), 0..7),
        versions in prop::collection::vec("[0-9]{1,3}\\.[0-9]\\.[0-9]{1,2}(-[a-z.0-9]{1,5})?|[a-z]{0,4}", 0..4),
        name in "@?[a-z]{1,4}/?[a-z ]{0,4}",
        id in "[A-Z]{2,4}-[0-9]{1,3}",
        alias in "(CVE|GHSA|MAL)-[0-9]{1,2}",
    ) {
        let events: Vec<String> = events.iter().map(|(kind, version)| format!("{{\"{kind}\":\"{version}\"}}")).collect();
        let versions: Vec<String> = versions.iter().map(|version| format!("\"{version}\"")).collect();
        let json = format!(
            r#"{{"id":"{id}","aliases":["{alias}"],"affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{}]}}],"versions":[{}]}}]}}"#,
            events.join(","), versions.join(","),
        );
        let (record, _) = osv::parse(json.as_bytes()).unwrap();
        let mut builder = IndexBuilder::new();
        builder.add(record.clone(), "x").unwrap();
        let (bytes, _) = builder.finish("2026-01-02T03:04:05Z".parse().unwrap()).unwrap();
        let index = Index::from_bytes(bytes).unwrap();
        index.verify().unwrap();
        for package in &record.packages {
            let found = index.affecting(&package.name).unwrap();
            prop_assert_eq!(&found[0].ranges, &package.intervals);
            let back = index.record(found[0].record).unwrap();
            prop_assert_eq!(&back.packages, &record.packages);
        }
    }
}
