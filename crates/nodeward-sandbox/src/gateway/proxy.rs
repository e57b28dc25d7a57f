//! The HTTP proxy that a company may have between its machines and the internet.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, TcpStream};
use std::str::FromStr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::rule::{HostRuleError, parse_name, split_port};

/// The longest answer to `CONNECT` that is read.
const ANSWER: usize = 8 * 1024;

/// An HTTP proxy that connects to hosts by name (`CONNECT`).
///
/// It is written as in `HTTPS_PROXY`: `http://proxy.example.org:3128`, with `user:password@` before the host where it
/// asks for them. They are never shown again.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamProxy {
    host: String,
    port: u16,
    /// What follows `Basic` in the header.
    credentials: Option<String>,
}

/// Why a text names no proxy that could be used. It never says what was written, which may hold a password.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpstreamProxyError {
    /// Spoken to in another way than plain HTTP.
    #[error("only proxies at http:// are spoken to")]
    Scheme,
    /// Something follows the host and port.
    #[error("the URL of a proxy ends after its host and port")]
    Path,
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("in a proxy's user or password, a percent sign is followed by two hexadecimal digits")]
    Escape,
    /// The host is none, or the port.
    #[error("the URL of a proxy names no valid host and port")]
    Host,
}

/// Why the proxy has not connected to the host.
#[derive(Debug, Error)]
pub(super) enum ProxyError {
    #[error("the proxy answered {0}")]
    Status(u16),
    #[error("the proxy did not answer as a proxy does")]
    NotHttp,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FromStr for UpstreamProxy {
    type Err = UpstreamProxyError;

    fn from_str(text: &str) -> Result<Self, UpstreamProxyError> {
        let rest = text.strip_prefix("http://").ok_or(UpstreamProxyError::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(UpstreamProxyError::Path);
        }
        let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        let (host, port) = split_port(place).map_err(|_| UpstreamProxyError::Host)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare.unwrap_or(host).parse::<IpAddr>() {
            Ok(address) if address.is_ipv6() == bare.is_some() => address.to_string(),
            _ => parse_name(host).map_err(|_: HostRuleError| UpstreamProxyError::Host)?,
        };
        let credentials = user.map(basic).transpose()?;
        Ok(Self { host, port: port.unwrap_or(80), credentials })
    }
}

impl fmt::Debug for UpstreamProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpstreamProxy({self})")
    }
}

impl fmt::Display for UpstreamProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "http://{open}{}{close}:{}", self.host, self.port)
    }
}

/// `user:password` of a URL as the header has it.
fn basic(user: &str) -> Result<String, UpstreamProxyError> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain = unescaped(name)?;
    plain.push(b':');
    plain.extend(unescaped(password)?);
    Ok(STANDARD.encode(plain))
}

fn unescaped(text: &str) -> Result<Vec<u8>, UpstreamProxyError> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(UpstreamProxyError::Escape) };
        plain.push((high * 16 + low) as u8);
    }
    Ok(plain)
}

impl UpstreamProxy {
    /// The host and port of the proxy itself.
    pub(super) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// Asks the proxy at the other end of `stream` for a connection to `target`, and waits for its word.
    pub(super) fn connect(
        &self,
        mut stream: &TcpStream,
        target: &super::hosts::Target,
        time: Duration,
    ) -> Result<(), ProxyError> {
        let start = Instant::now();
        stream.set_write_timeout(Some(time.max(Duration::from_millis(1))))?;
        stream.write_all(self.request(target).as_bytes())?;
        let mut answer = Vec::new();
        // Byte by byte: what follows the answer belongs to the program inside.
        while !answer.ends_with(b"\r\n\r\n") {
            let left = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
            stream.set_read_timeout(Some(left.ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))?))?;
            let mut byte = [0];
            if stream.read(&mut byte)? == 0 || answer.len() >= ANSWER {
                return Err(ProxyError::NotHttp);
            }
            answer.push(byte[0]);
        }
        match status(&answer) {
            Some(200..=299) => Ok(()),
            Some(other) => Err(ProxyError::Status(other)),
            None => Err(ProxyError::NotHttp),
        }
    }

    fn request(&self, target: &super::hosts::Target) -> String {
        let place = target.to_string();
        let credentials = self.credentials.as_ref();
        let credentials = credentials.map(|basic| format!("Proxy-Authorization: Basic {basic}\r\n"));
        format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{}\r\n", credentials.unwrap_or_default())
    }
}

/// The number in the first line of an answer, `HTTP/1.1 200 Connection established`.
fn status(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?.get(1..)?.strip_prefix(b" ")?;
    let (digits, rest) = rest.split_first_chunk::<3>()?;
    let ends = rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\r'));
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|_| ends)
}
