//! Words that are looked for inside many names, all in one pass over each.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// A few short words; capitals make no difference.
pub(crate) struct Words {
    words: &'static [&'static str],
    finder: OnceLock<AhoCorasick>,
}

impl Words {
    /// Of these words.
    pub(crate) const fn new(words: &'static [&'static str]) -> Self {
        Self { words, finder: OnceLock::new() }
    }

    /// Whether one of them is in a name.
    pub(crate) fn are_in(&self, name: &str) -> bool {
        let finder = self.finder.get_or_init(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .build(self.words)
                .expect("a few short words make an automaton")
        });
        finder.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_make_no_difference() {
        static WORDS: Words = Words::new(&["escape", "md5"]);
        assert!(WORDS.are_in("htmlEscape") && WORDS.are_in("MD5") && WORDS.are_in("unescaped"));
        assert!(!WORDS.are_in("scape") && !WORDS.are_in(""));
    }
}
