//! Every signal through its own door, with cases as data: what it says, and the twin where it stays silent.

mod npmrc;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nodeward_package::graph::{GraphBuilder, ReachFrom};
use nodeward_package::npm_config::{Layer, NpmConfig, Source};
use nodeward_package::{
    DependencyGraph, Edge, EdgeKind, Format, Integrity, Manifest, Origin, Package, PackageName,
};
use nodeward_report::Severity;
use proptest::prelude::*;

use super::*;
use crate::{ConfigurationFile, InstalledPackage, Project, ProjectManifest};

const SHA512: &str =
    "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
const SHA1: &str = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";

/// What a case is about; only what matters to it is filled in.
#[derive(Default)]
struct Case {
    /// One line a package: `name@version key=value …`; see [`package`]. The first is not the root: that is
    /// `app@1.0.0`, and it requires every package that no `from=` names another parent for.
    lockfile: &'static str,
    format: Option<Format>,
    /// One line a package of `node_modules`, in the same form.
    installed: Option<&'static str>,
    installed_packages: Vec<InstalledPackage>,
    lockfiles: &'static [&'static str],
    /// The project's `package.json`.
    manifest: Option<&'static str>,
    /// The project's `.npmrc`, and the user's.
    project_npmrc: &'static str,
    user_npmrc: &'static str,
    mode: Option<u32>,
    tracked: Option<bool>,
}

impl Case {
    fn lockfile(lockfile: &'static str) -> Self {
        Self { lockfile, ..Self::default() }
    }

    fn project_npmrc(text: &'static str) -> Self {
        Self { project_npmrc: text, ..Self::default() }
    }

    fn user_npmrc(text: &'static str) -> Self {
        Self { user_npmrc: text, ..Self::default() }
    }

    /// The findings of one signal as `severity title`.
    fn findings(&self, id: &str) -> Vec<Finding> {
        let graph = graph(self.lockfile, self.format.unwrap_or(Format::NpmPackageLock));
        let installed = self.installed.map(graph_of);
        let lockfiles: Vec<PathBuf> = self.lockfiles.iter().map(PathBuf::from).collect();
        let source =
            |layer, file, text: &'static str| Source { layer, file: Path::new(file), bytes: text.as_bytes() };
        let sources = [
            source(Layer::Project, ".npmrc", self.project_npmrc),
            source(Layer::User, "~/.npmrc", self.user_npmrc),
        ];
        let file = |layer, file| ConfigurationFile {
            file: PathBuf::from(file),
            layer,
            mode: self.mode,
            tracked: self.tracked,
        };
        let manifest_file = Path::new("package.json");
        let manifest = self.manifest.map(|text| Manifest::parse(manifest_file, text.as_bytes()).unwrap());
        let manifests: Vec<ProjectManifest<'_>> = manifest
            .iter()
            .map(|manifest| ProjectManifest { folder: "", file: manifest_file, manifest })
            .collect();
        let project = Project {
            graph: &graph,
            manifests: &manifests,
            lockfiles: &lockfiles,
            installed: installed.as_ref(),
            installed_packages: &self.installed_packages,
            scripts: &[],
        };
        let context = Context {
            projects: &[project],
            npm: &NpmConfig::read(&sources, &[]).unwrap(),
            configuration_files: &[file(Layer::Project, ".npmrc"), file(Layer::User, "~/.npmrc")],
        };
        SIGNALS.iter().find(|signal| signal.id == id).unwrap().check(&context)
    }

    #[track_caller]
    fn says(&self, id: &str, expected: &[&str]) {
        let said: Vec<String> = self
            .findings(id)
            .iter()
            .map(|finding| format!("{} {}", finding.severity, finding.title))
            .collect();
        assert_eq!(said, expected);
    }

    #[track_caller]
    fn is_silent(&self, id: &str) {
        self.says(id, &[]);
    }
}

fn graph_of(text: &str) -> DependencyGraph {
    graph(text, Format::Installed)
}

