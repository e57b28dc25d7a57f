//! npm's configuration: the `.npmrc` files and `npm_config_*` variables that say which registry to ask, with
//! which credentials, over which proxy; and which of npm's defaults the project weakened.
//!
//! Reads text that is handed in, and knows where each value stands. It opens no file and reads no environment,
//! it has no default registry, and it never shows a secret: [`std::fmt::Debug`] leaves them out.

mod credentials;
mod expand;
mod ini;
mod other_tools;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use credentials::Credentials;

use crate::web_address::WebAddress;
use crate::{PackageName, Place};

/// The largest configuration file that is read, in bytes. Real ones have a few lines.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

const ENVIRONMENT_PREFIX: &str = "npm_config_";

/// Where a setting comes from. Ordered: an earlier one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// An `npm_config_*` variable.
    Environment,
    /// A file of the project: whoever can change the repository can change it.
    Project,
    /// The user's own file.
    User,
    /// The file for all users of this installation.
    Global,
    /// The file inside npm's own folder.
    Builtin,
}

impl Layer {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Project => "project",
            Self::User => "user",
            Self::Global => "global",
            Self::Builtin => "builtin",
        }
    }
}

/// One file's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Which layer the file stands for.
    pub layer: Layer,
    /// The path, as the user would name it.
    pub file: &'a Path,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// The environment, as pairs of name and value.
pub type Environment = [(String, String)];

/// Why a configuration could not be read. npm itself passes over lines that it does not understand, and so do we:
/// what npm does not see has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NpmConfigError {
    /// Not a configuration that somebody wrote.
    #[error("{}: the file is larger than {MAX_FILE_BYTES} bytes", .file.display())]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
}

/// One assignment.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key as npm knows it: `registry`, `@scope:registry`, `//host/path/:_authToken`.
    pub key: Box<str>,
    /// The value with its variables put in. Can be a secret.
    pub value: Box<str>,
    /// The value as it is written.
    pub written: Box<str>,
    /// Written as `key[]`: one element of a list.
    pub in_list: bool,
    /// The `[section]` it stands under. npm takes no notice of such a setting, but a secret there is still one.
    pub section: Option<Box<str>>,
    /// Which layer.
    pub layer: Layer,
    /// File, line and column; for the environment, the variable's name and no line.
    pub place: Place,
}

impl Setting {
    /// npm's reading of a switch; `None` where the text is neither.
    pub fn as_bool(&self) -> Option<bool> {
        match &*self.value {
            "true" | "1" | "" => Some(true),
            "false" | "0" | "null" => Some(false),
            _ => None,
        }
    }

    /// For a key that belongs to one host, `//host/path/` and the option's own name.
    pub fn host_scoped(&self) -> Option<(&str, &str)> {
        if !self.key.starts_with("//") {
            return None;
        }
        self.key.rsplit_once(':')
    }

    /// The option's name without the host or scope that it is for.
    pub fn option(&self) -> &str {
        match self.key.rsplit_once(':') {
            Some((_, option)) if self.key.starts_with("//") || self.key.starts_with('@') => option,
            _ => &self.key,
        }
    }

    /// Whether the value lets somebody in.
    pub fn is_secret(&self) -> bool {
        matches!(self.option(), "_authToken" | "_authtoken" | "_auth" | "_password" | "key")
    }

    /// Whether the value comes wholly or partly from variables instead of standing in the file.
    pub fn uses_variables(&self) -> bool {
        expand::variables(&self.written).next().is_some()
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.is_secret() { "(secret)" } else { &self.value };
        write!(f, "{} = {value:?} ({}, {})", self.key, self.layer.name(), self.place)
    }
}

/// All layers together.
#[derive(Debug, Clone, Default)]
pub struct NpmConfig {
    /// Strongest layer first; within one file in the order written.
    settings: Vec<Setting>,
}

