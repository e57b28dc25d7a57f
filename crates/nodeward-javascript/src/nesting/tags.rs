//! The part of a reading that stands in tags and between them.

use memchr::memchr;

use super::Dialect;
use super::frame::{Frames, Opened};
use super::scan::{Before, End, Reading};

impl Reading {
    /// Inside `<…>`.
    pub(super) fn tag(&mut self, text: &[u8], dialect: Dialect) -> Result<(), End> {
        let closing = self.frames.innermost() == Opened::ClosingTag;
        if text[self.at] == b'/' && matches!(text.get(self.at + 1), Some(b'/' | b'*')) {
            return self.comment(text);
        }
        let valued = std::mem::replace(&mut self.before, Before::Operand) == Before::Prefix;
        match text[self.at] {
            b'/' => {
                // `/` and `>` may stand apart.
                let rest = text[self.at + 1..].iter();
                let blanks = rest.take_while(|byte| byte.is_ascii_whitespace()).count();
                self.at += 1 + blanks;
                if closing || text.get(self.at) != Some(&b'>') {
                    return Err(End::Unmatched(self.at));
                }
                self.at += 1;
                self.frames.close();
            }
            b'>' => {
                self.at += 1;
                if closing {
                    self.frames.close();
                    self.frames.close();
                } else {
                    self.frames.turn_into(Opened::Children);
                }
            }
            quote @ (b'"' | b'\'') => match memchr(quote, &text[self.at + 1..]) {
                Some(length) => self.at += length + 2,
                None => return Err(End::Unfinished(self.at)),
            },
            b'{' => self.open(Opened::Brace),
            b'<' if dialect.types && !valued => {
                self.at += 1;
                self.frames.open(Opened::Angle);
                self.before = Before::Prefix;
            }
            b'<' => {
                self.at += 1;
                self.frames.open(Opened::Tag);
            }
            b'=' => {
                self.at += 1;
                self.before = Before::Prefix;
            }
            b' ' | b'\n' | b'\r' | b'\t' if valued => {
                self.at += 1;
                self.before = Before::Prefix;
            }
            b')' | b']' | b'}' | b';' | b',' | b'(' | b'[' | b'&' | b'|' | b'`' | b'+' => {
                return Err(End::Unmatched(self.at));
            }
            _ => self.at += 1,
        }
        Ok(())
    }

    /// Between two tags.
    pub(super) fn children(&mut self, text: &[u8]) -> Result<(), End> {
        let end = text[self.at..].iter().position(|byte| matches!(byte, b'<' | b'{' | b'>' | b'}'));
        let Some(end) = end else { return Err(End::Unfinished(self.at)) };
        self.at += end;
        match text[self.at] {
            b'{' => self.open(Opened::Brace),
            b'<' => {
                let mut next = self.at + 1;
                loop {
                    next += text[next..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let mut inside = Self::new(Frames::new());
                    inside.at = next;
                    let comment = matches!(text.get(next..next + 2), Some(b"//" | b"/*"));
                    if !comment || inside.comment(text).is_err() {
                        break;
                    }
                    next = inside.at;
                }
                let closes = text.get(next) == Some(&b'/');
                self.at = next + usize::from(closes);
                self.frames.open(if closes { Opened::ClosingTag } else { Opened::Tag });
                self.before = Before::Operand;
            }
            _ => return Err(End::Unmatched(self.at)),
        }
        Ok(())
    }
}
