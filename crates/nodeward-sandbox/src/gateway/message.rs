//! One question of the DNS, read from a datagram, and the answer to it (RFC 1035).
//!
//! Only the header and the question are read: whatever stands after them is neither needed nor looked at. Nothing
//! here allocates by what a header says. This file uses the standard library alone, so that it can be fuzzed alone.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

/// What every message starts with.
const HEADER: usize = 12;
/// The longest name, as it is sent.
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

const RESPONSE: u16 = 0x8000;
const OPERATION: u16 = 0x7800;
const AUTHORITATIVE: u16 = 0x0400;
const RECURSION_DESIRED: u16 = 0x0100;
const RECURSION_AVAILABLE: u16 = 0x0080;

const KIND_A: u16 = 1;
const CLASS_INTERNET: u16 = 1;
const CLASS_ANY: u16 = 255;

/// How many seconds an address may be remembered: it stays the same for as long as the gateway is there.
const TIME_TO_LIVE: u32 = 60;

/// What a datagram turns out to be.
#[derive(Debug)]
pub(super) enum Datagram<'a> {
    Query(Query<'a>),
    /// A question that can't be answered: this is sent back.
    Fault([u8; HEADER]),
    /// An answer, or too short to be either.
    Nothing,
}

/// One question.
#[derive(Debug)]
pub(super) struct Query<'a> {
    id: u16,
    flags: u16,
    /// The question as it was sent, to be sent back letter for letter.
    question: &'a [u8],
    name: String,
    kind: u16,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Address(Ipv4Addr),
    /// The name is there, but nothing of the kind that was asked for.
    NothingOfThatKind,
    NoSuchName,
    Failure,
}

#[derive(Clone, Copy)]
enum Code {
    Good = 0,
    Format = 1,
    Failure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// Reads a datagram.
pub(super) fn read(bytes: &[u8]) -> Datagram<'_> {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Datagram::Nothing };
    let [id, flags, questions] = [0, 2, 4].map(|at| u16::from_be_bytes([header[at], header[at + 1]]));
    // An answer to an answer could go round for ever.
    if flags & RESPONSE != 0 {
        return Datagram::Nothing;
    }
    let fault = |code| Datagram::Fault(reply_header(id, flags, code, 0, 0));
    if flags & OPERATION != 0 {
        return fault(Code::NotImplemented);
    }
    if questions != 1 {
        return fault(Code::Format);
    }
    let Some((name, length)) = read_name(rest) else { return fault(Code::Format) };
    let Some(&[kind_high, kind_low, class_high, class_low]) = rest[length..].first_chunk::<4>() else {
        return fault(Code::Format);
    };
    if !matches!(u16::from_be_bytes([class_high, class_low]), CLASS_INTERNET | CLASS_ANY) {
        return fault(Code::Refused);
    }
    let kind = u16::from_be_bytes([kind_high, kind_low]);
    Datagram::Query(Query { id, flags, question: &rest[..length + 4], name, kind })
}

/// The name at the start of some bytes, and how many of them it takes. A first name refers to no other, so a
/// compressed one is a fault.
fn read_name(bytes: &[u8]) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut at = 0;
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            return Some((name, at));
        }
        let label = bytes.get(at..at + length).filter(|_| length <= MAX_LABEL)?;
        at += length;
        // The empty label at the end counts too.
        if at + 1 > MAX_NAME {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        label.iter().for_each(|&byte| show(byte, &mut name));
    }
}

/// Writes a byte of a label as zone files do, so that no two labels look the same: `\.` is no dot between labels.
fn show(byte: u8, name: &mut String) {
    match byte {
        b'.' | b'\\' => {
            name.push('\\');
            name.push(char::from(byte));
        }
        b'!'..=b'~' => name.push(char::from(byte.to_ascii_lowercase())),
        _ => {
            let _ = write!(name, "\\{byte:03}");
        }
    }
}

fn reply_header(id: u16, flags: u16, code: Code, questions: u16, answers: u16) -> [u8; HEADER] {
    // Without "recursion available", resolvers take an answer with nothing in it for a reference to elsewhere.
    let flags = RESPONSE
        | AUTHORITATIVE
        | RECURSION_AVAILABLE
        | (flags & (OPERATION | RECURSION_DESIRED))
        | u16::from(code as u8);
    let mut header = [0; HEADER];
    for (at, value) in [id, flags, questions, answers].into_iter().enumerate() {
        header[at * 2..at * 2 + 2].copy_from_slice(&value.to_be_bytes());
    }
    header
}

impl Query<'_> {
    /// The name in lower case, without the dot at its end; what is no printable ASCII is written as `\DDD`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The number of the kind of record that is asked for.
    pub(super) fn kind(&self) -> u16 {
        self.kind
    }

    /// Whether it is an IPv4 address that is asked for.
    pub(super) fn asks_for_address(&self) -> bool {
        self.kind == KIND_A
    }

    /// The message to send back.
    pub(super) fn reply(&self, answer: Answer) -> Vec<u8> {
        let (code, address) = match answer {
            Answer::Address(address) => (Code::Good, Some(address)),
            Answer::NothingOfThatKind => (Code::Good, None),
            Answer::NoSuchName => (Code::NoSuchName, None),
            Answer::Failure => (Code::Failure, None),
        };
        let mut reply = reply_header(self.id, self.flags, code, 1, u16::from(address.is_some())).to_vec();
        reply.extend_from_slice(self.question);
        if let Some(address) = address {
            // The name is that of the question, which starts right after the header.
            reply.extend_from_slice(&[0xc0, HEADER as u8]);
            reply.extend_from_slice(&KIND_A.to_be_bytes());
            reply.extend_from_slice(&CLASS_INTERNET.to_be_bytes());
            reply.extend_from_slice(&TIME_TO_LIVE.to_be_bytes());
            reply.extend_from_slice(&4_u16.to_be_bytes());
            reply.extend_from_slice(&address.octets());
        }
        reply
    }
}
