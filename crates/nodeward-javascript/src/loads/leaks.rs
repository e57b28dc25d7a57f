//! Whether an object is changed where nothing follows it: through another name, by a function that gets it, by another
//! file. What is read off an object that is may be anything beside what the file itself puts there.

use rustc_hash::FxHashSet;

use crate::oxc::ast::{AssignmentTarget, BindingPattern, CallExpression, Expression};
use crate::oxc::{AstKind, GetSpan as _, LogicalOperator, NodeId, Span, SymbolId};

use super::fold::{Folder, key};
use super::members::{CHANGES, holds};
use super::value::{Callable, Known, Value, bare};

/// Methods that read the array or object that they are called on, or are given, and keep neither.
const READS: &[&str] = &[
    "forEach",
    "map",
    "filter",
    "find",
    "findLast",
    "findIndex",
    "findLastIndex",
    "some",
    "every",
    "reduce",
    "reduceRight",
    "slice",
    "concat",
    "join",
    "includes",
    "indexOf",
    "lastIndexOf",
    "keys",
    "values",
    "entries",
    "at",
    "flat",
    "flatMap",
    "shift",
    "pop",
    "toSorted",
    "toReversed",
    "with",
    "has",
    "toString",
    "hasOwnProperty",
    "propertyIsEnumerable",
];

/// Functions of the language that read what they are given: the object that they are methods of, and their names.
const READERS: &[(&str, &[&str])] = &[
    (
        "Object",
        &["keys", "values", "entries", "getOwnPropertyNames", "create", "hasOwn", "is", "fromEntries"],
    ),
    ("Array", &["isArray", "from", "of"]),
    ("Promise", &["all", "allSettled", "any", "race"]),
    ("JSON", &["stringify"]),
    ("console", &["log", "error", "warn", "info", "debug", "dir", "table"]),
    ("", &["String", "Boolean", "Number", "Set", "Map", "Array", "isArray"]),
];

/// What may change beside what is read off the uses of a variable.
#[derive(Debug, Clone, Default)]
pub(super) enum Leak<'a> {
    /// Nothing.
    #[default]
    Nothing,
    /// What lies in these properties.
    Parts(Vec<&'a str>),
    /// Anything in it.
    Everything,
}

impl Leak<'_> {
    /// Whether what lies in a property may have changed; without a name, in any.
    pub(super) fn touches(&self, name: Option<&str>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Parts(parts) => name.is_none_or(|name| parts.contains(&name)),
            Self::Everything => true,
        }
    }
}

/// How an expression stands to the object that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    /// It is the variable itself, whose own changes are read elsewhere.
    Own,
    /// It is the object by another name.
    Other,
    /// It is something in a property of it.
    Part(&'a str),
}

/// The uses of one object.
struct Uses<'f, 'a, 's> {
    folder: &'f Folder<'a, 's>,
    known: &'f Known<'a>,
    symbol: SymbolId,
    open: Vec<(NodeId, Way<'a>)>,
    seen: FxHashSet<SymbolId>,
    has_other_name: bool,
    parts: Vec<&'a str>,
    is_over: bool,
}

impl<'a> Folder<'a, '_> {
    /// What may change in the object that a variable holds, of which this is `known`.
    pub(super) fn leak(&self, symbol: SymbolId, known: &Known<'a>) -> Leak<'a> {
        let mut uses = Uses {
            folder: self,
            known,
            symbol,
            open: Vec::new(),
            seen: FxHashSet::default(),
            has_other_name: false,
            parts: Vec::new(),
            is_over: false,
        };
        uses.of_symbol(symbol, Way::Own);
        while let Some((node, way)) = uses.open.pop() {
            if uses.is_over || !self.step() {
                return Leak::Everything;
            }
            uses.look(node, way);
        }
        match (uses.is_over, uses.parts.is_empty()) {
            (true, _) => Leak::Everything,
            (false, true) => Leak::Nothing,
            // What is read by the other name is not held against parts.
            (false, false) if uses.has_other_name => Leak::Everything,
            (false, false) => Leak::Parts(uses.parts),
        }
    }
}

