//! A gateway for a real network namespace, with the system's own resolver inside it.

use std::ffi::OsStr;
use std::io::{IoSlice, IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::net::ToSocketAddrs as _;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::super::address::is_of_this_machine;
use super::*;

/// Set for the process inside: where it hands its sockets out.
const INSIDE: &str = "GATEWAY_INSIDE";
/// And a port out here that it must not reach.
const BESIDE: &str = "GATEWAY_BESIDE";

#[test]
fn a_program_in_a_namespace_reaches_the_permitted_host_and_no_other() {
    if let Some(path) = std::env::var_os(INSIDE) {
        return inside(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let resolver = folder.path().join("resolv.conf");
    std::fs::write(&resolver, "nameserver 127.0.0.1\n").unwrap();
    let beside = server(drop);
    // The control: out here it is reached.
    drop(TcpStream::connect(beside).unwrap());
    let path = folder.path().join("socket");
    let handed = UnixListener::bind(&path).unwrap();
    if !can_make_namespaces(&resolver) {
        eprintln!(
            "skipped: this machine lets us make no network namespace (unshare, mount and ip are needed)"
        );
        return;
    }
    let mut child = start(&resolver, &path, beside);
    let mut word = accept(&handed, &mut child);
    let (dns, listeners) = receive(&word);
    let open = Setup::new(echo()).open_at(dns, listeners, &["example.org", "*.example.net:443"]);
    word.write_all(b"g").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(*open.dialled.lock().unwrap(), [SocketAddr::from((PUBLIC, 443))]);
    let (summary, events) = open.stop();
    assert_eq!((summary.traffic.len(), summary.traffic[0].bytes_out, summary.refused), (1, 5, 1));
    let denied = |event: &NetworkEvent| matches!(event, NetworkEvent::NameAsked { name, answer: NameAnswer::Denied, .. } if name == "denied.example.com");
    assert!(events.iter().any(denied), "{events:?}");
}

fn unshare(resolver: &Path, run: &[&OsStr]) -> Command {
    let script = format!(
        "mount --bind \"$0\" /etc/resolv.conf && ip link set lo up && ip address add {OWN}/32 dev lo && exec \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["-Urnm", "sh", "-c", &script]).arg(resolver).args(run);
    command
}

fn can_make_namespaces(resolver: &Path) -> bool {
    let mut command = unshare(resolver, &[OsStr::new("true")]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn start(resolver: &Path, socket: &Path, beside: SocketAddr) -> Child {
    let itself = std::env::current_exe().unwrap();
    let name = thread::current().name().unwrap().to_owned();
    let mut command = unshare(resolver, &[itself.as_os_str(), OsStr::new(&name), OsStr::new("--exact")]);
    command.env(INSIDE, socket).env(BESIDE, beside.to_string()).stdout(Stdio::null()).spawn().unwrap()
}

/// The connection of the process inside, unless it ended before it made one.
fn accept(listener: &UnixListener, child: &mut Child) -> UnixStream {
    listener.set_nonblocking(true).unwrap();
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            return stream;
        }
        assert_eq!(child.try_wait().unwrap(), None, "the process inside ended early");
        thread::sleep(Duration::from_millis(10));
    }
}

fn receive(from: &UnixStream) -> (UdpSocket, Vec<TcpListener>) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
    let rights =
        |message| if let RecvAncillaryMessage::ScmRights(files) = message { Some(files) } else { None };
    let mut files: Vec<OwnedFd> = ancillary.drain().filter_map(rights).flatten().collect();
    assert_eq!(files.len(), 3);
    let dns = UdpSocket::from(files.remove(0));
    (dns, files.into_iter().map(TcpListener::from).collect())
}

/// What runs in the namespace: hands out its sockets, and then knows nothing of a gateway.
fn inside(path: &OsStr) {
    let dns = UdpSocket::bind("127.0.0.1:53").unwrap();
    let listeners = [443, 80].map(|port| TcpListener::bind(("0.0.0.0", port)).unwrap());
    let mut socket = UnixStream::connect(path).unwrap();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let files = [dns.as_fd(), listeners[0].as_fd(), listeners[1].as_fd()];
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&files)));
    sendmsg(&socket, &[IoSlice::new(b"s")], &mut ancillary, SendFlags::empty()).unwrap();
    drop((dns, listeners));
    socket.read_exact(&mut [0]).unwrap();

    let mut stream = TcpStream::connect(("example.org", 443)).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(b"hello").unwrap();
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut heard).unwrap(), 0);

    assert!(is_of_this_machine(OWN.into()) && !is_of_this_machine(PUBLIC.into()));
    assert!(("denied.example.com", 443).to_socket_addrs().is_err());
    let below: Vec<_> = ("a.example.net", 443).to_socket_addrs().unwrap().collect();
    assert_eq!(below, [SocketAddr::from(([127, 77, 0, 2], 443))]);
    // Another port of the permitted name, the address that it really has, and what listens out here beside it.
    let other = TcpStream::connect(("a.example.net", 80)).unwrap();
    other.set_read_timeout(Some(LONG)).unwrap();
    assert!(is_reset(&other));
    assert!(TcpStream::connect((PUBLIC, 443)).is_err());
    let beside: SocketAddr = std::env::var(BESIDE).unwrap().parse().unwrap();
    assert!(TcpStream::connect(beside).is_err());
}
