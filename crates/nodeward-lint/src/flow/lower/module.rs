//! The file as a module: what it imports, what it exports.

use nodeward_javascript::oxc::GetSpan as _;
use nodeward_javascript::oxc::Span;
use nodeward_javascript::oxc::ast::{
    ExportDefaultDeclarationKind, ImportDeclarationSpecifier, ImportExpression, ModuleDeclaration, Program,
    TSImportEqualsDeclaration, TSModuleReference, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
};

use super::Lowerer;
use super::function::This;
use crate::flow::graph::{FunctionId, Label, NodeId, Seed, Spot};

impl<'a> Lowerer<'a, '_> {
    pub(super) fn program(&mut self, program: &Program<'a>) {
        // The file itself is a function: what its top level returns nobody sees.
        let id = self.new_function("", program.span);
        debug_assert_eq!(id, FunctionId(0), "the file comes first");
        let exports = self.node(Span::new(program.span.start, program.span.start));
        let object = self.new_object();
        self.graph.seeds.push((exports, Seed::Object(object)));
        self.graph.exports = exports;
        self.graph.exports_object = object;
        self.this = exports;
        let this = self.function_record(id).this;
        self.edge(exports, this, Label::Same);
        self.statements(&program.body);
    }

    /// What `require(name)` or an import gives.
    pub(super) fn module(&mut self, specifier: &str, span: Span) -> NodeId {
        let name = self.name(specifier);
        self.seed(Seed::Module(name), span)
    }

    pub(super) fn export(&mut self, name: &str, value: Option<NodeId>) {
        self.store(Some(self.graph.exports), name, value);
    }

    pub(super) fn module_declaration(&mut self, declaration: &ModuleDeclaration<'a>) {
        match declaration {
            ModuleDeclaration::ImportDeclaration(import) => {
                if import.import_kind.is_type() {
                    return;
                }
                let module = self.module(import.source.value.as_str(), import.span);
                for specifier in import.specifiers.iter().flatten() {
                    let local = specifier.local();
                    let value = match specifier {
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => Some(module),
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                            self.default_of(module, specifier.span)
                        }
                        ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                            match specifier.imported.name().as_str() {
                                "default" => self.default_of(module, specifier.span),
                                name => self.load(Some(module), name, specifier.span),
                            }
                        }
                    };
                    if let Some(symbol) = local.symbol_id.get() {
                        self.write(symbol, value, local.span);
                    }
                }
            }
            ModuleDeclaration::ExportAllDeclaration(export) => {
                let module = self.module(export.source.value.as_str(), export.span);
                match &export.exported {
                    Some(name) => self.export(name.name().as_str(), Some(module)),
                    None => self.edge(module, self.graph.exports, Label::Same),
                }
            }
            ModuleDeclaration::ExportDefaultDeclaration(export) => {
                let value = match &export.declaration {
                    ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                        Some(self.function(function, "default", This::Own))
                    }
                    ExportDefaultDeclarationKind::ClassDeclaration(class) => Some(self.class(class)),
                    ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => None,
                    declaration => {
                        declaration.as_expression().and_then(|expression| self.named("default", expression))
                    }
                };
                self.export("default", value);
            }
            ModuleDeclaration::ExportDeclaration(export) => {
                self.declaration(&export.declaration);
                let mut names = Vec::new();
                if let nodeward_javascript::oxc::ast::Declaration::VariableDeclaration(variables) =
                    &export.declaration
                {
                    for declarator in &variables.declarations {
                        names.extend(declarator.id.get_binding_identifiers());
                    }
                } else {
                    names.extend(export.declaration.id());
                }
                for name in names {
                    let value = name.symbol_id.get().and_then(|symbol| self.read(symbol, name.span));
                    self.export(name.name.as_str(), value);
                }
            }
            ModuleDeclaration::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let value = match &specifier.local {
                        nodeward_javascript::oxc::ast::ModuleExportName::IdentifierReference(identifier) => {
                            self.symbol(identifier)
                                // A name may be exported before it is assigned: all its values count.
                                .map(|symbol| match self.read(symbol, identifier.span) {
                                    Some(node) => node,
                                    None => self.shared(symbol, identifier.span),
                                })
                        }
                        _ => None,
                    };
                    self.export(specifier.exported.name().as_str(), value);
                }
            }
            ModuleDeclaration::ExportFromDeclaration(export) => {
                let module = self.module(export.source.value.as_str(), export.span);
                for specifier in &export.specifiers {
                    let value = match specifier.local.name().as_str() {
                        "default" => self.default_of(module, specifier.span),
                        name => self.load(Some(module), name, specifier.span),
                    };
                    self.export(specifier.exported.name().as_str(), value);
                }
            }
            ModuleDeclaration::TSExportAssignment(export) => {
                let value = self.expression(&export.expression);
                self.edge(NodeId::from_option(value), self.graph.exports, Label::Same);
            }
            ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    /// The default export of an ES module, or all of a CommonJS one.
    fn default_of(&mut self, module: NodeId, span: Span) -> Option<NodeId> {
        let default = self.load(Some(module), "default", span)?;
        self.edge(module, default, Label::Same);
        Some(default)
    }

    pub(super) fn import_expression(&mut self, import: &ImportExpression<'a>) -> Option<NodeId> {
        if let nodeward_javascript::oxc::ast::Expression::StringLiteral(literal) = &import.source {
            let module = self.module(literal.value.as_str(), import.span);
            return Some(module);
        }
        let source = self.expression(&import.source);
        self.spot(source, Spot::Import, import.span);
        None
    }

    pub(super) fn namespace(&mut self, namespace: &TSNamespaceDeclaration<'a>) {
        if namespace.declare {
            return;
        }
        match &namespace.body {
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => self.namespace(inner),
            TSNamespaceDeclarationBody::TSModuleBlock(block) => self.statements(&block.body),
        }
    }

    pub(super) fn import_equals(&mut self, import: &TSImportEqualsDeclaration<'a>) {
        if let TSModuleReference::ExternalModuleReference(reference) = &import.module_reference {
            let module = self.module(reference.expression.value.as_str(), import.span);
            if let Some(symbol) = import.id.symbol_id.get() {
                self.write(symbol, Some(module), import.id.span());
            }
        }
    }
}
