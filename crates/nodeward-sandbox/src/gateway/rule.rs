//! What a policy writes to permit a host: a name, every name below one, or an address.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

/// The ports of a rule that names none: HTTPS and HTTP.
const USUAL_PORTS: [u16; 2] = [443, 80];

/// The longest name that the DNS can carry, written with dots.
const MAX_NAME: usize = 253;

/// The longest part of a name between two dots.
const MAX_LABEL: usize = 63;

/// A host that may be reached, and at which ports.
///
/// `example.org` is that name alone, `*.example.org` every name below it but not itself, `10.1.2.3` and `[fd00::1]`
/// are addresses; each may end in a port, as in `example.org:8443`, and permits 443 and 80 if it doesn't. Names are
/// taken without regard to case and to a dot at their end. A name in another script has to be written as it is
/// asked for (`xn--…`), so that two names that look alike are told apart by whoever reads the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    host: RuleHost,
    /// Without it, the usual ones.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RuleHost {
    Name(Box<str>),
    /// Every name that ends in a dot and this.
    Below(Box<str>),
    Address(IpAddr),
}

/// Why a text names no host that could be permitted.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostRuleError {
    /// There is nothing.
    #[error("no host is named")]
    Empty,
    /// A scheme, a path or a user came along.
    #[error("{text:?} is a URL: name only its host, as in example.org or example.org:8443")]
    Url {
        /// What was written.
        text: String,
    },
    /// A name outside of ASCII.
    #[error("{text:?} is not in ASCII: write it as it is asked for in the DNS, where it starts with xn--")]
    NotAscii {
        /// What was written.
        text: String,
    },
    /// A character that no name has.
    #[error("{text:?}: no name of a host has {character:?}")]
    Character {
        /// What was written.
        text: String,
        /// The first such character.
        character: char,
    },
    /// A part between dots that is empty, too long, or starts or ends with a hyphen.
    #[error("{text:?}: between dots stand 1 to 63 characters, with no hyphen at either end")]
    Label {
        /// What was written.
        text: String,
    },
    /// More characters than the DNS carries.
    #[error("a name of {length} characters: a name has at most 253")]
    TooLong {
        /// How many they are.
        length: usize,
    },
    /// The star stands somewhere else than at the start, or takes in a whole top level.
    #[error(
        "{text:?}: a star stands only at the start, as in *.example.org, with two names after it or more"
    )]
    Star {
        /// What was written.
        text: String,
    },
    /// The end of the name is a number, but it is no address.
    #[error("{text:?} is neither a name nor a whole address")]
    Number {
        /// What was written.
        text: String,
    },
    /// What follows the colon is no port.
    #[error("{port:?} is not a port: ports are the numbers from 1 to 65535")]
    Port {
        /// What was written.
        port: String,
    },
    /// A program inside would find itself under this name.
    #[error("localhost is the sandbox itself to the program inside: name the address, as in 127.0.0.1:5432")]
    Localhost,
    /// An address of nobody or of many.
    #[error("{address} is not the address of one host")]
    Address {
        /// The address.
        address: IpAddr,
    },
}

impl HostRule {
    /// Whether a name may be asked for: lower-case, with no dot at its end.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match &self.host {
            RuleHost::Name(host) => **host == *name,
            RuleHost::Below(host) => {
                // What stands before the known part was chosen by whoever asks: it is handed on to a resolver and
                // to a proxy, so it has to be a plain name.
                let below = name.strip_suffix(&**host).and_then(|rest| rest.strip_suffix('.'));
                below.is_some_and(|rest| rest.split('.').all(is_asked_label)) && name.len() <= MAX_NAME
            }
            RuleHost::Address(_) => false,
        }
    }

    /// Whether connections to a port are permitted.
    #[must_use]
    pub fn permits_port(&self, port: u16) -> bool {
        self.port.map_or(USUAL_PORTS.contains(&port), |only| only == port)
    }

    /// The ports that are permitted.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        let usual = if self.port.is_none() { &USUAL_PORTS[..] } else { &[] };
        self.port.into_iter().chain(usual.iter().copied())
    }

    /// The address that the rule names, where it names one.
    ///
    /// A program inside connects to it without asking for a name: for its connections to arrive, the address has to
    /// be one of the namespace's own.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        if let RuleHost::Address(address) = self.host { Some(address) } else { None }
    }

    /// The name that the rule names, where it names just one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        if let RuleHost::Name(name) = &self.host { Some(name) } else { None }
    }
}

