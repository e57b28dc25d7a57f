//! The binary as its users meet it: arguments in; text, files and exit codes out. No test needs the internet.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[cfg(target_os = "linux")]
mod build;
#[cfg(target_os = "linux")]
mod build_again;
#[cfg(target_os = "linux")]
mod build_attacks;
#[cfg(target_os = "linux")]
mod build_bundled;
#[cfg(target_os = "linux")]
mod build_records;
#[cfg(target_os = "linux")]
mod checkout;
mod commands;
mod database;
#[cfg(target_os = "linux")]
mod exec;
#[cfg(target_os = "linux")]
mod exec_limits;
mod exec_network;
#[cfg(target_os = "linux")]
mod exec_paths;
#[cfg(target_os = "linux")]
mod exec_signals;
#[cfg(target_os = "linux")]
mod exec_sockets;
#[cfg(target_os = "linux")]
mod exec_surroundings;
mod fix;
mod harness;
#[cfg(target_os = "linux")]
mod install;
#[cfg(target_os = "linux")]
mod install_attacks;
#[cfg(target_os = "linux")]
mod install_broken;
#[cfg(target_os = "linux")]
mod install_decide;
#[cfg(target_os = "linux")]
mod install_deep;
#[cfg(target_os = "linux")]
mod install_git;
#[cfg(target_os = "linux")]
mod install_inside;
#[cfg(target_os = "linux")]
mod install_limits;
#[cfg(target_os = "linux")]
mod install_manager;
#[cfg(target_os = "linux")]
mod install_nested;
#[cfg(target_os = "linux")]
mod install_order;
#[cfg(target_os = "linux")]
mod install_own;
#[cfg(target_os = "linux")]
mod install_report;
mod install_scripts;
#[cfg(target_os = "linux")]
mod installed;
#[cfg(target_os = "linux")]
mod layouts;
mod lint;
mod loaded;
mod logs;
mod lsp;
mod nodes;
#[cfg(target_os = "linux")]
mod recording;
mod requirements;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod run_children;
#[cfg(target_os = "linux")]
mod run_code_cache;
#[cfg(target_os = "linux")]
mod run_known;
mod run_log;
#[cfg(target_os = "linux")]
mod run_partial;
#[cfg(target_os = "linux")]
mod run_surroundings;
#[cfg(target_os = "linux")]
mod run_texts;
#[cfg(target_os = "linux")]
mod run_trust;
#[cfg(target_os = "linux")]
mod run_wasm;
mod scan;
mod seal;
mod suppressions;
#[cfg(target_os = "linux")]
mod tampering;
#[cfg(target_os = "linux")]
mod tampering_guard;
mod trace;
