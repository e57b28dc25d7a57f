//! What the author chose: constants, and expressions that no outsider can reach.

use std::borrow::Cow;

use nodeward_javascript::oxc::SymbolId;
use nodeward_javascript::oxc::ast::{
    Argument, ArrayExpressionElement, BinaryOperator, CallExpression, Expression, ObjectPropertyKind,
    UnaryOperator,
};

use super::symbols::Bound;
use super::{Context, MAX_DEPTH, without_wrapping};

/// The longest text that is put together while evaluating.
const MAX_TEXT: usize = 64 * 1024;

/// A value known from the text alone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Boolean(bool),
    Nothing,
}

impl<'a> Constant<'a> {
    fn is_true(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Boolean(value) => *value,
            Self::Nothing => false,
        }
    }

    fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Nothing => Cow::Borrowed("undefined"),
        }
    }
}

/// Calls that give nothing but what they are given.
const PURE_CALLS: &[&str] = &[
    "path.join",
    "path.resolve",
    "path.dirname",
    "path.basename",
    "path.normalize",
    "path.posix.join",
    "path.relative",
    "require.resolve",
    "url.fileURLToPath",
    "url.pathToFileURL",
    "String",
    "JSON.stringify",
    "encodeURIComponent",
    "URL",
    "process.cwd",
    "os.tmpdir",
    "os.homedir",
    "Symbol",
    "Object.freeze",
    "Object.keys",
];

/// Names whose values the author or the host chose.
const OWN_VALUES: &[&str] = &[
    "__dirname",
    "__filename",
    "undefined",
    "process.execPath",
    "process.platform",
    "process.arch",
    "import.meta.url",
    "import.meta.dirname",
    "import.meta.filename",
    "os.EOL",
    "path.sep",
    "path.delimiter",
    "process.version",
    "NaN",
    "Infinity",
];

/// Methods of text and arrays that give nothing but what they are given.
const PURE_METHODS: &[&str] = &[
    "join",
    "concat",
    "trim",
    "toString",
    "toLowerCase",
    "toUpperCase",
    "slice",
    "substring",
    "split",
    "replace",
    "repeat",
    "map",
    "filter",
    "padStart",
    "padEnd",
];

