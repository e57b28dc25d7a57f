//! Install scripts, run: each on a copy of its package, confined, and the copy put in the package's place when all of
//! them went well.

pub(crate) mod environment;
mod record;
pub(crate) mod script;
pub(crate) mod staging;

use std::path::Path;

use anyhow::{Context as _, bail};
use nodeward_review::install::{Allow, Item};
use serde::Serialize;

use crate::confined::{self, Report};
use crate::interrupt::Watch;
use crate::session::Session;

pub(crate) use environment::Tools;
pub(crate) use record::Record;
use script::Subject;
use staging::Staging;

/// What becomes of a package whose scripts may run.
#[derive(Debug, Serialize)]
pub(crate) struct Installed {
    package: String,
    folder: String,
    reason: String,
    /// Whether all went well, and the result is in place.
    pub(crate) done: bool,
    /// The files that were made, changed or removed, from the package's folder.
    wrote: Vec<String>,
    scripts: Vec<Ended>,
}

#[derive(Debug, Serialize)]
struct Ended {
    stage: String,
    command: String,
    #[serde(flatten)]
    report: Report,
    /// The last of what it wrote to its standard streams.
    written: String,
}

/// What scripts are run with.
pub(crate) struct Ground<'g> {
    /// The project's folder, by its real path.
    pub(crate) project: &'g Path,
    pub(crate) tools: &'g Tools,
    pub(crate) watch: &'g Watch,
    pub(crate) session: &'g Session,
}

/// Runs the scripts of one package in one of its folders.
pub(crate) fn install(
    ground: &Ground<'_>,
    item: &Item,
    folder: &str,
    allow: &Allow,
) -> anyhow::Result<Installed> {
    let Ground { project, watch, session, .. } = *ground;
    let label = item.label();
    let place = project.join(folder);
    let real = std::fs::canonicalize(&place).with_context(|| format!("cannot find {}", place.display()))?;
    // A lockfile may name any place, and a link may lead to one.
    if !real.starts_with(project) {
        bail!("{} lies outside of the project, in {}; run its scripts there", label, real.display());
    }
    let staging = Staging::new(&real).with_context(|| format!("cannot copy {}", real.display()))?;
    let mut installed = Installed {
        package: label.clone(),
        folder: folder.to_owned(),
        reason: allow.reason.clone(),
        done: false,
        wrote: Vec::new(),
        scripts: Vec::new(),
    };
    let (hosts, copy) = (script::hosts(allow)?, staging.folder());
    let subject = Subject {
        label: &label,
        name: item.claims.as_ref().unwrap_or(&item.name).as_str(),
        version: &item.version,
        place: &real,
        copy: &copy,
        hosts: &hosts,
    };
    let scripts = item.read().map(|read| &read.scripts[..]).unwrap_or_default();
    for script in scripts {
        let ran = script::run(ground, &subject, script)?;
        script::tell(&subject, script, &ran, session);
        watch.check()?;
        let went_well = ran.ended.stopped.is_none() && ran.ended.status.success();
        installed.scripts.push(Ended {
            stage: script.stage.to_string(),
            command: script.command.to_string(),
            report: confined::report(&["/bin/sh".into(), "-c".into(), (&*script.command).into()], &ran),
            written: ran.written,
        });
        if !went_well {
            // The copy goes, and the package is as it was.
            return Ok(installed);
        }
    }
    installed.wrote = staging.changes()?;
    staging
        .put_in_place()
        .with_context(|| format!("cannot put the result in the place of {}", real.display()))?;
    installed.done = true;
    Ok(installed)
}
