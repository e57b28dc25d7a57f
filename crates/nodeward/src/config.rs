//! `nodeward.toml`: what a project's owners decided, with the place of each decision.
//!
//! Unknown keys are errors: a misspelt suppression must not pass for one. The same types make the JSON Schema that
//! editors use, `docs/formats/nodeward.toml.schema.json`.

use std::collections::HashMap;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::civil::Date;
use nodeward_lint::Policy;
use nodeward_package::place::{LineIndex, Place};
use nodeward_report::Severity;
use nodeward_review::install::Decisions;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::install_scripts::section::InstallSection;
use crate::requirements::{Reader, Requested, RequirementSection, RequirementsFile, Texts, places};
use crate::sealing::{RunSection, RunSettings, SealSection, SealSettings};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "nodeward.toml";

/// More than any configuration needs.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What one `nodeward.toml` says. Without a file: nothing.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The file, as the user would name it.
    pub(crate) file: Option<Arc<Path>>,
    /// The project's name.
    pub(crate) project_name: Option<String>,
    /// From which severity on findings fail.
    pub(crate) fail_on: Option<Severity>,
    /// Which rules look at source.
    pub(crate) lint_policy: Option<Policy>,
    /// The team's own rules, in the order of the file, then those of the files that it names.
    pub(crate) requirements: Vec<Requested>,
    /// The suppressions, in the order of the file.
    pub(crate) suppressions: Vec<Suppression>,
    /// What is sealed.
    pub(crate) seal: SealSettings,
    /// How sealed programs start.
    pub(crate) run: RunSettings,
    /// Which install scripts may run.
    pub(crate) install: Decisions,
    /// The user named the file, so that it decides about everything.
    pub(crate) chosen: bool,
}

/// One `[[suppress]]`.
#[derive(Debug)]
pub(crate) struct Suppression {
    /// The advisory, rule or signal.
    pub(crate) id: String,
    /// Why it does not matter here.
    pub(crate) reason: String,
    /// The last day on which it holds.
    pub(crate) until: Option<Date>,
    /// Only for this package: its name, or name and range.
    pub(crate) package: Option<PackagePattern>,
    /// Only for lockfiles at or below this path.
    pub(crate) path: Option<PathBuf>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// A package by name, and maybe by range.
#[derive(Debug, Clone)]
pub(crate) struct PackagePattern {
    /// The name.
    pub(crate) name: String,
    /// The versions; all without one.
    pub(crate) range: Option<nodeward_package::Range>,
}

impl PackagePattern {
    /// Reads `name` or `name@range`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let at = text.char_indices().skip(1).find(|&(_, c)| c == '@').map(|(at, _)| at);
        let (name, range) = match at {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        nodeward_package::PackageName::parse(name).map_err(|error| error.to_string())?;
        let range = range
            .map(|range| nodeward_package::Range::parse(range).map_err(|_| format!("{range:?} is no range")))
            .transpose()?;
        Ok(Self { name: name.to_owned(), range })
    }

    /// Whether a release is meant. A version that is none is only meant by a pattern without a range.
    pub(crate) fn matches(&self, name: &str, version: &str) -> bool {
        self.name == name
            && self.range.as_ref().is_none_or(|range| {
                nodeward_package::Version::parse(version).is_ok_and(|version| range.satisfies(&version))
            })
    }
}

/// Nodeward's settings for a project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "nodeward.toml")]
struct File {
    /// The project itself.
    project: Option<ProjectSection>,
    /// How `nodeward scan` and `nodeward audit` behave.
    scan: Option<ScanSection>,
    /// How `nodeward lint` behaves.
    lint: Option<LintSection>,
    /// What `nodeward seal` writes into the seal.
    seal: Option<SealSection>,
    /// How `nodeward run` starts programs.
    run: Option<RunSection>,
    /// Which install scripts may run.
    install: Option<InstallSection>,
    /// Findings that are known, looked at, and accepted.
    #[serde(default)]
    #[schemars(with = "Vec<SuppressSection>")]
    suppress: Vec<Spanned<SuppressSection>>,
}

/// The project itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[project]`")]
struct ProjectSection {
    /// Its name in reports.
    name: Option<String>,
    /// Whom to tell about an incident: mail addresses, team names, URLs.
    #[serde(default)]
    #[expect(dead_code, reason = "part of the format; incident response reads it")]
    contacts: Vec<String>,
}

/// How `nodeward scan` and `nodeward audit` behave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[scan]`")]
struct ScanSection {
    /// From which severity on findings give exit code 1.
    #[schemars(with = "Option<SeverityName>")]
    fail_on: Option<Spanned<String>>,
}

/// How `nodeward lint` behaves.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[lint]`")]
struct LintSection {
    /// Which rules look at source.
    #[schemars(with = "Option<PolicyName>")]
    policy: Option<Spanned<String>>,
    /// Files of requirements (`[[requirement]]`), relative to this file.
    #[schemars(with = "Option<Texts>")]
    requirements: Option<Spanned<Texts>>,
    /// The team's own rules.
    #[serde(default)]
    #[schemars(with = "Vec<RequirementSection>")]
    requirement: Vec<Spanned<RequirementSection>>,
}

/// The policies, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum PolicyName {
    Common,
    Strict,
    Experimental,
}

