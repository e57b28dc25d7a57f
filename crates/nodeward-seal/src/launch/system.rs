//! What every Node.js program may read besides its own files: what the system's libraries and Node.js itself ask.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use nodeward_sandbox::{Grant, LibrariesError, Sandbox, SandboxError, loader, needed};

use super::certificates;
use super::error::LaunchError;
use super::known::{Identity, Known};
use super::node::{Node, NodeError};
use crate::seal::Document;

/// Settings and data of the system. What is not there is passed over.
const READ: &[&str] = &[
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    // OpenSSL
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/usr/share/ca-certificates",
    // names
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/run/systemd/resolve",
    // times
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    // the loader
    "/etc/ld.so.cache",
    // memory, processors, limits
    "/proc/cpuinfo",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/kernel",
    "/proc/sys/net/core/somaxconn",
    "/proc/sys/vm",
    "/proc/uptime",
    "/proc/version",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
];

/// Devices that are written to as well.
const WRITTEN: &[&str] = &["/dev/null", "/dev/tty", "/dev/pts"];

/// Variables that name files of the program's user: certificates to trust.
const NAMED_BY_VARIABLES: &[&str] = &["NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE"];

/// Allows Node.js, what it needs to start, and what every program may read. Gives the loader of Node.js, if it has one.
pub(super) fn allow(
    sandbox: &Sandbox,
    node: &Node,
    known: &mut Known,
) -> Result<Option<PathBuf>, LaunchError> {
    sandbox.allow(&node.file, Grant::Execute, &node.path.to_string_lossy())?;
    let loader = allow_libraries(sandbox, node, known)?;
    for path in READ {
        allow_if_there(sandbox, Path::new(path), Grant::Read)?;
    }
    for path in WRITTEN {
        allow_if_there(sandbox, Path::new(path), Grant::Write)?;
    }
    Ok(loader)
}

/// Allows what not every program may read: by its seal, and by its environment.
pub(super) fn allow_besides(
    sandbox: &Sandbox,
    environment: &[(std::ffi::OsString, std::ffi::OsString)],
    may_start: bool,
) -> Result<(), LaunchError> {
    // Each process has its own folder there, and a child's is not known yet. What could harm others in it, their
    // memory and environment, Landlock denies to a confined process all the same.
    allow_if_there(sandbox, Path::new(if may_start { "/proc" } else { "/proc/self" }), Grant::Read)?;
    for (name, value) in environment {
        if NAMED_BY_VARIABLES.iter().any(|known| name == OsStr::new(known)) {
            certificates::allow(sandbox, Path::new(value), READ)?;
        }
    }
    Ok(())
}

fn allow_libraries(
    sandbox: &Sandbox,
    node: &Node,
    known: &mut Known,
) -> Result<Option<PathBuf>, LaunchError> {
    let foreign =
        |error: LibrariesError| NodeError::Foreign { path: node.path.clone(), reason: error.to_string() };
    let Some(loader) = loader(&node.path).map_err(foreign)? else { return Ok(None) };
    allow_if_there(sandbox, &loader, Grant::Execute)?;
    for library in &libraries(&node.path, node.identity, &loader, known).map_err(foreign)? {
        allow_if_there(sandbox, library, Grant::Read)?;
        if library.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc.")) {
            allow_name_services(sandbox, library)?;
        }
    }
    Ok(Some(loader))
}

/// Allows what native modules need. One that can't be loaded here fails when it is loaded, as without us.
pub(super) fn allow_libraries_of(
    sandbox: &Sandbox,
    natives: &[PathBuf],
    loader: &Path,
    known: &mut Known,
) -> Result<(), LaunchError> {
    for native in natives {
        for library in libraries(native, Identity::at(native), loader, known).unwrap_or_default() {
            allow_if_there(sandbox, &library, Grant::Read)?;
        }
    }
    Ok(())
}

/// Asks the loader for the libraries of a program or module, if the answer is not known. Where a library is looked for
/// depends on the environment too: of that, nothing that the loader heeds is passed on to any program.
fn libraries(
    path: &Path,
    identity: Option<Identity>,
    loader: &Path,
    known: &mut Known,
) -> Result<Vec<PathBuf>, LibrariesError> {
    if let Some(files) = identity.and_then(|identity| known.libraries(identity, loader)) {
        return Ok(files);
    }
    let files = needed(path, Some(loader))?.files;
    if let Some(identity) = identity.filter(|_| Identity::at(path) == identity) {
        known.note_libraries(path, identity, loader, &files);
    }
    Ok(files)
}

/// Libraries that look up users and hosts, which the C library opens by itself.
fn allow_name_services(sandbox: &Sandbox, libc: &Path) -> Result<(), SandboxError> {
    let Some(entries) = libc.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("libnss_") || name.starts_with("libresolv.") {
            allow_if_there(sandbox, &entry.path(), Grant::Read)?;
        }
    }
    Ok(())
}

pub(super) fn allow_if_there(sandbox: &Sandbox, path: &Path, grant: Grant) -> Result<(), SandboxError> {
    match open_place(path) {
        Ok(file) => sandbox.allow(&file, grant, &path.to_string_lossy()),
        Err(_) => Ok(()),
    }
}

/// Allows the manifest that is nearest to the current folder: for `--require` Node.js 24 and 26 look for one from there
/// on upward, and end at once where they may not read it. It says at most how names are found that start from the
/// current folder; what they lead to is compared. A sealed one is allowed as it was compared, or not at all.
pub(super) fn allow_manifest_above(
    sandbox: &Sandbox,
    directory: &Path,
    root: &Path,
    document: &Document,
) -> Result<(), SandboxError> {
    let Ok(directory) = std::fs::canonicalize(directory) else { return Ok(()) };
    let mut manifests = directory.ancestors().map(|folder| folder.join("package.json"));
    let Some(nearest) = manifests.find(|path| path.symlink_metadata().is_ok()) else {
        return Ok(());
    };
    let below = nearest.strip_prefix(root).ok();
    if below.is_some_and(|below| document.files().any(|(path, ..)| Path::new(path.as_str()) == below)) {
        return Ok(());
    }
    match open_unlinked(&nearest) {
        Some(file) => sandbox.allow_regular(&file, &nearest.to_string_lossy()),
        None => Ok(()),
    }
}

/// Opens a regular file only to name it, if no link leads to it and it has no other name: one may be made of any file.
fn open_unlinked(path: &Path) -> Option<File> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::NOFOLLOW;
        let file = File::options().read(true).custom_flags(flags.bits() as i32).open(path).ok()?;
        file.metadata().is_ok_and(|found| found.is_file() && found.nlink() == 1).then_some(file)
    }
    #[cfg(not(target_os = "linux"))]
    {
        File::open(path).ok()
    }
}

/// Opens a file or folder only to name it: without reading, so that devices and pipes do nothing.
pub(super) fn open_place(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::PATH.bits() as i32);
    options.open(path)
}
