//! Properties that a test has looked at: `if (!names.includes(req.query.name)) return`.
//!
//! What is read from the same variable by the same names afterwards is what was tested, until the variable or the
//! property is assigned.

use nodeward_javascript::oxc::SymbolId;
use nodeward_javascript::oxc::ast::{Expression, MemberExpression};

use super::Lowerer;
use crate::flow::graph::NodeId;

/// How many names a path has at most.
const NAMES: usize = 6;

/// A variable, and the names on the way to the property.
pub(super) type Path = (SymbolId, String);

impl<'a> Lowerer<'a, '_> {
    /// Where a property is read from, if every name on the way is written there.
    pub(super) fn path(&self, member: &MemberExpression<'a>) -> Option<Path> {
        let mut path = self.step_of(member)?;
        let mut object = member.object().get_inner_expression();
        for _ in 0..NAMES {
            match object {
                Expression::Identifier(identifier) => return Some((self.symbol(identifier)?, path)),
                object_expression => {
                    let member = object_expression.as_member_expression()?;
                    path.push('.');
                    path.push_str(&self.step_of(member)?);
                    object = member.object().get_inner_expression();
                }
            }
        }
        None
    }

    /// The name of a property; of `list[at]` the variable, which is the same until it is assigned.
    fn step_of(&self, member: &MemberExpression<'a>) -> Option<String> {
        if let Some(name) = member.static_property_name() {
            return Some(name.to_owned());
        }
        let MemberExpression::ComputedMemberExpression(computed) = member else { return None };
        match computed.expression.get_inner_expression() {
            Expression::Identifier(identifier) => Some(index_name(self.symbol(identifier)?)),
            Expression::NumericLiteral(literal) => Some(format!("[{}]", literal.value)),
            _ => None,
        }
    }

    /// What was tested, if this property was.
    pub(super) fn tested(&self, member: &MemberExpression<'a>) -> Option<NodeId> {
        if self.tested.is_empty() || !self.tested_of.contains_key(&self.root(member)?) {
            return None;
        }
        self.tested.get(&self.path(member)?).and_then(|node| node.get())
    }

    /// The variable that a property is read from.
    fn root(&self, member: &MemberExpression<'a>) -> Option<SymbolId> {
        let mut object = member.object().get_inner_expression();
        for _ in 0..NAMES {
            match object {
                Expression::Identifier(identifier) => return self.symbol(identifier),
                object_expression => {
                    object = object_expression.as_member_expression()?.object().get_inner_expression();
                }
            }
        }
        None
    }

    /// From here on the property is this node; none if nothing is known of it any more.
    pub(super) fn set_tested(&mut self, path: Path, node: NodeId) {
        if node != NodeId::NONE {
            self.note_path(&path);
        }
        let old = self.tested.insert(path.clone(), node).unwrap_or(NodeId::NONE);
        self.tested_log.push((path, old));
    }

    /// Keeps a path with each variable that it is another's without: where it begins, and what it is indexed by.
    fn note_path(&mut self, path: &Path) {
        let indices = path.1.split("[#").skip(1).filter_map(|rest| rest.split_once(']'));
        let indices = indices.filter_map(|(number, _)| number.parse().ok()).map(SymbolId::from_usize);
        for symbol in indices.chain([path.0]).collect::<Vec<_>>() {
            let paths = self.tested_of.entry(symbol).or_default();
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
    }

    /// A variable is assigned: what was known of its properties is of another value.
    pub(super) fn forget(&mut self, symbol: SymbolId) {
        if self.tested.is_empty() {
            return;
        }
        let Some(paths) = self.tested_of.get(&symbol) else { return };
        let is_known = |path: &&Path| self.tested.get(*path).is_some_and(|node| *node != NodeId::NONE);
        let paths: Vec<Path> = paths.iter().filter(is_known).cloned().collect();
        for path in paths {
            self.set_tested(path, NodeId::NONE);
        }
    }

    /// Takes back what was tested since a branch began; gives it.
    pub(super) fn take_tested(&mut self, mark: usize) -> Vec<(Path, NodeId)> {
        let mut changes: Vec<(Path, NodeId)> = Vec::new();
        while self.tested_log.len() > mark {
            let Some((path, old)) = self.tested_log.pop() else { break };
            let now = self.tested.insert(path.clone(), old).unwrap_or(NodeId::NONE);
            if !changes.iter().any(|(known, _)| *known == path) {
                changes.push((path, now));
            }
        }
        changes
    }
}

/// How a variable stands in a path where it is the name of a property.
fn index_name(symbol: SymbolId) -> String {
    format!("[#{}]", symbol.index())
}
