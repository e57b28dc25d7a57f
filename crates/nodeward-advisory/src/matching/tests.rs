use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use nodeward_package::graph::{GraphBuilder, ReachFrom};
use nodeward_package::{Edge, EdgeKind, Format, PackageName};
use nodeward_report::{Kind, Severity, Threat};

use super::*;
use crate::index::IndexBuilder;

fn index(records: &[&str]) -> Vec<u8> {
    let mut builder = IndexBuilder::new();
    for record in records {
        builder.add_osv(record.as_bytes(), "test").unwrap();
    }
    builder.finish(Timestamp::UNIX_EPOCH).unwrap().0
}

/// `id|aliases|package|introduced|fixed|more` as an OSV record.
fn osv(line: &str) -> String {
    let [id, aliases, package, introduced, fixed, more] = line.split('|').collect::<Vec<_>>()[..] else {
        panic!("{line}")
    };
    let aliases: Vec<String> = aliases.split_terminator(',').map(|alias| format!("{alias:?}")).collect();
    let fixed = if fixed.is_empty() { String::new() } else { format!(r#",{{"fixed":"{fixed}"}}"#) };
    format!(
        r#"{{"id":"{id}","modified":"2024-01-01T00:00:00Z","aliases":[{}],"summary":"flaw of {package}.",
        "affected":[{{"package":{{"ecosystem":"npm","name":"{package}"}},
        "ranges":[{{"type":"SEMVER","events":[{{"introduced":"{introduced}"}}{fixed}]}}]}}]{more}}}"#,
        aliases.join(",")
    )
}

