//! Functions: parameters, body, `this`, what is returned.

use nodeward_javascript::oxc::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, Expression, FormalParameter, FormalParameters, Function,
    MemberExpression, TSType, TSTypeName,
};
use nodeward_javascript::oxc::{GetSpan as _, Span};

use super::Lowerer;
use crate::flow::graph::{CallKind, FunctionId, Label, NameId, NodeId, ObjectId, Seed};

/// What `this` is in a function.
#[derive(Debug, Clone, Copy)]
pub(super) enum This {
    /// That of the function around it.
    Outer,
    /// Decided by the call.
    Own,
    /// A member of this object.
    Of(ObjectId),
}

/// A function body being walked; what to put back afterwards.
struct Frame {
    function: FunctionId,
    this: NodeId,
    is_dead: bool,
    depth: u32,
    sends_plain: bool,
    loops: Vec<rustc_hash::FxHashMap<nodeward_javascript::oxc::SymbolId, NodeId>>,
    breakables: Vec<super::Breakable>,
}

/// How many of `arguments` are told apart.
const ARGUMENTS: u8 = 8;

impl<'a> Lowerer<'a, '_> {
    /// The node of a function expression.
    pub(super) fn function(&mut self, function: &Function<'a>, name: &str, this: This) -> NodeId {
        let name = function.id.as_ref().map_or(name, |id| id.name.as_str());
        let id = self.new_function(name, function.span);
        let node = self.seed(Seed::Function(id), function.span);
        if let Some(symbol) = function.id.as_ref().and_then(|id| id.symbol_id.get())
            && function.is_expression()
        {
            self.write(symbol, Some(node), function.span);
        }
        self.function_body(id, function, this);
        node
    }

    /// The body of a function whose node is there already.
    pub(super) fn function_body(&mut self, id: FunctionId, function: &Function<'a>, this: This) {
        let Some(body) = &function.body else { return };
        let frame = self.enter(id, this);
        self.parameters(id, &function.params);
        self.statements(&body.statements);
        self.leave(frame);
    }

    /// The node of an arrow function.
    pub(super) fn arrow(&mut self, arrow: &ArrowFunctionExpression<'a>, name: &str) -> NodeId {
        let id = self.new_function(name, arrow.span);
        let node = self.seed(Seed::Function(id), arrow.span);
        let frame = self.enter(id, This::Outer);
        self.parameters(id, &arrow.params);
        match &arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.statements(&body.statements),
            body => {
                if let Some(expression) = body.as_expression() {
                    let value = self.expression(expression);
                    self.returned(value);
                }
            }
        }
        self.leave(frame);
        node
    }

    fn enter(&mut self, id: FunctionId, this: This) -> Frame {
        let own = self.function_record(id).this;
        let node = match this {
            This::Outer => self.this,
            This::Own => {
                // `function Git(folder) { this.folder = folder }`: called with `new` by others.
                let record = &self.graph.functions[id.0 as usize];
                let (name, instance) = (self.graph.names.text(record.name), record.instance);
                if name.starts_with(|first: char| first.is_ascii_uppercase()) {
                    self.graph.seeds.push((own, Seed::Object(instance)));
                }
                own
            }
            This::Of(object) => {
                self.graph.seeds.push((own, Seed::Object(object)));
                own
            }
        };
        Frame {
            function: std::mem::replace(&mut self.function, id),
            this: std::mem::replace(&mut self.this, node),
            is_dead: std::mem::replace(&mut self.is_dead, false),
            depth: std::mem::take(&mut self.depth),
            sends_plain: self.sends_plain,
            loops: std::mem::take(&mut self.loops),
            breakables: std::mem::take(&mut self.breakables),
        }
    }

    fn leave(&mut self, frame: Frame) {
        self.function = frame.function;
        self.this = frame.this;
        self.is_dead = frame.is_dead;
        self.depth = frame.depth;
        self.sends_plain = frame.sends_plain;
        self.loops = frame.loops;
        self.breakables = frame.breakables;
    }

    fn parameters(&mut self, id: FunctionId, parameters: &FormalParameters<'a>) {
        for parameter in &parameters.items {
            let span = parameter.pattern.span();
            let node = self.node(span);
            let name = match parameter.pattern.get_binding_identifier() {
                Some(identifier) => self.name(identifier.name.as_str()),
                None => NameId::NONE,
            };
            let record = self.function_record(id);
            record.parameters.push(node);
            record.parameter_names.push(name);
            self.declared(parameter, node);
            let value = match &parameter.initializer {
                Some(initializer) => {
                    let default = self.expression(initializer);
                    self.meet(&[Some(node), default], span)
                }
                None => Some(node),
            };
            self.bind(&parameter.pattern, value);
            if parameter.accessibility.is_some() || parameter.readonly {
                let name = self.graph.names.text(name).to_owned();
                self.store(self.this.get(), &name, value);
            }
        }
        if let Some(rest) = &parameters.rest {
            let node = self.node(rest.span);
            self.function_record(id).rest = node;
            self.bind(&rest.rest.argument, Some(node));
        }
    }

    /// What type and decorators say of a parameter.
    fn declared(&mut self, parameter: &FormalParameter<'a>, node: NodeId) {
        for decorator in &parameter.decorators {
            let callee = match &decorator.expression {
                Expression::CallExpression(call) => &call.callee,
                expression => expression,
            };
            if let Expression::Identifier(identifier) = callee {
                let name = self.name(&format!("@{}", identifier.name));
                self.graph.seeds.push((node, Seed::Typed(name)));
            }
        }
        let Some(annotation) = &parameter.type_annotation else { return };
        let TSType::TSTypeReference(reference) = &annotation.type_annotation else { return };
        let TSTypeName::IdentifierReference(identifier) = &reference.type_name else { return };
        let name = self.name(identifier.name.as_str());
        self.graph.seeds.push((node, Seed::Typed(name)));
        // `constructor(private readonly users: Users)`: a container makes one and hands it in.
        if parameter.accessibility.is_some() || parameter.readonly {
            let class = self.symbol(identifier).and_then(|symbol| self.read(symbol, identifier.span));
            if let Some(class) = class {
                let made = self.note_call(
                    CallKind::New,
                    class,
                    NodeId::NONE,
                    NameId::NONE,
                    Vec::new(),
                    identifier.span,
                );
                self.edge(made, node, Label::Same);
            }
        }
    }

    /// The `arguments` of the nearest function that has one.
    pub(super) fn all_arguments(&mut self, span: Span) -> NodeId {
        let id = self.own_function();
        if let Some(node) = self.function_record(id).all.get() {
            return node;
        }
        let node = self.node(span);
        for parameter in self.function_record(id).parameters.clone() {
            self.edge(parameter, node, Label::Same);
        }
        self.function_record(id).all = node;
        node
    }

    /// The nearest function that has `arguments`.
    fn own_function(&mut self) -> FunctionId {
        let mut id = self.function;
        // An arrow function has none; whether this is one is told by its `this` being another's.
        while self.graph.functions[id.0 as usize].this != self.this && id.0 != 0 {
            id = self.function_record(id).parent;
        }
        id
    }

    /// Of `arguments[0]` that argument.
    pub(super) fn argument_at(&mut self, member: &MemberExpression<'a>) -> Option<NodeId> {
        let MemberExpression::ComputedMemberExpression(computed) = member else { return None };
        let (Expression::Identifier(name), Expression::NumericLiteral(at)) =
            (&computed.object, &computed.expression)
        else {
            return None;
        };
        let is_it = name.name == "arguments" && self.symbol(name).is_none();
        if !is_it {
            return None;
        }
        (0..ARGUMENTS)
            .find(|known| f64::from(*known) == at.value)
            .and_then(|at| self.parameter_at(at as usize))
    }

    /// What a function is given at a place, whether a parameter names it or not.
    fn parameter_at(&mut self, at: usize) -> Option<NodeId> {
        let id = self.own_function();
        if id.0 == 0 || self.function_record(id).rest != NodeId::NONE {
            return None;
        }
        let inner = std::mem::replace(&mut self.function, id);
        while self.function_record(id).parameters.len() <= at {
            let node = self.node(self.graph.functions[id.0 as usize].span);
            let record = self.function_record(id);
            record.parameters.push(node);
            record.parameter_names.push(NameId::NONE);
        }
        self.function = inner;
        self.function_record(id).parameters.get(at).copied()
    }

    pub(super) fn returned(&mut self, value: Option<NodeId>) {
        let returned = self.function_record(self.function).returned;
        self.edge(NodeId::from_option(value), returned, Label::Same);
    }
}
