//! An HTTP server on the loopback that answers as told, faults included.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// 200 with these bytes, and an `ETag` made of them. Asked with that tag: 304.
    Body(Vec<u8>),
    /// This status with an empty body.
    Status(u16),
    /// Says that more bytes come than do, and hangs up.
    Truncated(Vec<u8>),
    /// 302 to this address.
    Redirect(String),
    /// Takes the request and never answers.
    Silence,
    /// These bytes as they are, then others again and again with pauses in between, for as long as somebody listens.
    Endless {
        /// What comes first, head included.
        start: Vec<u8>,
        /// What comes after that, without end.
        again: Vec<u8>,
        /// How long to wait each time.
        pause: Duration,
    },
    /// This, but only after a while.
    Slow(Duration, Box<Reply>),
    /// The replies in turn; the last one stays.
    Sequence(Vec<Reply>),
}

/// One request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Path and query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// The server. Stops when dropped.
#[derive(Debug)]
pub struct Upstream {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    routes: Mutex<BTreeMap<String, Reply>>,
    received: Mutex<Vec<Received>>,
    stopped: AtomicBool,
}

impl Upstream {
    /// Starts to listen; every path is 404.
    #[expect(clippy::expect_used, reason = "a test without a loopback can't go on")]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("the loopback can be listened on");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let shared = Arc::new(Shared::default());
        let serving = shared.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if serving.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(connection) = connection else { break };
                let serving = serving.clone();
                std::thread::spawn(move || serve(connection, &serving));
            }
        });
        Self { address: format!("127.0.0.1:{port}"), shared }
    }

    /// Answers a path (query included) from now on.
    pub fn on(&self, path: &str, reply: Reply) {
        lock(&self.shared.routes).insert(path.to_owned(), reply);
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What came in so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener, so that its thread ends.
        let _ = TcpStream::connect(&self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request per connection: simple, and a client must cope with it.
fn serve(mut connection: TcpStream, shared: &Shared) {
    let Some(request) = read_request(&connection) else { return };
    let mut reply = match lock(&shared.routes).get_mut(&request.path) {
        Some(Reply::Sequence(replies)) if replies.len() > 1 => replies.remove(0),
        Some(Reply::Sequence(replies)) => replies.first().cloned().unwrap_or(Reply::Status(500)),
        Some(reply) => reply.clone(),
        None => Reply::Status(404),
    };
    let asked_tag = request.headers.get("if-none-match").cloned();
    lock(&shared.received).push(request);
    while let Reply::Slow(pause, then) = reply {
        std::thread::sleep(pause);
        reply = *then;
    }
    let _ = answer(&mut connection, &reply, asked_tag.as_deref());
}

fn answer(connection: &mut TcpStream, reply: &Reply, asked_tag: Option<&str>) -> std::io::Result<()> {
    let head = |status: u16, length: usize, more: &str| {
        format!("HTTP/1.1 {status} Answer\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n")
    };
    match reply {
        Reply::Body(body) => {
            let tag = format!(
                "\"{}\"",
                body.iter().fold(body.len() as u64, |sum, &byte| sum.wrapping_mul(31) + u64::from(byte))
            );
            if asked_tag == Some(&tag) {
                return connection.write_all(head(304, 0, "").as_bytes());
            }
            connection.write_all(head(200, body.len(), &format!("etag: {tag}\r\n")).as_bytes())?;
            connection.write_all(body)
        }
        Reply::Status(status) => connection.write_all(head(*status, 0, "").as_bytes()),
        Reply::Truncated(body) => {
            connection.write_all(head(200, body.len() + 1000, "").as_bytes())?;
            connection.write_all(body)
        }
        Reply::Redirect(to) => connection.write_all(head(302, 0, &format!("location: {to}\r\n")).as_bytes()),
        Reply::Silence => {
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Reply::Endless { start, again, pause } => {
            connection.write_all(start)?;
            loop {
                connection.write_all(again)?;
                std::thread::sleep(*pause);
            }
        }
        Reply::Slow(..) | Reply::Sequence(_) => connection.write_all(head(500, 0, "").as_bytes()),
    }
}

fn read_request(connection: &TcpStream) -> Option<Received> {
    let mut lines = BufReader::new(connection).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    Some(Received { path, headers })
}
