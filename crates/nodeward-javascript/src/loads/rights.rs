//! Where the right to load goes: `require`, `module`, `createRequire`, `Worker`, `fork` and what they come from. Their
//! calls are looked at where they stand; somebody else who gets one of them can load anything with it.

use rustc_hash::FxHashSet;

use crate::oxc::ast::{
    Argument, AssignmentTarget, BindingPattern, CallExpression, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, ModuleExportName,
};
use crate::oxc::{AstKind, GetSpan as _, NodeId, Span, SymbolId};

use super::Act;
use super::calls::Finder;
use super::fold::key;
use super::leaks::{gives_on, is_reader};
use super::value::{Known, Value, bare};

/// How many uses are followed in one file.
const HOPS: usize = 20_000;

/// Packages that give what they are given to nobody but the file itself.
const KEEPERS: &[&str] = &["amdefine"];

/// Something that loads, or that gives something that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Right {
    /// `require`.
    Require,
    /// `module`, and others of its kind.
    Module,
    /// What `node:module` exports: the class of modules.
    Modules,
    /// What `node:worker_threads` exports.
    Threads,
    /// What `node:child_process` exports.
    Processes,
    /// `createRequire`.
    Maker,
    /// `Worker`.
    Worker,
    /// `fork`.
    Fork,
}

impl Right {
    /// What a module of Node.js gives.
    fn of_module(name: &str) -> Option<Self> {
        match name.strip_prefix("node:").unwrap_or(name) {
            "module" => Some(Self::Modules),
            "worker_threads" => Some(Self::Threads),
            "child_process" => Some(Self::Processes),
            _ => None,
        }
    }

    /// What a property of it gives.
    fn member(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Module, "parent") => Some(Self::Module),
            (Self::Module, "require") => Some(Self::Require),
            (Self::Module, "constructor") | (Self::Modules, "Module" | "default") => Some(Self::Modules),
            (Self::Modules, "createRequire" | "createRequireFromPath") => Some(Self::Maker),
            (Self::Threads, "Worker") => Some(Self::Worker),
            (Self::Processes, "fork") => Some(Self::Fork),
            (Self::Threads | Self::Processes, "default") => Some(self),
            _ => None,
        }
    }

    fn act(self) -> Act {
        match self {
            Self::Threads | Self::Worker => Act::Worker,
            Self::Processes | Self::Fork => Act::Child,
            _ => Act::Require,
        }
    }

    /// Whether it is what a compiler wraps, since it is a whole module.
    fn is_whole(self) -> bool {
        matches!(self, Self::Modules | Self::Threads | Self::Processes)
    }
}

/// What is still to be looked at.
#[derive(Default)]
struct Flow {
    open: Vec<(NodeId, Right)>,
    seen: FxHashSet<(SymbolId, Right)>,
}

impl<'a> Finder<'_, 'a, '_> {
    /// Follows what loads from where it comes from, and tells where it leaves what is seen.
    pub(super) fn rights(&mut self) {
        let scoping = self.folder.semantic.scoping();
        let nodes = self.folder.semantic.nodes();
        let mut flow = Flow::default();
        for (name, right) in [("require", Right::Require), ("module", Right::Module)] {
            let uses = scoping.root_unresolved_references().get(name);
            for &reference in uses.into_iter().flatten() {
                flow.open.push((scoping.get_reference(reference).node_id(), right));
            }
        }
        for node in nodes.iter() {
            match node.kind() {
                AstKind::ImportDeclaration(import) => self.imports(import, &mut flow),
                AstKind::CallExpression(call) => {
                    let right = builtin_module(call).and_then(Right::of_module);
                    flow.open.extend(right.map(|right| (node.id(), right)));
                }
                _ => {}
            }
        }
        let mut hops = 0;
        while let Some((node, right)) = flow.open.pop() {
            hops += 1;
            if hops > HOPS || !self.folder.begin() {
                return self.leaves(node, right);
            }
            self.use_of(node, right, &mut flow);
        }
    }

    fn imports(&self, import: &'a ImportDeclaration<'a>, flow: &mut Flow) {
        let Some(right) = Right::of_module(&import.source.value) else { return };
        for specifier in import.specifiers.iter().flatten() {
            let (local, right) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => {
                    let name = match &named.imported {
                        ModuleExportName::IdentifierName(name) => name.name.as_str(),
                        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
                        ModuleExportName::StringLiteral(name) => name.value.as_str(),
                    };
                    (&named.local, right.member(name))
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(all) => (&all.local, Some(right)),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(all) => (&all.local, Some(right)),
            };
            if let (Some(symbol), Some(right)) = (local.symbol_id.get(), right) {
                self.symbol_gets(symbol, right, flow);
            }
        }
    }

