//! What the kernel keeps a process from: Landlock says which files it may open, seccomp that it starts no program.
//!
//! A [`Sandbox`] is filled with what is allowed, and then starts one program in the place of the calling process
//! ([`Sandbox::start`]). Both restrictions are inherited by whatever that program starts and can't be taken off
//! again. What the kernel can't do is told beforehand ([`Support::probe`]) and never passed over in silence.
//!
//! Nothing here decides what is allowed, prints, or reads the environment.

pub mod certificates;
#[cfg(target_os = "linux")]
pub mod confine;
mod confinement;
#[cfg(target_os = "linux")]
mod elf;
mod enforcement;
mod events;
pub mod gateway;
#[cfg(target_os = "linux")]
mod libraries;
#[cfg(target_os = "linux")]
mod linux;
mod surroundings;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(not(target_os = "linux"))]
mod unconfined;

pub use confinement::{Access, Confinement, Limits, Network, PathRule};
#[cfg(target_os = "linux")]
pub use elf::has_note;
pub use enforcement::{Children, Enforcement, Grant, Missing, Program, SandboxError, Support};
pub use events::{Act, Event, Events, Fate};
#[cfg(target_os = "linux")]
pub use libraries::{Libraries, LibrariesError, loader, needed};
#[cfg(target_os = "linux")]
pub use linux::Sandbox;
pub use surroundings::{HOME, TEMPORARY};
#[cfg(not(target_os = "linux"))]
pub use unconfined::Sandbox;
