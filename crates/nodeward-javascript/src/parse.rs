//! Text to syntax tree: the one door to the parser.
//!
//! A file is read as what its name says and, where that fails, as the next likely thing: a script as a module and
//! the other way round, annotated JavaScript as TypeScript. Some errors the parser gets over; they are kept beside
//! the tree. What it cannot get over is a [`ParseError`]. Text is measured before it is parsed, so that neither
//! size nor nesting can exhaust a worker.

use oxc_allocator::Allocator;
use oxc_ast::ast::{Expression, Program, Statement};
use oxc_ast::builder::AstBuilder;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::{GetSpan as _, SourceType, Span};

use crate::nesting::{self, Dialect, Refusal};
use crate::source::{Language, ModuleFormat, SourceKind};

/// The stack, in bytes, that a thread must have to parse whatever is let through, and to walk its tree with a few
/// frames for each node. Memory is taken only as it is touched. Unoptimised frames are several times larger.
pub const WORKER_STACK: usize = if cfg!(debug_assertions) { 512 << 20 } else { 64 << 20 };

/// How much of a file is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of a file.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 32 << 20 }
    }
}

/// A fault in the text, as the parser names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// The byte at which it is.
    pub offset: u32,
}

/// Why there is no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The file is larger than the limit.
    #[error("{bytes} bytes are more than the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Brackets, operators, tags or statements are nested so deep that reading them could exhaust a stack.
    #[error("nests too deep to be read")]
    TooDeep {
        /// The byte at which it is too deep.
        offset: u32,
    },
    /// The text can be read in more ways than are followed, so that its nesting cannot be told.
    #[error("too many places can be read in two ways")]
    Ambiguous {
        /// The byte of the place that was one too many.
        offset: u32,
    },
    /// The text is not of the language in any way that was tried.
    #[error("syntax error: {}", .0.message)]
    Syntax(SyntaxError),
}

impl ParseError {
    /// The byte at which the text is at fault, where there is one.
    pub fn offset(&self) -> Option<u32> {
        match self {
            Self::TooLarge { .. } => None,
            Self::TooDeep { offset } | Self::Ambiguous { offset } => Some(*offset),
            Self::Syntax(error) => Some(error.offset),
        }
    }
}

/// A file's syntax tree, which lives as long as its arena.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// The tree. JSON is one statement that holds the value.
    pub program: &'a Program<'a>,
    /// What the file was read as: not always what was asked for.
    pub kind: SourceKind,
    /// Faults that the parser got over. What stands behind one can be missing from the tree.
    pub errors: Vec<SyntaxError>,
}

impl<'a> Parsed<'a> {
    /// Scopes, symbols, references and the parents of nodes.
    pub fn semantic(&self) -> Semantic<'a> {
        // Without nodes the model has symbols only, and rules would find nothing.
        SemanticBuilder::new().with_build_nodes(true).build(self.program).semantic
    }
}

/// Parses `text` within the default limits.
pub fn parse<'a>(arena: &'a Allocator, text: &'a str, kind: SourceKind) -> Result<Parsed<'a>, ParseError> {
    parse_within(arena, text, kind, &Limits::default())
}

/// Parses `text` within limits.
pub fn parse_within<'a>(
    arena: &'a Allocator,
    text: &'a str,
    kind: SourceKind,
    limits: &Limits,
) -> Result<Parsed<'a>, ParseError> {
    if text.len() > limits.bytes {
        return Err(ParseError::TooLarge { bytes: text.len(), limit: limits.bytes });
    }
    if kind.language == Language::Json {
        return json(arena, text);
    }
    let mut best: Option<Parsed<'a>> = None;
    let mut refused: Option<ParseError> = None;
    let mut measured: Option<(Dialect, Result<(), ParseError>)> = None;
    for attempt in attempts(kind) {
        let dialect = dialect(attempt.language);
        let (_, nesting) = match measured.take() {
            Some(known) if known.0 == dialect => measured.insert(known),
            _ => measured.insert((dialect, measure(text, dialect))),
        };
        if let Err(error) = nesting {
            refused = refused.or(Some(error.clone()));
            continue;
        }
        match attempt_as(arena, text, attempt) {
            Ok(parsed) if parsed.errors.is_empty() => return Ok(parsed),
            Ok(parsed) => {
                if best.as_ref().is_none_or(|best| parsed.errors.len() < best.errors.len()) {
                    best = Some(parsed);
                }
            }
            Err(error) => refused = refused.or(Some(ParseError::Syntax(error))),
        }
    }
    best.ok_or_else(|| refused.expect("each attempt gives a tree or an error"))
}

fn dialect(language: Language) -> Dialect {
    Dialect {
        types: matches!(language, Language::TypeScript | Language::Tsx),
        tags: matches!(language, Language::JavaScript | Language::Tsx),
    }
}

