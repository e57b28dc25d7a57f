//! Local type inference: as much as tells `setTimeout(fn)` from `setTimeout(text)`.

use nodeward_javascript::oxc::ast::{BinaryOperator, Expression, TSType, TSTypeAnnotation, UnaryOperator};
use nodeward_javascript::oxc::{AstKind, SymbolId};

use super::symbols::Bound;
use super::{Context, MAX_DEPTH, without_wrapping};

/// What kind of value an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Text,
    Number,
    Boolean,
    Function,
    Object,
    Nothing,
    Unknown,
}

impl ValueKind {
    fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Unknown }
    }
}

/// Methods whose result is text, on whatever they are called.
const GIVE_TEXT: &[&str] = &[
    "toString",
    "join",
    "trim",
    "toLowerCase",
    "toUpperCase",
    "padStart",
    "padEnd",
    "repeat",
    "toFixed",
    "toISOString",
    "charAt",
    "replace",
    "replaceAll",
    "substring",
    "substr",
    "trimStart",
    "trimEnd",
];

impl<'a> Context<'_, 'a> {
    /// What kind of value an expression gives, as far as the file tells.
    pub(crate) fn kind_of(&self, expression: &'a Expression<'a>) -> ValueKind {
        self.kind(expression, MAX_DEPTH)
    }

    fn kind(&self, expression: &'a Expression<'a>, depth: u8) -> ValueKind {
        let Some(depth) = depth.checked_sub(1) else { return ValueKind::Unknown };
        match without_wrapping(expression) {
            Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => ValueKind::Text,
            Expression::NumericLiteral(_)
            | Expression::BigIntLiteral(_)
            | Expression::UpdateExpression(_) => ValueKind::Number,
            Expression::BooleanLiteral(_) => ValueKind::Boolean,
            Expression::NullLiteral(_) => ValueKind::Nothing,
            Expression::ArrowFunctionExpression(_)
            | Expression::FunctionExpression(_)
            | Expression::ClassExpression(_) => ValueKind::Function,
            Expression::ObjectExpression(_)
            | Expression::ArrayExpression(_)
            | Expression::RegExpLiteral(_)
            | Expression::NewExpression(_) => ValueKind::Object,
            Expression::UnaryExpression(unary) => match unary.operator {
                UnaryOperator::Typeof => ValueKind::Text,
                UnaryOperator::LogicalNot | UnaryOperator::Delete => ValueKind::Boolean,
                UnaryOperator::Void => ValueKind::Nothing,
                UnaryOperator::UnaryPlus | UnaryOperator::UnaryNegation | UnaryOperator::BitwiseNot => {
                    ValueKind::Number
                }
            },
            Expression::BinaryExpression(binary) => match binary.operator {
                BinaryOperator::Addition => {
                    match (self.kind(&binary.left, depth), self.kind(&binary.right, depth)) {
                        (ValueKind::Text, _) | (_, ValueKind::Text) => ValueKind::Text,
                        (ValueKind::Number, ValueKind::Number) => ValueKind::Number,
                        _ => ValueKind::Unknown,
                    }
                }
                operator if operator.is_arithmetic() || operator.is_bitwise() || operator.is_bitshift() => {
                    ValueKind::Number
                }
                _ => ValueKind::Boolean,
            },
            Expression::ConditionalExpression(choice) => {
                self.kind(&choice.consequent, depth).or(self.kind(&choice.alternate, depth))
            }
            Expression::LogicalExpression(logical) => {
                self.kind(&logical.left, depth).or(self.kind(&logical.right, depth))
            }
            Expression::AssignmentExpression(assignment) if assignment.operator.is_assign() => {
                self.kind(&assignment.right, depth)
            }
            Expression::Identifier(identifier) => match self.symbol_of(identifier) {
                None if identifier.name == "undefined" => ValueKind::Nothing,
                None if matches!(identifier.name.as_str(), "__dirname" | "__filename") => ValueKind::Text,
                None => ValueKind::Unknown,
                Some(symbol) => self.kind_of_symbol(symbol, depth),
            },
            Expression::CallExpression(call) => match without_wrapping(&call.callee) {
                Expression::StaticMemberExpression(member) if member.property.name == "bind" => {
                    ValueKind::Function
                }
                Expression::StaticMemberExpression(member)
                    if GIVE_TEXT.contains(&member.property.name.as_str()) =>
                {
                    ValueKind::Text
                }
                callee => match self.api_path(callee).as_deref() {
                    Some(
                        "String"
                        | "JSON.stringify"
                        | "String.fromCharCode"
                        | "encodeURIComponent"
                        | "atob"
                        | "btoa",
                    ) => ValueKind::Text,
                    Some("Number" | "parseInt" | "parseFloat" | "Date.now") => ValueKind::Number,
                    _ => ValueKind::Unknown,
                },
            },
            _ => ValueKind::Unknown,
        }
    }

    fn kind_of_symbol(&self, symbol: SymbolId, depth: u8) -> ValueKind {
        match self.bound(symbol) {
            Some(Bound::Function) => ValueKind::Function,
            Some(Bound::Value(value, members)) if members.is_empty() => self.kind(value, depth),
            Some(Bound::Parameter) => match self.semantic.symbol_declaration(symbol).kind() {
                AstKind::FormalParameter(parameter) if parameter.pattern.is_binding_identifier() => {
                    parameter.type_annotation.as_deref().map_or(ValueKind::Unknown, kind_of_annotation)
                }
                _ => ValueKind::Unknown,
            },
            _ => ValueKind::Unknown,
        }
    }
}

fn kind_of_annotation(annotation: &TSTypeAnnotation<'_>) -> ValueKind {
    match &annotation.type_annotation {
        TSType::TSStringKeyword(_) | TSType::TSTemplateLiteralType(_) => ValueKind::Text,
        TSType::TSNumberKeyword(_) | TSType::TSBigIntKeyword(_) => ValueKind::Number,
        TSType::TSBooleanKeyword(_) => ValueKind::Boolean,
        TSType::TSFunctionType(_) | TSType::TSConstructorType(_) => ValueKind::Function,
        TSType::TSArrayType(_) | TSType::TSTupleType(_) | TSType::TSTypeLiteral(_) => ValueKind::Object,
        _ => ValueKind::Unknown,
    }
}
