//! A gateway from its start to its end.

use std::io;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::connection;
use super::event::{NetworkEvent, NetworkSummary};
use super::hosts::Hosts;
use super::names;
use super::outside::Outside;
use super::proxy::UpstreamProxy;
use super::relay::Budget;
use super::report::Reporter;
use super::rule::HostRule;
use super::slots::Slots;
use super::stop::Stop;

/// How long a stop waits for threads to end. Those that wait or copy end at once; one whose name is just being
/// resolved can't be woken, ends by itself when the resolver gives up, and sends and tells nothing any more.
const TO_END: Duration = Duration::from_secs(1);

/// What a gateway lets through.
#[derive(Clone, Debug, Default)]
pub struct GatewayPolicy {
    /// The hosts that may be reached. Without one, nothing may.
    pub rules: Vec<HostRule>,
    /// How much of everything.
    pub limits: NetworkLimits,
    /// The proxy that connections are made through, if there is one.
    pub proxy: Option<UpstreamProxy>,
}

/// How much a gateway takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkLimits {
    /// Connections at once, one thread and two descriptors each. More wait until one has ended.
    pub connections: usize,
    /// Bytes sent and received by all connections together.
    pub bytes: u64,
    /// For how long neither end of a connection may say anything.
    pub idle: Duration,
    /// How long connecting may take, once the name is resolved.
    pub dial: Duration,
    /// How many different names below the stars of rules may be asked for.
    pub names: usize,
    /// How many events of each sort are told.
    pub events: usize,
}

impl Default for NetworkLimits {
    /// 64 connections and 4 GiB: enough for a build that fetches a compiler, too little to keep a machine busy.
    fn default() -> Self {
        Self {
            connections: 64,
            bytes: 4 << 30,
            idle: Duration::from_secs(60),
            dial: Duration::from_secs(10),
            names: 1_000,
            events: 500,
        }
    }
}

/// What all threads of a gateway look at.
pub(super) struct Shared {
    pub(super) hosts: Hosts,
    pub(super) outside: Outside,
    pub(super) limits: NetworkLimits,
    pub(super) budget: Budget,
    pub(super) reporter: Reporter,
    pub(super) slots: Arc<Slots>,
    pub(super) stop: Stop,
}

/// A gateway that is open until it is stopped or dropped.
pub struct Gateway {
    shared: Arc<Shared>,
    /// The threads that answer and accept. They are not joined: whoever has kept one of the sockets could make it
    /// block, and this process with it.
    services: Arc<Slots>,
}

impl Gateway {
    /// Opens the way out of a network namespace.
    ///
    /// The sockets were made inside it: `dns` is bound to 127.0.0.1:53, and of `listeners` there is one for each of
    /// [`permitted_ports`](super::permitted_ports), bound to all addresses.
    ///
    /// `events` is called from the gateway's threads, once at a time, and never after the gateway has ended. While it
    /// is called nothing else is told, so it should be quick, and must not stop the gateway.
    ///
    /// # Errors
    ///
    /// When the sockets can't be used, no thread can be started, or there are more hosts than addresses for them.
    pub fn start(
        dns: UdpSocket,
        listeners: Vec<TcpListener>,
        policy: GatewayPolicy,
        events: impl Fn(NetworkEvent) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let GatewayPolicy { rules, limits, proxy } = policy;
        Self::open(
            dns,
            listeners,
            Hosts::new(rules, limits.names)?,
            limits,
            Outside::of_this_machine(proxy),
            events,
        )
    }

    pub(super) fn open(
        dns: UdpSocket,
        listeners: Vec<TcpListener>,
        hosts: Hosts,
        limits: NetworkLimits,
        outside: Outside,
        events: impl Fn(NetworkEvent) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        dns.set_nonblocking(true)?;
        listeners.iter().try_for_each(|listener| listener.set_nonblocking(true))?;
        let shared = Arc::new(Shared {
            hosts,
            outside,
            budget: Budget::new(limits.bytes),
            reporter: Reporter::new(limits.events, events),
            slots: Slots::new(limits.connections),
            stop: Stop::new()?,
            limits,
        });
        // Ends what has been started where the next can't be.
        let gateway = Self { shared: Arc::clone(&shared), services: Slots::new(2) };
        let theirs = Arc::clone(&shared);
        gateway.spawn("gateway names", move || names::answer(&dns, &theirs))?;
        gateway.spawn("gateway listeners", move || connection::accept(&listeners, &shared))?;
        Ok(gateway)
    }

    fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let slot = self.services.take(&self.shared.stop);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            run();
            drop(slot);
        })?;
        Ok(())
    }

    /// Closes the way out, breaks off every connection, and tells what happened in all.
    #[must_use = "what happened in all is told here only"]
    pub fn stop(self) -> NetworkSummary {
        self.end()
    }

    fn end(&self) -> NetworkSummary {
        self.shared.stop.raise();
        self.shared.slots.wake();
        let start = Instant::now();
        self.services.wait_for_all(TO_END);
        self.shared.slots.wait_for_all(TO_END.saturating_sub(start.elapsed()));
        self.shared.reporter.close()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if !self.shared.stop.is_raised() {
            self.end();
        }
    }
}
