//! `nodeward build --again RECORD`: whether the same inputs give the same tarball once more.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};
use nodeward_package::{PackageName, Version};
use nodeward_report::Printable;
use nodeward_sandbox::gateway::HostRule;
use nodeward_seal::built::{self, Record};

use super::{BuildArgs, Format, MAX_TARBALL, tell_list, trusted};
use crate::building::{self, Recorded, Task, Wanted};
use crate::commands::seal::read_key;
use crate::interrupt::Watch;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::{disk, output};

/// Builds again what a record says. Whatever keeps that from being compared is an error.
pub(super) fn again(file: &Path, args: &BuildArgs, session: &Session) -> anyhow::Result<Outcome> {
    let key = args.key.as_deref().map(read_key).transpose()?;
    let text = disk::read_bounded(file, built::MAX_BYTES)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let then = trusted(&text, key.as_deref(), session).with_context(|| file.display().to_string())?;
    then.tarball().with_context(|| file.display().to_string())?;
    same_hosts(&then, &args.net)?;
    let tarball = tarball(file, &then, session);
    let context = || format!("{}: the release", file.display());
    let wanted = Wanted::exact(
        PackageName::parse(&then.package.name).with_context(context)?,
        &Version::parse(&then.package.version).with_context(context)?,
    );
    let watch = Watch::start()?;
    let recorded = Recorded { record: &then, tarball: tarball.as_deref() };
    let task = Task { wanted: &wanted, hosts: &args.net, twice: false, recorded: Some(recorded) };
    let built = building::build(&task, &watch, session)?;
    watch.check()?;
    let now = &built.record;
    let is_same = now.again.as_ref().map(|again| again.same);
    if is_same != Some(true) {
        for difference in inputs(&then, now) {
            session.warn(difference);
        }
    }
    match args.format {
        Format::Json => output::write(None, |out| out.write_all(now.write().as_bytes()))?,
        Format::Text => tell(&then, now)?,
    }
    match is_same {
        Some(true) => Ok(Outcome::Clean),
        Some(false) => Ok(Outcome::Findings),
        None => bail!("its scripts failed this time, so that there is nothing to compare"),
    }
}

/// An error where scripts could reach other hosts than then. A record, which may be anybody's, opens no way by itself.
fn same_hosts(then: &Record, given: &[HostRule]) -> anyhow::Result<()> {
    let given: BTreeSet<String> = given.iter().map(ToString::to_string).collect();
    let then: BTreeSet<String> = then.confinement.network.iter().cloned().collect();
    if let Some(host) = then.difference(&given).next() {
        bail!(
            "its scripts could reach {host} when it was built; if they may again, say so with --net {host}"
        );
    }
    if let Some(host) = given.difference(&then).next() {
        bail!("its scripts could not reach {host} when it was built; leave --net {host} out");
    }
    Ok(())
}

/// The tarball beside a record, where it is the one that was built.
fn tarball(file: &Path, record: &Record, session: &Session) -> Option<Vec<u8>> {
    let tarball = record.tarball().ok()?;
    let most = MAX_TARBALL.min(tarball.size.saturating_add(1));
    let bytes = disk::read_bounded(&file.with_file_name(&tarball.file), most).ok();
    let bytes = bytes.filter(|bytes| record.verify_tarball(bytes).is_ok());
    if bytes.is_none() {
        session.note(format_args!(
            "{}, as it was built, does not stand beside the record: where the result differs, only what scripts made is told",
            tarball.file
        ));
    }
    bytes
}

/// What was otherwise than now, of all that may make a difference.
fn inputs(then: &Record, now: &Record) -> Vec<String> {
    let mut pairs = vec![
        ("Nodeward", Some(&then.nodeward), Some(&now.nodeward)),
        ("the system", Some(&then.machine.os), Some(&now.machine.os)),
        ("the processor", Some(&then.machine.cpu), Some(&now.machine.cpu)),
        ("the C library", then.machine.libc.as_ref(), now.machine.libc.as_ref()),
        ("its version", then.machine.libc_version.as_ref(), now.machine.libc_version.as_ref()),
        ("the kernel", Some(&then.machine.kernel), Some(&now.machine.kernel)),
        ("Node.js", Some(&then.machine.node), Some(&now.machine.node)),
    ];
    let version = |record: &'_ Record, name: &str| {
        record.tools.iter().find(|tool| tool.name == name).map(|tool| tool.version.clone())
    };
    let names: BTreeSet<&str> = then.tools.iter().chain(&now.tools).map(|tool| &*tool.name).collect();
    let tools: Vec<_> =
        names.into_iter().map(|name| (name, version(then, name), version(now, name))).collect();
    pairs.extend(tools.iter().map(|(name, then, now)| (*name, then.as_ref(), now.as_ref())));
    let none = "none".to_owned();
    let told = |(what, then, now): (&str, Option<&String>, Option<&String>)| {
        (then != now).then(|| format!("{what}: {} then, {} now", then.unwrap_or(&none), now.unwrap_or(&none)))
    };
    let mut told: Vec<String> = pairs.into_iter().filter_map(told).collect();
    if then.machine.node_sha256 != now.machine.node_sha256 && then.machine.node == now.machine.node {
        told.push("Node.js: another program of the same version".to_owned());
    }
    if then.confinement != now.confinement {
        told.push("the scripts were confined otherwise, or had another environment".to_owned());
    }
    told
}

fn tell(then: &Record, now: &Record) -> anyhow::Result<()> {
    let label = format!("{}@{}", then.package.name, then.package.version);
    let label = Printable(&label);
    let (Some(again), Some(was), Some(is)) = (&now.again, &then.result, &now.result) else { return Ok(()) };
    output::write(None, |out| {
        if again.same {
            return writeln!(out, "{label}: the same bytes as the record says, sha256 {}", is.sha256);
        }
        writeln!(
            out,
            "{label}: other bytes than the record says: sha256 {}, and was {}",
            is.sha256, was.sha256
        )?;
        if again.differs.is_empty() {
            return writeln!(out, "  no file that scripts made or changed differs");
        }
        tell_list(out, again)
    })
}