impl<'a> Uses<'_, 'a, '_> {
    /// All uses of a variable.
    fn of_symbol(&mut self, symbol: SymbolId, way: Way<'a>) {
        if !self.seen.insert(symbol) {
            return;
        }
        let scoping = self.folder.semantic.scoping();
        let nodes = self.folder.semantic.nodes();
        let is_exported = scoping.symbol_declarations(symbol).any(|declaration| {
            nodes.ancestor_kinds(declaration).take(2).any(|kind| {
                matches!(kind, AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_))
            })
        });
        if is_exported {
            return self.leaves(way);
        }
        let uses = scoping.get_resolved_references(symbol).filter(|used| used.is_read());
        self.open.extend(uses.map(|used| (used.node_id(), way)));
    }

    /// The object goes where nothing follows it.
    fn leaves(&mut self, way: Way<'a>) {
        match way {
            Way::Own | Way::Other => self.is_over = true,
            Way::Part(name) => self.parts.push(name),
        }
    }

    /// The object changes; what is done to the variable itself is known.
    fn changes(&mut self, way: Way<'a>) {
        if way != Way::Own {
            self.leaves(way);
        }
    }

    fn look(&mut self, node: NodeId, way: Way<'a>) {
        let nodes = self.folder.semantic.nodes();
        let span = nodes.kind(node).span();
        let parent = nodes.parent_id(node);
        let other = if way == Way::Own { Way::Other } else { way };
        match nodes.kind(parent) {
            kind if gives_on(kind, span) => self.open.push((parent, other)),
            AstKind::StaticMemberExpression(member) => {
                self.member(parent, member.property.name.as_str(), way);
            }
            AstKind::ComputedMemberExpression(member) if member.object.span() == span => {
                self.element(parent, way);
            }
            AstKind::VariableDeclarator(declarator) => self.bound(&declarator.id, way),
            AstKind::AssignmentExpression(assignment) if assignment.right.span() == span => {
                self.assigned(&assignment.left, way);
                self.open.push((parent, other));
            }
            AstKind::CallExpression(call) if call.callee.span() != span => {
                self.given(parent, call, span, other);
            }
            AstKind::NewExpression(new) if new.callee.span() != span => {
                if !is_reader(&new.callee) {
                    self.leaves(way);
                }
            }
            AstKind::ReturnStatement(_) | AstKind::ArrowFunctionExpression(_) => {
                self.returned(parent, other);
            }
            kind if keeps_nothing(kind) => {}
            _ => self.leaves(way),
        }
    }

    /// `object.name`
    fn member(&mut self, member: NodeId, name: &'a str, way: Way<'a>) {
        let nodes = self.folder.semantic.nodes();
        let span = nodes.kind(member).span();
        match nodes.parent_kind(member) {
            AstKind::CallExpression(call) if call.callee.span() == span => {
                if CHANGES.contains(&name) {
                    self.changes(way);
                } else if !READS.contains(&name) && !self.is_text(name, way) {
                    // A method of the object's own: `this` is the object there.
                    self.leaves(way);
                }
            }
            AstKind::AssignmentExpression(assignment) if assignment.left.span() == span => self.changes(way),
            AstKind::UpdateExpression(_) | AstKind::UnaryExpression(_) => {}
            _ if CHANGES.contains(&name) => self.leaves(way),
            _ => match way {
                Way::Part(_) => self.open.push((member, way)),
                Way::Own | Way::Other if self.part_holds(name) => {
                    self.open.push((member, Way::Part(name)));
                }
                Way::Own | Way::Other => {}
            },
        }
    }

    /// Whether what may be a text has a method called: nobody can change it.
    fn is_text(&self, name: &str, way: Way<'a>) -> bool {
        let Way::Part(part) = way else { return false };
        !CHANGES.contains(&name) && !self.part_holds(part)
    }

    /// `object[index]`
    fn element(&mut self, element: NodeId, way: Way<'a>) {
        let nodes = self.folder.semantic.nodes();
        let span = nodes.kind(element).span();
        match nodes.parent_kind(element) {
            AstKind::CallExpression(call) if call.callee.span() == span => {}
            AstKind::AssignmentExpression(assignment) if assignment.left.span() == span => self.changes(way),
            AstKind::UpdateExpression(_) | AstKind::UnaryExpression(_) => {}
            _ => {
                if matches!(way, Way::Part(_)) || self.element_holds() {
                    let way = if way == Way::Own { Way::Other } else { way };
                    self.open.push((element, way));
                }
            }
        }
    }

    /// Whether there are objects in a property.
    fn part_holds(&self, name: &str) -> bool {
        let mut part = self.folder.written_members(self.symbol, Some(name));
        for value in &self.known.values {
            if let Value::Record(record) = value {
                part.add(self.folder.entry(record, name));
            }
        }
        part.values.iter().any(holds)
    }

    /// Whether there are objects among the elements or the properties.
    fn element_holds(&self) -> bool {
        self.known.values.iter().any(|value| match value {
            Value::List { elements, .. } => elements.iter().any(|element| element.values.iter().any(holds)),
            Value::Record(record) => self.folder.values_of(record).values.iter().any(holds),
            _ => false,
        })
    }

    /// A variable, or variables, that get the object.
    fn bound(&mut self, pattern: &'a BindingPattern<'a>, way: Way<'a>) {
        match pattern {
            BindingPattern::BindingIdentifier(name) => {
                let way = if way == Way::Own { Way::Other } else { way };
                self.has_other_name |= way == Way::Other;
                match name.symbol_id.get() {
                    Some(symbol) => self.of_symbol(symbol, way),
                    None => self.leaves(way),
                }
            }
            BindingPattern::AssignmentPattern(pattern) => self.bound(&pattern.left, way),
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    match (way, key(&property.key)) {
                        (Way::Part(_), _) => self.bound(&property.value, way),
                        (_, Some(name)) if self.part_holds(name) => {
                            self.bound(&property.value, Way::Part(name));
                        }
                        _ => {}
                    }
                }
            }
            BindingPattern::ArrayPattern(array) => {
                if matches!(way, Way::Part(_)) || self.element_holds() {
                    array.elements.iter().flatten().for_each(|element| self.bound(element, way));
                }
            }
        }
    }

    /// The left of an assignment of the object.
    fn assigned(&mut self, target: &'a AssignmentTarget<'a>, way: Way<'a>) {
        let AssignmentTarget::AssignmentTargetIdentifier(name) = target else { return self.leaves(way) };
        let scoping = self.folder.semantic.scoping();
        let symbol = name.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
        let Some(symbol) = symbol else { return self.leaves(way) };
        let way = if way == Way::Own { Way::Other } else { way };
        self.has_other_name |= way == Way::Other && symbol != self.symbol;
        self.of_symbol(symbol, way);
    }

    /// A function gets the object.
    fn given(&mut self, node: NodeId, call: &'a CallExpression<'a>, span: Span, way: Way<'a>) {
        let place = call.arguments.iter().position(|argument| argument.span() == span);
        let Some(place) = place else { return self.leaves(way) };
        if is_reader(&call.callee) {
            return;
        }
        if let Expression::StaticMemberExpression(member) = bare(&call.callee) {
            let object = match &member.object {
                Expression::Identifier(object) => object.name.as_str(),
                _ => "",
            };
            match (object, member.property.name.as_str()) {
                ("Object", "freeze" | "seal") => return self.open.push((node, way)),
                ("Object", "assign") if place > 0 => return,
                ("Object", "assign") => {
                    self.open.push((node, way));
                    return self.leaves(way);
                }
                (_, name) if READS.contains(&name) => return,
                _ => {}
            }
        }
        let callee = self.folder.fold(&call.callee);
        let is_seen = !callee.open && !callee.values.is_empty();
        for value in callee.values.iter().filter(|_| is_seen) {
            match value {
                Value::Function(function) => self.passed(*function, place, way),
                Value::Member(module, name) if !(module == "util" && name == "inherits") => {}
                Value::Require(_) | Value::Resolve(_) | Value::Import => {}
                _ => self.leaves(way),
            }
        }
        if !is_seen {
            self.leaves(way);
        }
    }

    /// A function of the file gets the object.
    fn passed(&mut self, function: Callable<'a>, place: usize, way: Way<'a>) {
        if let Some(parameter) = function.parameters().items.get(place) {
            self.bound(&parameter.pattern, way);
        }
    }

    /// A function gives the object to those who call it.
    fn returned(&mut self, from: NodeId, way: Way<'a>) {
        let function = self.folder.function_around(from);
        let Some(function) = function else { return self.leaves(way) };
        match self.folder.calls_by_name(function) {
            Some(calls) => self.open.extend(calls.into_iter().map(|call| (call, way))),
            None => self.leaves(way),
        }
    }
}

