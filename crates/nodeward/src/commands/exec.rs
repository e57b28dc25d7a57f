//! `nodeward exec -- COMMAND`: a program that sees what it is shown and nothing else.

mod declared;
mod terminals;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::ValueHint;
use nodeward_sandbox::gateway::HostRule;
use nodeward_sandbox::{Access, Confinement, Network, PathRule};

use self::terminals::Terminals;
use crate::confined::{self, Output, ReportFile};
use crate::interrupt::{Interrupted, Watch};
use crate::limits::LimitArgs;
use crate::outcome::Outcome;
use crate::session::Session;

/// Run a program confined: it sees this folder and the system's programs, and nothing else.
///
/// It reads this folder and writes nowhere but to private folders for temporary files and as its home; it reaches no
/// network, no other process and no terminal; secrets of the environment are not handed on. What it tried all the
/// same is told. All that it started ends with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  125    nothing was started, as it could not be confined; or it was ended at a limit
  other  the program's own

Examples:
  nodeward exec -- npm test
  nodeward exec --write coverage -- npx vitest run --coverage
  nodeward exec --net api.example.com --report tried.json -- node generate.js")]
pub(crate) struct ExecArgs {
    /// A file or folder that it may read besides, and start programs from (repeatable)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    read: Vec<PathBuf>,
    /// A file or folder that it may write to, with all below (repeatable)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    write: Vec<PathBuf>,
    /// A host that it may reach, at its port or at 443 and 80; `*.example.org` for all below (repeatable)
    #[arg(long, value_name = "HOST[:PORT]")]
    net: Vec<HostRule>,
    /// Let it use the network as if it were not confined
    #[arg(long, conflicts_with = "net")]
    net_all: bool,
    /// Don't show it this folder
    #[arg(long)]
    no_folder: bool,
    /// A variable of the environment that is handed on, or set (repeatable)
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<OsString>,
    #[command(flatten)]
    limits: LimitArgs,
    /// Write what it tried to this file, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// Don't watch what it tries: only connections are told, and files are opened a little faster
    #[arg(long, conflicts_with = "report")]
    no_watch: bool,
    /// The program and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs it.
///
/// # Errors
/// The user asked to stop; all else is said here.
pub(crate) fn exec(args: &ExecArgs, session: &Session) -> anyhow::Result<Outcome> {
    match try_exec(args, session) {
        Err(error) if !error.is::<Interrupted>() => {
            session.print_error(&error);
            Ok(Outcome::NotEnforced)
        }
        other => other,
    }
}

fn try_exec(args: &ExecArgs, session: &Session) -> anyhow::Result<Outcome> {
    let [program, arguments @ ..] = &args.command[..] else { bail!("no program is named") };
    let confinement = confinement(args, session)?;
    let found = find(program, &confinement)?;
    let unseen = workspace(&confinement);
    let report = args.report.as_deref().map(|file| ReportFile::find(file, Some(&confinement))).transpose()?;
    let run = confined::Run {
        confinement,
        program: found.into(),
        arguments: arguments.to_vec(),
        hosts: args.net.clone(),
        is_watched: !args.no_watch,
    };
    let watch = Watch::start()?;
    let terminals = Terminals::remember();
    let ran = confined::run(run, Output::Shared, &watch, session);
    drop(terminals);
    let ran = ran?;
    confined::tell(&ran.ended, session);
    if ran.ended.stopped.is_none()
        && !ran.ended.status.success()
        && let Some(root) = unseen
    {
        let root = root.display();
        session.warn(format_args!(
            "this folder belongs to the workspace {root}, whose packages it does not see; --read {root} shows them"
        ));
    }
    if let Some(file) = report {
        file.write(&confined::report(&args.command, &ran))?;
    }
    // Only now: what it did until then is told. A program that ended by itself on being asked has an exit code.
    if ran.ended.stopped.is_some() || ran.ended.status.code().is_none() {
        watch.check()?;
    }
    Ok(confined::outcome(&ran.ended))
}

fn confinement(args: &ExecArgs, session: &Session) -> anyhow::Result<Confinement> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    let mut confinement = Confinement {
        paths: Vec::new(),
        files: Vec::new(),
        directory: if args.no_folder { "/tmp".into() } else { here.clone().into() },
        environment: Vec::new(),
        network: if args.net_all { Network::Unconfined } else { confined::network(&args.net) },
        limits: args.limits.limits(),
    };
    if !args.no_folder {
        confinement.paths.push(PathRule::new(&here, Access::Execute));
    }
    for (paths, access) in [(&args.read, Access::Execute), (&args.write, Access::Write)] {
        for path in paths {
            let real = declared::find(&here, path)?;
            confinement.paths.push(PathRule::new(real, access));
        }
    }
    if let Some(node) = confined::node(&here, session) {
        confinement.add_node(&node);
    }
    confinement.add_system(|name| session.variable(name).map(OsString::from));
    for given in &args.env {
        let text = given.to_str().context("a variable of --env is not UTF-8")?;
        match text.split_once('=') {
            Some((name, value)) => confined::set(&mut confinement.environment, name, value.into()),
            None => {
                if let Some(value) = std::env::var_os(text) {
                    confined::set(&mut confinement.environment, text, value);
                }
            }
        }
    }
    Ok(confinement)
}

/// The root of the workspace that the program's folder is in, if it has packages that are not shown.
fn workspace(confinement: &Confinement) -> Option<PathBuf> {
    let is_root = |folder: &&Path| {
        let manifest = std::fs::read_to_string(folder.join("package.json")).unwrap_or_default();
        folder.join("pnpm-workspace.yaml").is_file() || manifest.contains("\"workspaces\"")
    };
    let packages = |folder: &Path| folder.join("node_modules");
    let root = Path::new(&confinement.directory).ancestors().skip(1).find(is_root)?;
    (packages(root).is_dir() && !confinement.has(&packages(root))).then(|| root.to_owned())
}

/// The program, along `PATH` as it will be.
fn find(program: &OsString, confinement: &Confinement) -> anyhow::Result<PathBuf> {
    let named = Path::new(program);
    if named.components().count() > 1 {
        return Ok(std::path::absolute(named)?);
    }
    let path =
        confinement.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
    let folders: Vec<PathBuf> = std::env::split_paths(&path.unwrap_or_default()).collect();
    let found = folders.iter().map(|folder| folder.join(named)).find(|file| file.is_file());
    found.with_context(|| {
        format!(
            "{} is in no folder of PATH that it may see; name its place, and show that with --read",
            named.display()
        )
    })
}
