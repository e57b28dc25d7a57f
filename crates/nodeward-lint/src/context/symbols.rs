//! From an identifier to what it was bound to.

use nodeward_javascript::oxc::ast::{
    AssignmentTarget, BindingPattern, Expression, IdentifierReference, ImportDeclarationSpecifier,
    ModuleExportName, TSModuleReference,
};
use nodeward_javascript::oxc::{AstKind, SymbolId};

use super::Context;

/// What a symbol was bound to, once and for all.
pub(crate) enum Bound<'a> {
    /// The value of an expression, or of a member of it: `['a', 'b']` for `const { a: { b } } = …`.
    Value(&'a Expression<'a>, Vec<&'a str>),
    /// An import: the module, and the exported name (`default`, or none for the whole).
    Import(&'a str, Option<&'a str>),
    /// A function or a class declared under that name.
    Function,
    /// A parameter.
    Parameter,
}

impl<'a> Context<'_, 'a> {
    /// The symbol that an identifier refers to; `None` for globals.
    pub(crate) fn symbol_of(&self, identifier: &IdentifierReference<'a>) -> Option<SymbolId> {
        let reference = identifier.reference_id.get()?;
        self.semantic.scoping().get_reference(reference).symbol_id()
    }

    /// What a symbol holds wherever it is read: `None` where it is assigned to more than once, or otherwise unclear.
    pub(crate) fn bound(&self, symbol: SymbolId) -> Option<Bound<'a>> {
        let scoping = self.semantic.scoping();
        if !scoping.symbol_redeclarations(symbol).is_empty() {
            return None;
        }
        let declaration = self.semantic.symbol_declaration(symbol);
        let mut writes = self.semantic.symbol_references(symbol).filter(|reference| reference.is_write());
        let (first_write, second_write) = (writes.next(), writes.next());
        match declaration.kind() {
            AstKind::VariableDeclarator(declarator) => match (&declarator.init, first_write, second_write) {
                (Some(init), None, None) => {
                    let mut members = Vec::new();
                    member_path(&declarator.id, symbol, &mut members).then_some(Bound::Value(init, members))
                }
                (None, Some(write), None) => self.sole_assignment(write.node_id()),
                _ => None,
            },
            AstKind::Function(_) | AstKind::Class(_) if first_write.is_none() => Some(Bound::Function),
            AstKind::FormalParameter(_) | AstKind::FormalParameterRest(_) => Some(Bound::Parameter),
            AstKind::TSImportEqualsDeclaration(import) => match &import.module_reference {
                TSModuleReference::ExternalModuleReference(module) => {
                    Some(Bound::Import(module.expression.value.as_str(), None))
                }
                _ => None,
            },
            kind => self.import(kind),
        }
    }

    fn sole_assignment(&self, write: nodeward_javascript::oxc::NodeId) -> Option<Bound<'a>> {
        let AstKind::AssignmentExpression(assignment) = self.parent(write) else { return None };
        let plain = matches!(assignment.left, AssignmentTarget::AssignmentTargetIdentifier(_));
        (plain && assignment.operator.is_assign()).then(|| Bound::Value(&assignment.right, Vec::new()))
    }

    fn import(&self, kind: AstKind<'a>) -> Option<Bound<'a>> {
        let name = match kind {
            AstKind::ImportDefaultSpecifier(_) => Some("default"),
            AstKind::ImportNamespaceSpecifier(_) => None,
            AstKind::ImportSpecifier(specifier) => Some(match &specifier.imported {
                ModuleExportName::IdentifierName(name) => name.name.as_str(),
                ModuleExportName::IdentifierReference(name) => name.name.as_str(),
                ModuleExportName::StringLiteral(name) => name.value.as_str(),
            }),
            _ => return None,
        };
        let node = match kind {
            AstKind::ImportDefaultSpecifier(specifier) => specifier.node_id.get(),
            AstKind::ImportNamespaceSpecifier(specifier) => specifier.node_id.get(),
            AstKind::ImportSpecifier(specifier) => specifier.node_id.get(),
            _ => return None,
        };
        let AstKind::ImportDeclaration(declaration) = self.parent(node) else { return None };
        debug_assert!(declaration.specifiers.iter().flatten().any(|specifier| match specifier {
            ImportDeclarationSpecifier::ImportSpecifier(it) => it.node_id.get() == node,
            ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => it.node_id.get() == node,
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => it.node_id.get() == node,
        }));
        Some(Bound::Import(declaration.source.value.as_str(), name))
    }

    /// The expression whose value an identifier has, where there is just one and nothing is taken out of it.
    pub(crate) fn value_of(&self, identifier: &IdentifierReference<'a>) -> Option<&'a Expression<'a>> {
        match self.bound(self.symbol_of(identifier)?)? {
            Bound::Value(expression, members) if members.is_empty() => Some(expression),
            _ => None,
        }
    }
}

/// Notes the members through which a pattern binds a symbol. `false` where it does not, or not by plain members.
fn member_path<'a>(pattern: &'a BindingPattern<'a>, symbol: SymbolId, members: &mut Vec<&'a str>) -> bool {
    match pattern {
        BindingPattern::BindingIdentifier(identifier) => identifier.symbol_id.get() == Some(symbol),
        BindingPattern::ObjectPattern(object) => object.properties.iter().any(|property| {
            let Some(name) = plain_name(&property.key) else { return false };
            members.push(name);
            let found = member_path(&property.value, symbol, members);
            if !found {
                members.pop();
            }
            found
        }),
        BindingPattern::AssignmentPattern(assignment) => member_path(&assignment.left, symbol, members),
        BindingPattern::ArrayPattern(_) => false,
    }
}

fn plain_name<'a>(key: &'a nodeward_javascript::oxc::ast::PropertyKey<'a>) -> Option<&'a str> {
    use nodeward_javascript::oxc::ast::PropertyKey;
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(name) => Some(name.value.as_str()),
        _ => None,
    }
}
