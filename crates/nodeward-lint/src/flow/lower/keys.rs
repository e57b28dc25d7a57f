//! Which variables hold the keys of which object.
//!
//! What an object is asked for by a key of its own is its own: `for (const key in options) options[key]` reads no
//! prototype, whatever the keys are called, and writing there changes that object alone.

use nodeward_javascript::oxc::ast::{Argument, BindingPattern, CallExpression, Expression, MemberExpression};
use nodeward_javascript::oxc::{GetSpan as _, SymbolId};

use super::guard::ANY_KEY;
use super::tested::Path;
use super::{Lowerer, Sharing, symbol_index};
use crate::flow::graph::NodeId;

/// An object: the way to it, and what its variable held when its keys were taken.
pub(super) type Owner = (Path, NodeId);

/// Methods of lists whose results hold only what the list held.
const SAME_ELEMENTS: [&str; 5] = ["filter", "sort", "slice", "reverse", "concat"];

impl<'a> Lowerer<'a, '_> {
    /// A variable holds a key, or a list of keys, of this object.
    pub(super) fn set_owner(&mut self, symbol: Option<SymbolId>, owner: Option<Owner>) {
        if let (Some(symbol), Some(owner)) = (symbol, owner) {
            self.owners.insert(symbol, owner);
        }
    }

    /// `for (key in object)`.
    pub(super) fn named_object(&self, expression: &Expression<'a>) -> Option<Owner> {
        let (symbol, names) = match expression.get_inner_expression() {
            Expression::Identifier(identifier) => (self.symbol(identifier)?, String::new()),
            expression => self.path(expression.as_member_expression()?)?,
        };
        let index = symbol_index(symbol);
        let held = if self.sharing[index] == Sharing::Local { self.current[index] } else { NodeId::NONE };
        Some(((symbol, names), held))
    }

    /// The object whose keys a list has: `Object.keys(object)`, or a variable that holds that.
    pub(super) fn owner_of_list(&self, expression: &Expression<'a>) -> Option<Owner> {
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.owners.get(&self.symbol(identifier)?).cloned(),
            Expression::CallExpression(call) => {
                let member = call.callee.get_inner_expression().as_member_expression();
                let name = member.and_then(MemberExpression::static_property_name);
                match (name.or_else(|| call.callee_name())?, member) {
                    ("keys" | "getOwnPropertyNames" | "ownKeys" | "objectKeys", _) => {
                        self.named_object(call.arguments.first()?.as_expression()?)
                    }
                    (name, Some(member)) if SAME_ELEMENTS.contains(&name) => {
                        self.owner_of_list(member.object())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The object whose key an expression is.
    fn owner_of_key(&self, expression: &Expression<'a>) -> Option<Owner> {
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.owners.get(&self.symbol(identifier)?).cloned(),
            Expression::ComputedMemberExpression(element) => self.owner_of_list(&element.object),
            _ => None,
        }
    }

    /// Whether an object is asked for one of its own keys.
    pub(super) fn is_own(&self, object: &Expression<'a>, key: &Expression<'a>) -> bool {
        !self.owners.is_empty()
            && self.owner_of_key(key).is_some_and(|owner| self.named_object(object) == Some(owner))
    }

    /// Whether an object is a part of a schema, by the names on the way to it: what it names, its developer decided.
    pub(super) fn is_of_schema(&self, object: &Expression<'a>) -> bool {
        let is_schema = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["schema", "metadata", "embedded"].iter().any(|word| name.contains(word))
        };
        match object.get_inner_expression() {
            Expression::Identifier(identifier) => is_schema(identifier.name.as_str()),
            expression => expression.as_member_expression().is_some_and(|member| {
                member.static_property_name().is_some_and(is_schema) || self.is_of_schema(member.object())
            }),
        }
    }

    /// The name of a property that is computed.
    pub(super) fn key(&mut self, expression: &Expression<'a>) -> Option<NodeId> {
        let key = self.expression(expression);
        let member = expression.get_inner_expression().as_member_expression();
        match member.is_some_and(|member| self.is_of_schema(member.object())) {
            true => self.cleared(key, ANY_KEY, expression.span()),
            false => key,
        }
    }

    /// `const keys = Object.keys(object)`, `const key = keys[i]`.
    pub(super) fn note_keys(&mut self, symbol: Option<SymbolId>, value: &Expression<'a>) {
        let owner = match value.get_inner_expression() {
            Expression::CallExpression(_) => self.owner_of_list(value),
            Expression::ComputedMemberExpression(_) => self.owner_of_key(value),
            _ => None,
        };
        self.set_owner(symbol, owner);
    }

    /// `Object.keys(object).forEach((key) => …)`.
    pub(super) fn note_callback_keys(&mut self, member: &MemberExpression<'a>, call: &CallExpression<'a>) {
        let at = match member.static_property_name() {
            Some("forEach" | "map" | "filter" | "some" | "every" | "find" | "flatMap" | "each") => 0,
            Some("reduce" | "reduceRight") => 1,
            _ => return,
        };
        let parameters = match call.arguments.first().and_then(Argument::as_expression) {
            Some(Expression::ArrowFunctionExpression(arrow)) => &arrow.params,
            Some(Expression::FunctionExpression(function)) => &function.params,
            _ => return,
        };
        let Some(parameter) = parameters.items.get(at) else { return };
        if let BindingPattern::BindingIdentifier(identifier) = &parameter.pattern {
            let owner = self.owner_of_list(member.object());
            self.set_owner(identifier.symbol_id.get(), owner);
        }
    }
}
