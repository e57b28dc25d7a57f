//! Code that a text has made of strings: by `eval`, directly or not, and by the constructors of functions. What is
//! written out in the text is known, as V8 is asked about it.

use crate::oxc::Span;
use crate::oxc::ast::{Argument, BinaryOperator, CallExpression, Expression, NewExpression};

use super::MadeCode;
use super::value::bare;

/// How many places of one file count. Who has more has made them to be many.
const MOST_PLACES: usize = 64;

/// Longer texts are looked at as what nobody can tell.
const LONGEST: usize = 64 * 1024;

/// How many texts one place can have.
const MOST_TEXTS: usize = 8;

/// `Function("return this")`, which much old code asks for the global object with, is never denied.
const HARMLESS: [&str; 2] = ["return this", "return this;"];

/// The objects that hold what is global.
const GLOBALS: [&str; 4] = ["globalThis", "global", "window", "self"];

/// What makes code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    /// The text is the code.
    Eval,
    /// The texts are parameters and body of a function of this kind.
    Function(&'static str),
}

/// Whether a text has to be looked at for this.
pub(super) fn may_make(text: &str) -> bool {
    let holds = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    holds("eval") || holds("Function")
}

/// The places that were found.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// In the order of the text.
    pub(super) places: Vec<MadeCode>,
}

impl Made {
    pub(super) fn call(&mut self, call: &CallExpression<'_>) {
        match maker(&call.callee) {
            // `eval()` makes nothing.
            Some(Maker::Eval) if call.arguments.is_empty() => {}
            Some(maker) => self.make(maker, &call.arguments, call.span),
            None if hands_on(&call.callee) => self.add(None, call.span),
            None => {}
        }
    }

    pub(super) fn construction(&mut self, new: &NewExpression<'_>) {
        if let Some(maker @ Maker::Function(_)) = maker(&new.callee) {
            self.make(maker, &new.arguments, new.span);
        }
    }

    fn make(&mut self, maker: Maker, arguments: &[Argument<'_>], span: Span) {
        let given = match maker {
            Maker::Eval => arguments.get(..1).unwrap_or_default(),
            Maker::Function(_) => arguments,
        };
        let texts: Option<Vec<Vec<String>>> =
            given.iter().map(|argument| argument.as_expression().and_then(constants)).collect();
        let Some(choices) = texts.and_then(|texts| choices(&texts)) else {
            self.add(None, span);
            return;
        };
        for texts in choices {
            match maker {
                Maker::Eval => self.add(texts.into_iter().next(), span),
                Maker::Function("function") if matches!(&texts[..], [one] if HARMLESS.contains(&one.as_str())) =>
                    {}
                Maker::Function(keyword) => self.add(Some(function_text(keyword, &texts)), span),
            }
        }
    }

    fn add(&mut self, text: Option<String>, span: Span) {
        if self.places.len() < MOST_PLACES {
            self.places.push(MadeCode { start: span.start, line: 0, text });
        }
    }
}

/// The text that V8 asks about: as `functionText` of `npm/nodeward/eval/function-text.cjs` makes it.
fn function_text(keyword: &str, texts: &[String]) -> String {
    let (body, parameters) = texts.split_last().map_or(("", &[][..]), |(body, rest)| (body, rest));
    format!("({keyword} anonymous({}\n) {{\n{body}\n}})", parameters.join(","))
}

fn maker(callee: &Expression<'_>) -> Option<Maker> {
    match bare(callee) {
        Expression::Identifier(name) => of_name(&name.name),
        Expression::StaticMemberExpression(member) => match bare(&member.object) {
            Expression::Identifier(object) if GLOBALS.contains(&object.name.as_str()) => {
                of_name(&member.property.name)
            }
            _ => None,
        },
        // `(0, eval)("…")`
        Expression::SequenceExpression(sequence) => maker(sequence.expressions.last()?),
        _ => None,
    }
}

fn of_name(name: &str) -> Option<Maker> {
    Some(match name {
        "eval" => Maker::Eval,
        "Function" => Maker::Function("function"),
        // As everybody calls them; they are no globals.
        "AsyncFunction" => Maker::Function("async function"),
        "GeneratorFunction" => Maker::Function("function*"),
        "AsyncGeneratorFunction" => Maker::Function("async function*"),
        _ => return None,
    })
}

/// `Function.apply(null, texts)`
fn hands_on(callee: &Expression<'_>) -> bool {
    let Expression::StaticMemberExpression(member) = bare(callee) else { return false };
    matches!(member.property.name.as_str(), "apply" | "call" | "bind") && maker(&member.object).is_some()
}

/// Every text that an expression can be, if all of them are written out.
fn constants(expression: &Expression<'_>) -> Option<Vec<String>> {
    match bare(expression) {
        Expression::StringLiteral(string) => whole(string.value.as_str()).map(|text| vec![text]),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
            whole(template.quasis.first()?.value.cooked.as_ref()?.as_str()).map(|text| vec![text])
        }
        Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
            // From left to right, without descending by calls: a long text may be a sum of very many.
            let mut parts = vec![bare(&sum.right)];
            let mut left = bare(&sum.left);
            while let Expression::BinaryExpression(inner) = left
                && inner.operator == BinaryOperator::Addition
            {
                parts.push(bare(&inner.right));
                left = bare(&inner.left);
            }
            parts.push(left);
            let texts: Option<Vec<Vec<String>>> = parts.into_iter().rev().map(constants_of_part).collect();
            let text = texts?.concat().concat();
            (text.len() <= LONGEST).then(|| vec![text])
        }
        Expression::ConditionalExpression(choice) => {
            let mut texts = constants_of_part(&choice.consequent)?;
            texts.extend(constants_of_part(&choice.alternate)?);
            Some(texts)
        }
        _ => None,
    }
}

