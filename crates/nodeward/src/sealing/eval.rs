//! Bounded eval in a seal: the modules that get a permission, and those that could use one.
//!
//! No code from strings is permitted that `nodeward.toml` does not ask for. What could be is told, with the lines to
//! add. WebAssembly is permitted that stands in the text of a sealed file: it is sealed with that text.

use std::collections::BTreeSet;
use std::path::Path;

use nodeward_report::Printable;
use nodeward_seal::SourceList;
use nodeward_seal::seal::{Digest, EvalMode, EvalRules, SealPath, adapters};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::session::{Chatter, Session};

/// How many modules are named without `--verbose`.
const SHOWN: usize = 5;

/// Which adapters permit the modules that they cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a list of adapters, or true for all")]
#[schemars(inline)]
pub(crate) enum Adapters {
    /// None.
    #[default]
    None,
    /// `true`: all.
    All(bool),
    /// By name.
    Named(Vec<String>),
}

impl Adapters {
    /// The first name that no adapter has.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.named().find(|name| !adapters::names().contains(name))
    }

    fn named(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Named(names) => &names[..],
            Self::None | Self::All(_) => &[],
        };
        names.iter().map(String::as_str)
    }

    fn takes(&self, adapter: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::None | Self::Named(_) => self.named().any(|name| name == adapter),
        }
    }
}

/// What the seal says: the modules that are named, from the folder of `nodeward.toml`, and those that the adapters
/// which are asked for cover. Tells what else could be permitted.
pub(crate) fn rules(
    declared: &EvalRules,
    asked: &Adapters,
    base: &Path,
    list: &SourceList,
    session: &Session,
) -> EvalRules {
    let mut rules = declared.clone();
    for module in &mut rules.modules {
        let real = base.join(&*module).canonicalize();
        let below = real.ok().and_then(|real| below(&real, &list.root));
        // One that is not there is named by whoever looks for it among the sources.
        *module = below.unwrap_or_else(|| module.clone());
    }
    let covered: Vec<(&str, &str)> = list
        .sources
        .iter()
        .filter_map(|source| Some((source.path.as_str(), adapters::adapter_of(source)?)))
        .collect();
    let permitted = covered.iter().filter(|(_, adapter)| asked.takes(adapter));
    rules.modules.extend(permitted.filter_map(|(path, _)| SealPath::parse(path).ok()));
    rules.modules.sort();
    rules.modules.dedup();
    for name in asked.named().filter(|name| covered.iter().all(|(_, adapter)| adapter != name)) {
        session.warn(format_args!("`adapters` of nodeward.toml: nothing that loads is covered by {name:?}"));
    }
    if rules.mode == EvalMode::Strict {
        suggest(&covered, &rules, asked, session);
    }
    rules
}

/// Permits the WebAssembly that stands in the text of sealed files, besides what is declared, and says which bring it.
pub(crate) fn permit_carried(rules: &mut EvalRules, carried: &[(String, Digest)], session: &Session) {
    rules.wasm.extend(carried.iter().map(|(_, hash)| *hash));
    rules.wasm.sort();
    rules.wasm.dedup();
    let shown = if session.chatter == Chatter::Verbose { carried.len() } else { SHOWN };
    for (file, hash) in carried.iter().take(shown) {
        session.note(format_args!("{}: carries WebAssembly, which may be compiled: {hash}", Printable(file)));
    }
    if carried.len() > shown {
        session.note(format_args!(
            "and {} more WebAssembly modules; --verbose names them",
            carried.len() - shown
        ));
    }
}

fn below(file: &Path, root: &Path) -> Option<SealPath> {
    let below = file.strip_prefix(root).ok()?.to_str()?;
    SealPath::parse(&below.replace(std::path::MAIN_SEPARATOR, "/")).ok()
}

/// Names the modules whose code from strings will be denied, and the lines that would permit it.
fn suggest(covered: &[(&str, &str)], rules: &EvalRules, asked: &Adapters, session: &Session) {
    let is_denied = |path: &str| !rules.modules.iter().any(|module| module.as_str() == path);
    let denied: Vec<&(&str, &str)> = covered.iter().filter(|(path, _)| is_denied(path)).collect();
    if denied.is_empty() {
        return;
    }
    let shown = if session.chatter == Chatter::Verbose { denied.len() } else { SHOWN };
    for (path, _) in denied.iter().take(shown) {
        session.warn(format_args!("{path}: can make code from strings, and will be denied that"));
    }
    if denied.len() > shown {
        session.warn(format_args!("and {} more such modules; --verbose names them", denied.len() - shown));
    }
    let names: BTreeSet<&str> = asked.named().chain(denied.iter().map(|(_, adapter)| *adapter)).collect();
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    session.note("if the program needs it, permit these, and only these, in nodeward.toml (docs/eval.md):");
    session.note("[seal.eval]");
    session.note(format_args!("adapters = [{}]", Printable(&names.join(", "))));
}
