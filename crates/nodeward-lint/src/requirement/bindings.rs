//! What a destructuring pattern takes its properties from.

use std::rc::Rc;

use nodeward_javascript::oxc::{AstKind, NodeId};

use crate::context::{Context, join};

/// How far up a pattern is followed.
const MAX_STEPS: usize = 48;

/// The API that a property of a pattern takes: `child_process.exec` for `exec` in
/// `const { exec } = require('child_process')`.
pub(super) fn taken_api(context: &Context<'_, '_>, property: NodeId, name: &str) -> Option<Rc<str>> {
    let mut names = vec![name.to_owned()];
    for kind in context.semantic.nodes().ancestor_kinds(property).take(MAX_STEPS) {
        let source = match kind {
            AstKind::BindingProperty(outer) => {
                names.push(outer.key.static_name()?.into_owned());
                continue;
            }
            AstKind::AssignmentTargetPropertyProperty(outer) => {
                names.push(outer.name.static_name()?.into_owned());
                continue;
            }
            AstKind::ObjectPattern(_)
            | AstKind::ObjectAssignmentTarget(_)
            | AstKind::AssignmentPattern(_)
            | AstKind::AssignmentTargetWithDefault(_) => continue,
            AstKind::VariableDeclarator(declarator) => declarator.init.as_ref()?,
            AstKind::AssignmentExpression(assignment) => &assignment.right,
            _ => return None,
        };
        let path = context.api_path(source)?;
        return names.iter().rev().try_fold(path, |path, name| join(&path, name));
    }
    None
}
