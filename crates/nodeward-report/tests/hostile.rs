//! Whatever a package or an advisory writes, no format hands it on as anything but text.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

mod fixture;

use fixture::{PLAIN, render};
use nodeward_package::Place;
use nodeward_report::printable::is_hidden;
use nodeward_report::render::{FORMATS, Style};
use nodeward_report::{Evidence, Report};
use proptest::prelude::*;

/// A report in which every text that comes from outside is the given one.
fn everywhere(text: &str) -> Report {
    let mut report = fixture::seven();
    report.projects[0].name = text.into();
    for finding in &mut report.findings {
        finding.title = text.into();
        finding.details = Some(text.into());
        finding.next_step = Some(text.into());
        finding.affected_range = Some(text.into());
        finding.fixed_versions = vec![text.into()];
        finding.aliases = vec![text.into()];
        finding.cwes = vec![text.into()];
        finding.vector = Some(text.into());
        finding.references = vec![text.into(), format!("https://example.org/{text}")];
        finding.paths = vec![vec![text.into(); 4]];
        finding.place = Place::file(text);
        finding.evidence =
            vec![Evidence { label: "script", value: text.into(), place: Some(Place::file(text)) }];
    }
    report.findings[0].rule = text.into();
    for change in &mut report.changes {
        change.package = text.into();
        change.from = text.into();
        change.to = text.into();
        change.instruction = text.into();
    }
    for hidden in &mut report.suppressed {
        hidden.reason = text.into();
        hidden.source = text.into();
        hidden.until = Some(text.into());
    }
    report.coverage.source = text.into();
    report.coverage.gaps = vec![nodeward_report::Gap { message: text.into(), remedy: text.into() }];
    report
}

/// All outputs, named.
fn outputs(report: &Report) -> Vec<(String, String)> {
    let mut outputs = Vec::new();
    for format in FORMATS {
        for verbose in [false, true] {
            let style = Style { verbose, ..PLAIN };
            outputs.push((format!("{} verbose {verbose}", format.name), render(report, format.name, style)));
        }
    }
    outputs
}

fn check(text: &str) {
    for (format, output) in outputs(&everywhere(text)) {
        let hidden = output.chars().find(|&c| is_hidden(c) && c != '\n');
        assert_eq!(hidden, None, "{format} hands on a hidden character of {text:?}");
        if format.starts_with("html") {
            let opened = output.matches("<script").count() + output.matches("<img").count();
            assert_eq!(opened, 0, "{format}: {text:?}");
        } else if format.starts_with("github") {
            assert!(
                output.lines().all(|line| line.starts_with("::") && line[2..].matches("::").count() == 1),
                "{output}"
            );
        } else {
            let command = |line: &str| {
                line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso")
            };
            assert!(!output.lines().any(command), "{format}: {text:?}");
        }
        if format.starts_with("markdown") {
            let words = without_code(&output);
            assert!(
                !words.contains("<script") && !words.contains("<img") && !words.contains("@octocat"),
                "{words}"
            );
        }
    }
}

/// Markdown without its code spans, in which nothing is markup.
fn without_code(markdown: &str) -> String {
    let lines = markdown
        .lines()
        .map(|line| line.replace("\\`", "").split('`').step_by(2).collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn known_tricks() {
    for text in [
        "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m",
        "\u{202e}gpj.exe\u{2066}\u{200b}\u{feff}",
        "line\r\n::set-env name=PATH::/tmp\n::error::x",
        " ::stop-commands::x ##[add-path]/tmp ##vso[task.setvariable variable=a]b",
        "<script>alert(1)</script><img src=x onerror=alert(1)> \" onmouseover=\"x",
        "</style></script><script>alert(1)</script> &lt;script&gt;",
        "| a | b |\n|---|---|\n```\n# heading\n![x](https://example.org/x.png) @octocat #1",
        "`code` ``` \\` \\| [x](javascript:alert(1)) <!-- --> -->",
        "%0A::error::%25 , :",
        "",
        " ",
    ] {
        check(text);
        check(&format!("words before {text} and after"));
    }
}

#[test]
fn a_megabyte_is_cut_for_people() {
    let report = everywhere(&"x".repeat(1_000_000));
    for name in ["text", "markdown", "github", "html"] {
        let output = render(&report, name, Style { verbose: true, ..PLAIN });
        assert!(output.len() < 1_000_000, "{name}: {}", output.len());
    }
    let wide = render(&everywhere(&"日本語 ".repeat(300_000)), "text", Style { verbose: true, ..PLAIN });
    assert!(wide.len() < 300_000);
}

#[test]
fn html_links_lead_only_to_the_web() {
    for link in
        ["javascript:alert(1)", "data:text/html,x", "https://e.example/\" onclick=\"x", " https://e.example"]
    {
        let mut report = fixture::one();
        report.findings[0].references = vec![link.into()];
        assert!(!render(&report, "html", PLAIN).contains("<a "), "{link}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_text_of_nasty_parts(parts in proptest::collection::vec(prop_oneof![
        Just("::"), Just("##"), Just("["), Just("]("), Just("|"), Just("\\"), Just("`"), Just("<script>"), Just("<img "),
        Just("@octocat"), Just("\n"), Just("\r"), Just("\u{1b}["), Just("\u{202e}"), Just("\u{200d}"), Just("%0A"),
        Just("vso[x]"), Just(" "), Just("word"), Just("www."), Just("https://e.example/"), Just("é"), Just("日本"),
        Just("\u{0}"), Just("\u{7f}"), Just("\u{85}"), Just("&"), Just("\""), Just("'"), Just("<!--"), Just("-->"),
    ], 0..24)) {
        check(&parts.concat());
    }
}
