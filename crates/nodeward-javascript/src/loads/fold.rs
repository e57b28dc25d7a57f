//! What an expression can be: constants folded, variables followed to what is written to them, parameters to what
//! the file passes for them.

use std::cell::{Cell, OnceCell, RefCell};
use std::path::Path;

use rustc_hash::FxHashMap;

use crate::oxc::ast::{
    Argument, ArrayExpressionElement, AssignmentExpression, AssignmentTarget, BinaryExpression,
    BindingPattern, ChainElement, Expression, IdentifierReference, ImportDeclaration, ModuleExportName,
    NewExpression, PropertyKey, TemplateLiteral,
};
use crate::oxc::{AssignmentOperator, AstKind, BinaryOperator, LogicalOperator, NodeId, Semantic, SymbolId};

use super::by_name::ByName;
use super::leaks::Leak;
use super::value::{self, Callable, Known, Rest, Value, bare, concatenate, is_absolute};
use super::{HOLE, Surroundings};

/// How many expressions are looked at, and texts made, for one file. Only large bundles have more, and text that is
/// made to cost time.
const FUEL: u32 = 200_000;

/// How many of them for what one load is given, so that one tangle does not leave the rest without an answer.
const SHARE: u32 = 10_000;

/// How many of them to find out whether a call loads at all.
const FIRST_SHARE: u32 = 400;

/// How deep expressions are followed.
const DEPTH: u32 = 48;

/// Follows the values of one file.
pub(super) struct Folder<'a, 's> {
    pub(super) semantic: Semantic<'a>,
    pub(super) surroundings: &'s Surroundings<'s>,
    /// The file, with `/` between folders.
    pub(super) file: String,
    fuel: Cell<u32>,
    /// What is left for the questions after this one.
    reserve: Cell<u32>,
    depth: Cell<u32>,
    /// Variables that are known, and those that are being followed.
    symbols: RefCell<FxHashMap<SymbolId, Option<Known<'a>>>>,
    /// Variables that were met again while they were followed.
    again: RefCell<Vec<SymbolId>>,
    /// Where objects that variables hold may have changed otherwise.
    pub(super) leaks: RefCell<FxHashMap<SymbolId, Leak<'a>>>,
    pub(super) by_name: OnceCell<ByName<'a>>,
}

impl<'a, 's> Folder<'a, 's> {
    pub(super) fn new(semantic: Semantic<'a>, file: &Path, surroundings: &'s Surroundings<'s>) -> Self {
        let file = file.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        Self {
            semantic,
            surroundings,
            file,
            fuel: Cell::new(0),
            reserve: Cell::new(FUEL),
            depth: Cell::new(0),
            symbols: RefCell::default(),
            again: RefCell::default(),
            leaks: RefCell::default(),
            by_name: OnceCell::new(),
        }
    }

    /// Begins the next question. False: nothing is left to answer it.
    pub(super) fn begin(&self) -> bool {
        self.share(FIRST_SHARE)
    }

    /// Goes on with a question that is worth it.
    pub(super) fn go_on(&self) {
        self.share(SHARE);
    }

    fn share(&self, share: u32) -> bool {
        let all = self.reserve.get() + self.fuel.get();
        self.fuel.set(all.min(share));
        self.reserve.set(all - all.min(share));
        all > 0
    }

    /// Counts a step through something long. False: the question was too much.
    pub(super) fn step(&self) -> bool {
        let left = self.fuel.get().saturating_sub(1);
        self.fuel.set(left);
        left > 0
    }

    /// Whether the question was too much.
    pub(super) fn is_out(&self) -> bool {
        self.fuel.get() == 0
    }

    /// The file's folder.
    pub(super) fn folder(&self) -> &str {
        match self.file.rfind('/') {
            Some(0) => "/",
            Some(at) => &self.file[..at],
            None => ".",
        }
    }

    /// The file's address.
    pub(super) fn address(&self) -> String {
        address_of(&self.file)
    }