/// The severities, for the schema.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum SeverityName {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// One finding that is known, looked at, and accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[[suppress]]`")]
struct SuppressSection {
    /// The advisory (by any of its names), rule or signal: `CVE-2021-23337`, `install-script`.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// Why it does not matter here. Obligatory.
    #[schemars(with = "String", length(min = 1))]
    reason: Spanned<String>,
    /// The last day on which it holds, `2027-01-31` (a TOML date or a text). From the next day on it hides nothing
    /// and is reported as expired.
    #[schemars(with = "Option<String>", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    until: Option<Spanned<toml::Value>>,
    /// Only for this package: `lodash`, or `lodash@<4.17.21`.
    #[schemars(with = "Option<String>")]
    package: Option<Spanned<String>>,
    /// Only for lockfiles at or below this path, relative to this file.
    #[schemars(with = "Option<String>")]
    path: Option<Spanned<String>>,
}

impl Config {
    /// Reads the file that applies to a project: the nearest at or above its folder, as far up as the repository.
    /// Below `here` (the current folder, absolute) it is named from there.
    pub(crate) fn for_project(folder: &Path, here: &Path) -> anyhow::Result<Self> {
        match find(folder) {
            // A policy that cannot be read must not pass for none, and a pipe may never begin.
            Some(file) if !file.is_file() => bail!("{}: not a regular file", file.display()),
            Some(file) => Self::read(file.strip_prefix(here).unwrap_or(&file)),
            None => Ok(Self::default()),
        }
    }

    /// Reads a file.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        Self::parse(file, &read_text(file)?)
    }

    /// What a file of that text says.
    pub(crate) fn parse(file: &Path, text: &str) -> anyhow::Result<Self> {
        let file: Arc<Path> = Arc::from(file);
        let lines = LineIndex::new(text);
        let place = |span: Range<usize>| Place::at(file.clone(), lines.position(span.start));
        let parsed: File = match toml::from_str(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                bail!("{}: {}", place(error.span().unwrap_or_default()), first_line(error.message()))
            }
        };
        let fail_on = match parsed.scan.and_then(|scan| scan.fail_on) {
            Some(name) => match name.get_ref().parse::<Severity>() {
                Ok(severity) => Some(severity),
                Err(error) => bail!("{}: {error}", place(name.span())),
            },
            None => None,
        };
        let lint = parsed.lint.unwrap_or_default();
        let lint_policy = match lint.policy {
            Some(name) => match name.get_ref().parse::<Policy>() {
                Ok(policy) => Some(policy),
                Err(error) => bail!("{}: {error}", place(name.span())),
            },
            None => None,
        };
        let folder: Arc<str> = absolute_folder(&file).into();
        let mut requirements = Reader { place: &place, folder: folder.clone() }.all(lint.requirement)?;
        for (at, named) in lint.requirements.map(|named| places(named, &place)).unwrap_or_default() {
            let below = file.parent().unwrap_or(Path::new("")).join(&named);
            let text = read_text(&below).with_context(|| at.to_string())?;
            requirements.extend(read_requirements(&below, &text, folder.clone())?);
        }
        reject_twins(&requirements)?;
        let suppressions = parsed
            .suppress
            .into_iter()
            .map(|section| suppression(section, &place))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let seal = parsed.seal.map(|section| section.settings(&place)).transpose()?.unwrap_or_default();
        let run = parsed.run.map(|section| section.settings(Path::new(&*folder))).unwrap_or_default();
        let install =
            parsed.install.map(|section| section.decisions(&place)).transpose()?.unwrap_or_default();
        Ok(Self {
            seal,
            run,
            install,
            project_name: parsed.project.and_then(|project| project.name),
            fail_on,
            lint_policy,
            requirements,
            suppressions,
            file: Some(file.clone()),
            chosen: false,
        })
    }

    /// The folder that paths in the file are relative to.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }
}

