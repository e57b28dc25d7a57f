//! Signals: what can be said about a release, or about how a project brings it in, without anybody having
//! published an advisory.
//!
//! No network, no clock, no environment.
