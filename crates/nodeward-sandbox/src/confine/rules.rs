//! Landlock: the same paths once more, by a second mechanism.

use std::os::fd::AsFd as _;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};

use rustix::fs::{FileType, OFlags};

use super::Failure;
use crate::confinement::{Access, Confinement};
use crate::surroundings::TEMPORARY;

/// The newest version whose rights were tried. Kernels that know fewer keep from the program what they know.
const NEWEST: ABI = ABI::V6;

/// Restricts this thread to what is declared. The root is the program's own by now.
pub(super) fn confine(confinement: &Confinement) -> Result<(), Failure> {
    apply(confinement).map_err(|(path, reason)| match path {
        Some(path) => Failure::Path { path, reason },
        None => Failure::Layer { layer: "landlock".to_owned(), reason },
    })
}

fn apply(confinement: &Confinement) -> Result<(), (Option<String>, String)> {
    let plain = |error: landlock::RulesetError| (None, error.to_string());
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.scope(Scope::Signal))
        .and_then(|rules| rules.scope(Scope::AbstractUnixSocket))
        .and_then(Ruleset::create)
        .map_err(plain)?;
    let own = [
        (
            Path::new("/dev"),
            BitFlags::from(AccessFs::ReadFile) | AccessFs::WriteFile | AccessFs::ReadDir | AccessFs::IoctlDev,
        ),
        (Path::new("/dev/shm"), rights(Access::Write)),
        (Path::new("/proc"), AccessFs::ReadFile | AccessFs::ReadDir),
        (Path::new(TEMPORARY), rights(Access::Write)),
    ];
    let declared = confinement.paths.iter().map(|rule| (Path::new(&rule.path), rights(rule.access)));
    let files = confinement.files.iter().map(|(path, _)| (Path::new(path), rights(Access::Read)));
    for (path, rights) in own.into_iter().chain(declared).chain(files) {
        let told = |reason: String| (Some(path.display().to_string()), reason);
        let file = PathFd::new(path).map_err(|error| told(error.to_string()))?;
        let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(NEWEST) };
        rules = rules.add_rule(PathBeneath::new(file, rights)).map_err(|error| told(error.to_string()))?;
    }
    rules = with_streams(rules).map_err(plain)?;
    // The names in the root, and in folders on the way to what is declared.
    let root = PathFd::new("/").map_err(|error| (None, error.to_string()))?;
    rules = rules.add_rule(PathBeneath::new(root, AccessFs::ReadDir)).map_err(plain)?;
    let status = rules.restrict_self().map_err(plain)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err((
            None,
            "the kernel has none, or has it switched off; it needs Linux 5.13 or newer".to_owned(),
        ));
    }
    Ok(())
}

/// The files and terminals behind the standard streams can be opened once more, as `/dev/stderr` is.
fn with_streams(mut rules: RulesetCreated) -> Result<RulesetCreated, landlock::RulesetError> {
    let rights = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
    let (input, output, errors) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    for stream in [input.as_fd(), output.as_fd(), errors.as_fd()] {
        let Ok(status) = rustix::fs::fstat(stream) else { continue };
        let kind = FileType::from_raw_mode(status.st_mode);
        let flags = rustix::fs::fcntl_getfl(stream).unwrap_or(OFlags::empty());
        let mode = match flags & OFlags::ACCMODE {
            mode if mode == OFlags::RDONLY => AccessFs::ReadFile | AccessFs::IoctlDev,
            mode if mode == OFlags::WRONLY => AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev,
            _ => rights,
        };
        if matches!(kind, FileType::RegularFile | FileType::CharacterDevice) {
            rules = rules.add_rule(PathBeneath::new(stream, mode))?;
        }
    }
    Ok(rules)
}

fn rights(access: Access) -> BitFlags<AccessFs> {
    match access {
        Access::Read => AccessFs::ReadFile | AccessFs::ReadDir,
        Access::Execute => AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute,
        Access::Write => AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock),
    }
}
