//! What binds an entry to those before it.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::LogKey;

/// Tells these hashes from hashes of the same bytes for another purpose.
const PURPOSE: &[u8] = b"nodeward.log/1\0";

/// The hash of an entry, and so of everything up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; 32]);

impl Link {
    /// What the first entry follows.
    pub const START: Self = Self([0; 32]);

    pub(super) fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(self) -> [u8; 32] {
        self.0
    }

    /// Reads 64 hexadecimal digits in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        bytes_of(text.as_bytes()).map(Self)
    }

    /// The hash of an entry that follows this one: of the bytes of its line up to `,"hash"`.
    pub(super) fn next(self, body: &[u8], key: Option<&LogKey>) -> Self {
        match key {
            None => {
                let hash = Sha256::new().chain_update(PURPOSE).chain_update(self.0).chain_update(body);
                Self(hash.finalize().into())
            }
            Some(key) => {
                let mac = Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes keys of any length");
                let mac = mac.chain_update(PURPOSE).chain_update(self.0).chain_update(body);
                Self(mac.finalize().into_bytes().into())
            }
        }
    }
}

/// The bytes that hexadecimal digits in lower case stand for, if they are so many.
pub(super) fn bytes_of<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut bytes = [0; N];
    if pairs.len() != N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
