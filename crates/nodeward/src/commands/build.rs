//! `nodeward build PACKAGE[@VERSION]`: one release with its install scripts run, confined, as a tarball that needs none.

mod again;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{ValueEnum, ValueHint};
use nodeward_report::Printable;
use nodeward_sandbox::confine::Failure;
use nodeward_sandbox::gateway::HostRule;
use nodeward_seal::built::{self, Again, ChangeKind, Record, RecordError};

use crate::building::{self, Task, Wanted};
use crate::commands::seal::read_key;
use crate::interrupt::Watch;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::{disk, output};

/// The most bytes of a tarball that is checked.
const MAX_TARBALL: u64 = 4 << 30;

/// How many files that differ are shown.
const SHOWN: usize = 20;

/// Run the install scripts of one release, confined, and pack what they made
///
/// Takes the release from the registry of npm's configuration, and what it depends on by npm with scripts off. Its own
/// install scripts run confined: without network but to the hosts of --net, without secrets, with nothing to write to
/// but a copy of the package. The result is a tarball that npm installs without running anything, and beside it a
/// record of what it was built from, what the scripts tried and what they wrote.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0      built; or what was checked holds
  1      the second build differs; or what was checked does not hold
  2      it could not be fetched or packed; with --again, it could not be
         compared
  125    nothing was run, as it could not be confined; or a script was ended
         at a limit
  other  that of the script that failed

Examples:
  nodeward build bcrypt@6.0.0
  nodeward build better-sqlite3 --check-reproducible --sign seal.key
  nodeward build esbuild@0.25.0 --net registry.example.org --out vendor
  nodeward build --verify bcrypt-6.0.0-linux-x64-glibc.build.json --key seal.pub
  nodeward build --again bcrypt-6.0.0-linux-x64-glibc.build.json")]
pub(crate) struct BuildArgs {
    /// The package, and its version, range or tag [default: that of the lockfile here; else latest]
    #[arg(value_name = "PACKAGE[@VERSION]", required_unless_present = "record")]
    package: Option<Wanted>,
    /// A host that its scripts may reach, at its port or at 443 and 80; `*.example.org` for all below (repeatable)
    #[arg(long, value_name = "HOST[:PORT]")]
    net: Vec<HostRule>,
    /// The folder that tarball and record are written to
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    out: PathBuf,
    /// Sign the record with this Ed25519 key (PEM, PKCS#8)
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath)]
    sign: Option<PathBuf>,
    /// Build twice, in two folders and at two times; exit 1 and write nothing where the results differ
    #[arg(long)]
    check_reproducible: bool,
    /// What to write to standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Build nothing; check that this record, and the tarball beside it, are as they were written
    #[arg(long, value_name = "RECORD", value_hint = ValueHint::FilePath, group = "record", conflicts_with_all = ["package", "net", "sign", "check_reproducible", "format"])]
    verify: Option<PathBuf>,
    /// Build what this record says once more, with the dependencies that it names, and write nothing; exit 1 where the
    /// result is not the tarball of the record
    #[arg(long, value_name = "RECORD", value_hint = ValueHint::FilePath, group = "record", conflicts_with_all = ["package", "sign", "check_reproducible", "out"])]
    again: Option<PathBuf>,
    /// With --verify or --again: the record has to be signed by the owner of this public key (PEM)
    #[arg(long, value_name = "PUBLIC", value_hint = ValueHint::FilePath, requires = "record")]
    key: Option<PathBuf>,
}

/// What to write to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What was built, in a few lines
    Text,
    /// The record
    Json,
}

/// Builds, or checks what was built.
pub(crate) fn build(args: &BuildArgs, session: &Session) -> anyhow::Result<Outcome> {
    if let Some(record) = &args.verify {
        return verify(record, args.key.as_deref(), session);
    }
    let built = match &args.again {
        Some(record) => again::again(record, args, session),
        None => try_build(args, session),
    };
    match built {
        // A layer that is missing: nothing was run.
        Err(error) if error.is::<Failure>() => {
            session.print_error(&error);
            Ok(Outcome::NotEnforced)
        }
        other => other,
    }
}

