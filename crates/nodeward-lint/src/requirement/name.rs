//! What a requirement speaks of: names of globals, of APIs, of exports and of properties.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

use crate::context::module_path;
use crate::driver::resolve::join;

/// Endings that an import may leave out.
const ENDINGS: [&str; 8] = [".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".mts", ".cts"];

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A global and what it has (`eval`, `document.write`), or what a module exports. A last `*` is any one name.
    Path {
        /// Whose export it is.
        module: Option<Module>,
        /// The name; empty for what the module itself is (its default export, or `module.exports`).
        path: String,
    },
    /// What is called so, whatever has it: `.innerHTML`.
    Member(String),
}

/// A module by its one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Module {
    /// A builtin or a package, as rules name it.
    Named(String),
    /// A file of the project, from the folder of the requirements, without its ending.
    File(String),
}

/// The file that is looked at, to tell what its relative imports mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site<'s> {
    /// Its path, absolute, with `/`.
    pub(crate) path: &'s str,
    /// The folder that modules of the requirement are named from.
    pub(crate) folder: &'s str,
}

impl Site<'_> {
    /// The file that a relative specifier means, from the requirement's folder and without its ending.
    fn file(&self, specifier: &str) -> Option<String> {
        let own = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let file = join(own, specifier);
        let below = file.strip_prefix(self.folder)?.strip_prefix('/')?;
        Some(without_ending(below).to_owned())
    }
}

fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}

fn without_ending(path: &str) -> &str {
    let stem = ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path);
    stem.strip_suffix("/index").unwrap_or(stem)
}

/// A file of the project, from the folder of the requirements, without its ending.
fn file_of(text: &str) -> Result<String, String> {
    let file = join("", text);
    if file.starts_with("..") {
        return Err(format!("{text:?} lies outside of the folder of these requirements"));
    }
    Ok(without_ending(&file).to_owned())
}

impl Name {
    /// Reads `NAME` or `NAME from MODULE`; `from` is the module of those that do not say theirs.
    pub fn parse(text: &str, from: Option<&str>) -> Result<Self, String> {
        let (name, from) = match text.split_once(" from ") {
            Some((name, module)) => (name.trim(), Some(module.trim())),
            None => (text.trim(), from),
        };
        if let Some(member) = name.strip_prefix('.') {
            return match (is_identifier(member), from) {
                (false, _) => {
                    Err(format!("{text:?} is no property: write a dot and one name, as in \".query\""))
                }
                (true, Some(module)) => {
                    Err(format!("{text:?} is a property of anything, so it cannot come from {module:?}"))
                }
                (true, None) => Ok(Self::Member(member.to_owned())),
            };
        }
        let module = from.map(Module::parse).transpose()?;
        let mut parts = name.split('.').peekable();
        while let Some(part) = parts.next() {
            let star = part == "*" && parts.peek().is_none() && (module.is_some() || name.len() > 1);
            let called = part.strip_suffix("()").unwrap_or(part);
            if !star && !is_identifier(called) {
                return Err(format!(
                    "{text:?} is no name: write it as in \"eval\", \"document.write\", \".query\" or \"exec from child_process\""
                ));
            }
        }
        let path = match (&module, name.split_once('.')) {
            (Some(_), None) if name == "default" => "",
            (Some(_), Some(("default", rest))) => rest,
            _ => name,
        };
        Ok(Self::Path { module, path: path.to_owned() })
    }

    /// The last name of it; `None` where it can be any.
    pub(crate) fn last(&self) -> Option<&str> {
        match self {
            Self::Member(name) => Some(name),
            Self::Path { path, .. } => match path.rsplit('.').next() {
                None | Some("" | "*") => None,
                last => last,
            },
        }
    }

