//! From a solved unit to findings.

use std::cell::LazyCell;

use nodeward_javascript::oxc::Span;
use rustc_hash::FxHashMap;

use super::graph::{CallKind, FileGraph, FunctionId, Label, NameId, NodeId, Sends, Shape, Spot, Taint};
use super::marks::Marks;
use super::models::{ApiId, Models, Origin, Sink, SinkKind, Which};
use super::models::{NAMED, NAMED_FUNCTIONS, PROPERTIES};
use super::sources::{Source, sources};
use super::taint::{Step, Walk, Way, Web};
use super::unit::Unit;
use super::values::{Fact, Values};
use crate::driver::Deadline;

/// Who is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Whoever sends requests.
    Application,
    /// Callers of what the unit exports, too.
    Library,
}

/// Where a value from outside does harm, and how it came there.
#[derive(Debug, Clone)]
pub(crate) struct FlowFinding {
    pub(crate) sink: SinkKind,
    pub(crate) file: usize,
    pub(crate) span: Span,
    pub(crate) origin: Origin,
    /// Whether the value was put between other text on its way: a command with a hole, rather than a command.
    pub(crate) is_joined: bool,
    /// Whether it arrives as text that was put between other text, and not as a part of what was.
    pub(crate) ends_joined: bool,
    /// How many steps of the path are guesses about functions that nothing is known of.
    pub(crate) guesses: usize,
    /// Whether it cannot hold a line break.
    pub(crate) is_one_line: bool,
    /// A regular expression, where one is concerned.
    pub(crate) pattern: Option<String>,
    /// Whether only the name of a method or property says that harm is done.
    pub(crate) is_named_only: bool,
    /// Whether what is written to a prototype is no value from outside, or the prototype was chosen elsewhere than
    /// in the loop or the recursion that writes to it.
    pub(crate) is_doubtful: bool,
    /// Whether it was in a variable that several functions use and one of them assigns: what it holds when is not known.
    pub(crate) is_any_time: bool,
    /// Whether the value comes from a parameter by few steps, none of them through what objects keep.
    pub(crate) is_direct: bool,
    /// Whether it is a parameter as it was handed in, or what methods of texts made of that: no property and no element
    /// of what was handed in, and nothing that had to be made a text first.
    pub(crate) is_bare: bool,
    /// Whether it was put into text with tags of markup.
    pub(crate) is_tagged: bool,
    pub(crate) path: Vec<FlowStep>,
}

/// One step of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowStep {
    pub(crate) file: usize,
    pub(crate) span: Span,
}

impl FlowFinding {
    /// Where harm is done and which: findings that have this in common tell of several ways to the same place.
    pub(crate) fn place(&self) -> (usize, u32, u32, SinkKind, Option<&str>) {
        (self.file, self.span.start, self.span.end, self.sink, self.pattern.as_deref())
    }

    /// The file that the value comes from.
    pub(crate) fn start(&self) -> usize {
        self.path.first().map_or(self.file, |step| step.file)
    }
}

/// The findings of a unit, in the order of files and places, and whether the walk was cut short. Of several ways to
/// one place some are told, those found first before the others.
pub(crate) fn solve(
    files: Vec<FileGraph>,
    mode: Mode,
    resolve: impl Fn(usize, &str) -> Option<usize>,
    deadline: Deadline,
) -> (Vec<FlowFinding>, bool) {
    let unit = Unit::join(files, resolve);
    let values = Values::solve(&unit, deadline);
    // What the program is started with is followed apart: where it is put together with what a client sends, such
    // as a folder with a path, it would stand for both.
    let (launched, sent): (Vec<Source>, Vec<Source>) =
        sources(&unit, &values, mode).into_iter().partition(|(_, _, origin)| *origin == Origin::Launch);
    let web = LazyCell::new(|| Web::new(&unit, &values));
    let marks = Marks::new(&unit);
    let mut found = FxHashMap::default();
    let mut is_cut = values.is_cut;
    for sources in [sent, launched] {
        if sources.is_empty() {
            continue;
        }
        let walk = Walk::run(&unit, &values, &web, &sources, deadline);
        let mut reporter =
            Reporter { unit: &unit, values: &values, walk: &walk, marks: &marks, findings: found };
        reporter.calls();
        reporter.spots();
        reporter.computed();
        reporter.methods();
        found = reporter.findings;
        is_cut |= walk.is_cut;
    }
    let mut findings: Vec<FlowFinding> = found.into_values().flatten().collect();
    findings.sort_by(|a, b| a.place().cmp(&b.place()));
    (findings, is_cut)
}

