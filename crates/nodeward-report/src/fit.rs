//! Text in columns: cut, shortened in the middle, or wrapped, and always safe to show.
//!
//! Everything here goes through [`Printable`] first, so its callers can't forget to. It also takes the force out of
//! what continuous-integration systems read as commands anywhere in a line (`##[…]`, `##vso[…]`), for the text of an
//! advisory ends up in their logs.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::Printable;

/// Text that somebody else wrote, in one line and harmless.
pub(crate) fn shown(text: &str) -> String {
    Printable(text).to_string().replace("##", "#\\u{23}")
}

/// The columns that a text fills.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Shows a text in at most `width` columns, cut at the end.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let text = shown(text);
    if columns(&text) <= width { text } else { head(&text, width.saturating_sub(1)).to_owned() + "…" }
}

/// Shows a text in at most `width` columns, shortened in the middle: the ends of a path or a URL tell most.
pub(crate) fn cut_middle(text: &str, width: usize) -> String {
    let text = shown(text);
    if columns(&text) <= width {
        return text;
    }
    let room = width.saturating_sub(1);
    let start = head(&text, room / 2);
    let end = tail(&text, room - room / 2);
    format!("{start}…{end}")
}

/// A chain such as `shop › express › … › qs`, in at most `width` columns. The ends stay; links are left out from
/// the middle, for who reads it knows the project and wants the package that to change.
pub(crate) fn chain(links: &[String], width: usize) -> String {
    const ARROW: &str = " › ";
    let links: Vec<String> = links.iter().map(|link| shown(link)).collect();
    let whole = links.join(ARROW);
    if columns(&whole) <= width || links.len() < 3 {
        return cut_middle(&whole, width);
    }
    for kept in (2..links.len()).rev() {
        // The second link is the direct dependency, what the reader can change: it goes after all others.
        let front = kept.div_ceil(2);
        let back = kept - front;
        let short = format!(
            "{}{ARROW}…{ARROW}{}",
            links[..front].join(ARROW),
            links[links.len() - back..].join(ARROW)
        );
        if columns(&short) <= width {
            return short;
        }
    }
    cut_middle(&whole, width)
}

/// Breaks a text into lines of at most `width` columns, at spaces where there are any. At most `limit` lines; the
/// last one ends in `…` if there was more.
pub(crate) fn wrap(text: &str, width: usize, limit: usize) -> Vec<String> {
    let width = width.max(8);
    let text = shown(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).peekable();
    let mut held: Option<String> = None;
    while let Some(word) = held.take().or_else(|| words.next()) {
        let gap = usize::from(!line.is_empty());
        if columns(&line) + gap + columns(&word) <= width {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(&word);
        } else if line.is_empty() {
            let start = head(&word, width);
            line.push_str(start);
            held = Some(word[start.len()..].to_owned());
            lines.push(std::mem::take(&mut line));
        } else {
            held = Some(word);
            lines.push(std::mem::take(&mut line));
        }
        if lines.len() > limit {
            break;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > limit {
        lines.truncate(limit);
        if let Some(last) = lines.last_mut() {
            *last = head(last, width - 1).to_owned() + "…";
        }
    }
    lines
}

fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return &text[..at];
        }
    }
    text
}

/// The end of a text, in at most `width` columns.
pub(crate) fn tail(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > width {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// A number with thousands set apart: `250,113`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 finding`, `2 findings`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_to_columns() {
        assert_eq!(cut("prototype pollution", 10), "prototype…");
        assert_eq!(cut("短い文字列です", 7), "短い文…");
        assert_eq!(cut_middle("packages/app/package-lock.json", 15), "package…ck.json");
        assert_eq!(cut("a\nb", 10), "a\\nb");
    }

    #[test]
    fn chains_lose_their_middle() {
        let links: Vec<String> =
            ["shop", "express@4.1.0", "body-parser@1.0.0", "raw@2.0.0", "qs@6.0.0"].map(String::from).into();
        assert_eq!(chain(&links, 80), "shop › express@4.1.0 › body-parser@1.0.0 › raw@2.0.0 › qs@6.0.0");
        assert_eq!(chain(&links, 50), "shop › express@4.1.0 › … › raw@2.0.0 › qs@6.0.0");
        assert_eq!(chain(&links, 36), "shop › express@4.1.0 › … › qs@6.0.0");
        assert_eq!(chain(&links, 22), "shop › … › qs@6.0.0");
        assert!(columns(&chain(&links, 12)) <= 12);
    }

    #[test]
    fn wrapped_lines_fit_and_are_never_commands() {
        let lines = wrap("one two three name=x::y ##vso[task] end", 12, 9);
        assert!(lines.iter().all(|line| columns(line) <= 20), "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("##")), "{lines:?}");
        assert_eq!(wrap(&"x".repeat(100), 20, 2), ["x".repeat(20), "x".repeat(19) + "…"]);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(1, "finding", "findings"), "1 finding");
    }
}
