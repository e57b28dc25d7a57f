//! Expressions.

use nodeward_javascript::oxc::ast::{
    ArrayExpressionElement, AssignmentExpression, BinaryExpression, ChainElement, Expression,
    IdentifierReference, JSXAttributeItem, JSXAttributeValue, JSXChild, JSXElement, JSXExpression,
    LogicalExpression, MemberExpression, ObjectExpression, ObjectPropertyKind, PropertyKind, TemplateLiteral,
};
use nodeward_javascript::oxc::{
    AssignmentOperator, BinaryOperator, GetSpan as _, LogicalOperator, Span, SymbolId, UnaryOperator,
};

use super::function::This;
use super::{HELD, Lowerer};
use crate::flow::graph::{Computed, Label, NodeId, Seed, Spot, Taint};

/// What joining a text with others takes away, wherever it stands.
const JOINED: Taint =
    Taint::OPERATOR.and(Taint::OBJECT).and(Taint::SERIALISED).and(Taint::NUMBER).and(Taint::PROTOTYPE);

impl<'a> Lowerer<'a, '_> {
    /// The node of an expression's value; none where nothing flows from it.
    pub(super) fn expression(&mut self, expression: &Expression<'a>) -> Option<NodeId> {
        match expression {
            Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::BigIntLiteral(_)
            | Expression::RegExpLiteral(_)
            | Expression::StringLiteral(_)
            | Expression::ImportMeta(_)
            | Expression::NewTarget(_) => None,
            Expression::TemplateLiteral(template) => self.template(template),
            Expression::Identifier(identifier) => self.identifier(identifier),
            Expression::Super(_) => self.superclass.get(),
            Expression::ThisExpression(_) => self.this.get(),
            Expression::ArrayExpression(array) => {
                let node = self.node(array.span);
                for (at, element) in array.elements.iter().enumerate() {
                    let value = match element {
                        ArrayExpressionElement::SpreadElement(spread) => self.expression(&spread.argument),
                        element => element.as_expression().and_then(|element| self.expression(element)),
                    };
                    self.note_element(array.span, at, value);
                    self.edge(NodeId::from_option(value), node, HELD);
                    if array.elements.len() <= 16 {
                        self.edge(NodeId::from_option(value), node, Label::StoreAny);
                    }
                }
                let object = self.new_object();
                self.graph.seeds.push((node, Seed::Object(object)));
                Some(node)
            }
            Expression::ObjectExpression(object) => Some(self.object(object)),
            Expression::ArrowFunctionExpression(arrow) => Some(self.arrow(arrow, "")),
            Expression::FunctionExpression(function) => Some(self.function(function, "", This::Own)),
            Expression::ClassExpression(class) => Some(self.class(class)),
            Expression::AssignmentExpression(assignment) => self.assignment(assignment),
            Expression::AwaitExpression(awaited) => self.expression(&awaited.argument),
            Expression::YieldExpression(yielded) => {
                let value = yielded.argument.as_ref().and_then(|argument| self.expression(argument));
                self.returned(value);
                None
            }
            Expression::BinaryExpression(binary) => self.binary(binary),
            Expression::LogicalExpression(logical) => self.logical(logical),
            Expression::ConditionalExpression(conditional) => {
                self.expression(&conditional.test);
                let (mut left, mut right) = (None, None);
                let then = self.branch(|this| {
                    this.refine(&conditional.test, true);
                    left = this.expression(&conditional.consequent);
                });
                let otherwise = self.branch(|this| {
                    this.refine(&conditional.test, false);
                    right = this.expression(&conditional.alternate);
                });
                self.join(&[then, otherwise], conditional.span);
                self.meet(&[left, right], conditional.span)
            }
            Expression::SequenceExpression(sequence) => {
                sequence.expressions.iter().fold(None, |_, expression| self.expression(expression))
            }
            Expression::UnaryExpression(unary) => {
                let value = self.expression(&unary.argument);
                match unary.operator {
                    UnaryOperator::UnaryPlus | UnaryOperator::UnaryNegation | UnaryOperator::BitwiseNot => {
                        self.cleared(value, Taint::OUTSIDE.without(Taint::NUMBER), unary.span)
                    }
                    _ => None,
                }
            }
            Expression::UpdateExpression(update) => {
                let value = update.argument.get_identifier_name().is_none();
                if value && let Some(member) = update.argument.as_member_expression() {
                    self.member(member);
                }
                None
            }
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.call(call),
                ChainElement::TSNonNullExpression(inner) => self.expression(&inner.expression),
                element => element.as_member_expression().and_then(|member| self.member(member)),
            },
            Expression::CallExpression(call) => self.call(call),
            Expression::NewExpression(new) => self.new_expression(new),
            Expression::TaggedTemplateExpression(tagged) => self.tagged(tagged),
            Expression::ImportExpression(import) => self.import_expression(import),
            Expression::ParenthesizedExpression(inner) => self.expression(&inner.expression),
            Expression::PrivateInExpression(inner) => {
                self.expression(&inner.right);
                None
            }
            Expression::JSXElement(element) => Some(self.jsx(element)),
            Expression::JSXFragment(fragment) => {
                self.jsx_children(&fragment.children);
                None
            }
            Expression::TSAsExpression(inner) => self.expression(&inner.expression),
            Expression::TSSatisfiesExpression(inner) => self.expression(&inner.expression),
            Expression::TSTypeAssertion(inner) => self.expression(&inner.expression),
            Expression::TSNonNullExpression(inner) => self.expression(&inner.expression),
            Expression::TSInstantiationExpression(inner) => self.expression(&inner.expression),
            expression => expression.as_member_expression().and_then(|member| self.member(member)),
        }
    }

    /// The variable that a name means, unless nobody declares it.
    pub(super) fn symbol(&self, identifier: &IdentifierReference<'a>) -> Option<SymbolId> {
        let reference = identifier.reference_id.get()?;
        self.semantic.scoping().get_reference(reference).symbol_id()
    }

    fn identifier(&mut self, identifier: &IdentifierReference<'a>) -> Option<NodeId> {
        if let Some(symbol) = self.symbol(identifier) {
            return self.read(symbol, identifier.span);
        }
        match identifier.name.as_str() {
            "undefined" | "NaN" | "Infinity" | "__dirname" | "__filename" => None,
            "exports" => Some(self.graph.exports),
            "arguments" => Some(self.all_arguments(identifier.span)),
            name => Some(self.global(name, identifier.span)),
        }
    }

    /// Whether this is `module.exports`.
    pub(super) fn is_module_exports(&self, member: &MemberExpression<'a>) -> bool {
        member.static_property_name() == Some("exports")
            && matches!(member.object(), Expression::Identifier(identifier)
                if identifier.name == "module" && self.symbol(identifier).is_none())
    }

    /// The node of a property read.
    pub(super) fn member(&mut self, member: &MemberExpression<'a>) -> Option<NodeId> {
        if self.is_module_exports(member) {
            return Some(self.graph.exports);
        }
        if let Some(tested) = self.tested(member) {
            return Some(tested);
        }
        if let Some(argument) = self.argument_at(member) {
            return Some(argument);
        }
        let base = self.expression(member.object());
        self.member_of(base, member)
    }

    /// The node of a property of a base that is walked already.
    pub(super) fn member_of(
        &mut self,
        base: Option<NodeId>,
        member: &MemberExpression<'a>,
    ) -> Option<NodeId> {
        let span = member.span();
        match member {
            MemberExpression::PrivateFieldExpression(field) => {
                let name = format!("#{}", field.field.name);
                self.load(base, &name, span)
            }
            MemberExpression::StaticMemberExpression(member) => match member.property.name.as_str() {
                "length" | "size" | "byteLength" => {
                    self.cleared(base, Taint::OUTSIDE.without(Taint::NUMBER), span)
                }
                name => self.load(base, name, span),
            },
            MemberExpression::ComputedMemberExpression(computed) => {
                if let Some(name) = member.static_property_name() {
                    return self.load(base, name, span);
                }
                let key = self.key(&computed.expression);
                let value = match base {
                    Some(base) => self.step(Some(base), Label::LoadAny, span),
                    None => key.map(|_| self.node(span)),
                };
                if !self.is_own(&computed.object, &computed.expression) {
                    self.computed(base, key, value, false, span);
                }
                value
            }
        }
    }

    /// Notes a property whose name is computed.
    pub(super) fn computed(
        &mut self,
        base: Option<NodeId>,
        key: Option<NodeId>,
        value: Option<NodeId>,
        is_write: bool,
        span: Span,
    ) {
        let Some(key) = key else { return };
        let function = self.function;
        let (base, value) = (NodeId::from_option(base), NodeId::from_option(value));
        self.graph.computed.push(Computed { base, key, value, is_write, span, function });
    }

    fn object(&mut self, object: &ObjectExpression<'a>) -> NodeId {
        let node = self.node(object.span);
        let id = self.new_object();
        self.graph.seeds.push((node, Seed::Object(id)));
        for property in &object.properties {
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let value = self.expression(&spread.argument);
                    self.edge(NodeId::from_option(value), node, Label::Same);
                }
                ObjectPropertyKind::ObjectProperty(property) => {
                    let name = property.key.static_name();
                    let value = match &property.value {
                        Expression::FunctionExpression(function) => {
                            let function_name = name.as_deref().unwrap_or_default();
                            Some(self.function(function, function_name, This::Of(id)))
                        }
                        Expression::ArrowFunctionExpression(arrow) => {
                            Some(self.arrow(arrow, name.as_deref().unwrap_or_default()))
                        }
                        value => self.expression(value),
                    };
                    match (name, property.kind) {
                        (Some(name), PropertyKind::Init) => self.store(Some(node), &name, value),
                        (Some(name), PropertyKind::Get) => {
                            let span = property.span;
                            let result = self.implied_call(value, Some(node), &[], span);
                            self.store(Some(node), &name, Some(result));
                        }
                        (_, PropertyKind::Set) => {}
                        (None, _) => {
                            if let Some(key) = property.key.as_expression() {
                                let key = self.expression(key);
                                self.computed(Some(node), key, value, true, property.span);
                            }
                            self.edge(NodeId::from_option(value), node, Label::StoreAny);
                        }
                    }
                }
            }
        }
        node
    }

    fn assignment(&mut self, assignment: &AssignmentExpression<'a>) -> Option<NodeId> {
        let span = assignment.span;
        let value = match assignment.operator {
            AssignmentOperator::Assign => self.named_value(&assignment.left, &assignment.right),
            AssignmentOperator::Addition => {
                let old =
                    assignment.left.as_simple_assignment_target().and_then(|target| self.read_target(target));
                let added = self.expression(&assignment.right);
                self.joined(&[old, added], span, JOINED)
            }
            AssignmentOperator::LogicalOr
            | AssignmentOperator::LogicalAnd
            | AssignmentOperator::LogicalNullish => {
                let old =
                    assignment.left.as_simple_assignment_target().and_then(|target| self.read_target(target));
                let new = self.expression(&assignment.right);
                self.meet(&[old, new], span)
            }
            _ => {
                let value = self.expression(&assignment.right);
                self.cleared(value, Taint::OUTSIDE.without(Taint::NUMBER), span)
            }
        };
        self.assign(&assignment.left, value);
        if let nodeward_javascript::oxc::ast::AssignmentTarget::AssignmentTargetIdentifier(identifier) =
            &assignment.left
            && let Some(symbol) = self.symbol(identifier)
        {
            self.owners.remove(&symbol);
            if assignment.operator == AssignmentOperator::Assign {
                self.note_keys(Some(symbol), &assignment.right);
            }
        }
        value
    }

    /// The value assigned; a function gets the name of what it is assigned to.
    fn named_value(
        &mut self,
        target: &nodeward_javascript::oxc::ast::AssignmentTarget<'a>,
        value: &Expression<'a>,
    ) -> Option<NodeId> {
        let name = target
            .as_simple_assignment_target()
            .and_then(|target| {
                target.get_identifier_name().or_else(|| {
                    target.as_member_expression().and_then(MemberExpression::static_property_name)
                })
            })
            .unwrap_or_default();
        self.named(name, value)
    }

    /// The value of an expression that is given a name.
    pub(super) fn named(&mut self, name: &str, value: &Expression<'a>) -> Option<NodeId> {
        match value {
            Expression::FunctionExpression(function) => Some(self.function(function, name, This::Own)),
            Expression::ArrowFunctionExpression(arrow) => Some(self.arrow(arrow, name)),
            value => self.expression(value),
        }
    }

    fn read_target(
        &mut self,
        target: &nodeward_javascript::oxc::ast::SimpleAssignmentTarget<'a>,
    ) -> Option<NodeId> {
        if let nodeward_javascript::oxc::ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier) =
            target
        {
            return self.identifier(identifier);
        }
        target.as_member_expression().and_then(|member| self.member(member))
    }

    fn joined(&mut self, parts: &[Option<NodeId>], span: Span, cleared: Taint) -> Option<NodeId> {
        if parts.iter().all(Option::is_none) {
            return None;
        }
        let node = self.node(span);
        for part in parts.iter().flatten() {
            self.edge(*part, node, Label::Joined(cleared));
        }
        Some(node)
    }

    fn binary(&mut self, binary: &BinaryExpression<'a>) -> Option<NodeId> {
        let span = binary.span;
        match binary.operator {
            BinaryOperator::Addition => {
                let mut operands = vec![&binary.right];
                let mut left = &binary.left;
                while let Expression::BinaryExpression(inner) = left.without_parentheses()
                    && inner.operator == BinaryOperator::Addition
                {
                    operands.push(&inner.right);
                    left = &inner.left;
                }
                operands.push(left);
                operands.reverse();
                self.join_texts(operands.into_iter().map(Piece::Expression), span)
            }
            BinaryOperator::In | BinaryOperator::Instanceof => {
                self.expression(&binary.left);
                self.expression(&binary.right);
                None
            }
            operator => {
                let left = self.expression(&binary.left);
                let right = self.expression(&binary.right);
                if operator.is_equality() || operator.is_compare() {
                    return None;
                }
                let keep = Taint::NUMBER;
                let met = self.meet(&[left, right], span);
                self.cleared(met, Taint::OUTSIDE.without(keep), span)
            }
        }
    }

    fn template(&mut self, template: &TemplateLiteral<'a>) -> Option<NodeId> {
        let mut pieces = Vec::with_capacity(template.quasis.len() + template.expressions.len());
        for (at, quasi) in template.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw);
            pieces.push(Piece::Text(text.as_str()));
            if let Some(expression) = template.expressions.get(at) {
                pieces.push(Piece::Expression(expression));
            }
        }
        self.join_texts(pieces.into_iter(), template.span)
    }

    /// Text made of pieces: what stands before a value decides what it can still do.
    fn join_texts<'e>(&mut self, pieces: impl Iterator<Item = Piece<'a, 'e>>, span: Span) -> Option<NodeId>
    where
        'a: 'e,
    {
        let mut before = String::new();
        let mut parts: Vec<(NodeId, Taint)> = Vec::new();
        let mut is_alone = true;
        for piece in pieces {
            let text = match &piece {
                Piece::Text(text) => Some(*text),
                Piece::Expression(expression) => match expression.without_parentheses() {
                    Expression::StringLiteral(literal) => Some(literal.value.as_str()),
                    Expression::NumericLiteral(_) => Some("0"),
                    _ => None,
                },
            };
            if let Some(text) = text {
                is_alone &= text.is_empty();
                if before.len() < 200 {
                    before.push_str(text);
                }
                continue;
            }
            let Piece::Expression(expression) = piece else { continue };
            let node = self.expression(expression);
            let mut cleared = JOINED.and(after_text(&before));
            if !before.is_empty() {
                cleared = cleared.and(Taint::KEY).and(Taint::CONSTRUCTOR).and(Taint::OPTION);
            }
            let is_behind = !before.is_empty() && before.bytes().all(|byte| byte == 1);
            let node = match node {
                Some(_) if is_behind => {
                    let behind = self.step(node, Label::Same, expression.span());
                    self.spot(behind, Spot::Behind, span);
                    behind
                }
                node => node,
            };
            if let Some(node) = node {
                parts.push((node, cleared));
            }
            // What this value contributes is unknown, but it is something: a value after it is not the beginning.
            if before.len() < 200 {
                before.push('\u{1}');
            }
        }
        if parts.is_empty() {
            return None;
        }
        let node = self.node(span);
        if is_statement(&before) {
            self.spot(Some(node), Spot::Statement, span);
        }
        if has_tag(&before) {
            self.spot(Some(node), Spot::Tags, span);
        }
        let count = parts.len();
        for (part, cleared) in parts {
            // Only a whole name is that of the prototype, not one that is put together of others.
            let cleared =
                if is_alone && count < 2 { cleared } else { cleared.and(Taint::KEY).and(Taint::CONSTRUCTOR) };
            self.edge(part, node, Label::Joined(cleared));
        }
        Some(node)
    }

    fn logical(&mut self, logical: &LogicalExpression<'a>) -> Option<NodeId> {
        let left = self.expression(&logical.left);
        let mut right = None;
        let taken = self.branch(|this| {
            match logical.operator {
                LogicalOperator::And => this.refine(&logical.left, true),
                LogicalOperator::Or => this.refine(&logical.left, false),
                LogicalOperator::Coalesce => {}
            }
            right = this.expression(&logical.right);
        });
        let skipped = self.branch(|_| {});
        self.join(&[taken, skipped], logical.span);
        match logical.operator {
            // `a && b` is `b` where it matters: a false `a` is empty.
            LogicalOperator::And => right,
            _ => self.meet(&[left, right], logical.span),
        }
    }

    fn jsx(&mut self, element: &JSXElement<'a>) -> NodeId {
        let node = self.node(element.span);
        for attribute in &element.opening_element.attributes {
            match attribute {
                JSXAttributeItem::SpreadAttribute(spread) => {
                    self.expression(&spread.argument);
                }
                JSXAttributeItem::Attribute(attribute) => {
                    let Some(JSXAttributeValue::ExpressionContainer(container)) = &attribute.value else {
                        continue;
                    };
                    let Some(expression) = container.expression.as_expression() else { continue };
                    let value = self.expression(expression);
                    if attribute.is_identifier("dangerouslySetInnerHTML") {
                        let html = self.load(value, "__html", attribute.span);
                        self.spot(html, Spot::Markup, attribute.span);
                    }
                }
            }
        }
        self.jsx_children(&element.children);
        node
    }

    fn jsx_children(&mut self, children: &[JSXChild<'a>]) {
        for child in children {
            match child {
                JSXChild::Element(element) => {
                    self.jsx(element);
                }
                JSXChild::Fragment(fragment) => self.jsx_children(&fragment.children),
                JSXChild::ExpressionContainer(container) => {
                    if let JSXExpression::EmptyExpression(_) = container.expression {
                        continue;
                    }
                    if let Some(expression) = container.expression.as_expression() {
                        self.expression(expression);
                    }
                }
                JSXChild::Spread(spread) => {
                    self.expression(&spread.expression);
                }
                JSXChild::Text(_) => {}
            }
        }
    }
}