/// A kind of harm, place and pattern.
type Key = (SinkKind, usize, Span, Option<String>);

/// How a value comes to be between other text.
const JOINED: [Way; 2] = [Way::Joined, Way::ReturnedJoined];

/// How many ways to one place are looked at: the first may be one that the function is there for.
const WAYS: usize = 6;

struct Reporter<'u, 'v> {
    unit: &'u Unit,
    values: &'v Values<'u>,
    walk: &'v Walk,
    marks: &'v Marks,
    findings: FxHashMap<Key, Vec<FlowFinding>>,
}

/// What else is known of a finding.
#[derive(Default)]
struct Extra {
    pattern: Option<String>,
    is_named_only: bool,
    is_doubtful: bool,
    is_joined: bool,
}

impl Reporter<'_, '_> {
    fn calls(&mut self) {
        let models = Models::get();
        let (methods, functions) = (self.by_name(NAMED), self.by_name(NAMED_FUNCTIONS));
        for call in &self.unit.calls {
            let mut is_known = false;
            if call.callee != NodeId::NONE {
                for fact in self.values.of(call.callee) {
                    let Fact::Api(api) = fact else {
                        is_known |= matches!(fact, Fact::Function(_));
                        continue;
                    };
                    is_known = true;
                    for sink in models.sinks(api) {
                        self.sink(call, *sink);
                    }
                    if models.copies(api).is_some_and(|copies| copies.merge) {
                        self.arguments(call, Which::From(1), SinkKind::CopiedObject, false);
                    }
                }
            }
            if is_known || call.kind == CallKind::Implied {
                continue;
            }
            let named = match (call.receiver.get(), call.callee.get()) {
                (Some(_), _) => &methods,
                (None, Some(_)) => &functions,
                // A method of a literal, such as `/…/.exec(…)`.
                (None, None) => continue,
            };
            for (which, kind) in named.get(&call.name).into_iter().flatten() {
                self.arguments(call, *which, *kind, true);
            }
        }
    }

    /// A call of a function that is known to do harm, unless the call says that it does not.
    fn sink(&mut self, call: &super::graph::Call, sink: Sink) {
        let is_any = |shape: Shape| self.unit.arguments(call).iter().any(|argument| argument.shape == shape);
        match sink.kind {
            // With a shell the program and its arguments are one command.
            SinkKind::ProgramName if is_any(Shape::Shell) => {
                let second = self.unit.arguments(call).get(1).copied();
                if let Some(second) = second.filter(|second| second.shape != Shape::Shell) {
                    // Node.js puts the arguments behind the program, with spaces between them and no quotes.
                    let place = (self.unit.file(call.result), call.span);
                    let extra = Extra { is_joined: true, ..Extra::default() };
                    self.report(second.node, SinkKind::ShellCommand, place, extra);
                }
                self.arguments(call, Which::At(0), SinkKind::ShellCommand, false);
            }
            SinkKind::ProgramArguments if is_any(Shape::Shell) => {}
            // Express refuses what climbs out of the root.
            SinkKind::ServedPath if is_any(Shape::Rooted) => {}
            // This resolves the path before it is looked at.
            SinkKind::ServedPath if self.unit.names.text(call.name) == "download" => {
                self.arguments(call, sink.which, SinkKind::FilePath, false);
            }
            SinkKind::Markup if self.sends_no_markup(call.function) => {}
            SinkKind::Markup if self.marks.has(call.result, Marks::PLAIN) => {}
            SinkKind::Header => {
                self.arguments(call, sink.which, SinkKind::Header, false);
                let header = self.unit.arguments(call).first().map(|first| first.shape);
                if let Some(Shape::Text(name)) = header
                    && self.unit.names.text(name).eq_ignore_ascii_case("location")
                {
                    self.arguments(call, Which::At(1), SinkKind::Redirect, false);
                }
            }
            SinkKind::Deserialise if is_any(Shape::Safe) => {}
            kind => self.arguments(call, sink.which, kind, false),
        }
    }

