//! Calls, and the calls that built-in functions make in turn.

use nodeward_javascript::oxc::GetSpan as _;
use nodeward_javascript::oxc::Span;
use nodeward_javascript::oxc::ast::{
    CallExpression, Expression, MemberExpression, NewExpression, TaggedTemplateExpression,
};

use super::expression::after_text;
use super::guard::ANY_KEY;
use super::{HELD, Lowerer};
use crate::flow::graph::{Argument, Call, CallKind, Label, NameId, NodeId, Seed, Shape, Spot, Taint};
use crate::flow::models::WITHOUT_LINES;

/// What is gone from a value that is put into a text.
const TEXT: Taint = Taint::OPERATOR.and(Taint::OBJECT).and(Taint::SERIALISED).and(Taint::PROTOTYPE);

impl<'a> Lowerer<'a, '_> {
    /// The node of a call's result.
    pub(super) fn call(&mut self, call: &CallExpression<'a>) -> Option<NodeId> {
        if let Some(literal) = call.common_js_require()
            && is_free(self, &call.callee)
        {
            return Some(self.module(literal.value.as_str(), call.span));
        }
        self.note_shell(call);
        let callee = call.callee.get_inner_expression();
        if let Some(member) = callee.as_member_expression() {
            return Some(self.method_call(member, call));
        }
        if let Expression::ChainExpression(chain) = callee
            && let Some(member) = chain.expression.as_member_expression()
        {
            return Some(self.method_call(member, call));
        }
        let (name, receiver) = match callee {
            Expression::Identifier(identifier) => (self.name(identifier.name.as_str()), NodeId::NONE),
            Expression::Super(_) => (self.name("super"), self.this),
            _ => (NameId::NONE, NodeId::NONE),
        };
        let callee = NodeId::from_option(self.expression(callee));
        let arguments = self.arguments(&call.arguments);
        // `setTimeout(function, delay, …arguments)`.
        let given = match self.graph.names.text(name) {
            "setImmediate" => 1,
            "setTimeout" | "setInterval" => 2,
            _ => usize::MAX,
        };
        if let Some(given) = arguments.get(given..).filter(|given| !given.is_empty()) {
            let given: Vec<Option<NodeId>> = given.iter().map(|argument| argument.node.get()).collect();
            self.implied_call(arguments[0].node.get(), None, &given, call.span);
        }
        Some(self.note_call(CallKind::Plain, callee, receiver, name, arguments, call.span))
    }

    /// The property under which the listeners of an event are kept, where its name is known.
    fn event(&self, method: &str, name: Shape) -> Option<String> {
        let is_it = matches!(method, "on" | "once" | "addListener" | "prependListener" | "emit");
        match name {
            Shape::Text(name) if is_it => Some(format!("on:{}", self.graph.names.text(name))),
            _ => None,
        }
    }

    pub(super) fn new_expression(&mut self, new: &NewExpression<'a>) -> Option<NodeId> {
        let name = match new.callee.get_inner_expression() {
            Expression::Identifier(identifier) => self.name(identifier.name.as_str()),
            callee => match callee.as_member_expression().and_then(MemberExpression::static_property_name) {
                Some(name) => self.name(name),
                None => NameId::NONE,
            },
        };
        let is_promise = self.graph.names.text(name) == "Promise";
        let callee = NodeId::from_option(self.expression(&new.callee));
        let arguments = self.arguments(&new.arguments);
        let executor = is_promise.then(|| arguments.first().and_then(|first| first.node.get())).flatten();
        let result = self.note_call(CallKind::New, callee, NodeId::NONE, name, arguments, new.span);
        if executor.is_some() {
            let resolve = self.seed(Seed::Deliver(result), new.span);
            self.implied_call(executor, None, &[Some(resolve)], new.span);
        }
        Some(result)
    }

    pub(super) fn tagged(&mut self, tagged: &TaggedTemplateExpression<'a>) -> Option<NodeId> {
        let tag = tagged.tag.get_inner_expression();
        let (callee, receiver, name) = match tag.as_member_expression() {
            Some(member) => {
                let receiver = self.expression(member.object());
                let callee = self.member_of(receiver, member);
                let name = self.name(member.static_property_name().unwrap_or_default());
                (callee, receiver, name)
            }
            None => {
                let name = match tag {
                    Expression::Identifier(identifier) => self.name(identifier.name.as_str()),
                    _ => NameId::NONE,
                };
                (self.expression(tag), None, name)
            }
        };
        let mut arguments = vec![Argument { node: NodeId::NONE, shape: Shape::Array }];
        for expression in &tagged.quasi.expressions {
            let node = NodeId::from_option(self.expression(expression));
            arguments.push(Argument { node, shape: Shape::Other });
        }
        let (callee, receiver) = (NodeId::from_option(callee), NodeId::from_option(receiver));
        Some(self.note_call(CallKind::Template, callee, receiver, name, arguments, tagged.span))
    }

    fn arguments(&mut self, arguments: &[nodeward_javascript::oxc::ast::Argument<'a>]) -> Vec<Argument> {
        arguments.iter().map(|argument| self.argument(argument)).collect()
    }

    pub(super) fn note_call(
        &mut self,
        kind: CallKind,
        callee: NodeId,
        receiver: NodeId,
        name: NameId,
        arguments: Vec<Argument>,
        span: Span,
    ) -> NodeId {
        let result = self.node(span);
        let start = u32::try_from(self.graph.arguments.len()).expect("fewer arguments than bytes");
        self.graph.arguments.extend(arguments);
        let end = u32::try_from(self.graph.arguments.len()).expect("fewer arguments than bytes");
        if self.sends_plain {
            self.graph.spots.push((result, Spot::Plain, span));
        }
        let function = self.function;
        self.graph.calls.push(Call {
            kind,
            callee,
            receiver,
            name,
            arguments: (start, end),
            result,
            span,
            function,
        });
        result
    }

    /// A call that some built-in function makes of a value.
    pub(super) fn implied_call(
        &mut self,
        callee: Option<NodeId>,
        receiver: Option<NodeId>,
        arguments: &[Option<NodeId>],
        span: Span,
    ) -> NodeId {
        let arguments = arguments
            .iter()
            .map(|node| Argument { node: NodeId::from_option(*node), shape: Shape::Other })
            .collect();
        let (callee, receiver) = (NodeId::from_option(callee), NodeId::from_option(receiver));
        self.note_call(CallKind::Implied, callee, receiver, NameId::NONE, arguments, span)
    }

    fn method_call(&mut self, member: &MemberExpression<'a>, call: &CallExpression<'a>) -> NodeId {
        let receiver = self.expression(member.object());
        let callee = self.member_of(receiver, member);
        let text = member.static_property_name().unwrap_or_default();
        let name = self.name(if is_line_cleaner(text, call) { WITHOUT_LINES } else { text });
        self.note_callback_keys(member, call);
        self.note_content_type(text, member.object(), call);
        let searched = self.regex_use(member, receiver, call);
        let mut arguments = self.arguments(&call.arguments);
        if matches!(text, "keys" | "entries")
            && let (Some(object), Some(argument)) = (call.arguments.first(), arguments.first_mut())
            && object.as_expression().is_some_and(|object| self.is_of_schema(object))
        {
            argument.node = NodeId::from_option(self.cleared(argument.node.get(), ANY_KEY, call.span));
        }
        if text == "format" {
            self.note_format(&mut arguments, call.span);
        }
        let nodes: Vec<Option<NodeId>> = arguments.iter().map(|argument| argument.node.get()).collect();
        let spread = arguments.first().map(|first| first.shape);
        let has_function = arguments.get(1).is_some_and(|second| second.shape == Shape::Function);
        let kept = match arguments.first().map(|first| first.shape) {
            Some(Shape::Text(name)) if matches!(text, "set" | "get") => {
                Some(format!("kept:{}", self.graph.names.text(name)))
            }
            _ => None,
        };
        let event = arguments.first().map(|first| first.shape).and_then(|shape| self.event(text, shape));
        let span = call.span;
        let taken_out = self.taken_out(text, call);
        // The method is the object's own; what it is given may be harmless by what the method takes out.
        let whole = receiver;
        let receiver = match receiver {
            Some(_) if !taken_out.is_empty() => self.cleared(receiver, taken_out, span),
            receiver => receiver,
        };
        let result = self.note_call(
            CallKind::Plain,
            NodeId::from_option(callee),
            NodeId::from_option(receiver),
            name,
            arguments,
            span,
        );
        // What a pattern finds is part of the text that it was given.
        self.edge(NodeId::from_option(searched), result, Label::Derived(Taint::NONE));
        let first = nodes.first().copied().flatten();
        let second = nodes.get(1).copied().flatten();
        // What was tested at a place of a list is elsewhere now.
        if matches!(text, "shift" | "unshift" | "splice" | "pop" | "sort" | "reverse" | "copyWithin" | "fill")
            && let Expression::Identifier(list) = member.object().get_inner_expression()
            && let Some(list) = self.symbol(list)
        {
            self.forget(list);
        }
        match text {
            "forEach" | "map" | "filter" | "find" | "some" | "every" | "flatMap" | "findIndex"
            | "findLast" | "each" => {
                let element = self.step(receiver, Label::LoadAny, span);
                let got = self.implied_call(first, second, &[element], span);
                if matches!(text, "map" | "flatMap") {
                    self.edge(got, result, HELD);
                    self.edge(got, result, Label::StoreAny);
                }
            }
            "reduce" | "reduceRight" => {
                let element = self.step(receiver, Label::LoadAny, span);
                let accumulated = self.node(span);
                self.edge(NodeId::from_option(second), accumulated, Label::Same);
                let got = self.implied_call(first, None, &[Some(accumulated), element], span);
                self.edge(got, accumulated, Label::Same);
                self.edge(got, result, Label::Same);
                self.edge(accumulated, result, Label::Same);
                // Without a first value the first element is it.
                if second.is_none() {
                    self.edge(NodeId::from_option(element), accumulated, Label::Same);
                }
            }
            "sort" => {
                let element = self.step(receiver, Label::LoadAny, span);
                self.implied_call(first, None, &[element, element], span);
            }
            "replace" | "replaceAll" if spread.is_some() => {
                let got = self.implied_call(second, None, &[whole, whole, whole], span);
                self.edge(got, result, Label::Joined(Taint::NONE));
                // `'log %s'.replace('%s', name)`.
                if receiver.is_none() && !has_function {
                    self.edge(NodeId::from_option(second), result, Label::Joined(TEXT));
                }
            }
            "on" | "once" | "addListener" | "prependListener" if event.is_some() => {
                self.store(receiver, event.as_deref().unwrap_or_default(), second);
            }
            "emit" if event.is_some() => {
                let listeners = self.load(receiver, event.as_deref().unwrap_or_default(), span);
                self.implied_call(listeners, receiver, nodes.get(1..).unwrap_or_default(), span);
            }
            "nextTick" => {
                self.implied_call(first, None, nodes.get(1..).unwrap_or_default(), span);
            }
            "then" => {
                let got = self.implied_call(first, None, &[receiver], span);
                self.edge(got, result, Label::Same);
                let caught = self.implied_call(second, None, &[], span);
                self.edge(caught, result, Label::Same);
            }
            "catch" | "finally" => {
                let got = self.implied_call(first, None, &[], span);
                self.edge(got, result, Label::Same);
                self.edge(NodeId::from_option(receiver), result, Label::Same);
            }
            "call" => {
                let got = self.implied_call(receiver, first, nodes.get(1..).unwrap_or_default(), span);
                self.edge(got, result, Label::Same);
                // `[].forEach.call(list, function (element) { … })`.
                if has_function {
                    let element = self.step(first, Label::LoadAny, span);
                    let got = self.implied_call(second, None, &[element], span);
                    self.edge(got, result, Label::Derived(Taint::NONE));
                }
            }
            "apply" => {
                let element = self.step(second, Label::LoadAny, span);
                let list = Argument { node: NodeId::from_option(element), shape: Shape::Spread };
                let callee = NodeId::from_option(receiver);
                let got = self.note_call(
                    CallKind::Implied,
                    callee,
                    NodeId::from_option(first),
                    NameId::NONE,
                    vec![list],
                    span,
                );
                self.edge(got, result, Label::Same);
            }
            "join" => self.edge(NodeId::from_option(receiver), result, Label::Joined(Taint::NONE)),
            "concat" => {
                for part in nodes.iter().copied().chain([receiver]) {
                    // Whatever is put together, the list or text is a new one.
                    self.edge(NodeId::from_option(part), result, Label::Joined(Taint::PROTOTYPE));
                }
            }
            // A stream gives back what it was joined to.
            "pipe" => self.edge(NodeId::from_option(first), result, Label::Same),
            "bind" => {
                // A function; what stood in its way to it does not matter.
                let gone = Taint::OUTSIDE.and(Taint::PROTOTYPE);
                self.edge(NodeId::from_option(receiver), result, Label::Tested(gone));
                // What is bound is passed once the function is called, if ever.
                if nodes.len() > 1 {
                    self.implied_call(receiver, first, &nodes[1..], span);
                }
            }
            "push" | "unshift" | "append" | "add" | "splice" => {
                let added = self.meet(&nodes, span);
                self.edge(NodeId::from_option(added), NodeId::from_option(receiver), Label::StoreAny);
                self.grow(member.object(), added, span);
            }
            // A map, or the settings of an application: what is set by this name is got by it.
            "set" if nodes.len() == 2 && kept.is_some() => {
                self.store(receiver, kept.as_deref().unwrap_or_default(), second);
            }
            "get" if kept.is_some() => {
                let value = self.load(receiver, kept.as_deref().unwrap_or_default(), span);
                self.edge(NodeId::from_option(value), result, Label::Same);
            }
            "set" if nodes.len() == 2 => {
                self.edge(NodeId::from_option(second), NodeId::from_option(receiver), Label::StoreAny);
                self.grow(member.object(), second, span);
            }
            _ => {}
        }
        result
    }

    /// `util.format('http://%s', host)`: what is put into a text that is known.
    fn note_format(&mut self, arguments: &mut [Argument], span: Span) {
        let [Argument { shape: Shape::Text(format), .. }, values @ ..] = arguments else { return };
        let format = self.graph.names.text(*format);
        let Some((before, _)) = format.split_once('%') else { return };
        let mut cleared = TEXT.and(after_text(before));
        if !before.is_empty() {
            cleared = cleared.and(ANY_KEY).and(Taint::OPTION);
        }
        for value in values {
            value.node = NodeId::from_option(self.step(value.node.get(), Label::Joined(cleared), span));
        }
    }

    /// From here on a list holds one more value.
    pub(super) fn grow(&mut self, list: &Expression<'a>, added: Option<NodeId>, span: Span) {
        let Some(added) = added else { return };
        match list.get_inner_expression() {
            Expression::Identifier(identifier) => {
                let Some(symbol) = self.symbol(identifier) else { return };
                let old = self.read(symbol, span);
                let node = self.node(span);
                self.edge(NodeId::from_option(old), node, Label::Same);
                self.edge(added, node, HELD);
                self.write(symbol, Some(node), span);
            }
            expression => {
                if let Some(member) = expression.as_member_expression()
                    && let Some(name) = member.static_property_name()
                    && let Expression::Identifier(_) | Expression::ThisExpression(_) = member.object()
                {
                    let base = self.expression(member.object());
                    let value = self.step(Some(added), HELD, span);
                    self.store(base, name, value);
                }
            }
        }
    }

    /// `text.match(/…/)`, `/…/.test(text)`: the places where a slow pattern meets a text. Gives the text that
    /// `exec` looks for parts in.
    fn regex_use(
        &mut self,
        member: &MemberExpression<'a>,
        receiver: Option<NodeId>,
        call: &CallExpression<'a>,
    ) -> Option<NodeId> {
        let name = member.static_property_name()?;
        let first = call.arguments.first().and_then(|argument| argument.as_expression());
        match name {
            "match" | "matchAll" | "replace" | "replaceAll" | "search" | "split" => {
                for regex in self.regexes(first?) {
                    self.spot(receiver, Spot::Match(regex), call.span);
                }
                None
            }
            "test" | "exec" => {
                let regexes = self.regexes(member.object());
                if regexes.is_empty() {
                    return None;
                }
                let text = self.expression(first?);
                for regex in regexes {
                    self.spot(text, Spot::Match(regex), call.span);
                }
                text.filter(|_| name == "exec")
            }
            _ => None,
        }
    }
}

/// `text.replace(/\r?\n/g, '')`: what it gives has no line breaks.
fn is_line_cleaner(method: &str, call: &CallExpression<'_>) -> bool {
    if !matches!(method, "replace" | "replaceAll") {
        return false;
    }
    match call.arguments.first().and_then(|argument| argument.as_expression()) {
        Some(Expression::RegExpLiteral(literal)) => {
            let pattern = literal.regex.pattern.text.as_str();
            pattern.contains("\\n") || pattern.contains("\\s") || pattern.contains("[^")
        }
        Some(Expression::StringLiteral(literal)) => method == "replaceAll" && literal.value == "\n",
        _ => false,
    }
}

/// Whether a name is one that nobody declares.
fn is_free<'a>(lowerer: &Lowerer<'a, '_>, callee: &Expression<'a>) -> bool {
    matches!(callee, Expression::Identifier(identifier)
        if lowerer.symbol(identifier).is_none()
            // Bundlers and loaders hand `require` on as a parameter.
            || identifier.name == "require")
        || callee.span().is_unspanned()
}
