//! Which names of a file stand for modules of Node.js and for what they export.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::oxc::ast::{
    Argument, AssignmentExpression, AssignmentTarget, BindingPattern, CallExpression, Expression,
    ImportDeclaration, ImportDeclarationSpecifier, Program, PropertyKey, VariableDeclarator,
};
use crate::oxc::{GetSpan as _, Visit, walk};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Binding {
    /// A module.
    Module(String),
    /// What a module exports.
    Member(String, String),
}

/// Names by what they stand for. Scopes are not told apart: a name that anywhere stands for a module does everywhere.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    names: FxHashMap<String, Binding>,
    /// Where the calls end whose modules have a name.
    named: FxHashSet<u32>,
}

impl Bindings {
    pub(super) fn of(program: &Program<'_>) -> Self {
        let mut bindings = Self::default();
        bindings.visit_program(program);
        bindings
    }

    pub(super) fn get(&self, name: &str) -> Option<&Binding> {
        self.names.get(name)
    }

    /// Whether the module that a call that ends there gives has a name, by which it is known.
    pub(super) fn is_named(&self, at: u32) -> bool {
        self.named.contains(&at)
    }

    fn module(&mut self, name: &str, module: String) {
        self.names.insert(name.to_owned(), Binding::Module(module));
    }

    fn pattern(&mut self, pattern: &BindingPattern<'_>, module: &str) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => self.module(&name.name, module.to_owned()),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let Some(key) = key(&property.key) else { continue };
                    let name = match &property.value {
                        BindingPattern::BindingIdentifier(name) => Some(name.name.to_string()),
                        BindingPattern::AssignmentPattern(with_default) => {
                            with_default.left.get_binding_identifier().map(|name| name.name.to_string())
                        }
                        _ => None,
                    };
                    if let Some(name) = name {
                        self.names.insert(name, Binding::Member(module.to_owned(), key));
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'a> Visit<'a> for Bindings {
    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        if let Some(init) = &declarator.init {
            // `const require = createRequire(…)`: known by that name as any other.
            let is_require =
                declarator.id.get_binding_identifier().is_some_and(|name| name.name.ends_with("require"));
            if is_require && matches!(init.get_inner_expression(), Expression::CallExpression(_)) {
                self.named.insert(init.get_inner_expression().span().end);
            }
            let known = value(init);
            if known.is_some() && !matches!(declarator.id, BindingPattern::ArrayPattern(_)) {
                self.named.insert(require_in(init).span().end);
            }
            match known {
                Some(Binding::Module(module)) => self.pattern(&declarator.id, &module),
                Some(member) => {
                    if let Some(name) = declarator.id.get_binding_identifier() {
                        self.names.insert(name.name.to_string(), member);
                    }
                }
                None => {}
            }
        }
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let (AssignmentTarget::AssignmentTargetIdentifier(name), Some(known)) =
            (&assignment.left, value(&assignment.right))
        {
            self.named.insert(require_in(&assignment.right).span().end);
            self.names.insert(name.name.to_string(), known);
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        let module = bare_name(&import.source.value);
        for specifier in import.specifiers.iter().flatten() {
            let (local, binding) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (&one.local, Binding::Member(module.clone(), one.imported.name().to_string()))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    (&one.local, Binding::Module(module.clone()))
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                    (&one.local, Binding::Module(module.clone()))
                }
            };
            self.names.insert(local.name.to_string(), binding);
        }
    }
}

/// What an initial value stands for: `require("x")`, `await import("x")`, `require("x").y`, and the same within a call
/// that a compiler puts around it.
pub(super) fn value(expression: &Expression<'_>) -> Option<Binding> {
    match expression.get_inner_expression() {
        Expression::CallExpression(call) => module_of(call).map(Binding::Module),
        Expression::AwaitExpression(awaited) => value(&awaited.argument),
        Expression::ImportExpression(import) => match import.source.get_inner_expression() {
            Expression::StringLiteral(name) => Some(Binding::Module(bare_name(&name.value))),
            _ => None,
        },
        Expression::StaticMemberExpression(member) => match value(&member.object)? {
            Binding::Module(module) => Some(match member.property.name.as_str() {
                "default" => Binding::Module(module),
                // What `fs.promises` has is what `fs` has.
                "promises" => Binding::Module(module),
                name => Binding::Member(module, name.to_owned()),
            }),
            member => Some(member),
        },
        _ => None,
    }
}

/// The innermost call of an initial value: that of `require`.
pub(super) fn require_in<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    let mut at = expression.get_inner_expression();
    loop {
        let inner = match at {
            Expression::StaticMemberExpression(member) => Some(&member.object),
            Expression::AwaitExpression(awaited) => Some(&awaited.argument),
            Expression::CallExpression(call) => call
                .arguments
                .first()
                .and_then(Argument::as_expression)
                .filter(|first| matches!(first.get_inner_expression(), Expression::CallExpression(_))),
            _ => None,
        };
        match inner {
            Some(inner) => at = inner.get_inner_expression(),
            None => return at,
        }
    }
}

fn module_of(call: &CallExpression<'_>) -> Option<String> {
    let first = call.arguments.first().and_then(Argument::as_expression)?;
    let is_require = matches!(call.callee.get_inner_expression(), Expression::Identifier(name)
        if name.name.ends_with("require"));
    match first.get_inner_expression() {
        Expression::StringLiteral(name) if is_require => Some(bare_name(&name.value)),
        // `__toESM(require("x"))`, `__importStar(require("x"))`.
        Expression::CallExpression(inner) if call.arguments.len() <= 2 => module_of(inner),
        _ => None,
    }
}

fn key(key: &PropertyKey<'_>) -> Option<String> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.to_string()),
        PropertyKey::StringLiteral(text) => Some(text.value.to_string()),
        _ => None,
    }
}

/// A module's name without the prefix and without `/promises`.
pub(super) fn bare_name(specifier: &str) -> String {
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    name.strip_suffix("/promises").unwrap_or(name).to_owned()
}
