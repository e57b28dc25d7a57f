//! The slips, each with what makes it believable.

use super::key::{Key, SEPARATORS, joined, words};
use super::popular::{Popular, exactly, has_scope, is_word, under};
use super::{LookAlike, Slip, Strength};

/// The names that people type most; a squat of one of them pays even if it is short or a plural.
const HOUSEHOLD_RANK: usize = 300;
/// The names that are targets of every slip; beyond it only of those that are hardly ever by chance.
const TARGET_RANK: usize = 5_000;
/// No real name that somebody could mean is longer.
const LONGEST_NAME: usize = 214;

/// Calls `report` with every popular name that is one slip away.
pub(super) fn each(name: &str, report: &mut dyn FnMut(LookAlike)) {
    if name.len() > LONGEST_NAME {
        return;
    }
    homoglyphs(name, report);
    if !name.is_ascii() {
        return;
    }
    match name.strip_prefix('@') {
        Some(rest) => scopes(rest, report),
        None => {
            // What popular names are made of is no misspelling.
            if name.len() >= 4 && !is_word(name) {
                edits(name, report);
                anagrams(name, report);
            }
            separators(name, report);
            affixes(name, report);
            word_order(name, report);
            dropped_scopes(name, report);
        }
    }
}

fn found(target: Popular, slip: Slip, strength: Strength) -> LookAlike {
    LookAlike { target: target.name, rank: target.rank, slip, strength }
}

/// One letter added, missing or changed.
fn edits(name: &str, report: &mut dyn FnMut(LookAlike)) {
    for length in name.len() - 1..=name.len() + 1 {
        let half = length / 2;
        let head = name.get(..half).map(|head| Key::Head(length, head));
        let tail = name.len().checked_sub(length - half).map(|start| Key::Tail(length, &name[start..]));
        for target in head.into_iter().chain(tail).flat_map(under) {
            if let Some(edit) = Edit::between(name, target.name)
                && edit.is_believable(name, target)
            {
                let strength =
                    if name.len().min(target.name.len()) >= 6 { Strength::Strong } else { Strength::Fair };
                report(found(target, edit.slip, strength));
            }
        }
    }
}

/// What the index by halves has to find, for the test that it does.
#[cfg(test)]
pub(super) fn is_believable_edit(name: &str, target: &str) -> bool {
    let Some(target) = exactly(&[target]).filter(|target| !target.name.starts_with('@')) else {
        return false;
    };
    let edit = Edit::between(name, target.name).filter(|edit| edit.slip != Slip::Transposition);
    exactly(&[name]).is_none() && !is_word(name) && edit.is_some_and(|edit| edit.is_believable(name, target))
}

/// The one edit between two names, and where it is.
struct Edit {
    slip: Slip,
    /// Offset into the longer of the two.
    at: usize,
}

impl Edit {
    fn between(name: &str, target: &str) -> Option<Self> {
        let (name, target) = (name.as_bytes(), target.as_bytes());
        let at = name.iter().zip(target).take_while(|(a, b)| a == b).count();
        let (rest, target_rest) = (&name[at..], &target[at..]);
        let slip = match (rest, target_rest) {
            ([], []) => return None,
            ([a, b, rest @ ..], [c, d, target_rest @ ..]) if (a, b) == (d, c) && rest == target_rest => {
                Slip::Transposition
            }
            ([_, rest @ ..], [_, target_rest @ ..]) if rest == target_rest => Slip::Substitution,
            ([_, rest @ ..], target_rest) if rest == target_rest => Slip::Insertion,
            (rest, [_, target_rest @ ..]) if rest == target_rest => Slip::Deletion,
            _ => return None,
        };
        Some(Self { slip, at })
    }

    fn is_believable(&self, name: &str, target: Popular) -> bool {
        let shorter = name.len().min(target.name.len());
        let (here, there) =
            (name.as_bytes().get(self.at).copied(), target.name.as_bytes().get(self.at).copied());
        let size = match shorter {
            ..4 => false,
            4 => target.rank <= HOUSEHOLD_RANK,
            5 => target.rank <= TARGET_RANK / 2 || self.slip == Slip::Transposition,
            6 => target.rank <= TARGET_RANK,
            // A letter changed gives another word more often than one lost does.
            _ => target.rank <= TARGET_RANK || self.slip != Slip::Substitution,
        };
        let letter = match (self.slip, here, there) {
            (Slip::Insertion, Some(extra), _) => is_no_ending(extra, name, target),
            (Slip::Deletion, _, Some(missing)) => is_no_ending(missing, target.name, target),
            // A number changed is another number: `es5-shim`, `es6-shim`.
            (Slip::Substitution, Some(here), Some(there)) => {
                !(here.is_ascii_digit() && there.is_ascii_digit())
                    && !(self.at + 1 == name.len() && (here.is_ascii_digit() || there.is_ascii_digit()))
                    && !(is_separator(here) && is_separator(there))
                    && !(shorter == 5 && target.rank > 1_000)
            }
            _ => true,
        };
        size && letter && !changed_word_is_one(name, target.name)
    }
}

