//! Tarballs of packages, as registries serve them: read within limits, and written so that the same files are the
//! same bytes.
//!
//! Nothing of a tarball is trusted. What npm would pass over in silence (links, devices) or write twice is an error
//! here, as is a name that leads out of the package: whoever takes a tarball apart takes all of it, or none.

mod read;
mod write;

pub use read::{Limits, Member, TarballError, read};
pub use write::Writer;

#[cfg(test)]
mod tests;
