//! What a project's own package manager says of install scripts: npm's `allowScripts` and `ignore-scripts`, pnpm's
//! lists of built dependencies, bun's `trustedDependencies`, yarn's `dependenciesMeta` and `enableScripts`.
//!
//! For showing beside what Nodeward decides, never for deciding: each manager has its own idea of what a name is.

mod texts;

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::lockfile::Format;
use crate::npm_config::NpmConfig;

/// What a package manager would do with a package's scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stance {
    /// Whether it runs them; `None` where that depends on its version.
    pub runs: Option<bool>,
    /// What says so, for people.
    pub because: String,
}

/// The files that say it.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The project's `package.json`.
    pub manifest: Option<&'a [u8]>,
    /// `pnpm-workspace.yaml`.
    pub pnpm_workspace: Option<&'a str>,
    /// `.yarnrc.yml`.
    pub yarnrc: Option<&'a str>,
    /// npm's configuration, all layers.
    pub npm: &'a NpmConfig,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// A name, with or without versions behind an `@`.
    spec: String,
    runs: bool,
    source: &'static str,
}

/// What one project's package manager says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildPolicy {
    rules: Vec<Rule>,
    otherwise: Stance,
    /// All scripts are off, whatever the lists say.
    off: Option<&'static str>,
}

impl BuildPolicy {
    /// Reads what the manager of a lockfile of that format goes by.
    pub fn read(format: Format, sources: Sources<'_>) -> Self {
        let manifest: Value =
            sources.manifest.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null);
        let major = major(&manifest);
        let off = sources.npm.switch("ignore-scripts", false).then_some("ignore-scripts");
        match format {
            Format::Pnpm => pnpm(&manifest, sources.pnpm_workspace.unwrap_or_default(), major, off),
            Format::YarnBerry => yarn_berry(&manifest, sources.yarnrc.unwrap_or_default(), major),
            Format::YarnClassic => Self::of(Vec::new(), runs("yarn 1 runs every script"), off),
            Format::Bun => bun(&manifest),
            _ => npm(&manifest, sources.npm, major, off),
        }
    }

    fn of(rules: Vec<Rule>, otherwise: Stance, off: Option<&'static str>) -> Self {
        Self { rules, otherwise, off }
    }

    /// What it says of a release. Where two entries differ, the one that keeps scripts from running counts.
    pub fn stance(&self, name: &str, version: &str) -> Stance {
        if let Some(off) = self.off {
            return Stance { runs: Some(false), because: off.to_owned() };
        }
        let mut meant: Vec<&Rule> =
            self.rules.iter().filter(|rule| is_meant(&rule.spec, name, version)).collect();
        meant.sort_by_key(|rule| rule.runs);
        match meant.first() {
            Some(rule) => Stance { runs: Some(rule.runs), because: rule.source.to_owned() },
            None => self.otherwise.clone(),
        }
    }
}

/// `name`, `name@1.2.3`, `name@1.2.3 || 1.2.4`.
fn is_meant(spec: &str, name: &str, version: &str) -> bool {
    match spec.strip_prefix(name) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('@').is_some_and(|versions| {
            versions.split("||").any(|one| matches!(one.trim(), "*") || one.trim() == version)
        }),
        None => false,
    }
}

/// The major version of the manager that the manifest names.
fn major(manifest: &Value) -> Option<u64> {
    let (_, version) = manifest.get("packageManager")?.as_str()?.split_once('@')?;
    version.split('.').next()?.parse().ok()
}

fn runs(because: &str) -> Stance {
    Stance { runs: Some(true), because: because.to_owned() }
}

fn skips(because: &str) -> Stance {
    Stance { runs: Some(false), because: because.to_owned() }
}

fn depends(because: &str) -> Stance {
    Stance { runs: None, because: because.to_owned() }
}

fn npm(manifest: &Value, config: &NpmConfig, major: Option<u64>, off: Option<&'static str>) -> BuildPolicy {
    let mut rules = flags(manifest.get("allowScripts"), "allowScripts of package.json");
    if rules.is_empty()
        && let Some(setting) = config.get("allow-scripts")
    {
        let names = setting.value.split(',').map(str::trim).filter(|name| !name.is_empty());
        rules.extend(names.map(|name| rule(name, true, "allow-scripts of .npmrc")));
    }
    let otherwise = match major {
        Some(12..) => skips("npm 12 and later run only what allowScripts names"),
        Some(_) => runs("npm before 12 runs every script"),
        None => depends("npm before 12 runs every script; later ones what allowScripts names"),
    };
    BuildPolicy::of(rules, otherwise, off)
}