impl Folder<'_, '_> {
    /// The function that a place is in, or that it is.
    pub(super) fn function_around(&self, place: NodeId) -> Option<NodeId> {
        let nodes = self.semantic.nodes();
        let is_function = |id: &NodeId| {
            matches!(nodes.kind(*id), AstKind::Function(_) | AstKind::ArrowFunctionExpression(_))
        };
        std::iter::once(place).chain(nodes.ancestors(place).map(|ancestor| ancestor.id())).find(is_function)
    }

    /// The calls of a function, if nothing else is done with it.
    pub(super) fn calls_by_name(&self, function: NodeId) -> Option<Vec<NodeId>> {
        let nodes = self.semantic.nodes();
        let scoping = self.semantic.scoping();
        let mut outer = function;
        while matches!(nodes.parent_kind(outer), AstKind::ParenthesizedExpression(_)) {
            outer = nodes.parent_id(outer);
        }
        let is_callee = |node: NodeId| {
            matches!(nodes.parent_kind(node), AstKind::CallExpression(call)
                if call.callee.span() == nodes.kind(node).span())
        };
        let symbol = match (nodes.kind(function), nodes.parent_kind(outer)) {
            (_, AstKind::CallExpression(_)) if is_callee(outer) => return Some(vec![nodes.parent_id(outer)]),
            (AstKind::Function(declared), _) if declared.is_declaration() => {
                declared.id.as_ref()?.symbol_id.get()?
            }
            (_, AstKind::VariableDeclarator(declarator)) => {
                declarator.id.get_binding_identifier()?.symbol_id.get()?
            }
            // `made = function () { return data }`, a function that replaces itself.
            (_, AstKind::AssignmentExpression(assignment)) => match &assignment.left {
                AssignmentTarget::AssignmentTargetIdentifier(name) => {
                    scoping.get_reference(name.reference_id.get()?).symbol_id()?
                }
                _ => return None,
            },
            _ => return None,
        };
        let is_exported = scoping.symbol_declarations(symbol).any(|declaration| {
            nodes.ancestor_kinds(declaration).take(2).any(|kind| {
                matches!(kind, AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_))
            })
        });
        if is_exported {
            return None;
        }
        let uses = scoping.get_resolved_references(symbol).filter(|used| used.is_read());
        uses.map(|used| is_callee(used.node_id()).then(|| nodes.parent_id(used.node_id()))).collect()
    }
}

