//! What a test rules out.
//!
//! `if (name.includes('..')) return` leaves a name that climbs nowhere. Each test that is understood marks the
//! variable that it looks at: from there on it is a node of its own.

use nodeward_javascript::oxc::ast::{
    Argument, BinaryExpression, CallExpression, Expression, MemberExpression,
};
use nodeward_javascript::oxc::{
    AstKind, BinaryOperator, GetSpan as _, LogicalOperator, Span, SymbolId, UnaryOperator,
};

use super::Lowerer;
use crate::flow::graph::{Label, Taint};
use crate::words::Words;

/// Every property name that leads to a prototype.
pub(super) const ANY_KEY: Taint = Taint::KEY.and(Taint::CONSTRUCTOR);
/// Names that lead to the prototype.
const PROTOTYPE_NAMES: [&str; 3] = ["__proto__", "constructor", "prototype"];

impl<'a> Lowerer<'a, '_> {
    /// Takes a test to have come out so.
    pub(super) fn refine(&mut self, test: &Expression<'a>, outcome: bool) {
        match test.get_inner_expression() {
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                self.refine(&unary.argument, !outcome);
            }
            Expression::LogicalExpression(logical) => match (logical.operator, outcome) {
                (LogicalOperator::And, true) | (LogicalOperator::Or, false) => {
                    self.refine(&logical.left, outcome);
                    self.refine(&logical.right, outcome);
                    self.refine_local_path(&logical.left, &logical.right, outcome);
                }
                // `kind === 'a' || kind === 'b'`.
                _ => {
                    if let Some(subject) = self.known(test, outcome) {
                        self.clear(subject, Taint::OUTSIDE);
                    }
                }
            },
            Expression::BinaryExpression(binary) => self.refine_comparison(binary, outcome),
            Expression::CallExpression(call) => self.refine_call(call, outcome),
            Expression::AwaitExpression(awaited) => self.refine(&awaited.argument, outcome),
            Expression::ChainExpression(chain) => {
                if let nodeward_javascript::oxc::ast::ChainElement::CallExpression(call) = &chain.expression {
                    self.refine_call(call, outcome);
                }
            }
            _ => {}
        }
    }

    /// What is one of some known values if a test comes out so.
    fn known<'e>(&self, test: &'e Expression<'a>, outcome: bool) -> Option<&'e Expression<'a>> {
        match test.get_inner_expression() {
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                self.known(&unary.argument, !outcome)
            }
            Expression::LogicalExpression(logical) => {
                let is_either = matches!(
                    (logical.operator, outcome),
                    (LogicalOperator::Or, true) | (LogicalOperator::And, false)
                );
                let left = self.known(&logical.left, outcome).filter(|_| is_either)?;
                let right = self.known(&logical.right, outcome)?;
                let source = self.semantic.source_text();
                (left.span().source_text(source) == right.span().source_text(source)).then_some(left)
            }
            Expression::BinaryExpression(binary) => {
                let is_equal = match binary.operator {
                    BinaryOperator::Equality | BinaryOperator::StrictEquality => outcome,
                    BinaryOperator::Inequality | BinaryOperator::StrictInequality => !outcome,
                    _ => false,
                };
                let is_value = |side: &Expression<'a>| side.is_literal() || is_undefined(side);
                match (is_value(&binary.left), is_value(&binary.right)) {
                    (false, true) if is_equal => Some(binary.left.get_inner_expression()),
                    (true, false) if is_equal => Some(binary.right.get_inner_expression()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `next.startsWith('/') && !next.startsWith('//')`: a path of this site.
    fn refine_local_path(&mut self, left: &Expression<'a>, right: &Expression<'a>, outcome: bool) {
        let tests = [left, right].map(|test| beginning(test, outcome));
        let [Some((one, begins, is_so)), Some((other, also, is_also))] = tests else { return };
        let is_path = matches!(
            (begins, is_so, also, is_also),
            ("/", true, "//" | "/\\", false) | ("//" | "/\\", false, "/", true)
        );
        let source = self.semantic.source_text();
        if is_path && one.span().source_text(source) == other.span().source_text(source) {
            self.clear(one, Taint::HOST.and(Taint::REDIRECT));
        }
    }

    /// `assert(test)` and the like.
    pub(super) fn refine_by_assertion(&mut self, expression: &Expression<'a>) {
        let Expression::CallExpression(call) = expression else { return };
        let Some(first) = call.arguments.first().and_then(Argument::as_expression) else { return };
        let is_logged = |object: &Expression<'a>| matches!(object.get_inner_expression(), Expression::Identifier(name) if name.name == "console");
        let name = match method(call) {
            Some((_, object)) if is_logged(object) => return,
            Some((name, _)) => name,
            None => call.callee_name().unwrap_or_default(),
        };
        match name {
            "assert" | "invariant" | "ok" => self.refine(first, true),
            name if asserts_number(name) => self.clear(first, Taint::OUTSIDE.without(Taint::NUMBER)),
            _ => {}
        }
    }

    /// `case 'x':` says what the discriminant is.
    pub(super) fn refine_equal(&mut self, subject: &Expression<'a>, value: &Expression<'a>) {
        if value.is_literal() {
            self.clear(subject, Taint::OUTSIDE);
        }
    }

    /// Marks a variable as harmless for some uses.
    pub(super) fn clear(&mut self, subject: &Expression<'a>, cleared: Taint) {
        self.clear_origin(subject, cleared);
        let Expression::Identifier(identifier) = subject.get_inner_expression() else {
            return self.clear_property(subject, cleared);
        };
        if let Some(symbol) = self.symbol(identifier) {
            self.clear_symbol(symbol, cleared, identifier.span);
        }
    }

    pub(super) fn clear_symbol(&mut self, symbol: SymbolId, cleared: Taint, span: Span) {
        if cleared.is_empty() {
            return;
        }
        let Some(old) = self.read(symbol, span) else { return };
        let node = self.node(span);
        self.edge(old, node, Label::Tested(cleared));
        self.set(symbol, node);
    }

    /// Marks a property of a variable so.
    fn clear_property(&mut self, subject: &Expression<'a>, cleared: Taint) {
        let Some(member) = subject.get_inner_expression().as_member_expression() else { return };
        let Some(path) = self.path(member) else { return };
        let Some(old) = self.member(member) else { return };
        let node = self.node(member.span());
        self.edge(old, node, Label::Tested(cleared));
        self.set_tested(path, node);
    }

    fn refine_comparison(&mut self, binary: &BinaryExpression<'a>, outcome: bool) {
        let (left, right) = (binary.left.get_inner_expression(), binary.right.get_inner_expression());
        let is_equal = match binary.operator {
            BinaryOperator::Equality | BinaryOperator::StrictEquality => outcome,
            BinaryOperator::Inequality | BinaryOperator::StrictInequality => !outcome,
            BinaryOperator::In if outcome => return self.clear(left, Taint::OUTSIDE.without(ANY_KEY)),
            operator if operator.is_compare() => return self.refine_order(binary, outcome),
            _ => return,
        };
        for (subject, value) in [(left, right), (right, left)] {
            if let Expression::UnaryExpression(unary) = subject
                && unary.operator == UnaryOperator::Typeof
                && let Expression::StringLiteral(kind) = value
            {
                let cleared = match (kind.value.as_str(), is_equal) {
                    ("number", true) => Taint::OUTSIDE.without(Taint::NUMBER),
                    ("boolean" | "undefined" | "function" | "symbol" | "bigint", true) => Taint::OUTSIDE,
                    ("string", true) | ("object", false) => {
                        Taint::OPERATOR.and(Taint::OBJECT).and(Taint::SERIALISED)
                    }
                    _ => continue,
                };
                self.clear(&unary.argument, cleared);
            } else if let Expression::StringLiteral(literal) = value {
                match (literal.value.as_str(), is_equal) {
                    (_, true) => self.clear(subject, Taint::OUTSIDE.and(Taint::PROTOTYPE)),
                    ("__proto__", false) => self.clear(subject, Taint::KEY),
                    ("constructor" | "prototype", false) => self.clear(subject, Taint::CONSTRUCTOR),
                    _ => {}
                }
            } else if is_equal && (value.is_literal() || is_undefined(value)) {
                self.clear(subject, Taint::OUTSIDE);
            } else if let Expression::CallExpression(call) = subject {
                self.refine_index(call, value, is_equal);
            } else if let Expression::StaticMemberExpression(member) = value
                && member.property.name == "prototype"
                && !is_equal
            {
                self.clear(subject, Taint::PROTOTYPE);
            }
        }
    }

    /// `text.indexOf(part) === -1`, `=== 0`.
    fn refine_index(&mut self, call: &CallExpression<'a>, value: &Expression<'a>, is_equal: bool) {
        let Some(method) = method(call) else { return };
        if !matches!(method.0, "indexOf" | "search" | "lastIndexOf") {
            return;
        }
        if is_minus_one(value) {
            self.refine_found(call, !is_equal);
        } else if value.is_number_0() && is_equal {
            self.refine_beginning(method.1, call);
        } else if value.is_number_0()
            && !is_equal
            && argument_text(call).is_some_and(|text| text.contains(".."))
        {
            self.clear(method.1, Taint::PATH);
        }
    }

    fn refine_order(&mut self, binary: &BinaryExpression<'a>, outcome: bool) {
        let (left, right) = (binary.left.get_inner_expression(), binary.right.get_inner_expression());
        let is_less = match binary.operator {
            BinaryOperator::LessThan | BinaryOperator::LessEqualThan => outcome,
            _ => !outcome,
        };
        if let Expression::CallExpression(call) = left
            && let Some((name, _)) = method(call)
            && matches!(name, "indexOf" | "search")
        {
            // `indexOf(…) >= 0`, `> -1`.
            if is_minus_one(right) || right.is_number_0() {
                self.refine_found(call, !is_less);
            }
            return;
        }
        let smaller = if is_less { left } else { right };
        let bound = if is_less { right } else { left };
        if let Expression::StaticMemberExpression(member) = smaller
            && member.property.name == "length"
        {
            self.clear(&member.object, Taint::LENGTH);
        } else if bound.is_number_literal() || matches!(bound, Expression::Identifier(_)) {
            self.clear(smaller, Taint::NUMBER);
        }
    }

    fn refine_call(&mut self, call: &CallExpression<'a>, outcome: bool) {
        let first = call.arguments.first().and_then(Argument::as_expression);
        let Some((name, receiver)) = method(call) else {
            let Some(first) = first else { return };
            match (call.callee_name().unwrap_or_default(), outcome) {
                ("isNaN", false) | ("isFinite", true) => {
                    self.clear(first, Taint::OUTSIDE.without(Taint::NUMBER))
                }
                (name, true) if is_checker(name) => self.clear_checked(call),
                (name, false) if is_alarm(name) => {
                    self.clear(first, ANY_KEY.and(Taint::PATH));
                }
                _ => {}
            }
            return;
        };
        match (name, outcome) {
            ("includes" | "contains" | "has" | "exec", _) => self.refine_found(call, outcome),
            ("startsWith", true) => self.refine_beginning(receiver, call),
            ("startsWith", false) if argument_text(call) == Some("-") => self.clear(receiver, Taint::OPTION),
            ("startsWith", false) if argument_text(call).is_some_and(|text| text.contains("..")) => {
                self.clear(receiver, Taint::PATH);
            }
            ("isInteger" | "isSafeInteger" | "isFinite", true) => {
                if let Some(first) = first {
                    self.clear(first, Taint::OUTSIDE.without(Taint::NUMBER));
                }
            }
            ("isArray", true) => {}
            ("hasOwnProperty" | "hasOwn", true) => {
                // The property may be the object's own and still be called `__proto__`.
                if let Some(last) = call.arguments.last().and_then(Argument::as_expression) {
                    self.clear(last, Taint::OUTSIDE.without(ANY_KEY));
                }
            }
            ("test", _) => self.refine_pattern(receiver, first, outcome),
            ("match", _) => {
                if let Some(first) = first {
                    self.refine_pattern(first, Some(receiver), outcome);
                }
            }
            ("some", false) => {
                if let Some(test) = first {
                    self.refine_each(receiver, test);
                }
            }
            // `LIST.some((known) => known === name)`.
            ("some", true) => {
                if let Some(subject) = first.and_then(compared) {
                    self.clear(subject, Taint::OUTSIDE);
                }
            }
            (name, true) if is_checker(name) => self.clear_checked(call),
            (name, false) if is_alarm(name) => {
                if let Some(first) = first {
                    self.clear(first, ANY_KEY.and(Taint::PATH));
                }
            }
            _ => {}
        }
    }

    /// `isSafe(object, name)`: which of them was looked at, the name of the function does not say.
    fn clear_checked(&mut self, call: &CallExpression<'a>) {
        let cleared = Taint::OUTSIDE.and(Taint::PROTOTYPE);
        let cleared = if self.looks_at_no_path(call) { cleared.without(Taint::PATH) } else { cleared };
        for argument in call.arguments.iter().filter_map(Argument::as_expression).take(3) {
            self.clear(argument, cleared);
        }
    }

    /// Whether a function can be read, and nothing in it could find out where a path leads: one that only looks for
    /// `\0` lets all others through.
    fn looks_at_no_path(&self, call: &CallExpression<'a>) -> bool {
        const LOOKS: [&str; 13] = [
            "..",
            "startsWith",
            "normalize",
            "relative",
            "resolve",
            "join",
            "basename",
            "isAbsolute",
            "\\/",
            "\\.",
            "includes",
            "indexOf",
            "has(",
        ];
        let Expression::Identifier(identifier) = call.callee.get_inner_expression() else { return false };
        let Some(symbol) = self.symbol(identifier) else { return false };
        let declaration = self.semantic.symbol_declaration(symbol);
        let is_function = match declaration.kind() {
            AstKind::Function(_) => true,
            AstKind::VariableDeclarator(declarator) => {
                declarator.init.as_ref().is_some_and(|init| init.get_inner_expression().is_function())
            }
            _ => false,
        };
        let text = declaration.kind().span().source_text(self.semantic.source_text());
        is_function
            && text.len() < 400
            && (text.contains("\\0") || text.contains(".test("))
            && !LOOKS.iter().any(|look| text.contains(look))
    }

    /// A list holds the value or not; a text holds a part or not.
    fn refine_found(&mut self, call: &CallExpression<'a>, found: bool) {
        let Some((_, receiver)) = method(call) else { return };
        let Some(first) = call.arguments.first().and_then(Argument::as_expression) else { return };
        if let Some(text) = argument_text(call) {
            if !found {
                if text.contains("..") {
                    self.clear(receiver, Taint::PATH);
                }
                if PROTOTYPE_NAMES.contains(&text) {
                    self.clear(receiver, if text == "__proto__" { Taint::KEY } else { Taint::CONSTRUCTOR });
                }
            }
            return;
        }
        if let Some(names) = self.prototype_list(receiver) {
            if !found {
                self.clear(first, names);
            }
        } else if found {
            self.clear(first, Taint::OUTSIDE);
        } else if let Expression::Identifier(list) = receiver.get_inner_expression()
            && is_alarm(list.name.as_str())
        {
            self.clear(first, ANY_KEY);
        }
    }

    /// A text begins with another: a path with the folder that it must stay in.
    fn refine_beginning(&mut self, subject: &Expression<'a>, call: &CallExpression<'a>) {
        let cleared = match argument_text(call) {
            // `/` proves nothing but that the path is absolute.
            Some("/" | "." | "./") => Taint::NONE,
            Some(text) if text.contains("://") => Taint::HOST.and(Taint::REDIRECT),
            Some(_) => Taint::PATH.and(Taint::HOST).and(Taint::REDIRECT),
            // `/srv/files-of-others` begins with `/srv/files`.
            None if self.may_end_within_name(call) => Taint::CLIMB.and(Taint::HOST).and(Taint::REDIRECT),
            None => Taint::PATH.and(Taint::HOST).and(Taint::REDIRECT),
        };
        self.clear(subject, cleared);
    }

    /// Whether a folder, given to `startsWith`, is a variable that was declared with no separator at its end.
    fn may_end_within_name(&self, call: &CallExpression<'a>) -> bool {
        let Some(folder) = call.arguments.first().and_then(Argument::as_expression) else { return false };
        let source = self.semantic.source_text();
        // `folder + path.sep`, `${folder}/`, `path.join(folder, '/')`.
        let ends = |text: &str| {
            ["sep", "/'", "/\"", "/`", "\\'", "\\\"", "lash"].iter().any(|end| text.contains(end))
        };
        match folder.get_inner_expression() {
            folder @ Expression::Identifier(name) => {
                !ends(&name.name)
                    && !self.initial(folder).is_some_and(|init| ends(init.span().source_text(source)))
            }
            folder => !ends(folder.span().source_text(source)),
        }
    }

    /// A text matches a pattern or not.
    fn refine_pattern(&mut self, pattern: &Expression<'a>, subject: Option<&Expression<'a>>, outcome: bool) {
        let Some(subject) = subject else { return };
        let Some(name) = self.regex(pattern) else { return };
        let text = self.graph.names.text(name).to_owned();
        let Some((body, _)) = text.get(1..).and_then(|rest| rest.rsplit_once('/')) else { return };
        let is_whole = body.starts_with('^') && body.ends_with('$');
        if outcome && is_whole {
            let lets_through =
                if body.contains(".*") || body.contains(".+") { Taint::NONE } else { Taint::OUTSIDE };
            self.clear(subject, lets_through);
        } else if !outcome {
            if body.contains("[^") && !is_whole {
                self.clear(subject, Taint::OUTSIDE);
            } else if body.contains("\\.\\.") || body.contains("\\.{2") {
                self.clear(subject, Taint::PATH);
            } else if body.contains("__proto__") {
                self.clear(subject, Taint::KEY);
            } else if body.contains([';', '&', '|']) || body.contains("\\s") {
                self.clear(subject, Taint::SHELL);
            }
        }
    }
}

/// What an arrow function compares its parameter with.
fn compared<'c, 'a>(test: &'c Expression<'a>) -> Option<&'c Expression<'a>> {
    let Expression::ArrowFunctionExpression(arrow) = test.get_inner_expression() else { return None };
    let parameter = arrow.params.items.first()?.pattern.get_binding_identifier()?;
    let Expression::BinaryExpression(binary) = arrow.body.as_expression()?.get_inner_expression() else {
        return None;
    };
    let is_equal = matches!(binary.operator, BinaryOperator::Equality | BinaryOperator::StrictEquality);
    let is_parameter = |side: &Expression<'a>| matches!(side.get_inner_expression(), Expression::Identifier(name) if name.name == parameter.name);
    match (is_parameter(&binary.left), is_parameter(&binary.right)) {
        (true, false) if is_equal => Some(&binary.right),
        (false, true) if is_equal => Some(&binary.left),
        _ => None,
    }
}

/// Of `text.startsWith('/')` the text, with what it begins, and whether it does.
fn beginning<'c, 'a>(test: &'c Expression<'a>, outcome: bool) -> Option<(&'c Expression<'a>, &'c str, bool)> {
    match test.get_inner_expression() {
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
            beginning(&unary.argument, !outcome)
        }
        Expression::CallExpression(call) => {
            let (name, subject) = method(call)?;
            (name == "startsWith").then_some((subject, argument_text(call)?, outcome))
        }
        _ => None,
    }
}

/// The method's name and the object, of a method call.
pub(super) fn method<'c, 'a>(call: &'c CallExpression<'a>) -> Option<(&'c str, &'c Expression<'a>)> {
    let member: &MemberExpression<'a> = call.callee.get_inner_expression().as_member_expression()?;
    Some((member.static_property_name()?, member.object()))
}

fn argument_text<'c>(call: &'c CallExpression<'_>) -> Option<&'c str> {
    match call.arguments.first()?.as_expression()?.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(literal.value.as_str()),
        _ => None,
    }
}

