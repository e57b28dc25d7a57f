//! Finds npm's configuration files, as npm does.
//!
//! Project, user, global; `npm_config_*` says otherwise for each. The file inside npm's own folder is left out: it
//! is empty in every npm that we know of.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nodeward_package::npm_config::{self, Layer, NpmConfig, Source, environment_setting};

use crate::programs;
use crate::session::Session;

/// One configuration file as it was read.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    /// Which layer it is.
    pub(crate) layer: Layer,
    /// Its path, as the user would name it.
    pub(crate) path: PathBuf,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
    /// Its permission bits, where the platform has them.
    pub(crate) mode: Option<u32>,
}

/// npm's configuration for one project.
#[derive(Debug, Default)]
pub(crate) struct NpmSettings {
    /// The files, strongest first.
    pub(crate) files: Vec<SettingsFile>,
    /// What they come to, with the environment.
    pub(crate) config: NpmConfig,
}

impl NpmSettings {
    /// Reads what applies to a project's folder, or to the user alone.
    pub(crate) fn read(session: &Session, project: Option<&Path>) -> anyhow::Result<Self> {
        let mut files: Vec<SettingsFile> = Vec::new();
        for (layer, path) in candidates(session, project) {
            // One file can stand for two layers.
            if files.iter().any(|known| same_file(&known.path, &path)) {
                continue;
            }
            if let Some(file) = read_file(layer, path)? {
                files.push(file);
            }
        }
        let sources: Vec<Source<'_>> = files
            .iter()
            .map(|file| Source { layer: file.layer, file: &file.path, bytes: &file.bytes })
            .collect();
        let config = NpmConfig::read(&sources, &session.environment)?;
        Ok(Self { files, config })
    }
}

fn candidates(session: &Session, project: Option<&Path>) -> Vec<(Layer, PathBuf)> {
    let setting = |key| environment_setting(&session.environment, key).map(PathBuf::from);
    let user = setting("userconfig").or_else(|| Some(session.home.as_ref()?.join(".npmrc")));
    let global = setting("globalconfig").or_else(|| {
        Some(setting("prefix").or_else(|| prefix_of_node(session, project))?.join("etc").join("npmrc"))
    });
    let own = project.map(|project| {
        let file = project.join(".npmrc");
        file.strip_prefix(".").map(Path::to_path_buf).unwrap_or(file)
    });
    // The home folder can be the project's; npm then reads the file once, as the user's.
    let own = own.filter(|own| !user.as_ref().is_some_and(|user| same_file(own, user)));
    let layers = [(Layer::Project, own), (Layer::User, user), (Layer::Global, global)];
    layers.into_iter().filter_map(|(layer, path)| Some((layer, path?))).collect()
}

/// npm's default prefix: the folder above the one that `node` stands in. A dependency's `node` would have npm's
/// settings be its own.
fn prefix_of_node(session: &Session, project: Option<&Path>) -> Option<PathBuf> {
    let node = std::fs::canonicalize(programs::find("node", project, session)?).ok()?;
    let folder = node.parent()?;
    if cfg!(windows) { Some(folder.to_path_buf()) } else { folder.parent().map(Path::to_path_buf) }
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((std::fs::canonicalize(a), std::fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

fn read_file(layer: Layer, path: PathBuf) -> anyhow::Result<Option<SettingsFile>> {
    let metadata = match std::fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    // `/dev/null` is how one says that there is no such file.
    if path == Path::new("/dev/null") {
        return Ok(None);
    }
    anyhow::ensure!(metadata.is_file(), "cannot read {}: not a regular file", path.display());
    if metadata.len() > npm_config::MAX_FILE_BYTES as u64 {
        return Err(npm_config::NpmConfigError::TooLarge { file: path }.into());
    }
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(SettingsFile { layer, bytes, mode: mode(&metadata), path }))
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_metadata: &std::fs::Metadata) -> Option<u32> {
    None
}
