//! The walk over a file's tree that notes what it does.

use rustc_hash::FxHashSet;

use super::bindings::{Binding, Bindings, bare_name, require_in, value};
use super::names::{
    FILES, GLOBALS, HARMLESS_OF_MODULE, HARMLESS_OF_PROCESS, LONG_TEXT, MANY_ESCAPES, MANY_HEX_NAMES,
    NETWORK, PLACES, POWERFUL, STARTS, UNFOLLOWED, WRITES, WRITES_OF_FS,
};
use super::texts::{
    credential_place, hosts, is_environment, is_index, is_secret_variable, is_text, literal, object_name,
    opens_to_write, quoted, text_of, text_of_argument, text_of_template,
};
use super::{COMPUTED_IMPORT, COMPUTED_REQUIRE, Deed, UNKNOWN};
use crate::oxc::ast::{
    Argument, AssignmentExpression, AssignmentTarget, BinaryExpression, BinaryOperator, CallExpression,
    ComputedMemberExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, IdentifierReference,
    ImportDeclaration, ImportExpression, NewExpression, ObjectPattern, PropertyKey, StaticMemberExpression,
    StringLiteral, TemplateElement, TemplateLiteral, UnaryExpression,
};
use crate::oxc::{GetSpan as _, Span, UnaryOperator, Visit, walk};

