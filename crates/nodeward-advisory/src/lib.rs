//! Advisories: OSV records, the index made of them, and matching them to what a project runs.
//!
//! No network, no clock, no environment: feeds come in as bytes, time as an argument.

pub mod threats;
