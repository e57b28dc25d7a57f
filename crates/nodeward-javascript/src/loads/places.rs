//! Where a path that starts at the file's own place goes: from variable to variable, to what is done with it.

use crate::oxc::ast::{Argument, CallExpression, Expression};
use crate::oxc::{AstKind, GetSpan as _, NodeId, Span};

use super::calls::Finder;
use super::plain::ADDON_FINDERS;
use super::value::{Known, Value, bare, is_absolute, path_of_address};
use super::{Act, Load};

/// Functions that read a folder's files and load none of them: static files and templates.
const DATA: &[&str] =
    &["static", "serveStatic", "serve", "sendFile", "sendfile", "download", "readFileSync", "readFile"];

/// How far a path is followed from variable to variable.
const HOPS: usize = 400;

impl<'a> Finder<'_, 'a, '_> {
    /// Follows a path that starts at a node to where it is used, and adds what it names there, but for what is `known`
    /// to be loaded anyway.
    pub(super) fn follow(&mut self, start: NodeId, known: &Known<'a>) {
        let nodes = self.folder.semantic.nodes();
        let scoping = self.folder.semantic.scoping();
        let mut open = vec![start];
        let mut seen: Vec<NodeId> = Vec::new();
        while let Some(node) = open.pop() {
            if seen.contains(&node) || seen.len() > HOPS {
                continue;
            }
            seen.push(node);
            let top = self.climb(node);
            match nodes.parent_kind(top) {
                AstKind::VariableDeclarator(declarator) => {
                    use crate::oxc::ast::BindingPattern;
                    if let BindingPattern::BindingIdentifier(name) = &declarator.id
                        && let Some(symbol) = name.symbol_id.get()
                    {
                        let uses = scoping.get_resolved_references(symbol);
                        open.extend(uses.filter(|used| used.is_read()).map(|used| used.node_id()));
                    }
                }
                AstKind::AssignmentExpression(assignment) => {
                    use crate::oxc::ast::AssignmentTarget;
                    if let AssignmentTarget::AssignmentTargetIdentifier(name) = &assignment.left {
                        let reference = name.reference_id.get();
                        let symbol = reference.and_then(|id| scoping.get_reference(id).symbol_id());
                        if let Some(symbol) = symbol {
                            let uses = scoping.get_resolved_references(symbol);
                            open.extend(uses.filter(|used| used.is_read()).map(|used| used.node_id()));
                            continue;
                        }
                    }
                    self.used(top, known);
                }
                AstKind::ReturnStatement(_) | AstKind::ArrowFunctionExpression(_) => {
                    open.extend(self.calls_of(top));
                    self.used(top, known);
                }
                _ => self.used(top, known),
            }
        }
    }

    /// The calls, by its name, of the function that returns a node; of one without parameters, since what others
    /// return is another path for each call.
    fn calls_of(&self, returned: NodeId) -> Vec<NodeId> {
        let nodes = self.folder.semantic.nodes();
        let scoping = self.folder.semantic.scoping();
        let function = nodes.ancestors(returned).find(|ancestor| {
            matches!(ancestor.kind(), AstKind::Function(_) | AstKind::ArrowFunctionExpression(_))
        });
        let Some(function) = function else { return Vec::new() };
        let (declared, parameters) = match function.kind() {
            AstKind::Function(function) => {
                (function.id.as_ref().and_then(|name| name.symbol_id.get()), &function.params)
            }
            AstKind::ArrowFunctionExpression(function) => (None, &function.params),
            _ => return Vec::new(),
        };
        if !parameters.items.is_empty() || parameters.rest.is_some() {
            return Vec::new();
        }
        let symbol = declared.or_else(|| match nodes.parent_kind(function.id()) {
            AstKind::VariableDeclarator(declarator) => {
                declarator.id.get_binding_identifier().and_then(|name| name.symbol_id.get())
            }
            _ => None,
        });
        let uses = symbol.into_iter().flat_map(|symbol| scoping.get_resolved_references(symbol));
        let calls = uses.filter_map(|used| {
            let span = nodes.kind(used.node_id()).span();
            let is_call = matches!(nodes.parent_kind(used.node_id()), AstKind::CallExpression(call)
                if call.callee.span() == span);
            is_call.then(|| nodes.parent_id(used.node_id()))
        });
        calls.collect()
    }

    /// The largest expression around a node whose value it is part of.
    fn climb(&self, node: NodeId) -> NodeId {
        let nodes = self.folder.semantic.nodes();
        let mut top = node;
        loop {
            let span = nodes.kind(top).span();
            let parent = nodes.parent_id(top);
            let goes_on = match nodes.kind(parent) {
                AstKind::ParenthesizedExpression(_)
                | AstKind::TemplateLiteral(_)
                | AstKind::AwaitExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSNonNullExpression(_)
                | AstKind::LogicalExpression(_) => true,
                AstKind::BinaryExpression(binary) => binary.operator == crate::oxc::BinaryOperator::Addition,
                AstKind::ConditionalExpression(choice) => choice.test.span() != span,
                AstKind::SequenceExpression(sequence) => {
                    sequence.expressions.last().is_some_and(|last| last.span() == span)
                }
                AstKind::StaticMemberExpression(member) => {
                    let name = member.property.name.as_str();
                    matches!(name, "href" | "pathname")
                        || matches!(name, "toString" | "replace" | "concat")
                            && matches!(nodes.parent_kind(parent), AstKind::CallExpression(call) if call.callee.span() == member.span)
                }
                AstKind::CallExpression(call) if call.callee.span() == span => {
                    matches!(bare(&call.callee), Expression::StaticMemberExpression(member)
                        if matches!(member.property.name.as_str(), "toString" | "replace" | "concat"))
                }
                AstKind::CallExpression(call) => self.gives_path(&call.callee),
                AstKind::NewExpression(new) if new.callee.span() != span => {
                    self.folder.fold(&new.callee).values.iter().any(
                        |value| matches!(value, Value::Member(module, name) if module == "url" && name == "URL"),
                    )
                }
                _ => false,
            };
            if !goes_on {
                return top;
            }
            top = parent;
        }
    }