/// A piece of a text under construction.
enum Piece<'a, 'e> {
    Text(&'e str),
    Expression(&'e Expression<'a>),
}

/// Whether a text is one of SQL.
fn is_statement(text: &str) -> bool {
    let begins = |words: &str| {
        let text = text.trim_start();
        text.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words))
    };
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "REPLACE INTO ", "CREATE TABLE ", "DROP TABLE "]
        .iter()
        .any(|words| begins(words))
        // A part of one, as it is put together.
        || [" WHERE ", " ORDER BY ", " VALUES ", "LIMIT "].iter().any(|words| text.contains(words))
}

/// Whether a text has a tag of markup.
fn has_tag(text: &str) -> bool {
    memchr::memchr_iter(b'<', text.as_bytes())
        .any(|at| matches!(text.as_bytes().get(at + 1), Some(b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!')))
}

/// What a value can no longer do after this text.
pub(super) fn after_text(before: &str) -> Taint {
    let mut cleared = Taint::NONE;
    if let Some((_, rest)) = before.split_once("://")
        && rest.contains(['/', '?', '#'])
    {
        cleared = cleared.and(Taint::HOST).and(Taint::REDIRECT);
    }
    let mut characters = before.chars();
    if characters.next() == Some('/') && !matches!(characters.next(), None | Some('/' | '\\' | '\u{1}')) {
        cleared = cleared.and(Taint::REDIRECT).and(Taint::HOST);
    }
    // `prefix + '/users/' + name`: whatever the prefix is, the host ends before the path.
    let bytes = before.as_bytes();
    let begins_path = |at: usize| {
        bytes[at] == b'/'
            && at > 0
            && bytes[at - 1] != b'/'
            && bytes.get(at + 1).is_some_and(|next| !matches!(next, b'/' | b'\\' | 1))
    };
    if (0..bytes.len()).any(begins_path) {
        cleared = cleared.and(Taint::REDIRECT).and(Taint::HOST);
    }
    if before.contains('?') || before.contains('#') || has_segment(before) {
        cleared = cleared.and(Taint::REDIRECT).and(Taint::HOST);
    }
    cleared
}

/// `base + 'users/'`: whatever the base is, a folder of it was named, so that the host is past.
fn has_segment(before: &str) -> bool {
    let Some((_, after)) = before.split_once('\u{1}') else { return false };
    after
        .split_once('/')
        .is_some_and(|(segment, _)| segment.ends_with(|last: char| last.is_ascii_alphanumeric()))
}
