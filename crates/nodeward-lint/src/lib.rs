//! Rules over JavaScript and TypeScript: syntax, data flow, and a team's own requirements.
//!
//! Rules find; policies decide which rules run. Nothing here reads the clock, the network or the environment.

mod cache;
mod context;
mod dispatch;
pub mod driver;
mod fix;
mod flow;
mod grade;
mod issue;
pub mod policy;
pub mod regex;
pub mod requirement;
pub mod rule;
pub mod rules;
pub mod suppress;
mod words;

pub use cache::Cache;
pub use driver::{Audience, Budget, Depth, Linted, Options, Origin, Outcome, SourceFile, Text, lint};
pub use fix::{Edit, Fix, Safety, apply};
pub use policy::Policy;
pub use requirement::Requirement;
pub use rule::Rule;
pub use rules::RULES;