/// The text of a configuration.
pub(crate) fn read_text(file: &Path) -> anyhow::Result<String> {
    let read = || -> std::io::Result<String> {
        if std::fs::metadata(file)?.is_dir() {
            return Err(std::io::Error::other("it is a folder"));
        }
        let mut text = String::new();
        // The length of a pipe or a device is not known before its end.
        let read = std::fs::File::open(file)?.take(MAX_BYTES + 1).read_to_string(&mut text);
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => std::io::Error::other("not UTF-8 text; save it as UTF-8"),
            _ => error,
        })?;
        if text.len() as u64 > MAX_BYTES {
            return Err(std::io::Error::other("larger than 4 MiB, which no configuration needs"));
        }
        Ok(text)
    };
    read().with_context(|| format!("cannot read {}", file.display()))
}

/// A file that `requirements` of `[lint]` names.
fn read_requirements(file: &Path, text: &str, folder: Arc<str>) -> anyhow::Result<Vec<Requested>> {
    let file: Arc<Path> = Arc::from(file);
    let lines = LineIndex::new(text);
    let place = |span: Range<usize>| Place::at(file.clone(), lines.position(span.start));
    match toml::from_str::<RequirementsFile>(text) {
        Ok(parsed) => Reader { place: &place, folder }.all(parsed.requirement),
        Err(error) => bail!("{}: {}", place(error.span().unwrap_or_default()), first_line(error.message())),
    }
}

/// Two requirements of one name could not be told apart in reports and comments.
fn reject_twins(requirements: &[Requested]) -> anyhow::Result<()> {
    let mut known: HashMap<&str, &Place> = HashMap::new();
    for Requested { requirement, .. } in requirements {
        if let Some(first) = known.insert(&requirement.id, &requirement.place) {
            bail!(
                "{}: there is a requirement {} at {first} already: give one another id",
                requirement.place,
                requirement.id
            );
        }
    }
    Ok(())
}

/// The folder of a file, absolute and with `/`.
fn absolute_folder(file: &Path) -> String {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    folder.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/").trim_end_matches('/').to_owned()
}

fn suppression(
    section: Spanned<SuppressSection>,
    place: &dyn Fn(Range<usize>) -> Place,
) -> anyhow::Result<Suppression> {
    let at = place(section.span());
    let section = section.into_inner();
    if section.id.get_ref().trim().is_empty() {
        bail!("{}: `id` is empty: name an advisory, a rule or a signal", place(section.id.span()));
    }
    if section.reason.get_ref().trim().is_empty() {
        bail!("{}: `reason` is empty: say why this does not matter here", place(section.reason.span()));
    }
    let until = match section.until {
        Some(value) => match date(value.get_ref()) {
            Some(date) => Some(date),
            None => bail!("{}: `until` is no date: write it as 2027-01-31", place(value.span())),
        },
        None => None,
    };
    let package = match section.package {
        Some(text) => match PackagePattern::parse(text.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(error) => bail!("{}: `package` is no package: {error}", place(text.span())),
        },
        None => None,
    };
    let path = match section.path {
        Some(text) => {
            let path = PathBuf::from(text.get_ref());
            if path.is_absolute() {
                bail!("{}: `path` is absolute: write it relative to this file", place(text.span()));
            }
            Some(path)
        }
        None => None,
    };
    Ok(Suppression {
        id: section.id.into_inner().trim().to_owned(),
        reason: section.reason.into_inner(),
        until,
        package,
        path,
        place: at,
    })
}