/// Whether a function of the language only reads what it is given.
pub(super) fn is_reader(callee: &Expression<'_>) -> bool {
    let (object, name) = match bare(callee) {
        Expression::Identifier(name) => ("", name.name.as_str()),
        Expression::StaticMemberExpression(member) => match &member.object {
            Expression::Identifier(object) => (object.name.as_str(), member.property.name.as_str()),
            _ => return false,
        },
        _ => return false,
    };
    READERS.iter().any(|(known, names)| *known == object && names.contains(&name))
}

/// Whether an expression gives on what stands in it.
pub(super) fn gives_on(kind: AstKind<'_>, span: Span) -> bool {
    match kind {
        AstKind::ParenthesizedExpression(_)
        | AstKind::TSAsExpression(_)
        | AstKind::TSSatisfiesExpression(_)
        | AstKind::TSNonNullExpression(_)
        | AstKind::ChainExpression(_)
        | AstKind::AwaitExpression(_) => true,
        // The left of `&&` is what the whole is only where there is nothing.
        AstKind::LogicalExpression(logical) => {
            logical.operator != LogicalOperator::And || logical.left.span() != span
        }
        AstKind::ConditionalExpression(choice) => choice.test.span() != span,
        AstKind::SequenceExpression(sequence) => {
            sequence.expressions.last().is_some_and(|last| last.span() == span)
        }
        _ => false,
    }
}

/// Whether what has an object in it neither changes nor keeps it.
fn keeps_nothing(kind: AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::ExpressionStatement(_)
            | AstKind::BinaryExpression(_)
            | AstKind::UnaryExpression(_)
            | AstKind::UpdateExpression(_)
            | AstKind::ConditionalExpression(_)
            | AstKind::SequenceExpression(_)
            | AstKind::LogicalExpression(_)
            | AstKind::IfStatement(_)
            | AstKind::ForStatement(_)
            | AstKind::ForInStatement(_)
            | AstKind::ForOfStatement(_)
            | AstKind::WhileStatement(_)
            | AstKind::DoWhileStatement(_)
            | AstKind::SwitchStatement(_)
            | AstKind::SwitchCase(_)
            | AstKind::TemplateLiteral(_)
            | AstKind::SpreadElement(_)
            | AstKind::ThrowStatement(_)
            | AstKind::CallExpression(_)
            | AstKind::NewExpression(_)
            | AstKind::AssignmentExpression(_)
            | AstKind::ComputedMemberExpression(_)
            | AstKind::ImportExpression(_)
            | AstKind::TSTypeQuery(_)
    )
}
