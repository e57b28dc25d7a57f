//! The second look at a file: what its calls load, and which files it names by paths from its own place.

use std::path::Path;

use crate::oxc::ast::{Argument, CallExpression, Expression, IdentifierReference, NewExpression};
use crate::oxc::{AstKind, GetSpan as _, NodeId, Span};

use super::fold::Folder;
use super::plain::ADDON_FINDERS;
use super::value::{Known, Value, bare, is_absolute, path_of_address};
use super::{Act, HOLE, Load, Surroundings};
use crate::parse::Parsed;
use crate::resolve::Loader;

/// Functions that read a folder's files and load none of them: static files and templates.
const DATA: &[&str] =
    &["static", "serveStatic", "serve", "sendFile", "sendfile", "download", "readFileSync", "readFile"];

/// How far a path is followed from variable to variable.
const HOPS: usize = 400;

/// Adds what values tell.
pub(super) fn read<'a>(
    parsed: &Parsed<'a>,
    file: &Path,
    surroundings: &Surroundings<'_>,
    dead: &[Span],
    loads: &mut Vec<Load>,
) {
    let folder = Folder::new(parsed.semantic(), file, surroundings);
    let mut finder = Finder { folder: &folder, dead, loads };
    for node in folder.semantic.nodes().iter() {
        match node.kind() {
            AstKind::CallExpression(call) => finder.call(node.id(), call),
            AstKind::NewExpression(new) => finder.new_object(node.id(), new),
            AstKind::ImportExpression(import) => {
                let what = folder.fold(&import.source);
                finder.load(node.id(), Act::Import, &what, None, import.source.span());
            }
            AstKind::IdentifierReference(name) => finder.name(node.id(), name),
            AstKind::StaticMemberExpression(member) => {
                let is_place = matches!(member.object, Expression::ImportMeta(_))
                    && matches!(member.property.name.as_str(), "url" | "dirname" | "filename");
                if is_place {
                    finder.follow(node.id());
                }
            }
            _ => {}
        }
    }
}

struct Finder<'f, 'a, 's> {
    folder: &'f Folder<'a, 's>,
    dead: &'f [Span],
    loads: &'f mut Vec<Load>,
}

impl<'a> Finder<'_, 'a, '_> {
    fn is_dead(&self, span: Span) -> bool {
        self.dead.iter().any(|dead| dead.start <= span.start && span.end <= dead.end)
    }

    /// Whether the program goes on if a load at a node fails.
    fn is_optional(&self, node: NodeId) -> bool {
        let nodes = self.folder.semantic.nodes();
        let mut span = nodes.kind(node).span();
        for kind in nodes.ancestor_kinds(node) {
            if let AstKind::TryStatement(statement) = kind
                && statement.block.span.start <= span.start
                && span.end <= statement.block.span.end
            {
                return true;
            }
            span = kind.span();
        }
        false
    }

    /// Adds a load for each text that `what` can be, and one that says nothing where it can be anything.
    fn load(&mut self, node: NodeId, act: Act, what: &Known<'a>, from: Option<&str>, span: Span) {
        if self.is_dead(span) {
            return;
        }
        let optional = self.is_optional(node);
        let mut add = |what: Option<String>| {
            self.loads.push(Load {
                start: span.start,
                line: 0,
                act,
                what,
                from: from.map(str::to_owned),
                optional,
            });
        };
        let mut is_open = what.open;
        for value in &what.values {
            match value {
                Value::Text(text) if text.chars().all(|character| character == HOLE) => is_open = true,
                Value::Text(text) => add(Some(text.clone())),
                _ => is_open = true,
            }
        }
        if is_open {
            add(None);
        }
    }

    fn call(&mut self, node: NodeId, call: &'a CallExpression<'a>) {
        let callee = bare(&call.callee);
        let name = match callee {
            Expression::Identifier(name) => name.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            Expression::SequenceExpression(_) | Expression::CallExpression(_) => "",
            Expression::ConditionalExpression(_) | Expression::LogicalExpression(_) => "",
            _ => return,
        };
        let known = self.folder.fold(callee);
        // Literals of a plain `require` were found by the first look.
        for value in &known.values {
            self.call_of(node, call, value);
        }
        if known.values.is_empty() && name == "__require" {
            self.call_of(node, call, &Value::Require(None));
        }
    }

    fn call_of(&mut self, node: NodeId, call: &'a CallExpression<'a>, callee: &Value<'a>) {
        let span = |at: usize| call.arguments.get(at).map_or(call.span, |argument| argument.span());
        match callee {
            Value::Require(from) if !call.arguments.is_empty() => {
                let what = self.folder.argument(call, 0);
                self.load(node, Act::Require, &what, from.as_deref(), span(0));
            }
            Value::Resolve(from) if !call.arguments.is_empty() => {
                let loader = match bare(&call.callee) {
                    Expression::StaticMemberExpression(member)
                        if matches!(member.object, Expression::ImportMeta(_)) =>
                    {
                        Loader::Import
                    }
                    _ => Loader::Require,
                };
                let what = self.folder.argument(call, 0);
                self.load(node, Act::Resolve(loader), &what, from.as_deref(), span(0));
            }
            Value::Member(module, name) => self.builtin(node, call, module, name),
            Value::Package(package) if package == "bindings" => {
                let what = self.bindings_name(call);
                self.load(node, Act::Bindings, &what, None, span(0));
            }
            Value::Package(package) if ADDON_FINDERS.contains(&package.as_str()) => {
                let what = self.folder.argument(call, 0);
                self.load(node, Act::AddonFolder, &what, None, span(0));
            }
            Value::PackageMember(package, name)
                if ADDON_FINDERS.contains(&package.as_str())
                    && matches!(name.as_str(), "find" | "load" | "path") =>
            {
                let what = self.folder.argument(call, 0);
                self.load(node, Act::AddonFolder, &what, None, span(0));
            }
            _ => {}
        }
    }

