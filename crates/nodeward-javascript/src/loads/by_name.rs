//! What a file does with properties of whatever object, found by their names.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::oxc::ast::{AssignmentTarget, CallExpression, Expression};
use crate::oxc::{AstKind, NodeId};

use super::fold::{Folder, key};
use super::value::bare;

/// What the file does with properties, by their names.
#[derive(Default)]
pub(super) struct ByName<'a> {
    /// `x.name(…)`
    pub(super) calls: FxHashMap<&'a str, Vec<&'a CallExpression<'a>>>,
    /// `this.name = …`, and `name = …` in a class.
    pub(super) own: FxHashMap<&'a str, Vec<&'a Expression<'a>>>,
    /// What each function returns.
    pub(super) returns: FxHashMap<NodeId, Vec<&'a Expression<'a>>>,
    /// Functions that write to their parameters through `arguments`.
    pub(super) rewritten: FxHashSet<NodeId>,
}

impl<'a> Folder<'a, '_> {
    /// What the file does, looked through once.
    pub(super) fn by_name(&self) -> &ByName<'a> {
        self.by_name.get_or_init(|| {
            let nodes = self.semantic.nodes();
            let mut names = ByName::default();
            for node in nodes.iter() {
                match node.kind() {
                    AstKind::CallExpression(call) => {
                        if let Expression::StaticMemberExpression(member) = bare(&call.callee) {
                            names.calls.entry(member.property.name.as_str()).or_default().push(call);
                        }
                    }
                    AstKind::AssignmentExpression(assignment) => {
                        if let AssignmentTarget::ComputedMemberExpression(member) = &assignment.left
                            && matches!(&member.object, Expression::Identifier(name) if name.name == "arguments")
                        {
                            let functions = nodes.ancestors(node.id());
                            let mut functions =
                                functions.filter(|outer| matches!(outer.kind(), AstKind::Function(_)));
                            names.rewritten.extend(functions.next().map(|function| function.id()));
                        }
                        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left
                            && matches!(member.object, Expression::ThisExpression(_))
                        {
                            let name = member.property.name.as_str();
                            names.own.entry(name).or_default().push(&assignment.right);
                        }
                    }
                    AstKind::ReturnStatement(statement) => {
                        let Some(value) = &statement.argument else { continue };
                        let function = nodes.ancestors(node.id()).find(|ancestor| {
                            matches!(
                                ancestor.kind(),
                                AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
                            )
                        });
                        if let Some(function) = function {
                            names.returns.entry(function.id()).or_default().push(value);
                        }
                    }
                    AstKind::PropertyDefinition(property) => {
                        if let (Some(name), Some(value)) = (key(&property.key), &property.value) {
                            names.own.entry(name).or_default().push(value);
                        }
                    }
                    _ => {}
                }
            }
            names
        })
    }
}
