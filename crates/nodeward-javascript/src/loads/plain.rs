//! The first look at a file: what it says it loads, and whether values have to be followed to know the rest.

use oxc_ast_visit::{Visit, walk};

use crate::oxc::ast::{
    Argument, ArrayExpression, AwaitExpression, BinaryExpression, BinaryOperator, CallExpression,
    ComputedMemberExpression, ConditionalExpression, ExportAllDeclaration, ExportDeclaration,
    ExportDefaultDeclaration, ExportFromDeclaration, ExportNamedDeclaration, Expression, IdentifierReference,
    IfStatement, ImportDeclaration, ImportExpression, ImportMeta, ImportOrExportKind, LogicalExpression,
    LogicalOperator, NewExpression, Program, StaticMemberExpression, StringLiteral,
    TSExternalModuleReference, TemplateLiteral, TryStatement, UnaryExpression, UnaryOperator,
    VariableDeclarator,
};
use crate::oxc::{GetSpan as _, Span};

use super::aliases::ALIASING;
use super::made::Made;
use super::value::bare;
use super::wasm::Embedded;
use super::{Act, Load, MadeCode, Surroundings};
use crate::resolve::Loader;

/// What the first look gives.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// What the text says.
    pub(super) loads: Vec<Load>,
    /// Whether there is more that only values tell.
    pub(super) has_values: bool,
    /// Whether it has the syntax of a module.
    pub(super) is_module: bool,
    /// What can't run, as far as the environment is known.
    pub(super) dead: Vec<Span>,
    /// WebAssembly that stands in the text.
    pub(super) wasm: Vec<Vec<u8>>,
    /// Where code is made of strings.
    pub(super) made: Vec<MadeCode>,
}

/// Names of functions that start programs or threads, or find add-ons: what they are given decides.
pub(super) const TELLING: &[&str] = &[
    "createRequire",
    "createRequireFromPath",
    "Worker",
    "fork",
    "spawn",
    "spawnSync",
    "execFile",
    "execFileSync",
    "setupPrimary",
    "setupMaster",
    "dlopen",
    "register",
    "bindings",
    "_load",
    "loadExtension",
    "getBuiltinModule",
];

/// Modules of Node.js that load, or start what does.
const LOADERS: &[&str] = &["module", "worker_threads", "child_process", "cluster", "vm", "test"];

/// Packages that look for add-ons.
pub(super) const ADDON_FINDERS: &[&str] = &[
    "bindings",
    "node-gyp-build",
    "node-gyp-build-optional-packages",
    "pkg-prebuilds",
    "pkg-prebuilds/bindings",
    "@mapbox/node-pre-gyp",
    "require-addon",
    "cmake-ts",
    "cmake-ts/build/loader",
];

/// Looks at a program, whose text this is.
pub(super) fn read(program: &Program<'_>, text: &str, surroundings: &Surroundings<'_>) -> Plain {
    let embedded = Embedded::of(text);
    let (found, made) = (Plain::default(), Made::default());
    let mut reader = Reader { found, embedded, made, surroundings, tries: 0, functions: 0 };
    reader.visit_program(program);
    Plain { wasm: reader.embedded.modules, made: reader.made.places, ..reader.found }
}

struct Reader<'s> {
    found: Plain,
    embedded: Embedded,
    made: Made,
    surroundings: &'s Surroundings<'s>,
    tries: usize,
    functions: usize,
}

