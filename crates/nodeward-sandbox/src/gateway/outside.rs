//! The way from the gateway to a host: its addresses, those of them that may be reached, and a connection to one.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use super::address::{is_of_this_machine, is_public};
use super::event::{Refusal, Step};
use super::hosts::{Hosts, Target, TargetHost};
use super::proxy::{ProxyError, UpstreamProxy};

/// How many addresses of a host are tried.
const ADDRESSES: usize = 8;

/// The least time that is given to an address, however many there are.
const LEAST: Duration = Duration::from_millis(500);

type Resolve = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;
type IsOwn = dyn Fn(IpAddr) -> bool + Send + Sync;
type Dial = dyn Fn(SocketAddr, Duration) -> io::Result<TcpStream> + Send + Sync;

/// How names are resolved and connections made.
pub(super) struct Outside {
    pub(super) resolve: Box<Resolve>,
    /// Whether an address is one of this machine.
    pub(super) is_own: Box<IsOwn>,
    pub(super) dial: Box<Dial>,
    pub(super) proxy: Option<UpstreamProxy>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Unreached {
    Refused(Refusal),
    Failed(Step, io::Error),
}

impl Outside {
    /// The system's resolver and sockets.
    pub(super) fn of_this_machine(proxy: Option<UpstreamProxy>) -> Self {
        Self {
            resolve: Box::new(|host, port| Ok((host, port).to_socket_addrs()?.collect())),
            is_own: Box::new(is_of_this_machine),
            dial: Box::new(|address, time| TcpStream::connect_timeout(&address, time)),
            proxy,
        }
    }

    /// Connects to a permitted host, which takes no longer than `time` once names are resolved.
    pub(super) fn reach(
        &self,
        target: &Target,
        hosts: &Hosts,
        time: Duration,
    ) -> Result<TcpStream, Unreached> {
        // An address that was named is meant as it is from here, and not from where the proxy is.
        let is_address = matches!(target.host, TargetHost::Address(_));
        let Some(proxy) = self.proxy.as_ref().filter(|_| !is_address) else {
            let addresses = self.addresses(target, hosts)?;
            return self.dial_one(&addresses, time);
        };
        // The proxy resolves the name, often one that could not be resolved here: what it stands for is the
        // proxy's to judge.
        let (host, port) = proxy.address();
        let start = Instant::now();
        let stream = self.dial_one(&self.resolved(host, port)?, time)?;
        let left = time.saturating_sub(start.elapsed());
        proxy.connect(&stream, target, left).map_err(|error| Unreached::Failed(Step::Proxy, error.into()))?;
        Ok(stream)
    }

    /// The addresses of a host that may be reached.
    fn addresses(&self, target: &Target, hosts: &Hosts) -> Result<Vec<SocketAddr>, Unreached> {
        let name = match &target.host {
            TargetHost::Address(address) => return Ok(vec![SocketAddr::new(*address, target.port)]),
            TargetHost::Name(name) => name,
        };
        let mut refused = None;
        let mut may = self.resolved(name, target.port)?;
        may.retain(|address| {
            let refusal = self.refusal(address.ip()).filter(|_| !hosts.permits_address(*address));
            refused = refused.or(refusal);
            refusal.is_none()
        });
        refused.filter(|_| may.is_empty()).map_or(Ok(may), |refusal| Err(Unreached::Refused(refusal)))
    }

    /// Why an address is not reached by a name alone.
    fn refusal(&self, address: IpAddr) -> Option<Refusal> {
        if !is_public(address) {
            return Some(Refusal::PrivateAddress(address));
        }
        (self.is_own)(address.to_canonical()).then_some(Refusal::OwnAddress(address))
    }

    fn resolved(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreached> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let failed = |error| Unreached::Failed(Step::Resolve, error);
        let mut addresses = (self.resolve)(host, port).map_err(failed)?;
        if addresses.is_empty() {
            return Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        addresses.truncate(ADDRESSES);
        Ok(addresses)
    }

    /// Tries one address after the other, each for its share of what is left of the time.
    fn dial_one(&self, addresses: &[SocketAddr], time: Duration) -> Result<TcpStream, Unreached> {
        let start = Instant::now();
        let mut last = io::Error::from(io::ErrorKind::TimedOut);
        for (tried, address) in addresses.iter().enumerate() {
            let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { break };
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match (self.dial)(*address, share.max(LEAST).min(left)) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(Unreached::Failed(Step::Dial, last))
    }
}

impl From<ProxyError> for io::Error {
    fn from(error: ProxyError) -> Self {
        Self::other(error)
    }
}
