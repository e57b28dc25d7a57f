//! What rules need of the parser's own types, under one name that does not change with its version.

pub use oxc_allocator::{self as allocator, Allocator};
pub use oxc_ast::{self as syntax_tree, AstKind, AstType, Comment, CommentKind, ast};
pub use oxc_ast_visit::{self as ast_visit, Visit, walk};
pub use oxc_semantic::{
    self as semantic, AstNode, AstNodes, IsGlobalReference, NodeId, Reference, ReferenceFlags, ReferenceId,
    ScopeFlags, ScopeId, Scoping, Semantic, SymbolFlags, SymbolId,
};
pub use oxc_span::{self as span, GetSpan, SourceType, Span};
pub use oxc_syntax::{
    self as syntax,
    operator::{AssignmentOperator, BinaryOperator, LogicalOperator, UnaryOperator, UpdateOperator},
};
