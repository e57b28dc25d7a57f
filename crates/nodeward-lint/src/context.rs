//! What a rule may ask about the file it looks at.

mod api;
mod call;
mod constant;
mod file;
mod handler;
mod kinds;
pub(crate) mod names;
mod pattern;
mod symbols;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use nodeward_javascript::oxc::ast::IdentifierReference;
use nodeward_javascript::oxc::{AstKind, NodeId, Semantic, Span, SymbolId};
use rustc_hash::FxHashMap;

pub(crate) use api::{join, module_path};
pub(crate) use call::{Call, Setting, last_name, setting_of, without_wrapping};
pub(crate) use constant::Constant;
pub(crate) use file::FileTraits;
pub(crate) use kinds::ValueKind;
pub(crate) use symbols::Bound;

use crate::issue::Issue;
use crate::rule::Scope;

/// How far questions follow bindings and members. Deeper is written by machines, and answered with "not known".
pub(crate) const MAX_DEPTH: u8 = 24;

/// One file, parsed, and what was found in it so far.
pub(crate) struct Context<'c, 'a> {
    pub(crate) semantic: &'c Semantic<'a>,
    /// The path as the user would name it, with `/`.
    pub(crate) path: &'c Path,
    /// What sort of file it is.
    pub(crate) file: FileTraits,
    issues: RefCell<Vec<Issue>>,
    paths: RefCell<FxHashMap<SymbolId, Option<Rc<str>>>>,
}

impl<'c, 'a> Context<'c, 'a> {
    pub(crate) fn new(semantic: &'c Semantic<'a>, path: &'c Path, package: &str) -> Self {
        let file = FileTraits::of(path, semantic.source_text(), package);
        Self { semantic, path, file, issues: RefCell::default(), paths: RefCell::default() }
    }

    /// Notes what a rule found.
    pub(crate) fn report(&self, issue: Issue) {
        if issue.finder.scope() == Scope::Production && self.file.is_beside(issue.policy) {
            return;
        }
        self.issues.borrow_mut().push(issue);
    }

    /// What was found.
    pub(crate) fn into_issues(self) -> Vec<Issue> {
        self.issues.into_inner()
    }

    /// The text of a stretch of the file.
    pub(crate) fn text(&self, span: Span) -> &'a str {
        self.semantic.source_text().get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The node around a node.
    pub(crate) fn parent(&self, node: NodeId) -> AstKind<'a> {
        self.semantic.nodes().parent_kind(node)
    }

    /// Whether an identifier is the global of that name.
    pub(crate) fn is_global(&self, identifier: &IdentifierReference<'a>, name: &str) -> bool {
        identifier.name == name && self.symbol_of(identifier).is_none()
    }

    /// The names under which the value of an expression ends up: the variable or property that it is assigned to,
    /// the key of the object that it stands in, the function that returns it. Innermost first.
    pub(crate) fn receiving_names(&self, node: NodeId) -> Vec<&'a str> {
        names::receiving(self, node)
    }
}
