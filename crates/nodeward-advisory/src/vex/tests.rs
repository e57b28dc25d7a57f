use std::path::Path;

use nodeward_package::graph::{GraphBuilder, ReachFrom};
use nodeward_package::{DependencyGraph, Edge, EdgeKind, Format, Origin, Package, PackageName, Place};
use nodeward_report::{Finding, Kind, Severity, Subject, Suppressed, Threat};

use super::*;

/// shop > express > qs, and shop > api > qs through another copy when `second_way`.
fn graph(second_way: bool) -> DependencyGraph {
    let mut builder = GraphBuilder::new(Path::new("package-lock.json"), Format::NpmPackageLock);
    let package = |name: &str, version: &str, origin: Origin| {
        Package::new(PackageName::parse(name).unwrap(), version, origin)
    };
    let shop = builder.add_root(package("@acme/shop", "2.0.0", Origin::Root));
    let registry = || Origin::Registry { resolved: None };
    let express = builder.add(package("express", "4.17.0", registry()));
    let qs = builder.add(package("qs", "6.7.0", registry()));
    let mut require = |from, to| {
        builder.require(Edge {
            from,
            to: Some(to),
            kind: EdgeKind::Production,
            name: "x".into(),
            specifier: "*".into(),
        });
    };
    require(shop, express);
    require(express, qs);
    if second_way {
        require(shop, qs);
    }
    builder.finish(ReachFrom::Edges)
}

fn finding() -> Finding {
    let subject = Subject::Release { name: PackageName::parse("qs").unwrap(), version: "6.7.0".into() };
    let place = Place::file("package-lock.json");
    let mut finding =
        Finding::new("CVE-2022-24999", Kind::Advisory, Threat::Rce, Severity::High, subject, place, "x");
    finding.aliases.push("GHSA-hrpp-h998-j3pp".into());
    finding.next_step = Some("upgrade to 6.7.3 or later".to_owned());
    finding
}

fn document(statements: &str) -> Document {
    let text = format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.org/1","author":"a",
        "timestamp":"2024-01-01T00:00:00Z","version":1,"statements":[{statements}]}}"#
    );
    Document::parse("vex.json", text.as_bytes()).unwrap()
}

