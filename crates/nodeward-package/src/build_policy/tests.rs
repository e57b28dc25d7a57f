use std::path::Path;

use super::*;
use crate::npm_config::{Layer, Source};

/// What is said of `esbuild@1.0.0`: `runs`, `skips` or `depends`, and why.
fn said(format: Format, manifest: &str, workspace: &str, yarnrc: &str, npmrc: &str) -> String {
    let file = Source { layer: Layer::Project, file: Path::new(".npmrc"), bytes: npmrc.as_bytes() };
    let npm = NpmConfig::read(&[file], &[]).unwrap();
    let sources = Sources {
        manifest: Some(manifest.as_bytes()),
        pnpm_workspace: Some(workspace),
        yarnrc: Some(yarnrc),
        npm: &npm,
    };
    let stance = BuildPolicy::read(format, sources).stance("esbuild", "1.0.0");
    let runs = match stance.runs {
        Some(true) => "runs",
        Some(false) => "skips",
        None => "depends",
    };
    format!("{runs}: {}", stance.because)
}

#[test]
fn npm() {
    let of = |manifest, npmrc| said(Format::NpmPackageLock, manifest, "", "", npmrc);
    assert!(of("{}", "").starts_with("depends"));
    assert_eq!(of("{}", "ignore-scripts=true"), "skips: ignore-scripts");
    assert_eq!(
        of(r#"{"allowScripts":{"esbuild":true,"esbuild@1.0.0":false}}"#, ""),
        "skips: allowScripts of package.json"
    );
    assert_eq!(
        of(r#"{"allowScripts":{"esbuild@0.9.0 || 1.0.0":true}}"#, ""),
        "runs: allowScripts of package.json"
    );
    assert!(
        of(r#"{"allowScripts":{"esbuild@2.0.0":true},"packageManager":"npm@12.0.0"}"#, "")
            .starts_with("skips: npm 12")
    );
    assert_eq!(of("{}", "allow-scripts=sharp,esbuild"), "runs: allow-scripts of .npmrc");
    assert!(of(r#"{"packageManager":"npm@10.1.0"}"#, "").starts_with("runs"));
}

#[test]
fn pnpm() {
    let of = |manifest, workspace| said(Format::Pnpm, manifest, workspace, "", "");
    assert!(of("{}", "").starts_with("depends"));
    assert!(of(r#"{"packageManager":"pnpm@10.0.0+sha512.x"}"#, "").starts_with("skips: pnpm 10"));
    assert!(of(r#"{"packageManager":"pnpm@9.0.0"}"#, "").starts_with("runs"));
    assert_eq!(
        of(r#"{"pnpm":{"onlyBuiltDependencies":["esbuild"]}}"#, ""),
        "runs: pnpm.onlyBuiltDependencies of package.json"
    );
    assert_eq!(
        of("{}", "onlyBuiltDependencies:\n  - sharp # x\n  # y\n  - 'esbuild'\nx: y\n"),
        "runs: onlyBuiltDependencies of pnpm-workspace.yaml"
    );
    assert_eq!(of("{}", "onlyBuiltDependencies: [sharp]\n"), "skips: onlyBuiltDependencies does not name it");
    assert_eq!(
        of("{}", "ignoredBuiltDependencies:\n- esbuild\n"),
        "skips: ignoredBuiltDependencies of pnpm-workspace.yaml"
    );
    assert_eq!(
        of("{}", "allowBuilds:\n  esbuild: true\n  sharp: false\n"),
        "runs: allowBuilds of pnpm-workspace.yaml"
    );
    assert_eq!(of("{}", "dangerouslyAllowAllBuilds: true\n"), "runs: dangerouslyAllowAllBuilds");
}

#[test]
fn yarn_and_bun() {
    let berry = |manifest, yarnrc| said(Format::YarnBerry, manifest, "", yarnrc, "");
    assert_eq!(berry("{}", "enableScripts: false\n"), "skips: enableScripts of .yarnrc.yml");
    assert_eq!(
        berry(r#"{"dependenciesMeta":{"esbuild":{"built":true}}}"#, "enableScripts: false\n"),
        "runs: dependenciesMeta of package.json"
    );
    assert!(berry("{}", "").starts_with("depends"));
    assert!(said(Format::YarnClassic, "{}", "", "", "").starts_with("runs"));
    assert_eq!(said(Format::YarnClassic, "{}", "", "", "ignore-scripts=true"), "skips: ignore-scripts");
    assert_eq!(
        said(Format::Bun, r#"{"trustedDependencies":["esbuild"]}"#, "", "", ""),
        "runs: trustedDependencies of package.json"
    );
    assert_eq!(
        said(Format::Bun, r#"{"trustedDependencies":[]}"#, "", "", ""),
        "skips: trustedDependencies does not name it"
    );
    assert!(said(Format::Bun, "not json", "", "", "").starts_with("depends"));
}