fn graph(text: &str, format: Format) -> DependencyGraph {
    let mut builder = GraphBuilder::new(Path::new("package-lock.json"), format);
    let root =
        builder.add_root(Package::new(PackageName::parse("@acme/app").unwrap(), "1.0.0", Origin::Root));
    let mut ids = Vec::new();
    for (index, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let mut package = package(line);
        package.position.line = index as u32 + 1;
        let name = package.name.as_str().to_owned();
        ids.push((name, line, builder.add(package)));
    }
    for (name, line, id) in &ids {
        let parent = line.split_whitespace().find_map(|word| word.strip_prefix("from="));
        let from = parent.map_or(root, |parent| ids.iter().find(|(name, ..)| name == parent).unwrap().2);
        let kind = if line.contains(" optional") { EdgeKind::Optional } else { EdgeKind::Production };
        builder.require(Edge {
            from,
            to: Some(*id),
            kind,
            name: name.as_str().into(),
            specifier: "*".into(),
        });
    }
    builder.finish(ReachFrom::Edges)
}

/// `name@version`, then any of `resolved=`, `integrity=` (`sha1`, `sha512` or `none`; sound if not said), `git=`,
/// `commit=`, `http=`, `file=`, `folder=`, `script`, `bundled`, `alias=`, `unreadable=`.
fn package(line: &str) -> Package {
    let mut words = line.split_whitespace();
    let label = words.next().unwrap();
    let (name, version) = label.rsplit_once('@').unwrap();
    let registry = Origin::Registry { resolved: None };
    let mut package = Package::new(PackageName::parse(name).unwrap(), version, registry);
    package.integrity = Integrity::parse(SHA512).ok();
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "resolved" => package.origin = Origin::Registry { resolved: Some(value.into()) },
            "http" => package.origin = Origin::Http { url: value.into() },
            "file" => package.origin = Origin::File { path: value.into() },
            "git" => package.origin = Origin::Git { url: value.into(), commit: None },
            "commit" => {
                if let Origin::Git { commit, .. } = &mut package.origin {
                    *commit = Some(value.into());
                }
            }
            "integrity" => {
                package.integrity = match value {
                    "sha1" => Integrity::parse(SHA1).ok(),
                    "sha512" => Integrity::parse(SHA512).ok(),
                    _ => None,
                }
            }
            "unreadable" => (package.integrity, package.unreadable_integrity) = (None, Some(value.into())),
            "folder" => package.folder = Some(value.into()),
            "script" => package.install_script = Some(true),
            "noscript" => package.install_script = Some(false),
            "bundled" => package.bundled = true,
            "alias" => package.alias = PackageName::parse(value).ok(),
            "from" | "optional" => {}
            other => panic!("{other}"),
        }
    }
    package
}

#[test]
fn every_file_is_in_the_table_and_every_page_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/signals");
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (pages, sources): (Vec<String>, Vec<String>) = files
        .filter(|file| !matches!(file.as_str(), "tests" | "tests.rs"))
        .partition(|file| file.ends_with(".md"));
    let ids = |files: Vec<String>, end: &str| -> BTreeSet<String> {
        files.iter().map(|file| file.strip_suffix(end).unwrap().replace('_', "-")).collect()
    };
    let table: BTreeSet<String> = SIGNALS.iter().map(|signal| signal.id.to_owned()).collect();
    assert_eq!(table.len(), SIGNALS.len(), "an id stands twice");
    assert_eq!(ids(sources, ".rs"), table);
    assert_eq!(ids(pages, ".md"), table);
    for signal in SIGNALS {
        for part in [
            "# ",
            "## Why\n",
            "## Example\n",
            "## How to mend\n",
            "## How to suppress\n",
            &format!("id = \"{}\"", signal.id),
        ] {
            assert!(signal.docs.contains(part), "{} lacks {part}", signal.id);
        }
        assert!(!signal.summary.ends_with('.') && signal.summary.len() < 90, "{}", signal.id);
    }
}

#[test]
fn typosquat() {
    Case::lockfile("crossenv@7.0.0").says("typosquat", &["medium crossenv looks like cross-env"]);
    Case::lockfile("crossenv@7.0.0 script").says("typosquat", &["high crossenv looks like cross-env"]);
    Case::lockfile("nodemailer-js@1.0.0").says("typosquat", &["medium nodemailer-js looks like nodemailer"]);
    Case::lockfile("some-app@1.0.0\nlodahs@1.0.0 from=some-app")
        .says("typosquat", &["medium lodahs looks like lodash"]);
    for silent in [
        "cross-env@7.0.0\npreact@10.0.0\nreact@18.0.0",
        // A popular package requires it: its author typed the name, and millions have it.
        "express@4.0.0\nlodahs@1.0.0 from=express",
        // The project's own scope, and what is no registry's.
        "@acme/lodahs@1.0.0",
        "lodahs@1.0.0 file=./packages/lodahs",
    ] {
        Case::lockfile(silent).is_silent("typosquat");
    }
}

