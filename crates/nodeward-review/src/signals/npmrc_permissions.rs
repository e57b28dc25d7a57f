//! Files with secrets that others on the machine can read.

use nodeward_package::Place;
use nodeward_package::npm_config::Layer;
use nodeward_report::{Confidence, Finding, Severity, Threat};

use super::npmrc_token::holds_a_secret;
use crate::context::{ConfigurationFile, Context};
use crate::signal::{Signal, fact_of};

pub(crate) const SIGNAL: Signal = Signal {
    id: "npmrc-permissions",
    summary: "other users of the machine can read a configuration file with a token",
    threat: Threat::Exf,
    severity: Severity::Medium,
    confidence: Confidence::High,
    docs: include_str!("npmrc_permissions.md"),
    check,
};

const OTHERS_READ: u32 = 0o004;
const GROUP_READS: u32 = 0o040;

fn check(signal: &Signal, context: &Context<'_>) -> Vec<Finding> {
    // In a project's file the secret itself is the finding: git gives it to everyone, whatever its mode.
    let files = context.configuration_files.iter().filter(|file| file.layer != Layer::Project);
    files.filter_map(|file| finding(signal, context, file)).collect()
}

fn finding(signal: &Signal, context: &Context<'_>, file: &ConfigurationFile) -> Option<Finding> {
    let mode = file.mode.filter(|mode| mode & (OTHERS_READ | GROUP_READS) != 0)?;
    let of_file = |setting: &&nodeward_package::npm_config::Setting| *setting.place.file == *file.file;
    context.npm.settings().iter().filter(of_file).find(|setting| holds_a_secret(setting))?;
    let who = if mode & OTHERS_READ != 0 { "everyone on this machine" } else { "the file's group" };
    let mut finding = signal.file(Place::file(file.file.clone()), format!("{who} can read a token"));
    if mode & OTHERS_READ == 0 {
        finding.severity = Severity::Low;
    }
    finding.evidence.push(fact_of("mode", format!("{:03o}", mode & 0o777)));
    finding.next_step = Some("chmod 600 the file".into());
    Some(finding)
}
