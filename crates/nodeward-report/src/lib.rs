//! Findings, the vocabulary they share, and the ways to print them.
//!
//! Capabilities make [`Finding`]s; renderers turn a [`Report`] into text, JSON, SARIF and the rest. Nothing here
//! reads files, the clock or the environment, and nothing here decides what is a finding.

pub mod finding;
pub mod printable;
pub mod render;
pub mod report;
pub mod severity;
pub mod threat;

pub use finding::{Confidence, Evidence, Finding, Kind, Reachable, Subject};
pub use printable::Printable;
pub use report::{Change, ChangeKind, Coverage, Gap, Report, ScannedProject, Suppressed};
pub use severity::Severity;
pub use threat::Threat;
