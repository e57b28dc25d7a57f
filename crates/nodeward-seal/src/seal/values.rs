//! Paths and hashes that are known to be valid.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// More than Linux takes in one call.
const MAX_PATH: usize = 4096;

/// A path below the seal's folder: `/` between its parts, none of them empty, `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealPath(String);

impl SealPath {
    /// Checks a path.
    ///
    /// # Errors
    /// It could lead out of the folder, or name a file in two ways.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fault = if text.is_empty() {
            Some("is empty")
        } else if text.len() > MAX_PATH {
            Some("is longer than 4096 bytes")
        } else if text.contains('\0') {
            Some("holds a zero byte")
        } else if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') {
            Some("is absolute")
        } else if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            Some("has a part that is empty, `.` or `..`")
        } else {
            None
        };
        match fault {
            Some(fault) => Err(format!("the path {text:?} {fault}; paths are relative to the seal's folder")),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<std::path::Path> for SealPath {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

impl fmt::Display for SealPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SealPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Serialize for SealPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl JsonSchema for SealPath {
    fn schema_name() -> Cow<'static, str> {
        "SealPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A path relative to the seal's folder: `/` between its parts, none empty, `.` or `..`.",
            "minLength": 1,
            "maxLength": MAX_PATH,
            "not": {"pattern": "(^/|^.:|(^|/)\\.{0,2}(/|$))"},
        })
    }
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Reads 64 digits, lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        decode_hex(text, &mut digest).then_some(Self(digest))
    }
}

/// Whether `text` is just as many bytes in lower-case hexadecimal digits as there is room for.
fn decode_hex(text: &str, room: &mut [u8]) -> bool {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != room.len() || !rest.is_empty() {
        return false;
    }
    room.iter_mut().zip(pairs).all(|(byte, &[high, low])| match (digit(high), digit(low)) {
        (Some(high), Some(low)) => {
            *byte = high << 4 | low;
            true
        }
        _ => false,
    })
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every start writes the hashes of all files: by hand, which takes a twentieth of the time.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom("no SHA-256: it has 64 hexadecimal digits, in lower case")
        })
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "A SHA-256.", "pattern": "^[0-9a-f]{64}$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below() {
        for fine in ["app.js", "a/b.js", ".env", "..a/b", "a/...", "synthetic"] {
            assert!(SealPath::parse(fine).is_ok(), "{fine}");
        }
        for bad in ["", "/a", "a//b", "a/", "./a", "../a", "a/../b", "a/.", "C:/a", "a\0b"] {
            assert!(SealPath::parse(bad).is_err(), "{bad:?}");
        }
        assert!(SealPath::parse(&"a".repeat(5000)).is_err());
    }

    #[test]
    fn hashes_there_and_back() {
        let digest = Digest::of(b"abc");
        let text = digest.to_string();
        assert_eq!(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::parse(&text), Some(digest));
        assert_eq!(Digest::parse(&text.to_uppercase()), None);
        assert_eq!(Digest::parse(&text[1..]), None);
        assert_eq!(Digest::parse(&format!("{text}00")), None);
    }
}
