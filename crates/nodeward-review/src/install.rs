//! Install scripts: what runs when a project is installed, what it does, and whether its owners allow it.
//!
//! [`inventory::take`] lists everything that would run, from the lockfile and from what is installed;
//! [`reading`] says what each script does, from its command and from the syntax trees of the files that it runs;
//! [`content`] gives the hash by which a script is known again; [`decision`] holds them against what
//! `nodeward.toml` allows. Files of packages are read, within limits; nothing is run, fetched or written.

pub mod content;
pub mod decision;
pub mod deed;
pub mod folder;
pub mod gyp;
pub mod inventory;
pub mod judged;
mod order;
mod places;
mod programs;
pub mod reading;
pub mod shell;
mod shims;
pub mod stage;

pub use content::{ContentHash, Reach};
pub use decision::{Allow, Content, Decisions, Deny, Own, State, decide};
pub use deed::{Deed, Kind, summary};
pub use folder::PackageFolder;
pub use inventory::{Hashes, Inventory, Item, Listing, ReadScripts, Runs, Target};
pub use judged::Judged;
pub use reading::Reading;
pub use stage::{Role, Script};

#[cfg(test)]
mod tests;