    /// Whether a function, or one around it, says that what it sends is no markup.
    fn sends_no_markup(&self, function: FunctionId) -> bool {
        let mut function = function;
        for _ in 0..4 {
            let record = &self.unit.functions[function.0 as usize];
            match record.sends {
                Sends::Plain => return true,
                Sends::Markup => return false,
                Sends::Unknown => function = record.parent,
            }
        }
        false
    }

    /// A table of names, by the unit's own.
    fn by_name(&self, table: &[(&str, Which, SinkKind)]) -> FxHashMap<NameId, Vec<(Which, SinkKind)>> {
        let mut named: FxHashMap<NameId, Vec<(Which, SinkKind)>> = FxHashMap::default();
        for (text, which, kind) in table {
            if let Some(name) = self.unit.names.find(text) {
                named.entry(name).or_default().push((*which, *kind));
            }
        }
        named
    }

    fn arguments(&mut self, call: &super::graph::Call, which: Which, kind: SinkKind, is_named_only: bool) {
        let arguments = self.unit.arguments(call);
        let chosen: Vec<NodeId> = match which {
            Which::At(at) => {
                // `f(...list)`: any of the list may be the one.
                let spread = arguments.iter().take(at + 1).find(|argument| argument.shape == Shape::Spread);
                spread.or_else(|| arguments.get(at)).map(|argument| argument.node).into_iter().collect()
            }
            Which::Any => arguments.iter().map(|argument| argument.node).collect(),
            Which::From(from) => arguments.iter().skip(from).map(|argument| argument.node).collect(),
        };
        let file = self.unit.file(call.result);
        let extra = || Extra { is_named_only, ..Extra::default() };
        for node in chosen {
            self.report(node, kind, (file, call.span), extra());
            for (part, kind) in self.parts(node, kind) {
                self.report(part, kind, (file, call.span), extra());
            }
        }
    }

    /// The values inside an object written at a call, where they do the harm.
    fn parts(&self, node: NodeId, kind: SinkKind) -> Vec<(NodeId, SinkKind)> {
        let mut parts = Vec::new();
        if !matches!(
            kind,
            SinkKind::NoSql | SinkKind::Header | SinkKind::Request | SinkKind::Sql | SinkKind::OtherQuery
        ) {
            return parts;
        }
        for fact in self.values.of(node) {
            let Fact::Object(object) = fact else { continue };
            for (name, cell) in self.values.properties(object) {
                let name = self.unit.names.text(name);
                let kind = match kind {
                    SinkKind::Header if name.eq_ignore_ascii_case("location") => SinkKind::Redirect,
                    SinkKind::Request
                        if !matches!(name, "host" | "hostname" | "url" | "uri" | "href" | "baseURL") =>
                    {
                        continue;
                    }
                    SinkKind::Sql if !matches!(name, "text" | "sql" | "query") => continue,
                    SinkKind::OtherQuery if !matches!(name, "filter" | "query" | "source") => continue,
                    kind => kind,
                };
                parts.push((cell, kind));
            }
        }
        parts
    }

