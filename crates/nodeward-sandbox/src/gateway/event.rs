//! What a gateway tells of the program inside.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// Something that the program inside did at the gateway.
///
/// The texts are of the program's own choosing, except that names hold printable ASCII only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkEvent {
    /// A name was asked for, the first time with this kind of record. Nobody outside was asked.
    NameAsked {
        /// In lower case, without the dot at its end; bytes that are no printable ASCII are written as `\DDD`.
        name: String,
        /// What was asked for.
        kind: RecordKind,
        /// What was answered.
        answer: NameAnswer,
    },
    /// A connection to a permitted host has ended.
    Connected {
        /// The name or the address.
        host: String,
        /// The port there.
        port: u16,
        /// How many bytes the program sent.
        bytes_out: u64,
        /// How many bytes it was sent.
        bytes_in: u64,
        /// From the moment that the host had answered.
        duration: Duration,
        /// Why it ended.
        ending: Ending,
    },
    /// A connection was not permitted, the first time to this host and port for this reason.
    Refused {
        /// The name or the address.
        host: String,
        /// The port there.
        port: u16,
        /// Why.
        refusal: Refusal,
    },
    /// A permitted connection could not be made, the first time to this host and port at this step.
    Failed {
        /// The name or the address.
        host: String,
        /// The port there.
        port: u16,
        /// What did not succeed.
        step: Step,
        /// The system's words for it, or the proxy's number.
        error: String,
    },
}

/// The number of a kind of record in the DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordKind(pub u16);

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            1 => "A",
            2 => "NS",
            5 => "CNAME",
            6 => "SOA",
            12 => "PTR",
            15 => "MX",
            16 => "TXT",
            28 => "AAAA",
            33 => "SRV",
            64 => "SVCB",
            65 => "HTTPS",
            255 => "ANY",
            other => return write!(f, "TYPE{other}"),
        })
    }
}

/// What was answered to a question for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameAnswer {
    /// An address of the gateway's, behind which the host is.
    Address,
    /// The name is permitted, but it was not its IPv4 address that was asked for.
    NothingOfThatKind,
    /// No rule permits the name: there is no such name, it was said.
    Denied,
    /// A rule permits the name, but there have been too many names below it.
    TooMany,
}

/// Why a connection was not permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It was made to an address that stands for no permitted host.
    UnknownAddress,
    /// The host is permitted, but not at this port.
    Port,
    /// The name stands for no address of the public internet, but for this one among others.
    PrivateAddress(IpAddr),
    /// The name stands for this address among others, which is public, and this machine's own.
    OwnAddress(IpAddr),
    /// As much as was permitted has been sent and received.
    BytesSpent,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAddress => f.write_str("no permitted host has this address"),
            Self::Port => f.write_str("this port of the host is not permitted"),
            Self::PrivateAddress(address) => {
                write!(
                    f,
                    "the name stands for {address}, which is no public address: permit that address as well, if it is the right one"
                )
            }
            Self::OwnAddress(address) => {
                write!(
                    f,
                    "the name stands for {address}, which is this machine itself: permit that address as well, if it is the right one"
                )
            }
            Self::BytesSpent => f.write_str("as much as is permitted has been sent and received"),
        }
    }
}

/// What did not succeed on the way to a permitted host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// This machine could not look after one more connection.
    Accept,
    /// The name could not be resolved.
    Resolve,
    /// Nobody answered at the addresses, or at those of the proxy.
    Dial,
    /// The proxy would not connect to the host.
    Proxy,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "taking the connection",
            Self::Resolve => "looking up the name",
            Self::Dial => "connecting",
            Self::Proxy => "connecting through the proxy",
        })
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Both ends had said all that they wanted to say.
    Closed,
    /// Neither end said anything for too long.
    Idle,
    /// As much as is permitted had been sent and received.
    BytesSpent,
    /// One end broke it off.
    Broken,
    /// The gateway was stopped.
    Stopped,
}

/// What went to one host and port, and came from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The name or the address.
    pub host: String,
    /// The port there.
    pub port: u16,
    /// How many connections there were.
    pub connections: u64,
    /// How many bytes the program sent.
    pub bytes_out: u64,
    /// How many bytes it was sent.
    pub bytes_in: u64,
}

/// All that happened at a gateway, the events that were too many to be told counted too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkSummary {
    /// By host and port, in order.
    pub traffic: Vec<Traffic>,
    /// How many questions for names were answered with an address, or with nothing of the kind asked for.
    pub names_answered: u64,
    /// How many questions for names were denied.
    pub names_denied: u64,
    /// How many connections were not permitted.
    pub refused: u64,
    /// How many permitted connections could not be made.
    pub failed: u64,
    /// How many events differed from all before them and were not told, because there had been enough. One that came
    /// again may count again; every connection is one.
    pub left_out: u64,
}
