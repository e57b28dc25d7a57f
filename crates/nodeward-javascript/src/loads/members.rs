//! Members of what is known: properties of objects, elements of arrays, what Node.js's modules export.

use crate::oxc::ast::{Expression, IdentifierReference, ObjectExpression, ObjectPropertyKind};
use crate::oxc::{AstKind, GetSpan as _};

use super::fold::{Folder, key};
use super::value::{Known, Value, bare, path_of_address};

impl<'a> Folder<'a, '_> {
    pub(super) fn nth(&self, value: &Known<'a>, at: usize) -> Known<'a> {
        let mut all = Known { values: Vec::new(), open: value.open };
        for value in &value.values {
            match value {
                Value::List { elements, open } => match elements.get(at) {
                    Some(element) => all.add(element.clone()),
                    None if *open => all.add(Known::anything()),
                    None => {}
                },
                _ => all.open = true,
            }
        }
        all
    }

    pub(super) fn element(&self, object: &'a Expression<'a>, index: &'a Expression<'a>) -> Known<'a> {
        if let Expression::StringLiteral(name) = bare(index) {
            return self.member(object, name.value.as_str());
        }
        let object = self.fold(object);
        if let Expression::NumericLiteral(number) = bare(index)
            && number.value >= 0.0
        {
            return self.nth(&object, number.value as usize);
        }
        let index = self.fold(index);
        let mut all = Known { values: Vec::new(), open: object.open };
        for value in &object.values {
            match value {
                Value::List { elements, open } => {
                    all.open |= open;
                    for element in elements {
                        all.add(element.clone());
                    }
                }
                Value::Record(record) => {
                    let exact: Vec<&str> = index.texts().filter(|text| super::is_exact(text)).collect();
                    if index.open || exact.len() < index.values.len() {
                        all.add(self.values_of(record));
                    } else {
                        exact.iter().for_each(|name| all.add(self.entry(record, name)));
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
            let mut all = Known::nothing();
            let Some(written) = self.by_name().own.get(name) else { return Known::anything() };
            written.iter().for_each(|value| all.add(self.fold(value)));
            return all;
        }
        let mut all = self.property(&self.fold(object), name);
        if let Expression::Identifier(object) = bare(object) {
            all.add(self.assigned_members(object, name));
        }
        all
    }

    /// What is written to `object.name` anywhere in the file.
    pub(super) fn assigned_members(&self, object: &'a IdentifierReference<'a>, name: &str) -> Known<'a> {
        let scoping = self.semantic.scoping();
        let nodes = self.semantic.nodes();
        let mut all = Known::nothing();
        let symbol =
            object.reference_id.get().and_then(|reference| scoping.get_reference(reference).symbol_id());
        let Some(symbol) = symbol else { return all };
        for reference in scoping.get_resolved_references(symbol) {
            let member = nodes.parent_id(reference.node_id());
            let AstKind::StaticMemberExpression(found) = nodes.kind(member) else { continue };
            if found.property.name != name {
                continue;
            }
            if let AstKind::AssignmentExpression(assignment) = nodes.parent_kind(member)
                && assignment.left.span() == found.span
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
                ("process", "argv" | "execArgv" | "version" | "versions" | "mainModule" | "config") => {
                    Known::anything()
                }
                ("(environment)", name) => self.variable(name),
                ("(module)", "require") => Known::one(Value::Require(None)),
                ("(module)", "filename" | "id") => Known::text(self.file.as_str()),
                ("(module)", "path") => Known::text(self.folder()),
                ("(module)", _) => Known::anything(),
                (module, name) => {
                    let module = module.strip_suffix("/promises").unwrap_or(module);
                    Known::one(Value::Member(module.to_owned(), name.to_owned()))
                }
            },
            Value::Member(module, parent) if module == "os" && parent == "constants" => Known::anything(),
            Value::Require(from) => match name {
                "resolve" => Known::one(Value::Resolve(from.clone())),
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