fn scan_with(graph: &DependencyGraph, lines: &[&str]) -> Vec<Finding> {
    let records: Vec<String> = lines.iter().map(|line| osv(line)).collect();
    let bytes = index(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let cold = Index::open_as_cold(file.path()).unwrap();
    let found = scan(graph, &Index::from_bytes(bytes).unwrap()).unwrap();
    assert_eq!(scan(graph, &cold).unwrap(), found, "from the disk");
    found
}

fn registry() -> Origin {
    Origin::Registry { resolved: None }
}

/// `root>a@1 a@1>b@2` with `:` for development; everything but the first from the registry unless told otherwise.
fn graph(edges: &str, origin: &dyn Fn(&str) -> Origin) -> DependencyGraph {
    let mut builder = GraphBuilder::new(Path::new("package-lock.json"), Format::NpmPackageLock);
    let mut ids = HashMap::new();
    for edge in edges.split_whitespace() {
        let at = edge.find(['>', ':']).unwrap();
        let kind = if &edge[at..=at] == ">" { EdgeKind::Production } else { EdgeKind::Development };
        let [from, to] = [&edge[..at], &edge[at + 1..]].map(|label| {
            *ids.entry(label.to_owned()).or_insert_with(|| {
                // `name@version#copy`
                let label = label.split('#').next().unwrap();
                match label.rsplit_once('@').filter(|(name, _)| !name.is_empty()) {
                    Some((name, version)) => {
                        builder.add(Package::new(PackageName::parse(name).unwrap(), version, origin(name)))
                    }
                    None => builder.add_root(Package::new(
                        PackageName::parse(label).unwrap(),
                        "1.0.0",
                        Origin::Root,
                    )),
                }
            })
        });
        builder.require(Edge { from, to: Some(to), kind, name: "x".into(), specifier: "*".into() });
    }
    builder.finish(ReachFrom::Edges)
}

#[test]
fn one_finding_per_flaw_and_release_whatever_its_names() {
    let graph = graph("root>a@1.0.0 a@1.0.0>v@1.1.0 root:v@1.1.0#2 root>v@2.0.0", &|_| registry());
    let findings = scan_with(
        &graph,
        &[
            "NSWG-ECO-7|CVE-2020-7|v|0|1.2.0|",
            "GHSA-aaaa-bbbb-cccc|CVE-2020-7|v|1.0.0|1.2.0|,\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\"}],\"database_specific\":{\"cwe_ids\":[\"CWE-1333\"]}",
            "GHSA-dddd-eeee-ffff||v|2.0.0||",
        ],
    );
    assert_eq!(findings.len(), 2);
    let first = &findings[0];
    assert_eq!(&*first.rule, "CVE-2020-7");
    assert_eq!(
        first.aliases.iter().map(|alias| &**alias).collect::<Vec<_>>(),
        ["GHSA-aaaa-bbbb-cccc", "NSWG-ECO-7"]
    );
    assert_eq!((first.severity, first.score, first.threat), (Severity::High, Some(7.5), Threat::Dos));
    assert_eq!(first.title, "flaw of v");
    assert_eq!(first.affected_range.as_deref(), Some("<1.2.0"));
    assert_eq!(first.fixed_versions, ["1.2.0"]);
    assert_eq!(first.paths, [vec!["root@1.0.0", "v@1.1.0"], vec!["root@1.0.0", "a@1.0.0", "v@1.1.0"]]);
    assert!(first.production, "one of its copies is");
    let second = &findings[1];
    assert_eq!((&*second.rule, second.severity), ("GHSA-dddd-eeee-ffff", Severity::Medium));
    assert!(second.fixed_versions.is_empty());
    assert!(second.evidence.iter().any(|fact| fact.label == "severity"));
}

#[test]
fn malware_is_critical_and_a_fact_of_the_registry_alone() {
    let lines = ["MAL-2024-1||evil|0||", "GHSA-gggg-hhhh-jjjj||lib|0|2.0.0|"];
    let everywhere = "root>evil@1.0.0 root:lib@1.0.0";
    let found = |origin: Origin| scan_with(&graph(everywhere, &|_| origin.clone()), &lines);
    let findings = found(registry());
    assert_eq!(findings.len(), 2);
    assert_eq!((findings[0].kind, findings[0].severity), (Kind::Malware, Severity::Critical));
    assert_eq!(findings[0].threat, Threat::Mtp);
    assert!(findings[0].production && !findings[1].production);
    let git = found(Origin::Git { url: "git+ssh://git@example.org/lib.git".into(), commit: None });
    assert_eq!(git.len(), 1, "only the flaw, which a fork may have");
    assert_eq!((git[0].confidence, &*git[0].rule), (Confidence::Medium, "GHSA-gggg-hhhh-jjjj"));
    assert_eq!(found(Origin::File { path: "vendor/lib-1.0.0.tgz".into() }).len(), 1);
    assert!(found(Origin::File { path: "../lib".into() }).is_empty());
    assert!(found(Origin::Workspace { path: "lib".into() }).is_empty());
}

#[test]
fn malware_is_found_by_whichever_url_it_comes() {
    let lines = ["MAL-2024-1||evil|0||", "GHSA-gggg-hhhh-jjjj||good|0|1.0.0|"];
    let url = || "https://registry.example.org/evil/-/evil-1.0.0.tgz".into();
    let found = |edges: &str, origin: Origin| scan_with(&graph(edges, &|_| origin.clone()), &lines);
    let required_by_url = found("root>evil@1.0.0", Origin::Http { url: url() });
    assert_eq!(required_by_url.len(), 1);
    assert_eq!(required_by_url[0].kind, Kind::Malware);
    let in_place_of = found("root>good@1.0.0", Origin::Registry { resolved: Some(url()) });
    assert_eq!((in_place_of.len(), in_place_of[0].kind), (1, Kind::Malware));
    let fact = in_place_of[0].evidence.iter().find(|fact| fact.label == "fetched in place of").unwrap();
    assert_eq!(fact.value, "good@1.0.0");
    let older = "https://registry.example.org/good/-/good-0.9.0.tgz";
    let older = found("root>good@1.0.0", Origin::Registry { resolved: Some(older.into()) });
    assert_eq!((older.len(), &*older[0].rule), (1, "GHSA-gggg-hhhh-jjjj"));
    let other = Origin::Http { url: "https://files.example.org/evil.tgz".into() };
    assert!(found("root>evil@1.0.0", other).is_empty(), "another server's package of that name");
}

#[test]
fn what_could_not_be_compared_is_told() {
    let graph = graph("root>a@latest root>b@latest root>c@latest root>a@=1.0.0", &|_| registry());
    let records = ["GHSA-aaaa-aaaa-aaaa||a|0|9.0.0|", "GHSA-bbbb-bbbb-bbbb||b|0||"].map(osv);
    let index = Index::from_bytes(index(&[&records[0], &records[1]])).unwrap();
    let labels: Vec<String> =
        unchecked(&graph, &index).unwrap().into_iter().map(|id| graph.package(id).label()).collect();
    assert_eq!(labels, ["a@latest"], "every version of b is affected, and nothing is known of c");
    assert_eq!(scan(&graph, &index).unwrap().len(), 2, "=1.0.0 is 1.0.0");
}

#[test]
fn versions_nobody_can_read_match_only_what_holds_for_them() {
    let graph = graph("root>a@latest root>b@1", &|_| registry());
    let all = scan_with(&graph, &["GHSA-aaaa-aaaa-aaaa||a|0|9.0.0|", "GHSA-bbbb-bbbb-bbbb||b|0||"]);
    assert_eq!(all.len(), 1);
    assert_eq!(&*all[0].rule, "GHSA-bbbb-bbbb-bbbb");
}

#[test]
fn ladders_and_cycles_have_paths_at_once() {
    let mut edges = String::from("root>n0@1.0.0 ");
    for rung in 0..60 {
        let next = rung + 1;
        edges += &format!(
            "n{rung}@1.0.0>l{rung}@1.0.0 n{rung}@1.0.0>m{rung}@1.0.0 l{rung}@1.0.0>n{next}@1.0.0 m{rung}@1.0.0>n{next}@1.0.0 n{next}@1.0.0>n{rung}@1.0.0 "
        );
    }
    let findings = scan_with(&graph(&edges, &|_| registry()), &["GHSA-aaaa-aaaa-aaaa||n60|0||"]);
    assert_eq!(findings[0].paths.len(), 3);
    assert!(findings[0].paths.iter().all(|path| path.len() == 122));
}

#[test]
fn copies_are_found_among_any_number_of_releases() {
    // Each release twice, the second copy after all the first ones.
    let copies = |copy: usize| (0..50).map(move |number| format!("root>v@1.{number}.0#{copy} "));
    let graph = graph(&copies(1).chain(copies(2)).collect::<String>(), &|_| registry());
    let named = by_name(&graph);
    assert_eq!(named.chunk_by(is_same_name).count(), 1);
    assert_eq!((named.len(), middle(&named)), (100, 100), "one name is not parted");
    let releases = releases(&graph, &named);
    assert_eq!(releases.len(), 50);
    for copies in &releases {
        let versions: Vec<&str> = copies.iter().map(|&id| &*graph.package(id).version_text).collect();
        assert_eq!((versions.len(), versions[0]), (2, versions[1]));
    }
}
