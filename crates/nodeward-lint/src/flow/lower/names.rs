//! Tests that refuse the names that lead to a prototype: all names of a list, or those that an object does not have.

use nodeward_javascript::oxc::ast::{
    Argument, ArrayExpressionElement, CallExpression, Expression, FormalParameters, IfStatement, Statement,
};
use nodeward_javascript::oxc::{
    AstKind, BinaryOperator, GetSpan as _, LogicalOperator, SymbolId, UnaryOperator,
};

use super::Lowerer;
use super::guard::{ANY_KEY, is_alarm, is_minus_one, method};
use crate::flow::graph::Taint;

/// How many variables and calls are between a list and its use at most.
const STEPS: u8 = 3;

impl<'a> Lowerer<'a, '_> {
    /// Of `['__proto__', 'constructor', …]`, a set of these, or a variable that holds one: which names that lead to a
    /// prototype are in it.
    pub(super) fn prototype_list(&self, expression: &Expression<'a>) -> Option<Taint> {
        Some(self.prototype_names(expression, STEPS)).filter(|names| names.meets(Taint::KEY))
    }

    fn prototype_names(&self, expression: &Expression<'a>, steps: u8) -> Taint {
        let Some(steps) = steps.checked_sub(1) else { return Taint::NONE };
        let names = |expression: &Expression<'a>| self.prototype_names(expression, steps);
        let first = |arguments: &[Argument<'a>]| {
            arguments.first().and_then(Argument::as_expression).map_or(Taint::NONE, names)
        };
        match expression.get_inner_expression() {
            Expression::ArrayExpression(array) => {
                array.elements.iter().fold(Taint::NONE, |all, element| all.and(prototype_name(element)))
            }
            // `new Set([…])`, `Object.freeze([…])`.
            Expression::NewExpression(new) => first(&new.arguments),
            Expression::CallExpression(call) => first(&call.arguments),
            Expression::Identifier(identifier) => {
                let Some(symbol) = self.symbol(identifier) else { return Taint::NONE };
                match self.semantic.symbol_declaration(symbol).kind() {
                    AstKind::VariableDeclarator(declarator) => {
                        declarator.init.as_ref().map_or(Taint::NONE, names)
                    }
                    _ => Taint::NONE,
                }
            }
            _ => Taint::NONE,
        }
    }

    /// `names.some((name) => NAMES.includes(name))` came out false: none of them is such a name.
    pub(super) fn refine_each(&mut self, list: &Expression<'a>, test: &Expression<'a>) {
        let Some((parameters, answer)) = answer(test) else { return };
        let Some(parameter) = first_parameter(parameters) else { return };
        let is_it = |subject: &Expression<'a>| self.is_variable(subject, parameter);
        let cleared = self.refused(answer, &is_it);
        self.clear(list, cleared);
    }

    /// A loop over a list that is left for good at the first such name: after it the list has none.
    pub(super) fn refine_after_loop(
        &mut self,
        body: &Statement<'a>,
        elements: Option<(&Expression<'a>, SymbolId)>,
    ) {
        let statements = match body {
            Statement::BlockStatement(block) => &block.body[..],
            statement => std::slice::from_ref(statement),
        };
        for statement in statements {
            let Statement::IfStatement(statement) = statement else { continue };
            if !leaves(&statement.consequent) {
                continue;
            }
            if let Some((list, element)) = elements {
                let cleared = self.refused(&statement.test, &|subject| self.is_variable(subject, element));
                self.clear(list, cleared);
            } else if let Some(list) = self.indexed(&statement.test) {
                let cleared = self.refused(&statement.test, &|subject| {
                    element_of(subject).and_then(|list| self.variable(list)) == self.variable(list)
                });
                self.clear(list, cleared);
            }
        }
    }

    /// `if (!hasOwn(object, name)) object[name] = {}`: from here on the object has that name of its own.
    pub(super) fn refine_made_own(&mut self, statement: &IfStatement<'a>) {
        let Some(call) = missing(&statement.test) else { return };
        let Some((object, name)) = own(call) else { return };
        let source = self.semantic.source_text();
        let written = format!("{}[{}] =", object.span().source_text(source), name.span().source_text(source));
        if statement.alternate.is_none() && statement.consequent.span().source_text(source).contains(&written)
        {
            self.set_owner(self.variable(name), self.named_object(object));
        }
    }

    /// Which names that lead to a prototype make a test true, of what it looks at.
    fn refused(&self, test: &Expression<'a>, is_subject: &dyn Fn(&Expression<'a>) -> bool) -> Taint {
        match test.get_inner_expression() {
            Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::Or => {
                self.refused(&logical.left, is_subject).and(self.refused(&logical.right, is_subject))
            }
            Expression::BinaryExpression(binary) => {
                let (left, right) = (binary.left.get_inner_expression(), binary.right.get_inner_expression());
                match (binary.operator, left) {
                    (BinaryOperator::Equality | BinaryOperator::StrictEquality, _) => {
                        let (subject, value) = if left.is_literal() { (right, left) } else { (left, right) };
                        match value {
                            Expression::StringLiteral(name) if is_subject(subject) => {
                                match name.value.as_str() {
                                    "__proto__" => Taint::KEY,
                                    "constructor" | "prototype" => Taint::CONSTRUCTOR,
                                    _ => Taint::NONE,
                                }
                            }
                            _ => Taint::NONE,
                        }
                    }
                    // `indexOf(…) !== -1`, `> -1`, `>= 0`.
                    (
                        BinaryOperator::Inequality | BinaryOperator::StrictInequality,
                        Expression::CallExpression(call),
                    )
                    | (BinaryOperator::GreaterThan, Expression::CallExpression(call))
                        if is_minus_one(right) =>
                    {
                        self.refused_by_call(call, is_subject)
                    }
                    (BinaryOperator::GreaterEqualThan, Expression::CallExpression(call))
                        if right.is_number_0() =>
                    {
                        self.refused_by_call(call, is_subject)
                    }
                    _ => Taint::NONE,
                }
            }
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::BitwiseNot => {
                match unary.argument.get_inner_expression() {
                    Expression::CallExpression(call) => self.refused_by_call(call, is_subject),
                    _ => Taint::NONE,
                }
            }
            Expression::CallExpression(call) => self.refused_by_call(call, is_subject),
            _ => Taint::NONE,
        }
    }

    fn refused_by_call(
        &self,
        call: &CallExpression<'a>,
        is_subject: &dyn Fn(&Expression<'a>) -> bool,
    ) -> Taint {
        let first = call.arguments.first().and_then(Argument::as_expression);
        if !first.is_some_and(is_subject) {
            return Taint::NONE;
        }
        let is_refusal = match method(call) {
            Some(("includes" | "indexOf" | "has" | "contains", list)) => {
                if let Some(names) = self.prototype_list(list) {
                    return names;
                }
                matches!(list.get_inner_expression(), Expression::Identifier(name) if is_alarm(name.name.as_str()))
            }
            Some((name, _)) => is_alarm(name),
            None => call.callee_name().is_some_and(is_alarm),
        };
        if is_refusal { ANY_KEY } else { Taint::NONE }
    }

    /// The list of which a test looks at an element.
    fn indexed<'c>(&self, test: &'c Expression<'a>) -> Option<&'c Expression<'a>> {
        match test.get_inner_expression() {
            Expression::LogicalExpression(logical) => {
                self.indexed(&logical.left).or_else(|| self.indexed(&logical.right))
            }
            Expression::BinaryExpression(binary) => {
                self.indexed(&binary.left).or_else(|| self.indexed(&binary.right))
            }
            Expression::UnaryExpression(unary) => self.indexed(&unary.argument),
            Expression::CallExpression(call) => element_of(call.arguments.first()?.as_expression()?),
            expression => element_of(expression),
        }
    }

    fn variable(&self, expression: &Expression<'a>) -> Option<SymbolId> {
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.symbol(identifier),
            _ => None,
        }
    }

    fn is_variable(&self, expression: &Expression<'a>, symbol: SymbolId) -> bool {
        self.variable(expression) == Some(symbol)
    }
}

