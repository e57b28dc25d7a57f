//! One call for fuzzers and property tests: bytes through everything that reads text.

use std::path::Path;

use oxc_allocator::Allocator;

use crate::discover::FileClass;
use crate::imports::imports;
use crate::loads::{Surroundings, loads};
use crate::manifest::Manifest;
use crate::parse::parse;
use crate::position::LineIndex;
use crate::source::{Language, ModuleFormat, SourceKind};

/// Reads `bytes` as every kind of source and checks what must hold of any text.
///
/// # Panics
/// Where it does not.
pub fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = LineIndex::new(&text);
    let mut arena = Allocator::default();
    let formats = [ModuleFormat::Unknown, ModuleFormat::CommonJs, ModuleFormat::Module];
    for language in [Language::JavaScript, Language::TypeScript, Language::Tsx, Language::Json] {
        for format in formats {
            match parse(&arena, &text, SourceKind { language, format }) {
                Ok(parsed) => {
                    let semantic = parsed.semantic();
                    assert!(!semantic.nodes().is_empty(), "a tree has a root");
                    for import in imports(parsed.program) {
                        assert!(
                            text.get(import.start as usize..import.end as usize).is_some(),
                            "a span is text"
                        );
                        lines.position(import.start);
                    }
                }
                Err(error) => {
                    let offset = error.offset().unwrap_or(0);
                    assert!(offset as usize <= text.len(), "an error stands in the text");
                    lines.position(offset);
                }
            }
        }
        arena.reset();
    }
    let surroundings = Surroundings {
        working_directory: "/",
        environment: &[],
        platform: "linux",
        architecture: "x64",
        resolver: None,
        names: &[],
    };
    for kind in [SourceKind::JAVASCRIPT, SourceKind::TSX] {
        for load in loads(&text, Path::new("/a/b.js"), kind, &surroundings)
            .map(|found| found.loads)
            .unwrap_or_default()
        {
            assert!(
                load.start as usize <= text.len() && load.line as usize <= lines.lines(),
                "a load stands in the text"
            );
        }
    }
    let _ = Manifest::parse(&text);
    let _ = FileClass::Own.of_text(&text);
    let _ = SourceKind::of_hashbang(&text);
}
