//! Local type inference: as much as tells `setTimeout(fn)` from `setTimeout(text)`.

use nodeward_javascript::oxc::ast::{
    Argument, AssignmentTarget, BinaryOperator, Expression, FormalParameter, TSType, TSTypeAnnotation,
    UnaryOperator,
};
use nodeward_javascript::oxc::{AssignmentOperator, AstKind, NodeId, SymbolId};

use super::symbols::Bound;
use super::{Context, MAX_DEPTH, without_wrapping};

/// How far a question goes on that asks of every write or call.
const NEARBY: u8 = 4;
/// How many writes or calls it asks of.
const MOST: usize = 32;

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
            Expression::StaticMemberExpression(member)
                if matches!(member.property.name.as_str(), "length" | "byteLength") =>
            {
                ValueKind::Number
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
                    match parameter.type_annotation.as_deref() {
                        Some(annotation) => kind_of_annotation(annotation),
                        None => self.kind_of_argument(symbol, depth.min(NEARBY)),
                    }
                }
                _ => ValueKind::Unknown,
            },
            None => self.kind_of_sum(symbol, depth.min(NEARBY)),
            _ => ValueKind::Unknown,
        }
    }

    /// Of a variable that is begun with a text or a number and then only added to.
    fn kind_of_sum(&self, symbol: SymbolId, depth: u8) -> ValueKind {
        let AstKind::VariableDeclarator(declarator) = self.semantic.symbol_declaration(symbol).kind() else {
            return ValueKind::Unknown;
        };
        let Some(init) = declarator.init.as_ref().filter(|_| declarator.id.is_binding_identifier()) else {
            return ValueKind::Unknown;
        };
        let begun = self.kind(init, depth);
        let keeps = |write: NodeId| match (self.parent(write), begun) {
            (AstKind::AssignmentExpression(assignment), _) if !is_variable(&assignment.left) => false,
            (AstKind::AssignmentExpression(assignment), ValueKind::Text)
                if assignment.operator == AssignmentOperator::Addition =>
            {
                true
            }
            (AstKind::AssignmentExpression(assignment), _)
                if matches!(
                    assignment.operator,
                    AssignmentOperator::Assign | AssignmentOperator::Addition
                ) =>
            {
                self.kind(&assignment.right, depth) == begun
            }
            (AstKind::UpdateExpression(_), ValueKind::Number) => true,
            _ => false,
        };
        let mut writes = self.semantic.symbol_references(symbol).filter(|reference| reference.is_write());
        let is_either = matches!(begun, ValueKind::Text | ValueKind::Number)
            && self.semantic.scoping().symbol_redeclarations(symbol).is_empty();
        match is_either && writes.by_ref().take(MOST).all(|write| keeps(write.node_id())) {
            true if writes.next().is_none() => begun,
            _ => ValueKind::Unknown,
        }
    }

    /// Of a parameter of a function that only this file can call: what all calls have in common.
    fn kind_of_argument(&self, symbol: SymbolId, depth: u8) -> ValueKind {
        let kind = || -> Option<ValueKind> {
            let depth = depth.checked_sub(1)?;
            let declaration = self.semantic.symbol_declaration(symbol).id();
            let nodes = self.semantic.nodes();
            let function = nodes.ancestor_kinds(declaration).find_map(|kind| match kind {
                AstKind::Function(function) => Some(function),
                _ => None,
            })?;
            let is_given_out = matches!(
                self.parent(function.node_id.get()),
                AstKind::ExportDefaultDeclaration(_) | AstKind::ExportDeclaration(_)
            );
            if !function.is_declaration() || is_given_out {
                return None;
            }
            let is_it = |item: &FormalParameter<'a>| {
                item.pattern.get_binding_identifier().and_then(|name| name.symbol_id.get()) == Some(symbol)
            };
            let at = function.params.items.iter().position(is_it)?;
            let own = function.id.as_ref()?.symbol_id.get()?;
            let mut kinds = None;
            let mut references = self.semantic.symbol_references(own);
            for reference in references.by_ref().take(MOST) {
                let AstKind::CallExpression(call) = self.parent(reference.node_id()) else { return None };
                let name = call.callee.get_identifier_reference()?;
                (name.node_id.get() == reference.node_id()).then_some(())?;
                let kind = self.kind(call.arguments.get(at).and_then(Argument::as_expression)?, depth);
                kinds = Some(kinds.map_or(kind, |known: ValueKind| known.or(kind)));
            }
            // What nobody calls is never given anything.
            references.next().is_none().then_some(kinds.unwrap_or(ValueKind::Nothing))
        };
        kind().unwrap_or(ValueKind::Unknown)
    }
}

fn is_variable(target: &AssignmentTarget<'_>) -> bool {
    matches!(target, AssignmentTarget::AssignmentTargetIdentifier(_))
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
