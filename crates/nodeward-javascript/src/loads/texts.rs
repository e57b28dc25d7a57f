//! Code in texts that a file runs: `eval("require('x')")`, written so that bundlers do not see it.

use oxc_allocator::Allocator;

use crate::oxc::ast::{Argument, Expression, ObjectPropertyKind, Statement};
use crate::oxc::{GetSpan as _, NodeId};

use super::calls::Finder;
use super::fold::{Folder, key};
use super::plain;
use super::value::{Known, Value, bare};
use super::{Act, Surroundings};
use crate::parse::{Limits, parse_within};
use crate::resolve::Loader;
use crate::source::SourceKind;

impl<'a> Folder<'a, '_> {
    /// What code in a text gives, as far as that matters; a function that is made of one is taken for what it
    /// returns, TypeScript's way to keep its compiler from seeing an `import()`.
    pub(super) fn written_function(&self, arguments: &'a [Argument<'a>]) -> Known<'a> {
        let Some(body) = arguments.last().and_then(Argument::as_expression) else { return Known::anything() };
        let mut all = Known::anything();
        for text in self.fold(body).texts() {
            let bare: String = text.chars().filter(|character| !character.is_whitespace()).collect();
            let body = bare.trim_start_matches('(').strip_prefix("return").unwrap_or(&bare);
            if body.starts_with("import(") || body.starts_with("awaitimport(") {
                all = Known::one(Value::Import);
                continue;
            }
            match read(text, self.surroundings).map(|code| code.gives) {
                Some(Gives::Require) => all = Known::one(Value::Require(None)),
                Some(Gives::Resolve) => all = Known::one(Value::Resolve(None)),
                Some(Gives::Module(name)) => all = self.module(&Known::text(name)),
                Some(Gives::Path(name)) => all = self.resolved(&Known::text(name), None, Loader::Require),
                Some(Gives::Anything) | None => {}
            }
        }
        all
    }
}

impl<'a> Finder<'_, 'a, '_> {
    /// Code in a text loads what it says, or what nobody can tell from here, if it speaks of loading.
    pub(super) fn text(&mut self, node: NodeId, arguments: &'a [Argument<'a>]) {
        let Some(body) = arguments.last().and_then(Argument::as_expression) else { return };
        let given = self.folder.written_function(arguments);
        let mut is_open = false;
        for text in self.folder.fold(body).texts() {
            let Some(code) = read(text, self.folder.surroundings) else {
                is_open |= text.contains("require(") || text.contains("import(");
                continue;
            };
            is_open |= code.is_open;
            for (act, what) in code.loads {
                self.load(node, act, &Known::text(what), None, body.span());
            }
        }
        if is_open && given.values.is_empty() {
            self.load(node, Act::Require, &Known::anything(), None, body.span());
        }
        self.follow(node, &given);
    }
}

impl<'a> Finder<'_, 'a, '_> {
    /// A script that `node:vm` is given loads only what it imports, and only where it is told how.
    pub(super) fn script(&mut self, node: NodeId, arguments: &'a [Argument<'a>]) {
        let argument = |at: usize| arguments.get(at).and_then(Argument::as_expression);
        let Some(body) = argument(0) else { return };
        let has_loader = arguments.iter().skip(1).filter_map(Argument::as_expression).any(|options| {
            matches!(bare(options), Expression::ObjectExpression(record)
                if record.properties.iter().any(|property| matches!(property,
                    ObjectPropertyKind::ObjectProperty(property)
                        if key(&property.key) == Some("importModuleDynamically"))))
        });
        for text in self.folder.fold(body).texts().filter(|_| has_loader) {
            let Some(code) = read(text, self.folder.surroundings) else { continue };
            if code.is_open {
                self.load(node, Act::Import, &Known::anything(), None, body.span());
            }
            for (act, what) in code.loads.into_iter().filter(|(act, _)| *act == Act::Import) {
                self.load(node, act, &Known::text(what), None, body.span());
            }
        }
    }
}

/// What a text says when it runs as code.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Code {
    /// What it loads.
    loads: Vec<(Act, String)>,
    /// Whether it loads more than it says by its own strings.
    is_open: bool,
    /// What it gives.
    gives: Gives,
}

/// What a text gives as code.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Gives {
    /// `require`
    Require,
    /// `require.resolve`
    Resolve,
    /// `require("x")`
    Module(String),
    /// `require.resolve("x")`
    Path(String),
    /// Something else.
    Anything,
}

/// Reads a text as code; a function's body too. `None`: it is neither, or speaks of no loading.
fn read(text: &str, surroundings: &Surroundings<'_>) -> Option<Code> {
    let speaks = ["require", "import"].iter().any(|word| text.contains(word));
    if !speaks {
        return None;
    }
    code(text, surroundings).or_else(|| code(&format!("async function f() {{\n{text}\n}}"), surroundings))
}

fn code(text: &str, surroundings: &Surroundings<'_>) -> Option<Code> {
    let arena = Allocator::default();
    let parsed = parse_within(&arena, text, SourceKind::JAVASCRIPT, &Limits::default()).ok()?;
    if !parsed.errors.is_empty() {
        return None;
    }
    // A package's name among its strings is one of a text, not of the file.
    let found = plain::read(parsed.program, text, &Surroundings { names: &[], ..*surroundings });
    let loads: Vec<_> = found.loads.into_iter().filter_map(|load| Some((load.act, load.what?))).collect();
    let gives = match (&parsed.program.body[..], &parsed.program.directives[..]) {
        ([Statement::ExpressionStatement(only)], []) => given(bare(&only.expression), &loads),
        _ => Gives::Anything,
    };
    // A path from `require.resolve` has values to follow, and so has what is given; both are followed outside.
    let is_open = found.has_values && gives == Gives::Anything;
    Some(Code { loads, is_open, gives })
}

fn given(expression: &Expression<'_>, loads: &[(Act, String)]) -> Gives {
    match expression {
        Expression::Identifier(name) if name.name == "require" => Gives::Require,
        Expression::StaticMemberExpression(member) => match (&member.object, member.property.name.as_str()) {
            (Expression::Identifier(object), "require") if object.name == "module" => Gives::Require,
            (Expression::Identifier(object), "resolve") if object.name == "require" => Gives::Resolve,
            _ => Gives::Anything,
        },
        Expression::CallExpression(call) if call.arguments.len() == 1 => match (plain::act(call), loads) {
            (Some(Act::Require), [(Act::Require, what)]) => Gives::Module(what.clone()),
            (Some(Act::Resolve(Loader::Require)), [(Act::Resolve(Loader::Require), what)]) => {
                Gives::Path(what.clone())
            }
            _ => Gives::Anything,
        },
        _ => Gives::Anything,
    }
}
