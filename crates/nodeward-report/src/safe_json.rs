//! JSON that can be shown on a terminal: control, bidirectional and zero-width characters are written as escapes.
//!
//! JSON allows DEL, C1 controls and bidirectional overrides raw inside strings; `cat report.json` would then hand
//! them to the terminal. The document means the same either way. The second of two `#` is escaped too, since
//! build logs are searched for `##[command]` and `##vso[command]`.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::printable::is_hidden;

/// Writes a value, indented, with a line break at the end.
pub(crate) fn write(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::new(out);
    value.serialize(&mut Serializer::with_formatter(&mut buffered, Safe(PrettyFormatter::new())))?;
    io::Write::write_all(&mut buffered, b"\n")?;
    io::Write::flush(&mut buffered)
}

/// The pretty formatter, with more escapes.
struct Safe(PrettyFormatter<'static>);

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        // Nearly all that is ever written.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains('#') {
            return writer.write_all(text.as_bytes());
        }
        let mut clean_from = 0;
        let mut previous = '\0';
        for (at, c) in text.char_indices() {
            if is_hidden(c) || (c == '#' && previous == '#') {
                writer.write_all(&text.as_bytes()[clean_from..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                clean_from = at + c.len_utf8();
            }
            previous = c;
        }
        writer.write_all(&text.as_bytes()[clean_from..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_mean_the_same() {
        let text = "a\u{1b}[2J \u{7f}\u{9b}31m \u{202e}x\u{200b} \u{e0041} é→日本 ##[x] \"q\" \\ \n";
        let mut out = Vec::new();
        write(&[text], &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(!out.chars().any(|c| is_hidden(c) && c != '\n'), "{out:?}");
        assert!(!out.contains("##") && out.contains("\\udb40\\udc41") && out.contains("é→日本"), "{out:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&out).unwrap(), [text]);
    }
}