    /// A variable gets it: each use counts.
    fn symbol_gets(&self, symbol: SymbolId, right: Right, flow: &mut Flow) {
        if flow.seen.insert((symbol, right)) {
            let uses = self.folder.semantic.scoping().get_resolved_references(symbol);
            flow.open.extend(uses.filter(|used| used.is_read()).map(|used| (used.node_id(), right)));
        }
    }

    /// Tells that somebody else gets it.
    fn leaves(&mut self, node: NodeId, right: Right) {
        // Whole modules of threads and processes are handed about by those who wrap them.
        if matches!(right, Right::Threads | Right::Processes) {
            return;
        }
        let span = self.folder.semantic.nodes().kind(node).span();
        self.load(node, right.act(), &Known::anything(), None, span);
    }

    fn use_of(&mut self, node: NodeId, right: Right, flow: &mut Flow) {
        let nodes = self.folder.semantic.nodes();
        let span = nodes.kind(node).span();
        if self.is_dead(span) {
            return;
        }
        let parent = nodes.parent_id(node);
        match nodes.kind(parent) {
            kind if gives_on(kind, span) => flow.open.push((parent, right)),
            AstKind::StaticMemberExpression(member) => {
                self.part(parent, right, member.property.name.as_str(), flow);
            }
            AstKind::ComputedMemberExpression(member) if member.object.span() == span => {
                let name = self.folder.fold(&member.expression);
                self.part(parent, right, name.texts().next().unwrap_or_default(), flow);
            }
            AstKind::CallExpression(call) if call.callee.span() == span => {
                let made = (right == Right::Maker).then_some((parent, Right::Require));
                flow.open.extend(made);
            }
            AstKind::CallExpression(call) => self.given(node, parent, call, right, flow),
            AstKind::NewExpression(new) if new.callee.span() == span => {}
            AstKind::NewExpression(new) => {
                let callee = self.folder.fold(&new.callee);
                if !is_reader(&new.callee) && !callee.values.iter().any(is_own) {
                    self.leaves(node, right);
                }
            }
            AstKind::VariableDeclarator(declarator) => self.binds(&declarator.id, right, flow),
            AstKind::FormalParameter(parameter) => self.binds(&parameter.pattern, right, flow),
            AstKind::AssignmentPattern(pattern) => self.binds(&pattern.left, right, flow),
            AstKind::AssignmentExpression(assignment) if assignment.right.span() == span => {
                self.assigns(node, &assignment.left, right, flow);
                flow.open.push((parent, right));
            }
            AstKind::ReturnStatement(_) | AstKind::ArrowFunctionExpression(_) => {
                self.gives(node, parent, right, flow);
            }
            AstKind::ObjectProperty(_)
            | AstKind::PropertyDefinition(_)
            | AstKind::ArrayExpression(_)
            | AstKind::SpreadElement(_)
            | AstKind::YieldExpression(_)
            | AstKind::ExportDefaultDeclaration(_)
            | AstKind::Class(_) => self.leaves(node, right),
            // Bundles give their parts a `require` by this name, by which its calls are known.
            AstKind::ExportSpecifier(export) if export.local.name() != "__require" => {
                self.leaves(node, right);
            }
            _ => {}
        }
    }

    /// `module.require`, `require.cache`, `require.bind(…)`
    fn part(&self, member: NodeId, right: Right, name: &str, flow: &mut Flow) {
        let nodes = self.folder.semantic.nodes();
        if let Some(part) = right.member(name) {
            flow.open.push((member, part));
        } else if name == "bind"
            && matches!(nodes.parent_kind(member), AstKind::CallExpression(call)
                if call.callee.span() == nodes.kind(member).span() && call.arguments.len() < 2)
        {
            flow.open.push((nodes.parent_id(member), right));
        }
    }

