//! What must hold of versions and ranges whatever their text.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use nodeward_package::range::{
    MAX_COMPARATORS, MAX_RANGE_BYTES, Prereleases, RangeError, RangeOptions, Side, Syntax,
};
use nodeward_package::version::{CoerceFrom, CoerceKeep, EventVersion, MAX_COERCED_BYTES, PrereleaseTag};
use nodeward_package::{Range, Version};
use proptest::prelude::*;

/// Texts made of what ranges are made of, most of them no ranges.
const SOUP: &str = "[0-9xX*v=<>~^|.+a-z -]{0,40}";

fn version_text() -> impl Strategy<Value = String> {
    let identifier = prop_oneof![
        Just("0".to_owned()),
        "[1-9][0-9]{0,2}",
        "[a-c-][a-c0-9-]{0,2}",
        // Above 2^53, where numbers are no longer exact.
        "900719925474099[0-9]",
    ];
    let prerelease = proptest::collection::vec(identifier, 0..3).prop_map(|parts| match parts.as_slice() {
        [] => String::new(),
        parts => format!("-{}", parts.join(".")),
    });
    (0..4_u64, 0..4_u64, 0..4_u64, prerelease, "(\\+[a-z0-9]{1,3})?").prop_map(
        |(major, minor, patch, prerelease, build)| format!("{major}.{minor}.{patch}{prerelease}{build}"),
    )
}

fn version() -> impl Strategy<Value = Version> {
    version_text().prop_map(|text| Version::parse(&text).expect("made as a version"))
}

fn range_text() -> impl Strategy<Value = String> {
    let comparator = prop_oneof![
        (prop_oneof!["[<>]=?", "[~^=]?"], version_text())
            .prop_map(|(operator, version)| format!("{operator}{version}")),
        "[~^<>]?[0-3](\\.[0-3x])?",
        Just("*".to_owned()),
    ];
    let set = proptest::collection::vec(comparator, 1..4).prop_map(|set| set.join(" "));
    proptest::collection::vec(set, 1..4).prop_map(|sets| sets.join(" || "))
}

fn options() -> impl Strategy<Value = RangeOptions> {
    let syntax = prop_oneof![Just(Syntax::Strict), Just(Syntax::Loose)];
    let prereleases = prop_oneof![Just(Prereleases::WhereNamed), Just(Prereleases::Everywhere)];
    (syntax, prereleases).prop_map(|(syntax, prereleases)| RangeOptions { syntax, prereleases })
}

fn range() -> impl Strategy<Value = Range> {
    (range_text(), options())
        .prop_map(|(text, options)| Range::parse_with(&text, options).expect("made as a range"))
}

/// Two ranges that were read with the same options.
fn ranges() -> impl Strategy<Value = (Range, Range)> {
    (range_text(), range_text(), options()).prop_map(|(left, right, options)| {
        let range = |text: &str| Range::parse_with(text, options).expect("made as a range");
        (range(&left), range(&right))
    })
}

