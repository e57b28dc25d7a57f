//! What npm calls things: names, versions, ranges, manifests, lockfiles, and the dependency graph that a
//! lockfile describes.
//!
//! Everything here works on bytes that somebody else wrote. It has no network, no clock and no environment,
//! it never runs a package manager, and it never guesses: what it can't read is an error with a place.

pub mod beside;
pub mod build_policy;
pub mod graph;
pub mod integrity;
mod json;
pub mod lockfile;
mod lookup;
pub mod manifest;
pub mod name;
pub mod node_version;
pub mod npm_config;
pub mod packument;
pub mod place;
pub mod range;
pub mod tarball;
pub mod tarball_url;
pub mod version;
pub mod web_address;

pub use build_policy::BuildPolicy;
pub use graph::{DependencyGraph, Edge, EdgeKind, Origin, Package, PackageId, Reach};
pub use integrity::Integrity;
pub use lockfile::{Format, LockfileError};
pub use manifest::Manifest;
pub use name::PackageName;
pub use node_version::NodeStatement;
pub use npm_config::NpmConfig;
pub use packument::Packument;
pub use place::Place;
pub use range::Range;
pub use tarball_url::TarballUrl;
pub use version::Version;
pub use web_address::WebAddress;
