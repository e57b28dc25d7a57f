//! Which variable another was made of, where a test of the one speaks for the other.
//!
//! `const inside = path.relative(root, file); if (inside.startsWith('..')) return` speaks for `file`;
//! `const url = new URL(text); if (!HOSTS.includes(url.hostname)) return` for `url` and for `text`.

use nodeward_javascript::oxc::SymbolId;
use nodeward_javascript::oxc::ast::{Expression, MemberExpression};

use super::Lowerer;
use crate::flow::graph::Taint;

/// Properties of an address that decide which host is asked.
const HOSTS: [&str; 3] = ["hostname", "host", "origin"];

impl<'a> Lowerer<'a, '_> {
    /// A variable is given what this expression makes of another.
    pub(super) fn note_made(&mut self, symbol: Option<SymbolId>, init: &Expression<'a>) {
        if let Some(symbol) = symbol
            && let Some((of, taint)) = self.made_of(init)
        {
            self.made.insert(symbol, (of, taint));
        }
    }

    /// What an expression is made of, and which dangers of that a test of the result can rule out.
    fn made_of(&self, expression: &Expression<'a>) -> Option<(Option<SymbolId>, Taint)> {
        let (argument, taint) = match expression.get_inner_expression() {
            Expression::NewExpression(new) => {
                let is_url = matches!(&new.callee, Expression::Identifier(name) if name.name == "URL");
                (new.arguments.first().filter(|_| is_url)?, Taint::HOST.and(Taint::REDIRECT))
            }
            Expression::CallExpression(call) => {
                let member = call.callee.get_inner_expression().as_member_expression();
                let Expression::Identifier(module) = member?.object().get_inner_expression() else {
                    return None;
                };
                match (module.name.as_str(), member.and_then(MemberExpression::static_property_name)?) {
                    ("path" | "nodePath" | "upath" | "posix" | "win32", "relative") => {
                        (call.arguments.get(1)?, Taint::PATH)
                    }
                    ("url" | "URL" | "Url", "parse") => {
                        (call.arguments.first()?, Taint::HOST.and(Taint::REDIRECT))
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        let of = match argument.as_expression().map(Expression::get_inner_expression) {
            Some(Expression::Identifier(identifier)) => self.symbol(identifier),
            _ => None,
        };
        Some((of, taint))
    }

    /// What else is harmless if this is.
    pub(super) fn clear_origin(&mut self, subject: &Expression<'a>, cleared: Taint) {
        match subject.get_inner_expression() {
            Expression::Identifier(identifier) => {
                let Some(symbol) = self.symbol(identifier) else { return };
                let Some((Some(of), taint)) = self.made.get(&symbol).copied() else { return };
                self.clear_symbol(of, Taint(cleared.0 & taint.0), identifier.span);
            }
            Expression::CallExpression(call) => {
                if let Some((Some(of), taint)) = self.made_of(subject) {
                    self.clear_symbol(of, Taint(cleared.0 & taint.0), call.span);
                }
            }
            expression => {
                let Some(member) = expression.as_member_expression() else { return };
                let name = member.static_property_name();
                let host = Taint(cleared.0 & Taint::HOST.and(Taint::REDIRECT).0);
                let Expression::Identifier(url) = member.object().get_inner_expression() else { return };
                let is_made = self.symbol(url).is_some_and(|url| self.made.contains_key(&url));
                if is_made && !host.is_empty() && name.is_some_and(|name| HOSTS.contains(&name)) {
                    self.clear(member.object(), host);
                }
            }
        }
    }
}