proptest! {
    #[test]
    fn order_is_total(a in version(), b in version(), c in version()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a == b {
            let hasher = RandomState::new();
            prop_assert_eq!(hasher.hash_one(&a), hasher.hash_one(&b));
            prop_assert_eq!(a.cmp(&c), b.cmp(&c));
        }
        prop_assert_eq!(a.compare_build(&b), b.compare_build(&a).reverse());
    }

    #[test]
    fn events_are_ordered_as_versions_are(a in version(), b in version()) {
        let (left, right) = (EventVersion::from(a.clone()), EventVersion::from(b.clone()));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        // The longer way round: a number that no version has, on one side only, decides.
        let large = EventVersion::parse("99999999999999999999").expect("a number");
        prop_assert!(left < large && large > right);
    }

    #[test]
    fn versions_print_as_they_parse(version in version()) {
        let text = version.to_string();
        let again = Version::parse(&text).expect("a version prints as one");
        prop_assert_eq!(&again, &version);
        prop_assert_eq!(again.to_string(), text);
        prop_assert_eq!(again.build(), version.build());
    }

    #[test]
    fn whatever_parses_prints_as_a_version(text in "[v= ]{0,2}[0-9.]{3,8}[a-z0-9.+-]{0,8}", options in options()) {
        if let Ok(version) = Version::parse_with(&text, options.syntax) {
            let again = Version::parse(&version.to_string());
            prop_assert_eq!(again, Ok(version));
        }
    }

    #[test]
    fn nothing_panics(text in ".{0,60}", soup in SOUP, options in options()) {
        for text in [&text, &soup] {
            let _ = Version::parse_with(text, options.syntax);
            let _ = Version::clean(text, options.syntax);
            let _ = Version::coerce(text, CoerceFrom::Right, CoerceKeep::All, options.syntax);
            let _ = EventVersion::parse(text);
            let _ = Range::parse_with(text, options);
        }
    }

    #[test]
    fn ranges_print_as_they_parse(soup in SOUP, options in options()) {
        if let Ok(range) = Range::parse_with(&soup, options) {
            let again = Range::parse_with(&range.to_string(), options);
            prop_assert_eq!(again, Ok(range));
        }
    }

    #[test]
    fn satisfies_agrees_with_the_comparators(range in range(), version in version()) {
        let passes = range.sets().any(|set| set.iter().all(|comparator| comparator.test(&version)));
        let is_plain = !version.is_prerelease() || range.prereleases() == Prereleases::Everywhere;
        if is_plain {
            prop_assert_eq!(range.satisfies(&version), passes);
        } else {
            prop_assert!(passes || !range.satisfies(&version));
        }
    }

    #[test]
    fn outside_is_on_one_side_and_not_inside(range in range(), version in version()) {
        let sides = [Side::Below, Side::Above].map(|side| range.is_outside(&version, side));
        prop_assert!(!range.satisfies(&version) || sides == [false, false]);
    }

    #[test]
    fn ranges_that_share_a_version_intersect((left, right) in ranges(), version in version()) {
        // An exact prerelease and `*` are the one pair for which the sides matter; see `Comparator::intersects`.
        if !version.is_prerelease() && left.satisfies(&version) && right.satisfies(&version) {
            prop_assert!(left.intersects(&right));
        }
        let is_exact_prerelease = |range: &Range| {
            range.sets().flatten().any(|comparator| comparator.version().is_some_and(Version::is_prerelease))
        };
        if !is_exact_prerelease(&left) && !is_exact_prerelease(&right) {
            prop_assert_eq!(left.intersects(&right), right.intersects(&left));
        }
    }

    #[test]
    fn a_subset_holds_nothing_more((sub, dom) in ranges(), version in version()) {
        if sub.is_subset_of(&dom) && sub.satisfies(&version) {
            prop_assert!(dom.satisfies(&version), "{} is no subset of {} by {}", sub, dom, version);
        }
        prop_assert!(sub.is_subset_of(&sub));
    }

    #[test]
    fn the_least_version_is_in_the_range(range in range(), version in version()) {
        if let Some(least) = range.min_version() {
            prop_assert!(range.satisfies(&least));
        }
        prop_assert!(Version::parse(&version.to_string()).is_ok());
    }

    #[test]
    fn a_step_up_is_up(version in version()) {
        for step in ["major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease"] {
            let step = step.parse().expect("a step");
            if let Ok(next) = version.increment(step, PrereleaseTag::default()) {
                prop_assert!(next > version, "{} is not above {}", next, version);
                prop_assert!(Version::parse(&next.to_string()).is_ok());
            }
        }
    }
}

#[test]
fn a_version_is_small() {
    assert!(size_of::<Version>() <= 40);
    assert_eq!(size_of::<Option<Version>>(), size_of::<Version>());
}

#[test]
fn hostile_ranges_are_refused_or_read() {
    let long = |piece: &str| piece.repeat(MAX_RANGE_BYTES / piece.len());
    assert_eq!(Range::parse(&" ".repeat(1 << 20)), Err(RangeError::TooLong));
    assert_eq!(Range::parse(&long("1||")), Err(RangeError::TooManyComparators));
    assert_eq!(Range::parse(&long(">1.0.0 ")), Err(RangeError::TooManyComparators));
    let many: Vec<_> = (0..MAX_COMPARATORS / 2).map(|number| format!("^{number}")).collect();
    assert!(Range::parse(&many.join("||")).is_ok());
    for piece in
        ["=", "= ", "v", "> ", "~ ", "^ ", "+a", "1 - ", "|", "* ", "1.", "-", "\u{feff}", "1.2.3-a."]
    {
        let text = long(piece);
        for syntax in [Syntax::Strict, Syntax::Loose] {
            let options = RangeOptions { syntax, ..RangeOptions::default() };
            let _ = Range::parse_with(&text, options);
        }
    }
    let long = "1-1.".repeat(MAX_COERCED_BYTES / 4);
    assert!(Version::coerce(&long, CoerceFrom::Right, CoerceKeep::All, Syntax::Loose).is_none());
    assert_eq!(Version::coerce(&"1".repeat(1 << 20), CoerceFrom::Left, CoerceKeep::All, Syntax::Loose), None);
}