fn constants_of_part(part: &Expression<'_>) -> Option<Vec<String>> {
    match bare(part) {
        part @ (Expression::StringLiteral(_) | Expression::TemplateLiteral(_)) => constants(part),
        _ => None,
    }
}

/// A text, if it is one in every encoding: half a surrogate pair is marked by the parser.
fn whole(text: &str) -> Option<String> {
    (text.len() <= LONGEST && !text.contains('\u{fffd}')).then(|| text.to_owned())
}

/// Each way to take one text of every argument; none if there are too many.
fn choices(texts: &[Vec<String>]) -> Option<Vec<Vec<String>>> {
    let mut all = vec![Vec::new()];
    for each in texts {
        if all.len() * each.len() > MOST_TEXTS {
            return None;
        }
        all = all
            .iter()
            .flat_map(|before| each.iter().map(|text| [&before[..], std::slice::from_ref(text)].concat()))
            .collect();
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::loads::{Surroundings, loads};
    use crate::source::SourceKind;

    /// The texts of each place, `?` where nobody can tell.
    fn made(text: &str) -> Vec<String> {
        let surroundings = Surroundings {
            working_directory: "/p",
            environment: &[("NODE_ENV".to_owned(), "production".to_owned())],
            platform: "linux",
            architecture: "x64",
            names: &[],
            resolver: None,
        };
        let found = loads(text, Path::new("/p/a.js"), SourceKind::JAVASCRIPT, &surroundings).unwrap();
        found.made.into_iter().map(|place| place.text.unwrap_or_else(|| "?".to_owned())).collect()
    }

    #[test]
    fn texts_that_are_written_out_are_what_v8_asks_about() {
        for (text, expected) in [
            ("eval('require')", &["require"][..]),
            ("(0, eval)(`a\n`)", &["a\n"]),
            ("globalThis.eval('a' + 'b' + \"c\")", &["abc"]),
            ("eval(x ? 'a' : 'b')", &["a", "b"]),
            ("new Function('p', 'return import(p)')", &["(function anonymous(p\n) {\nreturn import(p)\n})"]),
            ("Function('a', 'b', 'c')", &["(function anonymous(a,b\n) {\nc\n})"]),
            ("new Function()", &["(function anonymous(\n) {\n\n})"]),
            ("new Function('')", &["(function anonymous(\n) {\n\n})"]),
            ("new AsyncFunction('await 1')", &["(async function anonymous(\n) {\nawait 1\n})"]),
            ("new Function('a', x)", &["?"]),
            ("eval(`a${b}`)", &["?"]),
            ("eval('\\ud800')", &["?"]),
            ("eval(...texts)", &["?"]),
            ("Function.apply(null, texts)", &["?"]),
            ("Function('return this')(); new Function('return this;')", &[]),
            ("eval(); Function.prototype.call(x); f instanceof Function; (function eval2() {})('x')", &[]),
            ("if (process.env.NODE_ENV !== 'production') eval(x)", &[]),
        ] {
            assert_eq!(made(text), expected, "{text}");
        }
        let sum = format!("eval({}'')", "'a' + ".repeat(5000));
        assert_eq!(made(&sum), ["a".repeat(5000)]);
    }
}
