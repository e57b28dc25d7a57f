use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::Timestamp;
use nodeward_package::graph::{GraphBuilder, ReachFrom};
use nodeward_package::{Edge as GraphEdge, EdgeKind, Format, Origin, Package};

use super::*;
use crate::index::IndexBuilder;
use crate::legacy;
use crate::matching;
use crate::record::{AffectedPackage, Record};

/// (name, specifier) of each dependency.
type Requirements = Vec<(String, String)>;

/// A registry, an index and a project in words.
struct World {
    graph: DependencyGraph,
    index: Index,
    /// `name` to its releases as (version, dependencies).
    registry: BTreeMap<String, Vec<(String, Requirements)>>,
    overrides: Vec<Override>,
}

impl World {
    /// `tree`: `root -> a@1.0.0 ^1.0.0` per line, `=>` for development, `?` where the lockfile keeps no range; `known`: `a <1.2.0` per line, a leading `!` for
    /// malware; `registry`: `a@1.2.0 b:^1.0.0` per line.
    fn new(tree: &str, known: &str, registry: &str) -> Self {
        let mut builder = GraphBuilder::new(Path::new("lock"), Format::NpmPackageLock);
        let mut ids: HashMap<String, PackageId> = HashMap::new();
        for line in lines(tree) {
            let [from, arrow, to, specifier] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let [from, to] = [from, to].map(|label| {
                *ids.entry(label.to_owned()).or_insert_with(|| match label.rsplit_once('@') {
                    Some((name, version)) => builder.add(package(name, version)),
                    None => builder.add_root(Package::new(name(label), "1.0.0", root_origin(label))),
                })
            });
            let kind = if arrow == "=>" { EdgeKind::Development } else { EdgeKind::Production };
            let required = builder.package(to).name.as_str().into();
            builder.require(GraphEdge {
                from,
                to: Some(to),
                kind,
                name: required,
                specifier: specifier.trim_matches('?').into(),
            });
        }
        let mut index = IndexBuilder::new();
        for (number, line) in lines(known).enumerate() {
            let malware = line.starts_with('!');
            let (package, range) = line.trim_start_matches('!').split_once(' ').unwrap();
            let package = AffectedPackage {
                name: package.to_owned(),
                intervals: legacy::intervals_of(range).unwrap(),
                // What legacy ranges end before counts as fixed here.
                stated_fixes: range.split(['<', ' ']).filter_map(|part| Version::parse(part).ok()).collect(),
                ..AffectedPackage::default()
            };
            let id = format!("GHSA-{number:04}-2222-3333");
            let record = Record { id, malware, packages: vec![package], ..Record::default() };
            index.add(record, "test").unwrap();
        }
        let index = Index::from_bytes(index.finish(Timestamp::UNIX_EPOCH).unwrap().0).unwrap();
        let mut published: BTreeMap<String, Vec<(String, Requirements)>> = BTreeMap::new();
        for line in lines(registry) {
            let mut words = line.split(' ');
            let (name, version) = words.next().unwrap().rsplit_once('@').unwrap();
            let needs =
                words.map(|word| word.split_once(':').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned()));
            published.entry(name.to_owned()).or_default().push((version.to_owned(), needs.collect()));
        }
        Self { graph: builder.finish(ReachFrom::Edges), index, registry: published, overrides: Vec::new() }
    }

    fn packument(&self, name: &PackageName) -> Option<Packument> {
        let releases = self.registry.get(name.as_str())?;
        let versions: serde_json::Map<String, serde_json::Value> = releases
            .iter()
            .map(|(version, needs)| {
                let needs: BTreeMap<_, _> = needs.iter().cloned().collect();
                (version.clone(), serde_json::json!({ "dependencies": needs }))
            })
            .collect();
        let document = serde_json::json!({ "name": name.as_str(), "versions": versions });
        Some(Packument::parse(document.to_string().as_bytes()).unwrap())
    }

    fn plan(&self, manager: PackageManager, online: bool) -> (Vec<Finding>, Vec<Planned>) {
        let findings = matching::scan(&self.graph, &self.index).unwrap();
        let project = Project { graph: &self.graph, index: 0, manager, overrides: &self.overrides };
        let metadata = |name: &PackageName| self.packument(name);
        let metadata: Option<&Metadata<'_>> = if online { Some(&metadata) } else { None };
        let planned = plan(&project, &FindingsByFile::new(&findings), &self.index, metadata).unwrap();
        (findings, planned)
    }

    /// `kind package from>to clears: instruction`, and `?` where it was not checked.
    fn told(&self, manager: PackageManager, online: bool) -> Vec<String> {
        let (_, planned) = self.plan(manager, online);
        let tell = |planned: &Planned| {
            let change = &planned.change;
            let (checked, breaking) =
                (if change.checked { "" } else { "?" }, if change.breaking { " breaking" } else { "" });
            format!(
                "{:?}{checked} {} {}>{}{breaking} {:?}: {}",
                change.kind, change.package, change.from, change.to, change.clears, change.instruction
            )
        };
        planned.iter().map(tell).collect()
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn name(text: &str) -> PackageName {
    PackageName::parse(text).unwrap()
}

fn package(text: &str, version: &str) -> Package {
    Package::new(name(text), version, Origin::Registry { resolved: None })
}

fn root_origin(label: &str) -> Origin {
    match label {
        "root" => Origin::Root,
        path => Origin::Workspace { path: format!("packages/{path}").into() },
    }
}

const NPM: PackageManager = PackageManager::Npm;

#[test]
fn a_range_that_admits_the_fix_needs_only_the_lockfile() {
    let world = World::new(
        "root -> a@1.0.0 ^1.0.0
         a@1.0.0 -> b@2.1.0 ^2.0.0",
        "b <2.1.5
         b <2.2.0",
        "a@1.0.0 b:^2.0.0
         b@2.1.0
         b@2.1.5
         b@2.2.0
         b@2.3.0
         b@3.0.0",
    );
    assert_eq!(world.told(NPM, true), ["UpgradeWithinRange b 2.1.0>2.3.0 [0, 1]: npm update b"]);
    assert_eq!(world.told(NPM, false), ["UpgradeWithinRange? b 2.1.0>2.2.0 [0, 1]: npm update b"]);
    let yarn = world.told(PackageManager::YarnClassic, false);
    assert!(
        yarn[0].ends_with("delete the entry of b@2.1.0 from yarn.lock, then run `yarn install`"),
        "{yarn:?}"
    );
}

#[test]
fn a_dependent_in_between_is_updated_where_its_own_range_allows() {
    let world = World::new(
        "root -> a@1.0.0 ^1.0.0
         a@1.0.0 -> b@1.0.0 ^1.0.0
         b@1.0.0 -> c@1.0.0 ~1.0.0",
        "c <2.0.0",
        "a@1.0.0 b:^1.0.0
         b@1.0.0 c:~1.0.0
         b@1.1.0 c:~1.1.0
         b@1.2.0 c:^2.0.0
         c@1.0.0
         c@1.1.0
         c@2.0.0",
    );
    assert_eq!(world.told(NPM, true), ["UpgradeWithinRange b 1.0.0>1.2.0 [0]: npm update b"]);
    assert_eq!(
        world.told(NPM, false),
        ["Override? c 1.0.0>2.0.0 breaking [0]: in package.json, \"overrides\": { \"c\": \"2.0.0\" }"]
    );
}

#[test]
fn else_a_direct_dependency_goes_up_to_the_smallest_version_that_will_do() {
    let world = World::new(
        "root => a@1.0.0 1.0.0
         a@1.0.0 -> c@1.0.0 ^1.0.0
         root -> d@1.0.0 ~1.0.0",
        "c <2.0.0
         d <1.1.0
         a 1.1.0",
        "a@1.0.0 c:^1.0.0
         a@1.1.0 c:^2.0.0
         a@1.2.0 c:^2.0.0
         a@2.0.0
         c@1.0.0
         c@2.0.0
         d@1.0.0
         d@1.1.0
         d@2.0.0",
    );
    assert_eq!(
        world.told(NPM, true),
        [
            "UpgradeBeyondRange a 1.0.0>1.2.0 [0]: npm install a@1.2.0 --save-dev",
            "UpgradeBeyondRange d 1.0.0>1.1.0 [1]: npm install d@~1.1.0",
        ]
    );
}

#[test]
fn else_an_override_that_leaves_other_majors_alone() {
    let world = World::new(
        "root -> a@1.0.0 ^1.0.0
         a@1.0.0 -> c@1.0.0 1.0.0
         root -> c@2.0.0 ^2.0.0",
        "c <1.0.5",
        "a@1.0.0 c:1.0.0
         c@1.0.0
         c@1.0.5
         c@1.1.0
         c@2.0.0",
    );
    let told = |manager| world.told(manager, true).remove(0);
    assert_eq!(
        told(NPM),
        "Override c 1.0.0>1.0.5 [0]: in package.json, \"overrides\": { \"c@1\": \"1.0.5\" }"
    );
    assert!(told(PackageManager::YarnClassic).ends_with("\"resolutions\": { \"**/a/c\": \"1.0.5\" }"));
    assert!(told(PackageManager::YarnBerry).ends_with("\"resolutions\": { \"c@npm:1.0.0\": \"1.0.5\" }"));
    assert!(
        told(PackageManager::Pnpm).ends_with("in pnpm-workspace.yaml, overrides: { \"c@1\": \"1.0.5\" }")
    );
    assert!(
        told(PackageManager::PnpmWithManifest).ends_with("\"pnpm\".\"overrides\": { \"c@1\": \"1.0.5\" }")
    );
}

#[test]
fn what_the_lockfile_does_not_repeat_the_registry_tells() {
    let world = World::new(
        "root -> a@1.0.0 1.0.0
         a@1.0.0 -> c@1.0.0 ?",
        "c <1.0.5",
        "a@1.0.0 c:^1.0.0
         a@1.1.0 c:^1.0.0
         c@1.0.0
         c@1.0.5",
    );
    let update = "c 1.0.0>1.0.5 [0]: delete the entry of c@1.0.0 from pnpm-lock.yaml, then run `pnpm install --fix-lockfile`";
    assert_eq!(world.told(PackageManager::Pnpm, true), [format!("UpgradeWithinRange {update}")]);
    assert!(world.told(PackageManager::Pnpm, false)[0].starts_with("Override? c 1.0.0>1.0.5"));
}

#[test]
fn an_upgrade_that_leaves_the_flaw_in_the_lockfile_takes_an_update_too() {
    let world = World::new(
        "root -> a@1.0.0 1.0.0
         a@1.0.0 -> c@1.0.0 1.0.0",
        "c <1.0.5",
        "a@1.0.0 c:1.0.0
         a@1.1.0 c:^1.0.0
         c@1.0.0
         c@1.0.5",
    );
    assert_eq!(
        world.told(NPM, true),
        [
            "UpgradeWithinRange c 1.0.0>1.0.5 [0]: npm update c",
            "UpgradeBeyondRange a 1.0.0>1.1.0 [0]: npm install a@1.1.0"
        ]
    );
}

#[test]
fn an_override_that_a_project_contradicts_changes_the_project_too() {
    let tree = "z@1.0.0 -> c@1.0.0 1.0.0\nroot -> z@1.0.0 1.0.0\nROOT -> c@1.0.0 1.0.0";
    let registry = "z@1.0.0 c:1.0.0\nc@1.0.0\nc@1.0.5";
    let top = World::new(&tree.replace("ROOT", "root"), "c <1.0.5", registry).told(NPM, true);
    assert_eq!(
        top,
        [
            "UpgradeBeyondRange c 1.0.0>1.0.5 [0]: npm install c@1.0.5",
            "Override c 1.0.0>1.0.5 [0]: in package.json, \"overrides\": { \"c\": \"$c\" }"
        ]
    );
    let member = World::new(&tree.replace("ROOT", "web"), "c <1.0.5", registry).told(NPM, true);
    assert_eq!(
        member,
        [
            "UpgradeBeyondRange c 1.0.0>1.0.5 [0]: npm install c@1.0.5 --workspace packages/web",
            "Override c 1.0.0>1.0.5 [0]: in package.json, \"overrides\": { \"c\": \"1.0.5\" }"
        ]
    );
}

#[test]
fn an_override_that_is_there_already_is_the_one_to_change() {
    let mut world = World::new(
        "root -> a@1.0.0 ^1.0.0
         a@1.0.0 -> c@1.0.0 ^1.0.0
         a@1.0.0 -> @s/d@1.0.0 ^1.0.0",
        "c <1.0.5
         @s/d <1.0.5",
        "a@1.0.0 c:^1.0.0 @s/d:^1.0.0
         c@1.0.0
         c@1.0.5
         @s/d@1.0.0
         @s/d@1.0.5",
    );
    let manifest = r#"{"overrides": {"c@0": "0.9.0", "@x/c": "1.0.0", "a": {"c@^1": "1.0.0"}},
        "resolutions": {"**/a/@s/d": "1.0.0", "**/@t/d": "1.0.0"}}"#;
    world.overrides =
        nodeward_package::Manifest::parse(Path::new("package.json"), manifest.as_bytes()).unwrap().overrides;
    assert_eq!(
        world.told(NPM, true),
        [
            "Override @s/d 1.0.0>1.0.5 [1]: in package.json, \"resolutions\": { \"**/a/@s/d\": \"1.0.5\" }",
            "Override c 1.0.0>1.0.5 [0]: in package.json, \"overrides\".\"a\": { \"c@^1\": \"1.0.5\" }"
        ]
    );
}

