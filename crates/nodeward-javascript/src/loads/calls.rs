//! The second look at a file: what its calls load, and which files it names by paths from its own place.

use std::path::Path;

use crate::oxc::ast::{Argument, CallExpression, Expression, IdentifierReference, NewExpression};
use rustc_hash::FxHashSet;

use crate::oxc::{AstKind, GetSpan as _, NodeId, Span, SymbolId};

use super::aliases::ALIASING;
use super::fold::{Folder, is_text_runner};
use super::paths::resolving;
use super::plain::{ADDON_FINDERS, TELLING};
use super::value::{Known, Value, bare, is_absolute};
use super::{Act, Alias, HOLE, Load, Surroundings};
use crate::parse::Parsed;
use crate::resolve::Loader;

/// Adds what values tell.
pub(super) fn read<'a>(
    parsed: &Parsed<'a>,
    file: &Path,
    surroundings: &Surroundings<'_>,
    dead: &[Span],
    loads: &mut Vec<Load>,
    aliases: &mut Vec<Alias>,
) {
    let folder = Folder::new(parsed.semantic(), file, surroundings);
    let mut finder = Finder { folder: &folder, dead, loads, aliases, tangles: FxHashSet::default() };
    finder.rights();
    // What may load comes first: a large bundle has many calls that do not, and there is only so much time.
    let mut tangled = None;
    for turn in [Turn::First, Turn::Second] {
        for node in folder.semantic.nodes().iter() {
            if turn_of(node.kind()) != Some(turn) {
                continue;
            }
            if !folder.begin() {
                tangled = tangled.or((turn == Turn::First).then(|| (node.id(), node.kind().span())));
                break;
            }
            finder.look(node.id(), node.kind());
        }
    }
    if let Some((node, span)) = tangled {
        finder.load(node, Act::Require, &Known::anything(), None, span);
    }
}

/// When a node is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Second,
}

/// Methods that load, start or find something, or give something that does.
const LOADING: &[&str] = &[
    "require",
    "_load",
    "resolve",
    "import",
    "addon",
    "find",
    "load",
    "loadAddon",
    "default",
    "call",
    "apply",
    "bind",
];

/// Methods that are given a folder and read another below it: of `strong-globalize`, for the messages of a package.
const READERS: &[(&str, &str)] = &[("SetRootDir", "intl")];

fn turn_of(kind: AstKind<'_>) -> Option<Turn> {
    let first = match kind {
        AstKind::CallExpression(call) => match bare(&call.callee) {
            Expression::StaticMemberExpression(member) => {
                let name = member.property.name.as_str();
                LOADING.contains(&name) || TELLING.contains(&name)
            }
            Expression::ComputedMemberExpression(member) => {
                matches!(bare(&member.expression), Expression::StringLiteral(_))
                    || matches!(&member.object, Expression::Identifier(name)
                        if matches!(name.name.as_str(), "module" | "require"))
            }
            _ => true,
        },
        AstKind::NewExpression(_) | AstKind::ImportExpression(_) | AstKind::IdentifierReference(_) => true,
        AstKind::StaticMemberExpression(member) => match &member.object {
            Expression::ImportMeta(_) => true,
            _ => return None,
        },
        _ => return None,
    };
    Some(if first { Turn::First } else { Turn::Second })
}

pub(super) struct Finder<'f, 'a, 's> {
    pub(super) folder: &'f Folder<'a, 's>,
    dead: &'f [Span],
    pub(super) loads: &'f mut Vec<Load>,
    pub(super) aliases: &'f mut Vec<Alias>,
    /// Functions of which it was too much to find out whether they load: not asked again.
    tangles: FxHashSet<SymbolId>,
}

