//! Signals on npm's configuration.

use super::*;

#[test]
fn npmrc_token() {
    let id = "npmrc-token";
    let text = "//r.example.org/:_authToken=npm_s3cret";
    Case { tracked: Some(true), ..Case::project_npmrc(text) }.says(id, &["critical a token is committed"]);
    Case { tracked: Some(false), ..Case::project_npmrc(text) }
        .says(id, &["medium a token stands in the project"]);
    Case::project_npmrc("_auth=dTpw").says(id, &["high a password stands in the project"]);
    Case::project_npmrc("registry=https://u:p@r.example.org/")
        .says(id, &["high a token stands in the project"]);
    Case::project_npmrc("//r.example.org/:_authToken=${NPM_TOKEN}\nregistry=https://r.example.org/")
        .is_silent(id);
    Case::user_npmrc(text).is_silent(id);
    let shown = format!("{:?}", Case::project_npmrc(text).findings(id));
    assert!(!shown.contains("s3cret"));
}

#[test]
fn npmrc_permissions() {
    let id = "npmrc-permissions";
    let with = |mode| Case { mode: Some(mode), ..Case::user_npmrc("//r.example.org/:_authToken=x") };
    with(0o100_644).says(id, &["medium everyone on this machine can read a token"]);
    with(0o100_640).says(id, &["low the file's group can read a token"]);
    with(0o100_600).is_silent(id);
    Case { mode: Some(0o644), ..Case::user_npmrc("audit=true\n//r.example.org/:_authToken=${T}") }
        .is_silent(id);
    Case { mode: Some(0o644), ..Case::project_npmrc("//r.example.org/:_authToken=x") }.is_silent(id);
}

#[test]
fn npmrc_switches() {
    Case::user_npmrc("strict-ssl=false")
        .says("npmrc-strict-ssl", &["high strict-ssl=false: anybody on the way can pass for the registry"]);
    for silent in ["strict-ssl=true", "", "; strict-ssl=false", "[x]\nstrict-ssl=false"] {
        Case::user_npmrc(silent).is_silent("npmrc-strict-ssl");
    }
    let weakened = Case::project_npmrc("package-lock=false\nunsafe-perm=true\nalways-auth=true\naudit=false");
    let severities: Vec<Severity> =
        weakened.findings("npmrc-weakened").iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Medium, Severity::Medium, Severity::Low, Severity::Info]);
    Case::project_npmrc("package-lock=true\nunsafe-perm=false\naudit=true\nsave-exact=true")
        .is_silent("npmrc-weakened");
}

#[test]
fn npmrc_http() {
    for text in ["registry=http://r.example.org/", "@s:registry=HTTP://r.example.org"] {
        Case::user_npmrc(text).says("npmrc-http", &["high r.example.org is asked over plain http"]);
    }
    for text in
        ["registry=https://r.example.org/", "registry=http://localhost:4873", "proxy=http://p.example.org"]
    {
        Case::user_npmrc(text).is_silent("npmrc-http");
    }
}

#[test]
fn npmrc_ignore_scripts() {
    let id = "npmrc-ignore-scripts";
    Case::lockfile("a@1.0.0 script").says(id, &["low install scripts of dependencies run unasked"]);
    Case { format: Some(Format::YarnClassic), ..Case::lockfile("a@1.0.0 script") }
        .says(id, &["low install scripts of dependencies run unasked"]);
    Case::lockfile("a@1.0.0").is_silent(id);
    Case { user_npmrc: "ignore-scripts=true", ..Case::lockfile("a@1.0.0 script") }.is_silent(id);
    for format in [Format::Bun, Format::Pnpm] {
        Case { format: Some(format), ..Case::lockfile("a@1.0.0 script") }.is_silent(id);
    }
}

#[test]
fn npmrc_runs_code() {
    let id = "npmrc-runs-code";
    for text in
        ["git=./tools/git", "node-options=--require ./x.js", "script-shell=./sh", "script-shell=tools/bash"]
    {
        assert_eq!(Case::project_npmrc(text).findings(id).len(), 1, "{text}");
    }
    for text in [
        "script-shell=bash",
        "script-shell=/bin/bash",
        "node-options=--max-old-space-size=4096",
        "git=git",
        "registry=https://r.example.org",
    ] {
        Case::project_npmrc(text).is_silent(id);
    }
    Case::user_npmrc("git=/opt/git").is_silent(id);
}

#[test]
fn npmrc_long_lived() {
    let id = "npmrc-long-lived";
    for text in [
        "//r.example.org/:_password=eA==",
        "//r.example.org/:_authToken=01234567-89ab-cdef-0123-456789abcdef",
    ] {
        assert_eq!(Case::user_npmrc(text).findings(id).len(), 1, "{text}");
    }
    Case::user_npmrc("//r.example.org/:_authToken=npm_abc").is_silent(id);
    Case::project_npmrc("//r.example.org/:_password=eA==").is_silent(id);
}
