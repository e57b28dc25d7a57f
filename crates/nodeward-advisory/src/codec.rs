//! Numbers and texts as bytes, for the index.
//!
//! Reading checks everything: these bytes come from a disk.

use nodeward_package::Version;

use crate::interval::{End, Interval};

/// The bytes are not what this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed")]
pub(crate) struct Malformed;

/// Appends.
#[derive(Debug, Default)]
pub(crate) struct Encoder(pub(crate) Vec<u8>);

impl Encoder {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// LEB128.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn texts<T: AsRef<str>>(&mut self, texts: &[T]) {
        self.number(texts.len() as u64);
        for text in texts {
            self.text(text.as_ref());
        }
    }

    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    /// Runs of versions; a version without prerelease and build is three numbers, so that reading one back parses
    /// no text.
    pub(crate) fn intervals(&mut self, intervals: &[Interval]) {
        self.number(intervals.len() as u64);
        for interval in intervals {
            let (end_kind, end) = match &interval.end {
                End::Never => (0, None),
                End::Fixed(version) => (1, Some(version)),
                End::Before(version) => (2, Some(version)),
                End::Through(version) => (3, Some(version)),
            };
            self.byte(shape(interval.start.as_ref()) | shape(end) << 2 | end_kind << 4);
            for version in [interval.start.as_ref(), end].into_iter().flatten() {
                self.version(version);
            }
        }
    }

    fn version(&mut self, version: &Version) {
        if is_plain(version) {
            self.number(version.major);
            self.number(version.minor);
            self.number(version.patch);
        } else {
            self.text(&version.to_string());
        }
    }
}

fn is_plain(version: &Version) -> bool {
    version.prerelease().is_empty()
}

/// 0 none, 1 three numbers, 2 text.
fn shape(version: Option<&Version>) -> u8 {
    match version {
        None => 0,
        Some(version) if is_plain(version) => 1,
        Some(_) => 2,
    }
}

/// Reads what [`Encoder`] wrote.
#[derive(Debug, Clone)]
pub(crate) struct Decoder<'a>(pub(crate) &'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(Malformed);
            }
            number |= part << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    /// A number of things that take a byte each at least, so that no count asks for more memory than its bytes.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if count > self.0.len() { Err(Malformed) } else { Ok(count) }
    }

    pub(crate) fn number32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.number()?).map_err(|_| Malformed)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.count()?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Malformed)
    }

    pub(crate) fn texts<T: From<&'a str>>(&mut self) -> Result<Vec<T>, Malformed> {
        let count = self.count()?;
        (0..count).map(|_| self.text().map(T::from)).collect()
    }

    pub(crate) fn pass_text(&mut self) -> Result<(), Malformed> {
        let length = self.count()?;
        self.bytes(length).map(|_| ())
    }

    pub(crate) fn pass_texts(&mut self) -> Result<(), Malformed> {
        let count = self.count()?;
        (0..count).try_for_each(|_| self.pass_text())
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(crate) fn intervals(&mut self) -> Result<Vec<Interval>, Malformed> {
        let count = self.count()?;
        (0..count).map(|_| self.interval()).collect()
    }

    fn interval(&mut self) -> Result<Interval, Malformed> {
        let tag = self.byte()?;
        let start = self.version(tag & 3)?;
        let end = self.version(tag >> 2 & 3)?;
        let end = match (tag >> 4, end) {
            (0, None) => End::Never,
            (1, Some(version)) => End::Fixed(version),
            (2, Some(version)) => End::Before(version),
            (3, Some(version)) => End::Through(version),
            _ => return Err(Malformed),
        };
        Ok(Interval { start, end })
    }

    fn version(&mut self, shape: u8) -> Result<Option<Version>, Malformed> {
        match shape {
            0 => Ok(None),
            1 => {
                let (major, minor, patch) = (self.number()?, self.number()?, self.number()?);
                Ok(Some(Version::new(major, minor, patch)))
            }
            2 => Version::parse(self.text()?).map(Some).map_err(|_| Malformed),
            _ => Err(Malformed),
        }
    }
}