/// What an element of a list refuses of the names that lead to a prototype.
fn prototype_name(element: &ArrayExpressionElement<'_>) -> Taint {
    match element.as_expression() {
        Some(Expression::StringLiteral(literal)) => match literal.value.as_str() {
            "__proto__" => Taint::KEY,
            "constructor" | "prototype" => Taint::CONSTRUCTOR,
            _ => Taint::NONE,
        },
        _ => Taint::NONE,
    }
}

/// Of `list[at]` the list.
fn element_of<'c, 'a>(expression: &'c Expression<'a>) -> Option<&'c Expression<'a>> {
    match expression.get_inner_expression() {
        Expression::ComputedMemberExpression(member) if !member.expression.is_literal() => {
            Some(&member.object)
        }
        _ => None,
    }
}

/// What a function that only answers answers.
fn answer<'c, 'a>(function: &'c Expression<'a>) -> Option<(&'c FormalParameters<'a>, &'c Expression<'a>)> {
    let (parameters, body) = match function.get_inner_expression() {
        Expression::ArrowFunctionExpression(arrow) => {
            if let Some(expression) = arrow.body.as_expression() {
                return Some((&arrow.params, expression));
            }
            (&arrow.params, arrow.body.as_function_body()?)
        }
        Expression::FunctionExpression(function) => (&function.params, function.body.as_deref()?),
        _ => return None,
    };
    match &body.statements[..] {
        [Statement::ReturnStatement(statement)] => Some((parameters, statement.argument.as_ref()?)),
        _ => None,
    }
}