/// A successor's number and a plural are how genuine packages are named; separators are judged elsewhere.
fn is_no_ending(letter: u8, longer: &str, target: Popular) -> bool {
    let bytes = longer.as_bytes();
    let doubled = bytes.len() >= 2 && bytes[bytes.len() - 2] == b's';
    let plural = letter == b's' && longer.ends_with('s') && !doubled && target.rank > HOUSEHOLD_RANK;
    !(letter.is_ascii_digit() || is_separator(letter) || plural)
}

/// `http-browserify` is no slip of `https-browserify`: the word that differs is a word.
fn changed_word_is_one(name: &str, target: &str) -> bool {
    let (words, target_words) = (name.split(SEPARATORS), target.split(SEPARATORS));
    words.clone().count() == target_words.clone().count()
        && words
            .zip(target_words)
            .find(|(word, target)| word != target)
            .is_some_and(|(word, _)| is_word(word))
}

fn is_separator(byte: u8) -> bool {
    SEPARATORS.contains(&char::from(byte))
}

/// The same letters in another order, the first in its place.
fn anagrams(name: &str, report: &mut dyn FnMut(LookAlike)) {
    if name.len() < 5 {
        return;
    }
    for target in under(Key::Letters(name)) {
        let different = name.bytes().zip(target.name.bytes()).filter(|(a, b)| a != b).count();
        let wide = different > 4 || (different > 2 && target.rank > TARGET_RANK);
        if sorted_letters(target.name) == sorted_letters(name)
            && !wide
            && !is_of_known_words(name, target.name)
        {
            report(found(
                target,
                Slip::Transposition,
                if different == 2 { Strength::Strong } else { Strength::Fair },
            ));
        }
    }
}

fn sorted_letters(name: &str) -> Vec<u8> {
    let mut letters = name.as_bytes().to_vec();
    letters.sort_unstable();
    letters
}

/// Whether a word that the target does not have is a word all the same.
fn is_of_known_words(name: &str, target: &str) -> bool {
    let has = |wanted: &str| target.split(SEPARATORS).any(|word| word == wanted);
    name.split(SEPARATORS).any(|word| word.len() > 2 && is_word(word) && !has(word))
}

/// `crossenv`, `cross_env`, `cross.env`.
fn separators(name: &str, report: &mut dyn FnMut(LookAlike)) {
    if name.len() < 6 {
        return;
    }
    for target in same_joined(name) {
        report(found(target, Slip::Separator, Strength::Strong));
    }
}

fn same_joined(name: &str) -> impl Iterator<Item = Popular> {
    let same = move |target: &Popular| target.name != name && joined(target.name).eq(joined(name));
    under(Key::Joined(name)).filter(same)
}

/// `jquery.js`, `noderequest`, `mssql-node`; and `popper` for `popper.js`.
fn affixes(name: &str, report: &mut dyn FnMut(LookAlike)) {
    let stripped = [
        name.strip_suffix(".js").or_else(|| name.strip_suffix("-js")),
        name.strip_suffix("js").filter(|rest| rest.len() >= 4 && !rest.ends_with(SEPARATORS)),
        name.strip_prefix("node")
            .map(|rest| rest.strip_prefix('-').unwrap_or(rest))
            .filter(|rest| rest.len() >= 4),
        name.strip_suffix("-node").or_else(|| name.strip_suffix(".node")).filter(|rest| rest.len() >= 4),
    ];
    for rest in stripped.into_iter().flatten() {
        let joined = (rest.len() >= 6).then(|| same_joined(rest)).into_iter().flatten();
        for target in exactly(&[rest]).into_iter().chain(joined) {
            let strength = if target.rank <= TARGET_RANK / 2 { Strength::Fair } else { Strength::Weak };
            report(found(target, Slip::Affix, strength));
        }
    }
    if name.len() >= 5 {
        let longer = [[name, "js"], [name, ".js"], [name, "-js"], ["js-", name], ["node-", name]];
        for target in longer.iter().filter_map(|parts| exactly(parts)).filter(|it| it.rank <= TARGET_RANK) {
            report(found(target, Slip::Affix, Strength::Weak));
        }
    }
}

/// `parser-body`.
fn word_order(name: &str, report: &mut dyn FnMut(LookAlike)) {
    if name.len() < 8 || !name.contains(SEPARATORS) {
        return;
    }
    for target in under(Key::Words(name)) {
        if target.rank <= 2_000 && target.name != name && sorted_words(target.name) == sorted_words(name) {
            report(found(target, Slip::WordOrder, Strength::Fair));
        }
    }
}

