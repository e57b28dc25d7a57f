//! The permitted hosts, and the addresses that stand for them inside.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use super::event::{NameAnswer, Refusal};
use super::message::{Answer, Query};
use super::rule::HostRule;

/// Where the addresses that stand for names begin: 127.77.0.1. They are loopback addresses, so the namespace has
/// them all without being given them one by one.
const FIRST: u32 = 0x7f4d_0001;

/// How many fit into 127.77.0.0/16 without its first and last.
const MAX_NAMES: usize = 0xfffe;

pub(super) struct Hosts {
    rules: Vec<HostRule>,
    /// How many names may have an address.
    limit: usize,
    names: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    by_name: HashMap<Arc<str>, Ipv4Addr>,
    /// In the order of their addresses.
    in_order: Vec<Arc<str>>,
}

/// Where a connection is meant to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: TargetHost,
    pub(super) port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            TargetHost::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TargetHost {
    Name(Arc<str>),
    Address(IpAddr),
}

impl TargetHost {
    fn is_meant_by(&self, rule: &HostRule) -> bool {
        match self {
            Self::Name(name) => rule.matches(name),
            Self::Address(address) => rule.address() == Some(*address),
        }
    }
}

impl fmt::Display for TargetHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

impl Hosts {
    /// Every name that a rule names has its address from the start; `limit` is for those below a star.
    pub(super) fn new(rules: Vec<HostRule>, limit: usize) -> io::Result<Self> {
        let mut names = Names::default();
        for name in rules.iter().filter_map(HostRule::name) {
            if names.address(name, MAX_NAMES).is_none() {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "more than 65534 hosts are permitted",
                ));
            }
        }
        let limit = names.in_order.len().saturating_add(limit).min(MAX_NAMES);
        Ok(Self { rules, limit, names: Mutex::new(names) })
    }

    /// What to answer to a question, and what to tell of it.
    pub(super) fn answer(&self, query: &Query<'_>) -> (Answer, NameAnswer) {
        let name = query.name();
        if !self.rules.iter().any(|rule| rule.matches(name)) {
            return (Answer::NoSuchName, NameAnswer::Denied);
        }
        if !query.asks_for_address() {
            return (Answer::NothingOfThatKind, NameAnswer::NothingOfThatKind);
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match names.address(name, self.limit) {
            Some(address) => (Answer::Address(address), NameAnswer::Address),
            None => (Answer::Failure, NameAnswer::TooMany),
        }
    }

    /// The host that is meant by a connection to one of the namespace's own addresses.
    pub(super) fn target(&self, local: SocketAddr) -> Result<Target, (TargetHost, Refusal)> {
        let (address, port) = (local.ip().to_canonical(), local.port());
        let name = self.names.lock().unwrap_or_else(PoisonError::into_inner).name(address);
        let host = name.map_or(TargetHost::Address(address), TargetHost::Name);
        let mut rules = self.rules.iter().filter(|rule| host.is_meant_by(rule)).peekable();
        if rules.peek().is_none() {
            return Err((host, Refusal::UnknownAddress));
        }
        if rules.any(|rule| rule.permits_port(port)) {
            Ok(Target { host, port })
        } else {
            Err((host, Refusal::Port))
        }
    }

    /// Whether a rule permits this very address and port.
    pub(super) fn permits_address(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.rules.iter().any(|rule| rule.address() == Some(ip) && rule.permits_port(address.port()))
    }
}

impl Names {
    /// The address of a name, a new one if it has none yet and there are fewer than `limit`.
    fn address(&mut self, name: &str, limit: usize) -> Option<Ipv4Addr> {
        if let Some(address) = self.by_name.get(name) {
            return Some(*address);
        }
        if self.in_order.len() >= limit {
            return None;
        }
        let index = u32::try_from(self.in_order.len()).ok()?;
        let (name, address) = (Arc::<str>::from(name), Ipv4Addr::from_bits(FIRST + index));
        self.in_order.push(Arc::clone(&name));
        self.by_name.insert(name, address);
        Some(address)
    }

    fn name(&self, address: IpAddr) -> Option<Arc<str>> {
        let IpAddr::V4(address) = address else { return None };
        let index = address.to_bits().checked_sub(FIRST)?;
        self.in_order.get(usize::try_from(index).ok()?).cloned()
    }
}
