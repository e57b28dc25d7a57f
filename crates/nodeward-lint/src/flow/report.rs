//! From a solved unit to findings.

use nodeward_javascript::oxc::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use super::graph::{CallKind, FileGraph, NameId, NodeId, Shape, Spot, Taint};
use super::models::{Models, Origin, SinkKind, Which};
use super::models::{NAMED, PROPERTIES};
use super::taint::{Step, Walk, Way};
use super::unit::Unit;
use super::values::{Fact, Values};

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
    /// How many steps of the path are guesses about functions that nothing is known of.
    pub(crate) guesses: usize,
    /// A regular expression, where one is concerned.
    pub(crate) pattern: Option<String>,
    /// Whether only the name of a method or property says that harm is done.
    pub(crate) is_named_only: bool,
    pub(crate) path: Vec<FlowStep>,
}

/// One step of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlowStep {
    pub(crate) file: usize,
    pub(crate) span: Span,
}

/// The findings of a unit, in the order of files and places, and whether the walk was cut short.
pub(crate) fn solve(
    files: Vec<FileGraph>,
    mode: Mode,
    resolve: impl Fn(usize, &str) -> Option<usize>,
) -> (Vec<FlowFinding>, bool) {
    let unit = Unit::join(files, resolve);
    let values = Values::solve(&unit);
    let sources = sources(&unit, &values, mode);
    let walk = Walk::run(&unit, &values, &sources);
    let mut reporter = Reporter { unit: &unit, values: &values, walk: &walk, findings: FxHashMap::default() };
    reporter.calls();
    reporter.spots();
    reporter.computed();
    let mut findings: Vec<FlowFinding> = reporter.findings.into_values().collect();
    findings.sort_by_key(|finding| (finding.file, finding.span.start, finding.span.end, finding.sink));
    (findings, walk.is_cut)
}

/// Nodes whose values come from outside.
fn sources(unit: &Unit, values: &Values<'_>, mode: Mode) -> Vec<(NodeId, Taint, Origin)> {
    let models = Models::get();
    let mut found = Vec::new();
    for node in 0..unit.spans.len() {
        let node = NodeId(u32::try_from(node).expect("a unit's nodes fit 32 bits"));
        for fact in values.of(node) {
            if let Fact::Api(api) = fact
                && let Some(origin) = models.origin(api)
            {
                let taint = match origin {
                    Origin::Secret => Taint::SECRET,
                    Origin::Fetched => Taint::FETCHED,
                    _ => Taint::OUTSIDE,
                };
                found.push((node, taint, origin));
            }
        }
    }
    found.sort_by_key(|(node, _, origin)| (*origin, *node));
    if mode == Mode::Library {
        for parameter in exported_parameters(unit, values) {
            found.push((parameter, Taint::OUTSIDE, Origin::Caller));
        }
    }
    found
}

/// Parameters of functions that somebody outside can call: exported, methods of what is exported, returned by those.
fn exported_parameters(unit: &Unit, values: &Values<'_>) -> Vec<NodeId> {
    let mut queue: Vec<(NodeId, u8)> = unit.exports.iter().map(|node| (*node, 0)).collect();
    let mut seen: FxHashSet<NodeId> = queue.iter().map(|(node, _)| *node).collect();
    let mut functions = Vec::new();
    let mut known = FxHashSet::default();
    while let Some((node, depth)) = queue.pop() {
        let mut next = |node: NodeId| {
            if node != NodeId::NONE && depth < 6 && seen.insert(node) {
                queue.push((node, depth + 1));
            }
        };
        for fact in values.of(node) {
            match fact {
                Fact::Function(function) => {
                    if !known.insert(function) {
                        continue;
                    }
                    functions.push(function);
                    let record = &unit.functions[function.0 as usize];
                    next(record.returned);
                    for object in [record.instance, record.statics] {
                        for (_, cell) in values.properties(object) {
                            next(cell);
                        }
                    }
                }
                Fact::Object(object) => {
                    for (_, cell) in values.properties(object) {
                        next(cell);
                    }
                }
                _ => {}
            }
        }
    }
    functions.sort_unstable();
    let mut parameters = Vec::new();
    for function in functions {
        let record = &unit.functions[function.0 as usize];
        parameters.extend(record.parameters.iter().copied());
        parameters.extend(record.rest.get());
        parameters.extend(record.all.get());
    }
    // Prototype methods of built-in types and the like are not exported, but a parameter is a parameter once.
    parameters.dedup();
    parameters
}

struct Reporter<'u, 'v> {
    unit: &'u Unit,
    values: &'v Values<'u>,
    walk: &'v Walk,
    findings: FxHashMap<(SinkKind, usize, Span), FlowFinding>,
}

/// What else is known of a finding.
#[derive(Default)]
struct Extra {
    pattern: Option<String>,
    is_named_only: bool,
}

impl Reporter<'_, '_> {
    fn calls(&mut self) {
        let models = Models::get();
        let mut named: FxHashMap<NameId, Vec<(Which, SinkKind)>> = FxHashMap::default();
        for (method, which, kind) in NAMED {
            if let Some(name) = self.unit.names.find(method) {
                named.entry(name).or_default().push((*which, *kind));
            }
        }
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
                        self.arguments(call, sink.which, sink.kind, false);
                    }
                }
            }
            if is_known || call.receiver == NodeId::NONE || call.kind == CallKind::Implied {
                continue;
            }
            for (which, kind) in named.get(&call.name).into_iter().flatten() {
                self.arguments(call, *which, *kind, true);
            }
        }
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
        for node in chosen {
            let extra = Extra { is_named_only, ..Extra::default() };
            self.report(node, kind, call.span, extra);
        }
    }

    fn spots(&mut self) {
        for (node, spot, span) in &self.unit.spots {
            match spot {
                Spot::PropertyWrite(name) => {
                    let name = self.unit.names.text(*name);
                    if let Some((_, kind)) = PROPERTIES.iter().find(|(property, _)| *property == name) {
                        self.report(*node, *kind, *span, Extra { is_named_only: true, ..Extra::default() });
                    }
                }
                Spot::Import => self.report(*node, SinkKind::ModuleName, *span, Extra::default()),
                Spot::Markup => self.report(*node, SinkKind::Markup, *span, Extra::default()),
                Spot::Match(pattern) => {
                    let pattern = Some(self.unit.names.text(*pattern).to_owned());
                    self.report(*node, SinkKind::SlowPattern, *span, Extra { pattern, ..Extra::default() });
                }
                Spot::LoopBound => self.report(*node, SinkKind::Allocation, *span, Extra::default()),
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
                self.report(computed.base, SinkKind::PrototypeWrite, computed.span, Extra::default());
            }
        }
    }

    fn report(&mut self, node: NodeId, kind: SinkKind, span: Span, extra: Extra) {
        if node == NodeId::NONE || !self.walk.taint(node).meets(kind.taint()) {
            return;
        }
        let Some(path) = self.walk.path(node, kind.taint(), self.unit) else { return };
        let file = self.unit.file(node);
        let origin = path
            .iter()
            .find_map(|step| match step.way {
                Way::Source(origin) => Some(origin),
                _ => None,
            })
            .unwrap_or(Origin::Caller);
        let finding = FlowFinding {
            sink: kind,
            file,
            span,
            origin,
            is_joined: path.iter().any(|step| step.way == Way::Joined),
            guesses: path.iter().filter(|step| step.way == Way::Guessed).count(),
            pattern: extra.pattern,
            is_named_only: extra.is_named_only,
            path: self.shown(&path),
        };
        self.findings.entry((kind, file, span)).or_insert(finding);
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
