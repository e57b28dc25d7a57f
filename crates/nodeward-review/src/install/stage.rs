//! Which scripts of a package run when it is installed, and in which order.

use nodeward_package::{Format, Manifest};

/// One script that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its name: `postinstall`.
    pub stage: Box<str>,
    /// What is handed to the shell.
    pub command: Box<str>,
    /// It stands in no manifest: `node-gyp rebuild`, because there is a `binding.gyp`.
    pub implicit: bool,
}

/// How a package came to be where it is, which decides which of its scripts run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The project itself.
    Root,
    /// A member of its workspace.
    Member,
    /// A folder outside the project.
    Folder,
    /// A git repository: it is prepared where it is fetched, then installed.
    Git,
    /// A tarball, of a registry or not.
    Tarball,
}

impl Role {
    /// Whether it is the team's own code.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Root | Self::Member)
    }

    /// Whether it lies where somebody works on it, with a `node_modules` and a `.git` that came otherwise.
    pub fn is_alone(self) -> bool {
        self.is_own() || self == Self::Folder
    }

    /// The name in formats.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Member => "member",
            Self::Folder => "folder",
            Self::Git => "git",
            Self::Tarball => "tarball",
        }
    }
}

/// The stages in the order in which they run.
pub fn stages(role: Role, format: Format) -> &'static [&'static str] {
    const INSTALLED: &[&str] = &["preinstall", "install", "postinstall"];
    const LINKED: &[&str] = &["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];
    const OWN: &[&str] =
        &["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
    const GIT: &[&str] = &[
        "preinstall",
        "install",
        "postinstall",
        "prepublish",
        "preprepare",
        "prepare",
        "postprepare",
        "prepack",
        "build",
    ];
    match role {
        Role::Root if format == Format::Pnpm => &[
            "pnpm:devPreinstall",
            "preinstall",
            "install",
            "postinstall",
            "prepublish",
            "preprepare",
            "prepare",
            "postprepare",
        ],
        Role::Root => OWN,
        Role::Member | Role::Folder => LINKED,
        Role::Git => GIT,
        Role::Tarball => INSTALLED,
    }
}

/// The scripts of a package that run. `has_gyp` says whether a `binding.gyp` stands in its folder.
///
/// npm and bun build such a package only where no `install` and no `preinstall` is there and the manifest does not say
/// `gypfile: false`; the others do not ask for the latter.
pub fn scripts(manifest: &Manifest, role: Role, format: Format, has_gyp: bool) -> Vec<Script> {
    let written = |stage: &str| manifest.script(stage).filter(|script| !script.value.trim().is_empty());
    let builds = has_gyp && written("install").is_none() && written("preinstall").is_none();
    let is_denied =
        manifest.gypfile_denied && !matches!(format, Format::Pnpm | Format::YarnBerry | Format::YarnClassic);
    let mut scripts = Vec::new();
    for &stage in stages(role, format) {
        if let Some(script) = written(stage) {
            scripts.push(Script { stage: stage.into(), command: script.value.clone(), implicit: false });
        } else if stage == "install" && builds && !is_denied {
            scripts.push(Script { stage: stage.into(), command: "node-gyp rebuild".into(), implicit: true });
        }
    }
    scripts
}
