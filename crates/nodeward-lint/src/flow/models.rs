//! What is known of the platform and of well-known packages: which of their values come from outside, where harm is
//! done, what makes a value harmless.
//!
//! An interface is a path: `child_process.exec` is a member of a module, `express.()` what calling the module gives,
//! `http.createServer.@0.0` the first parameter of the function given as its first argument. `new` stands for an
//! instance, `@*` for any argument, `{a,b}` for one of several names, `*` for any name. One table holds all paths;
//! `models/*.rs` are the entries, by subject.

mod handlers;
mod request;
mod sanitizers;
mod sinks;
mod transfer;

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use sinks::{NAMED, NAMED_FUNCTIONS, PROPERTIES, SinkKind, Which};
pub(crate) use transfer::{Transfer, WITHOUT_LINES};

use super::graph::Taint;

/// A value of a known interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ApiId(pub(super) u32);

/// A step on the way to an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Segment(u32);

impl Segment {
    /// What a call gives.
    pub(crate) const RESULT: Self = Self(0);
    /// What `new` gives.
    pub(crate) const NEW: Self = Self(1);
    /// Any member.
    const STAR: Self = Self(2);
    /// Any argument.
    const ANY_ARGUMENT: Self = Self(3);
    /// The first argument; the others follow.
    const ARGUMENTS: u32 = 4;
    /// The first parameter; the others follow.
    const PARAMETERS: u32 = 12;
    /// The first name.
    const NAMES: u32 = 20;
}

/// Who controls a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Origin {
    /// Whoever can send a request or a message.
    Remote,
    /// Whoever starts the program.
    Launch,
    /// Whoever calls the library.
    Caller,
    /// Secrets of this machine.
    Secret,
    /// Fetched from the network.
    Fetched,
    /// Whoever made an archive: the names of its entries.
    Archive,
}

/// Arguments that are copied as they are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Copies {
    /// The first argument is the result.
    pub(crate) result: bool,
    /// The others become part of the first.
    pub(crate) merge: bool,
    /// The first argument inherits from the second.
    pub(crate) inherit: bool,
}

/// A place where harm is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sink {
    pub(crate) which: Which,
    pub(crate) kind: SinkKind,
}

/// The tables.
pub(crate) struct Models {
    names: FxHashMap<String, Segment>,
    children: FxHashMap<(ApiId, Segment), ApiId>,
    sources: FxHashMap<ApiId, Origin>,
    one_line: FxHashSet<ApiId>,
    sinks: FxHashMap<ApiId, Vec<Sink>>,
    /// What is left of what goes in, for functions whose result is known.
    results: FxHashMap<ApiId, Taint>,
    copies: FxHashMap<ApiId, Copies>,
    /// The members of an interface that have names.
    members: FxHashMap<ApiId, Vec<(String, ApiId)>>,
    shared: Vec<ApiId>,
    /// Values from outside that are texts, or objects of texts, whatever the client sends.
    texts: Vec<ApiId>,
    /// Of these those that are where the request was sent to.
    addresses: Vec<ApiId>,
    size: u32,
    modules: ApiId,
    globals: ApiId,
}

static MODELS: LazyLock<Models> = LazyLock::new(Models::build);

