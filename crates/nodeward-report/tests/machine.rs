//! The formats that programs and web pages read, as snapshots of one run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod fixture;

use fixture::{PLAIN, render};

#[test]
fn json() {
    insta::assert_snapshot!(render(&fixture::seven(), "json", PLAIN));
}

#[test]
fn sarif() {
    insta::assert_snapshot!(render(&fixture::seven(), "sarif", PLAIN));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(render(&fixture::seven(), "markdown", PLAIN));
}

#[test]
fn github() {
    insta::assert_snapshot!(render(&fixture::seven(), "github", PLAIN));
}

#[test]
fn markdown_fits_a_comment() {
    let text = render(&fixture::many(3_000), "markdown", PLAIN);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("more findings, less pressing"));
}

#[test]
fn github_names_every_id() {
    let report = fixture::many(300);
    let text = render(&report, "github", PLAIN);
    for finding in &report.findings {
        assert!(text.contains(&*finding.rule), "{}", finding.rule);
    }
    assert!(text.lines().all(|line| line.starts_with("::")));
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let before = render(&fixture::seven(), "sarif", PLAIN);
    let mut moved = fixture::seven();
    for finding in &mut moved.findings {
        finding.place.line += 7;
    }
    let prints = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.contains("primaryLocationLineHash")).map(String::from).collect()
    };
    assert_eq!(prints(&before), prints(&render(&moved, "sarif", PLAIN)));
    assert_eq!(prints(&before).len(), 8);
}

#[test]
fn html() {
    insta::assert_snapshot!(render(&fixture::seven(), "html", PLAIN));
}

/// For looking at with a browser: `NODEWARD_HTML=folder cargo test -p nodeward-report --test machine pages`.
#[test]
fn pages() {
    let Some(folder) = std::env::var_os("NODEWARD_HTML") else { return };
    for (name, report) in [
        ("clean", fixture::clean(412)),
        ("seven", fixture::seven()),
        ("incomplete", fixture::incomplete()),
        ("many", fixture::many(300)),
    ] {
        std::fs::write(
            std::path::Path::new(&folder).join(name).with_extension("html"),
            render(&report, "html", PLAIN),
        )
        .unwrap();
    }
}
