//! What is flagged, what is not, and how much of either on real names.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn data(test: &str, file: &str) -> Option<String> {
    let folder = nodeward_testkit::data_or_skip(test)?;
    Some(std::fs::read_to_string(folder.join("names").join(file)).unwrap())
}

#[test]
fn one_slip_from_a_popular_name_is_seen() {
    for (name, target, slip) in [
        ("crossenv", "cross-env", Slip::Separator),
        ("cross_env", "cross-env", Slip::Separator),
        ("cross.env", "cross-env", Slip::Separator),
        ("expres", "express", Slip::Deletion),
        ("expresss", "express", Slip::Insertion),
        ("lodahs", "lodash", Slip::Transposition),
        ("chalc", "chalk", Slip::Substitution),
        ("l0dash", "lodash", Slip::Homoglyph),
        ("1odash", "lodash", Slip::Homoglyph),
        ("rninimatch", "minimatch", Slip::Homoglyph),
        ("ехpress", "express", Slip::Homoglyph),
        ("jquery.js", "jquery", Slip::Affix),
        ("nodemailer-js", "nodemailer", Slip::Affix),
        ("noderequest", "request", Slip::Affix),
        ("parser-body", "body-parser", Slip::WordOrder),
        ("helper-annotate-as-pure", "@babel/helper-annotate-as-pure", Slip::ScopeDropped),
        ("types-node", "@types/node", Slip::ScopeDropped),
        ("@types-node", "@types/node", Slip::ScopeDropped),
        ("@type/node", "@types/node", Slip::Scope),
        ("@bable/core", "@babel/core", Slip::Scope),
    ] {
        let found = look_alike_of(name);
        assert!(found.is_some_and(|found| found.target == target && found.slip == slip), "{name}: {found:?}");
    }
}

#[test]
fn what_only_resembles_is_left_alone() {
    for name in [
        // Popular itself.
        "express",
        "preact",
        "eslint",
        "@types/node",
        "colors",
        // A successor's number, a plural, another word.
        "didyoumean2",
        "es9-shim",
        "cli-spinner",
        "my-xml-parser",
        "left-handed",
        // The owner of a scope names what he likes in it; so do owners of other scopes.
        "@types/lodahs",
        "@babel/croe",
        "@acme/lodash",
        "@myteam/core",
        // Too short to say anything.
        "a",
        "np",
        "uws",
        "argh",
        "core",
        "client",
        // Unlike anything.
        "an-entirely-different-thing",
        "(unnamed)",
        "",
    ] {
        assert_eq!(look_alike_of(name), None, "{name}");
    }
}

#[test]
fn no_popular_name_and_no_genuine_pair_is_flagged() {
    assert_eq!(popular_names().filter_map(look_alike_of).count(), 0);
    let Some(text) = data("no_popular_name_and_no_genuine_pair_is_flagged", "legit-near-pairs.json") else {
        return;
    };
    let pairs: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names = pairs["pairs"].as_array().unwrap().iter().flat_map(|pair| pair.as_array().unwrap());
    let flagged: Vec<&str> =
        names.map(|name| name.as_str().unwrap()).filter(|name| look_alike_of(name).is_some()).collect();
    assert_eq!(flagged, [""; 0]);
}

#[test]
fn real_squats_are_found() {
    let Some(text) = data("real_squats_are_found", "typosquat-pairs-derived.json") else { return };
    let pairs: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for pair in &pairs {
        let (found, all) = seen.entry(pair["how"].as_str().unwrap()).or_default();
        *all += 1;
        *found += usize::from(look_alike_of(pair["malicious"].as_str().unwrap()).is_some());
    }
    for (how, (found, all)) in seen {
        // The others dropped a scope and left one everyday word: `core`, `client`, `utils`.
        let least = if how.starts_with("scope dropped") { 80 } else { 94 };
        assert!(found * 100 >= all * least, "{how}: {found} of {all}");
    }
}

#[test]
fn the_genuine_list_is_sorted_and_needed() {
    let names: Vec<&str> = GENUINE.lines().collect();
    assert!(names.is_sorted());
    for name in names {
        let mut count = 0;
        slips::each(name, &mut |_| count += 1);
        assert!(count > 0 && !is_popular(name), "{name} need not be listed");
    }
}

proptest! {
    #[test]
    fn any_text_is_looked_at(name in "\\PC{0,40}") {
        let _ = look_alike_of(&name);
    }

    /// The index by halves finds what a comparison with every name finds.
    #[test]
    fn no_edit_is_overlooked(rank in 0_usize..2_000, at in 0_usize..40, letter in proptest::char::range('a', 'z'), kind in 0..3) {
        let Some(target) = popular_names().nth(rank).filter(|name| name.len() >= 8 && !name.starts_with('@')) else { return Ok(()) };
        let mut letters: Vec<char> = target.chars().collect();
        let at = at % letters.len();
        match kind {
            0 => letters[at] = letter,
            1 => letters.insert(at, letter),
            _ => { letters.remove(at); }
        }
        let name: String = letters.iter().collect();
        let compared = popular_names().take(5_000).any(|known| slips::is_believable_edit(&name, known));
        let mut indexed = false;
        slips::each(&name, &mut |found| indexed |= matches!(found.slip, Slip::Insertion | Slip::Deletion | Slip::Substitution) && found.rank <= 5_000);
        prop_assert_eq!(indexed, compared, "{}", name);
    }
}
