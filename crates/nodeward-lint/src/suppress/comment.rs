//! The comment that would hide a finding, for an editor to write.

use std::path::Path;

use nodeward_javascript::oxc::Allocator;
use nodeward_javascript::{SourceKind, WORKER_STACK, parse};
use nodeward_package::place::LineIndex;

use super::{MARK, read};
use crate::context::Context;
use crate::fix::Edit;

/// Longer texts are not tried: nobody suppresses in them by hand.
const MAX_TEXT: usize = 4 << 20;

/// The edit that writes such a comment for what begins at a byte, up to where the reason has to stand: above the
/// line, in braces within JSX, else at its end. `None` where no comment can stand, as within a template.
pub fn comment(path: &Path, text: &str, offset: usize, rule: &str) -> Option<Edit> {
    let before = text.get(..offset)?;
    if text.len() > MAX_TEXT {
        return None;
    }
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find(['\r', '\n']).map_or(text.len(), |at| offset + at);
    let indent: String = text[start..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let line_end = if text[..start].ends_with("\r\n") { "\r\n" } else { "\n" };
    let forms = [
        (start, format!("{indent}// {MARK} {rule}: "), line_end.to_owned()),
        (start, format!("{indent}{{/* {MARK} {rule}: "), format!(" */}}{line_end}")),
        (end, format!(" // {MARK} {rule}: "), String::new()),
    ];
    forms.into_iter().find_map(|(at, opening, closing)| {
        let written = format!("{}{opening}why{closing}{}", &text[..at], &text[at..]);
        let line = LineIndex::new(text).position(offset).line + u32::from(at == start);
        hides(path, &written, line, rule).then(|| Edit {
            start: at,
            end: at,
            text: format!("{opening}{closing}"),
        })
    })
}

/// Whether a comment of a text speaks of a rule on a line.
fn hides(path: &Path, text: &str, line: u32, rule: &str) -> bool {
    let ask = || is_hidden(path, text, line, rule);
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(WORKER_STACK).spawn_scoped(scope, ask);
        thread.is_ok_and(|thread| thread.join().unwrap_or(false))
    })
}

fn is_hidden(path: &Path, text: &str, line: u32, rule: &str) -> bool {
    let arena = Allocator::default();
    let kind = SourceKind::of_path(path).unwrap_or(SourceKind::JAVASCRIPT);
    let Ok(parsed) = parse(&arena, text, kind) else { return false };
    let semantic = parsed.semantic();
    let ignores = read(&Context::new(&semantic, path, ""));
    ignores.iter().any(|ignore| {
        ignore.line == line && ignore.rules.iter().any(|named| named == rule) && ignore.reason == "why"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        let offset = text.find("eval").expect("the case has it");
        let edit = comment(Path::new("a.tsx"), text, offset, "r")?;
        let mut text = text.to_owned();
        text.insert_str(edit.start, &edit.text);
        Some(text)
    }

    #[test]
    fn a_comment_is_written_where_it_can_stand() {
        for (text, expected) in [
            ("eval(a)", Some("// nodeward-ignore r: \neval(a)")),
            ("x;\r\n\teval(a)", Some("x;\r\n\t// nodeward-ignore r: \r\n\teval(a)")),
            ("f(b,\n  eval(a));", Some("f(b,\n  // nodeward-ignore r: \n  eval(a));")),
            ("<p>\n  {eval(a)}\n</p>", Some("<p>\n  {/* nodeward-ignore r:  */}\n  {eval(a)}\n</p>")),
            ("<p>\n  é {eval(a)}\n</p>", Some("<p>\n  {/* nodeward-ignore r:  */}\n  é {eval(a)}\n</p>")),
            ("x = `a\n${eval(a)}`;", Some("x = `a\n${eval(a)}`; // nodeward-ignore r: ")),
            ("x = `a\n${eval(a)} b\nc`;", None),
            ("(", None),
        ] {
            let text = if text == "(" { "(eval" } else { text };
            assert_eq!(written(text).as_deref(), expected, "{text}");
        }
        assert_eq!(comment(Path::new("a.js"), "é", 1, "r"), None);
        assert_eq!(comment(Path::new("a.js"), "é", 9, "r"), None);
    }
}