fn measure(text: &str, dialect: Dialect) -> Result<(), ParseError> {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    nesting::check(text, dialect).map_err(|refusal| match refusal {
        Refusal::TooDeep(at) => ParseError::TooDeep { offset: offset(at) },
        Refusal::Ambiguous(at) => ParseError::Ambiguous { offset: offset(at) },
        Refusal::Unmatched(at) => ParseError::Syntax(SyntaxError {
            message: "brackets, quotes or tags do not match".to_owned(),
            offset: offset(at),
        }),
    })
}

/// What to read a file as, the likeliest first.
fn attempts(kind: SourceKind) -> impl Iterator<Item = SourceKind> {
    use Language::{JavaScript, Tsx, TypeScript};
    use ModuleFormat::{CommonJs, Module, Unknown};
    let languages: &'static [Language] = match kind.language {
        // Annotated for Flow, most often.
        JavaScript | Language::Json => &[JavaScript, Tsx, TypeScript],
        TypeScript => &[TypeScript, Tsx],
        Tsx => &[Tsx, TypeScript],
    };
    let formats: &'static [ModuleFormat] = match kind.format {
        CommonJs => &[CommonJs, Module],
        Module => &[Module, CommonJs],
        Unknown => &[Unknown, CommonJs, Module],
    };
    languages.iter().flat_map(move |&language| {
        // In another language than the named one, only the format that the text itself decides.
        let formats = if language == kind.language { formats } else { &[Unknown] };
        formats.iter().map(move |&format| SourceKind { language, format })
    })
}

fn attempt_as<'a>(arena: &'a Allocator, text: &'a str, kind: SourceKind) -> Result<Parsed<'a>, SyntaxError> {
    let source = match kind.format {
        ModuleFormat::CommonJs => SourceType::cjs(),
        ModuleFormat::Module => SourceType::mjs(),
        ModuleFormat::Unknown => SourceType::unambiguous(),
    };
    let source = source.with_typescript(dialect(kind.language).types).with_jsx(dialect(kind.language).tags);
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    let parsed = Parser::new(arena, text, source).with_options(options).parse();
    let mut errors: Vec<SyntaxError> = parsed.diagnostics.iter().map(syntax_error).collect();
    if parsed.panicked {
        return Err(if errors.is_empty() { unexplained() } else { errors.swap_remove(0) });
    }
    Ok(Parsed { program: arena.alloc(parsed.program), kind, errors })
}

/// JSON as the one expression of a program.
fn json<'a>(arena: &'a Allocator, text: &'a str) -> Result<Parsed<'a>, ParseError> {
    measure(text, Dialect { types: false, tags: false })?;
    let source = SourceType::cjs();
    let value = Parser::new(arena, text, source)
        .parse_expression()
        .map_err(|errors| ParseError::Syntax(errors.iter().next().map_or_else(unexplained, syntax_error)))?;
    if let Some(offset) = beyond_json(&value) {
        return Err(ParseError::Syntax(SyntaxError { message: "not JSON".to_owned(), offset }));
    }
    let builder = AstBuilder::new(arena);
    let statement = Statement::new_expression_statement(value.span(), value, &builder);
    let span = Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX));
    let program = Program::new(span, source, text, [], None, [], [statement], &builder);
    Ok(Parsed { program: arena.alloc(program), kind: SourceKind::JSON, errors: Vec::new() })
}

/// Where an expression is more than JSON may be. Trailing commas and comments pass, as in `tsconfig.json`.
fn beyond_json(value: &Expression<'_>) -> Option<u32> {
    use oxc_ast::ast::{ArrayExpressionElement, ObjectPropertyKind, PropertyKey, UnaryOperator};
    // Its own stack: as deep as the text likes.
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Expression::NullLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::StringLiteral(_) => {}
            Expression::UnaryExpression(unary)
                if unary.operator == UnaryOperator::UnaryNegation
                    && matches!(unary.argument, Expression::NumericLiteral(_)) => {}
            Expression::ArrayExpression(array) => {
                for element in &array.elements {
                    match element {
                        ArrayExpressionElement::SpreadElement(spread) => return Some(spread.span.start),
                        ArrayExpressionElement::Elision(elision) => return Some(elision.span.start),
                        other => open.push(other.to_expression()),
                    }
                }
            }
            Expression::ObjectExpression(object) => {
                for property in &object.properties {
                    match property {
                        ObjectPropertyKind::ObjectProperty(property)
                            if matches!(property.key, PropertyKey::StringLiteral(_)) && !property.method =>
                        {
                            open.push(&property.value);
                        }
                        other => return Some(other.span().start),
                    }
                }
            }
            other => return Some(other.span().start),
        }
    }
    None
}

fn syntax_error(diagnostic: &oxc_diagnostics::OxcDiagnostic) -> SyntaxError {
    let offset = diagnostic.labels.first().map_or(0, |label| label.span().start);
    SyntaxError { message: diagnostic.message.to_string(), offset }
}

fn unexplained() -> SyntaxError {
    SyntaxError { message: "the text cannot be parsed".to_owned(), offset: 0 }
}

#[cfg(test)]
mod tests;
