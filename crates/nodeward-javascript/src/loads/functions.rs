//! Functions of the file: what is passed to them, and what they return.

use crate::oxc::ast::{
    Argument, ArrowFunctionBody, AssignmentTarget, BindingPattern, CallExpression, Expression,
    FormalParameters, MethodDefinitionKind,
};
use crate::oxc::{AstKind, GetSpan as _, NodeId, SymbolId};

use super::NAME;
use super::fold::{Folder, key};
use super::value::{Callable, Known, Rest, Value, bare};

impl<'a> Callable<'a> {
    fn node(self) -> NodeId {
        match self {
            Self::Arrow(function) => function.node_id.get(),
            Self::Function(function) => function.node_id.get(),
        }
    }

    pub(super) fn parameters(self) -> &'a FormalParameters<'a> {
        match self {
            Self::Arrow(function) => &function.params,
            Self::Function(function) => &function.params,
        }
    }
}

impl<'a> Folder<'a, '_> {
    /// What a parameter can be: what the file passes for it.
    pub(super) fn parameter(&self, parameter: NodeId) -> Known<'a> {
        let nodes = self.semantic.nodes();
        let list = nodes.parent_id(parameter);
        let function = match nodes.parent_kind(list) {
            AstKind::ArrowFunctionExpression(function) => Callable::Arrow(function),
            AstKind::Function(function) => Callable::Function(function),
            _ => return Known::anything(),
        };
        let span = nodes.kind(parameter).span();
        match function.parameters().items.iter().position(|item| item.span == span) {
            // `arguments[0] = x`
            Some(index) if self.by_name().rewritten.contains(&function.node()) => {
                Known { open: true, ..self.passed(function, index) }
            }
            Some(index) => self.passed(function, index),
            None => Known::anything(),
        }
    }

    fn passed(&self, function: Callable<'a>, index: usize) -> Known<'a> {
        let nodes = self.semantic.nodes();
        let mut node = function.node();
        if let AstKind::Function(declared) = nodes.kind(node)
            && declared.is_declaration()
        {
            return match declared.id.as_ref().and_then(|id| id.symbol_id.get()) {
                Some(symbol) => self.passed_to_symbol(symbol, index),
                None => Known::anything(),
            };
        }
        // Whoever gets the function otherwise can call it with anything.
        let mut all = Known::nothing();
        loop {
            let span = nodes.kind(node).span();
            let parent = nodes.parent_id(node);
            match nodes.kind(parent) {
                AstKind::ParenthesizedExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::SequenceExpression(_)
                | AstKind::ChainExpression(_) => node = parent,
                AstKind::VariableDeclarator(declarator) => {
                    match &declarator.id {
                        BindingPattern::BindingIdentifier(name) => {
                            if let Some(symbol) = name.symbol_id.get() {
                                all.add(self.passed_to_symbol(symbol, index));
                            }
                        }
                        _ => all.open = true,
                    }
                    return all;
                }
                AstKind::AssignmentExpression(assignment) => {
                    match &assignment.left {
                        AssignmentTarget::AssignmentTargetIdentifier(name) => {
                            let reference = name.reference_id.get();
                            let symbol = reference.and_then(|reference| {
                                self.semantic.scoping().get_reference(reference).symbol_id()
                            });
                            match symbol {
                                Some(symbol) => all.add(self.passed_to_symbol(symbol, index)),
                                None => all.open = true,
                            }
                        }
                        AssignmentTarget::StaticMemberExpression(member) => {
                            all.add(self.passed_to_name(member.property.name.as_str(), index));
                        }
                        _ => all.open = true,
                    }
                    node = parent;
                }
                AstKind::ExpressionStatement(_) => return all,
                AstKind::ObjectProperty(property) => {
                    let name = key(&property.key);
                    all.add(name.map_or_else(Known::anything, |name| self.passed_to_name(name, index)));
                    return all;
                }
                AstKind::MethodDefinition(method) if method.kind == MethodDefinitionKind::Method => {
                    let name = key(&method.key);
                    all.add(name.map_or_else(Known::anything, |name| self.passed_to_name(name, index)));
                    return all;
                }
                AstKind::StaticMemberExpression(member) => {
                    // `(function (x) {}).call(this, value)`
                    let call = nodes.parent_kind(parent);
                    if let (AstKind::CallExpression(call), "call") = (call, member.property.name.as_str()) {
                        all.add(self.argument(call, index + 1));
                    } else {
                        all.open = true;
                    }
                    return all;
                }
                AstKind::CallExpression(call) => {
                    all.add(match call.callee.span() == span {
                        true => self.argument(call, index),
                        false => self.called_back(call, node, index),
                    });
                    return all;
                }
                _ => {
                    all.open = true;
                    return all;
                }
            }
        }
    }

    fn passed_to_symbol(&self, symbol: SymbolId, index: usize) -> Known<'a> {
        let nodes = self.semantic.nodes();
        let mut all = Known::nothing();
        for reference in self.semantic.scoping().get_resolved_references(symbol) {
            if !reference.is_read() {
                continue;
            }
            if !self.step() {
                all.open = true;
                return all;
            }
            let node = reference.node_id();
            match nodes.parent_kind(node) {
                AstKind::CallExpression(call) if call.callee.span() == nodes.kind(node).span() => {
                    all.add(self.argument(call, index));
                }
                AstKind::CallExpression(call) => all.add(self.called_back(call, node, index)),
                AstKind::ExportSpecifier(_) => all.open = true,
                AstKind::UnaryExpression(_) | AstKind::ExpressionStatement(_) => {}
                _ => all.open = true,
            }
        }
        let exported = self.semantic.scoping().symbol_declarations(symbol).any(|declaration| {
            nodes.ancestor_kinds(declaration).take(2).any(|kind| {
                matches!(kind, AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_))
            })
        });
        all.open |= exported;
        all
    }

    /// What calls of any property of that name pass. Others may call it too.
    fn passed_to_name(&self, name: &str, index: usize) -> Known<'a> {
        let mut all = Known::anything();
        if let Some(calls) = self.by_name().calls.get(name) {
            calls.iter().take_while(|_| self.step()).for_each(|call| all.add(self.argument(call, index)));
        }
        all
    }

    /// What a call passes in one place.
    pub(super) fn argument(&self, call: &'a CallExpression<'a>, index: usize) -> Known<'a> {
        let spread =
            call.arguments.iter().position(|argument| matches!(argument, Argument::SpreadElement(_)));
        if let Some(at) = spread
            && at <= index
        {
            let Argument::SpreadElement(spread) = &call.arguments[at] else { return Known::anything() };
            return self.fold(&spread.argument).elements();
        }
        match call.arguments.get(index).and_then(Argument::as_expression) {
            Some(argument) => self.fold(argument),
            None => Known::nothing(),
        }
    }

    /// What a function that is an argument of `call` gets.
    fn called_back(&self, call: &'a CallExpression<'a>, function: NodeId, index: usize) -> Known<'a> {
        let span = self.semantic.nodes().kind(function).span();
        let place = call.arguments.iter().position(|argument| argument.span() == span);
        if let Expression::StaticMemberExpression(member) = bare(&call.callee) {
            let name = member.property.name.as_str();
            let element = match name {
                "forEach" | "map" | "filter" | "some" | "every" | "find" | "findLast" | "flatMap"
                | "findIndex" | "forEachOf" => 0,
                "reduce" | "reduceRight" => 1,
                "then" => 2,
                _ => 3,
            };
            match (element, index) {
                (0, 0) | (1, 1) if place == Some(0) => {
                    let list = self.fold(&member.object);
                    let is_list = list.values.iter().all(|value| matches!(value, Value::List { .. }));
                    if is_list {
                        return list.elements();
                    }
                    // `async.forEach(list, callback)` is not the array's own.
                }
                (0, 2) | (1, 0) => return Known::anything(),
                (2, 0) if place == Some(0) => return self.awaited(self.fold(&member.object)),
                _ => {}
            }
        }
        let callee = self.fold(&call.callee);
        let mut all = Known { values: Vec::new(), open: callee.open };
        for value in &callee.values {
            match value {
                Value::Member(module, name) if module == "fs" && name == "readdir" && index == 1 => {
                    all.add(names());
                }
                // A function of the file: what it calls the parameter with.
                Value::Function(inner) => {
                    let parameter = place.and_then(|place| inner.parameters().items.get(place));
                    match parameter.map(|parameter| &parameter.pattern) {
                        Some(BindingPattern::BindingIdentifier(name)) => match name.symbol_id.get() {
                            Some(symbol) => all.add(self.passed_to_symbol(symbol, index)),
                            None => all.open = true,
                        },
                        _ => all.open = true,
                    }
                }
                _ => all.open = true,
            }
        }
        all
    }

    /// What a function of the file can return.
    pub(super) fn returned(&self, function: Callable<'a>) -> Known<'a> {
        let is_async = match function {
            Callable::Arrow(function) => function.r#async,
            Callable::Function(function) => function.r#async,
        };
        if let Callable::Function(function) = function
            && (function.generator || function.body.is_none())
        {
            return Known::anything();
        }
        let short = match function {
            Callable::Arrow(function) => match &function.body {
                ArrowFunctionBody::FunctionBody(_) => None,
                other => other.as_expression(),
            },
            Callable::Function(_) => None,
        };
        let mut all = Known::nothing();
        if let Some(value) = short {
            all.add(self.fold(value));
        } else if let Some(values) = self.by_name().returns.get(&function.node()) {
            values.iter().for_each(|value| all.add(self.fold(value)));
        }
        if is_async { Known::one(Value::Promise(Box::new(self.awaited(all)))) } else { all }
    }
}

/// The names in some folder.
pub(super) fn names<'a>() -> Known<'a> {
    Known::one(Value::List { elements: vec![Known::text(NAME.to_string())], rest: Rest::Same })
}
