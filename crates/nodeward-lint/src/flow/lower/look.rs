//! How the arguments of a call are written, where that decides what the call does with them.

use nodeward_javascript::oxc::ast::{
    Argument, ArrayExpressionElement, CallExpression, Expression, MemberExpression, ObjectExpression,
    ObjectPropertyKind, Statement,
};

use nodeward_javascript::oxc::{AstKind, Span, UnaryOperator};

use super::Lowerer;
use crate::flow::graph::{Argument as Written, NodeId, Sends, Shape, Spot};

/// Programs that take a command to parse, and the arguments that announce it.
const SHELLS: [&str; 10] =
    ["sh", "bash", "zsh", "dash", "ksh", "fish", "cmd", "powershell", "pwsh", "busybox"];
const COMMAND_FLAGS: [&str; 8] = ["-c", "-lc", "-ic", "-ec", "/c", "/k", "-command", "-encodedcommand"];

impl<'a> Lowerer<'a, '_> {
    /// An argument's node and look.
    pub(super) fn argument(&mut self, argument: &Argument<'a>) -> Written {
        if let Argument::SpreadElement(spread) = argument {
            let node = NodeId::from_option(self.expression(&spread.argument));
            return Written { node, shape: Shape::Spread };
        }
        let Some(expression) = argument.as_expression() else {
            return Written { node: NodeId::NONE, shape: Shape::Other };
        };
        let shape = match expression.without_parentheses() {
            Expression::StringLiteral(literal) => Shape::Text(self.name(literal.value.as_str())),
            Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
                let text = template.single_quasi().map_or(String::new(), |text| text.as_str().to_owned());
                Shape::Text(self.name(&text))
            }
            Expression::BooleanLiteral(literal) if literal.value => Shape::True,
            expression if expression.is_literal() => Shape::Literal,
            expression if self.asks_for_shell(expression) => Shape::Shell,
            Expression::ObjectExpression(object) if property(object, "root").is_some() => Shape::Rooted,
            Expression::ObjectExpression(object) if asks_for_data(object) => Shape::Safe,
            Expression::ObjectExpression(_) => Shape::Object,
            Expression::ArrayExpression(_) => Shape::Array,
            expression if expression.is_function() => Shape::Function,
            _ => Shape::Other,
        };
        Written { node: NodeId::from_option(self.expression(expression)), shape }
    }

    /// `spawn('sh', ['-c', command])`: which elements of the list a shell parses.
    pub(super) fn note_shell(&mut self, call: &CallExpression<'a>) {
        let [program, Argument::ArrayExpression(array), ..] = &call.arguments[..] else { return };
        let Some(program) = program.as_expression().and_then(text) else { return };
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program).to_ascii_lowercase();
        let name = name.strip_suffix(".exe").unwrap_or(&name);
        if !SHELLS.contains(&name) {
            return;
        }
        let is_flag = |element: &ArrayExpressionElement<'a>| {
            let text = element.as_expression().and_then(text).unwrap_or_default();
            COMMAND_FLAGS.contains(&text.to_ascii_lowercase().as_str())
        };
        let Some(flag) = array.elements.iter().position(is_flag) else { return };
        // The shells of Windows parse all that follows; what follows the command of others are its parameters.
        let end = if matches!(name, "cmd" | "powershell" | "pwsh") { usize::MAX } else { flag + 2 };
        self.parsed_by_shell.insert(array.span.start, (flag + 1..end, call.span));
    }

    /// The element of a list at a place, once it is walked.
    pub(super) fn note_element(&mut self, list: Span, at: usize, value: Option<NodeId>) {
        if self.parsed_by_shell.is_empty() {
            return;
        }
        if let Some((parsed, call)) = self.parsed_by_shell.get(&list.start)
            && parsed.contains(&at)
        {
            let call = *call;
            self.spot(value, Spot::ShellCommand, call);
        }
    }

    /// `{ shell: true }`, or a variable that was declared so: options are written before the call more often than in it.
    fn asks_for_shell(&self, options: &Expression<'a>) -> bool {
        let written = match options.get_inner_expression() {
            variable @ Expression::Identifier(_) => self.initial(variable),
            written => Some(written),
        };
        let written = match written {
            // `const options = makeOptions(given)`.
            Some(Expression::CallExpression(call)) => match self.gives(call) {
                Some(variable @ Expression::Identifier(_)) => self.initial(variable),
                given => given,
            },
            written => written,
        };
        let Some(Expression::ObjectExpression(object)) = written else { return false };
        property(object, "shell").is_some_and(|shell| self.is_shell(shell))
    }

    /// What a function of the file gives back at its end.
    fn gives(&self, call: &CallExpression<'a>) -> Option<&'a Expression<'a>> {
        let Expression::Identifier(callee) = call.callee.get_inner_expression() else { return None };
        let AstKind::Function(function) = self.semantic.symbol_declaration(self.symbol(callee)?).kind()
        else {
            return None;
        };
        match function.body.as_ref()?.statements.last()? {
            Statement::ReturnStatement(statement) => {
                Some(statement.argument.as_ref()?.get_inner_expression())
            }
            _ => None,
        }
    }

    /// Whether an option `shell` asks for one, be it on some systems only: `true`, `'/bin/bash'`,
    /// `process.platform === 'win32'`, `!!wanted`.
    fn is_shell(&self, value: &Expression<'a>) -> bool {
        match value.get_inner_expression() {
            Expression::BooleanLiteral(literal) => literal.value,
            Expression::StringLiteral(literal) => !literal.value.is_empty(),
            Expression::BinaryExpression(binary) => binary.operator.is_equality(),
            Expression::UnaryExpression(unary) => {
                unary.operator == UnaryOperator::LogicalNot
                    && matches!(unary.argument.get_inner_expression(), Expression::UnaryExpression(_))
            }
            Expression::Identifier(_) => {
                matches!(self.initial(value), Some(test @ Expression::BinaryExpression(_)) if self.is_shell(test))
            }
            _ => false,
        }
    }

    /// What a variable was declared with.
    pub(super) fn initial(&self, variable: &Expression<'a>) -> Option<&'a Expression<'a>> {
        let Expression::Identifier(identifier) = variable.get_inner_expression() else { return None };
        match self.semantic.symbol_declaration(self.symbol(identifier)?).kind() {
            AstKind::VariableDeclarator(declarator) => Some(declarator.init.as_ref()?.get_inner_expression()),
            _ => None,
        }
    }

    /// `response.type('text')`, `setHeader('Content-Type', …)`: what the function at hand sends is markup or is not.
    ///
    /// Where it is said on every way through the function, of what is called a response, it holds for all of it;
    /// otherwise for what comes after it.
    pub(super) fn note_content_type(
        &mut self,
        name: &str,
        object: &Expression<'a>,
        call: &CallExpression<'a>,
    ) {
        if !is_response(object) {
            return;
        }
        let arguments: Vec<&Expression<'a>> =
            call.arguments.iter().filter_map(Argument::as_expression).collect();
        let kind = match (name, &arguments[..]) {
            ("type" | "contentType", [kind]) => text(kind),
            ("setHeader" | "set" | "header" | "append", [header, kind]) => {
                let is_it = text(header).is_some_and(|header| header.eq_ignore_ascii_case("content-type"));
                text(kind).filter(|_| is_it)
            }
            ("writeHead" | "set" | "header", [.., Expression::ObjectExpression(headers)]) => {
                property(headers, "content-type").and_then(text)
            }
            _ => None,
        };
        let Some(kind) = kind.map(str::to_ascii_lowercase) else { return };
        let is_markup = ["html", "xml", "svg"].iter().any(|markup| kind.contains(markup));
        self.sends_plain = !is_markup;
        if self.depth > 0 {
            return;
        }
        let function = self.function;
        let sends = &mut self.function_record(function).sends;
        *sends = match (is_markup, *sends) {
            (true, _) | (_, Sends::Markup) => Sends::Markup,
            (false, _) => Sends::Plain,
        };
    }
}