/// Every port that some rule permits: one listener each is needed.
#[must_use]
pub fn permitted_ports(rules: &[HostRule]) -> BTreeSet<u16> {
    rules.iter().flat_map(HostRule::ports).collect()
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            RuleHost::Name(name) => f.write_str(name)?,
            RuleHost::Below(name) => write!(f, "*.{name}")?,
            RuleHost::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            RuleHost::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for HostRule {
    type Err = HostRuleError;

    fn from_str(text: &str) -> Result<Self, HostRuleError> {
        if text.is_empty() {
            return Err(HostRuleError::Empty);
        }
        if text.contains("://") || text.contains(['/', '@', '?', '#']) {
            return Err(HostRuleError::Url { text: text.to_owned() });
        }
        // Without brackets a port could not be told from the last group of an IPv6 address: there is none.
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self { host: one_address(address.into())?, port: None });
        }
        let (host, port) = split_port(text)?;
        Ok(Self { host: parse_host(host)?, port })
    }
}

/// A host and the port after it, if there is one. An IPv6 address keeps its brackets.
pub(super) fn split_port(text: &str) -> Result<(&str, Option<u16>), HostRuleError> {
    let bracket = text.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = text[bracket..].find(':') else { return Ok((text, None)) };
    let (host, port) = (&text[..bracket + colon], &text[bracket + colon + 1..]);
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number) if is_number && number > 0 => Ok((host, Some(number))),
        _ => Err(HostRuleError::Port { port: port.to_owned() }),
    }
}

fn parse_host(text: &str) -> Result<RuleHost, HostRuleError> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address = inner.parse::<Ipv6Addr>();
        let address = address.map_err(|_| HostRuleError::Number { text: text.to_owned() })?;
        return one_address(address.into());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return one_address(address);
    }
    let Some(below) = text.strip_prefix("*.") else {
        let name = parse_name(text)?;
        return if name == "localhost" || name.ends_with(".localhost") {
            Err(HostRuleError::Localhost)
        } else {
            Ok(RuleHost::Name(name.into()))
        };
    };
    let star = || HostRuleError::Star { text: text.to_owned() };
    let below = if below.contains('*') { Err(star()) } else { parse_name(below) }?;
    if below.contains('.') { Ok(RuleHost::Below(below.into())) } else { Err(star()) }
}

fn one_address(address: IpAddr) -> Result<RuleHost, HostRuleError> {
    let address = address.to_canonical();
    let nobody = address.is_unspecified() || address.is_multicast();
    if nobody || address == IpAddr::from([255; 4]) {
        return Err(HostRuleError::Address { address });
    }
    Ok(RuleHost::Address(address))
}

/// A name in lower case, without the dot at its end.
pub(super) fn parse_name(text: &str) -> Result<String, HostRuleError> {
    let owned = || text.to_owned();
    if text.contains('*') {
        return Err(HostRuleError::Star { text: owned() });
    }
    if !text.is_ascii() {
        return Err(HostRuleError::NotAscii { text: owned() });
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if name.is_empty() {
        return Err(HostRuleError::Empty);
    }
    if let Some(character) = name.chars().find(|&character| character != '.' && !is_asked(character)) {
        return Err(HostRuleError::Character { text: owned(), character });
    }
    if name.len() > MAX_NAME {
        return Err(HostRuleError::TooLong { length: name.len() });
    }
    if !name.split('.').all(|label| is_asked_label(label) && !label.starts_with('-') && !label.ends_with('-'))
    {
        return Err(HostRuleError::Label { text: owned() });
    }
    // Resolvers take `127.1` and `0x7f000001` for addresses.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Err(HostRuleError::Number { text: owned() });
    }
    Ok(name)
}

fn is_asked_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len()) && label.chars().all(is_asked)
}

/// Underscores are no part of a host's name by the letter, and are used all the same.
fn is_asked(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_')
}
