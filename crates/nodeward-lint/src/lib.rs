//! Rules over JavaScript and TypeScript: syntax, data flow, and a team's own requirements.
//!
//! Rules find; policies decide which rules run. Nothing here reads the clock, the network or the environment.

pub mod regex;