impl NpmConfig {
    /// Reads the files and the environment. The order of the sources is free between layers; within a layer an
    /// earlier source wins. What yarn (`.yarnrc`, `.yarnrc.yml`), pnpm (`pnpm-workspace.yaml`) and bun
    /// (`bunfig.toml`) say of registries is read too, known by the file's name.
    ///
    /// # Errors
    /// A file beyond [`MAX_FILE_BYTES`].
    pub fn read(sources: &[Source<'_>], environment: &Environment) -> Result<Self, NpmConfigError> {
        let mut settings: Vec<Setting> = environment.iter().filter_map(from_variable).collect();
        for source in sources {
            if source.bytes.len() > MAX_FILE_BYTES {
                return Err(NpmConfigError::TooLarge { file: source.file.into() });
            }
            let text = String::from_utf8_lossy(source.bytes);
            let file: Arc<Path> = source.file.into();
            for entry in entries(source.file, &text) {
                let place = Place::at(file.clone(), entry.position);
                settings.push(from_entry(entry, source.layer, place, environment));
            }
        }
        settings.sort_by_key(|setting| setting.layer);
        Ok(Self { settings })
    }

    /// Every assignment, strongest layer first.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The assignment that counts for a key.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        let mut effective = self.effective(key);
        let first = effective.next()?;
        // Within one file the last assignment wins, unless it is a list.
        if first.in_list { Some(first) } else { Some(effective.last().unwrap_or(first)) }
    }

    /// All values of a list such as `ca[]`; a plain value is a list of one.
    pub fn list(&self, key: &str) -> Vec<&Setting> {
        let all: Vec<&Setting> = self.effective(key).collect();
        match all.iter().position(|setting| setting.in_list) {
            // A value before the first `key[]` becomes the list's first element.
            Some(first) => all[first.saturating_sub(1)..].to_vec(),
            None => all.last().copied().into_iter().collect(),
        }
    }

    /// The assignments of the strongest file that has the key at all.
    fn effective(&self, key: &str) -> impl Iterator<Item = &Setting> {
        let mut all =
            self.settings.iter().filter(move |setting| setting.section.is_none() && &*setting.key == key);
        let first = all.next();
        let rest = all.take_while(move |setting| {
            first.is_some_and(|first| first.layer == setting.layer && first.place.file == setting.place.file)
        });
        first.into_iter().chain(rest)
    }

    /// A switch, or npm's default where it is not set or not a switch.
    pub fn switch(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(Setting::as_bool).unwrap_or(default)
    }

    /// The registry for names without a scope of their own. There is no default: nothing configured gives `None`.
    pub fn registry(&self) -> Option<&Setting> {
        self.get("registry").filter(|setting| !setting.value.is_empty())
    }

    /// The registry that is asked for a package.
    pub fn registry_for(&self, name: &PackageName) -> Option<&Setting> {
        let scoped = name.scope().and_then(|scope| self.get(&format!("@{scope}:registry")));
        scoped.filter(|setting| !setting.value.is_empty()).or_else(|| self.registry())
    }

    /// Every registry named in any layer, scoped or not, also where a stronger layer overrides it.
    pub fn registries(&self) -> impl Iterator<Item = &Setting> {
        self.settings.iter().filter(|setting| {
            setting.section.is_none() && setting.option() == "registry" && !setting.value.is_empty()
        })
    }

    /// What to send to a URL: the credentials of the longest host-and-path prefix that has any.
    pub fn credentials_for(&self, url: &str) -> Option<Credentials> {
        credentials::find(self, url)
    }

    /// The proxy for a URL, from the configuration or else from the usual variables.
    pub fn proxy_for<'a>(&'a self, url: &str, environment: &'a Environment) -> Option<&'a str> {
        if self.bypasses_proxy(url, environment) {
            return None;
        }
        let (keys, variables): (&[&str], &[&str]) =
            if url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:")) {
                (&["https-proxy", "proxy"], &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"])
            } else {
                (&["proxy"], &["HTTP_PROXY", "http_proxy"])
            };
        let set = keys.iter().find_map(|key| self.get(key));
        let value = match set {
            Some(setting) => &setting.value,
            None => variables.iter().find_map(|name| variable(environment, name))?,
        };
        (!matches!(value, "" | "null" | "false")).then_some(value)
    }