fn sorted_words(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = words(name).collect();
    words.sort_unstable();
    words
}

/// `helper-module-imports` without `@babel/`; `types-node`. One word alone, such as `core`, says nothing.
fn dropped_scopes(name: &str, report: &mut dyn FnMut(LookAlike)) {
    let words = words(name).count();
    if words >= 2 {
        let strength = if words >= 3 { Strength::Fair } else { Strength::Weak };
        for target in under(Key::Unscoped(name)) {
            let same = target.name.split_once('/').is_some_and(|(_, unscoped)| unscoped == name);
            if same && target.rank <= TARGET_RANK {
                report(found(target, Slip::ScopeDropped, strength));
            }
        }
    }
    for prefix in ["types-", "types_", "types.", "type-"] {
        if let Some(target) = name.strip_prefix(prefix).and_then(|rest| exactly(&["@types/", rest])) {
            report(found(target, Slip::ScopeDropped, Strength::Fair));
        }
    }
}

/// `@bable/core`; and `@types-node`, which is no scope at all. A name within the real scope is its owner's.
fn scopes(rest: &str, report: &mut dyn FnMut(LookAlike)) {
    let Some((scope, unscoped)) = rest.split_once('/') else {
        let flat =
            ["types-", "types_", "types.", "types"].iter().find_map(|prefix| rest.strip_prefix(prefix));
        if let Some(target) = flat.and_then(|rest| exactly(&["@types/", rest])) {
            report(found(target, Slip::ScopeDropped, Strength::Strong));
        }
        return;
    };
    if has_scope(scope) {
        return;
    }
    for target in under(Key::Unscoped(unscoped)) {
        let Some((real, same)) = target.name[1..].split_once('/') else { continue };
        let believable = real.len() >= 5 && (real == "types" || !is_word(scope));
        let close = Edit::between(scope, real).is_some()
            || scope.replace(SEPARATORS, "") == real.replace(SEPARATORS, "");
        if same == unscoped && believable && close {
            report(found(target, Slip::Scope, Strength::Strong));
        }
    }
}

/// Characters that pass for a letter at a glance.
fn homoglyphs(name: &str, report: &mut dyn FnMut(LookAlike)) {
    let is_plain = |c: char| c != '1' && plain_letter(c) == c;
    let pairs = name.as_bytes().windows(2);
    if name.chars().all(is_plain) && !pairs.into_iter().any(|pair| matches!(pair, b"rn" | b"vv")) {
        return;
    }
    // Names with a number in them are many: without a letter of another script, only long ones tell.
    if name.is_ascii() && name.len() < 6 && name.bytes().any(|byte| byte.is_ascii_digit()) {
        return;
    }
    let ones = if name.contains('1') { &['l', 'i'][..] } else { &['l'] };
    for &one in ones {
        let plain = plain_name(name, one);
        if plain != name
            && plain.len() >= 4
            && let Some(target) = exactly(&[&plain])
        {
            report(found(target, Slip::Homoglyph, Strength::Strong));
        }
    }
}

/// The name as it is read at a glance, `1` for the letter given.
fn plain_name(name: &str, one: char) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        let letter = if c == '1' { one } else { plain_letter(c) };
        let pair = match (plain.as_bytes().last(), letter) {
            (Some(b'r'), 'n') => Some('m'),
            (Some(b'v'), 'v') => Some('w'),
            _ => None,
        };
        if pair.is_some() {
            plain.pop();
        }
        plain.push(pair.unwrap_or(letter));
    }
    plain
}

fn plain_letter(c: char) -> char {
    match c {
        '0' | 'о' | 'ο' | 'օ' => 'o',
        '3' | 'е' | 'ё' | 'é' | 'è' | 'ė' | 'ę' => 'e',
        '4' | 'а' | 'α' | 'á' | 'à' | 'ä' | 'ɑ' => 'a',
        '5' | 'ѕ' => 's',
        '7' => 't',
        '8' | 'Ь' => 'b',
        '9' | 'ɡ' => 'g',
        'с' | 'ç' | 'ϲ' => 'c',
        'р' | 'ρ' => 'p',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'і' | 'í' | 'ı' | 'ι' | 'ï' => 'i',
        'ӏ' | 'ł' | '|' => 'l',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ո' | 'ñ' | 'ń' => 'n',
        'ν' | 'ѵ' => 'v',
        'ԁ' => 'd',
        'һ' => 'h',
        'ԛ' => 'q',
        'ԝ' => 'w',
        'ü' | 'ս' | 'ú' => 'u',
        'ö' | 'ó' => 'o',
        '‐' | '‑' | '–' | '—' => '-',
        _ => c,
    }
}
