//! A call or a construction, with its arguments and options.

use std::rc::Rc;

use nodeward_javascript::oxc::ast::{Argument, Expression, ObjectExpression, ObjectPropertyKind};
use nodeward_javascript::oxc::{AstKind, AstNode, NodeId, Span};

use super::Context;

/// One call or construction.
pub(crate) struct Call<'a> {
    pub(crate) node: NodeId,
    pub(crate) span: Span,
    pub(crate) callee: &'a Expression<'a>,
    /// The API that is called, where it is known.
    pub(crate) path: Option<Rc<str>>,
    /// The name of the method, where it is one.
    pub(crate) method: Option<&'a str>,
    pub(crate) arguments: &'a [Argument<'a>],
}

/// What an option is set to.
pub(crate) enum Setting<'a> {
    /// To this.
    Value(&'a Expression<'a>),
    /// To nothing: the options are all in sight, and it is not among them.
    Absent,
    /// Cannot be told.
    Unknown,
}

impl<'a> Setting<'a> {
    pub(crate) fn value(self) -> Option<&'a Expression<'a>> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Unknown => None,
        }
    }
}

impl<'a> Call<'a> {
    /// A call or a construction.
    pub(crate) fn of(context: &Context<'_, 'a>, node: &AstNode<'a>) -> Option<Self> {
        Self::of_method(context, node, |_| true)
    }

    /// The same, if its method, where it is one, is wanted.
    pub(crate) fn of_method(
        context: &Context<'_, 'a>,
        node: &AstNode<'a>,
        is_wanted: impl Fn(Option<&str>) -> bool,
    ) -> Option<Self> {
        let (span, callee, arguments) = match node.kind() {
            AstKind::CallExpression(call) => (call.span, &call.callee, &call.arguments),
            AstKind::NewExpression(new) => (new.span, &new.callee, &new.arguments),
            _ => return None,
        };
        let method = match without_wrapping(callee) {
            Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
            Expression::ComputedMemberExpression(member) => match without_wrapping(&member.expression) {
                Expression::StringLiteral(name) => Some(name.value.as_str()),
                _ => None,
            },
            _ => None,
        };
        if !is_wanted(method) {
            return None;
        }
        let path = context.api_path(callee);
        Some(Self { node: node.id(), span, callee, path, method, arguments: arguments.as_slice() })
    }

    /// The argument at a place; `None` if there is none, or if a spread makes its place unknown.
    pub(crate) fn argument(&self, at: usize) -> Option<&'a Expression<'a>> {
        let before = self.arguments.get(..=at)?;
        if before.iter().any(Argument::is_spread) {
            return None;
        }
        before.last().and_then(Argument::as_expression)
    }

    /// The last argument.
    pub(crate) fn last(&self) -> Option<&'a Expression<'a>> {
        self.argument(self.arguments.len().checked_sub(1)?)
    }

    /// Whether all arguments are in sight.
    pub(crate) fn has_spread(&self) -> bool {
        self.arguments.iter().any(Argument::is_spread)
    }

    /// What the method is called on.
    pub(crate) fn receiver(&self) -> Option<&'a Expression<'a>> {
        match without_wrapping(self.callee) {
            Expression::StaticMemberExpression(member) => Some(&member.object),
            Expression::ComputedMemberExpression(member) => Some(&member.object),
            _ => None,
        }
    }

    /// The last name of what the method is called on: `res` in `res.send` and in `this.res.send`.
    pub(crate) fn receiver_name(&self) -> Option<&'a str> {
        last_name(self.receiver()?)
    }

    /// What an option is set to in the argument at a place.
    pub(crate) fn option(&self, context: &Context<'_, 'a>, at: usize, name: &str) -> Setting<'a> {
        match self.argument(at) {
            Some(options) => context.setting(options, name),
            None if self.has_spread() => Setting::Unknown,
            None => Setting::Absent,
        }
    }
}

impl<'a> Context<'_, 'a> {
    /// The object literal that an expression gives, also by way of a variable.
    pub(crate) fn object(&self, expression: &'a Expression<'a>) -> Option<&'a ObjectExpression<'a>> {
        match without_wrapping(expression) {
            Expression::ObjectExpression(object) => Some(object),
            Expression::Identifier(identifier) => match without_wrapping(self.value_of(identifier)?) {
                Expression::ObjectExpression(object) => Some(object),
                _ => None,
            },
            _ => None,
        }
    }

    /// What an option is set to. Objects that are built up after their literal count as not known.
    pub(crate) fn setting(&self, options: &'a Expression<'a>, name: &str) -> Setting<'a> {
        let Some(object) = self.object(options) else {
            return if options.is_null_or_undefined() { Setting::Absent } else { Setting::Unknown };
        };
        let direct = matches!(without_wrapping(options), Expression::ObjectExpression(_));
        match setting_of(object, name) {
            Setting::Absent if !direct => Setting::Unknown,
            setting => setting,
        }
    }
}

/// What an option is set to in an object literal.
pub(crate) fn setting_of<'a>(object: &'a ObjectExpression<'a>, name: &str) -> Setting<'a> {
    let mut setting = Setting::Absent;
    for property in &object.properties {
        match property {
            ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                Some(key) if key == name => setting = Setting::Value(&property.value),
                Some(_) => {}
                None if matches!(setting, Setting::Absent) => setting = Setting::Unknown,
                None => {}
            },
            ObjectPropertyKind::SpreadProperty(_) => setting = Setting::Unknown,
        }
    }
    setting
}

/// The name that an expression ends in: `c` in `a.b.c`.
pub(crate) fn last_name<'a>(expression: &'a Expression<'a>) -> Option<&'a str> {
    match without_wrapping(expression) {
        Expression::Identifier(identifier) => Some(identifier.name.as_str()),
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        Expression::PrivateFieldExpression(member) => Some(member.field.name.as_str()),
        Expression::ComputedMemberExpression(member) => match without_wrapping(&member.expression) {
            Expression::StringLiteral(name) => Some(name.value.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// The expression without parentheses, type assertions, optional chaining and the `(0, f)` of compilers.
pub(crate) fn without_wrapping<'a>(expression: &'a Expression<'a>) -> &'a Expression<'a> {
    let mut expression = expression;
    loop {
        expression = match expression {
            Expression::ParenthesizedExpression(inner) => &inner.expression,
            Expression::TSAsExpression(inner) => &inner.expression,
            Expression::TSSatisfiesExpression(inner) => &inner.expression,
            Expression::TSTypeAssertion(inner) => &inner.expression,
            Expression::TSNonNullExpression(inner) => &inner.expression,
            Expression::TSInstantiationExpression(inner) => &inner.expression,
            Expression::SequenceExpression(sequence) => match sequence.expressions.last() {
                Some(last) => last,
                None => return expression,
            },
            _ => return expression,
        };
    }
}
