//! Gateways on this machine's loopback, with a resolver and a way to connect that are the tests' own.

mod addresses;
mod limits;
mod namespace;
mod questions;
mod reports;
mod rules;
mod traffic;
mod upstream;

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, Question, RCODE, TYPE};

use super::hosts::Hosts;
use super::outside::Outside;
use super::proxy::UpstreamProxy;
use super::relay::reset_when_closed;
use super::*;

/// Long enough for anything that is going to happen, so that a test that fails says so instead of hanging.
const LONG: Duration = Duration::from_secs(20);

/// An address of the public internet, for names of the tests to stand for.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);

/// A public address of the machine that the tests' gateways are on.
const OWN: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);

/// A gateway and what stands around it.
struct Setup {
    limits: NetworkLimits,
    proxy: Option<UpstreamProxy>,
    /// What names stand for out here. The others can't be resolved.
    names: HashMap<&'static str, Vec<IpAddr>>,
    /// Where every connection out here really goes.
    server: SocketAddr,
}

struct Open {
    gateway: Gateway,
    dns: SocketAddr,
    ports: Vec<u16>,
    events: Arc<Mutex<Vec<NetworkEvent>>>,
    dialled: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Setup {
    fn new(server: SocketAddr) -> Self {
        let names = HashMap::from([("example.org", vec![PUBLIC.into()])]);
        Self { limits: NetworkLimits::default(), proxy: None, names, server }
    }

    /// Opens a gateway with two listeners, whose ports stand for `PORT` and `OTHER` in the rules.
    fn open(self, rules: &[&str]) -> Open {
        let listeners = (0..2).map(|_| TcpListener::bind("0.0.0.0:0").unwrap()).collect();
        self.open_at(UdpSocket::bind("127.0.0.1:0").unwrap(), listeners, rules)
    }

    fn open_at(self, dns: UdpSocket, listeners: Vec<TcpListener>, rules: &[&str]) -> Open {
        let ports: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        let rule = |rule: &&str| {
            let rule = rule
                .replace("PORT", &ports[0].to_string())
                .replace("OTHER", &ports[ports.len() - 1].to_string());
            rule.parse().unwrap()
        };
        let hosts = Hosts::new(rules.iter().map(rule).collect(), self.limits.names).unwrap();
        let asked = dns.local_addr().unwrap();
        let (events, dialled) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let outside = outside(self.names, self.server, self.proxy, Arc::clone(&dialled));
        let told = Arc::clone(&events);
        let tell = move |event| told.lock().unwrap().push(event);
        let gateway = Gateway::open(dns, listeners, hosts, self.limits, outside, tell).unwrap();
        Open { gateway, dns: asked, ports, events, dialled }
    }
}

fn outside(
    names: HashMap<&'static str, Vec<IpAddr>>,
    server: SocketAddr,
    proxy: Option<UpstreamProxy>,
    dialled: Arc<Mutex<Vec<SocketAddr>>>,
) -> Outside {
    Outside {
        resolve: Box::new(move |host, port| {
            let addresses = names.get(host).ok_or_else(|| io::Error::other("no such name"))?;
            Ok(addresses.iter().map(|&address| SocketAddr::new(address, port)).collect())
        }),
        is_own: Box::new(|address| address == OWN),
        dial: Box::new(move |address, time| {
            dialled.lock().unwrap().push(address);
            TcpStream::connect_timeout(&server, time)
        }),
        proxy,
    }
}

impl Open {
    /// The response code to a question for a name, and the addresses that were answered.
    fn ask(&self, name: &str, kind: TYPE) -> (RCODE, Vec<Ipv4Addr>) {
        let mut query = Packet::new_query(4_711);
        query.questions.push(Question::new(Name::new(name).unwrap(), kind.into(), CLASS::IN.into(), false));
        let reply = exchange(self.dns, &query.build_bytes_vec().unwrap());
        let reply = Packet::parse(&reply).unwrap();
        assert_eq!(reply.id(), 4_711);
        let addresses = reply.answers.iter().map(|answer| match &answer.rdata {
            RData::A(address) => Ipv4Addr::from(address.address),
            other => panic!("{other:?}"),
        });
        (reply.rcode(), addresses.collect())
    }

    fn address(&self, name: &str) -> Ipv4Addr {
        let (code, addresses) = self.ask(name, TYPE::A);
        assert_eq!((code, addresses.len()), (RCODE::NoError, 1), "{name}");
        addresses[0]
    }

    /// Connects as a program inside would: by name, to the first port.
    fn connect(&self, name: &str) -> TcpStream {
        self.connect_to(self.address(name), self.ports[0])
    }

    fn connect_to(&self, address: Ipv4Addr, port: u16) -> TcpStream {
        let stream = TcpStream::connect((address, port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_write_timeout(Some(LONG)).unwrap();
        stream
    }

    /// Stops the gateway. The connections that ended before have all been told by then.
    fn stop(self) -> (NetworkSummary, Vec<NetworkEvent>) {
        let summary = self.gateway.stop();
        let events = self.events.lock().unwrap().clone();
        (summary, events)
    }
}

/// Sends a datagram and waits for the answer.
fn exchange(to: SocketAddr, datagram: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket.send_to(datagram, to).unwrap();
    let mut reply = [0; 2048];
    let length = socket.recv(&mut reply).unwrap();
    reply[..length].to_vec()
}

/// A server that does the same with each connection, on a thread of its own.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// A server that sends back what it is sent.
fn echo() -> SocketAddr {
    server(|stream| {
        let _ = io::copy(&mut &stream, &mut &stream);
    })
}

/// A server that must not be reached.
fn nobody() -> SocketAddr {
    server(|stream| panic!("a connection from {:?}", stream.peer_addr()))
}

/// Whether the other end broke the connection off, after whatever it sent.
fn is_reset(mut stream: &TcpStream) -> bool {
    let ended = stream.read_to_end(&mut Vec::new());
    ended.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

fn wait_until(what: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if what() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never happened");
}