#[test]
fn install_script() {
    let id = "install-script";
    Case::lockfile("a@1.0.0 script").says(id, &["info a@1.0.0 runs a script when installed"]);
    Case::lockfile("a@1.0.0 script folder=x\na@1.0.0 script folder=y\na@2.0.0 script").says(
        id,
        &["info a@1.0.0 runs a script when installed", "info a@2.0.0 runs a script when installed"],
    );
    Case::lockfile("esbuild@1.0.0").says(id, &["info esbuild@1.0.0 runs a script when installed"]);
    Case::lockfile("esbuild@1.0.0 noscript\nb@1.0.0").is_silent(id);
    let on_disk = |scripts: &[(&str, &str)], binding_gyp| Case {
        installed_packages: vec![InstalledPackage {
            folder: "node_modules/a".into(),
            install_scripts: scripts.iter().map(|&(stage, command)| (stage.into(), command.into())).collect(),
            binding_gyp,
        }],
        ..Case::lockfile("a@1.0.0 folder=node_modules/a")
    };
    let found = on_disk(&[("postinstall", "node evil.js")], false).findings(id);
    assert!(found[0].evidence.iter().any(|fact| fact.value == "postinstall: node evil.js"));
    let manifest = br#"{"scripts":{"postinstall":"node x.js","test":"x"},"gypfile":false}"#;
    let read =
        InstalledPackage::new("a", &Manifest::parse(Path::new("package.json"), manifest).unwrap(), true);
    assert_eq!((read.install_scripts.len(), read.binding_gyp), (1, false));
    on_disk(&[], true).says(id, &["info a@1.0.0 runs a script when installed"]);
    on_disk(&[], false).is_silent(id);
}

#[test]
fn native_addon() {
    let id = "native-addon";
    for found in [
        "a@1.0.0\nnode-gyp-build@4.0.0 from=a",
        "a@1.0.0\n@a/linux-x64@1.0.0 from=a optional\n@a/win32-arm64-msvc@1.0.0 from=a optional",
    ] {
        Case::lockfile(found).says(id, &["info a@1.0.0 brings machine code"]);
    }
    Case::lockfile("fsevents@2.0.0").says(id, &["info fsevents@2.0.0 brings machine code"]);
    for silent in [
        "a@1.0.0\nb@1.0.0 from=a",
        "npm@10.0.0\nnode-gyp@1.0.0 from=npm",
        "a@1.0.0\n@a/linux-x64@1.0.0 from=a optional",
    ] {
        Case::lockfile(silent).is_silent(id);
    }
}

#[test]
fn dependency_git() {
    let id = "dependency-git";
    Case::lockfile("a@1.0.0 git=https://h.example.org/a.git commit=0123456789012345678901234567890123456789")
        .says(id, &["low a@1.0.0 comes from git"]);
    Case::lockfile("a@1.0.0 git=https://h.example.org/a.git commit=main")
        .says(id, &["medium a@1.0.0 comes from git, from wherever a branch points"]);
    Case::lockfile("a@1.0.0 git=git://h.example.org/a.git")
        .says(id, &["high a@1.0.0 comes from git, from wherever a branch points"]);
    Case::lockfile("a@1.0.0").is_silent(id);
}

#[test]
fn dependency_http() {
    let id = "dependency-http";
    Case::lockfile("a@1.0.0 http=http://h.example.org/a.tgz integrity=none")
        .says(id, &["high a@1.0.0 comes from plain http, unchecked"]);
    Case::lockfile("a@1.0.0 http=https://h.example.org/a.tgz integrity=sha1")
        .says(id, &["medium a@1.0.0 comes from a URL, unchecked"]);
    Case::lockfile("a@1.0.0 http=https://h.example.org/a.tgz").says(id, &["low a@1.0.0 comes from a URL"]);
    Case::lockfile("a@1.0.0 resolved=https://h.example.org/a.tgz").is_silent(id);
}

#[test]
fn dependency_file() {
    for path in ["../a", "./x/../../a", "/opt/a", "file:../a", "C:\\a", "~/a", "link:../a"] {
        let package = format!("a@1.0.0 file={path}");
        Case::lockfile(package.leak())
            .says("dependency-file", &["low a@1.0.0 comes from outside the project"]);
    }
    for path in ["./a", "packages/a", "file:a.tgz", "./x/../a", "..a"] {
        Case::lockfile(format!("a@1.0.0 file={path}").leak()).is_silent("dependency-file");
    }
}

