//! The project's own scripts, run in place: they see the project, and write where `[install.own]` says.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nodeward_review::install::{Item, Own};
use nodeward_sandbox::{Access, PathRule};

use super::report::{Installed, Report};
use super::script::{self, Subject};
use super::staging::{self, changed};
use super::{Ground, is_layer, real};
use crate::install_scripts::section::decides;

/// Runs the scripts of one of the project's own packages.
///
/// Gives whether a layer of the confinement failed, so that something did not run.
pub(crate) fn install(ground: &Ground<'_>, item: &Item, own: &Own, report: &mut Report) -> bool {
    let mut failed_to_confine = false;
    for folder in &item.folders {
        let mut installed = Installed::new(item, folder, None);
        match try_install(ground, item, folder, own, &mut installed) {
            Ok(done) => installed.done = done,
            Err(error) => {
                failed_to_confine |= is_layer(&error);
                installed.error = Some(format!("{error:#}"));
                ground.session.print_error(&error.context(item.label()));
            }
        }
        report.packages.push(installed);
    }
    failed_to_confine
}

fn try_install(
    ground: &Ground<'_>,
    item: &Item,
    folder: &str,
    own: &Own,
    installed: &mut Installed,
) -> anyhow::Result<bool> {
    let place = real(ground.project, folder)?;
    let writable: Vec<PathBuf> =
        own.write.iter().map(|path| declared(ground.project, path)).collect::<anyhow::Result<_>>()?;
    let mut paths = vec![PathRule::new(ground.project, Access::Execute)];
    paths.extend(writable.iter().map(|path| PathRule::new(path, Access::Write)));
    let hosts = script::hosts(&own.network, &own.place)?;
    let label = item.label();
    let subject = Subject {
        name: item.name.as_str(),
        version: &item.version,
        place: &place,
        paths: &paths,
        hosts: &hosts,
    };
    let before = writable.iter().map(|path| staging::state(path)).collect::<std::io::Result<Vec<_>>>()?;
    let mut went_well = true;
    for script in super::runs(item) {
        script::announce(&label, script, ground.session);
        let ran = script::run(ground, &subject, script)?;
        script::tell(&label, script, &ran, ground.session);
        installed.add(script, &ran);
        went_well = ran.went_well() && ground.watch.check().is_ok();
        if !went_well {
            break;
        }
    }
    for (path, before) in writable.iter().zip(before) {
        let below = path.strip_prefix(ground.project).unwrap_or(path);
        let wrote = changed(&before, staging::state(path)?);
        let whole = |file: &String| if file.is_empty() { below.to_owned() } else { below.join(file) };
        installed.wrote.extend(wrote.iter().map(|file| whole(file).to_string_lossy().into_owned()));
    }
    Ok(went_well)
}

/// What may be written to, by its real path; a folder is made where nothing is.
fn declared(project: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let named = project.join(path);
    let there = named.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(project);
    let leads = std::fs::canonicalize(there).with_context(|| format!("cannot find {}", there.display()))?;
    if !leads.starts_with(project) || leads == project && there != project {
        bail!("`write` of [install.own]: {path} leads to {}, by a symbolic link", leads.display());
    }
    let below = leads.strip_prefix(project).unwrap_or(&leads);
    if let Some(part) = below.components().find(|part| decides(part.as_os_str())) {
        bail!("`write` of [install.own]: {path} leads to {}, by a symbolic link", part.as_os_str().display());
    }
    std::fs::create_dir_all(&named)
        .or_else(|error| if named.is_file() { Ok(()) } else { Err(error) })
        .with_context(|| format!("cannot make {}", named.display()))?;
    // Once more of what it is now: another script may have made a link of it.
    let real = std::fs::canonicalize(&named)?;
    let below = real.strip_prefix(project).ok().filter(|below| !below.as_os_str().is_empty());
    if below.is_none_or(|below| below.components().any(|part| decides(part.as_os_str()))) {
        bail!("`write` of [install.own]: {path} leads to {}, by a symbolic link", real.display());
    }
    Ok(real)
}
