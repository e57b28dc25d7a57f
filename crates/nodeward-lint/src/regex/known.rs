//! What is known of patterns already: several rules ask for each, and packages repeat theirs.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Verdict, analyse_literal};

/// How many answers a thread keeps; with more it begins anew.
const MOST: usize = 2_048;

thread_local! {
    static KNOWN: RefCell<FxHashMap<Box<str>, Rc<Verdict>>> = RefCell::default();
}

/// What [`analyse_literal`] says of a literal that a parser has let through.
pub(crate) fn known_literal(literal: &str) -> Rc<Verdict> {
    // Without a repetition there is one way to match.
    if !literal.bytes().any(|byte| matches!(byte, b'*' | b'+' | b'{')) {
        return Rc::new(Verdict::Safe);
    }
    KNOWN.with(|known| {
        if let Some(verdict) = known.borrow().get(literal) {
            return verdict.clone();
        }
        let verdict = Rc::new(analyse_literal(literal));
        let mut known = known.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(literal.into(), verdict.clone());
        verdict
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_answer_is_the_first() {
        for literal in ["/(a+)+$/", "/^abc?$/", r"/\s+$/g", "/[/"] {
            let first = known_literal(literal);
            assert_eq!(format!("{first:?}"), format!("{:?}", known_literal(literal)));
            if literal.contains(['*', '+']) {
                assert_eq!(format!("{first:?}"), format!("{:?}", analyse_literal(literal)));
            }
        }
    }
}
