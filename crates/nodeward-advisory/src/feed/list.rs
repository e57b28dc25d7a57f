//! Lists, element by element: what is made of a list takes a multiple of its bytes, and nobody has seen its end yet.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::{Deserializer, de};

/// Why a list was not read to its end.
pub(super) enum Stopped<E> {
    /// What stands there is no list.
    Json(serde_json::Error),
    /// An element was refused.
    Refused(E),
}

/// Hands over the elements of an array, after which nothing may follow.
pub(super) fn array<'de, R: de::Read<'de>, T: Deserialize<'de>, E>(
    text: R,
    each: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    let mut refused = None;
    let mut deserializer = Deserializer::new(text);
    let elements = Elements { each, refused: &mut refused, element: PhantomData };
    let read = deserializer.deserialize_seq(elements).and_then(|()| deserializer.end());
    match refused {
        Some(error) => Err(Stopped::Refused(error)),
        None => read.map_err(Stopped::Json),
    }
}

/// Hands over values that stand one after the other, most often one per line.
pub(super) fn sequence<'de, R: de::Read<'de>, T: Deserialize<'de>, E>(
    text: R,
    each: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<(), Stopped<E>> {
    for value in Deserializer::new(text).into_iter::<T>() {
        each(value.map_err(Stopped::Json)?).map_err(Stopped::Refused)?;
    }
    Ok(())
}

struct Elements<'a, T, E> {
    each: &'a mut dyn FnMut(T) -> Result<(), E>,
    refused: &'a mut Option<E>,
    element: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, E> Visitor<'de> for Elements<'_, T, E> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            if let Err(error) = (self.each)(element) {
                *self.refused = Some(error);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// What has been read of a long list.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// All bytes.
    pub(super) total: Cell<u64>,
    /// Bytes since the last record ended.
    pub(super) since_record: Cell<u64>,
    /// The limit that ended the reading.
    pub(super) exceeded: Cell<Option<&'static str>>,
}

/// Reads no further than allowed.
pub(super) struct Bounded<'a, R> {
    pub(super) from: R,
    pub(super) tally: &'a Tally,
    /// The most bytes, and how they are called.
    pub(super) total: (u64, &'static str),
    /// The most bytes of one record, and how they are called.
    pub(super) record: (u64, &'static str),
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        for (read, (limit, what)) in
            [(&self.tally.total, self.total), (&self.tally.since_record, self.record)]
        {
            read.set(read.get() + count as u64);
            if read.get() > limit {
                self.tally.exceeded.set(Some(what));
                return Err(io::Error::other("too large"));
            }
        }
        Ok(count)
    }
}