impl<'a> Finder<'_, 'a, '_> {
    fn look(&mut self, id: NodeId, kind: AstKind<'a>) {
        match kind {
            AstKind::CallExpression(call) => self.call(id, call),
            AstKind::NewExpression(new) => self.new_object(id, new),
            AstKind::ImportExpression(import) => {
                self.folder.go_on();
                let what = self.folder.fold(&import.source);
                self.load(id, Act::Import, &what, None, import.source.span());
            }
            AstKind::IdentifierReference(name) => self.name(id, name),
            AstKind::StaticMemberExpression(member) => {
                let is_place = matches!(member.object, Expression::ImportMeta(_))
                    && matches!(member.property.name.as_str(), "url" | "dirname" | "filename");
                if is_place {
                    self.folder.go_on();
                    self.follow(id, &Known::nothing());
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_dead(&self, span: Span) -> bool {
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
    pub(super) fn load(&mut self, node: NodeId, act: Act, what: &Known<'a>, from: Option<&str>, span: Span) {
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
            Expression::SequenceExpression(_)
            | Expression::CallExpression(_)
            | Expression::ComputedMemberExpression(_) => "",
            Expression::ConditionalExpression(_) | Expression::LogicalExpression(_) => "",
            _ => return,
        };
        let symbol = match callee {
            Expression::Identifier(name) => name
                .reference_id
                .get()
                .and_then(|id| self.folder.semantic.scoping().get_reference(id).symbol_id()),
            _ => None,
        };
        if symbol.is_some_and(|symbol| self.tangles.contains(&symbol)) {
            return;
        }
        let known = self.folder.fold(callee);
        match symbol {
            Some(symbol) if self.folder.is_out() && known.values.is_empty() => {
                self.tangles.insert(symbol);
            }
            _ => self.folder.go_on(),
        }
        if known.values.is_empty() && self.folder.gives_place(call) {
            self.follow(node, &Known::nothing());
        }
        self.read_below(call, name);
        // Literals of a plain `require` were found by the first look.
        for value in &known.values {
            self.call_of(node, call, value);
        }
        if known.values.is_empty() && name == "__require" {
            self.call_of(node, call, &Value::Require(None));
        }
        if known.values.is_empty() {
            self.unknown(node, call, name);
            self.unnamed(node, call);
        }
    }

    /// What lies below a folder that is given to somebody who reads it there.
    fn read_below(&mut self, call: &'a CallExpression<'a>, name: &str) {
        let Some((_, below)) = READERS.iter().find(|(reader, _)| *reader == name) else { return };
        let folders = self.folder.argument(call, 0);
        let start = call.span.start;
        if self.is_dead(call.span) {
            return;
        }
        for folder in folders.texts().filter(|folder| is_absolute(folder)) {
            let what = Some(super::join_paths(&[folder, below]));
            self.loads.push(Load { start, line: 0, act: Act::Data, what, from: None, optional: true });
        }
    }

    /// `module[name](x)`: any method of what loads.
    fn unnamed(&mut self, node: NodeId, call: &'a CallExpression<'a>) {
        let Expression::ComputedMemberExpression(member) = bare(&call.callee) else { return };
        let object = self.folder.fold(&member.object);
        let loads = |value: &Value<'a>| match value {
            Value::Require(_) => true,
            Value::Builtin(module) => matches!(module.as_str(), "(module)" | "(another)" | "module"),
            _ => false,
        };
        let index = self.folder.fold(&member.expression);
        if object.values.iter().any(loads) && (index.open || index.values.is_empty()) {
            self.load(node, Act::Require, &Known::anything(), None, call.span);
        }
    }

    /// A call of something that another file gives, which its arguments tell apart.
    fn unknown(&mut self, node: NodeId, call: &'a CallExpression<'a>, name: &str) {
        // `module.require.bind(module)`, of a module that another file gives.
        if matches!(name, "bind" | "call" | "apply")
            && let Expression::StaticMemberExpression(method) = bare(&call.callee)
            && matches!(bare(&method.object), Expression::StaticMemberExpression(member)
                if member.property.name == "require")
        {
            self.load(node, Act::Require, &Known::anything(), None, call.span);
        }
        if name == "loadExtension" && !self.is_in_loader(node) {
            let what = self.folder.argument(call, 0);
            self.load(node, Act::Path, &what, None, call.span);
        }
        let Some(first) = call.arguments.first().and_then(Argument::as_expression).map(bare) else { return };
        match first {
            // `require.resolve("./loader.mjs")`, where `require` was made elsewhere.
            Expression::StringLiteral(text)
                if name == "resolve"
                    && matches!(bare(&call.callee), Expression::StaticMemberExpression(member)
                        if matches!(&member.object, Expression::Identifier(name) if name.name != "Promise"))
                    && text.value.starts_with(['.'])
                    && text.value.contains('/') =>
            {
                let what = Known::text(text.value.as_str());
                let from = self.loads.len();
                self.load(node, Act::Resolve(Loader::Require), &what, None, text.span);
                self.loads[from..].iter_mut().for_each(|load| load.optional = true);
            }
            // `spawn(process.execPath, [script])`, whoever's `spawn` it is.
            Expression::StaticMemberExpression(member) if member.property.name == "execPath" => {
                let arguments = self.folder.argument(call, 1);
                let span = call.arguments.get(1).map_or(call.span, |argument| argument.span());
                self.started(node, &arguments, span);
            }
            _ => {}
        }
    }

    /// Whether a call stands in a function of its own name, which passes on what it is asked for.
    fn is_in_loader(&self, node: NodeId) -> bool {
        let nodes = self.folder.semantic.nodes();
        nodes.ancestor_kinds(node).any(|kind| match kind {
            AstKind::Function(function) => {
                function.id.as_ref().is_some_and(|name| name.name == "loadExtension")
            }
            AstKind::MethodDefinition(method) => super::fold::key(&method.key) == Some("loadExtension"),
            AstKind::ObjectProperty(property) => super::fold::key(&property.key) == Some("loadExtension"),
            _ => false,
        })
    }

    /// Whether a call passes on to one of `require.extensions` what its own function was asked for.
    fn is_hook(&self, call: &'a CallExpression<'a>) -> bool {
        let is_direct = matches!(
            bare(&call.callee),
            Expression::StaticMemberExpression(_) | Expression::ComputedMemberExpression(_)
        );
        let scoping = self.folder.semantic.scoping();
        let is_parameter = |at: usize| {
            let argument = call.arguments.get(at).and_then(Argument::as_expression);
            let Some(Expression::Identifier(name)) = argument else { return false };
            let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
            let mut declarations = symbol.into_iter().flat_map(|symbol| scoping.symbol_declarations(symbol));
            declarations.any(|declaration| {
                matches!(self.folder.semantic.nodes().kind(declaration), AstKind::FormalParameter(_))
            })
        };
        is_parameter(1) && (!is_direct || is_parameter(0))
    }

    fn call_of(&mut self, node: NodeId, call: &'a CallExpression<'a>, callee: &Value<'a>) {
        let span = |at: usize| call.arguments.get(at).map_or(call.span, |argument| argument.span());
        match callee {
            Value::Require(_) if self.is_prelude(call) => {}
            Value::Require(from) if !call.arguments.is_empty() => {
                let what = self.folder.argument(call, 0);
                self.load(node, Act::Require, &what, from.as_deref(), span(0));
            }
            Value::Through(how, from) if call.arguments.len() > 1 => {
                let given = self.folder.argument(call, 1);
                let what = if *how == "apply" { self.folder.nth(&given, 0) } else { given };
                self.load(node, Act::Require, &what, from.as_deref(), span(1));
            }
            Value::Resolve(from) if !call.arguments.is_empty() => {
                let loader = resolving(call);
                let what = self.folder.argument(call, 0);
                self.load(node, Act::Resolve(loader), &what, from.as_deref(), span(0));
                for from in self.folder.places(call) {
                    self.load(node, Act::Resolve(loader), &what, Some(&from), span(0));
                }
                let given = self.folder.resolved_by(call, from.as_deref());
                self.follow(node, &given);
            }
            Value::Member(module, name) => self.builtin(node, call, module, name),
            Value::Import => {
                let what = self.folder.argument(call, 0);
                self.load(node, Act::Import, &what, None, span(0));
            }
            Value::Builtin(name) if name == "(text)" => self.text(node, &call.arguments),
            Value::Package(package) if ALIASING.contains(&package.as_str()) => {
                self.alias(node, call, package, "")
            }
            Value::PackageMember(package, name) if ALIASING.contains(&package.as_str()) => {
                self.alias(node, call, package, name);
            }
            Value::Package(package) if package == "bindings" => {
                let what = self.bindings_name(call);
                self.load(node, Act::Bindings, &what, None, span(0));
            }
            // `require.addon(".", __filename)`: of the package that the file is in.
            Value::Package(package) if package == "require-addon" => {
                let what = Known::text(format!("{}/{HOLE}", self.folder.folder()));
                self.load(node, Act::AddonFolder, &what, None, span(0));
            }
            Value::Package(package) if ADDON_FINDERS.contains(&package.as_str()) => {
                let what = self.addon_folder(call);
                self.load(node, Act::AddonFolder, &what, None, span(0));
            }
            Value::PackageMember(package, name)
                if ADDON_FINDERS.contains(&package.as_str())
                    && matches!(name.as_str(), "find" | "load" | "path" | "default" | "loadAddon") =>
            {
                let what = self.addon_folder(call);
                self.load(node, Act::AddonFolder, &what, None, span(0));
            }
            _ => {}
        }
    }

    /// Browserify's `var a = typeof require == "function" && require; … return a(o, !0)`: the modules of the bundle say
    /// by their own strings what they ask for.
    fn is_prelude(&self, call: &'a CallExpression<'a>) -> bool {
        let is_true = match call.arguments.get(1).and_then(Argument::as_expression) {
            Some(Expression::BooleanLiteral(literal)) => literal.value,
            Some(Expression::UnaryExpression(unary)) => {
                matches!(&unary.argument, Expression::NumericLiteral(number) if number.value == 0.0)
            }
            _ => false,
        };
        let Expression::Identifier(name) = bare(&call.callee) else { return false };
        let scoping = self.folder.semantic.scoping();
        let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        is_true
            && symbol.is_some_and(|symbol| {
                scoping.symbol_declarations(symbol).any(|declaration| {
                    matches!(self.folder.semantic.nodes().kind(declaration), AstKind::VariableDeclarator(made)
                        if matches!(&made.init, Some(Expression::LogicalExpression(_))))
                })
            })
    }

    /// The folder that a finder of add-ons is given; where that is not known, the package's own is likely.
    fn addon_folder(&self, call: &'a CallExpression<'a>) -> Known<'a> {
        let mut what = self.folder.argument(call, 0);
        if !what.texts().any(is_absolute) {
            what.open = true;
            what.add(Known::text(format!("{}/{HOLE}", self.folder.folder())));
        }
        what
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
            ("child_process" | "cluster" | "test", _) => self.program(node, call, module, name),
            ("vm", "runInThisContext" | "runInContext" | "runInNewContext" | "compileFunction") => {
                self.script(node, &call.arguments);
            }
            ("(module)", "load") => self.load(node, Act::Require, &argument(0), None, span(0)),
            ("module", "(extension)") if !self.is_hook(call) => {
                self.load(node, Act::Require, &argument(1), None, span(1));
            }
            // The program's own script again, which its arguments may name by now.
            ("module", "runMain") => self.load(node, Act::Require, &Known::anything(), None, call.span),
            // From whom it loads, its second argument says.
            ("module", "_load") => {
                let from = match argument(1).values[..] {
                    [Value::Builtin(ref module)] if module == "(module)" => None,
                    _ => Some(HOLE.to_string()),
                };
                self.load(node, Act::Require, &argument(0), from.as_deref(), span(0));
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
        if callee.values.is_empty() {
            return;
        }
        self.folder.go_on();
        if callee.values.iter().any(is_text_runner) {
            return self.text(node, &new.arguments);
        }
        let is_script = |value: &Value<'a>| matches!(value, Value::Member(module, name) if module == "vm" && name == "Script");
        if callee.values.iter().any(is_script) {
            return self.script(node, &new.arguments);
        }
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

    /// `__dirname` and `__filename`, and what stands for them.
    fn name(&mut self, node: NodeId, name: &'a IdentifierReference<'a>) {
        let scoping = self.folder.semantic.scoping();
        let is_global =
            name.reference_id.get().is_some_and(|id| scoping.get_reference(id).symbol_id().is_none());
        if !is_global || self.is_dead(name.span) {
            return;
        }
        if matches!(name.name.as_str(), "__dirname" | "__filename") {
            self.folder.go_on();
            self.follow(node, &Known::nothing());
        }
    }
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