pub(super) struct Reader<'b> {
    bindings: &'b Bindings,
    found: Vec<(Deed, String, u32)>,
    /// Where names and modules end of which it is known what is done with them.
    used: FxHashSet<u32>,
    hex_names: usize,
    escapes: usize,
    /// How many keys are `constructor`.
    keys: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bindings: &'b Bindings) -> Self {
        Self { bindings, found: Vec::new(), used: FxHashSet::default(), hex_names: 0, escapes: 0, keys: 0 }
    }

    pub(super) fn finish(mut self) -> Vec<(Deed, String, u32)> {
        if self.hex_names >= MANY_HEX_NAMES {
            self.found.push((Deed::Obscured, "names of an obfuscator".to_owned(), 0));
        }
        if self.escapes >= MANY_ESCAPES {
            self.found.push((Deed::Obscured, format!("{} escaped characters", self.escapes), 0));
        }
        self.found
    }

    fn add(&mut self, deed: Deed, what: impl Into<String>, at: u32) {
        self.found.push((deed, what.into(), at));
    }

    /// What an expression is asked of: a module or what it exports.
    fn resolve(&self, expression: &Expression<'_>) -> Option<Binding> {
        match expression.get_inner_expression() {
            Expression::Identifier(name) => self.bindings.get(&name.name).cloned(),
            Expression::StaticMemberExpression(member) => match self.resolve(&member.object)? {
                Binding::Module(module) => Some(match member.property.name.as_str() {
                    "default" | "promises" => Binding::Module(module),
                    name => Binding::Member(module, name.to_owned()),
                }),
                Binding::Member(..) => None,
            },
            Expression::ComputedMemberExpression(member) => {
                let name = literal(&member.expression)?;
                match self.resolve(&member.object)? {
                    Binding::Module(module) => Some(Binding::Member(module, name)),
                    Binding::Member(..) => None,
                }
            }
            // `(0, child_process.exec)(…)`, as compilers write it.
            Expression::SequenceExpression(sequence) => self.resolve(sequence.expressions.last()?),
            other => value(other),
        }
    }

    fn call(&mut self, callee: &Expression<'_>, arguments: &[Argument<'_>], span: Span) {
        let at = span.start;
        if matches!(object_name(callee), Some("require" | "Function")) {
            self.used.insert(callee.span().end);
        }
        if let Some(Binding::Member(module, name)) = self.resolve(callee) {
            if module == "module" && name == "createRequire" && !self.bindings.is_named(span.end) {
                self.unfollowed("a require of another name", at);
            }
            self.used.insert(last_of(callee).span().end);
            self.member_call(&module, &name, arguments, at);
            return;
        }
        match callee.get_inner_expression() {
            Expression::Identifier(name) => self.named_call(&name.name, arguments, span),
            Expression::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                if WRITES.contains(&name) {
                    self.add(Deed::Write, text_of_argument(arguments, 0), at);
                }
                match (object_name(&member.object), name) {
                    (Some("console"), _) => self.add(Deed::Print, "", at),
                    (Some("process"), "dlopen" | "binding" | "_linkedBinding") => {
                        self.add(Deed::Native, "", at)
                    }
                    (Some("WebAssembly"), _) => self.add(Deed::Native, "WebAssembly", at),
                    (Some("globalThis" | "global" | "window" | "self"), name) => {
                        self.named_call(name, arguments, span)
                    }
                    (_, "constructor") => self.add(Deed::CodeFromText, "constructor", at),
                    (_, "require") => self.unfollowed("the require of another module", at),
                    (_, "_compile" | "_load" | "runMain") => self.add(Deed::CodeFromText, name, at),
                    _ => {}
                }
            }
            Expression::ComputedMemberExpression(member) => match literal(&member.expression) {
                Some(name) if name == "constructor" => self.add(Deed::CodeFromText, "constructor", at),
                Some(name) if WRITES.contains(&name.as_str()) => {
                    self.add(Deed::Write, text_of_argument(arguments, 0), at);
                }
                Some(_) => {}
                None if is_index(&member.expression) => {}
                None => self.unfollowed("a call of a computed name", at),
            },
            _ => {}
        }
    }

    fn named_call(&mut self, name: &str, arguments: &[Argument<'_>], span: Span) {
        let at = span.start;
        match name {
            "eval" => self.add(Deed::CodeFromText, "eval", at),
            "Function" => self.add(Deed::CodeFromText, "Function", at),
            "fetch" | "XMLHttpRequest" | "WebSocket" | "EventSource" => self.add(Deed::Network, name, at),
            "setTimeout" | "setInterval" | "setImmediate"
                if arguments.first().and_then(Argument::as_expression).is_some_and(is_text) =>
            {
                self.add(Deed::CodeFromText, name, at);
            }
            "require" => {
                let known = arguments.first().and_then(Argument::as_expression).and_then(literal);
                match known {
                    Some(module) => {
                        self.module(&module, at);
                        self.unnamed(&module, span);
                    }
                    None => self.unfollowed(COMPUTED_REQUIRE, at),
                }
            }
            "Proxy" => self.unfollowed(name, at),
            _ => {}
        }
    }

    fn member_call(&mut self, module: &str, name: &str, arguments: &[Argument<'_>], at: u32) {
        match module {
            "child_process" if STARTS.contains(&name) => self.start(name, arguments, at),
            "child_process" => self.unfollowed("child_process", at),
            // `import("fs").then(…)`: whoever is given it has it under another name.
            module if name == "then" && FILES.contains(&module) => self.unfollowed(module, at),
            "fs" | "fs-extra" | "graceful-fs" if is_written(name, arguments) => {
                self.add(Deed::Write, text_of_argument(arguments, 0), at);
            }
            "os" if matches!(name, "homedir" | "userInfo") => self.add(Deed::Home, "", at),
            "os" if matches!(name, "hostname" | "networkInterfaces") => self.add(Deed::Home, name, at),
            "process" if matches!(name, "dlopen" | "binding") => self.add(Deed::Native, "", at),
            "process" if name == "env" => self.add(Deed::Environment, "", at),
            "module" if matches!(name, "_load" | "register" | "registerHooks" | "_extensions") => {
                self.unfollowed("module", at);
            }
            _ if WRITES.contains(&name) => self.add(Deed::Write, text_of_argument(arguments, 0), at),
            _ => {}
        }
    }

    /// `exec` takes a line for a shell, the others a program and its arguments.
    fn start(&mut self, name: &str, arguments: &[Argument<'_>], at: u32) {
        let mut line = text_of_argument(arguments, 0);
        if name == "fork" {
            line = format!("node {line}");
        } else if !name.starts_with("exec") || name.starts_with("execFile") {
            line = quoted(&line);
            match arguments.get(1).and_then(Argument::as_expression).map(Expression::get_inner_expression) {
                Some(Expression::ArrayExpression(array)) => {
                    for element in &array.elements {
                        let text = element.as_expression().map_or_else(|| UNKNOWN.to_string(), text_of);
                        line.push(' ');
                        line.push_str(&quoted(&text));
                    }
                }
                Some(Expression::ObjectExpression(_)) | None => {}
                Some(_) => {
                    line.push(' ');
                    line.push(UNKNOWN);
                }
            }
        }
        self.add(Deed::Start, line, at);
    }

    /// What comes of a function of a module that is handed on, to be called who knows where.
    fn handed_on(&mut self, module: &str, name: &str, span: Span) {
        let at = span.start;
        if self.used.contains(&span.end) {
            return;
        }
        if module == "child_process" && STARTS.contains(&name) {
            self.add(Deed::Start, UNKNOWN.to_string(), at);
        } else if module == "process" && name == "env" {
            self.add(Deed::Environment, "", at);
        } else if module == "process" && !HARMLESS_OF_PROCESS.contains(&name) && !name.starts_with("std") {
            self.unfollowed(&format!("process.{name}"), at);
        } else if FILES.contains(&module) && WRITES.contains(&name) {
            self.add(Deed::Write, UNKNOWN.to_string(), at);
        }
    }

    /// A module that acts and has no name by which its acts would be known.
    fn unnamed(&mut self, specifier: &str, span: Span) {
        let module = bare_name(specifier);
        let acts = module == "child_process" || FILES.contains(&module.as_str());
        if acts && !self.bindings.is_named(span.end) && !self.used.contains(&span.end) {
            self.unfollowed(&module, span.start);
        }
    }

    /// What comes of loading a module alone.
    fn module(&mut self, specifier: &str, at: u32) {
        let name = bare_name(specifier);
        let base = name.split('/').next().unwrap_or_default();
        if NETWORK.contains(&base) {
            self.add(Deed::Network, base, at);
        } else if UNFOLLOWED.contains(&base) {
            self.unfollowed(base, at);
        } else if name.ends_with(".node") {
            self.add(Deed::Native, name, at);
        }
    }

    fn unfollowed(&mut self, what: &str, at: u32) {
        self.add(Deed::Unfollowed, what, at);
    }

    fn text(&mut self, text: &str, at: u32) {
        for host in hosts(text) {
            self.add(Deed::Host, host, at);
        }
        if let Some(kept) = credential_place(text) {
            self.add(Deed::Credential, kept, at);
        }
        if text.len() >= LONG_TEXT && !text.trim().contains([' ', '\n', '/']) {
            self.add(Deed::Obscured, format!("a text of {} bytes that nobody can read", text.len()), at);
        }
    }

    fn escapes_of(&mut self, raw: &str) {
        self.escapes += raw.matches("\\x").count();
        self.escapes += raw.match_indices("\\u00").count();
    }

    fn variable(&mut self, name: &str, at: u32) {
        let is_secret = is_secret_variable(name);
        self.add(if is_secret { Deed::Credential } else { Deed::Variable }, name, at);
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.call(&call.callee, &call.arguments, call.span);
        walk::walk_call_expression(self, call);
    }

    fn visit_new_expression(&mut self, new: &NewExpression<'a>) {
        self.call(&new.callee, &new.arguments, new.span);
        walk::walk_new_expression(self, new);
    }

    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left {
            self.used.insert(name.span.end);
        }
        walk::walk_assignment_expression(self, assignment);
    }

    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.module(&import.source.value, import.span.start);
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        self.module(&export.source.value, export.span.start);
        self.unnamed(&export.source.value, export.span);
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        self.module(&export.source.value, export.span.start);
        self.unnamed(&export.source.value, export.span);
    }

    fn visit_binary_expression(&mut self, binary: &BinaryExpression<'a>) {
        // `x instanceof Function` makes nothing.
        if binary.operator == BinaryOperator::Instanceof {
            self.used.insert(binary.right.span().end);
        }
        walk::walk_binary_expression(self, binary);
    }

    fn visit_property_key(&mut self, key: &PropertyKey<'a>) {
        // `const { constructor } = f`.
        if matches!(key, PropertyKey::StaticIdentifier(name) if name.name == "constructor")
            || matches!(key, PropertyKey::StringLiteral(name) if name.value == "constructor")
        {
            self.keys += 1;
        }
        walk::walk_property_key(self, key);
    }

    fn visit_object_pattern(&mut self, pattern: &ObjectPattern<'a>) {
        let before = self.keys;
        walk::walk_object_pattern(self, pattern);
        if self.keys > before {
            self.unfollowed("constructor", pattern.span.start);
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        match literal(&import.source) {
            Some(module) => {
                self.module(&module, import.span.start);
                self.unnamed(&module, import.span);
            }
            None => self.unfollowed(COMPUTED_IMPORT, import.span.start),
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_unary_expression(&mut self, unary: &UnaryExpression<'a>) {
        // `typeof process` asks nothing.
        let asks_type = unary.operator == UnaryOperator::Typeof
            && matches!(unary.argument.get_inner_expression(), Expression::Identifier(_));
        if !asks_type {
            walk::walk_unary_expression(self, unary);
        }
    }

    fn visit_static_member_expression(&mut self, member: &StaticMemberExpression<'a>) {
        let (name, at) = (member.property.name.as_str(), member.span.start);
        self.used.insert(require_in(&member.object).span().end);
        self.used.insert(member.object.span().end);
        if let Some(Binding::Module(module)) = self.resolve(&member.object) {
            self.handed_on(&module, name, member.span);
        }
        match member.object.get_inner_expression() {
            object if is_environment(object) => {
                self.variable(name, at);
                return;
            }
            Expression::Identifier(object) if object.name == "process" => match name {
                "env" => self.add(Deed::Environment, "", at),
                "stdout" | "stderr" | "_rawDebug" => self.add(Deed::Print, "", at),
                "dlopen" | "binding" | "_linkedBinding" => self.add(Deed::Native, "", at),
                name if HARMLESS_OF_PROCESS.contains(&name) => {}
                name => self.unfollowed(&format!("process.{name}"), at),
            },
            Expression::Identifier(object)
                if GLOBALS.contains(&object.name.as_str()) && POWERFUL.contains(&name) =>
            {
                self.unfollowed(&format!("{name} of the global object"), at);
            }
            Expression::Identifier(object) if object.name == "module" && name == "constructor" => {
                self.add(Deed::CodeFromText, "module.constructor", at);
            }
            Expression::Identifier(object)
                if object.name == "require"
                    && !matches!(name, "resolve" | "main" | "extensions" | "cache") =>
            {
                self.unfollowed("require", at);
            }
            // `require.resolve`: nothing but a name.
            Expression::Identifier(object) if object.name == "require" => return,
            Expression::Identifier(object)
                if object.name == "module" && !HARMLESS_OF_MODULE.contains(&name) =>
            {
                self.unfollowed(&format!("module.{name}"), at);
            }
            // What a function's constructor makes of a text is code.
            _ if name == "constructor" && !self.used.contains(&member.span.end) => {
                self.unfollowed("constructor", at);
            }
            Expression::StaticMemberExpression(inner)
                if inner.property.name == "constructor"
                    && !matches!(name, "name" | "prototype" | "call" | "super_") =>
            {
                self.unfollowed("constructor", at);
            }
            _ => {}
        }
        walk::walk_static_member_expression(self, member);
    }

    fn visit_computed_member_expression(&mut self, member: &ComputedMemberExpression<'a>) {
        let at = member.span.start;
        if literal(&member.expression).is_some() {
            self.used.insert(member.object.span().end);
        }
        match (member.object.get_inner_expression(), literal(&member.expression)) {
            (object, Some(name)) if is_environment(object) => {
                self.variable(&name, at);
                return;
            }
            (object, None) if is_environment(object) => {
                self.add(Deed::Environment, "", at);
                self.visit_expression(&member.expression);
                return;
            }
            (Expression::Identifier(object), None) if PLACES.contains(&object.name.as_str()) => {
                self.unfollowed("a computed name", at);
            }
            (Expression::ThisExpression(_), None) if !is_index(&member.expression) => {}
            _ => {}
        }
        if let Expression::Identifier(object) = member.object.get_inner_expression()
            && object.name == "require"
        {
            self.visit_expression(&member.expression);
            return;
        }
        walk::walk_computed_member_expression(self, member);
    }

    fn visit_identifier_reference(&mut self, name: &IdentifierReference<'a>) {
        let at = name.span.start;
        if name.name.starts_with("_0x") {
            self.hex_names += 1;
        }
        match name.name.as_str() {
            "eval" => self.add(Deed::CodeFromText, "eval", at),
            "fetch" | "XMLHttpRequest" | "WebSocket" => self.add(Deed::Network, name.name.as_str(), at),
            // Handed on, they are asked under another name.
            "Function" | "process" | "require" | "globalThis" | "global"
                if !self.used.contains(&name.span.end) =>
            {
                self.unfollowed(&format!("{} under another name", name.name), at);
            }
            _ => {}
        }
        match self.bindings.get(&name.name) {
            Some(Binding::Member(module, member)) => {
                let (module, member) = (module.clone(), member.clone());
                self.handed_on(&module, &member, name.span);
            }
            Some(Binding::Module(module))
                if module == "child_process" && !self.used.contains(&name.span.end) =>
            {
                self.unfollowed("child_process", at);
            }
            _ => {}
        }
    }

    fn visit_string_literal(&mut self, literal: &StringLiteral<'a>) {
        self.text(&literal.value, literal.span.start);
        if let Some(raw) = &literal.raw {
            self.escapes_of(raw.as_str());
        }
    }

    fn visit_template_literal(&mut self, template: &TemplateLiteral<'a>) {
        if !template.expressions.is_empty() {
            self.text(&text_of_template(template), template.span.start);
        }
        walk::walk_template_literal(self, template);
    }

    fn visit_template_element(&mut self, element: &TemplateElement<'a>) {
        let text = element.value.cooked.as_ref().unwrap_or(&element.value.raw).to_string();
        self.text(&text, element.span.start);
        self.escapes_of(element.value.raw.as_str());
    }
}

/// What is called, of `(0, child_process.exec)(…)` too.
fn last_of<'e, 'a>(callee: &'e Expression<'a>) -> &'e Expression<'a> {
    match callee.get_inner_expression() {
        Expression::SequenceExpression(sequence) => sequence.expressions.last().unwrap_or(callee),
        other => other,
    }
}

/// Whether a function of `fs` writes, as it is called.
fn is_written(name: &str, arguments: &[Argument<'_>]) -> bool {
    let writes = WRITES.contains(&name) || WRITES_OF_FS.contains(&name);
    writes && (!matches!(name, "open" | "openSync") || opens_to_write(arguments))
}