fn is_undefined(expression: &Expression<'_>) -> bool {
    matches!(expression, Expression::Identifier(identifier) if identifier.name == "undefined")
}

pub(super) fn is_minus_one(expression: &Expression<'_>) -> bool {
    matches!(expression, Expression::UnaryExpression(unary)
        if unary.operator == UnaryOperator::UnaryNegation && unary.argument.is_number_value(1.0))
}

/// Functions that throw unless they are given a number, by their names: `validateIndex`.
fn asserts_number(name: &str) -> bool {
    let asks = ["validate", "assert", "check", "ensure"].iter().find_map(|verb| name.strip_prefix(verb));
    asks.is_some_and(|what| {
        matches!(what.trim_start_matches("Is"), "Index" | "Integer" | "Int" | "Number" | "PositiveInteger")
    })
}

/// Functions whose yes means that a value was checked, by their names.
fn is_checker(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("valid") && !lower.contains("invalid")
        || lower.contains("safe") && !lower.contains("unsafe")
        || lower.contains("allowed") && !lower.contains("disallowed")
        || lower.contains("whitelist")
        || matches!(
            lower.as_str(),
            "isinteger" | "isnumber" | "isnumeric" | "isboolean" | "isip" | "isuuid" | "isint"
        )
}

/// Words in the names of functions whose no means that a value is harmless.
static ALARMS: Words = Words::new(&[
    "unsafe",
    "special",
    "reserved",
    "prototypepolluted",
    "ispolluted",
    "isprototype",
    "dangerous",
    "forbidden",
    "blacklist",
    "denylist",
    "disallowed",
    "invalid",
    "malicious",
    "traversal",
]);

/// Functions whose no means that a value is harmless, by their names.
pub(super) fn is_alarm(name: &str) -> bool {
    ALARMS.are_in(name)
}