    fn bypasses_proxy(&self, url: &str, environment: &Environment) -> bool {
        let Some(host) = WebAddress::parse(url).map(|address| address.host_without_port().to_owned()) else {
            return false;
        };
        let variable = || ["NO_PROXY", "no_proxy"].iter().find_map(|name| variable(environment, name));
        let listed =
            ["noproxy", "no-proxy"].iter().find_map(|key| self.get(key)).map(|setting| &*setting.value);
        listed.or_else(variable).unwrap_or_default().split(',').map(str::trim).any(|entry| {
            let entry = entry.strip_prefix('*').unwrap_or(entry);
            let domain = entry.strip_prefix('.').unwrap_or(entry);
            match host.strip_suffix(domain) {
                _ if entry.is_empty() => false,
                Some(before) => before.is_empty() || before.ends_with('.'),
                None => false,
            }
        })
    }

    /// Whether TLS certificates are checked. npm's default is yes.
    pub fn strict_ssl(&self) -> bool {
        self.switch("strict-ssl", true)
    }

    /// The file of certificate authorities to trust instead of the usual ones.
    pub fn cafile(&self) -> Option<&Setting> {
        self.get("cafile").filter(|setting| !matches!(&*setting.value, "" | "null"))
    }

    /// Certificate authorities written into the configuration itself, in PEM, with real line breaks.
    pub fn ca(&self) -> Vec<String> {
        let values = self.list("ca").into_iter().filter(|setting| !matches!(&*setting.value, "" | "null"));
        values.map(|setting| setting.value.replace("\\n", "\n")).collect()
    }
}

/// An `npm_config_KEY` variable's value, for the keys that say where the other layers are (`userconfig`,
/// `globalconfig`, `prefix`).
pub fn environment_setting<'a>(environment: &'a Environment, key: &str) -> Option<&'a str> {
    environment.iter().rev().find_map(|(name, value)| {
        (!value.is_empty() && environment_key(name).as_deref() == Some(key)).then_some(value.as_str())
    })
}

fn variable<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn environment_key(name: &str) -> Option<String> {
    let prefix = name.get(..ENVIRONMENT_PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(ENVIRONMENT_PREFIX) {
        return None;
    }
    let key = &name[ENVIRONMENT_PREFIX.len()..];
    if key.starts_with("//") || key.is_empty() {
        return (!key.is_empty()).then(|| key.to_owned());
    }
    // A leading underscore stays (`_auth`); all others are dashes.
    let (first, rest) = key.split_at(key.chars().next().map_or(0, char::len_utf8));
    Some(format!("{first}{}", rest.replace('_', "-")).to_lowercase())
}

fn from_variable((name, value): &(String, String)) -> Option<Setting> {
    let key = environment_key(name)?;
    (!value.is_empty()).then(|| Setting {
        key: key.into(),
        value: value.as_str().into(),
        written: value.as_str().into(),
        in_list: false,
        section: None,
        layer: Layer::Environment,
        place: Place::file(name),
    })
}

fn entries(file: &Path, text: &str) -> Vec<ini::Entry> {
    if !other_tools::is_understood(file) {
        return ini::entries(text);
    }
    let entry = |setting: other_tools::Translated| ini::Entry {
        key: setting.key,
        value: setting.value,
        in_list: false,
        section: None,
        position: setting.position,
    };
    other_tools::read(file, text).into_iter().map(entry).collect()
}

fn from_entry(entry: ini::Entry, layer: Layer, place: Place, environment: &Environment) -> Setting {
    let look_up = |name: &str| variable(environment, name);
    Setting {
        key: expand::expand(&entry.key, &look_up).into(),
        value: expand::expand(&entry.value, &look_up).trim().into(),
        written: entry.value.into(),
        in_list: entry.in_list,
        section: entry.section,
        layer,
        place,
    }
}

#[cfg(test)]
mod tests;
