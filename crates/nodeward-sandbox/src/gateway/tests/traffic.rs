use std::io::Write as _;
use std::net::Shutdown;

use super::*;

/// The events that are no questions for names.
fn of_connections(events: Vec<NetworkEvent>) -> Vec<NetworkEvent> {
    events.into_iter().filter(|event| !matches!(event, NetworkEvent::NameAsked { .. })).collect()
}

impl Open {
    fn wait_for_connections(&self, count: usize) {
        let ended = |event: &&NetworkEvent| matches!(event, NetworkEvent::Connected { .. });
        wait_until(|| self.events.lock().unwrap().iter().filter(ended).count() >= count);
    }
}

#[test]
fn a_permitted_host_is_reached_and_told() {
    // Answers once it has heard all: the end of what is sent has to arrive, and the way back to stay open.
    let server = server(|mut stream| {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        heard.reverse();
        stream.write_all(&heard).unwrap();
        stream.write_all(b"!").unwrap();
    });
    let open = Setup::new(server).open(&["example.org:PORT"]);
    let mut stream = open.connect("example.org");
    stream.write_all(b"hello").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "olleh!");
    open.wait_for_connections(1);
    let port = open.ports[0];
    assert_eq!(*open.dialled.lock().unwrap(), [SocketAddr::new(PUBLIC.into(), port)]);
    let (summary, events) = open.stop();
    let events = of_connections(events);
    let NetworkEvent::Connected {
        host, port: told, bytes_out: 5, bytes_in: 6, ending: Ending::Closed, ..
    } = &events[0]
    else {
        panic!("{events:?}")
    };
    assert_eq!((host.as_str(), *told, events.len()), ("example.org", port, 1));
    let host = "example.org".to_owned();
    assert_eq!(summary.traffic, [Traffic { host, port, connections: 1, bytes_out: 5, bytes_in: 6 }]);
}

#[test]
fn what_is_not_permitted_is_not_reached() {
    let open = Setup::new(nobody()).open(&["example.org:PORT", "www.example.org:OTHER"]);
    let example = open.address("example.org");
    assert!(is_reset(&open.connect_to(example, open.ports[1])));
    assert!(is_reset(&open.connect_to([127, 77, 9, 9].into(), open.ports[0])));
    assert!(is_reset(&open.connect_to([127, 77, 9, 9].into(), open.ports[0])));
    assert!(is_reset(&open.connect_to(Ipv4Addr::LOCALHOST, open.ports[0])));
    let ports = open.ports.clone();
    let (summary, events) = open.stop();
    let refused = |host: &str, port, refusal| NetworkEvent::Refused { host: host.to_owned(), port, refusal };
    assert_eq!(
        of_connections(events),
        [
            refused("example.org", ports[1], Refusal::Port),
            refused("127.77.9.9", ports[0], Refusal::UnknownAddress),
            refused("127.0.0.1", ports[0], Refusal::UnknownAddress),
        ]
    );
    assert_eq!((summary.refused, summary.left_out), (4, 0));
}

#[test]
fn a_host_that_can_not_be_reached_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let open = Setup::new(free).open(&["example.org:PORT", "unknown.example.org:PORT"]);
    assert!(is_reset(&open.connect("example.org")));
    assert!(is_reset(&open.connect("example.org")));
    assert!(is_reset(&open.connect("unknown.example.org")));
    let (summary, events) = open.stop();
    let events = of_connections(events);
    let [
        NetworkEvent::Failed { host: first, step: Step::Dial, .. },
        NetworkEvent::Failed { host: second, step: Step::Resolve, error, .. },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((first.as_str(), second.as_str()), ("example.org", "unknown.example.org"));
    assert_eq!((error.as_str(), summary.failed), ("no such name", 3));
}

#[test]
fn much_goes_both_ways_at_once_unchanged() {
    const LENGTH: usize = 3_000_000;
    let open = Setup::new(echo()).open(&["example.org:PORT"]);
    let sent: Arc<Vec<u8>> = Arc::new((0..LENGTH).map(|at| (at % 251) as u8).collect());
    let clients = (0..3).map(|_| {
        let (mut stream, sent) = (open.connect("example.org"), Arc::clone(&sent));
        thread::spawn(move || {
            let mut writer = stream.try_clone().unwrap();
            let theirs = Arc::clone(&sent);
            let writing = thread::spawn(move || {
                writer.write_all(&theirs).unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).unwrap();
            writing.join().unwrap();
            assert!(heard == *sent);
        })
    });
    clients.collect::<Vec<_>>().into_iter().for_each(|client| client.join().unwrap());
    open.wait_for_connections(3);
    let (summary, _) = open.stop();
    let traffic = &summary.traffic[0];
    let all = 3 * LENGTH as u64;
    assert_eq!((traffic.connections, traffic.bytes_out, traffic.bytes_in), (3, all, all));
}

#[test]
fn what_the_host_breaks_off_does_not_look_whole() {
    let server = server(|mut stream| {
        stream.write_all(b"half of").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        reset_when_closed(&stream);
    });
    let open = Setup::new(server).open(&["example.org:PORT"]);
    let mut stream = open.connect("example.org");
    stream.read_exact(&mut [0; 7]).unwrap();
    stream.write_all(b".").unwrap();
    assert!(is_reset(&stream));
    open.wait_for_connections(1);
    let (_, events) = open.stop();
    let events = of_connections(events);
    assert!(matches!(events[..], [NetworkEvent::Connected { ending: Ending::Broken, .. }]), "{events:?}");
}

#[test]
fn what_the_program_breaks_off_is_broken_off_at_the_host() {
    let (send, receive) = std::sync::mpsc::channel();
    let send = Mutex::new(send);
    let server = server(move |stream| {
        stream.set_read_timeout(Some(LONG)).unwrap();
        send.lock().unwrap().send(is_reset(&stream)).unwrap();
    });
    let open = Setup::new(server).open(&["example.org:PORT"]);
    let mut stream = open.connect("example.org");
    stream.write_all(b"half of").unwrap();
    wait_until(|| !open.dialled.lock().unwrap().is_empty());
    reset_when_closed(&stream);
    drop(stream);
    assert!(receive.recv_timeout(LONG).unwrap());
}
