//! Members of what is known: properties of objects, elements of arrays, what Node.js's modules export.

use crate::oxc::ast::{Argument, Expression, IdentifierReference, ObjectExpression, ObjectPropertyKind};
use crate::oxc::{AstKind, GetSpan as _, SymbolId};

use super::HOLE;
use super::fold::{Folder, key};
use super::leaks::Leak;
use super::value::{Known, Rest, Value, bare, path_of_address};

/// Methods that put something into an array, or change the order of what is in it.
pub(super) const CHANGES: &[&str] = &["push", "unshift", "splice", "fill", "copyWithin", "sort", "reverse"];

/// Whether something can be put into a value.
pub(super) fn holds(value: &Value<'_>) -> bool {
    matches!(value, Value::List { .. } | Value::Record(_))
}

impl<'a> Folder<'a, '_> {
    /// Adds to what a variable can be what the file puts into it later: elements of arrays, and properties by names
    /// that are not written out. Where others may put something into it, it can hold anything.
    pub(super) fn changed(&self, symbol: SymbolId, known: &mut Known<'a>) {
        if !known.values.iter().any(holds) {
            return;
        }
        let nodes = self.semantic.nodes();
        for reference in self.semantic.scoping().get_resolved_references(symbol) {
            if !self.step() {
                known.open = true;
                return;
            }
            let name = nodes.kind(reference.node_id()).span();
            let member = nodes.parent_id(reference.node_id());
            match (nodes.kind(member), nodes.parent_kind(member)) {
                (AstKind::StaticMemberExpression(found), AstKind::CallExpression(call))
                    if call.callee.span() == found.span
                        && CHANGES.contains(&found.property.name.as_str()) =>
                {
                    let mut added = Known::nothing();
                    let skipped = if found.property.name == "splice" { 2 } else { 0 };
                    for argument in call.arguments.iter().skip(skipped) {
                        added.add(match argument {
                            Argument::SpreadElement(spread) => self.fold(&spread.argument).elements(),
                            other => other.as_expression().map_or_else(Known::anything, |it| self.fold(it)),
                        });
                    }
                    put(known, &added);
                }
                (AstKind::ComputedMemberExpression(found), AstKind::AssignmentExpression(assignment))
                    if found.object.span() == name && assignment.left.span() == found.span =>
                {
                    known.open |= known.values.iter().any(|value| matches!(value, Value::Record(_)))
                        && !matches!(bare(&found.expression), Expression::StringLiteral(_));
                    put(known, &self.fold(&assignment.right));
                }
                _ => {}
            }
        }
        let leak = self.leak(symbol, known);
        known.open |= matches!(leak, Leak::Everything);
        self.leaks.borrow_mut().insert(symbol, leak);
    }

    /// Whether others may have changed what lies in a property of the object that an expression names; without a name,
    /// in any.
    pub(super) fn is_touched(&self, object: &'a Expression<'a>, name: Option<&str>) -> bool {
        let Expression::Identifier(object) = bare(object) else { return false };
        let scoping = self.semantic.scoping();
        let symbol = object.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        symbol.is_some_and(|symbol| self.leaks.borrow().get(&symbol).is_some_and(|leak| leak.touches(name)))
    }

    pub(super) fn nth(&self, value: &Known<'a>, at: usize) -> Known<'a> {
        let mut all = Known { values: Vec::new(), open: value.open };
        for value in &value.values {
            match value {
                Value::List { elements, rest: Rest::Nothing } => {
                    all.add(elements.get(at).cloned().unwrap_or_default());
                }
                Value::List { elements, rest } => {
                    all.open |= *rest == Rest::Anything;
                    elements.iter().for_each(|element| all.add(element.clone()));
                }
                _ => all.open = true,
            }
        }
        all
    }

    pub(super) fn element(&self, object: &'a Expression<'a>, index: &'a Expression<'a>) -> Known<'a> {
        if let Expression::StringLiteral(name) = bare(index) {
            return self.member(object, name.value.as_str());
        }
        let written = object;
        let object = self.fold(object);
        if let Expression::NumericLiteral(number) = bare(index)
            && number.value >= 0.0
        {
            return self.nth(&object, number.value as usize);
        }
        let index = self.fold(index);
        let name = match bare(written) {
            Expression::Identifier(name) => Some(name),
            _ => None,
        };
        let mut all = Known { values: Vec::new(), open: object.open || self.is_touched(written, None) };
        for value in &object.values {
            match value {
                Value::List { elements, rest } => {
                    all.open |= *rest == Rest::Anything;
                    for element in elements {
                        all.add(element.clone());
                    }
                }
                Value::Record(record) => {
                    let exact: Vec<&str> = index.texts().filter(|text| super::is_exact(text)).collect();
                    if index.open || exact.len() < index.values.len() {
                        all.add(self.values_of(record));
                        name.iter().for_each(|name| all.add(self.assigned_members(name, None)));
                    } else {
                        exact.iter().for_each(|key| {
                            all.add(self.entry(record, key));
                            name.iter().for_each(|name| all.add(self.assigned_members(name, Some(key))));
                        });
                    }
                }
                // Whichever it is.
                Value::Builtin(module) if matches!(module.as_str(), "(cache)" | "(extensions)") => {
                    all.add(self.property_of(value, ""));
                }
                Value::Builtin(_) | Value::Require(_) => {
                    all.open |= index.open || index.texts().count() < index.values.len();
                    for name in index.texts().filter(|text| super::is_exact(text)) {
                        all.add(self.property_of(value, name));
                    }
                }
                _ => all.open = true,
            }
        }
        all
    }

    pub(super) fn member(&self, object: &'a Expression<'a>, name: &str) -> Known<'a> {
        if let Expression::ImportMeta(_) = bare(object) {
            return match name {
                "url" => Known::text(self.address()),
                "dirname" => Known::text(self.folder()),
                "filename" => Known::text(self.file.as_str()),
                "resolve" => Known::one(Value::Resolve(None)),
                _ => Known::anything(),
            };
        }
        if let Expression::ThisExpression(_) = bare(object) {
            // Whoever has the object can write to it.
            let mut all = Known::anything();
            let written = self.by_name().own.get(name).into_iter().flatten();
            written.take_while(|_| self.step()).for_each(|value| all.add(self.fold(value)));
            return all;
        }
        let mut all = self.property(&self.fold(object), name);
        all.open |= self.is_touched(object, Some(name));
        if let Expression::Identifier(object) = bare(object) {
            all.add(self.assigned_members(object, Some(name)));
            if self.is_class(object) {
                let written = self.by_name().own.get(name).into_iter().flatten();
                written.take_while(|_| self.step()).for_each(|value| all.add(self.fold(value)));
            }
        }
        all
    }

    /// Whether a name is a class of this file.
    fn is_class(&self, name: &'a IdentifierReference<'a>) -> bool {
        let scoping = self.semantic.scoping();
        let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        symbol.is_some_and(|symbol| {
            scoping
                .symbol_declarations(symbol)
                .any(|declaration| matches!(self.semantic.nodes().kind(declaration), AstKind::Class(_)))
        })
    }

    /// What is written to `object.name` anywhere in the file; without a name, to any property.
    pub(super) fn assigned_members(
        &self,
        object: &'a IdentifierReference<'a>,
        name: Option<&str>,
    ) -> Known<'a> {
        let scoping = self.semantic.scoping();
        let symbol =
            object.reference_id.get().and_then(|reference| scoping.get_reference(reference).symbol_id());
        symbol.map_or_else(Known::nothing, |symbol| self.written_members(symbol, name))
    }

    /// What is written to properties of what a variable holds: of that name, or of any.
    pub(super) fn written_members(&self, symbol: SymbolId, name: Option<&str>) -> Known<'a> {
        let scoping = self.semantic.scoping();
        let nodes = self.semantic.nodes();
        let mut all = Known::nothing();
        for reference in scoping.get_resolved_references(symbol) {
            if !self.step() {
                all.open = true;
                break;
            }
            let member = nodes.parent_id(reference.node_id());
            let (found, span) = match nodes.kind(member) {
                AstKind::StaticMemberExpression(found) => (found.property.name.as_str(), found.span),
                AstKind::ComputedMemberExpression(found) => match bare(&found.expression) {
                    Expression::StringLiteral(text) => (text.value.as_str(), found.span),
                    _ => continue,
                },
                _ => continue,
            };
            if name.is_some_and(|name| found != name) {
                continue;
            }
            if let AstKind::AssignmentExpression(assignment) = nodes.parent_kind(member)
                && assignment.left.span() == span
            {
                all.add(self.assigned(assignment));
            }
        }
        all
    }

    /// A property of each thing that a value can be.
    pub(super) fn property(&self, object: &Known<'a>, name: &str) -> Known<'a> {
        let mut all = Known { values: Vec::new(), open: object.open };
        for value in &object.values {
            all.add(self.property_of(value, name));
        }
        all
    }

    pub(super) fn property_of(&self, value: &Value<'a>, name: &str) -> Known<'a> {
        let builtin = |module: &str| Known::one(Value::Builtin(module.to_owned()));
        match value {
            Value::Builtin(module) => match (module.as_str(), name) {
                (_, "default") => Known::one(value.clone()),
                ("path", "posix" | "win32") => builtin("path"),
                ("path", "sep") => Known::text("/"),
                ("fs", "promises") => builtin("fs"),
                ("process", "platform") => Known::text(self.surroundings.platform),
                ("process", "arch") => Known::text(self.surroundings.architecture),
                ("process", "execPath" | "argv0") => Known::one(Value::Executable),
                ("process", "env") => builtin("(environment)"),
                ("process", "argv" | "execArgv" | "version" | "versions" | "config") => Known::anything(),
                ("(environment)", name) => self.variable(name),
                ("(module)", "require") => Known::one(Value::Require(None)),
                // The module that the program began with, and the one that loaded this: other files, maybe.
                ("(module)", "parent") | ("process", "mainModule") => builtin("(another)"),
                ("(global)", name) => self.global(name),
                ("(cache)", _) => builtin("(another)"),
                ("module", "_cache") => builtin("(cache)"),
                ("module", "_extensions") => builtin("(extensions)"),
                ("(extensions)", _) => extension(),
                ("(module)" | "(another)", "load") => {
                    Known::one(Value::Member("(module)".to_owned(), "load".to_owned()))
                }
                ("(another)", "require") => Known::one(Value::Require(Some(HOLE.to_string()))),
                ("(another)", "parent") => builtin("(another)"),
                ("(another)", "constructor") | ("(module)", "constructor") => builtin("module"),
                ("(another)", _) => Known::anything(),
                ("module", "Module") => builtin("module"),
                ("(module)", "filename" | "id") => Known::text(self.file.as_str()),
                ("(module)", "path") => Known::text(self.folder()),
                ("(module)", _) => Known::anything(),
                (module, name) => {
                    let module = module.strip_suffix("/promises").unwrap_or(module);
                    Known::one(Value::Member(module.to_owned(), name.to_owned()))
                }
            },
            Value::Member(module, parent) if module == "module" && parent == "prototype" => match name {
                "require" => Known::one(Value::Require(Some(HOLE.to_string()))),
                _ => Known::anything(),
            },
            Value::Member(module, parent) if module == "os" && parent == "constants" => Known::anything(),
            Value::Require(from) => match name {
                "resolve" => Known::one(Value::Resolve(from.clone())),
                "main" => builtin("(another)"),
                "cache" => builtin("(cache)"),
                "extensions" => builtin("(extensions)"),
                "call" => Known::one(Value::Through("call", from.clone())),
                "apply" => Known::one(Value::Through("apply", from.clone())),
                "bind" => Known::one(Value::Through("bind", from.clone())),
                // Where it is there, it is what this package gives, or does the same.
                "addon" => Known::one(Value::Package("require-addon".to_owned())),
                "default" => Known::one(value.clone()),
                _ => Known::anything(),
            },
            Value::Package(_) if name == "default" => Known::one(value.clone()),
            Value::Package(package) => Known::one(Value::PackageMember(package.clone(), name.to_owned())),
            Value::Record(record) => self.entry(record, name),
            // A folder's entry has a name; an address has parts.
            Value::Text(text) => match name {
                "name" | "href" => Known::text(text.as_str()),
                "pathname" => Known::text(path_of_address(text)),
                _ => Known::anything(),
            },
            _ => Known::anything(),
        }
    }

    /// A variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Known<'a> {
        match self.surroundings.environment.iter().find(|(known, _)| known == name) {
            Some((_, value)) => Known::text(value.as_str()),
            None => Known::anything(),
        }
    }

    pub(super) fn entry(&self, record: &'a ObjectExpression<'a>, name: &str) -> Known<'a> {
        let mut spread = Known::nothing();
        for property in record.properties.iter().rev() {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    if property.computed {
                        spread.open = true;
                    } else if key(&property.key) == Some(name) {
                        let mut found = self.fold(&property.value);
                        found.add(spread);
                        return found;
                    }
                }
                ObjectPropertyKind::SpreadProperty(inner) => {
                    spread.add(self.property(&self.fold(&inner.argument), name));
                }
            }
        }
        spread
    }

    pub(super) fn values_of(&self, record: &'a ObjectExpression<'a>) -> Known<'a> {
        let mut all = Known::nothing();
        for property in &record.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => all.add(self.fold(&property.value)),
                ObjectPropertyKind::SpreadProperty(_) => all.open = true,
            }
        }
        all
    }

    pub(super) fn keys(&self, object: &Known<'a>) -> Known<'a> {
        let mut all = Known { values: Vec::new(), open: object.open };
        for value in &object.values {
            let Value::Record(record) = value else {
                all.open = true;
                continue;
            };
            for property in &record.properties {
                match property {
                    ObjectPropertyKind::ObjectProperty(property) if !property.computed => {
                        match key(&property.key) {
                            Some(name) => all.add(Known::text(name)),
                            None => all.open = true,
                        }
                    }
                    _ => all.open = true,
                }
            }
        }
        all
    }
}

/// What `require.extensions` holds: functions that load the file that they are given.
fn extension<'a>() -> Known<'a> {
    Known::one(Value::Member("module".to_owned(), "(extension)".to_owned()))
}

/// Puts something into each array that a value can be.
fn put<'a>(known: &mut Known<'a>, added: &Known<'a>) {
    for value in &mut known.values {
        if let Value::List { elements, rest } = value {
            if *rest == Rest::Nothing {
                *rest = Rest::Same;
            }
            if added.open {
                *rest = Rest::Anything;
            }
            if !added.values.is_empty() {
                elements.push(Known { values: added.values.clone(), open: false });
            }
        }
    }
}