    /// All ways to choose one text of each part, joined; what varies is not followed where that costs too much.
    pub(super) fn combine(&self, parts: &[Vec<String>], join: impl Fn(&[&str]) -> String) -> Known<'a> {
        let count = parts.iter().fold(1usize, |count, part| count.saturating_mul(part.len().max(1)));
        let cost = u32::try_from(count.min(value::MOST)).unwrap_or(u32::MAX);
        let left = self.fuel.get().saturating_sub(cost);
        self.fuel.set(left);
        if left == 0 { value::combine(&value::reduced(parts), join) } else { value::combine(parts, join) }
    }

    /// What an expression can be.
    pub(super) fn fold(&self, expression: &'a Expression<'a>) -> Known<'a> {
        if let Expression::StringLiteral(literal) = expression {
            return Known::text(literal.value.as_str());
        }
        let left = self.fuel.get();
        if left == 0 || self.depth.get() >= DEPTH {
            return Known::anything();
        }
        self.fuel.set(left - 1);
        self.depth.set(self.depth.get() + 1);
        let known = self.expression(bare(expression));
        self.depth.set(self.depth.get() - 1);
        known
    }

    fn expression(&self, expression: &'a Expression<'a>) -> Known<'a> {
        match expression {
            Expression::StringLiteral(literal) => Known::text(literal.value.as_str()),
            Expression::NumericLiteral(literal) => match literal.raw.as_ref() {
                Some(raw) => Known::text(raw.as_str()),
                None => Known::anything(),
            },
            Expression::NullLiteral(_) | Expression::BooleanLiteral(_) => Known::nothing(),
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::Identifier(name) => self.identifier(name),
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::ConditionalExpression(choice) => {
                let mut all = self.fold(&choice.consequent);
                all.add(self.fold(&choice.alternate));
                all
            }
            Expression::LogicalExpression(logical) => {
                let mut all = self.fold(&logical.right);
                if logical.operator != LogicalOperator::And {
                    all.add(self.fold(&logical.left));
                }
                all
            }
            Expression::SequenceExpression(sequence) => {
                sequence.expressions.last().map_or_else(Known::anything, |last| self.fold(last))
            }
            Expression::AssignmentExpression(assignment) => self.fold(&assignment.right),
            Expression::AwaitExpression(inner) => self.awaited(self.fold(&inner.argument)),
            Expression::ArrayExpression(array) => self.array(&array.elements),
            Expression::ObjectExpression(object) => Known::one(Value::Record(object)),
            Expression::ArrowFunctionExpression(function) => {
                Known::one(Value::Function(Callable::Arrow(function)))
            }
            Expression::FunctionExpression(function) => {
                Known::one(Value::Function(Callable::Function(function)))
            }
            Expression::CallExpression(call) => self.call(call),
            Expression::NewExpression(new) => self.new_object(new),
            Expression::ImportExpression(import) => {
                let module = self.fold(&import.source);
                Known::one(Value::Promise(Box::new(self.module(&module))))
            }
            Expression::StaticMemberExpression(member) => {
                self.member(&member.object, member.property.name.as_str())
            }
            Expression::ComputedMemberExpression(member) => self.element(&member.object, &member.expression),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call(call),
                ChainElement::StaticMemberExpression(member) => {
                    self.member(&member.object, member.property.name.as_str())
                }
                ChainElement::ComputedMemberExpression(member) => {
                    self.element(&member.object, &member.expression)
                }
                _ => Known::anything(),
            },
            _ => Known::anything(),
        }
    }

    pub(super) fn awaited(&self, known: Known<'a>) -> Known<'a> {
        let mut all = Known { values: Vec::new(), open: known.open };
        for value in known.values {
            match value {
                Value::Promise(inner) => all.add(*inner),
                other => all.add(Known::one(other)),
            }
        }
        all
    }

    fn array(&self, elements: &'a [ArrayExpressionElement<'a>]) -> Known<'a> {
        let mut list = Vec::new();
        let (mut is_open, mut has_spread) = (false, false);
        for element in elements {
            match element {
                ArrayExpressionElement::SpreadElement(spread) => {
                    let inner = self.fold(&spread.argument).elements();
                    is_open |= inner.open;
                    has_spread = true;
                    list.push(Known { values: inner.values, open: false });
                }
                ArrayExpressionElement::Elision(_) => list.push(Known::nothing()),
                other => {
                    list.push(other.as_expression().map_or_else(Known::anything, |value| self.fold(value)))
                }
            }
        }
        let rest = match (is_open, has_spread) {
            (true, _) => Rest::Anything,
            (false, true) => Rest::Same,
            (false, false) => Rest::Nothing,
        };
        Known::one(Value::List { elements: list, rest })
    }

    pub(super) fn template(&self, template: &'a TemplateLiteral<'a>) -> Known<'a> {
        let mut parts = Vec::new();
        for (at, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().map_or("", |text| text.as_str());
            parts.push(vec![text.to_owned()]);
            if let Some(hole) = template.expressions.get(at) {
                parts.push(self.fold(hole).pieces());
            }
        }
        self.combine(&parts, concatenate)
    }

    /// Texts that are added, however many, without a stack as deep as their number.
    pub(super) fn binary(&self, binary: &'a BinaryExpression<'a>) -> Known<'a> {
        if binary.operator != BinaryOperator::Addition {
            return Known::anything();
        }
        let mut parts = vec![self.fold(&binary.right).pieces()];
        let mut left = bare(&binary.left);
        while let Expression::BinaryExpression(inner) = left
            && inner.operator == BinaryOperator::Addition
        {
            parts.push(self.fold(&inner.right).pieces());
            left = bare(&inner.left);
        }
        parts.push(self.fold(left).pieces());
        parts.reverse();
        self.combine(&parts, concatenate)
    }

    pub(super) fn identifier(&self, name: &'a IdentifierReference<'a>) -> Known<'a> {
        let Some(reference) = name.reference_id.get() else { return Known::anything() };
        match self.semantic.scoping().get_reference(reference).symbol_id() {
            Some(symbol) => self.symbol(symbol),
            None => self.global(name.name.as_str()),
        }
    }

    pub(super) fn global(&self, name: &str) -> Known<'a> {
        match name {
            "globalThis" | "global" => Known::one(Value::Builtin("(global)".to_owned())),
            "require" => Known::one(Value::Require(None)),
            "__dirname" => Known::text(self.folder()),
            "__filename" => Known::text(self.file.as_str()),
            "process" => Known::one(Value::Builtin("process".to_owned())),
            "undefined" => Known::nothing(),
            "URL" => Known::one(Value::Member("url".to_owned(), "URL".to_owned())),
            "Worker" => Known::one(Value::Member("worker_threads".to_owned(), "Worker".to_owned())),
            "module" => Known::one(Value::Builtin("(module)".to_owned())),
            "eval" | "Function" => Known::one(Value::Builtin("(text)".to_owned())),
            _ => Known::anything(),
        }
    }

    /// What a variable can be: all that is written to it.
    pub(super) fn symbol(&self, symbol: SymbolId) -> Known<'a> {
        match self.symbols.borrow().get(&symbol) {
            Some(Some(known)) => return known.clone(),
            Some(None) => {
                self.again.borrow_mut().push(symbol);
                return Known::nothing();
            }
            None => {}
        }
        self.symbols.borrow_mut().insert(symbol, None);
        let mut known = self.declared(symbol);
        let mut is_longer = false;
        for reference in self.semantic.scoping().get_resolved_references(symbol) {
            if !reference.is_write() {
                continue;
            }
            if !self.step() {
                known.open = true;
                break;
            }
            match self.semantic.nodes().parent_kind(reference.node_id()) {
                AstKind::AssignmentExpression(assignment)
                    if is_name(&assignment.left) && assignment.operator == AssignmentOperator::Addition =>
                {
                    is_longer = true;
                }
                _ => known.add(self.written(reference.node_id())),
            }
        }
        if is_longer {
            // `name += "-musl"`: the same with something behind it.
            let longer = known.map_texts(|text| concatenate(&[text, &HOLE.to_string()]));
            known.open |= longer.values.is_empty();
            known.add(longer);
        }
        self.changed(symbol, &mut known);
        let met = self.again.borrow().contains(&symbol);
        if met {
            self.again.borrow_mut().retain(|other| *other != symbol);
            // Folders that are walked through: what is below can be reached too.
            let folders: Vec<String> =
                known.texts().filter(|text| is_absolute(text)).map(str::to_owned).collect();
            for folder in folders {
                known.add(Known::text(concatenate(&[folder.trim_end_matches('/'), "/", &HOLE.to_string()])));
            }
        }
        if self.fuel.get() == 0 {
            // What was not followed to its end is not kept.
            self.symbols.borrow_mut().remove(&symbol);
        } else if self.again.borrow().is_empty() {
            self.symbols.borrow_mut().insert(symbol, Some(known.clone()));
        } else {
            // A part is missing that only the end of a circle gives.
            self.symbols.borrow_mut().remove(&symbol);
        }
        known
    }

    fn declared(&self, symbol: SymbolId) -> Known<'a> {
        let scoping = self.semantic.scoping();
        let mut all = Known::nothing();
        for declaration in scoping.symbol_declarations(symbol) {
            all.add(self.declaration(symbol, declaration));
        }
        all
    }

    fn declaration(&self, symbol: SymbolId, declaration: NodeId) -> Known<'a> {
        let nodes = self.semantic.nodes();
        match nodes.kind(declaration) {
            AstKind::VariableDeclarator(declarator) => {
                let mut value = match &declarator.init {
                    Some(init) => self.fold(init),
                    None => self.iterated(declaration),
                };
                let is_part = !matches!(declarator.id, BindingPattern::BindingIdentifier(_));
                value.open |=
                    is_part && declarator.init.as_ref().is_some_and(|init| self.is_touched(init, None));
                self.bound(&declarator.id, value, symbol).unwrap_or_else(Known::anything)
            }
            AstKind::FormalParameter(parameter) => {
                let value = self.parameter(declaration);
                let value = match &parameter.initializer {
                    Some(initializer) => {
                        let mut value = value;
                        value.add(self.fold(initializer));
                        value
                    }
                    None => value,
                };
                self.bound(&parameter.pattern, value, symbol).unwrap_or_else(Known::anything)
            }
            AstKind::Function(function) => Known::one(Value::Function(Callable::Function(function))),
            AstKind::ImportDefaultSpecifier(_) | AstKind::ImportNamespaceSpecifier(_) => {
                match nodes.parent_kind(declaration) {
                    AstKind::ImportDeclaration(import) => self.imported(import),
                    _ => Known::anything(),
                }
            }
            AstKind::ImportSpecifier(specifier) => {
                let AstKind::ImportDeclaration(import) = nodes.parent_kind(declaration) else {
                    return Known::anything();
                };
                let name = match &specifier.imported {
                    ModuleExportName::IdentifierName(name) => name.name.as_str(),
                    ModuleExportName::IdentifierReference(name) => name.name.as_str(),
                    ModuleExportName::StringLiteral(name) => name.value.as_str(),
                };
                self.property(&self.imported(import), name)
            }
            _ => Known::anything(),
        }
    }

    fn imported(&self, import: &'a ImportDeclaration<'a>) -> Known<'a> {
        self.module(&Known::text(import.source.value.as_str()))
    }

    /// What a module exports, as far as that matters here.
    pub(super) fn module(&self, specifier: &Known<'a>) -> Known<'a> {
        let mut all = Known { values: Vec::new(), open: specifier.open };
        for text in specifier.texts() {
            all.add(match text.strip_prefix("node:") {
                Some(name) => Known::one(Value::Builtin(name.to_owned())),
                None if is_builtin(text) => Known::one(Value::Builtin(text.to_owned())),
                None if text.starts_with(['.', '/', '#', HOLE]) => Known::anything(),
                None => Known::one(Value::Package(text.to_owned())),
            });
        }
        all
    }

    /// What the variable of a `for` loop can be.
    fn iterated(&self, declarator: NodeId) -> Known<'a> {
        let nodes = self.semantic.nodes();
        let declaration = nodes.parent_id(declarator);
        match nodes.parent_kind(declaration) {
            AstKind::ForOfStatement(statement) => self.awaited(self.fold(&statement.right)).elements(),
            AstKind::ForInStatement(statement) => self.keys(&self.fold(&statement.right)),
            _ => Known::nothing(),
        }
    }

    /// What an assignment gives the variable on its left.
    fn written(&self, reference: NodeId) -> Known<'a> {
        match self.semantic.nodes().parent_kind(reference) {
            AstKind::AssignmentExpression(assignment) if is_name(&assignment.left) => {
                self.assigned(assignment)
            }
            AstKind::ForOfStatement(statement) => self.fold(&statement.right).elements(),
            AstKind::ForInStatement(statement) => self.keys(&self.fold(&statement.right)),
            _ => Known::anything(),
        }
    }

    pub(super) fn assigned(&self, assignment: &'a AssignmentExpression<'a>) -> Known<'a> {
        match assignment.operator {
            AssignmentOperator::Assign
            | AssignmentOperator::LogicalOr
            | AssignmentOperator::LogicalNullish
            | AssignmentOperator::LogicalAnd => self.fold(&assignment.right),
            _ => Known::anything(),
        }
    }

    /// The part of `value` that a pattern gives to a variable.
    fn bound(
        &self,
        pattern: &'a BindingPattern<'a>,
        value: Known<'a>,
        symbol: SymbolId,
    ) -> Option<Known<'a>> {
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                (name.symbol_id.get() == Some(symbol)).then_some(value)
            }
            BindingPattern::AssignmentPattern(pattern) => {
                let mut value = value;
                value.add(self.fold(&pattern.right));
                self.bound(&pattern.left, value, symbol)
            }
            BindingPattern::ObjectPattern(object) => object.properties.iter().find_map(|property| {
                if !holds(&property.value, symbol) {
                    return None;
                }
                let inner = match key(&property.key) {
                    Some(name) if !property.computed => self.property(&value, name),
                    _ => Known::anything(),
                };
                self.bound(&property.value, inner, symbol)
            }),
            BindingPattern::ArrayPattern(array) => {
                array.elements.iter().enumerate().find_map(|(at, element)| {
                    let element = element.as_ref().filter(|element| holds(element, symbol))?;
                    self.bound(element, self.nth(&value, at), symbol)
                })
            }
        }
    }

    pub(super) fn new_object(&self, new: &'a NewExpression<'a>) -> Known<'a> {
        let callee = self.fold(&new.callee);
        if callee.values.iter().any(is_text_runner) {
            return self.written_function(&new.arguments);
        }
        let is_module = |value: &Value<'a>| match value {
            Value::Builtin(module) => module == "module",
            Value::Member(module, name) => module == "module" && name == "Module",
            _ => false,
        };
        if callee.values.iter().any(is_module) {
            return Known::one(Value::Builtin("(another)".to_owned()));
        }
        let is_address = callee
            .values
            .iter()
            .any(|value| matches!(value, Value::Member(module, name) if module == "url" && name == "URL"));
        if !is_address {
            return Known::anything();
        }
        let argument = |at: usize| new.arguments.get(at).and_then(Argument::as_expression);
        match (argument(0), argument(1)) {
            (Some(relative), Some(base)) => self.url(relative, base),
            // `file:/a` is what `file:///a` is.
            (Some(address), None) => self.fold(address).map_texts(|text| match text.strip_prefix("file:/") {
                Some(path) if !path.starts_with('/') => format!("file:///{path}"),
                _ => text.to_owned(),
            }),
            _ => Known::anything(),
        }
    }
}

