//! Whatever the source looks like, lowering and solving come to an end without a panic.

use nodeward_javascript::oxc::Allocator;
use nodeward_javascript::{SourceKind, parse};
use proptest::prelude::*;

use crate::driver::Deadline;

use super::*;
use crate::RULES;

/// The examples of the rules' pages, and the heart of what they show twice over: real code in small.
fn sources() -> Vec<String> {
    let blocks = |page: &str| -> Vec<String> {
        let parts = page.split("```").skip(1).step_by(2);
        let code =
            parts.filter_map(|part| part.split_once('\n')).filter(|(info, _)| !info.starts_with("json"));
        code.map(|(_, code)| code.to_owned()).collect()
    };
    RULES.iter().flat_map(|rule| blocks(rule.docs)).collect()
}

fn run(texts: &[String]) {
    let mut arena = Allocator::default();
    let mut lowered: [Vec<FileGraph>; 2] = Default::default();
    for text in texts {
        if let Ok(parsed) = parse(&arena, text, SourceKind::TYPESCRIPT) {
            for graphs in &mut lowered {
                graphs.push(lower(&parsed.semantic()));
            }
        }
        arena.reset();
    }
    let files = lowered[0].len();
    for (mode, graphs) in [Mode::Application, Mode::Library].into_iter().zip(lowered) {
        let deadline = Deadline::after(std::time::Duration::from_secs(60));
        let resolve = |from: usize, _: &str| (files > 0).then(|| (from + 1) % files);
        let (findings, _) = solve(graphs, mode, resolve, deadline);
        for finding in findings {
            assert!(finding.file < files && !finding.path.is_empty());
        }
    }
}

#[test]
fn all_examples_at_once() {
    run(&sources());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Lines of one example taken out, doubled or put into another; names made the same.
    #[test]
    fn mutated_sources_do_no_harm(
        pick in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6_u8), 0..8),
    ) {
        let sources = sources();
        let mut texts: Vec<String> = pick.iter().map(|at| at.get(&sources).clone()).collect();
        let donor: Vec<&str> = sources.iter().flat_map(|text| text.lines()).collect();
        for (number, (at, from, how)) in edits.iter().enumerate() {
            let count = texts.len();
            let text = &mut texts[number % count];
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if lines.is_empty() {
                continue;
            }
            let line = at.index(lines.len());
            match how {
                0 => {
                    lines.remove(line);
                }
                1 => {
                    let copy = lines[line].clone();
                    lines.insert(line, copy);
                }
                2 => lines.insert(line, (*from.get(&donor)).to_owned()),
                3 => lines[line] = lines[line].replace("name", "text").replace("req", "res"),
                4 => lines[line] = lines[line].replace('(', "((").replace(')', "))"),
                _ => {
                    let end = lines[line].char_indices().nth(from.index(8)).map_or(0, |(end, _)| end);
                    lines[line].replace_range(..end, "");
                }
            }
            *text = lines.join("\n");
        }
        run(&texts);
    }
}
