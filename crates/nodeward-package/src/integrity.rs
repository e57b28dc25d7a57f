//! Subresource-integrity strings, as lockfiles and packuments carry them.

use std::fmt;

/// How strong a digest is. Ordered: a later one is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Broken: collisions are cheap.
    Md5,
    /// Broken for integrity: chosen-prefix collisions are affordable.
    Sha1,
    /// Sound.
    Sha256,
    /// Sound.
    Sha384,
    /// Sound; what npm writes today.
    Sha512,
}

impl Algorithm {
    /// The name as it stands before the dash of an integrity string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn digest_bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Whether nobody is known to be able to forge a tarball with a given digest.
    pub fn is_sound(self) -> bool {
        self >= Self::Sha256
    }
}

/// One or more digests of the same bytes, strongest first (W3C Subresource Integrity).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Integrity(Box<[Digest]>);

/// One digest.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    /// Which function.
    pub algorithm: Algorithm,
    /// Zero beyond what the function gives.
    bytes: [u8; LONGEST],
}

/// The bytes of the longest digest.
const LONGEST: usize = 64;

/// The text holds no digest that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an integrity string: expected for example sha512-, then base64")]
pub struct IntegrityError;

impl Integrity {
    /// Reads `sha512-… sha1-…`. Digests of unknown functions or of the wrong length are left out, as the W3C
    /// specification asks; none left is an error.
    ///
    /// # Errors
    /// No usable digest.
    pub fn parse(text: &str) -> Result<Self, IntegrityError> {
        // What nearly every lockfile has: one digest, nothing around it.
        if !text.bytes().fold(false, |found, byte| found | byte.is_ascii_whitespace()) {
            return Ok(Self(Box::new([Digest::parse(text).ok_or(IntegrityError)?])));
        }
        let parts = text.split_ascii_whitespace().filter_map(Digest::parse);
        let mut digests: Vec<Digest> = parts.collect();
        digests.sort_by_key(|digest| std::cmp::Reverse(digest.algorithm));
        if digests.is_empty() { Err(IntegrityError) } else { Ok(Self(digests.into())) }
    }

    /// A lower-case or upper-case hexadecimal digest, as `shasum` fields and yarn's URL fragments carry.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Option<Self> {
        if hex.len() != algorithm.digest_bytes() * 2 {
            return None;
        }
        let nibble = |byte: u8| (byte as char).to_digit(16).map(|value| value as u8);
        let mut bytes = [0; LONGEST];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(Box::new([Digest { algorithm, bytes }])))
    }

    /// The SHA-512 of some bytes, as npm writes it.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(Box::new([Digest { algorithm: Algorithm::Sha512, bytes: sha2::Sha512::digest(bytes).into() }]))
    }

    /// Whether these are the bytes: by every sound digest there is. `None` where there is none.
    pub fn holds(&self, bytes: &[u8]) -> Option<bool> {
        use sha2::Digest as _;
        let mut sound = self.0.iter().filter(|digest| digest.algorithm.is_sound()).peekable();
        sound.peek()?;
        Some(sound.all(|digest| match digest.algorithm {
            Algorithm::Sha256 => digest.bytes() == &sha2::Sha256::digest(bytes)[..],
            Algorithm::Sha384 => digest.bytes() == &sha2::Sha384::digest(bytes)[..],
            Algorithm::Sha512 => digest.bytes() == &sha2::Sha512::digest(bytes)[..],
            Algorithm::Md5 | Algorithm::Sha1 => false,
        }))
    }

    /// The strongest digest.
    pub fn strongest(&self) -> &Digest {
        &self.0[0]
    }

    /// All digests, strongest first.
    pub fn digests(&self) -> &[Digest] {
        &self.0
    }
}

impl Digest {
    fn parse(text: &str) -> Option<Self> {
        let dash = memchr::memchr(b'-', text.as_bytes())?;
        let (name, rest) = (&text[..dash], &text[dash + 1..]);
        let algorithm =
            [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512]
                .into_iter()
                .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))?;
        let encoded = &rest[..memchr::memchr(b'?', rest.as_bytes()).unwrap_or(rest.len())];
        let mut decoded = [0; LONGEST_ENCODED];
        let length = decode_base64(encoded, &mut decoded)?;
        if length != algorithm.digest_bytes() {
            return None;
        }
        let mut bytes = [0; LONGEST];
        bytes[..length].copy_from_slice(&decoded[..length]);
        Some(Self { algorithm, bytes })
    }

    /// The digest, raw.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.digest_bytes()]
    }

    /// Lower-case hexadecimal, as SBOMs write digests.
    pub fn to_hex(&self) -> String {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        self.bytes().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digest").field("algorithm", &self.algorithm).field("bytes", &self.bytes()).finish()
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use base64::Engine as _;
        for (index, digest) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let encoded = base64::engine::general_purpose::STANDARD.encode(digest.bytes());
            write!(f, "{space}{}-{encoded}", digest.algorithm.name())?;
        }
        Ok(())
    }
}

/// The longest base64 text that can be a digest we know, with room for padding.
const LONGEST_ENCODED: usize = 96;

fn decode_base64(text: &str, digest: &mut [u8; LONGEST_ENCODED]) -> Option<usize> {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    if text.len() > LONGEST_ENCODED {
        return None;
    }
    LENIENT.decode_slice(text, digest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_strongest() {
        let sha1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
        let sha512 = format!("sha512-{}==", "A".repeat(86));
        let both = Integrity::parse(&format!("{sha1} {sha512}")).unwrap();
        assert_eq!(both.strongest().algorithm, Algorithm::Sha512);
        assert_eq!(both.to_string(), format!("{sha512} {sha1}"));
        assert_eq!(
            Integrity::parse(sha1).unwrap().strongest().to_hex(),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709"
        );
    }

    #[test]
    fn bytes_are_held_against_every_sound_digest() {
        let of_abc = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        let (weak, other) = ("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", Integrity::of(b"other").to_string());
        let holds = |text: &str, bytes: &[u8]| Integrity::parse(text).unwrap().holds(bytes);
        assert_eq!(holds(of_abc, b"abc"), Some(true));
        assert_eq!(holds(of_abc, b"abd"), Some(false));
        assert_eq!(holds(&Integrity::of(b"abc").to_string(), b"abc"), Some(true));
        assert_eq!(holds(&format!("{of_abc} {other}"), b"abc"), Some(false), "one of two");
        // Of the empty text. Whoever wants to can make another with the same.
        assert_eq!(holds(weak, b""), None);
        assert_eq!(holds(&format!("{weak} {of_abc}"), b"abc"), Some(true), "the weak one says nothing");
    }

    #[test]
    fn refuses_what_is_no_digest() {
        for text in ["", "sha512-", "sha512-AAAA", "rot13-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "sha1 da39"] {
            assert!(Integrity::parse(text).is_err(), "{text}");
        }
        assert!(Integrity::from_hex(Algorithm::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709").is_some());
        assert!(Integrity::from_hex(Algorithm::Sha1, "zz39a3ee5e6b4b0d3255bfef95601890afd80709").is_none());
    }
}
