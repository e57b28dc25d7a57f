//! Code that sealed files have made of strings. What is written out in a file is sealed with it, by exactly its text;
//! where nobody can tell is said, as it will be denied.

use std::collections::BTreeMap;

use nodeward_report::Printable;
use nodeward_seal::seal::{Digest, EvalMode, EvalRules, adapters};
use nodeward_seal::trace::Made;
use nodeward_seal::{Source, SourceList};

use crate::session::{Chatter, Session};

/// How many lines of a kind are shown without `--verbose`.
const SHOWN: usize = 5;

/// How much of a text is shown, in characters.
const EXCERPT: usize = 60;

/// Permits the texts that stand in sealed files as what these have made into code, says which, and names the packages
/// that make code of others and that no adapter covers.
pub(crate) fn permit_written(rules: &mut EvalRules, made: &[Made], list: &SourceList, session: &Session) {
    let written: Vec<(&Made, &str)> =
        made.iter().filter_map(|place| Some((place, place.text.as_deref()?))).collect();
    rules.texts.extend(written.iter().map(|(_, text)| Digest::of(text.as_bytes())));
    rules.texts.sort();
    rules.texts.dedup();
    if rules.mode != EvalMode::Strict {
        return;
    }
    for (place, text) in written.iter().take(shown(written.len(), session)) {
        session.note(format_args!(
            "{}:{}: makes code of a text that stands there, which may run: {}",
            Printable(&place.file),
            place.line,
            Printable(&excerpt(text)),
        ));
    }
    tell_more(written.len(), "texts", session);
    name_others(rules, made, list, session);
}

fn name_others(rules: &EvalRules, made: &[Made], list: &SourceList, session: &Session) {
    let sources: BTreeMap<&str, &Source> =
        list.sources.iter().map(|source| (source.path.as_str(), source)).collect();
    let mut packages: BTreeMap<Option<&str>, Vec<&Made>> = BTreeMap::new();
    for place in made.iter().filter(|place| place.text.is_none()) {
        let Some(source) = sources.get(place.file.as_str()) else { continue };
        let is_listed = rules.modules.iter().any(|module| module.as_str() == place.file);
        if !is_listed && adapters::adapter_of(source).is_none() {
            packages.entry(source.package.as_deref()).or_default().push(place);
        }
    }
    for (package, places) in packages.iter().take(shown(packages.len(), session)) {
        session.warn(format_args!(
            "{}:{}: {} makes code from strings that only a run tells, and will be denied that{}",
            Printable(&places[0].file),
            places[0].line,
            Printable(package.unwrap_or("the project")),
            match places.len() - 1 {
                0 => String::new(),
                1 => " (and in 1 more place)".to_owned(),
                more => format!(" (and in {more} more places)"),
            },
        ));
    }
    tell_more(packages.len(), "packages", session);
    if packages.is_empty() {
        return;
    }
    let mut own: Vec<&str> = packages.get(&None).into_iter().flatten().map(|place| &*place.file).collect();
    own.dedup();
    session.note("if the program needs it, in nodeward.toml (docs/eval.md):");
    session.note("[seal.eval]");
    if !own.is_empty() {
        let own: Vec<String> = own.iter().map(|file| format!("{file:?}")).collect();
        session.note(format_args!(
            "modules = [{}]  # and have them run the code through letMeEval",
            Printable(&own.join(", "))
        ));
    }
    if packages.keys().any(Option::is_some) {
        session.note("mode = \"report\"  # for packages: all code from strings runs, and is reported");
    }
}

fn shown(count: usize, session: &Session) -> usize {
    if session.chatter == Chatter::Verbose { count } else { SHOWN }
}

fn tell_more(count: usize, what: &str, session: &Session) {
    let shown = shown(count, session);
    if count > shown {
        session.note(format_args!("and {} more such {what}; --verbose names them", count - shown));
    }
}

/// The beginning of a text, on one line.
fn excerpt(text: &str) -> String {
    let mut characters =
        text.chars().map(|character| if character.is_whitespace() { ' ' } else { character });
    let begin: String = characters.by_ref().take(EXCERPT).collect();
    if characters.next().is_some() { format!("{begin}…") } else { begin }
}
