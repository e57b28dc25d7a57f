//! Runs the binary in a world of its own: no network, no configuration, a clock that stands still.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use nodeward_testkit::Project;
use tempfile::TempDir;

/// 2026-11-22T12:00:00Z
pub(crate) const NOW: &str = "1795348800";

/// Home, cache and an empty PATH.
pub(crate) struct World {
    pub(crate) home: TempDir,
}

/// What a run did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// With an index made of these OSV records.
    pub(crate) fn with_advisories(records: &[&str]) -> Self {
        let world = Self::new();
        let feed = records.join("\n");
        let file = world.home.path().join("feed.jsonl");
        std::fs::write(&file, feed).unwrap();
        let ran = world.run(&["db", "update", "--from", file.to_str().unwrap()], world.home.path());
        assert_eq!(ran.code, 0, "{}", ran.err);
        world
    }

    pub(crate) fn command(&self, arguments: &[&str], folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nodeward"));
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("HOME", self.home.path())
            .env("USERPROFILE", self.home.path())
            .env("NODEWARD_CACHE", self.home.path().join("cache"))
            .env("SOURCE_DATE_EPOCH", NOW)
            // Nothing listens there: a test that forgets --offline fails fast instead of reaching out.
            .env("NODEWARD_DB_SOURCE", "http://127.0.0.1:9/all.zip")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], folder: &Path) -> Ran {
        Ran::of(self.command(arguments, folder).output().unwrap())
    }

    pub(crate) fn scan(&self, project: &Project, more: &[&str]) -> Ran {
        let mut arguments = vec!["scan", "--offline"];
        arguments.extend(more);
        self.run(&arguments, project.path())
    }

    pub(crate) fn json(&self, project: &Project, more: &[&str]) -> serde_json::Value {
        let mut arguments = vec!["--format", "json"];
        arguments.extend(more);
        let ran = self.scan(project, &arguments);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
    }

    pub(crate) fn index(&self) -> std::path::PathBuf {
        self.home.path().join("cache/advisories/index.nwx")
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Fails with everything that the run said.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

/// An OSV record about one package: everything below `fixed` is affected.
pub(crate) fn osv(id: &str, alias: &str, package: &str, fixed: &str, score: &str) -> String {
    format!(
        r#"{{"id":"{id}","aliases":["{alias}"],"modified":"2026-11-20T00:00:00Z","published":"2026-11-01T00:00:00Z","summary":"a flaw in {package}","affected":[{{"package":{{"ecosystem":"npm","name":"{package}"}},"ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}],"severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/{score}"}}]}}"#
    )
}

pub(crate) const CRITICAL: &str = "C:H/I:H/A:H";
pub(crate) const MEDIUM: &str = "C:N/I:N/A:L";

pub(crate) fn lodash() -> String {
    osv("GHSA-aaaa-bbbb-cccc", "CVE-2026-0001", "lodash", "4.17.21", CRITICAL)
}
