//! Text from a package, made safe to show.

use std::fmt;

/// Shows text that somebody else wrote with every control, bidirectional and zero-width character made visible,
/// so that it can neither move the cursor, recolour the terminal, nor read in another order than it is stored.
/// Line breaks become visible too: what is printed stays on its line.
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a>(pub &'a str);

/// The most characters that [`Printable`] shows of one text.
pub const MAX_CHARACTERS: usize = 2_000;

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for (count, c) in self.0.chars().enumerate() {
            if count == MAX_CHARACTERS {
                return f.write_str("…");
            }
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if is_hidden(c) => write!(f, "\\u{{{:x}}}", c as u32)?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Characters that act instead of showing.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_visible() {
        let shown = Printable("a\u{1b}[31mred\n\u{202e}gnp.exe\u{200b}\u{9b}2J é→日本").to_string();
        assert_eq!(shown, "a\\u{1b}[31mred\\n\\u{202e}gnp.exe\\u{200b}\\u{9b}2J é→日本");
        assert!(Printable(&"x".repeat(1_000_000)).to_string().len() < 3 * MAX_CHARACTERS);
    }
}