fn first_parameter(parameters: &FormalParameters<'_>) -> Option<SymbolId> {
    parameters.items.first()?.pattern.get_binding_identifier()?.symbol_id.get()
}

/// Whether a statement leaves the function.
fn leaves(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ReturnStatement(_) | Statement::ThrowStatement(_) => true,
        Statement::BlockStatement(block) => block.body.last().is_some_and(leaves),
        _ => false,
    }
}

/// Of `!hasOwn(…) || …` the call that says whether an object has a name.
fn missing<'c, 'a>(test: &'c Expression<'a>) -> Option<&'c CallExpression<'a>> {
    match test.get_inner_expression() {
        Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::Or => {
            missing(&logical.left).or_else(|| missing(&logical.right))
        }
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
            match unary.argument.get_inner_expression() {
                Expression::CallExpression(call) => Some(call),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Of a call that asks whether an object has a name, these two.
fn own<'c, 'a>(call: &'c CallExpression<'a>) -> Option<(&'c Expression<'a>, &'c Expression<'a>)> {
    let at = |at: usize| call.arguments.get(at).and_then(Argument::as_expression);
    match method(call) {
        Some(("hasOwnProperty", object)) => Some((object, at(0)?)),
        Some(("call", asked)) => {
            let name = match asked.get_inner_expression() {
                Expression::Identifier(identifier) => identifier.name.as_str(),
                expression => expression.as_member_expression()?.static_property_name()?,
            };
            matches!(name, "hasOwnProperty" | "hasOwn" | "has").then_some((at(0)?, at(1)?))
        }
        Some(("hasOwn" | "has", _)) => Some((at(0)?, at(1)?)),
        Some(_) => None,
        None => matches!(
            call.callee_name()?,
            "hasOwn" | "hasOwnProperty" | "hasProp" | "hasOwnProp" | "own" | "has"
        )
        .then_some((at(0)?, at(1)?)),
    }
}