    fn spots(&mut self) {
        for (node, spot, span) in &self.unit.spots {
            let place = (self.unit.file(*node), *span);
            match spot {
                Spot::PropertyWrite(name) => {
                    let name = self.unit.names.text(*name);
                    if let Some((_, kind)) = PROPERTIES.iter().find(|(property, _)| *property == name) {
                        self.report(*node, *kind, place, Extra { is_named_only: true, ..Extra::default() });
                    }
                }
                Spot::Import => self.report(*node, SinkKind::ModuleName, place, Extra::default()),
                Spot::Markup => self.report(*node, SinkKind::Markup, place, Extra::default()),
                Spot::Match(pattern) => {
                    let pattern = Some(self.unit.names.text(*pattern).to_owned());
                    self.report(*node, SinkKind::SlowPattern, place, Extra { pattern, ..Extra::default() });
                }
                Spot::ShellCommand => {
                    self.report(*node, SinkKind::ShellCommand, place, Extra::default());
                }
                Spot::Statement | Spot::AnyTime | Spot::Behind | Spot::Plain | Spot::Tags => {}
                Spot::LoopBound => self.report(*node, SinkKind::Allocation, place, Extra::default()),
            }
        }
    }

    /// Methods that are called by a name from outside.
    fn methods(&mut self) {
        let names = Taint::KEY.and(Taint::CONSTRUCTOR);
        let named = self.unit.computed.iter().filter(|read| {
            !read.is_write && read.value != NodeId::NONE && self.walk.taint(read.key).meets(names)
        });
        let keys: FxHashMap<NodeId, NodeId> = named.map(|read| (read.value, read.key)).collect();
        if keys.is_empty() {
            return;
        }
        for call in self.unit.calls.iter().filter(|call| call.kind != CallKind::Implied) {
            if let Some(key) = keys.get(&call.callee) {
                let place = (self.unit.file(call.callee), call.span);
                self.report(*key, SinkKind::MethodName, place, Extra::default());
            }
        }
    }

    /// Writes to what may be a prototype, under a name from outside.
    fn computed(&mut self) {
        for computed in &self.unit.computed {
            if !computed.is_write || computed.base == NodeId::NONE {
                continue;
            }
            if self.walk.taint(computed.key).meets(Taint::KEY.and(Taint::CONSTRUCTOR))
                && self.walk.taint(computed.base).meets(Taint::PROTOTYPE)
            {
                let is_outside = self.walk.taint(computed.value).meets(Taint::OUTSIDE);
                let extra = Extra { is_doubtful: !is_outside, ..Extra::default() };
                let place = (self.unit.file(computed.base), computed.span);
                self.report(computed.base, SinkKind::PrototypeWrite, place, extra);
            }
        }
    }

    fn report(&mut self, node: NodeId, kind: SinkKind, (file, span): (usize, Span), extra: Extra) {
        if node == NodeId::NONE || !self.walk.taint(node).meets(kind.taint()) {
            return;
        }
        let dangers = kind.taint();
        // A test of a folder's name without a separator behind it lets its neighbours through: seldom of use to anybody.
        let is_beside = dangers == Taint::PATH && !self.walk.taint(node).meets(Taint::CLIMB);
        let dangers = if dangers == Taint::PATH && !is_beside { Taint::CLIMB } else { dangers };
        let extra = Extra { is_doubtful: extra.is_doubtful || is_beside, ..extra };
        let place = (kind, file, span, extra.pattern.clone());
        let known = self.findings.get(&place).map_or(0, Vec::len);
        let paths = self.walk.paths(node, dangers, self.unit).take(WAYS.saturating_sub(known));
        let found: Vec<FlowFinding> =
            paths.filter_map(|path| self.finding(node, kind, (file, span), &path, &extra)).collect();
        if !found.is_empty() {
            self.findings.entry(place).or_default().extend(found);
        }
    }

