//! Which functions answer requests, as far as the file tells.

use nodeward_javascript::oxc::ast::{BindingPattern, FormalParameters};
use nodeward_javascript::oxc::{AstKind, NodeId};

use super::Context;

/// How many functions outward are looked at.
const MAX_FUNCTIONS: usize = 8;

impl<'a> Context<'_, 'a> {
    /// Whether a node runs while a request is answered: in a function whose parameters are those that servers hand
    /// to handlers, or in one that is written inside it.
    pub(crate) fn answers_requests(&self, node: NodeId) -> bool {
        let functions = self.semantic.nodes().ancestor_kinds(node).filter_map(|kind| match kind {
            AstKind::Function(function) => Some(&function.params),
            AstKind::ArrowFunctionExpression(function) => Some(&function.params),
            _ => None,
        });
        functions.take(MAX_FUNCTIONS).any(|parameters| are_of_handler(parameters))
    }
}

fn are_of_handler(parameters: &FormalParameters<'_>) -> bool {
    let names: Vec<&str> = parameters
        .items
        .iter()
        .take(4)
        .map(|parameter| match &parameter.pattern {
            BindingPattern::BindingIdentifier(identifier) => identifier.name.as_str(),
            _ => "",
        })
        .collect();
    matches!(
        names[..],
        ["req" | "request" | "_req", "res" | "response" | "reply" | "resp" | "h", ..]
            | ["err" | "error", "req" | "request", "res" | "response", ..]
            | ["ctx", "next"]
    )
}