/// The address of a path.
pub(super) fn address_of(path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{path}")
}

/// `eval`, `Function`.
pub(super) fn is_text_runner(value: &Value<'_>) -> bool {
    matches!(value, Value::Builtin(name) if name == "(text)")
}

/// Whether the left of an assignment is a variable.
fn is_name(target: &AssignmentTarget<'_>) -> bool {
    matches!(target, AssignmentTarget::AssignmentTargetIdentifier(_))
}

/// Whether a pattern gives a value to a variable.
fn holds(pattern: &BindingPattern<'_>, symbol: SymbolId) -> bool {
    match pattern {
        BindingPattern::BindingIdentifier(name) => name.symbol_id.get() == Some(symbol),
        BindingPattern::AssignmentPattern(pattern) => holds(&pattern.left, symbol),
        BindingPattern::ObjectPattern(object) => {
            object.properties.iter().any(|property| holds(&property.value, symbol))
        }
        BindingPattern::ArrayPattern(array) => {
            array.elements.iter().flatten().any(|element| holds(element, symbol))
        }
    }
}

/// The name of a property that is written out.
pub(super) fn key<'e>(key: &'e PropertyKey<'_>) -> Option<&'e str> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(name.name.as_str()),
        PropertyKey::StringLiteral(text) => Some(text.value.as_str()),
        _ => None,
    }
}

/// Whether a bare name is a module of Node.js that is asked after here.
fn is_builtin(name: &str) -> bool {
    matches!(
        name,
        "path"
            | "path/posix"
            | "path/win32"
            | "fs"
            | "fs/promises"
            | "url"
            | "module"
            | "process"
            | "child_process"
            | "worker_threads"
            | "cluster"
            | "os"
            | "util"
            | "vm"
            | "events"
            | "stream"
            | "http"
            | "https"
            | "net"
            | "crypto"
            | "zlib"
            | "assert"
            | "buffer"
            | "tty"
    )
}