    fn binds(&self, pattern: &'a BindingPattern<'a>, right: Right, flow: &mut Flow) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                if let Some(symbol) = name.symbol_id.get() {
                    self.symbol_gets(symbol, right, flow);
                }
            }
            BindingPattern::AssignmentPattern(pattern) => self.binds(&pattern.left, right, flow),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    if let Some(part) = key(&property.key).and_then(|name| right.member(name)) {
                        self.binds(&property.value, part, flow);
                    }
                }
            }
            BindingPattern::ArrayPattern(_) => {}
        }
    }

    fn assigns(&mut self, node: NodeId, target: &'a AssignmentTarget<'a>, right: Right, flow: &mut Flow) {
        let scoping = self.folder.semantic.scoping();
        match target {
            AssignmentTarget::AssignmentTargetIdentifier(name) => {
                let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
                match symbol {
                    Some(symbol) => self.symbol_gets(symbol, right, flow),
                    // A variable of the whole program, but for one of its own name.
                    None if matches!(name.name.as_str(), "require" | "Worker") => {}
                    None => self.leaves(node, right),
                }
            }
            // `globalThis.Worker = Worker`: its uses by that name are known for what they are.
            AssignmentTarget::StaticMemberExpression(member)
                if right == Right::Worker
                    && member.property.name == "Worker"
                    && matches!(&member.object, Expression::Identifier(object)
                        if matches!(object.name.as_str(), "globalThis" | "global" | "self")) => {}
            AssignmentTarget::StaticMemberExpression(_) | AssignmentTarget::ComputedMemberExpression(_) => {
                self.leaves(node, right);
            }
            _ => {}
        }
    }

    /// A function gets it.
    fn given(
        &mut self,
        from: NodeId,
        node: NodeId,
        call: &'a CallExpression<'a>,
        right: Right,
        flow: &mut Flow,
    ) {
        let span = self.folder.semantic.nodes().kind(from).span();
        if is_reader(&call.callee) || is_harmless(call, span) {
            return;
        }
        let Some(place) = call.arguments.iter().position(|argument| argument.span() == span) else { return };
        let wraps = right.is_whole() && is_wrapper(call);
        let callee = self.folder.fold(&call.callee);
        let mut is_known = wraps;
        for value in &callee.values {
            match value {
                Value::Function(_) if right.is_whole() => is_known = true,
                Value::Function(function) => {
                    is_known = true;
                    if let Some(parameter) = function.parameters().items.get(place) {
                        self.binds(&parameter.pattern, right, flow);
                    }
                }
                Value::Package(package) if KEEPERS.contains(&package.as_str()) => is_known = true,
                Value::Require(_) | Value::Resolve(_) | Value::Through(..) => is_known = true,
                Value::Member(module, _) if module == "module" || module == "(module)" => is_known = true,
                _ => {}
            }
        }
        if !is_known {
            self.leaves(from, right);
        } else if right.is_whole() {
            flow.open.push((node, right));
        }
    }

    /// A function gives it to those who call it.
    fn gives(&mut self, node: NodeId, from: NodeId, right: Right, flow: &mut Flow) {
        let function = self.folder.function_around(from);
        match function.and_then(|function| self.folder.calls_by_name(function)) {
            Some(calls) => flow.open.extend(calls.into_iter().map(|call| (call, right))),
            None => self.leaves(node, right),
        }
    }
}

/// The class of modules, which takes the module that a new one is for.
fn is_own(value: &Value<'_>) -> bool {
    match value {
        Value::Builtin(module) => module == "module",
        Value::Member(module, name) => module == "module" && name == "Module",
        _ => false,
    }
}

/// The module of Node.js that a call of `require` or of `process.getBuiltinModule` names, whoever's they are.
fn builtin_module<'a>(call: &'a CallExpression<'a>) -> Option<&'a str> {
    let is_named = match bare(&call.callee) {
        Expression::Identifier(name) => matches!(name.name.as_str(), "require" | "__require"),
        Expression::StaticMemberExpression(member) => {
            matches!(member.property.name.as_str(), "require" | "getBuiltinModule")
        }
        _ => false,
    };
    match call.arguments.first().and_then(Argument::as_expression).map(bare) {
        Some(Expression::StringLiteral(text)) if is_named => Some(text.value.as_str()),
        _ => None,
    }
}

/// `__importStar(require("module"))`, as compilers write it.
fn is_wrapper(call: &CallExpression<'_>) -> bool {
    let callee = match bare(&call.callee) {
        Expression::SequenceExpression(sequence) => sequence.expressions.last(),
        other => Some(other),
    };
    let says = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["interop", "import", "toesm", "tomodule"].iter().any(|word| name.contains(word))
    };
    match callee {
        Some(Expression::Identifier(name)) => says(&name.name),
        // `tslib_1.__importStar`, `_interop.default`, `_interop._`
        Some(Expression::StaticMemberExpression(member)) => {
            says(&member.property.name)
                || matches!(&member.object, Expression::Identifier(object)
                    if matches!(member.property.name.as_str(), "_" | "default") && says(&object.name))
        }
        _ => false,
    }
}

/// Whether a call does nothing with what it is given at this place that could load.
fn is_harmless(call: &CallExpression<'_>, span: Span) -> bool {
    let Expression::StaticMemberExpression(member) = bare(&call.callee) else { return false };
    let is_first = call.arguments.first().is_some_and(|argument| argument.span() == span);
    let object = match &member.object {
        Expression::Identifier(object) => object.name.as_str(),
        _ => "",
    };
    match (object, member.property.name.as_str()) {
        // Only under test.
        ("GENTLY", "hijack") => true,
        // `Object.defineProperty(module, "exports", …)`
        ("Object" | "Reflect", "defineProperty" | "defineProperties") => is_first,
        // `(module && module[name]).call(module, "timers")`
        (_, "call") => {
            is_first
                && matches!(&call.arguments[1..], [Argument::StringLiteral(name)]
                    if !name.value.starts_with(['.', '/']))
        }
        _ => false,
    }
}