    /// Whether an API's path in a file is it.
    pub(crate) fn is_path(&self, api: &str, site: Site<'_>) -> bool {
        let Self::Path { module, path } = self else { return false };
        let Some(module) = module else { return ends_as(api, path) };
        match module {
            Module::Named(module) => match api.strip_prefix(module.as_str()) {
                Some("") => path.is_empty(),
                Some(rest) => rest.strip_prefix('.').is_some_and(|rest| ends_as(rest, path)),
                None => false,
            },
            Module::File(file) if is_relative(api) => {
                let is_it = |specifier: &str| site.file(specifier).is_some_and(|named| named == *file);
                match path.as_str() {
                    "" => is_it(api),
                    "*" => api.rsplit_once('.').is_some_and(|(specifier, _)| is_it(specifier)),
                    path => match path.strip_suffix(".*") {
                        Some(path) => api
                            .rsplit_once('.')
                            .and_then(|(api, _)| api.strip_suffix(path)?.strip_suffix('.'))
                            .is_some_and(is_it),
                        None => api
                            .strip_suffix(path)
                            .and_then(|specifier| specifier.strip_suffix('.'))
                            .is_some_and(is_it),
                    },
                }
            }
            Module::File(_) => false,
        }
    }

    /// Whether it is the export of that name of that module.
    pub(crate) fn is_export(&self, specifier: &str, export: &str, site: Site<'_>) -> bool {
        let module = module_path(specifier);
        match export {
            "default" => self.is_path(&module, site),
            export => self.is_path(&format!("{module}.{export}"), site),
        }
    }

    /// Whether it is a property of that name, whatever has it.
    pub(crate) fn is_member(&self, name: &str) -> bool {
        matches!(self, Self::Member(member) if member == name)
    }
}

/// Whether a path is the name; a last `*` is any one name.
fn ends_as(api: &str, path: &str) -> bool {
    match path.strip_suffix('*') {
        Some(stem) => {
            api.strip_prefix(stem).is_some_and(|rest| !rest.is_empty() && !rest.contains(['.', '(']))
        }
        None => api == path,
    }
}

fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '$' | '#'))
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => write!(f, ".{name}"),
            Self::Path { module: None, path } => f.write_str(path),
            Self::Path { module: Some(module), path } => {
                let path = if path.is_empty() { "default" } else { path };
                match module {
                    Module::Named(module) => write!(f, "{path} from {module}"),
                    Module::File(file) => write!(f, "{path} from ./{file}"),
                }
            }
        }
    }
}

impl Module {
    /// Reads `child_process`, `node:fs/promises`, `@scope/name`, `./src/db`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains(char::is_whitespace) || text.contains('*') {
            return Err(format!("{text:?} is no module: write it as an import does"));
        }
        if is_relative(text) {
            return file_of(text).map(Self::File);
        }
        Ok(Self::Named(module_path(text).to_string()))
    }
}

/// Modules by name, with all that is below them, or by a glob.
#[derive(Debug, Clone)]
pub struct ModulePattern {
    text: String,
    is_file: bool,
    glob: Option<GlobMatcher>,
}

impl PartialEq for ModulePattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.is_file) == (&other.text, other.is_file)
    }
}

impl Eq for ModulePattern {}

impl ModulePattern {
    /// Reads `lodash`, `@team/*`, `./src/internal`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(format!("{text:?} is no module: write it as an import does"));
        }
        let is_file = is_relative(text);
        let name = match is_file {
            true => file_of(text)?,
            false => text.strip_prefix("node:").unwrap_or(text).trim_end_matches('/').to_owned(),
        };
        let glob = name
            .contains(['*', '?', '[', '{'])
            .then(|| GlobBuilder::new(&name).literal_separator(true).build());
        let glob = glob.transpose().map_err(|error| format!("{text:?} is no pattern: {}", error.kind()))?;
        Ok(Self { text: name, is_file, glob: glob.map(|glob| glob.compile_matcher()) })
    }

    /// Whether an import of this specifier loads one of them.
    pub(crate) fn matches(&self, specifier: &str, site: Site<'_>) -> bool {
        let file;
        let name = match (self.is_file, is_relative(specifier)) {
            (true, true) => match site.file(specifier) {
                Some(named) => {
                    file = named;
                    file.as_str()
                }
                None => return false,
            },
            (false, false) => specifier.strip_prefix("node:").unwrap_or(specifier),
            _ => return false,
        };
        match &self.glob {
            Some(glob) => glob.is_match(name),
            None => {
                let rest = name.strip_prefix(self.text.as_str());
                self.text.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

impl fmt::Display for ModulePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_file { "./" } else { "" })?;
        f.write_str(&self.text)
    }
}
