//! Messages on a stream: `Content-Length`, an empty line, JSON.
//!
//! The other side may send anything. A message that is too long is passed over without being held, one that is no
//! JSON is told, and reading goes on; only the end of the stream ends it.

use std::io::{self, BufRead, Read as _, Write};

use serde_json::Value;

/// Longer messages are not read. An editor sends a whole file in one.
pub(super) const MAX_MESSAGE: u64 = 64 << 20;
/// Longer header lines are no headers.
const MAX_HEADER: u64 = 8 << 10;

/// What came in.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    /// A message.
    Message(Value),
    /// One that is none, and why.
    Broken(String),
}

/// The next message; `None` at the end of the stream.
pub(super) fn read(input: &mut dyn BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = headers(input)? else { return Ok(None) };
    let length = match length {
        Ok(length) => length,
        Err(reason) => return Ok(Some(Incoming::Broken(reason))),
    };
    if length > MAX_MESSAGE {
        io::copy(&mut (&mut *input).take(length), &mut io::sink())?;
        let reason = format!("a message of {length} bytes is longer than {MAX_MESSAGE}");
        return Ok(Some(Incoming::Broken(reason)));
    }
    let mut body = Vec::new();
    (&mut *input).take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Broken(error.to_string()),
    }))
}

/// The length that the headers say. `None` at the end of the stream.
fn headers(input: &mut dyn BufRead) -> io::Result<Option<Result<u64, String>>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut *input).take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() && line.ends_with(b"\n") {
            match length {
                Some(length) => return Ok(Some(length)),
                // Blank lines between messages say nothing.
                None => continue,
            }
        }
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            let value = value.trim();
            length = Some(value.parse().map_err(|_| "Content-Length is no number".to_owned()));
        }
    }
}

/// Writes a message.
pub(super) fn write(message: &Value, output: &mut dyn Write) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    write!(output, "Content-Length: {}\r\n\r\n", body.len())?;
    output.write_all(&body)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(bytes: &[u8]) -> Vec<Incoming> {
        let mut input = bytes;
        std::iter::from_fn(|| read(&mut input).unwrap()).collect()
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        let message = json!({ "id": 1, "é": "😀" });
        write(&message, &mut bytes).unwrap();
        write(&message, &mut bytes).unwrap();
        assert_eq!(all(&bytes), [Incoming::Message(message.clone()), Incoming::Message(message)]);
    }

    #[test]
    fn after_a_broken_message_comes_the_next() {
        let good = framed("{\"id\":1}");
        let message = || Incoming::Message(json!({ "id": 1 }));
        for broken in [
            framed("{"),
            framed("\u{1}"),
            "Content-Length: many\r\n\r\n".to_owned(),
            "Content-Length: -1\r\n\r\n".to_owned(),
            framed(&"[".repeat(100_000)),
        ] {
            let read = all(format!("{broken}{good}").as_bytes());
            assert!(
                matches!(read[..], [Incoming::Broken(_), Incoming::Message(_)]),
                "{broken:.40}: {read:?}"
            );
        }
        let noise = format!("noise\r\n\r\nX-Y: 1\r\ncontent-length:8\n\n{{\"id\":1}}\r\n{good}");
        assert_eq!(all(noise.as_bytes()), [message(), message()]);
        let long = format!("{}\r\n{good}", "x".repeat(100_000));
        assert_eq!(all(long.as_bytes()), [message()]);
    }

    #[test]
    fn nothing_is_held_for_a_length_alone() {
        assert_eq!(
            all(b"Content-Length: 18446744073709551615\r\n\r\nabc"),
            [Incoming::Broken("a message of 18446744073709551615 bytes is longer than 67108864".to_owned())]
        );
        assert_eq!(all(b"Content-Length: 60000000\r\n\r\nabc"), []);
        assert_eq!(all(b"Content-Length: 3"), []);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

        /// Whatever comes, reading ends with the stream, and what is whole behind a blank line is read.
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            all(&bytes);
            let parts: [&[u8]; 4] = [b"Content-Length: ", &bytes, b"\r\n\r\n", &bytes];
            all(&parts.concat());
        }
    }
}
