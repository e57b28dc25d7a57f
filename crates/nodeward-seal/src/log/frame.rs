//! What the console in the process says to whoever writes the log: which module gave which message.
//!
//! One line each: the first 32 hexadecimal digits of an HMAC-SHA-256 of what follows, a space, a JSON object. The key goes to the process before its first line of code, and is gone from where it was
//! handed over: code that gets hold of the descriptor can write to it, and what it writes is told as forged.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use super::Stream;
use super::chain::bytes_of;

/// What frames are made with: 64 hexadecimal digits, which are one block of the hash.
#[derive(Clone)]
pub struct FrameKey(pub [u8; 64]);

impl FrameKey {
    /// The key made of bytes that nobody can guess.
    pub fn new(random: [u8; 32]) -> Self {
        let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        let mut key = [0; 64];
        for (pair, byte) in key.as_chunks_mut::<2>().0.iter_mut().zip(random) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        Self(key)
    }
}

/// A message of a module.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Which message it is, from 0: one that comes again is none, and one that is missing was lost on the way.
    pub n: u64,
    /// Where it would have come out.
    pub stream: Stream,
    /// The module that gave it.
    pub module: String,
    /// The message, as the console formats it.
    pub text: String,
}

/// Why a line is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It is not by whoever has the key, or it was written before.
    #[error("not by the console")]
    Forged,
    /// It is by the console, and says nothing that can be understood.
    #[error("not understood")]
    Malformed,
}

/// Reads one line, which is to be the `next`th message or a later one.
///
/// # Errors
/// It is nothing that the console wrote, or what it wrote before.
pub fn frame(line: &[u8], next: u64, key: &FrameKey) -> Result<Frame, FrameError> {
    let (digits, json) = line.split_at_checked(32).ok_or(FrameError::Forged)?;
    let json = json.strip_prefix(b" ").ok_or(FrameError::Forged)?;
    let given: [u8; 16] = bytes_of(digits).ok_or(FrameError::Forged)?;
    let mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    mac.chain_update(json).verify_truncated_left(&given).map_err(|_| FrameError::Forged)?;
    let frame: Frame = serde_json::from_slice(json).map_err(|_| FrameError::Malformed)?;
    if frame.n < next { Err(FrameError::Forged) } else { Ok(frame) }
}
