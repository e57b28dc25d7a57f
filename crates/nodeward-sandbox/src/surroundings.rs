//! What programs need of the system to run at all, as a [`Confinement`] declares it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::certificates;
use crate::confinement::{Access, Confinement, Network, PathRule};

/// Programs and libraries.
const PROGRAMS: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/opt/homebrew"];

/// Settings that hold nothing secret.
const SETTINGS: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/debian_version",
    "/etc/fonts",
    "/etc/group",
    "/etc/host.conf",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/terminfo",
    "/etc/timezone",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
];

/// Variables that say how text, time and terminals are, and no more.
#[rustfmt::skip]
const VARIABLES: &[&str] = &[
    "CI", "COLORTERM", "FORCE_COLOR", "LANG", "LANGUAGE", "LC_ADDRESS", "LC_ALL", "LC_COLLATE", "LC_CTYPE",
    "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_MESSAGES", "LC_MONETARY", "LC_NAME", "LC_NUMERIC", "LC_PAPER",
    "LC_TELEPHONE", "LC_TIME", "NODE_ENV", "NO_COLOR", "TERM", "TZ",
];

/// Variables that name a file with certificates of authorities to trust: of Node.js and of OpenSSL.
const TRUST: &[&str] = &["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

impl Confinement {
    /// Adds the system's programs and libraries, the names of the program's own machine, and variables without
    /// secrets: those that `variable` knows of a short list, and private folders for temporary files and as home.
    /// Paths of `PATH` are kept as far as they are there by then.
    pub fn add_system(&mut self, variable: impl Fn(&str) -> Option<OsString>) {
        let there = |path: &&&str| Path::new(path).exists();
        self.paths
            .extend(PROGRAMS.iter().filter(there).map(|path| PathRule::of_system(path, Access::Execute)));
        self.paths.extend(SETTINGS.iter().filter(there).map(|path| PathRule::of_system(path, Access::Read)));
        self.files.push(("/etc/hosts".into(), b"127.0.0.1 localhost confined\n::1 localhost\n".to_vec()));
        if self.network != Network::Unconfined {
            self.files.push((
                "/etc/resolv.conf".into(),
                b"nameserver 127.0.0.1\noptions timeout:2 attempts:1\n".to_vec(),
            ));
        } else if let Ok(content) = std::fs::read("/etc/resolv.conf") {
            self.files.push(("/etc/resolv.conf".into(), content));
        }
        let kept = VARIABLES.iter().filter_map(|name| Some((OsString::from(name), variable(name)?)));
        let mut environment: Vec<(OsString, OsString)> = kept.collect();
        environment.extend([
            ("HOME".into(), HOME.into()),
            ("TMPDIR".into(), TEMPORARY.into()),
            // It would try beside each of its files.
            ("PYTHONDONTWRITEBYTECODE".into(), "1".into()),
            ("PATH".into(), self.visible(&variable("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()))),
        ]);
        self.environment.extend(environment);
        self.add_trust(variable);
    }

    /// Has the program trust the authorities that its user trusts besides the usual ones: without them, it reaches no
    /// host behind a proxy that looks into connections. Of what variables name, only certificates are shown.
    fn add_trust(&mut self, variable: impl Fn(&str) -> Option<OsString>) {
        if self.reaches_nobody() {
            return;
        }
        for (number, name) in TRUST.iter().enumerate() {
            let Some(named) = variable(name) else { continue };
            let Some((_, content)) = certificates::read(Path::new(&named)) else { continue };
            if self.has(Path::new(&named)) {
                self.environment.push((name.into(), named));
                continue;
            }
            let path = format!("/etc/nodeward-certificates-{number}.pem");
            self.files.push(((&path).into(), certificates::alone(&content)));
            self.environment.push((name.into(), path.into()));
        }
    }

    fn reaches_nobody(&self) -> bool {
        match &self.network {
            Network::None => true,
            Network::Hosts { ports, .. } => ports.is_empty(),
            Network::Unconfined => false,
        }
    }

    /// Adds a Node.js, with the package manager and the headers that came with it, and nothing else of the folder that
    /// it is installed in: that may be somebody's home.
    pub fn add_node(&mut self, program: &Path) {
        let Ok(program) = std::fs::canonicalize(program) else { return };
        let mut found = vec![program.clone()];
        if let Some(prefix) = program.parent().filter(|folder| folder.ends_with("bin")).and_then(Path::parent)
        {
            let came = ["lib/node_modules/npm", "lib/node_modules/corepack", "include/node"];
            found.extend(came.iter().map(|path| prefix.join(path)).filter(|path| path.is_dir()));
            let is_link = |path: &PathBuf| {
                std::fs::canonicalize(path).is_ok_and(|to| to.starts_with(prefix.join("lib/node_modules")))
            };
            found.extend(
                ["npm", "npx", "corepack"].iter().map(|name| prefix.join("bin").join(name)).filter(is_link),
            );
        }
        for path in found {
            if !self.has(&path) {
                self.paths.push(PathRule::of_system(path, Access::Execute));
            }
        }
    }

    /// Whether a path is there, by itself or in a folder.
    pub fn has(&self, path: &Path) -> bool {
        self.paths.iter().any(|rule| path.starts_with(&rule.path))
    }

    /// The folders of a `PATH` that are there.
    pub fn visible(&self, path: &OsStr) -> OsString {
        let holds =
            |folder: &Path| self.paths.iter().any(|rule| Path::new(&rule.path).parent() == Some(folder));
        let folders = std::env::split_paths(path)
            .filter(|folder| folder.is_absolute() && (self.has(folder) || holds(folder)));
        let folders: Vec<PathBuf> = folders.collect();
        std::env::join_paths(folders).unwrap_or_default()
    }
}

/// The private folder for temporary files, of which the home folder is a part.
pub const TEMPORARY: &str = "/tmp";

/// The private home folder.
pub const HOME: &str = "/tmp/home";

/// The private folder of memory that processes share.
pub(crate) const SHARED: &str = "/dev/shm";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_trusted_where_somebody_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let text = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        std::fs::write(&file, text).unwrap();
        let with = |ports: Vec<u16>, content: &str, shown: bool| {
            std::fs::write(&file, content).unwrap();
            let mut confinement = Confinement::of_folder(folder.path());
            if !shown {
                confinement.paths.clear();
            }
            confinement.network = Network::Hosts { ports, addresses: Vec::new() };
            confinement.add_system(|name| (name == "NODE_EXTRA_CA_CERTS").then(|| file.clone().into()));
            let named = confinement.environment.into_iter().find(|(name, _)| name == "NODE_EXTRA_CA_CERTS");
            let named = named.map(|(_, value)| PathBuf::from(value));
            let content = confinement.files.into_iter().find(|(path, _)| Some(PathBuf::from(path)) == named);
            (named, content.map(|(_, content)| content))
        };
        let made = PathBuf::from("/etc/nodeward-certificates-0.pem");
        assert_eq!(with(vec![443], text, false), (Some(made), Some(text.into())));
        assert_eq!(with(vec![443], text, true), (Some(file.clone()), None));
        assert_eq!(with(Vec::new(), text, false), (None, None));
        assert_eq!(with(vec![443], "TOKEN=1", false), (None, None));
        assert_eq!(with(vec![443], &format!("{text}-----BEGIN PRIVATE KEY-----\n"), false), (None, None));
    }
}