#[test]
fn lockfile_digests() {
    let id = "lockfile-missing-integrity";
    Case::lockfile("a@1.0.0 integrity=none").says(id, &["medium a@1.0.0 without integrity"]);
    Case::lockfile("a@1.0.0 integrity=none\nb@1.0.0 integrity=none\nc@1.0.0")
        .says(id, &["medium 2 packages without integrity"]);
    Case::lockfile("a@1.0.0 folder=x\na@1.0.0 integrity=none folder=y")
        .says(id, &["medium a@1.0.0 without integrity"]);
    for silent in [
        "a@1.0.0",
        "a@1.0.0 integrity=none bundled",
        "a@1.0.0 integrity=none file=x",
        "a@1.0.0 integrity=none git=x",
        "a@1.0.0 unreadable=x",
    ] {
        Case::lockfile(silent).is_silent(id);
    }
    for format in [Format::YarnBerry, Format::Installed, Format::Manifest, Format::CycloneDx] {
        Case { format: Some(format), ..Case::lockfile("a@1.0.0 integrity=none") }.is_silent(id);
    }
    Case::lockfile("a@1.0.0 integrity=sha1")
        .says("lockfile-weak-integrity", &["low a@1.0.0 checked by SHA-1 or MD5 only"]);
    Case::lockfile("a@1.0.0\nb@1.0.0 integrity=none").is_silent("lockfile-weak-integrity");
    Case::lockfile("a@1.0.0 unreadable=rot13")
        .says("lockfile-unreadable-integrity", &["medium a@1.0.0 with an integrity that nobody can read"]);
    Case::lockfile("a@1.0.0\nb@1.0.0 integrity=none").is_silent("lockfile-unreadable-integrity");
}

#[test]
fn lockfile_http() {
    let id = "lockfile-http";
    Case::lockfile("a@1.0.0 resolved=http://r.example.org/a.tgz integrity=sha1")
        .says(id, &["high a@1.0.0 fetched over http from r.example.org"]);
    Case::lockfile(
        "a@1.0.0 resolved=http://r.example.org/a.tgz\nb@1.0.0 resolved=http://r.example.org/b.tgz",
    )
    .says(id, &["low 2 packages fetched over http from r.example.org"]);
    for silent in [
        "a@1.0.0 resolved=https://r.example.org/a.tgz",
        "a@1.0.0 resolved=http://localhost:4873/a.tgz",
        "a@1.0.0",
    ] {
        Case::lockfile(silent).is_silent(id);
    }
}

const SIX: &str = "a@1.0.0 resolved=https://r.example.org/a.tgz\nb@1.0.0 resolved=https://r.example.org/b.tgz\n\
    c@1.0.0 resolved=https://r.example.org/c.tgz\nd@1.0.0 resolved=https://r.example.org/d.tgz\n\
    e@1.0.0 resolved=https://r.example.org/e.tgz\nf@1.0.0 resolved=https://evil.example.net/f.tgz";

#[test]
fn lockfile_foreign_host() {
    let id = "lockfile-foreign-host";
    let with = |npmrc| Case { user_npmrc: npmrc, ..Case::lockfile(SIX) };
    with("").says(id, &["low f@1.0.0 from evil.example.net, not from the registry"]);
    with("registry=https://r.example.org/")
        .says(id, &["medium f@1.0.0 from evil.example.net, not from the registry"]);
    // Made against another registry than the configured one: the stray is still a stray.
    with("registry=https://mirror.example.org/")
        .says(id, &["medium f@1.0.0 from evil.example.net, not from the registry"]);
    with("registry=https://r.example.org/\n@f:registry=https://evil.example.net").is_silent(id);
    Case::lockfile("a@1.0.0 resolved=https://r.example.org/a\nb@1.0.0 resolved=https://s.example.org/b")
        .is_silent(id);
}

