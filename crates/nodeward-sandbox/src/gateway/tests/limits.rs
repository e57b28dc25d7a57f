use std::io::Write as _;
use std::process::Command;
use std::sync::mpsc::channel;

use rustix::net::{AddressFamily, SocketType};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

/// Set for the process of a test that has one to itself.
const ALONE: &str = "GATEWAY_ALONE";

/// Whether the other end keeps the connection open without a word.
fn is_silent(mut stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let silent = stream.read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    stream.set_read_timeout(Some(LONG)).unwrap();
    silent
}

fn endings(events: &[NetworkEvent]) -> Vec<Ending> {
    let ending = |event: &NetworkEvent| match event {
        NetworkEvent::Connected { ending, .. } => Some(*ending),
        _ => None,
    };
    events.iter().filter_map(ending).collect()
}

/// A server that says what it is and then neither reads nor writes.
fn hanging() -> SocketAddr {
    server(|mut stream| {
        stream.write_all(b"x").unwrap();
        loop {
            thread::park();
        }
    })
}

#[test]
fn no_more_bytes_pass_than_are_permitted() {
    let mut setup = Setup::new(server(|mut stream| while stream.write_all(&[7; 1_000]).is_ok() {}));
    setup.limits.bytes = 300_000;
    let open = setup.open(&["example.org:PORT"]);
    let mut stream = open.connect("example.org");
    let mut heard = Vec::new();
    assert_eq!(stream.read_to_end(&mut heard).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(heard.len() <= 300_000, "{}", heard.len());
    assert!(is_reset(&open.connect("example.org")));
    let (summary, events) = open.stop();
    assert_eq!(endings(&events), [Ending::BytesSpent]);
    let passed = summary.traffic[0].bytes_in;
    assert!((200_000..=300_000).contains(&passed), "{passed}");
    let refused =
        |event: &NetworkEvent| matches!(event, NetworkEvent::Refused { refusal: Refusal::BytesSpent, .. });
    assert!(events.iter().any(refused), "{events:?}");
}

#[test]
fn a_connection_on_which_nothing_is_said_ends() {
    let mut setup = Setup::new(hanging());
    setup.limits.idle = Duration::from_secs(1);
    let open = setup.open(&["example.org:PORT"]);
    let mut stream = open.connect("example.org");
    stream.read_exact(&mut [0]).unwrap();
    assert!(is_reset(&stream));
    let (_, events) = open.stop();
    assert_eq!(endings(&events), [Ending::Idle]);
}

#[test]
fn connections_over_the_limit_wait_for_their_turn() {
    let mut setup = Setup::new(server(|mut stream| {
        stream.write_all(b"x").unwrap();
        let _ = stream.read(&mut [0]);
    }));
    setup.limits.connections = 2;
    let open = setup.open(&["example.org:PORT"]);
    let mut streams: Vec<_> = (0..3).map(|_| open.connect("example.org")).collect();
    for stream in &mut streams[..2] {
        stream.read_exact(&mut [0]).unwrap();
    }
    assert!(is_silent(&streams[2]));
    drop(streams.remove(0));
    streams[1].read_exact(&mut [0]).unwrap();
    assert_eq!(open.dialled.lock().unwrap().len(), 3);
}

#[test]
fn a_crowd_of_connections_that_say_nothing_is_gone_when_it_leaves() {
    let mut setup = Setup::new(echo());
    setup.limits.connections = 4;
    let open = setup.open(&["example.org:PORT"]);
    let address = open.address("example.org");
    for _ in 0..20 {
        // No more than the kernel lets wait, or the test waits for it to ask again.
        let crowd: Vec<_> = (0..50).map(|_| open.connect_to(address, open.ports[0])).collect();
        // Some break off, some end, and most before they were ever taken.
        crowd.iter().step_by(2).for_each(reset_when_closed);
        drop(crowd);
        let mut stream = open.connect_to(address, open.ports[0]);
        stream.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
    }
}

/// In a process of its own: the limit is the process's.
#[test]
fn a_machine_out_of_descriptors_takes_connections_again_when_it_has_some() {
    if std::env::var_os(ALONE).is_none() {
        let name = thread::current().name().unwrap().to_owned();
        let alone =
            Command::new(std::env::current_exe().unwrap()).args([&name, "--exact"]).env(ALONE, "").output();
        let output = alone.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let open = Setup::new(echo()).open(&["example.org:PORT"]);
    let address = SocketAddr::from((open.address("example.org"), open.ports[0]));
    let client = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), maximum: before.maximum }).unwrap();
    rustix::net::connect(&client, &address).unwrap();
    let mut stream = TcpStream::from(client);
    stream.write_all(b"hello").unwrap();
    let told = || {
        matches!(open.events.lock().unwrap().last(), Some(NetworkEvent::Failed { step: Step::Accept, .. }))
    };
    wait_until(told);
    setrlimit(Resource::Nofile, before).unwrap();
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
}

