//! Starting a sealed program: what is checked before, and how Node.js is started so that the seal is enforced.
//!
//! [`Launch::prepare`] checks everything that can be checked before the program's first line: the seal's
//! signature, every listed file, the options, the main file, Node.js itself. [`Launch::start`] puts the kernel
//! layer in force and becomes Node.js, with the guard as its first module. No process is left in between.
//!
//! The program starts fully enforced or, if that was allowed beforehand, with what is missing told; or not at all.

mod cache;
mod certificates;
mod environment;
mod error;
mod ground;
mod known;
mod list;
mod main_file;
mod node;
mod options;
mod place;
mod prepare;
mod system;
mod users;
mod verify;

pub use cache::{CacheError, MAX_PACK, pack};
pub use error::LaunchError;
pub use ground::{Ground, GroundRequest};
pub use node::{Node, NodeError};
pub use place::{Parents, modules};
pub use prepare::{Addon, CodeCache, Console, Launch, Mode, Request};
pub use verify::Checked;
