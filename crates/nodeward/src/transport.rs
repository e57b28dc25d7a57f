//! HTTP: downloads of feeds, and questions to the user's registry.
//!
//! Only GET, so every request may be tried again. Nothing is set up before the first request: a run that needs no
//! network pays nothing for it. Text of an error never holds a credential.

mod watch;

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nodeward_package::npm_config::{Environment, NpmConfig};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, DefaultConnector};

use self::watch::{Watch, Watched};

/// Who sends less than this on average would need days for a feed.
const LEAST_BYTES_PER_SECOND: f64 = 1024.0;

/// How long to wait and how often to try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For the connection, TLS included.
    pub(crate) connect: Duration,
    /// For the head of an answer, and between any two bytes of what it holds: what surrounds them can go on without
    /// end.
    pub(crate) silence: Duration,
    /// For everything that one [`Transport`] is asked.
    pub(crate) total: Duration,
    /// How often to try.
    pub(crate) attempts: u32,
}

impl Patience {
    /// For what the user asked for.
    pub(crate) const ASKED: Self = Self {
        connect: Duration::from_secs(10),
        silence: Duration::from_secs(30),
        total: Duration::from_secs(30 * 60),
        attempts: 3,
    };
    /// For what nobody asked for: the index of a first run. A machine without network is not kept waiting.
    pub(crate) const UNASKED: Self = Self { connect: Duration::from_secs(3), attempts: 1, ..Self::ASKED };
}

/// Who is asked; decides which of the user's settings hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The registry of npm's configuration: its tokens, authorities and `strict-ssl` hold.
    Registry,
    /// An advisory feed: never a token, always with certificates checked.
    Feed,
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// Where.
    pub(crate) url: &'a str,
    /// Who is asked.
    pub(crate) audience: Audience,
    /// The media type wanted.
    pub(crate) accept: &'a str,
    /// What an earlier answer said of itself, to be told when nothing changed.
    pub(crate) known: Option<&'a Validators>,
    /// The most bytes to take, after decompression.
    pub(crate) limit: u64,
}

/// What an answer says of itself, to be able to ask whether it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Validators {
    /// `ETag`.
    pub(crate) etag: Option<String>,
    /// `Last-Modified`.
    pub(crate) last_modified: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// What was asked for.
    Fresh(T, Validators),
    /// The same as when [`Request::known`] was given.
    Unchanged,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {problem}")]
pub(crate) struct TransportError {
    /// The address, without credentials.
    url: String,
    /// What went wrong.
    pub(crate) problem: Problem,
}

impl TransportError {
    /// Who did not answer, and why, without the rest of the address.
    pub(crate) fn in_short(&self) -> String {
        let host = self.url.split("://").last().and_then(|rest| rest.split('/').next()).unwrap_or_default();
        format!("{host}: {}", self.problem)
    }
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
    /// The server refused.
    #[error("the server answered {0}{hint}", hint = status_hint(*.0))]
    Status(u16),
    /// The answer does not end.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// The answer comes, but would take days.
    #[error("the answer comes too slowly")]
    TooSlow,
    /// All of [`Patience::total`] is used up.
    #[error("no answer in all the time there was")]
    TooLate,
    /// The request can't be made.
    #[error("{0}")]
    Setup(String),
    /// The answer can't be stored here.
    #[error("cannot store the answer: {0}")]
    Store(io::Error),
}

impl Problem {
    /// Whether trying again could help.
    fn is_passing(&self) -> bool {
        match self {
            Self::Connection(_) => true,
            Self::Status(status) => *status == 408 || *status == 429 || *status >= 500,
            Self::TooLarge(_) | Self::TooSlow | Self::TooLate | Self::Setup(_) | Self::Store(_) => false,
        }
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        401 => " (not logged in, or the token is wrong)",
        403 => " (not allowed)",
        404 => " (not found)",
        407 => " (the proxy wants a login)",
        429 => " (too many requests)",
        500..=599 => " (its fault, not yours; try again later)",
        _ => "",
    }
}

/// Called with the bytes read so far and the bytes expected, if the server says.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// Asks over HTTP.
#[derive(Debug)]
pub(crate) struct Transport<'a> {
    npm: &'a NpmConfig,
    environment: &'a Environment,
    patience: Patience,
    started: Instant,
    /// Those with nothing to do.
    clients: Mutex<Vec<Client>>,
}

/// Asks one thing at a time, and keeps the connection.
#[derive(Debug)]
struct Client {
    audience: Audience,
    proxy: Option<String>,
    agent: ureq::Agent,
    watch: Arc<Watch>,
}

