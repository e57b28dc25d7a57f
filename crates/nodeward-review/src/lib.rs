//! Signals: what can be said about a release, or about how a project brings it in, without anybody having
//! published an advisory.
//!
//! No network, no clock, no environment, no files: the binary gathers a [`Context`], and every signal in
//! [`SIGNALS`] is a function from it to findings. A signal says that something is worth a look; it never says
//! that a release is malicious.

pub mod context;
pub mod install;
pub mod lookalike;
pub mod signal;
pub mod signals;

pub use context::{ConfigurationFile, Context, InstalledPackage, Project, ProjectManifest};
pub use signal::Signal;
pub use signals::{SIGNALS, check};