fn try_build(args: &BuildArgs, session: &Session) -> anyhow::Result<Outcome> {
    let wanted = args.package.as_ref().context("no package is named")?;
    if std::fs::metadata(&args.out).is_ok_and(|metadata| !metadata.is_dir()) {
        bail!("{} is no folder", args.out.display());
    }
    let key = args.sign.as_deref().map(read_key).transpose()?;
    let watch = Watch::start()?;
    let task = Task { wanted, hosts: &args.net, twice: args.check_reproducible, recorded: None };
    let mut built = building::build(&task, &watch, session)?;
    watch.check()?;
    if let (Some(key), Some(file)) = (&key, &args.sign) {
        built.record.sign(key).with_context(|| file.display().to_string())?;
    }
    let differs = built.record.again.as_ref().is_some_and(|again| !again.same);
    let written = match built.tarball.as_deref() {
        Some(tarball) if !differs => Some(write(&args.out, &built.record, tarball)?),
        _ => None,
    };
    match args.format {
        Format::Json => output::write(None, |out| out.write_all(built.record.write().as_bytes()))?,
        Format::Text => tell(&built.record, written.as_deref())?,
    }
    if let Some(outcome) = built.failed {
        let package = &built.record.package;
        session.print_error(&anyhow::anyhow!(
            "{}@{}: its scripts failed; nothing was written",
            Printable(&package.name),
            Printable(&package.version)
        ));
        return Ok(outcome);
    }
    Ok(if differs { Outcome::Findings } else { Outcome::Clean })
}

/// Writes tarball and record: both are complete before either has its name. Gives the tarball's path.
fn write(folder: &Path, record: &Record, tarball: &[u8]) -> anyhow::Result<PathBuf> {
    let name = &record.tarball()?.file;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let stem = name.strip_suffix(".tgz").unwrap_or(name);
    let (tarball_file, record_file) =
        (folder.join(name), folder.join(format!("{stem}{}", built::FILE_ENDING)));
    refuse_another(&tarball_file, &record_file, record)?;
    let files = [(tarball_file, tarball), (record_file, record.write().as_bytes())]
        .map(|(path, bytes)| (path, bytes.to_owned()));
    disk::replace_together(&files).with_context(|| format!("cannot write to {}", folder.display()))?;
    Ok(folder.join(name))
}

fn tell(record: &Record, written: Option<&Path>) -> anyhow::Result<()> {
    let label = format!("{}@{}", record.package.name, record.package.version);
    let count = |kind| record.files.iter().filter(|file| file.packed && file.change == kind).count();
    output::write(None, |out| {
        if let (Some(file), Some(tarball)) = (written, &record.result) {
            writeln!(out, "{}: {}", Printable(&label), file.display())?;
            writeln!(out, "  {} bytes, sha256 {}", tarball.size, tarball.sha256)?;
            writeln!(
                out,
                "  {} files, of which the scripts made {} and changed {}; they removed {}",
                tarball.files,
                count(ChangeKind::Added),
                count(ChangeKind::Changed),
                record.files.iter().filter(|file| file.change == ChangeKind::Removed).count()
            )?;
        }
        match &record.again {
            Some(Again { same: true, .. }) => {
                writeln!(out, "  reproducible: a second build gave the same bytes")
            }
            Some(again) => tell_differences(out, &label, again),
            None => Ok(()),
        }
    })
}

fn tell_differences(out: &mut dyn std::io::Write, label: &str, again: &Again) -> std::io::Result<()> {
    writeln!(out, "{}: not reproducible; nothing was written", Printable(label))?;
    tell_list(out, again)
}