fn statement(vulnerability: &str, product: &str, rest: &str) -> String {
    format!(r#"{{"vulnerability":{{"name":"{vulnerability}"}},"products":[{product}],{rest}}}"#)
}

const NOT_AFFECTED: &str = r#""status":"not_affected","justification":"vulnerable_code_not_in_execute_path","impact_statement":"we parse nothing""#;

fn hides(statements: &str, graph: &DependencyGraph) -> bool {
    let applied = apply(&[document(statements)], vec![finding()], &[graph]);
    assert_eq!(applied.findings.len() + applied.suppressed.len(), 1);
    assert_eq!(applied.remarks.is_empty(), applied.findings.is_empty(), "{:?}", applied.remarks);
    !applied.suppressed.is_empty()
}

#[test]
fn a_statement_hides_only_what_it_names() {
    let graph = graph(false);
    for (vulnerability, product, hidden) in [
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/qs@6.7.0"}"#, true),
        ("cve-2022-24999", r#"{"@id":"pkg:npm/qs"}"#, true),
        ("GHSA-hrpp-h998-j3pp", r#"{"identifiers":{"purl":"pkg:npm/qs@6.7.0"}}"#, true),
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/qs@6.7.1"}"#, false),
        ("CVE-2022-24998", r#"{"@id":"pkg:npm/qs@6.7.0"}"#, false),
        ("CVE-2022-24999", r#"{"@id":"pkg:pypi/qs@6.7.0"}"#, false),
        ("CVE-2022-24999", r#""pkg:npm/qs@6.7.0""#, true),
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/%40acme/shop@2.0.0"}"#, true),
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/%40acme/shop@1.0.0"}"#, false),
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/%40acme/shop","subcomponents":[{"@id":"pkg:npm/qs"}]}"#, true),
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/%40acme/shop","subcomponents":[{"@id":"pkg:npm/ms"}]}"#, false),
        ("CVE-2022-24999", r#"{"@id":"pkg:npm/express@4.17.0"}"#, true),
        ("CVE-2022-24999", r#"{"@id":"@acme/shop"}"#, true),
    ] {
        assert_eq!(
            hides(&statement(vulnerability, product, NOT_AFFECTED), &graph),
            hidden,
            "{vulnerability} {product}"
        );
    }
}

#[test]
fn a_statement_about_a_container_needs_every_way_to_pass_it() {
    let said = statement("CVE-2022-24999", r#"{"@id":"pkg:npm/express"}"#, NOT_AFFECTED);
    assert!(hides(&said, &graph(false)));
    assert!(!hides(&said, &graph(true)));
}

#[test]
fn the_latest_statement_counts() {
    let qs = r#"{"@id":"pkg:npm/qs"}"#;
    let early =
        statement("CVE-2022-24999", qs, &format!(r#"{NOT_AFFECTED},"timestamp":"2024-02-01T00:00:00Z""#));
    let late = statement(
        "CVE-2022-24999",
        qs,
        r#""status":"affected","action_statement":"wait","timestamp":"2024-03-01T00:00:00Z""#,
    );
    let applied = apply(&[document(&format!("{late},{early}"))], vec![finding()], &[&graph(false)]);
    assert_eq!(applied.findings.len(), 1);
    assert_eq!(applied.findings[0].evidence[0].value, "affected by vex.json: wait");
    assert!(applied.remarks.is_empty());
}

#[test]
fn nothing_is_dropped_silently() {
    let read = document(
        &[
            statement("CVE-1-1", r#""pkg:npm/a""#, r#""status":"not_affected""#),
            statement("CVE-1-1", r#""pkg:npm/a""#, r#""status":"not_affected","justification":"because""#),
            statement("CVE-1-1", "", NOT_AFFECTED),
            statement("CVE-1-1", r#""pkg:npm/a""#, r#""status":"harmless""#),
            "7".to_owned(),
            statement("CVE-1-1", r#""pkg:npm/a""#, r#""status":"fixed","timestamp":"yesterday""#),
        ]
        .join(","),
    );
    assert_eq!((read.statements.len(), read.remarks.len()), (1, 6), "{:#?}", read.remarks);
    let applied = apply(&[read], vec![finding()], &[&graph(false)]);
    assert_eq!(applied.remarks.len(), 7);
    assert!(applied.remarks[6].ends_with("statement 6 (CVE-1-1 in pkg:npm/a) matches no finding"));
    for text in ["", "[]", "{}", r#"{"@context":"https://openvex.dev/ns"}"#, r#"{"statements":[]}"#] {
        assert!(Document::parse("x", text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn what_is_written_reads_back_and_hides_the_same() {
    let graph = graph(false);
    let mut other = finding();
    other.rule = "CVE-2024-1".into();
    other.aliases.clear();
    let hidden = Suppressed {
        finding: finding(),
        reason: "vulnerable code not in execute path: we parse nothing".to_owned(),
        until: None,
        source: "nodeward.toml".to_owned(),
    };
    let authorship = Authorship {
        id: "https://example.org/vex/1",
        author: "Acme",
        tooling: "nodeward",
        now: "2024-05-01T00:00:00Z".parse().unwrap(),
    };
    let text = export(&[other.clone()], &[hidden], &[&graph], &authorship);
    let read = Document::parse("out.json", text.as_bytes()).unwrap();
    assert!(read.remarks.is_empty());
    assert_eq!(read.statements[0].action.as_deref(), Some("upgrade to 6.7.3 or later"));
    assert_eq!(read.statements[1].justification, Some(Justification::VulnerableCodeNotInExecutePath));
    assert_eq!(read.statements[1].products[0].identifiers[0], "pkg:npm/%40acme/shop@2.0.0");
    let applied = apply(&[read], vec![finding(), other], &[&graph]);
    assert_eq!(applied.suppressed.len(), 1);
    assert_eq!(applied.suppressed[0].reason, "vulnerable code not in execute path: we parse nothing");
    assert_eq!(&*applied.findings[0].rule, "CVE-2024-1");
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in r#"(\{|\}|\[|\]|"@context":"openvex.dev/ns"|"statements":|"vulnerability":|"x"|"products":|"status":"fixed"|,|7){0,30}"#) {
        let _ = Document::parse("x", text.as_bytes());
    }
}
