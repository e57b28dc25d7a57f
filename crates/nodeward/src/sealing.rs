//! `[seal]` and `[run]` of `nodeward.toml`: what is sealed besides what was found, and how sealed programs start.

pub(crate) mod code_cache;
pub(crate) mod eval;
pub(crate) mod included;
pub(crate) mod made_code;
pub(crate) mod recordings;
pub(crate) mod self_test;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::bail;
use eval::Adapters;
use nodeward_package::place::Place;
use nodeward_seal::seal::{Digest, EvalMode, EvalRules, SealPath};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// What is sealed.
#[derive(Debug, Default)]
pub(crate) struct SealSettings {
    /// Where the program starts, from the folder of the file.
    pub(crate) entries: Vec<PathBuf>,
    /// Patterns of files that the program reads and no text leads to.
    pub(crate) include: Vec<String>,
    /// What was seen loading, from the folder of the file. Without the list, the usual file if it is there.
    pub(crate) recordings: Option<Vec<PathBuf>>,
    /// What may become code while the program runs.
    pub(crate) eval: EvalRules,
    /// The adapters whose modules are permitted, besides.
    pub(crate) adapters: Adapters,
    /// The packages whose native add-ons may load. Without the list, all that are found.
    pub(crate) natives: Option<Vec<String>>,
    /// Whether the program may start Node.js anew.
    pub(crate) children: bool,
}

/// How sealed programs start.
#[derive(Debug, Default)]
pub(crate) struct RunSettings {
    /// The public key that a seal has to be signed by.
    pub(crate) key: Option<PathBuf>,
    /// The Node.js binaries that are trusted. Without the list, any.
    pub(crate) node_sha256: Vec<String>,
    /// What the program may read besides the sealed files.
    pub(crate) read: Vec<PathBuf>,
    /// What the program may write and read.
    pub(crate) write: Vec<PathBuf>,
}

/// What `nodeward seal` writes into the seal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[seal]`")]
pub(crate) struct SealSection {
    /// Where the program starts, relative to this file: `["server.js"]`.
    #[serde(default)]
    entries: Vec<PathBuf>,
    /// Patterns of files that the program reads and no text leads to: `["views/**/*.pug"]`.
    #[serde(default)]
    include: Vec<String>,
    /// Files with what was seen loading, which `nodeward seal --record` writes, relative to this file. Without the
    /// list, `nodeward.recording.json` where it is there.
    recordings: Option<Vec<PathBuf>>,
    /// What may become code while the program runs.
    #[schemars(with = "Option<EvalSection>")]
    eval: Option<Spanned<EvalSection>>,
    /// The packages whose native add-ons may load: `["bcrypt"]`. Without the list, all that are found.
    natives: Option<Vec<String>>,
    /// Whether the program may start Node.js anew: child processes, a cluster.
    #[serde(default)]
    children: bool,
}

/// What may become code while the program runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `eval`")]
struct EvalSection {
    /// What happens to code from strings without permission: `strict` (denied), `report` or `permissive`.
    #[serde(default)]
    mode: EvalMode,
    /// The adapters whose modules, where they load, are given a permission: `["depd", "pug"]`, or `true` for all.
    #[serde(default)]
    adapters: Adapters,
    /// The modules that may be given a permission, relative to this file.
    #[serde(default)]
    modules: Vec<String>,
    /// The SHA-256 of WebAssembly modules that may be compiled from bytes.
    #[serde(default)]
    wasm: Vec<String>,
}

/// How `nodeward run` starts programs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table `[run]`")]
pub(crate) struct RunSection {
    /// The public key (PEM) that a seal has to be signed by, relative to this file.
    key: Option<PathBuf>,
    /// The SHA-256 of the Node.js binaries that may be started. Without the list, any.
    #[serde(default)]
    node_sha256: Vec<String>,
    /// Files and folders that the program may read besides the sealed files, relative to this file.
    #[serde(default)]
    read: Vec<PathBuf>,
    /// Files and folders that the program may write and read, relative to this file.
    #[serde(default)]
    write: Vec<PathBuf>,
}

impl SealSection {
    pub(crate) fn settings(self, place: &dyn Fn(Range<usize>) -> Place) -> anyhow::Result<SealSettings> {
        let (mut eval, mut adapters) = (EvalRules::default(), Adapters::default());
        if let Some(section) = self.eval {
            let at = place(section.span());
            let section = section.into_inner();
            eval.mode = section.mode;
            adapters = section.adapters;
            if let Some(name) = adapters.unknown() {
                let known = nodeward_seal::seal::adapters::names().join(", ");
                bail!("{at}: {name:?} is no adapter: there are {known}");
            }
            for module in &section.modules {
                match SealPath::parse(module) {
                    Ok(path) => eval.modules.push(path),
                    Err(error) => bail!("{at}: {error}"),
                }
            }
            for hash in &section.wasm {
                match Digest::parse(hash) {
                    Some(digest) => eval.wasm.push(digest),
                    None => {
                        bail!("{at}: {hash:?} is no SHA-256: it has 64 hexadecimal digits, in lower case")
                    }
                }
            }
            eval.modules.sort();
            eval.modules.dedup();
            eval.wasm.sort();
            eval.wasm.dedup();
        }
        Ok(SealSettings {
            entries: self.entries,
            include: self.include,
            recordings: self.recordings,
            eval,
            adapters,
            natives: self.natives,
            children: self.children,
        })
    }
}

impl RunSection {
    pub(crate) fn settings(self, folder: &Path) -> RunSettings {
        let below = |paths: Vec<PathBuf>| paths.into_iter().map(|path| folder.join(path)).collect();
        RunSettings {
            key: self.key.map(|key| folder.join(key)),
            node_sha256: self.node_sha256,
            read: below(self.read),
            write: below(self.write),
        }
    }
}

/// How a Node.js that was started ended. One that takes longer than that is ended by force: none.
pub(crate) fn ended(child: &mut Child, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