#[test]
fn else_it_has_to_go() {
    let world = World::new(
        "root -> a@1.0.0 ^1.0.0
         a@1.0.0 -> c@1.0.0 ^1.0.0",
        "c *",
        "c@1.0.0
         c@1.1.0",
    );
    assert_eq!(
        world.told(NPM, true),
        [
            "Replace? a 1.0.0> [0]: no version of c is free of known flaws: remove or replace a, which brings it"
        ]
    );
}

#[test]
fn a_flaw_that_nobody_fixed_does_not_keep_the_others_from_being_cleared() {
    let world = World::new(
        "root -> a@1.0.0 1.0.0",
        "a <1.2.0
         a *
         !a 1.3.0",
        "a@1.0.0
         a@1.1.0
         a@1.2.0
         a@1.3.0",
    );
    let upgrade = "a 1.0.0>1.2.0 [0]: npm install a@1.2.0";
    let rest = "Replace? a 1.0.0> [1]: no version of a is free of known flaws: remove or replace it";
    assert_eq!(world.told(NPM, true), [format!("UpgradeBeyondRange {upgrade}").as_str(), rest]);
    assert_eq!(world.told(NPM, false), [format!("UpgradeBeyondRange? {upgrade}").as_str(), rest]);
}

#[test]
fn a_hijacked_latest_release_goes_back() {
    let world = World::new("root -> a@1.2.0 ^1.0.0", "!a 1.2.0", "a@1.0.0\na@1.1.0\na@1.2.0");
    assert_eq!(world.told(NPM, true), ["UpgradeBeyondRange a 1.2.0>1.1.0 [0]: npm install a@1.1.0"]);
}