/// `res`, `res.status(200)`, `ctx`.
fn is_response(object: &Expression<'_>) -> bool {
    match object.get_inner_expression() {
        Expression::Identifier(name) => {
            matches!(
                name.name.as_str(),
                "res" | "response" | "resp" | "reply" | "rep" | "ctx" | "context" | "c"
            )
        }
        Expression::CallExpression(call) => {
            let member = call.callee.get_inner_expression().as_member_expression();
            member.is_some_and(|member| is_response(member.object()))
        }
        _ => false,
    }
}

/// `{ schema: yaml.JSON_SCHEMA }`.
fn asks_for_data(object: &ObjectExpression<'_>) -> bool {
    let schema = property(object, "schema").and_then(|schema| match schema {
        Expression::Identifier(identifier) => Some(identifier.name.as_str()),
        schema => schema.as_member_expression().and_then(MemberExpression::static_property_name),
    });
    schema.is_some_and(|name| {
        matches!(
            name,
            "JSON_SCHEMA" | "CORE_SCHEMA" | "FAILSAFE_SCHEMA" | "SAFE_SCHEMA" | "DEFAULT_SAFE_SCHEMA"
        )
    })
}

/// The value of a property, by its name in lower case.
fn property<'e, 'a>(object: &'e ObjectExpression<'a>, name: &str) -> Option<&'e Expression<'a>> {
    object.properties.iter().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) => {
            let is_it = property.key.static_name().is_some_and(|key| key.eq_ignore_ascii_case(name));
            is_it.then_some(&property.value)
        }
        ObjectPropertyKind::SpreadProperty(_) => None,
    })
}

fn text<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    match expression.without_parentheses() {
        Expression::StringLiteral(literal) => Some(literal.value.as_str()),
        _ => None,
    }
}
