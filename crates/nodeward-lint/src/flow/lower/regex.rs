//! Which regular expressions a name may mean.

use nodeward_javascript::oxc::ast::{
    Argument, AssignmentTarget, Expression, MemberExpression, RegExpLiteral,
};
use nodeward_javascript::oxc::{AstKind, NodeId as SyntaxId, SymbolId};

use super::Lowerer;
use crate::flow::graph::NameId;

/// How many patterns one property name may stand for.
const NAMESAKES: usize = 4;

impl<'a> Lowerer<'a, '_> {
    /// Notes the patterns that constants and properties hold, wherever in the file they are written: functions use
    /// them before the walk comes to them.
    pub(super) fn note_patterns(&mut self) {
        let semantic = self.semantic;
        for node in semantic.nodes().iter() {
            let pattern = match node.kind() {
                AstKind::RegExpLiteral(literal) => Some(self.literal_pattern(literal)),
                AstKind::NewExpression(new) if is_constructor(&new.callee) => {
                    self.made_pattern(&new.arguments)
                }
                AstKind::CallExpression(call) if is_constructor(&call.callee) => {
                    self.made_pattern(&call.arguments)
                }
                _ => None,
            };
            if let Some(pattern) = pattern {
                self.note_pattern(node.id(), pattern);
            }
        }
    }

    fn note_pattern(&mut self, id: SyntaxId, pattern: NameId) {
        let property = match self.semantic.nodes().parent_kind(id) {
            AstKind::VariableDeclarator(declarator) => {
                let identifier = declarator.id.get_binding_identifier();
                if let Some(symbol) = identifier.and_then(|identifier| identifier.symbol_id.get())
                    && !self.semantic.scoping().symbol_is_mutated(symbol)
                {
                    self.patterns.insert(symbol, pattern);
                }
                return;
            }
            AstKind::ObjectProperty(property) => property.key.static_name().map(|name| name.into_owned()),
            AstKind::PropertyDefinition(property) => property.key.static_name().map(|name| name.into_owned()),
            AstKind::AssignmentExpression(assignment) => assigned_property(&assignment.left),
            _ => None,
        };
        let Some(property) = property else { return };
        let name = self.name(&property);
        let held = self.held_patterns.entry(name).or_default();
        if held.len() <= NAMESAKES && !held.contains(&pattern) {
            held.push(pattern);
        }
    }

    fn literal_pattern(&mut self, literal: &RegExpLiteral<'a>) -> NameId {
        let text = literal.span.source_text(self.semantic.source_text()).to_owned();
        self.name(&text)
    }

    /// The pattern that an expression is, if there is only one that it may be.
    pub(super) fn regex(&mut self, expression: &Expression<'a>) -> Option<NameId> {
        match self.regexes(expression)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The patterns that an expression may be, as far as they are known.
    pub(super) fn regexes(&mut self, expression: &Expression<'a>) -> Vec<NameId> {
        match expression.get_inner_expression() {
            Expression::RegExpLiteral(literal) => vec![self.literal_pattern(literal)],
            Expression::Identifier(identifier) => {
                let symbol: Option<SymbolId> = self.symbol(identifier);
                symbol.and_then(|symbol| self.patterns.get(&symbol).copied()).into_iter().collect()
            }
            Expression::ConditionalExpression(choice) => {
                let mut both = self.regexes(&choice.consequent);
                both.extend(self.regexes(&choice.alternate));
                both
            }
            Expression::NewExpression(new) if is_constructor(&new.callee) => {
                self.made_pattern(&new.arguments).into_iter().collect()
            }
            Expression::CallExpression(call) if is_constructor(&call.callee) => {
                self.made_pattern(&call.arguments).into_iter().collect()
            }
            expression => {
                let member =
                    expression.as_member_expression().and_then(MemberExpression::static_property_name);
                let Some(name) = member.map(|name| self.name(name)) else { return Vec::new() };
                let held = self.held_patterns.get(&name).filter(|held| held.len() <= NAMESAKES);
                held.cloned().unwrap_or_default()
            }
        }
    }

    /// `new RegExp('text', 'flags')`.
    fn made_pattern(&mut self, arguments: &[Argument<'a>]) -> Option<NameId> {
        let text = |at: usize| match arguments.get(at).and_then(Argument::as_expression) {
            Some(Expression::StringLiteral(literal)) => Some(literal.value.as_str()),
            _ => None,
        };
        let pattern = text(0)?;
        Some(self.name(&format!("/{pattern}/{}", text(1).unwrap_or_default())))
    }
}

fn is_constructor(callee: &Expression<'_>) -> bool {
    matches!(callee, Expression::Identifier(identifier) if identifier.name == "RegExp")
}

fn assigned_property(target: &AssignmentTarget<'_>) -> Option<String> {
    let member = target.as_simple_assignment_target()?.as_member_expression()?;
    member.static_property_name().map(str::to_owned)
}