#[test]
fn an_update_that_would_take_a_bad_version_is_no_update() {
    let world = World::new(
        "root -> a@1.0.0 ^1.0.0",
        "a <1.1.0
         !a 1.3.0",
        "a@1.0.0\na@1.1.0\na@1.3.0",
    );
    assert_eq!(world.told(NPM, true), ["UpgradeBeyondRange a 1.0.0>1.1.0 [0]: npm install a@1.1.0"]);
}

#[test]
fn one_upgrade_that_clears_several_is_shown_once_and_first() {
    let world = World::new(
        "root -> a@1.0.0 ^1.0.0
         a@1.0.0 -> c@1.0.0 1.0.0
         a@1.0.0 -> d@1.0.0 1.0.0
         web -> z@1.0.0 1.0.0",
        "c <2.0.0
         d <2.0.0
         z <1.1.0",
        "a@1.0.0 c:1.0.0 d:1.0.0
         a@2.0.0 c:2.0.0 d:1.0.0
         a@3.0.0 c:2.0.0 d:2.0.0
         c@2.0.0
         d@2.0.0
         z@1.1.0",
    );
    assert_eq!(
        world.told(NPM, true),
        [
            "UpgradeBeyondRange a 1.0.0>3.0.0 breaking [0, 1]: npm install a@^3.0.0",
            "UpgradeBeyondRange z 1.0.0>1.1.0 [2]: npm install z@1.1.0 --workspace packages/web",
        ]
    );
    let (_, planned) = world.plan(NPM, true);
    let edit =
        Edit::Requirement { folder: "packages/web".into(), name: "z".into(), specifier: "1.1.0".into() };
    assert_eq!(planned[1].edits, [edit]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100))]
    #[test]
    fn what_is_planned_adds_no_flaw_and_clears_what_it_says(
        edges in proptest::collection::vec((0..6_u8, 0..6_u8, 1..4_u8, 0..3_u8, 0..4_usize), 1..14),
        known in proptest::collection::vec((0..6_u8, 0..5_usize, proptest::bool::ANY), 1..6),
        needs in proptest::collection::vec((0..6_u8, 1..4_u8, 0..3_u8, 0..6_u8, 0..4_usize), 0..30),
        online in proptest::bool::ANY,
    ) {
        const SPECIFIERS: [&str; 4] = ["^1.0.0", "*", "1.0.0", "~2.1.0"];
        const RANGES: [&str; 5] = ["<1.1.0", "<2.0.0", "*", "2.1.0", ">=1.1.0 <3.0.0"];
        let mut tree = String::new();
        for (from, to, major, minor, specifier) in edges {
            let from = if from == 0 { "root".to_owned() } else { format!("p{from}@{major}.{minor}.0") };
            tree += &format!("{from} -> p{to}@{major}.{minor}.0 {}\n", SPECIFIERS[specifier]);
        }
        let known: Vec<String> =
            known.into_iter().map(|(package, range, bad)| format!("{}p{package} {}", if bad { "!" } else { "" }, RANGES[range])).collect();
        let mut registry = String::new();
        for package in 0..6 {
            for major in 1..4 {
                for minor in 0..3 {
                    registry += &format!("p{package}@{major}.{minor}.0");
                    for (from, at, at_minor, to, specifier) in &needs {
                        if (*from, *at, *at_minor) == (package, major, minor) {
                            registry += &format!(" p{to}:{}", SPECIFIERS[*specifier]);
                        }
                    }
                    registry.push('\n');
                }
            }
        }
        let world = World::new(&tree, &known.join("\n"), &registry);
        let (findings, planned) = world.plan(NPM, online);
        let mut cleared = BTreeSet::new();
        for planned in &planned {
            let change = &planned.change;
            proptest::prop_assert!(!change.clears.is_empty());
            cleared.extend(change.clears.iter().copied());
            if change.to.is_empty() {
                proptest::prop_assert_eq!(change.kind, ChangeKind::Replace);
                continue;
            }
            let to = Version::parse(&change.to).unwrap();
            let affected = world.index.affecting(&change.package).unwrap();
            let from = Version::parse(&change.from).unwrap();
            for left in affected.iter().filter(|affected| affected.contains(&to)) {
                // Only what the release has anyway may stay, and nobody says that it goes.
                let id = world.index.record(left.record).unwrap().id;
                let is_said_to_go = change.clears.iter().any(|&at| findings[at].is_called(&id));
                proptest::prop_assert!(!left.malware && left.contains(&from) && !is_said_to_go, "{:?}", change);
            }
            if to < from {
                let versions = world.packument(&name(&change.package)).unwrap();
                let newer_clean = versions.releases.iter().any(|release| {
                    release.version > from && !affected.iter().any(|affected| affected.contains(&release.version))
                });
                proptest::prop_assert!(!newer_clean, "{:?}", change);
            }
            proptest::prop_assert!(!change.checked || online);
        }
        proptest::prop_assert_eq!(cleared.len(), findings.len(), "every finding has a change");
    }
}

#[test]
fn many_packages_are_planned_for_as_one_is() {
    let line = |number: usize| {
        (format!("root -> p{number:03}@1.0.0 ^1.0.0\n"), format!("p{number:03} <1.{number}.5\n"))
    };
    let all: (String, String) = (1..=150).map(line).unzip();
    let together = World::new(&all.0, &all.1, "").told(NPM, false);
    assert_eq!(together.len(), 150);
    for (index, told) in together.iter().enumerate() {
        let (tree, known) = line(index + 1);
        let alone = World::new(&tree, &known, "").told(NPM, false);
        assert_eq!(told.replacen(&format!("[{index}]"), "[0]", 1), alone[0]);
    }
}