impl<'a> Transport<'a> {
    /// Sets nothing up yet.
    pub(crate) fn new(npm: &'a NpmConfig, environment: &'a Environment, patience: Patience) -> Self {
        Self { npm, environment, patience, started: Instant::now(), clients: Mutex::default() }
    }

    /// Asks for something small.
    pub(crate) fn bytes(&self, request: &Request<'_>) -> Result<Answer<Vec<u8>>, TransportError> {
        self.bytes_with(request, &mut |_, _| {})
    }

    /// The same, and says how far it is.
    pub(crate) fn bytes_with(
        &self,
        request: &Request<'_>,
        progress: Progress<'_>,
    ) -> Result<Answer<Vec<u8>>, TransportError> {
        let mut bytes = Vec::new();
        Ok(match self.fetch(request, &mut bytes, progress)? {
            Answer::Fresh((), validators) => Answer::Fresh(bytes, validators),
            Answer::Unchanged => Answer::Unchanged,
        })
    }

    /// Asks for something large.
    pub(crate) fn file(
        &self,
        request: &Request<'_>,
        file: &mut std::fs::File,
        progress: Progress<'_>,
    ) -> Result<Answer<()>, TransportError> {
        self.fetch(request, file, progress)
    }

    fn fetch(
        &self,
        request: &Request<'_>,
        sink: &mut dyn Sink,
        progress: Progress<'_>,
    ) -> Result<Answer<()>, TransportError> {
        let mut attempt = 1;
        loop {
            match self.fetch_once(request, sink, progress) {
                Ok(answer) => return Ok(answer),
                Err(problem) if problem.is_passing() && attempt < self.patience.attempts => {
                    std::thread::sleep(Duration::from_millis(200) * 4_u32.pow(attempt - 1));
                    attempt += 1;
                }
                Err(problem) => {
                    return Err(TransportError { url: without_credentials(request.url), problem });
                }
            }
        }
    }

    fn fetch_once(
        &self,
        request: &Request<'_>,
        sink: &mut dyn Sink,
        progress: Progress<'_>,
    ) -> Result<Answer<()>, Problem> {
        let client = self.client(request)?;
        let answer = self.ask(&client, request, sink, progress)?;
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        Ok(answer)
    }

