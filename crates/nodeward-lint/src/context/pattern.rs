//! How slow the regular expressions of a program can be made.

use std::rc::Rc;

use nodeward_javascript::oxc::{AstKind, AstNode, GetSpan as _, Span};

use super::{Call, Context};
use crate::regex::{self, Verdict};

impl<'a> Context<'_, 'a> {
    /// Of one written between slashes: where, and how slow.
    pub(crate) fn literal_pattern(&self, node: &AstNode<'a>) -> Option<(Span, Rc<Verdict>)> {
        let AstKind::RegExpLiteral(literal) = node.kind() else { return None };
        Some((literal.span, regex::known_literal(self.text(literal.span))))
    }

    /// Of one made from a text that is known here.
    pub(crate) fn made_pattern(&self, call: &Call<'a>) -> Option<(Span, Rc<Verdict>)> {
        let pattern = call.argument(0)?;
        let text = self.constant_text(pattern)?;
        let flags = call.argument(1).and_then(|flags| self.constant_text(flags)).unwrap_or_default();
        Some((pattern.span(), regex::known_made(&text, &flags)))
    }
}