/// A day: a date of TOML, or a text.
pub(crate) fn date(value: &toml::Value) -> Option<Date> {
    match value {
        toml::Value::String(text) => text.parse().ok(),
        // With a time of day it would be unclear whose midnight is meant.
        toml::Value::Datetime(datetime) if datetime.time.is_none() => datetime.to_string().parse().ok(),
        _ => None,
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}

/// The nearest file at or above a folder. The repository's root is the last folder looked at: what lies above it
/// was not checked out with the project and should not decide about it.
fn find(folder: &Path) -> Option<PathBuf> {
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    for ancestor in folder.ancestors() {
        let file = ancestor.join(FILE_NAME);
        if file.symlink_metadata().is_ok() {
            return Some(file);
        }
        if ancestor.join(".git").exists() {
            break;
        }
    }
    None
}

#[cfg(test)]
mod mutated;

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(Path::new(FILE_NAME), text).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_is_read_with_its_places() {
        let config = Config::parse(
            Path::new(FILE_NAME),
            "[project]\nname = \"shop\"\ncontacts = [\"team@example.org\"]\n\n[scan]\nfail-on = \"moderate\"\n\n\
             [[suppress]]\nid = \"CVE-2021-23337\"\nreason = \"no templates\"\nuntil = 2027-01-31\n\
             package = \"@a/b@<2\"\n",
        )
        .unwrap();
        assert_eq!(config.project_name.as_deref(), Some("shop"));
        assert_eq!(config.fail_on, Some(Severity::Medium));
        let [suppression] = &config.suppressions[..] else { panic!("one suppression") };
        assert_eq!(suppression.until.unwrap().to_string(), "2027-01-31");
        assert_eq!(suppression.place.to_string(), "nodeward.toml:8:1");
        assert_eq!(suppression.package.as_ref().unwrap().name, "@a/b");
    }

    /// An `[[install.allow]]` with those lines in its middle.
    fn allow(lines: &str) -> String {
        let hash = "0".repeat(64);
        format!("[[install.allow]]\npackage = \"a\"\n{lines}\nhash = \"sha256-{hash}\"\nreason = \"x\"\n")
    }

    #[test]
    fn what_install_scripts_may_run() {
        let text =
            allow("version = [\"1.0.0\", \"1.0.1\"]\nnetwork = [\"a.example.org\"]\nuntil = 2027-01-31");
        let install = Config::parse(Path::new(FILE_NAME), &text).unwrap().install;
        let [allow] = &install.allow[..] else { panic!("one entry") };
        assert_eq!((allow.package.as_str(), allow.versions.len()), ("a", 2));
        assert_eq!((allow.network.len(), allow.place.to_string().as_str()), (1, "nodeward.toml:1:1"));
        assert!(allow.until.is_some() && install.deny.is_empty());
    }

    #[test]
    fn mistakes_are_errors_with_a_place() {
        for (text, expected) in [
            ("[scan]\nfail_on = \"low\"\n", "nodeward.toml:2:1: unknown field `fail_on`, expected `fail-on`"),
            ("[lnt]\n", "nodeward.toml:1:2: unknown field `lnt`"),
            ("[lint]\npolicy = \"lax\"\n", "nodeward.toml:2:10: \"lax\" is no policy"),
            ("[scan]\nfail-on = \"bad\"\n", "nodeward.toml:2:11: \"bad\" is no severity"),
            ("[[suppress]]\nid = \"x\"\n", "nodeward.toml:1:1: missing field `reason`"),
            ("[[suppress]]\nid = \"x\"\nreason = \" \"\n", "nodeward.toml:3:10: `reason` is empty"),
            (
                "[[suppress]]\nid = \"x\"\nreason = \"y\"\nuntil = \"soon\"\n",
                "nodeward.toml:4:9: `until` is no date",
            ),
            ("[[suppress]]\nid = \"x\"\nreason = \"y\"\nuntil = 2027-13-01\n", "nodeward.toml:4:"),
            (
                "[[suppress]]\nid = \"x\"\nreason = \"y\"\npackage = \"a b\"\n",
                "nodeward.toml:4:11: `package` is no",
            ),
            (
                "[[suppress]]\nid = \"x\"\nreason = \"y\"\npath = \"/etc\"\n",
                "nodeward.toml:4:8: `path` is absolute",
            ),
            ("a = [", "nodeward.toml:1:"),
            ("[[install.allow]]\npackage = \"a\"\n", "nodeward.toml:1:1: missing field `version`"),
            ("[[install.allows]]\n", "nodeward.toml:1:11: unknown field `allows`"),
            ("[[install.deny]]\npackage = \"a\"\nreason = \"\"\n", "nodeward.toml:3:10: `reason` is empty"),
            (
                "[[install.deny]]\npackage = \"a\"\nversion = \"1.0.0\"\n",
                "nodeward.toml:3:1: unknown field `version`",
            ),
            (&allow("version = \"^1.0.0\""), "nodeward.toml:3:11: `version` \"^1.0.0\" is no version"),
            (&allow("version = []"), "nodeward.toml:3:11: `version` is empty"),
            (
                &allow("version = \"1.0.0\"\nnetwork = [\"https://a.example.org\"]"),
                "nodeward.toml:4:11: `network`",
            ),
            (&allow("version = \"1.0.0\"\nuntil = \"soon\""), "nodeward.toml:4:9: `until` is no date"),
            (
                &allow("version = \"1.0.0\"").replace("sha256-00", "sha256-0"),
                "nodeward.toml:4:8: `hash` is none",
            ),
        ] {
            let error = error(text);
            assert!(error.starts_with(expected), "{error} does not start with {expected}");
        }
    }

    #[test]
    fn the_published_schema_is_current() {
        let mut schema = serde_json::to_string_pretty(&schemars::schema_for!(File)).unwrap();
        schema.push('\n');
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/nodeward.toml.schema.json");
        if std::env::var_os("NODEWARD_BLESS").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &schema).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(published, schema, "run the test with NODEWARD_BLESS=1 to write the schema anew");
    }
}
