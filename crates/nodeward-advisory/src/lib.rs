//! Advisories: OSV records, the index made of them, and matching them to what a project runs.
//!
//! No network, no clock, no environment: feeds come in as bytes, time as an argument.

mod alias;
mod codec;
pub mod feed;
pub mod index;
pub mod interval;
pub mod landmarks;
pub mod legacy;
pub mod matching;
pub mod node;
pub mod osv;
pub mod record;
pub mod remedy;
pub mod severity;
pub mod store;
pub mod threats;
pub mod vex;

pub use index::{Affected, BuildError, Index, IndexBuilder, IndexError, IndexInfo, RecordId};
pub use interval::{End, Interval};
pub use record::{AffectedPackage, NODEJS, Record};
pub use severity::Rating;