    /// `bindings("name")`, `bindings({ bindings: "name" })`
    fn bindings_name(&self, call: &'a CallExpression<'a>) -> Known<'a> {
        let given = self.folder.argument(call, 0);
        match given.values.iter().any(|value| matches!(value, Value::Record(_))) {
            true => self.folder.property(&given, "bindings"),
            false => given,
        }
    }

    fn builtin(&mut self, node: NodeId, call: &'a CallExpression<'a>, module: &str, name: &str) {
        let argument = |at: usize| self.folder.argument(call, at);
        let span = |at: usize| call.arguments.get(at).map_or(call.span, |argument| argument.span());
        match (module, name) {
            ("child_process", "fork") => {
                let what = argument(0);
                self.load(node, Act::Child, &what, None, span(0));
            }
            ("child_process", "spawn" | "spawnSync" | "execFile" | "execFileSync") => {
                let program = argument(0);
                let is_node = program.values.iter().any(|value| match value {
                    Value::Executable => true,
                    Value::Text(text) => text == "node",
                    _ => false,
                });
                if is_node && let Some(script) = first_script(&argument(1)) {
                    self.load(node, Act::Child, &script, None, span(1));
                }
            }
            ("cluster", "setupPrimary" | "setupMaster") => {
                let what = self.folder.property(&argument(0), "exec");
                if what.values.iter().any(|value| matches!(value, Value::Text(_))) {
                    self.load(node, Act::Child, &what, None, span(0));
                }
            }
            ("module", "register") => {
                let what = argument(0);
                self.load(node, Act::Import, &what, None, span(0));
            }
            ("process", "dlopen") => {
                let what = argument(1);
                self.load(node, Act::Path, &what, None, span(1));
            }
            _ => {}
        }
    }

    fn new_object(&mut self, node: NodeId, new: &'a NewExpression<'a>) {
        let callee = self.folder.fold(&new.callee);
        let is_worker = callee.values.iter().any(
            |value| matches!(value, Value::Member(module, name) if module == "worker_threads" && name == "Worker"),
        );
        let Some(script) = new.arguments.first().and_then(Argument::as_expression) else { return };
        if !is_worker {
            return;
        }
        // `new Worker(code, { eval: true })` runs a text, which is not a load.
        let options = new.arguments.get(1).and_then(Argument::as_expression);
        let is_text = options.is_some_and(|options| says_eval(options));
        if !is_text {
            let what = self.folder.fold(script);
            self.load(node, Act::Worker, &what, None, script.span());
        }
    }

    /// `__dirname`, `__filename`, `require` where they are not called, and what stands for them.
    fn name(&mut self, node: NodeId, name: &'a IdentifierReference<'a>) {
        let scoping = self.folder.semantic.scoping();
        let is_global =
            name.reference_id.get().is_some_and(|id| scoping.get_reference(id).symbol_id().is_none());
        if !is_global || self.is_dead(name.span) {
            return;
        }
        match name.name.as_str() {
            "__dirname" | "__filename" => self.follow(node),
            "require" => self.handed_on(node, name),
            _ => {}
        }
    }

    /// Tells of a `require` that is given to somebody who can call it with anything.
    fn handed_on(&mut self, node: NodeId, name: &'a IdentifierReference<'a>) {
        let nodes = self.folder.semantic.nodes();
        let given = match nodes.parent_kind(node) {
            AstKind::CallExpression(call) if call.callee.span() != name.span => {
                let callee = self.folder.fold(&call.callee);
                !callee.values.iter().any(|value| matches!(value, Value::Function(_)))
            }
            AstKind::NewExpression(new) => new.callee.span() != name.span,
            AstKind::ObjectProperty(property) => property.value.span() == name.span,
            AstKind::ReturnStatement(_) | AstKind::ArrayExpression(_) => true,
            AstKind::AssignmentExpression(assignment) => {
                assignment.right.span() == name.span
                    && !matches!(
                        assignment.left,
                        crate::oxc::ast::AssignmentTarget::AssignmentTargetIdentifier(_)
                    )
            }
            _ => false,
        };
        if given {
            self.load(node, Act::Require, &Known::anything(), None, name.span);
        }
    }

    /// Follows a path that starts at a node to where it is used, and adds what it names there.
    fn follow(&mut self, start: NodeId) {
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
                    self.used(top);
                }
                _ => self.used(top),
            }
        }
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
    fn used(&mut self, node: NodeId) {
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
            if !is_absolute(&path) || self.is_dead(span) {
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

/// The script among the arguments of a program: the first that is no option.
fn first_script<'a>(arguments: &Known<'a>) -> Option<Known<'a>> {
    let [Value::List { elements, .. }] = &arguments.values[..] else { return None };
    elements.iter().find(|element| !element.texts().any(|text| text.starts_with('-'))).cloned()
}

/// Whether the options of a worker say that its script is a text.
fn says_eval(options: &Expression<'_>) -> bool {
    use crate::oxc::ast::ObjectPropertyKind;
    let Expression::ObjectExpression(options) = bare(options) else { return false };
    options.properties.iter().any(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => {
            super::fold::key(&property.key) == Some("eval")
                && matches!(&property.value, Expression::BooleanLiteral(yes) if yes.value)
        }
        ObjectPropertyKind::SpreadProperty(_) => false,
    })
}