impl Models {
    /// The tables, built once.
    pub(crate) fn get() -> &'static Self {
        &MODELS
    }

    fn build() -> Self {
        let mut models = Self {
            names: FxHashMap::default(),
            children: FxHashMap::default(),
            sources: FxHashMap::default(),
            one_line: FxHashSet::default(),
            sinks: FxHashMap::default(),
            results: FxHashMap::default(),
            copies: FxHashMap::default(),
            members: FxHashMap::default(),
            shared: Vec::new(),
            texts: Vec::new(),
            addresses: Vec::new(),
            size: 2,
            modules: ApiId(0),
            globals: ApiId(1),
        };
        for (path, target) in request::ALIASES.iter().chain(handlers::ALIASES) {
            let target = models.path(target)[0];
            for (parent, segment) in models.ends(path) {
                models.children.insert((parent, segment), target);
            }
        }
        for (paths, origin) in request::SOURCES.iter().chain(handlers::SOURCES) {
            for path in *paths {
                for api in models.path(path) {
                    models.sources.insert(api, *origin);
                }
            }
        }
        for path in request::ONE_LINE {
            let found = models.path(path);
            models.one_line.extend(found);
        }
        for (kind, which, paths) in sinks::SINKS {
            for path in *paths {
                for api in models.path(path) {
                    models.sinks.entry(api).or_default().push(Sink { which: *which, kind: *kind });
                }
            }
        }
        for (cleared, paths) in sanitizers::RESULTS {
            for path in *paths {
                for (parent, segment) in models.ends(path) {
                    let api = models.make(parent, segment);
                    models.results.insert(api, *cleared);
                    // Any member is also each of those that have entries of their own.
                    if segment == Segment::STAR {
                        let named = models
                            .children
                            .iter()
                            .filter(|((of, name), _)| *of == parent && name.0 >= Segment::NAMES);
                        let named: Vec<ApiId> = named.map(|(_, api)| *api).collect();
                        for api in named {
                            models.results.entry(api).or_insert(*cleared);
                        }
                    }
                }
            }
        }
        for (copies, paths) in transfer::COPIES {
            for path in *paths {
                for api in models.path(path) {
                    models.copies.insert(api, *copies);
                }
            }
        }
        models.list_members();
        let shared = ["~request", "~response", "~response.locals", "~context", "~context.state"];
        models.addresses = request::ADDRESSES.iter().flat_map(|path| models.path(path)).collect();
        models.texts = request::TEXTS.iter().flat_map(|path| models.path(path)).collect();
        models.shared = shared.iter().flat_map(|path| models.path(path)).collect();
        models
    }

    fn list_members(&mut self) {
        let names: FxHashMap<Segment, &String> = self.names.iter().map(|(name, at)| (*at, name)).collect();
        let mut members: FxHashMap<ApiId, Vec<(String, ApiId)>> = FxHashMap::default();
        for ((parent, segment), api) in &self.children {
            if let Some(name) = names.get(segment) {
                members.entry(*parent).or_default().push(((*name).clone(), *api));
            }
        }
        for members in members.values_mut() {
            members.sort_unstable();
        }
        self.members = members;
    }

    /// The interfaces that a path names, made where they are new.
    fn path(&mut self, path: &'static str) -> Vec<ApiId> {
        let ends = self.ends(path);
        ends.into_iter().map(|(parent, segment)| self.make(parent, segment)).collect()
    }

    /// For each interface that a path names the one before it and the last step.
    fn ends(&mut self, path: &'static str) -> Vec<(ApiId, Segment)> {
        let (root, rest) = match path.strip_prefix("global.") {
            Some(rest) => (self.globals, rest),
            None => (self.modules, path),
        };
        let mut parents = vec![root];
        let mut ends = Vec::new();
        for part in split(rest) {
            if !ends.is_empty() {
                parents = std::mem::take(&mut ends)
                    .into_iter()
                    .map(|(parent, segment)| self.make(parent, segment))
                    .collect();
            }
            for segment in self.segments(part) {
                ends.extend(parents.iter().map(|parent| (*parent, segment)));
            }
        }
        ends
    }

    fn make(&mut self, parent: ApiId, segment: Segment) -> ApiId {
        let next = ApiId(self.size);
        let api = *self.children.entry((parent, segment)).or_insert(next);
        if api == next {
            self.size += 1;
        }
        api
    }

    fn segments(&mut self, part: &'static str) -> Vec<Segment> {
        let digit = |text: &str| text.parse::<u32>().ok().filter(|number| *number < 8);
        match part {
            "()" => vec![Segment::RESULT],
            "new" => vec![Segment::NEW],
            "*" => vec![Segment::STAR],
            "@*" => vec![Segment::ANY_ARGUMENT],
            _ => {
                if let Some(number) = part.strip_prefix('@').and_then(digit) {
                    vec![Segment(Segment::ARGUMENTS + number)]
                } else if let Some(number) = digit(part) {
                    vec![Segment(Segment::PARAMETERS + number)]
                } else if let Some(names) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                    let segment = |name: &'static str| match digit(name) {
                        Some(number) => Segment(Segment::PARAMETERS + number),
                        None => self.name(name),
                    };
                    names.split(',').map(segment).collect()
                } else {
                    vec![self.name(part)]
                }
            }
        }
    }

    fn name(&mut self, name: &'static str) -> Segment {
        let next = Segment(Segment::NAMES + u32::try_from(self.names.len()).expect("few names"));
        *self.names.entry(name.replace('%', ".")).or_insert(next)
    }

    /// The step that a name is, if any path has it.
    pub(crate) fn segment(&self, name: &str) -> Option<Segment> {
        Some(self.names.get(name).copied().unwrap_or(Segment::STAR))
    }

    /// A module by the name that code gives it.
    pub(crate) fn module(&self, specifier: &str) -> Option<ApiId> {
        let name = specifier.strip_prefix("node:").unwrap_or(specifier);
        self.children.get(&(self.modules, *self.names.get(name)?)).copied()
    }

    /// A global variable.
    pub(crate) fn global(&self, name: &str) -> Option<ApiId> {
        if matches!(name, "global" | "globalThis" | "window" | "self") {
            return Some(self.globals);
        }
        self.children.get(&(self.globals, *self.names.get(name)?)).copied()
    }

    /// One step further.
    pub(crate) fn child(&self, api: ApiId, segment: Segment) -> Option<ApiId> {
        let found = self.children.get(&(api, segment));
        let is_name = segment.0 >= Segment::NAMES || segment == Segment::STAR;
        found.or_else(|| is_name.then(|| self.children.get(&(api, Segment::STAR))).flatten()).copied()
    }

    /// What stands for the functions given as this argument.
    pub(crate) fn argument(&self, api: ApiId, position: usize) -> Option<ApiId> {
        let number = u32::try_from(position).ok().filter(|number| *number < 8)?;
        let own = self.children.get(&(api, Segment(Segment::ARGUMENTS + number)));
        own.or_else(|| self.children.get(&(api, Segment::ANY_ARGUMENT))).copied()
    }

    /// What stands for this parameter of a known callback.
    pub(crate) fn parameter(&self, api: ApiId, position: usize) -> Option<ApiId> {
        let number = u32::try_from(position).ok().filter(|number| *number < 8)?;
        self.children.get(&(api, Segment(Segment::PARAMETERS + number))).copied()
    }

    /// The members that have names.
    pub(crate) fn members(&self, api: ApiId) -> &[(String, ApiId)] {
        self.members.get(&api).map_or(&[], Vec::as_slice)
    }

    /// What stands for any member.
    pub(crate) fn any_member(&self, api: ApiId) -> Option<ApiId> {
        self.children.get(&(api, Segment::STAR)).copied()
    }

    /// What walking over its elements gives.
    pub(crate) fn element(&self, api: ApiId) -> Option<ApiId> {
        self.children.get(&(api, *self.names.get("[]")?)).copied()
    }

    /// What a parameter of this type, or with this decorator, is.
    pub(crate) fn typed(&self, name: &str) -> Option<ApiId> {
        let target = handlers::TYPES.iter().find(|(names, _)| names.contains(&name))?.1;
        self.module(target)
    }

    /// What stands for a function that a file exports by this name, where frameworks call it by that name.
    pub(crate) fn exported(&self, name: &str) -> Option<ApiId> {
        let target = handlers::EXPORTED.iter().find(|(names, _)| names.contains(&name))?.1;
        self.module(target)
    }

    /// Whether one handler finds in it what another has left there.
    pub(crate) fn is_shared(&self, api: ApiId) -> bool {
        self.shared.contains(&api)
    }

    /// A request, as servers hand it to handlers.
    pub(crate) fn request(&self) -> Option<ApiId> {
        self.module("~request")
    }

    /// A response.
    pub(crate) fn response(&self) -> Option<ApiId> {
        self.module("~response")
    }

    /// A context that holds both.
    pub(crate) fn context(&self) -> Option<ApiId> {
        self.module("~context")
    }

    /// Who controls this value, if it comes from outside.
    pub(crate) fn origin(&self, api: ApiId) -> Option<Origin> {
        self.sources.get(&api).copied()
    }

    /// Whether this value from outside cannot hold a line break, because the protocol it came by has none there.
    pub(crate) fn is_one_line(&self, api: ApiId) -> bool {
        self.one_line.contains(&api)
    }

    /// Whether it is where a request was sent to.
    pub(crate) fn is_address(&self, api: ApiId) -> bool {
        self.addresses.contains(&api)
    }

    /// Whether it can be no object of the client's making.
    pub(crate) fn is_text(&self, api: ApiId) -> bool {
        self.texts.contains(&api)
    }

    /// Where it does harm.
    pub(crate) fn sinks(&self, api: ApiId) -> &[Sink] {
        self.sinks.get(&api).map_or(&[], Vec::as_slice)
    }

    /// What its result no longer can do, where that is known.
    pub(crate) fn result(&self, api: ApiId) -> Option<Taint> {
        self.results.get(&api).copied()
    }

    /// What its instances no longer can do.
    pub(crate) fn result_of_new(&self, api: ApiId) -> Option<Taint> {
        let made = self.children.get(&(api, Segment::NEW));
        made.and_then(|made| self.result(*made)).or_else(|| self.result(api))
    }

    /// What it copies.
    pub(crate) fn copies(&self, api: ApiId) -> Option<Copies> {
        self.copies.get(&api).copied()
    }

    /// Whether a method of this name belongs to strings, arrays and the like.
    pub(crate) fn is_built_in_method(&self, name: &str) -> bool {
        transfer::is_built_in(name)
    }

    /// Whether a function of this name makes what it gives harmless.
    pub(crate) fn is_cleaner(&self, name: &str) -> bool {
        transfer::is_cleaner(name)
    }

    /// What a call that nothing is known of does with its arguments, by its name.
    pub(crate) fn transfer(&self, name: &str) -> Transfer {
        transfer::by_name(name)
    }
}

/// The parts of a path: dots inside `{…}` and in names such as `socket.io` (written `socket%io`) do not count.
fn split(path: &'static str) -> impl Iterator<Item = &'static str> {
    let mut is_inside = false;
    path.split(move |character| {
        match character {
            '{' => is_inside = true,
            '}' => is_inside = false,
            _ => {}
        }
        character == '.' && !is_inside
    })
    .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_interfaces() {
        let models = Models::get();
        let module = models.module("node:child_process").expect("the module is known");
        let name = models.segment("exec").expect("the name is known");
        let exec = models.child(module, name).expect("the function is known");
        assert!(!models.sinks(exec).is_empty());
        assert!(models.request().is_some());
    }
}
