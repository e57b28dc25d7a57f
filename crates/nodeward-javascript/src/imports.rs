//! What a file loads: the specifiers of its imports, read off the tree.
//!
//! Only specifiers that stand in the text are here. A `require` of a computed name loads what nobody can tell
//! without running it; rules report it.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
    ImportExpression, ImportOrExportKind, Program, TSExternalModuleReference,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::Span;

use crate::parse::{ParseError, parse};
use crate::resolve::Loader;
use crate::source::SourceKind;

/// The form of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ImportKind {
    /// `import … from "x"`, `import "x"`.
    Static,
    /// `export … from "x"`.
    Reexport,
    /// `import("x")`.
    Dynamic,
    /// `require("x")`, and TypeScript's `import x = require("x")`.
    Require,
    /// `require.resolve("x")`: names the file without loading it.
    RequireResolve,
}

impl ImportKind {
    /// Which of Node.js's two resolutions applies.
    pub fn loader(self) -> Loader {
        match self {
            Self::Static | Self::Reexport | Self::Dynamic => Loader::Import,
            Self::Require | Self::RequireResolve => Loader::Require,
        }
    }
}

/// One import whose specifier is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its form.
    pub kind: ImportKind,
    /// What it names.
    pub specifier: String,
    /// Where the specifier with its quotes starts, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// The imports of a program, in the order of the text. Imports of types load nothing and are left out.
pub fn imports(program: &Program<'_>) -> Vec<Import> {
    let text = program.source_text.as_bytes();
    // Most of a large file's bytes are in files that load nothing.
    if !["require", "import", "export"]
        .iter()
        .any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
    {
        return Vec::new();
    }
    let mut found = Finder { imports: Vec::new() };
    found.visit_program(program);
    found.imports.sort_by_key(|import| import.start);
    found.imports
}

/// The imports of a text.
pub fn imports_of(text: &str, kind: SourceKind) -> Result<Vec<Import>, ParseError> {
    let arena = Allocator::default();
    Ok(imports(parse(&arena, text, kind)?.program))
}

struct Finder {
    imports: Vec<Import>,
}

impl Finder {
    fn add(&mut self, kind: ImportKind, specifier: &str, span: Span) {
        let specifier = specifier.to_owned();
        self.imports.push(Import { kind, specifier, start: span.start, end: span.end });
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        if import.import_kind == ImportOrExportKind::Value {
            self.add(ImportKind::Static, &import.source.value, import.source.span);
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        if export.export_kind == ImportOrExportKind::Value {
            self.add(ImportKind::Reexport, &export.source.value, export.source.span);
        }
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        if export.export_kind == ImportOrExportKind::Value {
            self.add(ImportKind::Reexport, &export.source.value, export.source.span);
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Some((specifier, span)) = literal(&import.source) {
            self.add(ImportKind::Dynamic, specifier, span);
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_ts_external_module_reference(&mut self, reference: &TSExternalModuleReference<'a>) {
        self.add(ImportKind::Require, &reference.expression.value, reference.expression.span);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(kind) = requires(&call.callee)
            && let Some((specifier, span)) =
                call.arguments.first().and_then(Argument::as_expression).and_then(literal)
        {
            self.add(kind, specifier, span);
        }
        walk::walk_call_expression(self, call);
    }
}

fn requires(callee: &Expression<'_>) -> Option<ImportKind> {
    match callee {
        Expression::Identifier(name) if name.name == "require" => Some(ImportKind::Require),
        Expression::StaticMemberExpression(member) => {
            let object = match &member.object {
                Expression::Identifier(name) => name.name.as_str(),
                _ => return None,
            };
            match (object, member.property.name.as_str()) {
                ("require", "resolve") => Some(ImportKind::RequireResolve),
                ("module", "require") => Some(ImportKind::Require),
                _ => None,
            }
        }
        Expression::ParenthesizedExpression(inner) => requires(&inner.expression),
        _ => None,
    }
}

/// The text of a string, or of a template without holes.
fn literal<'e>(expression: &'e Expression<'_>) -> Option<(&'e str, Span)> {
    match expression {
        Expression::StringLiteral(string) => Some((string.value.as_str(), string.span)),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
            let text = template.quasis.first()?.value.cooked.as_ref()?;
            Some((text.as_str(), template.span))
        }
        Expression::ParenthesizedExpression(inner) => literal(&inner.expression),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_import() {
        let text = r#"import a from "a"; import "b"; export { c } from "c"; export * from "d"; export { a };
            import type { T } from "types"; export type { U } from "types"; import f = require("f");
            const g = (require)("g"), h = require(`h`), i = require.resolve("i"), j = module.require("j");
            import("k"); async () => { await import("l") }; require(name); require(`${m}`); x.require("n");
            export function o() { return require("o") }"#;
        let found = imports_of(text, SourceKind::TYPESCRIPT).unwrap();
        let all: Vec<_> = found.iter().map(|import| (import.kind, import.specifier.as_str())).collect();
        use ImportKind::{Dynamic, Reexport, Require, RequireResolve, Static};
        assert_eq!(
            all,
            [
                (Static, "a"),
                (Static, "b"),
                (Reexport, "c"),
                (Reexport, "d"),
                (Require, "f"),
                (Require, "g"),
                (Require, "h"),
                (RequireResolve, "i"),
                (Require, "j"),
                (Dynamic, "k"),
                (Dynamic, "l"),
                (Require, "o"),
            ]
        );
        for import in &found {
            let shown = &text[import.start as usize..import.end as usize];
            assert_eq!(shown.trim_matches(['"', '`']), import.specifier);
        }
    }
}
