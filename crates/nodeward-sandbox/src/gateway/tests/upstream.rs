use std::io::Write as _;

use proptest::prelude::*;

use super::super::proxy::UpstreamProxyError as Error;
use super::*;

/// A proxy that answers every request with the same bytes, and hands on what it was asked.
fn proxy(answer: &'static [u8]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&asked);
    let address = server(move |mut stream| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        theirs.lock().unwrap().push(String::from_utf8(request).unwrap());
        // What is read no further than this may have gone by then.
        let _ = stream.write_all(answer).and_then(|()| io::copy(&mut &stream, &mut &stream));
    });
    (address, asked)
}

fn open(answer: &'static [u8], url: &str) -> (Open, Arc<Mutex<Vec<String>>>) {
    let (address, asked) = proxy(answer);
    let mut setup = Setup::new(address);
    setup.names = HashMap::from([("proxy.example.org", vec![[10, 0, 0, 1].into()])]);
    setup.proxy = Some(url.parse().unwrap());
    (setup.open(&["example.org:PORT"]), asked)
}

#[test]
fn a_host_is_reached_through_a_proxy() {
    // The first bytes from the host come along with the proxy's answer.
    let (open, asked) = open(
        b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nhello",
        "http://a%3Ab:p%40ss@proxy.example.org:3128",
    );
    let mut stream = open.connect("example.org");
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"hello");
    stream.write_all(b"again").unwrap();
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"again");
    let port = open.ports[0];
    let request = format!(
        "CONNECT example.org:{port} HTTP/1.1\r\nHost: example.org:{port}\r\nProxy-Authorization: Basic YTpiOnBAc3M=\r\n\r\n"
    );
    assert_eq!(*asked.lock().unwrap(), [request]);
    assert_eq!(*open.dialled.lock().unwrap(), ["10.0.0.1:3128".parse().unwrap()]);
}

#[test]
fn what_a_proxy_denies_has_failed() {
    static ENDLESS: [u8; 20_000] = [b'x'; 20_000];
    for (answer, told) in [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".as_slice(), "the proxy answered 407"),
        (b"HTTP/1.0 502 \r\n\r\n", "the proxy answered 502"),
        (b"HTTP/1.1 2000\r\n\r\n", "the proxy did not answer as a proxy does"),
        (b"SSH-2.0-x\r\n\r\n", "the proxy did not answer as a proxy does"),
        (&ENDLESS, "the proxy did not answer as a proxy does"),
    ] {
        let (open, _) = open(answer, "http://proxy.example.org:3128");
        assert!(is_reset(&open.connect("example.org")));
        let (_, events) = open.stop();
        let Some(NetworkEvent::Failed { step: Step::Proxy, error, .. }) = events.last() else {
            panic!("{events:?}")
        };
        assert_eq!(error, told);
    }
}

#[test]
fn a_proxy_that_says_nothing_is_waited_for_no_longer_than_the_limit() {
    let (address, _) = proxy(b"");
    let mut setup = Setup::new(address);
    setup.limits.dial = Duration::from_secs(1);
    setup.proxy = Some("http://10.0.0.1:3128".parse().unwrap());
    let open = setup.open(&["example.org:PORT"]);
    assert!(is_reset(&open.connect("example.org")));
    let (_, events) = open.stop();
    assert!(matches!(events.last(), Some(NetworkEvent::Failed { step: Step::Proxy, .. })), "{events:?}");
}

#[test]
fn the_url_of_a_proxy() {
    let shown = |text: &str| text.parse::<UpstreamProxy>().map(|proxy| format!("{proxy:?}"));
    for (text, expected) in [
        ("http://proxy.example.org", "UpstreamProxy(http://proxy.example.org:80)"),
        ("http://Proxy.Example.org:3128/", "UpstreamProxy(http://proxy.example.org:3128)"),
        ("http://user:secret@10.0.0.1:3128", "UpstreamProxy(http://10.0.0.1:3128)"),
        ("http://user:se@cret@localhost:1", "UpstreamProxy(http://localhost:1)"),
        ("http://[fd00::1]:3128", "UpstreamProxy(http://[fd00::1]:3128)"),
    ] {
        assert_eq!(shown(text).unwrap(), expected);
    }
    for (text, error) in [
        ("https://proxy.example.org", Error::Scheme),
        ("socks5://proxy.example.org", Error::Scheme),
        ("proxy.example.org:3128", Error::Scheme),
        ("http://proxy.example.org/x", Error::Path),
        ("http://user%4@proxy.example.org", Error::Escape),
        ("http://us%zzer@proxy.example.org", Error::Escape),
        ("http://", Error::Host),
        ("http://proxy.example.org:0", Error::Host),
        ("http://pro xy:80", Error::Host),
        ("http://fd00::1", Error::Host),
        ("http://[10.0.0.1]", Error::Host),
    ] {
        assert_eq!(shown(text), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn a_password_is_never_shown(user in "[a-z%0-9]{0,8}", password in "secret[!-~]{0,12}") {
        let text = format!("http://{user}:{password}@proxy.example.org:3128");
        let shown = match text.parse::<UpstreamProxy>() {
            Ok(proxy) => format!("{proxy:?} {proxy}"),
            Err(error) => format!("{error:?} {error}"),
        };
        prop_assert!(!shown.contains("secret"));
    }
}
