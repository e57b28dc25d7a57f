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
        } else if has_odd_part(text) {
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

/// Whether a part between slashes is empty, `.` or `..`. Every start asks it of every path.
fn has_odd_part(text: &str) -> bool {
    let mut start = 0;
    let mut is_odd = |end: usize| {
        let part = &text.as_bytes()[start..end];
        start = end + 1;
        part.len() < 3 && matches!(part, b"" | b"." | b"..")
    };
    let slashes = text.bytes().enumerate().filter(|(_, byte)| *byte == b'/');
    slashes.map(|(at, _)| at).chain([text.len()]).any(&mut is_odd)
}

/// Reads a text where it stands: most are looked at once, and a copy of each would cost more than that.
pub(super) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Text<F>(F);

    impl<T, F: FnOnce(&str) -> Result<T, String>> serde::de::Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(read))
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
        read_text(deserializer, Self::parse)
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

    /// Of all that can be read, which may be more than memory holds.
    ///
    /// # Errors
    /// It can't be read to its end.
    pub fn of_all(from: &mut impl std::io::Read) -> std::io::Result<Self> {
        use sha2::Digest as _;
        let (mut sha, mut buffer) = (sha2::Sha256::new(), vec![0; 64 << 10]);
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(Self(sha.finalize().into())),
                Ok(read) => sha.update(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads 64 digits, lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        decode_hex(text, &mut digest).then_some(Self(digest))
    }

    /// As digits. Every start writes the hashes of all files: by hand, which takes a twentieth of the time.
    pub(crate) fn digits(&self) -> [u8; 64] {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        text
    }
}

/// Whether `text` is just as many bytes in lower-case hexadecimal digits as there is room for.
fn decode_hex(text: &str, room: &mut [u8]) -> bool {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != room.len() || !rest.is_empty() {
        return false;
    }
    // Asked once, at the end: every start reads the hashes of all files.
    let mut seen = 0;
    for (byte, &[high, low]) in room.iter_mut().zip(pairs) {
        let (high, low) = (VALUES[usize::from(high)], VALUES[usize::from(low)]);
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    seen < NO_DIGIT
}

const NO_DIGIT: u8 = 16;

/// What each byte is worth as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < NO_DIGIT {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            Self::parse(text)
                .ok_or_else(|| "no SHA-256: it has 64 hexadecimal digits, in lower case".to_owned())
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
        for at in [0, 1, 63] {
            for other in ["g", "/", ":", "`", "\u{0}"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                assert_eq!(Digest::parse(&changed), None, "{changed}");
            }
        }
        assert_eq!(Digest::parse(&text[1..]), None);
        assert_eq!(Digest::parse(&format!("{text}00")), None);
    }
}
