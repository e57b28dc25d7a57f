//! One file per subcommand.

pub(crate) mod audit;
#[cfg(target_os = "linux")]
pub(crate) mod build;
pub(crate) mod bundle;
pub(crate) mod completions;
pub(crate) mod db;
#[cfg(target_os = "linux")]
pub(crate) mod exec;
#[cfg(target_os = "linux")]
pub(crate) mod install;
pub(crate) mod install_scripts;
pub(crate) mod lint;
pub(crate) mod logs;
pub(crate) mod lsp;
pub(crate) mod man;
pub(crate) mod run;
pub(crate) mod sbom;
pub(crate) mod scan;
pub(crate) mod seal;
pub(crate) mod trace;
pub(crate) mod vex;
pub(crate) mod why;