    fn gives_path(&self, callee: &'a Expression<'a>) -> bool {
        self.folder.fold(callee).values.iter().any(|value| match value {
            Value::Member(module, name) => match module.split('/').next() {
                Some("path") => {
                    !matches!(name.as_str(), "relative" | "basename" | "extname" | "parse" | "isAbsolute")
                }
                Some("url") => matches!(name.as_str(), "fileURLToPath" | "pathToFileURL"),
                Some("fs") => matches!(name.as_str(), "realpathSync"),
                _ => false,
            },
            _ => false,
        })
    }

    /// Adds the files that an expression names, by what is done with it.
    fn used(&mut self, node: NodeId, loaded: &Known<'a>) {
        let nodes = self.folder.semantic.nodes();
        let span = nodes.kind(node).span();
        let act = match nodes.parent_kind(node) {
            AstKind::CallExpression(call) => match self.use_by(call, span) {
                Some(act) => act,
                None => return,
            },
            AstKind::NewExpression(new) => match bare(&new.callee) {
                Expression::Identifier(name) if name.name == "Worker" => return,
                _ => Act::Path,
            },
            AstKind::ImportExpression(_) => return,
            AstKind::StaticMemberExpression(_)
            | AstKind::ComputedMemberExpression(_)
            | AstKind::BinaryExpression(_)
            | AstKind::UnaryExpression(_)
            | AstKind::IfStatement(_)
            | AstKind::ExpressionStatement(_) => return,
            _ => Act::Path,
        };
        let known = self.value_of(node);
        for text in known.texts() {
            let path = path_of_address(text);
            if !is_absolute(&path) || self.is_dead(span) || loaded.texts().any(|known| known == text) {
                continue;
            }
            self.loads.push(Load {
                start: span.start,
                line: 0,
                act,
                what: Some(path),
                from: None,
                optional: true,
            });
        }
    }

    fn value_of(&self, node: NodeId) -> Known<'a> {
        match self.folder.semantic.nodes().kind(node) {
            AstKind::IdentifierReference(name) => self.folder.identifier(name),
            AstKind::CallExpression(call) => self.folder.call(call),
            AstKind::TemplateLiteral(template) => self.folder.template(template),
            AstKind::BinaryExpression(binary) => self.folder.binary(binary),
            AstKind::StaticMemberExpression(member) => {
                self.folder.member(&member.object, member.property.name.as_str())
            }
            AstKind::NewExpression(new) => self.folder.new_object(new),
            AstKind::ConditionalExpression(choice) => {
                let mut all = self.folder.fold(&choice.consequent);
                all.add(self.folder.fold(&choice.alternate));
                all
            }
            AstKind::LogicalExpression(logical) => {
                let mut all = self.folder.fold(&logical.left);
                all.add(self.folder.fold(&logical.right));
                all
            }
            AstKind::ParenthesizedExpression(inner) => self.folder.fold(&inner.expression),
            AstKind::AwaitExpression(inner) => self.folder.fold(&inner.argument),
            AstKind::SequenceExpression(inner) => {
                inner.expressions.last().map_or_else(Known::nothing, |last| self.folder.fold(last))
            }
            _ => Known::nothing(),
        }
    }

    /// What a call does with a path. `None`: it is loaded, or asked about, which is seen elsewhere.
    fn use_by(&self, call: &'a CallExpression<'a>, span: Span) -> Option<Act> {
        let name = match bare(&call.callee) {
            Expression::Identifier(name) => name.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => "",
        };
        let callee = self.folder.fold(&call.callee);
        for value in &callee.values {
            match value {
                Value::Require(_) | Value::Resolve(_) => return None,
                Value::Package(package) if ADDON_FINDERS.contains(&package.as_str()) => return None,
                Value::PackageMember(package, _) if ADDON_FINDERS.contains(&package.as_str()) => return None,
                Value::Member(module, name) => match (module.as_str(), name.as_str()) {
                    ("child_process" | "module" | "cluster" | "path", _) => return None,
                    (
                        "fs",
                        "mkdirSync" | "mkdir" | "writeFileSync" | "writeFile" | "rmSync"
                        | "createWriteStream",
                    ) => {
                        return None;
                    }
                    ("fs", _) => return Some(Act::Data),
                    _ => {}
                },
                // The function itself is looked at with what it is given.
                Value::Function(_) => {}
                _ => {}
            }
        }
        if name == "require" {
            return None;
        }
        if name == "set" {
            // `app.set("views", folder)`
            let setting = call.arguments.first().filter(|first| first.span() != span)?;
            let is_views = matches!(setting, Argument::StringLiteral(text) if text.value == "views");
            return Some(if is_views { Act::Data } else { Act::Path });
        }
        Some(if DATA.contains(&name) { Act::Data } else { Act::Path })
    }
}
