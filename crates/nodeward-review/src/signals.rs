//! All signals.
//!
//! To add one: write `signals/NAME.rs` and `signals/NAME.md`, and add one line to [`SIGNALS`].

mod dependency_file;
mod dependency_git;
mod dependency_http;
mod install_script;
mod install_script_changed;
mod install_script_hidden;
mod installed_differs;
mod lockfile_absent;
mod lockfile_foreign_host;
mod lockfile_http;
mod lockfile_missing_integrity;
mod lockfile_out_of_step;
mod lockfile_remark;
mod lockfile_several;
mod lockfile_tarball;
mod lockfile_unreadable_integrity;
mod lockfile_weak_integrity;
mod native_addon;
mod npmrc_http;
mod npmrc_ignore_scripts;
mod npmrc_long_lived;
mod npmrc_permissions;
mod npmrc_runs_code;
mod npmrc_strict_ssl;
mod npmrc_token;
mod npmrc_weakened;
mod typosquat;

use nodeward_report::Finding;

use crate::{Context, Signal};

/// Every signal.
pub const SIGNALS: &[Signal] = &[
    typosquat::SIGNAL,
    install_script::SIGNAL,
    install_script_changed::SIGNAL,
    install_script_hidden::SIGNAL,
    native_addon::SIGNAL,
    dependency_git::SIGNAL,
    dependency_http::SIGNAL,
    dependency_file::SIGNAL,
    lockfile_absent::SIGNAL,
    lockfile_several::SIGNAL,
    lockfile_missing_integrity::SIGNAL,
    lockfile_weak_integrity::SIGNAL,
    lockfile_unreadable_integrity::SIGNAL,
    lockfile_http::SIGNAL,
    lockfile_foreign_host::SIGNAL,
    lockfile_tarball::SIGNAL,
    lockfile_out_of_step::SIGNAL,
    lockfile_remark::SIGNAL,
    installed_differs::SIGNAL,
    npmrc_token::SIGNAL,
    npmrc_permissions::SIGNAL,
    npmrc_strict_ssl::SIGNAL,
    npmrc_http::SIGNAL,
    npmrc_ignore_scripts::SIGNAL,
    npmrc_weakened::SIGNAL,
    npmrc_runs_code::SIGNAL,
    npmrc_long_lived::SIGNAL,
];

/// Runs every signal.
pub fn check(context: &Context<'_>) -> Vec<Finding> {
    SIGNALS.iter().flat_map(|signal| signal.check(context)).collect()
}

#[cfg(test)]
mod tests;
