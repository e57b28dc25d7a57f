//! Which sort of value an expression gives, by what stands in the file.

use nodeward_javascript::oxc::ast::Expression;

use super::name::Site;
use super::{Accepted, Limit, Name, ValueSort};
use crate::context::{Context, ValueKind, last_name, without_wrapping};

/// How far variables and choices are followed.
const MAX_DEPTH: u8 = 12;

/// Whether a value may not go where the limit is.
pub(super) fn breaks<'a>(
    limit: &Limit,
    context: &Context<'_, 'a>,
    value: &'a Expression<'a>,
    site: Site<'_>,
) -> bool {
    match limit {
        Limit::Only(accepted) => !Judge { accepted, context, site }.every(value, MAX_DEPTH),
        Limit::Not(denied) => Judge { accepted: denied, context, site }.any(value, MAX_DEPTH),
    }
}

struct Judge<'j, 'c, 'a> {
    accepted: &'j Accepted,
    context: &'j Context<'c, 'a>,
    site: Site<'j>,
}

impl<'a> Judge<'_, '_, 'a> {
    /// Whether all that the expression can give is among the accepted.
    fn every(&self, value: &'a Expression<'a>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if self.is_accepted(value) {
            return true;
        }
        match without_wrapping(value) {
            Expression::ConditionalExpression(choice) => {
                self.every(&choice.consequent, depth) && self.every(&choice.alternate, depth)
            }
            Expression::LogicalExpression(logical) => {
                self.every(&logical.left, depth) && self.every(&logical.right, depth)
            }
            Expression::AwaitExpression(awaited) => self.every(&awaited.argument, depth),
            Expression::AssignmentExpression(assignment) if assignment.operator.is_assign() => {
                self.every(&assignment.right, depth)
            }
            Expression::Identifier(identifier) => {
                self.context.value_of(identifier).is_some_and(|value| self.every(value, depth))
            }
            _ => false,
        }
    }

    /// Whether something that the expression can give is among them.
    fn any(&self, value: &'a Expression<'a>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if self.is_accepted(value) {
            return true;
        }
        match without_wrapping(value) {
            Expression::ConditionalExpression(choice) => {
                self.any(&choice.consequent, depth) || self.any(&choice.alternate, depth)
            }
            Expression::LogicalExpression(logical) => {
                self.any(&logical.left, depth) || self.any(&logical.right, depth)
            }
            Expression::AwaitExpression(awaited) => self.any(&awaited.argument, depth),
            Expression::AssignmentExpression(assignment) if assignment.operator.is_assign() => {
                self.any(&assignment.right, depth)
            }
            Expression::Identifier(identifier) => {
                self.context.value_of(identifier).is_some_and(|value| self.any(value, depth))
            }
            _ => false,
        }
    }

    fn is_accepted(&self, value: &'a Expression<'a>) -> bool {
        let given = match without_wrapping(value) {
            Expression::TaggedTemplateExpression(template) => {
                self.accepted.tags.iter().any(|tag| self.is_called(tag, &template.tag))
            }
            Expression::CallExpression(call) => {
                self.accepted.wrappers.iter().any(|wrapper| self.is_called(wrapper, &call.callee))
            }
            Expression::NewExpression(new) => {
                self.accepted.wrappers.iter().any(|wrapper| self.is_called(wrapper, &new.callee))
            }
            _ => false,
        };
        given || self.accepted.sorts.iter().any(|sort| self.is_of(*sort, value))
    }

    fn is_of(&self, sort: ValueSort, value: &'a Expression<'a>) -> bool {
        let kind = |kind| self.context.kind_of(value) == kind;
        match sort {
            ValueSort::Literal => self.context.constant(value).is_some(),
            ValueSort::String => kind(ValueKind::Text),
            ValueSort::Template => {
                matches!(without_wrapping(value), Expression::TemplateLiteral(template) if !template.expressions.is_empty())
            }
            ValueSort::TaggedTemplate => {
                matches!(without_wrapping(value), Expression::TaggedTemplateExpression(_))
            }
            ValueSort::Number => kind(ValueKind::Number),
            ValueSort::Boolean => kind(ValueKind::Boolean),
            ValueSort::Function => kind(ValueKind::Function),
            ValueSort::Object => kind(ValueKind::Object),
            ValueSort::Nothing => kind(ValueKind::Nothing),
        }
    }

    /// Whether a tag or a wrapper is the one that is named. A bare name is also one of the file's own, or of any
    /// module's.
    fn is_called(&self, name: &Name, callee: &'a Expression<'a>) -> bool {
        let api = self.context.api_path(callee);
        if api.as_deref().is_some_and(|api| name.is_path(api, self.site)) {
            return true;
        }
        match name {
            Name::Member(member) => last_name(callee) == Some(member),
            Name::Path { module: None, path } if !path.contains(['.', '*']) => {
                let imported = api.as_deref().and_then(|api| api.rsplit('.').next());
                last_name(callee) == Some(path) || imported == Some(path)
            }
            Name::Path { .. } => false,
        }
    }
}