impl Reader<'_> {
    fn add(&mut self, act: Act, what: &str, span: Span) {
        self.found.loads.push(Load {
            start: span.start,
            line: 0,
            act,
            what: Some(what.to_owned()),
            from: None,
            optional: self.tries > 0,
        });
        let is_told = ADDON_FINDERS.contains(&what)
            || ALIASING.contains(&what)
            || LOADERS.contains(&what.strip_prefix("node:").unwrap_or(what));
        if matches!(act, Act::Require | Act::Import) && is_told {
            self.found.has_values = true;
        }
    }

    /// The loads of a call of `require`, if that is what it is.
    fn require(&mut self, call: &CallExpression<'_>) -> Call {
        let Some(act) = act(call) else { return Call::Other };
        match call.arguments.first().and_then(Argument::as_expression).and_then(literal) {
            Some((what, span)) => {
                self.add(act, what, span);
                // A path, of which it matters where it goes.
                self.found.has_values |= matches!(act, Act::Resolve(_));
                Call::Plain
            }
            None => Call::Computed,
        }
    }

    /// A text that may name a package.
    fn name(&mut self, literal: &StringLiteral<'_>) {
        if self.surroundings.names.is_empty() {
            return;
        }
        let text = literal.value.as_str();
        if self.surroundings.names.binary_search_by(|name| name.as_str().cmp(text)).is_ok() {
            self.add(Act::Named, text, literal.span);
        }
    }

    /// What a condition is, as far as the environment decides it.
    fn decide(&self, test: &Expression<'_>) -> Option<bool> {
        match bare(test) {
            Expression::BooleanLiteral(literal) => Some(literal.value),
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                self.decide(&unary.argument).map(|value| !value)
            }
            Expression::BinaryExpression(binary) => {
                let equal = match binary.operator {
                    BinaryOperator::StrictEquality | BinaryOperator::Equality => true,
                    BinaryOperator::StrictInequality | BinaryOperator::Inequality => false,
                    _ => return None,
                };
                let (variable, text) = match (variable(&binary.left), literal(&binary.right)) {
                    (Some(name), Some((text, _))) => (name, text),
                    _ => (variable(&binary.right)?, literal(&binary.left)?.0),
                };
                let value = self.surroundings.environment.iter().find(|(name, _)| name == variable)?;
                Some((value.1 == text) == equal)
            }
            Expression::LogicalExpression(logical) => {
                let sides = (self.decide(&logical.left), self.decide(&logical.right));
                match (logical.operator, sides) {
                    (LogicalOperator::And, (Some(false), _) | (_, Some(false))) => Some(false),
                    (LogicalOperator::And, (Some(true), Some(true))) => Some(true),
                    (LogicalOperator::Or, (Some(true), _) | (_, Some(true))) => Some(true),
                    (LogicalOperator::Or, (Some(false), Some(false))) => Some(false),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

enum Call {
    /// It says what it loads.
    Plain,
    /// It loads, and values say what.
    Computed,
    /// It is another call.
    Other,
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.found.is_module = true;
        if import.import_kind == ImportOrExportKind::Value {
            self.add(Act::Import, &import.source.value, import.source.span);
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        self.found.is_module = true;
        if export.export_kind == ImportOrExportKind::Value {
            self.add(Act::Import, &export.source.value, export.source.span);
        }
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        self.found.is_module = true;
        if export.export_kind == ImportOrExportKind::Value {
            self.add(Act::Import, &export.source.value, export.source.span);
        }
    }

    fn visit_export_declaration(&mut self, export: &ExportDeclaration<'a>) {
        self.found.is_module = true;
        walk::walk_export_declaration(self, export);
    }

    fn visit_export_named_declaration(&mut self, export: &ExportNamedDeclaration<'a>) {
        self.found.is_module = true;
        walk::walk_export_named_declaration(self, export);
    }

    fn visit_export_default_declaration(&mut self, export: &ExportDefaultDeclaration<'a>) {
        self.found.is_module = true;
        walk::walk_export_default_declaration(self, export);
    }

    fn visit_import_meta(&mut self, _: &ImportMeta) {
        self.found.is_module = true;
        self.found.has_values = true;
    }

    fn visit_await_expression(&mut self, expression: &AwaitExpression<'a>) {
        if self.functions == 0 {
            self.found.is_module = true;
        }
        walk::walk_await_expression(self, expression);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        match literal(&import.source) {
            Some((what, span)) => self.add(Act::Import, what, span),
            None => {
                self.found.has_values = true;
                self.visit_expression(&import.source);
            }
        }
    }

    fn visit_ts_external_module_reference(&mut self, reference: &TSExternalModuleReference<'a>) {
        self.add(Act::Require, &reference.expression.value, reference.expression.span);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.made.call(call);
        match self.require(call) {
            Call::Plain => {
                // The name itself is not looked at again: it would count as a text that names a package.
                for argument in call.arguments.iter().skip(1) {
                    self.visit_argument(argument);
                }
                return;
            }
            Call::Computed => self.found.has_values = true,
            Call::Other => {
                let name = match bare(&call.callee) {
                    Expression::Identifier(name) => Some(name.name.as_str()),
                    Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
                    Expression::SequenceExpression(sequence) => match sequence.expressions.last() {
                        Some(Expression::StaticMemberExpression(member)) => {
                            Some(member.property.name.as_str())
                        }
                        // `(0, eval)("…")`
                        Some(Expression::Identifier(name)) => Some(name.name.as_str()),
                        _ => None,
                    },
                    _ => None,
                };
                let first = || call.arguments.first().and_then(Argument::as_expression).and_then(literal);
                if name == Some("resolve") && first().is_some_and(|(text, _)| text.starts_with('.')) {
                    self.found.has_values = true;
                }
                if name.is_some_and(|name| TELLING.contains(&name) || matches!(name, "eval" | "Function")) {
                    self.found.has_values = true;
                }
            }
        }
        walk::walk_call_expression(self, call);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        self.made.construction(new);
        let name = match bare(&new.callee) {
            Expression::Identifier(name) => Some(name.name.as_str()),
            Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
            _ => None,
        };
        if matches!(name, Some("Worker" | "Function")) {
            self.found.has_values = true;
        }
        walk::walk_new_expression(self, new);
    }

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        // What is a plain call of `require`, or `module.exports`, never comes here.
        if matches!(name.name.as_str(), "require" | "module" | "__dirname" | "__filename" | "__require") {
            self.found.has_values = true;
        }
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        // `module["require"]`, `module[x]`
        if matches!(&member.object, Expression::Identifier(name) if name.name == "module") {
            self.found.has_values = true;
        }
        walk::walk_computed_member_expression(self, member);
    }

    fn visit_variable_declarator(&mut self, declarator: &VariableDeclarator<'a>) {
        // `const { require: load } = module`, `const first = require.main`
        self.found.has_values |= match declarator.init.as_ref().map(bare) {
            Some(Expression::Identifier(name)) => name.name == "module",
            Some(Expression::StaticMemberExpression(member)) => {
                matches!(member.property.name.as_str(), "main" | "mainModule" | "parent")
                    && matches!(&member.object, Expression::Identifier(name)
                        if matches!(name.name.as_str(), "require" | "process" | "module"))
            }
            _ => false,
        };
        walk::walk_variable_declarator(self, declarator);
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        // Whoever's it is: another module's, or one that is made.
        self.found.has_values |= member.property.name == "require";
        if let Expression::Identifier(object) = &member.object {
            match (object.name.as_str(), member.property.name.as_str()) {
                ("require", "cache" | "main" | "extensions") => return,
                ("module" | "process", "require" | "filename" | "path" | "dlopen" | "execPath")
                | ("module", "parent" | "constructor" | "load")
                | ("require", "addon") => self.found.has_values = true,
                _ => {}
            }
            if object.name == "module" {
                return;
            }
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_unary_expression(&mut self, unary: &UnaryExpression<'a>) {
        // `typeof require` asks and does not load.
        if unary.operator == UnaryOperator::Typeof && matches!(unary.argument, Expression::Identifier(_)) {
            return;
        }
        walk::walk_unary_expression(self, unary);
    }

    fn visit_array_expression(&mut self, array: &ArrayExpression<'a>) {
        self.embedded.array(array);
        walk::walk_array_expression(self, array);
    }

    fn visit_binary_expression(&mut self, binary: &BinaryExpression<'a>) {
        // `require.main === module` asks.
        if binary.operator != BinaryOperator::Addition
            && matches!(&binary.right, Expression::Identifier(name) if name.name == "module")
        {
            return self.visit_expression(&binary.left);
        }
        let Some(parts) = self.embedded.sum(binary) else {
            walk::walk_binary_expression(self, binary);
            return;
        };
        for part in parts {
            match part {
                Expression::StringLiteral(literal) => self.name(literal),
                part if literal(part).is_some() => {}
                part => self.visit_expression(part),
            }
        }
    }

    fn visit_template_literal(&mut self, template: &TemplateLiteral<'a>) {
        if template.expressions.is_empty()
            && let Some(text) = template.quasis.first().and_then(|only| only.value.cooked.as_ref())
        {
            self.embedded.string(text);
        }
        walk::walk_template_literal(self, template);
    }

    fn visit_string_literal(&mut self, literal: &StringLiteral<'a>) {
        self.embedded.string(&literal.value);
        self.name(literal);
    }

    fn visit_try_statement(&mut self, statement: &TryStatement<'a>) {
        self.tries += 1;
        self.visit_block_statement(&statement.block);
        self.tries -= 1;
        if let Some(handler) = &statement.handler {
            self.visit_catch_clause(handler);
        }
        if let Some(finalizer) = &statement.finalizer {
            self.visit_block_statement(finalizer);
        }
    }

    fn visit_if_statement(&mut self, statement: &IfStatement<'a>) {
        let decided = self.decide(&statement.test);
        self.visit_expression(&statement.test);
        match decided {
            Some(false) => self.found.dead.push(statement.consequent.span()),
            _ => self.visit_statement(&statement.consequent),
        }
        if let Some(alternate) = &statement.alternate {
            match decided {
                Some(true) => self.found.dead.push(alternate.span()),
                _ => self.visit_statement(alternate),
            }
        }
    }

    fn visit_conditional_expression(&mut self, expression: &ConditionalExpression<'a>) {
        let decided = self.decide(&expression.test);
        self.visit_expression(&expression.test);
        for (branch, dead) in [(&expression.consequent, Some(false)), (&expression.alternate, Some(true))] {
            if decided == dead {
                self.found.dead.push(branch.span());
            } else {
                self.visit_expression(branch);
            }
        }
    }

    fn visit_logical_expression(&mut self, expression: &LogicalExpression<'a>) {
        self.visit_expression(&expression.left);
        match (expression.operator, self.decide(&expression.left)) {
            (LogicalOperator::And, Some(false)) | (LogicalOperator::Or, Some(true)) => {
                self.found.dead.push(expression.right.span());
            }
            _ => self.visit_expression(&expression.right),
        }
    }

    fn visit_function(&mut self, function: &crate::oxc::ast::Function<'a>, flags: crate::oxc::ScopeFlags) {
        self.functions += 1;
        walk::walk_function(self, function, flags);
        self.functions -= 1;
    }

    fn visit_arrow_function_expression(&mut self, function: &crate::oxc::ast::ArrowFunctionExpression<'a>) {
        self.functions += 1;
        walk::walk_arrow_function_expression(self, function);
        self.functions -= 1;
    }
}

/// How a call loads by `require`, `require.resolve` and their kin, if it does.
pub(super) fn act(call: &CallExpression<'_>) -> Option<Act> {
    match bare(&call.callee) {
        Expression::Identifier(name) if name.name == "require" => Some(Act::Require),
        Expression::StaticMemberExpression(member) => match (&member.object, member.property.name.as_str()) {
            (Expression::Identifier(object), "resolve") if object.name == "require" => {
                Some(Act::Resolve(Loader::Require))
            }
            (Expression::Identifier(object), "require") if object.name == "module" => Some(Act::Require),
            (Expression::ImportMeta(_), "resolve") => Some(Act::Resolve(Loader::Import)),
            _ => None,
        },
        _ => None,
    }
}

/// The variable that `process.env.NAME` names.
fn variable<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    let (object, name) = match bare(expression) {
        Expression::StaticMemberExpression(member) => (&member.object, member.property.name.as_str()),
        Expression::ComputedMemberExpression(member) => (&member.object, literal(&member.expression)?.0),
        _ => return None,
    };
    let Expression::StaticMemberExpression(inner) = bare(object) else { return None };
    let is_process = matches!(bare(&inner.object), Expression::Identifier(name) if name.name == "process");
    (is_process && inner.property.name == "env").then_some(name)
}

/// The text of a string, or of a template without holes.
pub(super) fn literal<'e>(expression: &'e Expression<'_>) -> Option<(&'e str, Span)> {
    match bare(expression) {
        Expression::StringLiteral(string) => Some((string.value.as_str(), string.span)),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
            let text = template.quasis.first()?.value.cooked.as_ref()?;
            Some((text.as_str(), template.span))
        }
        _ => None,
    }
}