#[test]
fn a_stop_breaks_off_what_hangs() {
    let open = Setup::new(hanging()).open(&["example.org:PORT"]);
    // One that waits to be read from, and one that waits to be written to.
    let mut silent = open.connect("example.org");
    let mut full = open.connect("example.org");
    silent.read_exact(&mut [0]).unwrap();
    full.read_exact(&mut [0]).unwrap();
    full.set_nonblocking(true).unwrap();
    while full.write(&[7; 65_536]).is_ok() {}
    full.set_nonblocking(false).unwrap();
    let (summary, events) = open.stop();
    assert_eq!(endings(&events), [Ending::Stopped, Ending::Stopped]);
    assert_eq!(summary.traffic[0].connections, 2);
    assert!(is_reset(&silent) && is_reset(&full));
}

#[test]
fn a_stop_does_not_wait_for_a_resolver_nor_tell_of_it() {
    let dns = UdpSocket::bind("127.0.0.1:0").unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, is_asked) = channel();
    let (release, released) = channel::<()>();
    let (over, is_over) = channel();
    let channels = Mutex::new((asked, released, over));
    let outside = Outside {
        is_own: Box::new(|_| false),
        resolve: Box::new(move |_, _| {
            let channels = channels.lock().unwrap();
            channels.0.send(()).unwrap();
            channels.1.recv().unwrap();
            channels.2.send(()).unwrap();
            Err(io::Error::other("too late"))
        }),
        dial: Box::new(|_, _| panic!("nothing is dialled")),
        proxy: None,
    };
    let hosts = Hosts::new(vec![format!("example.org:{port}").parse().unwrap()], 0).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&told);
    let tell = move |event| theirs.lock().unwrap().push(event);
    let gateway = Gateway::open(dns, vec![listener], hosts, NetworkLimits::default(), outside, tell).unwrap();
    let stream = TcpStream::connect(("127.77.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    is_asked.recv_timeout(LONG).unwrap();
    let summary = gateway.stop();
    assert_eq!(summary, NetworkSummary::default());
    // Only now does the resolver give up: what comes of it is told to nobody, and the connection ends.
    release.send(()).unwrap();
    is_over.recv_timeout(LONG).unwrap();
    assert!(is_reset(&stream));
    assert_eq!(*told.lock().unwrap(), []);
}

#[test]
fn sockets_that_somebody_has_kept_hold_up_no_stop() {
    for kept in [0, 1] {
        let dns = UdpSocket::bind("127.0.0.1:0").unwrap();
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let (kept_dns, kept_listener) = (dns.try_clone().unwrap(), listener.try_clone().unwrap());
        let open = Setup::new(hanging()).open_at(dns, vec![listener], &["example.org:PORT"]);
        // From now on, asking whether there is something more waits for it.
        if kept == 0 { kept_dns.set_nonblocking(false) } else { kept_listener.set_nonblocking(false) }
            .unwrap();
        let mut stream = open.connect("example.org");
        stream.read_exact(&mut [0]).unwrap();
        let dialled = Arc::clone(&open.dialled);
        let (send, receive) = channel();
        thread::spawn(move || send.send(open.stop().1).unwrap());
        assert_eq!(endings(&receive.recv_timeout(LONG).unwrap()), [Ending::Stopped]);
        assert!(is_reset(&stream));
        // A connection that comes later leads nowhere.
        if let Ok(late) = TcpStream::connect(("127.77.0.1", kept_listener.local_addr().unwrap().port())) {
            late.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            assert!((&late).read(&mut [0]).is_err());
        }
        assert_eq!(dialled.lock().unwrap().len(), 1);
    }
}

#[test]
fn dropping_a_gateway_stops_it() {
    let open = Setup::new(hanging()).open(&["example.org:PORT"]);
    let mut stream = open.connect("example.org");
    stream.read_exact(&mut [0]).unwrap();
    drop(open.gateway);
    assert!(is_reset(&stream));
    assert!(TcpStream::connect(("127.77.0.1", open.ports[0])).is_err());
}
