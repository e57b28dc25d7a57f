//! What `replace` takes out of a text: escapers and filters that are written by hand.

use nodeward_javascript::oxc::ast::{Argument, CallExpression, Expression};

use super::Lowerer;
use crate::flow::graph::Taint;

/// What is left of a text of letters and digits: it may still be long, or name a property.
const WORDS: Taint =
    Taint::OUTSIDE.without(Taint::LENGTH.and(Taint::KEY).and(Taint::CONSTRUCTOR).and(Taint::MODULE));

impl<'a> Lowerer<'a, '_> {
    /// What is gone from a text by `text.replace(what, with)`.
    pub(super) fn taken_out(&mut self, name: &str, call: &CallExpression<'a>) -> Taint {
        if !matches!(name, "replace" | "replaceAll") {
            return Taint::NONE;
        }
        let mut arguments = call.arguments.iter().filter_map(Argument::as_expression);
        let (Some(what), Some(with)) = (arguments.next(), arguments.next()) else { return Taint::NONE };
        let with = match with.get_inner_expression() {
            Expression::StringLiteral(literal) => Some(literal.value.as_str()),
            _ => None,
        };
        if let Expression::StringLiteral(literal) = what.get_inner_expression() {
            let is_all = name == "replaceAll";
            return if is_all { of_text(literal.value.as_str(), with) } else { Taint::NONE };
        }
        let Some(pattern) = self.regex(what) else { return Taint::NONE };
        let pattern = self.graph.names.text(pattern);
        match pattern.get(1..).and_then(|rest| rest.rsplit_once('/')) {
            Some((body, flags)) if flags.contains('g') => of_pattern(body, with),
            _ => Taint::NONE,
        }
    }
}

/// What is gone where every such text is replaced.
fn of_text(text: &str, with: Option<&str>) -> Taint {
    match (text, with) {
        ("<", _) => Taint::MARKUP,
        ("'", Some("''")) => Taint::QUERY,
        ("'", Some("'\\''" | "'\"'\"'")) => Taint::SHELL,
        ("..", Some(with)) if !with.contains('.') => Taint::PATH,
        ("\n" | "\r", _) => Taint::LINE,
        _ => Taint::NONE,
    }
}

/// What is gone where everything that a pattern finds is replaced.
fn of_pattern(body: &str, with: Option<&str>) -> Taint {
    if with.is_some_and(|with| with.contains("$&") || with.contains("$1")) {
        // `\$&` before what has a meaning in patterns.
        return if body.contains("\\\\") && body.contains('*') { Taint::LENGTH } else { Taint::NONE };
    }
    let class = body.strip_suffix(['+', '*']).unwrap_or(body);
    if let Some(class) = class.strip_prefix('[').and_then(|class| class.strip_suffix(']'))
        && !class.contains(['[', ']'])
    {
        return match class.strip_prefix('^') {
            Some(left) => of_rest(left, with),
            None => of_class(class),
        };
    }
    match body {
        "\\W" | "\\W+" | "\\D" | "\\D+" => of_rest("\\w", with),
        "<" | "&lt;|<" => Taint::MARKUP,
        "\\.\\." | "\\.{2,}" | "\\.\\.+" | "\\.+" => of_text("..", with),
        "'" => of_text("'", with),
        "\\n" | "\\r?\\n" | "\\r\\n|\\n|\\r" | "\\r|\\n" | "\\n|\\r" => Taint::LINE,
        _ => Taint::NONE,
    }
}

/// What is gone where only these characters are left.
fn of_rest(left: &str, with: Option<&str>) -> Taint {
    let mut rest = left.to_owned();
    for known in ["a-z", "A-Z", "0-9", "a-f", "A-F", "\\w", "\\d", "\\s", "\\.", "\\_"] {
        rest = rest.replace(known, "");
    }
    let has_dash = rest.contains('-');
    // A dash that stands alone; between others it would be a range of who knows what.
    let rest = rest.replace("\\-", "");
    let rest = rest.strip_prefix('-').or_else(|| rest.strip_suffix('-')).unwrap_or(&rest);
    let is_plain = |text: &str| text.chars().all(|one| one.is_alphanumeric() || "_. ,+@".contains(one));
    let is_joint = |text: &str| is_plain(&text.replace('-', ""));
    if !is_plain(rest) || !with.is_none_or(is_joint) {
        return Taint::NONE;
    }
    let dash = if has_dash { Taint::OPTION } else { Taint::NONE };
    // A line break ends a command.
    let line = if left.contains("\\s") { Taint::LINE.and(Taint::SHELL) } else { Taint::NONE };
    WORDS.without(dash.and(line))
}

/// What is gone where these characters are.
fn of_class(class: &str) -> Taint {
    let mut gone = Taint::NONE;
    let has = |one: &str| class.contains(one);
    if has("<") {
        gone = gone.and(Taint::MARKUP);
    }
    if has("/") && (has(".") || has("\\\\")) {
        gone = gone.and(Taint::PATH);
    }
    if [";", "&", "|", "$", "`", "<", ">", "\\n"].iter().all(|one| has(one)) {
        gone = gone.and(Taint::SHELL);
    }
    if has("'") && has("\"") && has("\\\\") {
        gone = gone.and(Taint::QUERY);
    }
    if has("\\n") && has("\\r") {
        gone = gone.and(Taint::LINE);
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_take_out_what_they_name() {
        assert!(of_pattern("[^a-z0-9]", Some("")).meets(Taint::PATH));
        assert!(of_pattern("[^\\w.-]+", Some("_")).meets(Taint::SHELL));
        assert!(!of_pattern("[^\\w.-]+", Some("_")).meets(Taint::OPTION));
        for leaves in ["[^a-z/]", "[^A-z]", "[^ -z]", "[^+-z]"] {
            assert_eq!(of_pattern(leaves, Some("")), Taint::NONE, "{leaves}");
        }
        assert!(!of_pattern("[^-\\w]", Some("")).meets(Taint::OPTION));
        assert!(!of_pattern("[^\\w\\s]", Some("")).meets(Taint::SHELL));
        assert_eq!(of_pattern("[;&|$`]", Some("")), Taint::NONE);
        assert_eq!(of_text("..", Some(".")), Taint::NONE);
        assert_eq!(of_pattern("[<>&\"']", None), Taint::MARKUP);
        assert_eq!(of_pattern("\\.\\.\\/", Some("")), Taint::NONE, "`....//` is left with `../`");
        assert_eq!(of_pattern("\\.\\.", Some("")), Taint::PATH);
        assert_eq!(of_pattern("[.*+?^${}()|[\\]\\\\]", Some("\\$&")), Taint::LENGTH);
        assert_eq!(of_text("'", Some("''")), Taint::QUERY);
        assert_eq!(of_text("'", Some("x")), Taint::NONE);
    }
}
