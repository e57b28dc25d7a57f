//! Destructuring, in declarations and in assignments.

use nodeward_javascript::oxc::GetSpan as _;
use nodeward_javascript::oxc::ast::{
    AssignmentTarget, AssignmentTargetMaybeDefault, AssignmentTargetProperty, BindingPattern, Expression,
    MemberExpression, PropertyKey, SimpleAssignmentTarget,
};

use super::Lowerer;
use crate::flow::graph::{Label, NodeId, Spot};

impl<'a> Lowerer<'a, '_> {
    /// Binds a declared pattern to a value.
    pub(super) fn bind(&mut self, pattern: &BindingPattern<'a>, value: Option<NodeId>) {
        match pattern {
            BindingPattern::BindingIdentifier(identifier) => {
                if let Some(symbol) = identifier.symbol_id.get() {
                    self.write(symbol, value, identifier.span);
                }
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let part = self.part(&property.key, value);
                    self.bind(&property.value, part);
                }
                if let Some(rest) = &object.rest {
                    self.bind(&rest.argument, value);
                }
            }
            BindingPattern::ArrayPattern(array) => {
                for element in array.elements.iter().flatten() {
                    let part = self.step(value, Label::LoadAny, element.span());
                    self.bind(element, part);
                }
                if let Some(rest) = &array.rest {
                    self.bind(&rest.argument, value);
                }
            }
            BindingPattern::AssignmentPattern(assignment) => {
                let default = self.expression(&assignment.right);
                let value = self.meet(&[value, default], assignment.span);
                self.bind(&assignment.left, value);
            }
        }
    }

    fn part(&mut self, key: &PropertyKey<'a>, value: Option<NodeId>) -> Option<NodeId> {
        match key.static_name() {
            Some(name) => self.load(value, &name, key.span()),
            None => {
                if let Some(expression) = key.as_expression() {
                    self.expression(expression);
                }
                self.step(value, Label::LoadAny, key.span())
            }
        }
    }

    /// Assigns a value to a target.
    pub(super) fn assign(&mut self, target: &AssignmentTarget<'a>, value: Option<NodeId>) {
        match target {
            AssignmentTarget::ArrayAssignmentTarget(array) => {
                for element in array.elements.iter().flatten() {
                    let part = self.step(value, Label::LoadAny, element.span());
                    self.assign_or_default(element, part);
                }
                if let Some(rest) = &array.rest {
                    self.assign(&rest.target, value);
                }
            }
            AssignmentTarget::ObjectAssignmentTarget(object) => {
                for property in &object.properties {
                    match property {
                        AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                            let mut part = self.load(value, property.binding.name.as_str(), property.span);
                            if let Some(init) = &property.init {
                                let default = self.expression(init);
                                part = self.meet(&[part, default], property.span);
                            }
                            self.assign_identifier(&property.binding, part);
                        }
                        AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                            let part = self.part(&property.name, value);
                            self.assign_or_default(&property.binding, part);
                        }
                    }
                }
                if let Some(rest) = &object.rest {
                    self.assign(&rest.target, value);
                }
            }
            target => {
                if let Some(simple) = target.as_simple_assignment_target() {
                    self.assign_simple(simple, value);
                }
            }
        }
    }

    fn assign_or_default(&mut self, target: &AssignmentTargetMaybeDefault<'a>, value: Option<NodeId>) {
        if let AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(target) = target {
            let default = self.expression(&target.init);
            let value = self.meet(&[value, default], target.span);
            self.assign(&target.binding, value);
        } else if let Some(target) = target.as_assignment_target() {
            self.assign(target, value);
        }
    }

    /// Assigns to a variable or a property.
    pub(super) fn assign_simple(&mut self, target: &SimpleAssignmentTarget<'a>, value: Option<NodeId>) {
        if let SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier) = target {
            self.assign_identifier(identifier, value);
        } else if let Some(member) = target.as_member_expression() {
            self.assign_member(member, value);
        } else if let Some(expression) = target.get_expression() {
            match expression.get_inner_expression() {
                Expression::Identifier(identifier) => self.assign_identifier(identifier, value),
                expression => {
                    if let Some(member) = expression.as_member_expression() {
                        self.assign_member(member, value);
                    }
                }
            }
        }
    }

    fn assign_identifier(
        &mut self,
        identifier: &nodeward_javascript::oxc::ast::IdentifierReference<'a>,
        value: Option<NodeId>,
    ) {
        match self.symbol(identifier) {
            Some(symbol) => self.write(symbol, value, identifier.span),
            // A variable that nobody declares: all its values meet in one node of the file.
            None if identifier.name != "exports" => {
                let global = self.global(identifier.name.as_str(), identifier.span);
                self.edge(NodeId::from_option(value), global, Label::Same);
            }
            None => {}
        }
    }

    fn assign_member(&mut self, member: &MemberExpression<'a>, value: Option<NodeId>) {
        if self.is_module_exports(member) {
            let exports = self.graph.exports;
            self.edge(NodeId::from_option(value), exports, Label::Same);
            return;
        }
        if self.tested(member).is_some()
            && let Some(path) = self.path(member)
        {
            self.set_tested(path, NodeId::NONE);
        }
        let base = self.expression(member.object());
        match member.static_property_name() {
            Some(name) => {
                self.store(base, name, value);
                let is_context = name == "body"
                    && matches!(member.object(), Expression::Identifier(identifier) if identifier.name == "ctx");
                let name = if is_context { self.name("ctx.body") } else { self.name(name) };
                self.spot(value, Spot::PropertyWrite(name), member.span());
            }
            None => match member {
                MemberExpression::PrivateFieldExpression(field) => {
                    let name = format!("#{}", field.field.name);
                    self.store(base, &name, value);
                }
                MemberExpression::ComputedMemberExpression(computed) => {
                    let key = self.key(&computed.expression);
                    if !self.is_own(&computed.object, &computed.expression) {
                        self.computed(base, key, value, true, computed.span);
                    }
                    self.edge(NodeId::from_option(value), NodeId::from_option(base), Label::StoreAny);
                    self.grow(member.object(), value, member.span());
                    // Read by the same name, it is what was just written.
                    if let (Some(path), Some(value)) = (self.path(member), value) {
                        self.set_tested(path, value);
                    }
                }
                MemberExpression::StaticMemberExpression(_) => {}
            },
        }
    }
}
