//! Changes of the text that clear a finding.

/// Whether a change can alter what the program does beyond what the finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It cannot: `--fix` makes it.
    Safe,
    /// It may: only `--fix-unsafe` makes it.
    Unsafe,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Byte offset of the first byte to replace.
    pub start: usize,
    /// Byte offset past the last.
    pub end: usize,
    /// What stands there afterwards.
    pub text: String,
}

/// A change that clears one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may alter more than that.
    pub safety: Safety,
    /// What it does, in a few words: `use Buffer.from`.
    pub title: &'static str,
    /// Its edits, in the order of the text, none overlapping another.
    pub edits: Vec<Edit>,
}

/// Makes the changes that do not get in each other's way, first come first served; gives the new text and how many
/// of the changes were made.
pub fn apply<'f>(text: &str, fixes: impl IntoIterator<Item = &'f Fix>) -> (String, usize) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut made = 0;
    for fix in fixes {
        let free = |edit: &Edit| {
            let at = taken.partition_point(|other| other.start < edit.start);
            let before = at.checked_sub(1).and_then(|before| taken.get(before));
            let clear_before =
                before.is_none_or(|other| other.end <= edit.start && other.start != edit.start);
            let clear_after =
                taken.get(at).is_none_or(|other| edit.end <= other.start && other.start != edit.start);
            clear_before && clear_after && text.get(edit.start..edit.end).is_some()
        };
        if fix.edits.iter().all(free) {
            for edit in &fix.edits {
                let at = taken.partition_point(|other| other.start < edit.start);
                taken.insert(at, edit);
            }
            made += 1;
        }
    }
    let mut fixed = String::with_capacity(text.len());
    let mut from = 0;
    for edit in taken {
        fixed.push_str(&text[from..edit.start]);
        fixed.push_str(&edit.text);
        from = edit.end;
    }
    fixed.push_str(&text[from..]);
    (fixed, made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits.iter().map(|&(start, end, text)| Edit { start, end, text: text.to_owned() });
        Fix { safety: Safety::Safe, title: "test", edits: edits.collect() }
    }

    #[test]
    fn changes_that_overlap_are_left_for_the_next_run() {
        let fixes = [fix(&[(4, 7, "X")]), fix(&[(6, 9, "Y")]), fix(&[(0, 1, ""), (8, 9, "Z")])];
        assert_eq!(apply("abcdefghij", &fixes), ("bcdXhZj".to_owned(), 2));
    }

    #[test]
    fn an_edit_outside_the_text_is_not_made() {
        assert_eq!(apply("é", &[fix(&[(1, 2, "x")])]), ("é".to_owned(), 0));
        assert_eq!(apply("a", &[fix(&[(1, 5, "x")])]), ("a".to_owned(), 0));
    }
}