fn tell_list(out: &mut dyn std::io::Write, again: &Again) -> std::io::Result<()> {
    for file in again.differs.iter().take(SHOWN) {
        let how = match (file.sizes, file.offset) {
            ([Some(_), None], _) => "made by the first build alone".to_owned(),
            ([None, Some(_)], _) => "made by the second build alone".to_owned(),
            (_, Some(offset)) => format!("differs from byte {offset} on"),
            (_, None) => "differs".to_owned(),
        };
        let place = file.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        writeln!(out, "  {}: {how}{}", Printable(&file.path), Printable(&place))?;
    }
    if again.differs.len() > SHOWN {
        writeln!(out, "  and {} more", again.differs.len() - SHOWN)?;
    }
    Ok(())
}

/// Refuses to write over what is another release's: `@a/b` and `a-b` have files of the same name.
fn refuse_another(tarball: &Path, file: &Path, record: &Record) -> anyhow::Result<()> {
    let is_there = |path: &Path| std::fs::symlink_metadata(path).is_ok();
    if !is_there(tarball) && !is_there(file) {
        return Ok(());
    }
    let other = disk::read_bounded(file, built::MAX_BYTES)
        .map_err(anyhow::Error::from)
        .and_then(|text| Ok(Record::parse(&text)?))
        .with_context(|| {
            format!(
                "{} is there, and no record says of what; remove it, or name another folder with --out",
                tarball.display()
            )
        })?;
    if label(&other) != label(record) {
        bail!(
            "{} is the record of {}, not of {}; name another folder with --out",
            file.display(),
            Printable(&label(&other)),
            label(record)
        );
    }
    Ok(())
}

/// Which release a record is of.
fn label(record: &Record) -> String {
    format!("{}@{}", record.package.name, record.package.version)
}

fn verify(file: &Path, key: Option<&Path>, session: &Session) -> anyhow::Result<Outcome> {
    let key = key.map(read_key).transpose()?;
    let text = disk::read_bounded(file, built::MAX_BYTES)
        .with_context(|| format!("cannot read {}", file.display()))?;
    match check(file, &text, key.as_deref(), session) {
        Ok(record) => {
            let name = &record.tarball()?.file;
            let signed =
                if key.is_some() { "signed by the owner of the key" } else { "as they were written" };
            session.note(format_args!(
                "{} and {name}, of {}: {signed}",
                file.display(),
                Printable(&label(&record))
            ));
            Ok(Outcome::Clean)
        }
        Err(error) if matches!(error.downcast_ref(), Some(RecordError::Key(_))) => Err(error),
        Err(error) if error.is::<RecordError>() => {
            session.print_error(&error.context(file.display().to_string()));
            Ok(Outcome::Findings)
        }
        Err(error) => Err(error),
    }
}

/// Reads a record that is as it was written, and signed by the owner of the key where one is named.
fn trusted(text: &[u8], key: Option<&str>, session: &Session) -> anyhow::Result<Record> {
    let record = Record::parse(text)?;
    match (key, &record.signature) {
        (Some(key), _) => record.verify(key)?,
        (None, Some(_)) => {
            record.verify_itself()?;
            session.warn("it is signed, and nobody said by whom it should be; name the key with --key");
        }
        (None, None) => session.warn("it is not signed: whoever changed both would not be noticed"),
    }
    Ok(record)
}

/// Checks a record and what stands beside it.
fn check(file: &Path, text: &[u8], key: Option<&str>, session: &Session) -> anyhow::Result<Record> {
    let record = trusted(text, key, session)?;
    let tarball = record.tarball()?;
    // Under another name it would speak for another tarball.
    let stem = tarball.file.strip_suffix(".tgz").unwrap_or(&tarball.file);
    if file.file_name().is_none_or(|name| name != format!("{stem}{}", built::FILE_ENDING).as_str()) {
        return Err(RecordError::Renamed(tarball.file.clone()).into());
    }
    let beside = file.with_file_name(&tarball.file);
    let bytes = disk::read_bounded(&beside, MAX_TARBALL.min(tarball.size.saturating_add(1)))
        .with_context(|| format!("cannot read {}", beside.display()))?;
    record.verify_tarball(&bytes)?;
    Ok(record)
}