    fn ask(
        &self,
        client: &Client,
        request: &Request<'_>,
        sink: &mut dyn Sink,
        progress: Progress<'_>,
    ) -> Result<Answer<()>, Problem> {
        let left = self.patience.total.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            return Err(Problem::TooLate);
        }
        // Once the conversation is encrypted it stays so, redirects included.
        let encrypted = request.url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        let get = client.agent.get(request.url).config();
        let mut get = get.https_only(encrypted).timeout_global(Some(left)).build();
        get = get.header("accept", request.accept);
        if request.audience == Audience::Registry
            && let Some(credentials) = self.npm.credentials_for(request.url)
        {
            get = get.header("authorization", credentials.authorization());
        }
        if let Some(known) = request.known {
            for (name, value) in [("if-none-match", &known.etag), ("if-modified-since", &known.last_modified)]
            {
                // What was noted down beside the index can be anything by now.
                if let Some(value) = value.as_ref().filter(|value| is_header_value(value)) {
                    get = get.header(name, value);
                }
            }
        }
        let mut response = get.call().map_err(problem)?;
        match response.status().as_u16() {
            304 if request.known.is_some() => return Ok(Answer::Unchanged),
            200 => {}
            status => return Err(Problem::Status(status)),
        }
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let validators = Validators { etag: header("etag"), last_modified: header("last-modified") };
        let expected = response.body().content_length();
        if expected.is_some_and(|length| length > request.limit) {
            return Err(Problem::TooLarge(request.limit));
        }
        sink.restart().map_err(Problem::Store)?;
        copy(
            &mut response.body_mut().with_config().limit(u64::MAX).reader(),
            sink,
            request.limit,
            self.patience.silence,
            &mut |read| {
                client.watch.progress();
                progress(read, expected);
            },
        )?;
        Ok(Answer::Fresh((), validators))
    }

    fn client(&self, request: &Request<'_>) -> Result<Client, Problem> {
        let proxy = self.npm.proxy_for(request.url, self.environment);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |client: &Client| client.audience == request.audience && client.proxy.as_deref() == proxy;
        if let Some(known) = clients.iter().position(fits) {
            return Ok(clients.swap_remove(known));
        }
        drop(clients);
        let watch = Arc::new(Watch::new(self.patience.silence));
        let agent = self.new_agent(request.audience, proxy, watch.clone())?;
        Ok(Client { audience: request.audience, proxy: proxy.map(str::to_owned), agent, watch })
    }

    fn new_agent(
        &self,
        audience: Audience,
        proxy: Option<&str>,
        watch: Arc<Watch>,
    ) -> Result<ureq::Agent, Problem> {
        let proxy = proxy
            .map(|proxy| {
                ureq::Proxy::new(proxy).map_err(|_| {
                    Problem::Setup(format!("the proxy {} is no address", without_credentials(proxy)))
                })
            })
            .transpose()?;
        let config = ureq::Agent::config_builder()
            .user_agent(concat!("nodeward/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(5)
            // A token is meant for one host only.
            .redirect_auth_headers(ureq::config::RedirectAuthHeaders::SameHost)
            .proxy(proxy)
            .tls_config(self.tls(audience)?)
            .timeout_connect(Some(self.patience.connect))
            .timeout_recv_response(Some(self.patience.silence))
            .timeout_per_read(Some(self.patience.silence))
            .build();
        let connector = DefaultConnector::default().chain(Watched { watch });
        Ok(ureq::Agent::with_parts(config, connector, DefaultResolver::default()))
    }

    /// Which authorities are trusted. As in Node.js: Mozilla's, and those of `NODE_EXTRA_CA_CERTS`; for the
    /// registry npm's `ca` and `cafile` take their place.
    fn tls(&self, audience: Audience) -> Result<TlsConfig, Problem> {
        let mut own = Vec::new();
        if audience == Audience::Registry {
            for pem in self.npm.ca() {
                own.extend(certificates(pem.as_bytes(), "npm's `ca` setting")?);
            }
            if let Some(cafile) = self.npm.cafile() {
                own.extend(certificates_of(&cafile.value)?);
            }
        }
        let extra =
            self.environment.iter().find(|(name, value)| name == "NODE_EXTRA_CA_CERTS" && !value.is_empty());
        if let Some((_, file)) = extra {
            if own.is_empty() {
                own.extend(
                    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| Certificate::from_der(der)),
                );
            }
            own.extend(certificates_of(file)?);
        }
        let roots = if own.is_empty() { RootCerts::WebPki } else { RootCerts::Specific(Arc::new(own)) };
        let unchecked = audience == Audience::Registry && !self.npm.strict_ssl();
        Ok(TlsConfig::builder().root_certs(roots).disable_verification(unchecked).build())
    }
}

fn is_header_value(value: &str) -> bool {
    value.len() <= 1024 && value.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn certificates_of(file: &str) -> Result<Vec<Certificate<'static>>, Problem> {
    let pem = std::fs::read(file)
        .map_err(|error| Problem::Setup(format!("cannot read the authorities {file}: {error}")))?;
    certificates(&pem, file)
}

fn certificates(pem: &[u8], origin: &str) -> Result<Vec<Certificate<'static>>, Problem> {
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(_) => return Err(Problem::Setup(format!("{origin} holds a broken certificate"))),
        }
    }
    if found.is_empty() {
        return Err(Problem::Setup(format!("{origin} holds no certificate")));
    }
    Ok(found)
}

fn problem(error: ureq::Error) -> Problem {
    match error {
        ureq::Error::StatusCode(status) => Problem::Status(status),
        ureq::Error::HostNotFound => Problem::Connection("the host is not known".to_owned()),
        ureq::Error::ConnectionFailed => Problem::Connection("no connection".to_owned()),
        ureq::Error::Timeout(ureq::Timeout::Global) => Problem::TooLate,
        ureq::Error::Timeout(ureq::Timeout::RecvBody) => Problem::TooSlow,
        ureq::Error::Timeout(_) => Problem::Connection("no answer in time".to_owned()),
        ureq::Error::Io(error) => Problem::Connection(error.to_string()),
        ureq::Error::Protocol(error) => Problem::Connection(format!("the answer is not HTTP: {error}")),
        ureq::Error::TooManyRedirects => {
            Problem::Setup("too many redirects, or one to no web address".to_owned())
        }
        ureq::Error::RequireHttpsOnly(_) => Problem::Setup(
            "refused to follow a redirect from https to an address without encryption".to_owned(),
        ),
        error => Problem::Setup(error.to_string()),
    }
}

