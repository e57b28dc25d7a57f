//! The only way out for a program in a network namespace of its own: named hosts at named ports, and nothing else.
//!
//! Inside, a resolver's configuration names 127.0.0.1. Each permitted name is answered with an address of its own out
//! of 127.77.0.0/16, and a connection to that address arrives at a listener inside the namespace whose descriptor the
//! gateway holds: the address that it arrived at says which host is meant. The gateway resolves the name out here,
//! connects, and copies. The program needs no setting of a proxy, and can't leave one out.
//!
//! What is never done: a question for a name is passed on; a name that stands for an address of this machine, of the
//! network around it or of a cloud's metadata service is connected to, unless a rule names that address itself; what
//! passes is looked into. A host behind a permitted name can pass on what it is sent, and one that serves many names
//! (as delivery networks do) can be asked for another of them. Behind an [`UpstreamProxy`], it is the proxy that
//! resolves names and decides where they may lead.

mod event;
mod rule;

#[cfg(target_os = "linux")]
mod address;
#[cfg(target_os = "linux")]
mod connection;
#[cfg(target_os = "linux")]
mod hosts;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod outside;
#[cfg(target_os = "linux")]
mod proxy;
#[cfg(target_os = "linux")]
mod relay;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod running;
#[cfg(target_os = "linux")]
mod slots;
#[cfg(target_os = "linux")]
mod stop;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

pub use event::{Ending, NameAnswer, NetworkEvent, NetworkSummary, RecordKind, Refusal, Step, Traffic};
#[cfg(target_os = "linux")]
pub use proxy::{UpstreamProxy, UpstreamProxyError};
pub use rule::{HostRule, HostRuleError, permitted_ports};
#[cfg(target_os = "linux")]
pub use running::{Gateway, GatewayPolicy, NetworkLimits};
