//! Whether bounded eval holds in a version of Node.js: its own checks, run there before a seal relies on it.

use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nodeward_seal::files::open_regular;
use nodeward_seal::launch::{Addon, Node};
use serde::Deserialize;

use crate::session::Session;

/// How Node.js is started where no add-on denies code from strings.
const FLAG: &str = "--disallow-code-generation-from-strings";

/// The checks take a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than the result takes.
const MOST_BYTES: u64 = 1 << 20;

/// How many failed checks are told.
const SHOWN: usize = 3;

#[derive(Debug, Deserialize)]
struct Tested {
    layer: String,
    threads: Vec<Thread>,
}

#[derive(Debug, Deserialize)]
struct Thread {
    thread: String,
    cannot: Vec<String>,
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    name: String,
    ok: bool,
    #[serde(default)]
    seen: String,
}

/// Runs the checks in each Node.js, and says what they gave.
///
/// # Errors
/// A check failed that the layer claims to pass, or the checks can't be run.
pub(crate) fn run(nodes: &[PathBuf], addon: Option<Addon<'_>>, session: &Session) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder for the checks of bounded eval")?;
    for (name, text) in nodeward_seal::launch::modules() {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap_or(folder.path()))?;
        std::fs::write(file, text)?;
    }
    let addon = match addon {
        Some(Addon::File(file)) => {
            open_regular(file).with_context(|| format!("the add-on {}", file.display()))?;
            Some(file.to_owned())
        }
        Some(Addon::Own(bytes)) => {
            let file = folder.path().join("nodeward.node");
            std::fs::write(&file, bytes)?;
            Some(file)
        }
        None => None,
    };
    for node in nodes {
        let version = Node::examine(node, &[])?.version;
        let tested = test(node, folder.path(), addon.as_deref())
            .with_context(|| format!("{version}: the checks of bounded eval did not run"))?;
        told(&version, &tested, session)?;
    }
    Ok(())
}

fn told(version: &str, tested: &Tested, session: &Session) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for Thread { thread, cannot, checks } in &tested.threads {
        let failing = checks.iter().filter(|check| !check.ok && !cannot.contains(&check.name));
        failed.extend(failing.map(|check| format!("{} ({thread}): {}", check.name, check.seen)));
    }
    let Some(main) = tested.threads.first() else {
        bail!("{version}: the checks of bounded eval gave no result")
    };
    if !failed.is_empty() {
        let more = match failed.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        failed.truncate(SHOWN);
        bail!(
            "{version}: bounded eval does not hold there: {}{more}; take `eval` off nodeward.toml, or use an add-on that was made for this Node.js",
            failed.join("; ")
        );
    }
    session.note(format_args!(
        "{version}: bounded eval passes {} of its {} checks in each of {} threads, with the {} layer{}",
        main.checks.iter().filter(|check| check.ok).count(),
        main.checks.len(),
        tested.threads.len(),
        tested.layer,
        if main.cannot.is_empty() { "" } else { "; the others are not for that layer (docs/eval.md)" },
    ));
    Ok(())
}

fn test(node: &Path, folder: &Path, addon: Option<&Path>) -> anyhow::Result<Tested> {
    let (mut out, mut errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mut child = Command::new(node)
        .args(addon.is_none().then_some(FLAG))
        .arg(folder.join("eval/self-test.cjs"))
        .args(addon)
        .env_clear()
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(errors.try_clone()?)
        .spawn()
        .with_context(|| format!("cannot start {}", node.display()))?;
    let Some(status) = super::ended(&mut child, PATIENCE)? else {
        bail!("they did not end within {} s", PATIENCE.as_secs());
    };
    let text = |file: &mut std::fs::File| -> std::io::Result<String> {
        let mut text = Vec::new();
        file.rewind()?;
        file.take(MOST_BYTES).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    match serde_json::from_str(&text(&mut out)?) {
        Ok(tested) => Ok(tested),
        Err(_) => {
            let said = text(&mut errors)?;
            let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said");
            bail!("{status}: {}", first.trim())
        }
    }
}