/// Something to write an answer to, from the start again where a first try broke off.
trait Sink: Write {
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

impl Sink for std::fs::File {
    fn restart(&mut self) -> io::Result<()> {
        self.set_len(0)?;
        self.seek(SeekFrom::Start(0)).map(drop)
    }
}

fn copy(
    from: &mut dyn Read,
    to: &mut dyn Sink,
    limit: u64,
    period: Duration,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Problem> {
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    // Any byte breaks the silence; whether they get anywhere is asked once in a period.
    let (mut since, mut read_before) = (Instant::now(), 0);
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken_off(error)),
        };
        read += count as u64;
        if read > limit {
            return Err(Problem::TooLarge(limit));
        }
        to.write_all(&buffer[..count]).map_err(Problem::Store)?;
        progress(read);
        let elapsed = since.elapsed();
        if elapsed >= period {
            if ((read - read_before) as f64) < elapsed.as_secs_f64() * LEAST_BYTES_PER_SECOND {
                return Err(Problem::TooSlow);
            }
            (since, read_before) = (Instant::now(), read);
        }
    }
}

fn broken_off(error: io::Error) -> Problem {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    match cause {
        Some(ureq::Error::Timeout(ureq::Timeout::Global)) => Problem::TooLate,
        Some(ureq::Error::Timeout(ureq::Timeout::RecvBody)) => Problem::TooSlow,
        _ => Problem::Connection(format!("the answer broke off: {error}")),
    }
}

/// An address without user, password and query, any of which can be a secret.
pub(crate) fn without_credentials(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte, at once.
    struct Trickle;

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(1));
            buffer[0] = b'x';
            Ok(1)
        }
    }

    #[test]
    fn an_answer_that_trickles_is_given_up() {
        let period = Duration::from_millis(30);
        let copied = copy(&mut Trickle, &mut Vec::new(), u64::MAX, period, &mut |_| {});
        assert!(matches!(copied, Err(Problem::TooSlow)), "{copied:?}");
        let copied = copy(&mut io::repeat(0), &mut Vec::new(), 1 << 20, Duration::ZERO, &mut |_| {});
        assert!(matches!(copied, Err(Problem::TooLarge(_))), "{copied:?}");
    }

    #[test]
    fn what_surrounds_an_answer_has_to_end() {
        let upstream = nodeward_testkit::Upstream::start();
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
        // A stored block of nothing, again and again.
        let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        let packed = format!("{chunked}content-encoding: gzip\r\n\r\na\r\n");
        let moved = "HTTP/1.1 302 Moved\r\nlocation: /ok\r\ntransfer-encoding: chunked\r\n\r\n";
        for (path, start, again) in [
            ("/trailers", format!("{chunked}\r\n2\r\nok\r\n0\r\n").into_bytes(), &b"x: y\r\n"[..]),
            ("/headers", b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n"),
            ("/line", b"HTTP/1.1 200 OK\r\nx: ".to_vec(), b"y"),
            ("/packed", [packed.as_bytes(), &gzip, b"\r\n"].concat(), b"5\r\n\x00\x00\x00\xff\xff\r\n"),
            ("/informs", Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            ("/moved", moved.as_bytes().to_vec(), b"1\r\nx\r\n"),
        ] {
            let pause = Duration::from_millis(5);
            upstream.on(path, nodeward_testkit::Reply::Endless { start, again: again.to_vec(), pause });
            let (npm, url) = (NpmConfig::default(), upstream.url(path));
            let request =
                Request { url: &url, audience: Audience::Feed, accept: "*/*", known: None, limit: 1 << 20 };
            let silence = Duration::from_millis(300);
            let patience = Patience { silence, attempts: 1, ..Patience::ASKED };
            let started = Instant::now();
            let result = Transport::new(&npm, &[], patience).bytes(&request);
            assert!(result.is_err(), "{path}: {result:?}");
            assert!(started.elapsed() < Duration::from_secs(10), "{path}: {result:?}");
        }
    }

    #[test]
    fn patience_is_for_all_requests_together() {
        let upstream = nodeward_testkit::Upstream::start();
        upstream.on("/all.zip", nodeward_testkit::Reply::Body(b"x".to_vec()));
        let (npm, url) = (NpmConfig::default(), upstream.url("/all.zip"));
        let request = Request { url: &url, audience: Audience::Feed, accept: "*/*", known: None, limit: 10 };
        let ask = |total| Transport::new(&npm, &[], Patience { total, ..Patience::ASKED }).bytes(&request);
        assert!(ask(Duration::from_secs(60)).is_ok());
        let error = ask(Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), format!("{url}: no answer in all the time there was"));
    }

    #[test]
    fn addresses_are_shown_without_secrets() {
        for (url, shown) in [
            ("https://u:p@registry.example.org/a?token=x#y", "https://registry.example.org/a"),
            ("http://registry.example.org", "http://registry.example.org"),
            ("https://u:p@x@host/a@b", "https://host/a@b"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }
}