fn pnpm(manifest: &Value, workspace: &str, major: Option<u64>, off: Option<&'static str>) -> BuildPolicy {
    let settings = manifest.get("pnpm").unwrap_or(&Value::Null);
    let mut rules = flags(settings.get("allowBuilds"), "pnpm.allowBuilds of package.json");
    let mut only = false;
    for (key, builds) in [
        ("onlyBuiltDependencies", true),
        ("neverBuiltDependencies", false),
        ("ignoredBuiltDependencies", false),
    ] {
        let (of_manifest, of_workspace) = match key {
            "onlyBuiltDependencies" => {
                ("pnpm.onlyBuiltDependencies of package.json", "onlyBuiltDependencies of pnpm-workspace.yaml")
            }
            "neverBuiltDependencies" => (
                "pnpm.neverBuiltDependencies of package.json",
                "neverBuiltDependencies of pnpm-workspace.yaml",
            ),
            _ => (
                "pnpm.ignoredBuiltDependencies of package.json",
                "ignoredBuiltDependencies of pnpm-workspace.yaml",
            ),
        };
        let listed = names(settings.get(key));
        let in_workspace = texts::list(workspace, key);
        only |= builds && (settings.get(key).is_some() || in_workspace.is_some());
        rules.extend(listed.iter().map(|name| rule(name, builds, of_manifest)));
        rules.extend(in_workspace.unwrap_or_default().iter().map(|name| rule(name, builds, of_workspace)));
    }
    for (name, value) in texts::map(workspace, "allowBuilds") {
        rules.push(rule(&name, value == "true", "allowBuilds of pnpm-workspace.yaml"));
    }
    let all = settings.get("dangerouslyAllowAllBuilds").and_then(Value::as_bool) == Some(true)
        || texts::scalar(workspace, "dangerouslyAllowAllBuilds").as_deref() == Some("true");
    let otherwise = match major {
        _ if all => runs("dangerouslyAllowAllBuilds"),
        _ if only => skips("onlyBuiltDependencies does not name it"),
        Some(10..) => skips("pnpm 10 and later run only what is listed"),
        Some(_) => runs("pnpm before 10 runs every script"),
        None => depends("pnpm before 10 runs every script; later ones what is listed"),
    };
    BuildPolicy::of(rules, otherwise, off)
}

fn yarn_berry(manifest: &Value, yarnrc: &str, major: Option<u64>) -> BuildPolicy {
    let mut rules = Vec::new();
    for (name, meta) in manifest.get("dependenciesMeta").and_then(Value::as_object).into_iter().flatten() {
        if let Some(built) = meta.get("built").and_then(Value::as_bool) {
            rules.push(rule(name, built, "dependenciesMeta of package.json"));
        }
    }
    let otherwise = match (texts::scalar(yarnrc, "enableScripts").as_deref(), major) {
        (Some("false"), _) => skips("enableScripts of .yarnrc.yml"),
        (Some("true"), _) => runs("enableScripts of .yarnrc.yml"),
        (_, Some(2 | 3)) => runs("yarn before 4 runs every script"),
        _ => depends("newer yarn 4 runs none unless enableScripts says so"),
    };
    BuildPolicy::of(rules, otherwise, None)
}

fn bun(manifest: &Value) -> BuildPolicy {
    let trusted = manifest.get("trustedDependencies");
    let rules =
        names(trusted).iter().map(|name| rule(name, true, "trustedDependencies of package.json")).collect();
    let otherwise = match trusted {
        Some(_) => skips("trustedDependencies does not name it"),
        None => depends("bun runs those on a list of its own"),
    };
    BuildPolicy::of(rules, otherwise, None)
}

/// `{ "name": true }`.
fn flags(value: Option<&Value>, source: &'static str) -> Vec<Rule> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(spec, runs)| Some(rule(spec, runs.as_bool()?, source))).collect()
}

fn names(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}

fn rule(spec: &str, runs: bool, source: &'static str) -> Rule {
    Rule { spec: spec.to_owned(), runs, source }
}
