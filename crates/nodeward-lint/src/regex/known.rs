//! What is known of patterns already: several rules ask for each, and packages repeat theirs.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Verdict, analyse, analyse_literal};

/// How many answers a thread keeps; with more it begins anew.
const MOST: usize = 2_048;

thread_local! {
    static KNOWN: RefCell<FxHashMap<Box<str>, Rc<Verdict>>> = RefCell::default();
}

/// What [`analyse_literal`] says of a literal that a parser has let through.
pub(crate) fn known_literal(literal: &str) -> Rc<Verdict> {
    known(literal, literal, || analyse_literal(literal))
}

/// What [`analyse`] says of a pattern that a program makes of a text.
pub(crate) fn known_made(pattern: &str, flags: &str) -> Rc<Verdict> {
    // A literal begins with a slash.
    known(pattern, &format!("{flags} of {pattern}"), || analyse(pattern, flags))
}

fn known(pattern: &str, key: &str, analyse: impl FnOnce() -> Verdict) -> Rc<Verdict> {
    // Without a repetition there is one way to match.
    if !pattern.bytes().any(|byte| matches!(byte, b'*' | b'+' | b'{')) {
        return Rc::new(Verdict::Safe);
    }
    KNOWN.with(|known| {
        if let Some(verdict) = known.borrow().get(key) {
            return verdict.clone();
        }
        let verdict = Rc::new(analyse());
        let mut known = known.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key.into(), verdict.clone());
        verdict
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_answer_is_the_first() {
        for (pattern, flags) in [("(a+)+$", ""), ("(a+)+$", "i"), ("a b", "")] {
            let first = known_made(pattern, flags);
            assert_eq!(format!("{first:?}"), format!("{:?}", analyse(pattern, flags)));
            assert_eq!(format!("{first:?}"), format!("{:?}", known_made(pattern, flags)));
        }
        for literal in ["/(a+)+$/", "/^abc?$/", r"/\s+$/g", "/[/"] {
            let first = known_literal(literal);
            assert_eq!(format!("{first:?}"), format!("{:?}", known_literal(literal)));
            if literal.contains(['*', '+']) {
                assert_eq!(format!("{first:?}"), format!("{:?}", analyse_literal(literal)));
            }
        }
    }
}
