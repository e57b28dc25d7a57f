//! What install scripts find around them, as npm has it: variables and programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nodeward_review::install::Script;
use nodeward_sandbox::gateway::HostRule;
use nodeward_sandbox::{Access, Confinement, HOME, PathRule};

use super::script::Subject;
use crate::confined::{self, set};
use crate::npm_settings::NpmSettings;
use crate::programs;
use crate::session::Session;
use crate::transport;

/// The programs that scripts are run with.
#[derive(Debug)]
pub(crate) struct Tools {
    node: Option<PathBuf>,
    /// The folder of npm's own package.
    npm: Option<PathBuf>,
    /// The folder with Node.js's headers in `include/node`.
    headers: Option<PathBuf>,
    /// The registry of npm's configuration.
    registry: Option<String>,
}

impl Tools {
    /// Looks for them along `PATH`.
    pub(crate) fn find(project: &Path, session: &Session) -> Self {
        let real = |name: &str| {
            programs::find(name, Some(project), session).and_then(|file| std::fs::canonicalize(file).ok())
        };
        let node = confined::node(project, session);
        // …/npm/bin/npm-cli.js
        let npm = real("npm").and_then(|file| file.parent()?.parent().map(Path::to_path_buf));
        let outside = std::fs::canonicalize(project).unwrap_or_else(|_| project.to_owned());
        let npm = npm.filter(|folder| !folder.starts_with(&outside));
        let npm = npm.filter(|folder| folder.join("node_modules/node-gyp/bin/node-gyp.js").is_file());
        let prefix = node.as_deref().and_then(|node| node.parent()?.parent());
        let headers =
            prefix.filter(|prefix| prefix.join("include/node/node.h").is_file()).map(Path::to_path_buf);
        // What can't be read is said by whoever installs.
        let settings = NpmSettings::read(session, Some(project)).unwrap_or_default();
        let registry = settings.config.registry().map(|registry| registry.value.to_string());
        Self { node, npm, headers, registry }
    }

    /// Whether add-ons can be compiled without fetching Node.js's headers.
    pub(crate) fn has_headers(&self) -> bool {
        self.headers.is_some()
    }

    /// Node.js.
    pub(crate) fn node(&self) -> Option<&Path> {
        self.node.as_deref()
    }

    /// The version of npm's node-gyp.
    pub(crate) fn node_gyp(&self) -> Option<String> {
        let manifest = self.npm.as_ref()?.join("node_modules/node-gyp/package.json");
        Some(crate::gather::read_manifest(&manifest)?.version?.text.to_string())
    }

    /// Has them and the system be there.
    pub(super) fn add(&self, confinement: &mut Confinement, session: &Session) {
        if let Some(node) = &self.node {
            confinement.add_node(node);
        }
        let headers = self.headers.as_ref().map(|prefix| prefix.join("include/node"));
        for folder in [self.npm.clone(), headers].into_iter().flatten() {
            if !confinement.has(&folder) {
                confinement.paths.push(PathRule::of_system(folder, Access::Execute));
            }
        }
        confinement.add_system(|name| session.variable(name).map(OsString::from));
    }

    /// Sets what npm sets for a script of a package.
    pub(super) fn describe(
        &self,
        confinement: &mut Confinement,
        subject: &Subject<'_>,
        script: &Script,
        project: &Path,
    ) {
        let folder = subject.place;
        let path = self.path(confinement, folder, project);
        let mut put = |name: &str, value: OsString| set(&mut confinement.environment, name, value);
        put("PATH", path);
        put("INIT_CWD", folder.into());
        put("npm_command", "install".into());
        put("npm_lifecycle_event", (&*script.stage).into());
        put("npm_lifecycle_script", (&*script.command).into());
        put("npm_package_name", subject.name.into());
        put("npm_package_version", subject.version.into());
        put("npm_package_json", folder.join("package.json").into());
        put("npm_config_cache", Path::new(HOME).join(".npm").into());
        put("npm_config_update_notifier", "false".into());
        put("npm_config_user_agent", "npm node linux nodeward".into());
        if let Some(node) = &self.node {
            put("NODE", node.into());
            put("npm_node_execpath", node.into());
        }
        if let Some(npm) = &self.npm {
            put("npm_execpath", npm.join("bin/npm-cli.js").into());
            put("npm_config_node_gyp", npm.join("node_modules/node-gyp/bin/node-gyp.js").into());
        }
        if let Some(headers) = &self.headers {
            put("npm_config_nodedir", headers.into());
        }
        // Scripts that fetch by npm fetch from there, and need no more than its address.
        if let Some(registry) = self.registry.as_deref().and_then(|url| permitted(url, subject.hosts)) {
            put("npm_config_registry", registry.into());
        }
    }

    /// The programs of the package's dependencies, of those around it, npm's node-gyp, and the system's.
    fn path(&self, confinement: &Confinement, folder: &Path, project: &Path) -> OsString {
        let mut folders: Vec<PathBuf> = vec![folder.join("node_modules/.bin")];
        let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(project));
        folders.extend(
            above
                .filter(|above| !above.ends_with("node_modules"))
                .map(|above| above.join("node_modules/.bin")),
        );
        if let Some(npm) = &self.npm {
            folders.push(npm.join("node_modules/@npmcli/run-script/lib/node-gyp-bin"));
        }
        if let Some(node) = self.node.as_deref().and_then(Path::parent) {
            folders.push(node.to_owned());
        }
        let system =
            confinement.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        folders.extend(std::env::split_paths(&system.unwrap_or_default()));
        std::env::join_paths(folders).unwrap_or_default()
    }
}

/// The address of a registry that may be reached, without what identifies its user.
fn permitted(url: &str, hosts: &[HostRule]) -> Option<String> {
    let plain = transport::without_credentials(url);
    let (_, rest) = plain.split_once("://")?;
    let meant: HostRule = rest.split('/').next()?.parse().ok()?;
    let name = meant.name()?;
    let port = meant.ports().next()?;
    let may = hosts.iter().any(|rule| rule.matches(name) && rule.permits_port(port));
    may.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_handed_on_where_it_may_be_reached() {
        let hosts = |text: &str| vec![text.parse::<HostRule>().unwrap()];
        let url = "https://me:token@registry.example.org/npm/";
        let plain = Some("https://registry.example.org/npm/".to_owned());
        assert_eq!(permitted(url, &hosts("registry.example.org")), plain);
        assert_eq!(permitted(url, &hosts("*.example.org")), plain);
        assert_eq!(permitted(url, &hosts("registry.example.org:8443")), None);
        assert_eq!(permitted(url, &hosts("other.example.org")), None);
        let url = "http://registry.example.org:4873";
        assert_eq!(permitted(url, &hosts("registry.example.org:4873")).as_deref(), Some(url));
        assert_eq!(permitted("registry.example.org", &hosts("registry.example.org")), None);
        assert_eq!(permitted("https://user@/x", &hosts("registry.example.org")), None);
    }
}
