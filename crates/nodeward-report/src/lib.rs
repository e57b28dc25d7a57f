//! Findings, the vocabulary they share, and the ways to print them.
//!
//! Capabilities make [`Finding`]s; renderers turn a [`Report`] into text, JSON, SARIF and the rest. Nothing here
//! reads files, the clock or the environment, and nothing here decides what is a finding.

pub mod excerpt;
pub mod exposure;
pub mod finding;
mod fingerprint;
mod fit;
mod plan;
pub mod printable;
pub mod render;
pub mod report;
mod safe_json;
pub mod sbom;
pub mod severity;
pub mod threat;

pub use excerpt::Excerpt;
pub use exposure::{Counts, Exposure};
pub use finding::{Confidence, Evidence, Finding, Kind, Reachable, Subject};
pub use fingerprint::fingerprints;
pub use printable::Printable;
pub use report::{
    Change, ChangeKind, Coverage, Gap, Progress, Report, ScannedProject, Sources, Suppressed, Tolerance,
};
pub use severity::Severity;
pub use threat::Threat;