impl<'a> Context<'_, 'a> {
    /// The value of an expression, where the file alone decides it.
    pub(crate) fn constant(&self, expression: &'a Expression<'a>) -> Option<Constant<'a>> {
        self.evaluate(expression, MAX_DEPTH)
    }

    /// The text that an expression gives, where the file alone decides it.
    pub(crate) fn constant_text(&self, expression: &'a Expression<'a>) -> Option<Cow<'a, str>> {
        match self.constant(expression)? {
            Constant::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number that an expression gives, where the file alone decides it.
    pub(crate) fn constant_number(&self, expression: &'a Expression<'a>) -> Option<f64> {
        match self.constant(expression)? {
            Constant::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether an expression is that boolean (or `!0`, `!1`).
    pub(crate) fn is_boolean(&self, expression: &'a Expression<'a>, value: bool) -> bool {
        self.constant(expression) == Some(Constant::Boolean(value))
    }

    fn evaluate(&self, expression: &'a Expression<'a>, depth: u8) -> Option<Constant<'a>> {
        let depth = depth.checked_sub(1)?;
        Some(match without_wrapping(expression) {
            Expression::StringLiteral(literal) => Constant::Text(Cow::Borrowed(literal.value.as_str())),
            Expression::NumericLiteral(literal) => Constant::Number(literal.value),
            Expression::BooleanLiteral(literal) => Constant::Boolean(literal.value),
            Expression::NullLiteral(_) => Constant::Nothing,
            Expression::TemplateLiteral(template) => {
                let mut text = String::new();
                for (at, quasi) in template.quasis.iter().enumerate() {
                    text.push_str(quasi.value.cooked?.as_str());
                    if let Some(hole) = template.expressions.get(at) {
                        text.push_str(&self.evaluate(hole, depth)?.text());
                    }
                    if text.len() > MAX_TEXT {
                        return None;
                    }
                }
                Constant::Text(Cow::Owned(text))
            }
            Expression::UnaryExpression(unary) => {
                match (unary.operator, self.evaluate(&unary.argument, depth)?) {
                    (UnaryOperator::UnaryNegation, Constant::Number(number)) => Constant::Number(-number),
                    (UnaryOperator::UnaryPlus, Constant::Number(number)) => Constant::Number(number),
                    (UnaryOperator::LogicalNot, value) => Constant::Boolean(!value.is_true()),
                    (UnaryOperator::Void, _) => Constant::Nothing,
                    _ => return None,
                }
            }
            Expression::BinaryExpression(binary) => {
                let (left, right) =
                    (self.evaluate(&binary.left, depth)?, self.evaluate(&binary.right, depth)?);
                match (binary.operator, left, right) {
                    (operator, Constant::Number(left), Constant::Number(right)) => {
                        Constant::Number(arithmetic(operator, left, right)?)
                    }
                    (BinaryOperator::Addition, left, right) => {
                        let text = format!("{}{}", left.text(), right.text());
                        (text.len() <= MAX_TEXT).then_some(Constant::Text(Cow::Owned(text)))?
                    }
                    _ => return None,
                }
            }
            Expression::CallExpression(call) => Constant::Text(Cow::Owned(self.joined(call, depth)?)),
            Expression::Identifier(identifier) => match self.symbol_of(identifier) {
                None if identifier.name == "undefined" => Constant::Nothing,
                None => return None,
                Some(symbol) => match self.bound(symbol)? {
                    Bound::Value(value, members) if members.is_empty() => self.evaluate(value, depth)?,
                    _ => return None,
                },
            },
            _ => return None,
        })
    }

    /// `['a', 'b'].join('|')`.
    fn joined(&self, call: &'a CallExpression<'a>, depth: u8) -> Option<String> {
        let member = without_wrapping(&call.callee).as_member_expression()?;
        let Expression::ArrayExpression(list) = without_wrapping(member.object()) else { return None };
        if member.static_property_name() != Some("join") {
            return None;
        }
        let between = match call.arguments.first() {
            Some(argument) => self.evaluate(argument.as_expression()?, depth)?.text(),
            None => Cow::Borrowed(","),
        };
        let mut text = String::new();
        for (at, element) in list.elements.iter().enumerate() {
            if at > 0 {
                text.push_str(&between);
            }
            match self.evaluate(element.as_expression()?, depth)? {
                Constant::Nothing => {}
                value => text.push_str(&value.text()),
            }
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(text)
    }

    /// Whether nobody but the author (or the machine it runs on) decides the value of an expression.
    pub(crate) fn is_fixed(&self, expression: &'a Expression<'a>) -> bool {
        self.fixed(expression, MAX_DEPTH / 2)
    }

    fn fixed(&self, expression: &'a Expression<'a>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let all = |arguments: &'a [Argument<'a>]| {
            arguments
                .iter()
                .all(|argument| argument.as_expression().is_some_and(|argument| self.fixed(argument, depth)))
        };
        match without_wrapping(expression) {
            Expression::StringLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::BigIntLiteral(_)
            | Expression::RegExpLiteral(_)
            | Expression::ArrowFunctionExpression(_)
            | Expression::FunctionExpression(_) => true,
            Expression::TemplateLiteral(template) => {
                template.expressions.iter().all(|hole| self.fixed(hole, depth))
            }
            Expression::BinaryExpression(binary) => {
                self.fixed(&binary.left, depth) && self.fixed(&binary.right, depth)
            }
            Expression::LogicalExpression(logical) => {
                self.fixed(&logical.left, depth) && self.fixed(&logical.right, depth)
            }
            Expression::ConditionalExpression(choice) => {
                self.fixed(&choice.consequent, depth) && self.fixed(&choice.alternate, depth)
            }
            Expression::UnaryExpression(unary) => {
                unary.operator != UnaryOperator::UnaryPlus || self.fixed(&unary.argument, depth)
            }
            Expression::AwaitExpression(awaited) => self.fixed(&awaited.argument, depth),
            Expression::ArrayExpression(array) => array.elements.iter().all(|element| match element {
                ArrayExpressionElement::Elision(_) => true,
                ArrayExpressionElement::SpreadElement(spread) => self.fixed(&spread.argument, depth),
                element => element.as_expression().is_some_and(|element| self.fixed(element, depth)),
            }),
            Expression::ObjectExpression(object) => object.properties.iter().all(|property| match property {
                ObjectPropertyKind::ObjectProperty(property) => self.fixed(&property.value, depth),
                ObjectPropertyKind::SpreadProperty(spread) => self.fixed(&spread.argument, depth),
            }),
            Expression::Identifier(identifier) => match self.symbol_of(identifier) {
                None => OWN_VALUES.contains(&identifier.name.as_str()),
                Some(symbol) => self.symbol_is_fixed(symbol, depth),
            },
            Expression::NewExpression(new) => {
                self.api_path(&new.callee).is_some_and(|path| PURE_CALLS.contains(&&*path))
                    && all(&new.arguments)
            }
            Expression::CallExpression(call) => {
                let pure = self.api_path(&call.callee).is_some_and(|path| PURE_CALLS.contains(&&*path));
                let method = match without_wrapping(&call.callee) {
                    Expression::StaticMemberExpression(member) => {
                        PURE_METHODS.contains(&member.property.name.as_str())
                            && self.fixed(&member.object, depth)
                    }
                    _ => false,
                };
                (pure || method) && all(&call.arguments)
            }
            expression
            @ (Expression::StaticMemberExpression(_) | Expression::ComputedMemberExpression(_)) => {
                if self.api_path(expression).is_some_and(|path| OWN_VALUES.contains(&&*path)) {
                    return true;
                }
                match expression {
                    Expression::StaticMemberExpression(member) => self.fixed(&member.object, depth),
                    // Any entry of a table that the author wrote, whoever picks it.
                    Expression::ComputedMemberExpression(member) => self.fixed(&member.object, depth),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn symbol_is_fixed(&self, symbol: SymbolId, depth: u8) -> bool {
        match self.bound(symbol) {
            Some(Bound::Value(value, _)) => self.fixed(value, depth),
            Some(Bound::Function) => true,
            _ => false,
        }
    }
}

fn arithmetic(operator: BinaryOperator, left: f64, right: f64) -> Option<f64> {
    Some(match operator {
        BinaryOperator::Addition => left + right,
        BinaryOperator::Subtraction => left - right,
        BinaryOperator::Multiplication => left * right,
        BinaryOperator::Division => left / right,
        BinaryOperator::Exponential => left.powf(right),
        BinaryOperator::ShiftLeft => f64::from((left as i64 as i32).wrapping_shl(right as i64 as u32)),
        _ => return None,
    })
}