#[test]
fn lockfile_tarball() {
    let id = "lockfile-tarball";
    for (package, other) in [
        ("a@1.0.0 resolved=https://r.example.org/b/-/b-1.0.0.tgz", "b@1.0.0"),
        ("a@1.0.0 resolved=https://r.example.org/a/-/a-6.6.6.tgz", "a@6.6.6"),
        ("@s/a@1.0.0 resolved=https://r.example.org/@evil/a/-/a-1.0.0.tgz", "@evil/a@1.0.0"),
        ("@s/a@1.0.0 resolved=https://r.example.org/a/-/a-1.0.0.tgz", "a@1.0.0"),
        ("@s/a@1.0.0 resolved=https://r.example.org/@s%2fb/-/b-1.0.0.tgz", "@s/b@1.0.0"),
        ("a@1.0.0 alias=x resolved=https://r.example.org/x/-/x-1.0.0.tgz", "x@1.0.0"),
    ] {
        let found = Case::lockfile(package).findings(id);
        assert!(
            found.len() == 1 && found[0].title.ends_with(&format!("the tarball of {other}")),
            "{package}: {found:?}"
        );
        assert_eq!(found[0].severity, Severity::High);
    }
    for silent in [
        "a@1.0.0 resolved=https://r.example.org/a/-/a-1.0.0.tgz",
        "a@1.0.0 resolved=https://r.example.org/api/npm/main/a/-/a-1.0.0.tgz?x=1#sha1",
        "@s/a@1.0.0 resolved=https://r.example.org/@s/a/-/a-1.0.0.tgz",
        "@s/a@1.0.0 resolved=https://r.example.org/@s%2fa/-/a-1.0.0.tgz",
        "@s/a@1.0.0 resolved=https://r.example.org/@s/a/-/@s/a-1.0.0.tgz",
        "@s/a@1.0.0 resolved=https://r.example.org/download/@s/a/1.0.0/0123abcd",
        "a@1.0.0+build resolved=https://r.example.org/a/-/a-1.0.0.tgz",
        "a-b@1.0.0-beta.1 resolved=https://r.example.org/a-b/-/a-b-1.0.0-beta.1.tgz",
        "JSONStream@1.0.0 resolved=https://r.example.org/JSONStream/-/JSONStream-1.0.0.tgz",
        "a@1.0.0 alias=x resolved=https://r.example.org/a/-/a-1.0.0.tgz",
        "a@1.0.0 resolved=https://r.example.org/a/-/package.tgz",
        "a@1.0.0 resolved=https://r.example.org/%/-/a-1.0.0.tgz",
    ] {
        Case::lockfile(silent).is_silent(id);
    }
}

#[test]
fn lockfiles_side_by_side_and_none() {
    let several = |lockfiles| Case { lockfiles, ..Case::default() };
    several(&["package-lock.json", "yarn.lock"])
        .says("lockfile-several", &["low lockfiles of npm and yarn side by side"]);
    several(&["package-lock.json", "npm-shrinkwrap.json"]).is_silent("lockfile-several");
    several(&["yarn.lock"]).is_silent("lockfile-several");
    let bare = |lockfile| Case { format: Some(Format::Manifest), ..Case::lockfile(lockfile) };
    bare("a@1.0.0")
        .says("lockfile-absent", &["medium no lockfile for 1 dependency: each install may bring others"]);
    bare("").is_silent("lockfile-absent");
    Case::lockfile("a@1.0.0").is_silent("lockfile-absent");
}

