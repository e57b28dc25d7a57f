//! One pass over the nodes of a file, each shown to the rules that asked for its kind.

use nodeward_javascript::oxc::{AstKind, AstNode};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::context::{Call, Context};
use crate::driver::Deadline;
use crate::rule::{Check, Rule};

/// After how many nodes the clock is asked.
const NODES_PER_LOOK: usize = 256;

type NodeCheck = for<'a> fn(&Context<'_, 'a>, &AstNode<'a>);
type CallCheck = for<'a> fn(&Context<'_, 'a>, &Call<'a>);

/// The checks of the chosen rules, by what they want to see. Built once and shared by the workers.
pub(crate) struct Dispatch {
    by_kind: Vec<Vec<NodeCheck>>,
    by_api: FxHashMap<&'static str, Vec<CallCheck>>,
    by_method: FxHashMap<&'static str, Vec<CallCheck>>,
    /// The names with which the interfaces of `by_api` end.
    last_names: FxHashSet<&'static str>,
}

impl Dispatch {
    pub(crate) fn new(rules: &[&'static Rule]) -> Self {
        let mut by_kind = Vec::new();
        by_kind.resize_with(usize::from(u8::MAX) + 1, Vec::new);
        let mut dispatch = Self {
            by_kind,
            by_api: FxHashMap::default(),
            by_method: FxHashMap::default(),
            last_names: FxHashSet::default(),
        };
        for check in rules.iter().flat_map(|rule| rule.checks) {
            match check {
                Check::Nodes { kinds, check } => {
                    for &kind in *kinds {
                        dispatch.by_kind[kind as usize].push(*check);
                    }
                }
                Check::Calls { of, check } => {
                    for name in *of {
                        match name.strip_prefix('.') {
                            Some(method) => dispatch.by_method.entry(method).or_default().push(*check),
                            None => {
                                dispatch
                                    .last_names
                                    .insert(name.rsplit_once('.').map_or(*name, |(_, last)| last));
                                dispatch.by_api.entry(name).or_default().push(*check);
                            }
                        }
                    }
                }
                // Shown to the rule when the package is solved.
                Check::Flow { .. } => {}
            }
        }
        dispatch
    }

    /// Shows every node of the file to the rules that want it; false if the time was over before the end.
    pub(crate) fn run(&self, context: &Context<'_, '_>, deadline: Deadline) -> bool {
        let wants_calls = !self.by_api.is_empty() || !self.by_method.is_empty();
        for (at, node) in context.semantic.nodes().iter().enumerate() {
            if at % NODES_PER_LOOK == NODES_PER_LOOK - 1 && deadline.is_over() {
                return false;
            }
            let kind = node.kind();
            for check in &self.by_kind[kind.ty() as usize] {
                check(context, node);
            }
            if wants_calls && matches!(kind, AstKind::CallExpression(_) | AstKind::NewExpression(_)) {
                self.call(context, node);
            }
        }
        true
    }

    fn call<'a>(&self, context: &Context<'_, 'a>, node: &AstNode<'a>) {
        // Most calls are of methods that no rule asks for: where they come from need not be found out.
        let is_wanted = |method: Option<&str>| {
            method.is_none_or(|method| {
                method == "default" || self.last_names.contains(method) || self.by_method.contains_key(method)
            })
        };
        let Some(call) = Call::of_method(context, node, is_wanted) else { return };
        let by_api = call.path.as_deref().and_then(|path| self.by_api.get(path));
        let by_method = call.method.and_then(|method| self.by_method.get(method));
        for check in by_api.into_iter().chain(by_method).flatten() {
            check(context, &call);
        }
    }
}