    /// What a way to a place comes to, unless no harm can come of it.
    fn finding(
        &self,
        node: NodeId,
        kind: SinkKind,
        (file, span): (usize, Span),
        path: &[Step],
        extra: &Extra,
    ) -> Option<FlowFinding> {
        let is_elsewhere = kind == SinkKind::PrototypeWrite && self.is_elsewhere(path);
        let is_far = self.is_far(path);
        let is_none = match kind {
            SinkKind::NoSql | SinkKind::CopiedObject => self.is_mere_text(path),
            SinkKind::ServedPath => self.is_refused(path),
            // Which object is written, and what, is too much of a guess.
            SinkKind::PrototypeWrite => is_far || is_elsewhere && extra.is_doubtful,
            _ => false,
        };
        if is_none {
            return None;
        }
        let marks = |mark: u16| path.iter().any(|step| self.marks.has(step.node, mark));
        // A host is decided by what an address begins with.
        let is_later = matches!(kind, SinkKind::Redirect | SinkKind::Request)
            && (self.is_own_path(path) || marks(Marks::BEHIND));
        let count = |ways: &[Way]| path.iter().filter(|step| ways.contains(&step.way)).count();
        // A text of SQL given to a method called `query` goes to a database, whatever the object is.
        let is_statement = kind == SinkKind::Sql && marks(Marks::STATEMENT);
        let origin = path.iter().find_map(|step| match step.way {
            Way::Source(origin) => Some(origin),
            _ => None,
        });
        Some(FlowFinding {
            sink: kind,
            file,
            span,
            origin: origin.unwrap_or(Origin::Caller),
            is_joined: extra.is_joined || count(&JOINED) > 0,
            ends_joined: path.iter().rev().take(2).any(|step| JOINED.contains(&step.way)),
            guesses: count(&[Way::Guessed]),
            is_one_line: !self.walk.taint(node).meets(Taint::LINE) && !marks(Marks::DECODED)
                || kind == SinkKind::Markup && self.is_encoded(path),
            pattern: extra.pattern.clone(),
            is_named_only: extra.is_named_only && !is_statement,
            is_doubtful: extra.is_doubtful || is_elsewhere || is_later || is_far,
            is_any_time: marks(Marks::ANY_TIME),
            is_direct: count(&[Way::Stored, Way::Returned, Way::ReturnedJoined]) == 0
                && count(&[Way::Passed]) <= 1,
            is_bare: self.is_bare(path),
            is_tagged: marks(Marks::TAGGED),
            path: self.shown(path),
        })
    }

    /// Whether Express refuses a path: put together as text it still has its `..`, and without a root none may be left.
    fn is_refused(&self, path: &[Step]) -> bool {
        path.iter().any(|step| JOINED.contains(&step.way))
            && !path.iter().any(|step| self.marks.has(step.node, Marks::RESOLVED))
    }

    /// Whether a value went through so much that is kept that it may as well be another: more properties, or calls, than
    /// anybody would follow by hand, or a property of which only a computed name says that it was written.
    fn is_far(&self, path: &[Step]) -> bool {
        const STORED: usize = 4;
        const HOPS: usize = 14;
        let count = |ways: &[Way]| path.iter().filter(|step| ways.contains(&step.way)).count();
        let is_renamed = path.windows(2).any(|pair| {
            let [from, to] = pair else { return false };
            self.values.is_any_cell(from.node) && self.values.is_named_cell(to.node)
        });
        is_renamed
            || count(&[Way::Stored]) > STORED
            || count(&[Way::Passed, Way::Returned, Way::ReturnedJoined, Way::Stored]) > HOPS
    }

    /// Whether a value is a text whatever a client sends, and nothing on its way makes an object of it.
    fn is_mere_text(&self, path: &[Step]) -> bool {
        self.begins_as(path, Models::is_text)
            && !path.iter().any(|step| self.marks.has(step.node, Marks::PARSED))
    }

