//! Where the team's own rules hold: below the folder of their `nodeward.toml`, in the files that they name, and not
//! where they make an exception.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nodeward_lint::Requirement;
use nodeward_report::finding::Kind;
use nodeward_report::{Finding, Severity, Subject, Threat};

use crate::config::Config;
use crate::requirements::{FilePattern, Requested};

/// The requirements of all configurations of a run.
pub(crate) struct Team<'c> {
    asked: Vec<Asked<'c>>,
    /// What the paths of files are below their configuration's folder.
    paths: HashMap<(PathBuf, usize), Option<String>>,
}

struct Asked<'c> {
    config: &'c Config,
    /// The place of the configuration among all.
    config_at: usize,
    requested: &'c Requested,
    /// Which patterns of its exceptions hid something.
    used: Vec<Vec<bool>>,
}

/// What becomes of a finding.
pub(crate) enum Ruling {
    /// It stays.
    Holds,
    /// The requirement does not speak of that file.
    Elsewhere,
    /// The requirement makes an exception.
    Excepted {
        /// Why.
        reason: String,
        /// Where it says so.
        source: String,
    },
}

/// All requirements of the configurations, in the order in which [`Team`] numbers them.
pub(crate) fn requirements(configs: &[&Config]) -> Vec<Arc<Requirement>> {
    configs
        .iter()
        .flat_map(|config| config.requirements.iter().map(|asked| asked.requirement.clone()))
        .collect()
}

impl<'c> Team<'c> {
    /// The requirements of these configurations.
    pub(crate) fn new(configs: &[&'c Config]) -> Self {
        let asked = configs.iter().enumerate().flat_map(|(config_at, config)| {
            config.requirements.iter().map(move |requested| Asked {
                config,
                config_at,
                requested,
                used: requested.excepts.iter().map(|except| vec![false; except.files.len()]).collect(),
            })
        });
        Self { asked: asked.collect(), paths: HashMap::new() }
    }

    /// What becomes of a finding of the requirement at a place.
    pub(crate) fn rule(&mut self, at: usize, finding: &Finding) -> Ruling {
        let Some(asked) = self.asked.get_mut(at) else { return Ruling::Holds };
        let known = (finding.place.file.to_path_buf(), asked.config_at);
        let below = self.paths.entry(known).or_insert_with(|| below(asked.config, &finding.place.file));
        let Some(path) = below else {
            // Who names the file on the command line means everything.
            let everywhere = asked.config.chosen && asked.requested.files.is_empty();
            return if everywhere { Ruling::Holds } else { Ruling::Elsewhere };
        };
        let files = &asked.requested.files;
        if !files.is_empty() && !files.iter().any(|file| file.matches(path)) {
            return Ruling::Elsewhere;
        }
        for (except, used) in asked.requested.excepts.iter().zip(&mut asked.used) {
            if let Some(file) = except.files.iter().position(|file| file.matches(path)) {
                used[file] = true;
                let source = except.files[file].place.to_string();
                return Ruling::Excepted { reason: except.reason.clone(), source };
            }
        }
        Ruling::Holds
    }

    /// The exceptions that hid nothing, of the requirements that ran.
    pub(crate) fn unused(&self, ran: impl Fn(&str) -> bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        for asked in self.asked.iter().filter(|asked| ran(&asked.requested.requirement.id)) {
            for (except, used) in asked.requested.excepts.iter().zip(&asked.used) {
                let unused = except.files.iter().zip(used).filter(|(_, used)| !**used);
                findings.extend(unused.map(|(file, _)| unused_except(&asked.requested.requirement, file)));
            }
        }
        findings
    }
}

fn unused_except(requirement: &Requirement, file: &FilePattern) -> Finding {
    let mut finding = Finding::new(
        "except-unused",
        Kind::Project,
        Threat::Dex,
        Severity::Info,
        Subject::File,
        file.place.clone(),
        format!("the exception of {} for {} hides nothing", requirement.id, file.text),
    );
    finding.next_step = Some("remove it".to_owned());
    finding
}

/// The path of a file below the folder of a configuration, with `/`.
fn below(config: &Config, file: &Path) -> Option<String> {
    let normal = |path: &Path| std::fs::canonicalize(path).ok();
    let folder = match config.folder() {
        Some(folder) if !folder.as_os_str().is_empty() => normal(folder)?,
        _ => normal(Path::new("."))?,
    };
    // A buffer of an editor may not be on the disk yet.
    let file = normal(file).or_else(|| Some(normal(file.parent()?)?.join(file.file_name()?)))?;
    Some(file.strip_prefix(&folder).ok()?.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
}
