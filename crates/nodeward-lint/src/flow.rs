//! Data flow: where values from outside go, and whether they arrive where they do harm.
//!
//! Each file is lowered to a graph ([`lower`]); the graphs of a unit are joined ([`unit`]); what every node may hold
//! is solved ([`values`]); then the dangers of values from outside are followed to the places where they do harm
//! ([`taint`]). What is known of the platform and of packages is in [`models`].

mod entries;
mod graph;
mod lists;
mod lower;
mod marks;
mod models;
mod report;
mod sources;
mod taint;
#[cfg(test)]
mod tests;
mod unit;
mod values;

pub(crate) use graph::FileGraph;
pub(crate) use lower::lower;
pub(crate) use models::{Origin, SinkKind};
pub(crate) use report::{FlowFinding, FlowStep, Mode, solve};
