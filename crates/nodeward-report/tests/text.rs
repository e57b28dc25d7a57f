//! The text format, read by people: whole outputs as snapshots, and what must hold for all of them.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod fixture;

use fixture::{PLAIN, render};
use nodeward_report::render::Style;
use unicode_width::UnicodeWidthStr;

#[test]
fn a_clean_result_is_three_lines() {
    insta::assert_snapshot!(render(&fixture::clean(412), "text", PLAIN));
}

#[test]
fn one_finding() {
    insta::assert_snapshot!(render(&fixture::one(), "text", PLAIN));
}

#[test]
fn seven_findings() {
    insta::assert_snapshot!(render(&fixture::seven(), "text", PLAIN));
}

#[test]
fn seven_findings_verbose() {
    insta::assert_snapshot!(render(&fixture::seven(), "text", Style { verbose: true, ..PLAIN }));
}

#[test]
fn three_hundred_findings() {
    insta::assert_snapshot!(render(&fixture::many(300), "text", PLAIN));
}

#[test]
fn a_gap_stands_first() {
    insta::assert_snapshot!(render(&fixture::incomplete(), "text", PLAIN));
}

#[test]
fn no_line_is_too_wide() {
    for report in [fixture::seven(), fixture::many(300), fixture::incomplete()] {
        for (width, verbose) in [(60, false), (60, true), (80, false), (80, true), (120, true)] {
            for line in render(&report, "text", Style { width, verbose, colour: false }).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn colour_adds_nothing_that_words_do_not_say() {
    for verbose in [false, true] {
        let coloured = render(&fixture::seven(), "text", Style { colour: true, verbose, ..PLAIN });
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain += before;
            rest = after.split_once('m').unwrap().1;
        }
        plain += rest;
        assert_eq!(plain, render(&fixture::seven(), "text", Style { verbose, ..PLAIN }));
    }
}

#[test]
fn verbose_shows_every_finding() {
    let report = fixture::many(300);
    let text = render(&report, "text", Style { verbose: true, ..PLAIN });
    for finding in &report.findings {
        assert!(text.contains(&*finding.rule), "{}", finding.rule);
    }
}
