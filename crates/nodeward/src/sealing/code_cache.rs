//! `nodeward seal --code-cache`: the entries run once, enforced, and what V8 made of their files is packed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nodeward_seal::files::{self, Root};
use nodeward_seal::launch::{self, MAX_PACK, Node};
use nodeward_seal::seal::{CacheFile, Digest, Document, SealPath};

use crate::disk;
use crate::programs;
use crate::session::Session;

/// How long a program may take beyond its time before it is ended by force.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the entries run.
pub(crate) struct Settings<'a> {
    /// The Node.js versions.
    pub(crate) nodes: &'a [PathBuf],
    /// Their options.
    pub(crate) options: &'a [String],
    /// How long an entry runs that does not end by itself.
    pub(crate) seconds: u16,
}

/// The Node.js versions that are asked for: those that are named, else the one on the PATH.
pub(crate) fn nodes(named: &[PathBuf], session: &Session) -> anyhow::Result<Vec<PathBuf>> {
    if !named.is_empty() {
        return Ok(named.iter().map(|node| session.directory.join(node)).collect());
    }
    Ok(vec![programs::needed("node", "name one with --node", &session.directory, session)?])
}

/// Makes the cache for each Node.js: what the seal says of it.
pub(crate) fn make(
    settings: &Settings<'_>,
    root: &Path,
    document: &Document,
    session: &Session,
) -> anyhow::Result<Vec<CacheFile>> {
    // The programs run from a seal of their own, which nobody else can have changed meanwhile.
    let sealed =
        tempfile::Builder::new().prefix(disk::UNFINISHED_PREFIX).suffix(".json").tempfile_in(root)?;
    std::fs::write(sealed.path(), document.write()).context("cannot write a seal for the time of the run")?;
    let mut cache: Vec<CacheFile> = Vec::new();
    for node in settings.nodes {
        let version = Node::examine(node, &[])?.version;
        if cache.iter().any(|file| file.node == version) {
            bail!("{}: is {version}, as another that was named", node.display());
        }
        session.note(format_args!("code cache for {version}: starting {} entries", document.entries.len()));
        let mut runs = Vec::new();
        for entry in &document.entries {
            runs.push(record(node, sealed.path(), &root.join(entry), settings, session)?);
        }
        let places = runs.iter().map(|run| -> anyhow::Result<_> {
            let place = std::fs::read_to_string(run.path().join("place"));
            Ok((run.path(), PathBuf::from(place.context("the program was not started")?)))
        });
        let places = places.collect::<anyhow::Result<Vec<_>>>()?;
        let pack = launch::pack(&version, &places, root, document)?;
        cache.push(write(&pack, version, root)?);
    }
    cache.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(cache)
}

/// Runs one entry, and gives the folder with what Node.js wrote.
fn record(
    node: &Path,
    seal: &Path,
    entry: &Path,
    settings: &Settings<'_>,
    session: &Session,
) -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir().context("cannot make a folder for the code cache")?;
    let own = std::env::current_exe().context("cannot tell where nodeward itself is")?;
    let mut errors = tempfile::tempfile().context("cannot make a file for messages")?;
    let mut child = Command::new(own)
        .args(["run", "--quiet", "--seal"])
        .arg(seal)
        .arg("--node")
        .arg(node)
        .arg("--record-code-cache")
        .arg(folder.path())
        .args(["--record-for", &(u32::from(settings.seconds) * 1000).to_string(), "--", "node"])
        .args(settings.options)
        .arg(entry)
        .current_dir(&session.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors.try_clone()?)
        .spawn()
        .context("cannot start nodeward")?;
    let patience = Duration::from_secs(settings.seconds.into()) + PATIENCE;
    let Some(status) = super::ended(&mut child, patience)? else {
        bail!("{}: did not end; its event loop never came to rest", entry.display());
    };
    if !status.success() {
        use std::io::{Read as _, Seek as _};
        let mut said = String::new();
        errors.rewind()?;
        errors.take(4000).read_to_string(&mut said)?;
        // The guard's own lines are JSON; an error's first lines say the most.
        let words = said.lines().filter(|line| !line.starts_with('{') && !line.trim().is_empty()).take(4);
        let words = words.map(str::trim).collect::<Vec<_>>().join(" / ");
        bail!("{}: ended with {status} when it was run for its code cache: {words}", entry.display());
    }
    Ok(folder)
}

fn write(pack: &[u8], version: String, root: &Path) -> anyhow::Result<CacheFile> {
    let platform = Node::platform();
    let path = format!(".nodeward/cache/{version}-{platform}.cache");
    let file = root.join(&path);
    let failed = || format!("cannot write {}", file.display());
    std::fs::create_dir_all(root.join(".nodeward/cache")).with_context(failed)?;
    disk::replace_itself(&file, |out| out.write_all(pack)).with_context(failed)?;
    let path = SealPath::parse(&path).map_err(anyhow::Error::msg)?;
    Ok(CacheFile { node: version, platform, path, sha256: Digest::of(pack) })
}

/// The caches that are not as sealed.
pub(crate) fn changed(root: &Root, document: &Document) -> Vec<String> {
    let mut buffer = Vec::new();
    let mut is_changed = |file: &&CacheFile| {
        let found =
            root.file(&file.path).and_then(|mut opened| files::read(&mut opened, MAX_PACK, &mut buffer));
        found.map_or(true, |found| found != file.sha256)
    };
    document.cache.iter().filter(|file| is_changed(file)).map(|file| file.path.to_string()).collect()
}