    /// Whether a value is the address that a request was sent to, or its path, and not what is asked for in it: it
    /// names this host, but for tricks with slashes.
    fn is_own_path(&self, path: &[Step]) -> bool {
        let asks =
            |name: NameId| matches!(self.unit.names.text(name), "query" | "searchParams" | "hash" | "search");
        self.begins_as(path, Models::is_address)
            && !self.comes_by(path, |label| matches!(label, Label::Load(name) if asks(name)))
    }

    /// Whether a value is a header or a part of an address as it was sent.
    fn is_encoded(&self, path: &[Step]) -> bool {
        let has = |mark: u16| path.iter().any(|step| self.marks.has(step.node, mark));
        let is_part = |name: NameId| {
            matches!(self.unit.names.text(name), "pathname" | "path" | "href" | "host" | "hostname")
        };
        self.begins_as(path, Models::is_one_line)
            && !has(Marks::UNESCAPED)
            && (!has(Marks::DECODED)
                || self.comes_by(path, |label| matches!(label, Label::Load(name) if is_part(name))))
    }

    /// Whether a value is what was handed in, and not a part of it or a text made of it.
    fn is_bare(&self, path: &[Step]) -> bool {
        !self.comes_by(path, |label| matches!(label, Label::Load(_) | Label::LoadAny))
            && !path.iter().any(|step| self.marks.has(step.node, Marks::STRINGIFIED))
    }

    /// Whether a value comes from such an interface.
    fn begins_as(&self, path: &[Step], is_it: impl Fn(&Models, ApiId) -> bool) -> bool {
        let models = Models::get();
        let is_source = |fact: Fact| matches!(fact, Fact::Api(api) if is_it(models, api));
        path.first().is_some_and(|source| self.values.of(source.node).any(is_source))
    }

    /// Whether a value came by such an edge.
    fn comes_by(&self, path: &[Step], is_it: impl Fn(Label) -> bool) -> bool {
        path.windows(2).any(|pair| {
            let [from, to] = pair else { return false };
            self.unit.spans.len() > from.node.index()
                && self.unit.out(from.node).iter().any(|edge| edge.to == to.node && is_it(edge.label))
        })
    }

    /// Whether an object that was chosen by a name went further than to its own function, or back from one call.
    /// What is kept in a property may be any other object that is kept there.
    fn is_elsewhere(&self, path: &[Step]) -> bool {
        let Some(chosen) = path.iter().rposition(|step| step.way == Way::Chosen) else { return true };
        let since = &path[chosen + 1..];
        // `table[row][column] = value`: two names of one table, not a way down that somebody else decides.
        if since.is_empty() || since.iter().any(|step| step.way == Way::Stored) {
            return true;
        }
        let owner = |step: &Step| self.unit.owners.get(step.node.index()).copied();
        let (Some(from), Some(to)) = (owner(&path[chosen]), path.last().and_then(owner)) else { return true };
        let is_within = |inner: FunctionId, outer: FunctionId| {
            let mut function = inner;
            (0..3).any(|_| {
                let is_it = function == outer;
                function = self.unit.functions[function.0 as usize].parent;
                is_it
            })
        };
        let is_back = |step: &&Step| matches!(step.way, Way::Returned | Way::ReturnedJoined);
        let handed = since.iter().filter(|step| step.way == Way::Passed || is_back(step)).count();
        let is_given_back = handed == 1 && since.iter().any(|step| is_back(&step));
        !is_within(from, to) && !is_within(to, from) && !is_given_back
    }

    /// The steps worth showing: where the value changes hands or shape, and nothing twice.
    fn shown(&self, path: &[Step]) -> Vec<FlowStep> {
        let mut shown: Vec<FlowStep> = Vec::new();
        for step in path {
            if self.values.is_cell(step.node) {
                continue;
            }
            let file = self.unit.file(step.node);
            if shown.last().is_none_or(|last| last.span != step.span || last.file != file) {
                shown.push(FlowStep { file, span: step.span });
            }
        }
        shown
    }
}
