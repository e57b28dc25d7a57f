//! Which file a `require` or an `import` loads, as Node.js decides it.
//!
//! It looks at files and never runs them; it reads no environment (`NODE_PATH` is not honoured). TypeScript sources
//! resolve as their compiler would have it: `./a.js` may be `a.ts`, and the `paths` of the nearest `tsconfig.json`
//! apply.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc_resolver::{ResolveOptions, ResolverGeneric, TsConfig, TsconfigDiscovery};

use crate::bounded::Bounded;
use crate::source::{Language, SourceKind};

type Engine = ResolverGeneric<Bounded>;

/// The function that loads: its conditions and its way with extensions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loader {
    /// `require` and `require.resolve`.
    Require,
    /// `import` and `import()`.
    Import,
}

/// What a specifier names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resolved {
    /// A file, by its real path.
    File(PathBuf),
    /// A module of Node.js itself, with its `node:` prefix.
    Builtin(String),
}

/// Why a specifier names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// There is no such file or package.
    #[error("cannot find module {specifier}")]
    NotFound {
        /// What was asked for.
        specifier: String,
    },
    /// The package is there and does not export that, or says so wrongly.
    #[error("cannot load {specifier}: {reason}")]
    Refused {
        /// What was asked for.
        specifier: String,
        /// What stands against it.
        reason: String,
    },
}

/// Resolves specifiers and remembers what it saw of the file system. Threads may share one.
#[derive(Debug)]
pub struct Resolver {
    require: Engine,
    import: Engine,
    typed_require: Engine,
    typed_import: Engine,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver {
    /// A `tsconfig.json` with what it extends, but for the projects that it refers to.
    pub(crate) fn configuration(&self, path: &Path) -> Option<Arc<TsConfig>> {
        self.require.resolve_tsconfig(path).ok()
    }

    /// A resolver that has seen nothing yet.
    pub fn new() -> Self {
        let require = Engine::new_with_file_system(Bounded::new(), options(Loader::Require));
        let import = require.clone_with_options(options(Loader::Import));
        let typed_require = require.clone_with_options(typed(options(Loader::Require)));
        let typed_import = require.clone_with_options(typed(options(Loader::Import)));
        Self { require, import, typed_require, typed_import }
    }

    /// What `specifier` in `file`, an absolute path, loads.
    pub fn resolve(&self, file: &Path, specifier: &str, loader: Loader) -> Result<Resolved, ResolveError> {
        let language = SourceKind::of_path(file).map(|kind| kind.language);
        let is_typed = matches!(language, Some(Language::TypeScript | Language::Tsx));
        let engine = match (loader, is_typed) {
            (Loader::Require, false) => &self.require,
            (Loader::Import, false) => &self.import,
            (Loader::Require, true) => &self.typed_require,
            (Loader::Import, true) => &self.typed_import,
        };
        match engine.resolve_file(file, specifier) {
            Ok(found) => Ok(Resolved::File(found.into_path_buf())),
            Err(error) => refusal(specifier, error),
        }
    }
}

/// Resolves as one Node.js does with the conditions that it is started with: nothing but what Node.js itself knows.
/// Remembers what it saw of the file system; threads may share one.
#[derive(Debug)]
pub struct NodeResolver {
    require: Engine,
    import: Engine,
}

/// Whether `require` loads ECMAScript modules, and packages may therefore offer one thing for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleSync {
    /// From Node.js 20.19 and 22.12 on.
    Offered,
    /// Before.
    Unknown,
}

impl NodeResolver {
    /// A resolver for conditions beyond those that Node.js always has.
    pub fn new(conditions: &[String], sync: ModuleSync) -> Self {
        let with = |loader| {
            let mut options = options(loader);
            if sync == ModuleSync::Unknown {
                options.condition_names.retain(|name| name != "module-sync");
            }
            options.condition_names.extend(conditions.iter().cloned());
            // Where Node.js strips types, it also looks for these; last, as it does.
            options.extensions.extend([".ts", ".cts", ".mts"].map(str::to_owned));
            options
        };
        let require = Engine::new_with_file_system(Bounded::new(), with(Loader::Require));
        let import = require.clone_with_options(with(Loader::Import));
        Self { require, import }
    }

    /// What `specifier` in a file of the absolute path `folder` loads.
    pub fn resolve(&self, folder: &Path, specifier: &str, loader: Loader) -> Result<Resolved, ResolveError> {
        let engine = match loader {
            Loader::Require => &self.require,
            Loader::Import => &self.import,
        };
        match engine.resolve(folder, specifier) {
            Ok(found) => Ok(Resolved::File(found.into_path_buf())),
            Err(error) => refusal(specifier, error),
        }
    }
}

fn refusal(specifier: &str, error: oxc_resolver::ResolveError) -> Result<Resolved, ResolveError> {
    use oxc_resolver::ResolveError as Error;
    let specifier = specifier.to_owned();
    match error {
        Error::Builtin { resolved, .. } => Ok(Resolved::Builtin(resolved)),
        Error::NotFound(_)
        | Error::MatchedAliasNotFound(..)
        | Error::ExtensionAlias(..)
        | Error::Ignored(_)
        | Error::IOError(_) => Err(ResolveError::NotFound { specifier }),
        other => Err(ResolveError::Refused { specifier, reason: other.to_string() }),
    }
}

fn options(loader: Loader) -> ResolveOptions {
    let entry = match loader {
        Loader::Require => "require",
        Loader::Import => "import",
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    ResolveOptions {
        condition_names: names(&["node", entry, "module-sync", "node-addons"]),
        // Kept for `import` too: the main file of a package without `exports` may still leave its extension out.
        extensions: names(&[".js", ".json", ".node"]),
        fully_specified: loader == Loader::Import,
        builtin_modules: true,
        node_path: false,
        symlinks: true,
        ..ResolveOptions::default()
    }
}

/// What TypeScript's own resolution for bundlers and for Node.js adds.
fn typed(options: ResolveOptions) -> ResolveOptions {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    ResolveOptions {
        tsconfig: Some(TsconfigDiscovery::Auto),
        extensions: names(&[".ts", ".tsx", ".js", ".jsx", ".json", ".node"]),
        extension_alias: vec![
            (".js".to_owned(), names(&[".ts", ".tsx", ".js"])),
            (".jsx".to_owned(), names(&[".tsx", ".jsx"])),
            (".mjs".to_owned(), names(&[".mts", ".mjs"])),
            (".cjs".to_owned(), names(&[".cts", ".cjs"])),
        ],
        fully_specified: false,
        ..options
    }
}