#[test]
fn lockfile_out_of_step() {
    let id = "lockfile-out-of-step";
    let with =
        |manifest| Case { manifest: Some(manifest), ..Case::lockfile("a@1.4.0\nb@1.0.0-rc.1 alias=c") };
    with(r#"{"dependencies":{"a":"^2.0.0","b":"*"}}"#)
        .says(id, &["medium a 1.4.0 is locked, outside ^2.0.0"]);
    with(r#"{"dependencies":{"a":"1","b":"*"},"devDependencies":{"d":"^1.0.0"}}"#)
        .says(id, &["medium d is not in the lockfile"]);
    with(r#"{"dependencies":{"a":"1.4.0"}}"#)
        .says(id, &["medium b is locked, but the manifest does not ask for it"]);
    with(r#"{"dependencies":{"a":"2","b":"2","d":"1"}}"#)
        .says(id, &["medium 3 requirements do not fit the lockfile"]);
    for silent in [
        r#"{"dependencies":{"a":"^1.0.0","b":"latest"}}"#,
        r#"{"dependencies":{"a":"1.x"},"optionalDependencies":{"b":"*","d":"1"}}"#,
        r#"{"dependencies":{"a":"^2.0.0","b":"*"},"overrides":{"a":"1.4.0"}}"#,
        r#"{"dependencies":{"a":"^2.0.0","b":"*"},"resolutions":{"**/a":"1.4.0"}}"#,
        r#"{"dependencies":{"a":"github:o/a","b":"npm:x@1.0.0-rc.1"},"peerDependencies":{"p":"9"}}"#,
    ] {
        with(silent).is_silent(id);
    }
    let ignoring = |manifest| Case { manifest: Some(manifest), ..Case::lockfile("a@1.0.0 script") };
    ignoring(r#"{"packageManager":"npm@12.0.1"}"#).is_silent("npmrc-ignore-scripts");
    assert_eq!(ignoring(r#"{"packageManager":"npm@11.0.0"}"#).findings("npmrc-ignore-scripts").len(), 1);
}

#[test]
fn installed_differs() {
    let id = "installed-differs";
    let with = |installed| Case {
        installed: Some(installed),
        ..Case::lockfile("a@1.0.0\nb@1.0.0\ng@ git=https://h.example.org/g")
    };
    with("a@1.0.1\nb@1.0.0").says(id, &["medium a@1.0.1 installed but not in the lockfile"]);
    with("a@1.0.0\nc@1.0.0").says(id, &["medium c@1.0.0 installed but not in the lockfile"]);
    with("a@1.0.0").is_silent(id);
    with("a@1.0.0\ng@3.0.0\nx@1.0.0 bundled").is_silent(id);
    Case::lockfile("a@1.0.0").is_silent(id);
}

#[test]
fn every_finding_says_where_and_what_next() {
    let case = Case {
        installed: Some("z@1.0.0"),
        lockfiles: &["package-lock.json", "yarn.lock"],
        project_npmrc: "//r.example.org/:_authToken=x\nstrict-ssl=false\naudit=false\ngit=./x\nregistry=http://r.example.org",
        user_npmrc: "_auth=x",
        mode: Some(0o644),
        ..Case::lockfile(
            "crossenv@1.0.0 script integrity=none\na@1.0.0 integrity=sha1 resolved=http://r.example.org/b/-/b-1.0.0.tgz\n\
             g@1.0.0 git=x\nh@1.0.0 http=http://h.example.org\nf@1.0.0 file=../f\nu@1.0.0 unreadable=x\nfsevents@1.0.0",
        )
    };
    let mut ids = BTreeSet::new();
    for signal in SIGNALS {
        for finding in case.findings(signal.id) {
            ids.insert(signal.id);
            assert_eq!((&*finding.rule, finding.threat), (signal.id, signal.threat));
            assert!(
                finding.title.chars().count() <= 100 && !finding.title.ends_with('.'),
                "{}",
                finding.title
            );
            assert!(
                finding.next_step.as_ref().is_some_and(|step| step.chars().count() <= 100),
                "{finding:?}"
            );
            assert!(!finding.place.file.as_os_str().is_empty());
        }
    }
    assert!(ids.len() >= 19, "{ids:?}");
}

proptest! {
    #[test]
    fn hostile_texts_are_clipped_and_survived(url in "\\PC{0,300}", path in "[./\\\\:~%a@-]{0,60}", npmrc in "\\PC{0,80}") {
        let mut builder = GraphBuilder::new(Path::new("package-lock.json"), Format::NpmPackageLock);
        let origins = [
            Origin::Registry { resolved: Some(url.as_str().into()) },
            Origin::Registry { resolved: Some(format!("https://r.example.org/{path}/-/{path}.tgz").into()) },
            Origin::Git { url: url.as_str().into(), commit: Some(path.as_str().into()) },
            Origin::Http { url: url.as_str().into() },
            Origin::File { path: path.as_str().into() },
        ];
        for origin in origins {
            builder.add(Package::new(PackageName::parse("a").unwrap(), &url, origin));
        }
        let graph = builder.finish(ReachFrom::Edges);
        let source = Source { layer: Layer::Project, file: Path::new(".npmrc"), bytes: npmrc.as_bytes() };
        let project = Project { graph: &graph, manifests: &[], lockfiles: &[], installed: None, installed_packages: &[], scripts: &[] };
        let context = Context {
            projects: &[project],
            npm: &NpmConfig::read(&[source], &[]).unwrap(),
            configuration_files: &[],
        };
        for finding in check(&context) {
            prop_assert!(finding.evidence.iter().all(|fact| fact.value.chars().count() < 400));
        }
    }
}
