//! One pass over a file's nodes, each held against the requirements that may speak of it.

use std::path::Path;
use std::sync::Arc;

use nodeward_javascript::oxc::ast::{
    Expression, ImportOrExportKind, JSXAttributeName, JSXAttributeValue, ModuleExportName,
};
use nodeward_javascript::oxc::{AstKind, AstNode, GetSpan as _, NodeId, Span};
use rustc_hash::FxHashMap;

use super::bindings::taken_api;
use super::name::Site;
use super::value::breaks;
use super::{Access, Demand, Limit, Name, Requirement, Subject};
use crate::context::{Bound, Call, Context, without_wrapping};
use crate::driver::resolve::join;
use crate::issue::Issue;

/// The requirements of a run, by what they speak of. Built once and shared by the workers.
pub(crate) struct Checker {
    /// With their places among all requirements.
    all: Vec<(usize, Arc<Requirement>)>,
    /// The folder, absolute and with `/`, that paths of files are meant from.
    directory: String,
    names: Index,
    calls: Index,
    properties: Index,
    exports: Index,
    imports: Vec<usize>,
}

/// Which requirements speak of a name, by its last part.
#[derive(Default)]
struct Index {
    by_last: FxHashMap<Box<str>, Vec<usize>>,
    /// Those that can end in anything.
    others: Vec<usize>,
}

impl Index {
    fn add(&mut self, names: &[Name], requirement: usize) {
        for name in names {
            let list = match name.last() {
                Some(last) => self.by_last.entry(last.into()).or_default(),
                None => &mut self.others,
            };
            if list.last() != Some(&requirement) {
                list.push(requirement);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.by_last.is_empty() && self.others.is_empty()
    }

    fn candidates(&self, last: &str) -> impl Iterator<Item = usize> {
        self.by_last.get(last).into_iter().flatten().chain(&self.others).copied()
    }
}

impl Checker {
    pub(crate) fn new(all: Vec<(usize, Arc<Requirement>)>, directory: &Path) -> Self {
        let directory = slashed(directory);
        let mut checker = Self {
            all: Vec::new(),
            directory,
            names: Index::default(),
            calls: Index::default(),
            properties: Index::default(),
            exports: Index::default(),
            imports: Vec::new(),
        };
        for (at, (_, requirement)) in all.iter().enumerate() {
            match &requirement.demand {
                Demand::BannedName(names) => checker.names.add(names, at),
                Demand::BannedCall(names) | Demand::Limited(Subject::Call(names, _), _) => {
                    checker.calls.add(names, at);
                }
                Demand::BannedProperty(names, _) | Demand::Limited(Subject::Property(names), _) => {
                    checker.properties.add(names, at);
                }
                Demand::BannedImport(_, exports) if exports.is_empty() => checker.imports.push(at),
                Demand::BannedImport(_, exports) => checker.exports.add(exports, at),
            }
        }
        checker.all = all;
        checker
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether one of that name runs.
    pub(crate) fn runs(&self, id: &str) -> bool {
        self.all.iter().any(|(_, requirement)| *requirement.id == *id)
    }

    /// Holds every node of the file against them.
    pub(crate) fn run(&self, context: &Context<'_, '_>) {
        let folder = if context.path.is_absolute() { "" } else { self.directory.as_str() };
        let path = join(folder, &slashed(context.path));
        let file = File { checker: self, context, path: &path };
        for node in context.semantic.nodes().iter() {
            file.look(node);
        }
    }
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// What is used, and where.
struct Use<'u> {
    /// Which API it is, if it is one.
    api: Option<&'u str>,
    /// The name of the member, if it is one.
    member: Option<&'u str>,
    span: Span,
}

impl Use<'_> {
    fn last(&self) -> &str {
        self.member.or_else(|| self.api?.rsplit('.').next()).unwrap_or_default()
    }
}

/// One file.
struct File<'f, 'c, 'a> {
    checker: &'f Checker,
    context: &'f Context<'c, 'a>,
    path: &'f str,
}

impl<'a> File<'_, '_, 'a> {
    fn look(&self, node: &AstNode<'a>) {
        let checker = self.checker;
        match node.kind() {
            AstKind::CallExpression(_) | AstKind::NewExpression(_) => self.call(node),
            AstKind::TaggedTemplateExpression(template) if !checker.calls.is_empty() => {
                let api = self.context.api_path(&template.tag);
                let member = member_name(&template.tag);
                let used = Use { api: api.as_deref(), member, span: template.tag.span() };
                self.banned(&checker.calls, &used, "a template tagged");
            }
            AstKind::IdentifierReference(identifier) if !checker.names.is_empty() => {
                let reference =
                    identifier.reference_id.get().map(|id| self.context.semantic.scoping().get_reference(id));
                let is_value = reference.is_none_or(|reference| !reference.is_type());
                // What another name stands for is reported where it is given that name.
                let is_alias = self.context.symbol_of(identifier).is_some_and(|symbol| {
                    matches!(self.context.bound(symbol), Some(Bound::Value(value, members))
                        if members.is_empty() && matches!(without_wrapping(value),
                            Expression::Identifier(_) | Expression::StaticMemberExpression(_) | Expression::ComputedMemberExpression(_)))
                });
                if is_value && !is_alias {
                    let api = self.context.api_path_of_name(identifier);
                    self.banned(
                        &checker.names,
                        &Use { api: api.as_deref(), member: None, span: identifier.span },
                        "use",
                    );
                }
            }
            AstKind::StaticMemberExpression(member) => {
                self.member(node, &member.object, member.property.name.as_str(), member.span);
            }
            AstKind::ComputedMemberExpression(member) => {
                if let Some(name) = self.context.constant_text(&member.expression) {
                    self.member(node, &member.object, &name, member.span);
                }
            }
            AstKind::BindingProperty(property) => {
                if let Some(name) = property.key.static_name() {
                    self.taken(node.id(), &name, property.key.span());
                }
            }
            AstKind::AssignmentTargetPropertyIdentifier(property) => {
                self.taken(node.id(), property.binding.name.as_str(), property.binding.span);
            }
            AstKind::AssignmentTargetPropertyProperty(property) => {
                if let Some(name) = property.name.static_name() {
                    self.taken(node.id(), &name, property.name.span());
                }
            }
            AstKind::JSXAttribute(attribute) => self.attribute(attribute),
            AstKind::ImportDeclaration(import) if import.import_kind == ImportOrExportKind::Value => {
                self.import(&import.source.value, import.source.span);
            }
            AstKind::ImportSpecifier(specifier) if specifier.import_kind == ImportOrExportKind::Value => {
                let name = exported(&specifier.imported);
                if let AstKind::ImportDeclaration(import) = self.context.parent(node.id())
                    && import.import_kind == ImportOrExportKind::Value
                {
                    self.export(&import.source.value, name, specifier.span);
                }
            }
            AstKind::ImportDefaultSpecifier(specifier) => {
                if let AstKind::ImportDeclaration(import) = self.context.parent(node.id())
                    && import.import_kind == ImportOrExportKind::Value
                {
                    self.export(&import.source.value, "default", specifier.span);
                }
            }
            AstKind::ExportFromDeclaration(export) if export.export_kind == ImportOrExportKind::Value => {
                self.import(&export.source.value, export.source.span);
                for specifier in &export.specifiers {
                    let name = exported(&specifier.local);
                    self.export(&export.source.value, name, specifier.span);
                    self.passed_on(&export.source.value, name, specifier.span);
                }
            }
            AstKind::ExportAllDeclaration(export) if export.export_kind == ImportOrExportKind::Value => {
                self.import(&export.source.value, export.source.span);
            }
            AstKind::ImportExpression(import) => {
                if let Some(module) = self.context.constant_text(&import.source) {
                    self.import(&module, import.source.span());
                }
            }
            AstKind::TSExternalModuleReference(reference) => {
                self.import(&reference.expression.value, reference.expression.span);
            }
            _ => {}
        }
    }

    fn report(&self, (at, requirement): &(usize, Arc<Requirement>), span: Span, found: impl Into<String>) {
        self.context.report(Issue::of_requirement(requirement, *at, span, found));
    }

    fn site<'s>(&'s self, requirement: &'s Requirement) -> Site<'s> {
        Site { path: self.path, folder: &requirement.folder }
    }

    fn is_meant(&self, requirement: &Requirement, names: &[Name], used: &Use<'_>) -> bool {
        let site = self.site(requirement);
        names.iter().any(|name| {
            used.api.is_some_and(|api| name.is_path(api, site))
                || used.member.is_some_and(|member| name.is_member(member))
        })
    }

    /// What may not be used at all.
    fn banned(&self, index: &Index, used: &Use<'_>, how: &str) {
        for at in index.candidates(used.last()) {
            let (_, requirement) = &self.checker.all[at];
            if let Demand::BannedName(names) | Demand::BannedCall(names) = &requirement.demand
                && self.is_meant(requirement, names, used)
            {
                self.report(&self.checker.all[at], used.span, format!("{how} {}", shown(used)));
            }
        }
    }

    fn call(&self, node: &AstNode<'a>) {
        let checker = self.checker;
        if checker.calls.is_empty() && checker.imports.is_empty() {
            return;
        }
        let Some(call) = Call::of(self.context, node) else { return };
        if let Some(
            "require"
            | "module.require"
            | "require.resolve"
            | "module.createRequire()"
            | "process.mainModule.require",
        ) = call.path.as_deref()
            && let Some(argument) = call.argument(0)
            && let Some(module) = self.context.constant_text(argument)
        {
            self.import(&module, argument.span());
        }
        if checker.calls.is_empty() {
            return;
        }
        // `f.call(this, a)` calls `f` with what follows; of `f.apply(this, list)` the arguments are not in sight.
        let (api, passed) = match call.path.as_deref() {
            Some(path) => match (path.strip_suffix(".call"), path.strip_suffix(".apply")) {
                (Some(path), _) => (Some(path), Passed::From(1)),
                (_, Some(path)) => (Some(path), Passed::Unseen),
                _ => (Some(path), Passed::From(0)),
            },
            None => (None, Passed::From(0)),
        };
        let used = Use { api, member: call.method, span: call.callee.span() };
        let how =
            if matches!(node.kind(), AstKind::NewExpression(_)) { "construction of" } else { "call of" };
        let last = api.and_then(|api| api.rsplit('.').next()).unwrap_or(used.last());
        let by_member = call.method.filter(|method| *method != last);
        let by_member =
            by_member.into_iter().flat_map(|method| checker.calls.by_last.get(method)).flatten().copied();
        for at in checker.calls.candidates(last).chain(by_member) {
            let (_, requirement) = &checker.all[at];
            match &requirement.demand {
                Demand::BannedCall(names) if self.is_meant(requirement, names, &used) => {
                    self.report(&checker.all[at], used.span, format!("{how} {}", shown(&used)));
                }
                Demand::Limited(Subject::Call(names, place), limit)
                    if self.is_meant(requirement, names, &used) =>
                {
                    self.arguments(at, &call, &used, *place, passed, limit);
                }
                _ => {}
            }
        }
    }

    fn arguments(
        &self,
        at: usize,
        call: &Call<'a>,
        used: &Use<'_>,
        place: Option<usize>,
        passed: Passed,
        limit: &Limit,
    ) {
        let requirement = &self.checker.all[at];
        let given = |number: usize| format!("argument {number} of {}", shown(used));
        let Passed::From(first) = passed else {
            if matches!(limit, Limit::Only(_)) {
                self.report(
                    requirement,
                    call.span,
                    format!("arguments of {} that are not in sight", shown(used)),
                );
            }
            return;
        };
        let site = self.site(&requirement.1);
        for (number, argument) in call.arguments.iter().skip(first).enumerate() {
            match argument.as_expression() {
                // After it no place is certain.
                None => {
                    if matches!(limit, Limit::Only(_)) {
                        let found = format!("arguments of {} that are not in sight", shown(used));
                        self.report(requirement, argument.span(), found);
                    }
                    return;
                }
                Some(value) if place.is_none_or(|place| place == number) => {
                    if breaks(limit, self.context, value, site) {
                        self.report(requirement, value.span(), given(number + 1));
                    }
                }
                Some(_) => {}
            }
            if place == Some(number) {
                return;
            }
        }
    }

    fn member(&self, node: &AstNode<'a>, object: &'a Expression<'a>, name: &str, span: Span) {
        let checker = self.checker;
        let may_be = |index: &Index| !index.others.is_empty() || index.by_last.contains_key(name);
        if !may_be(&checker.names) && !may_be(&checker.properties) && !may_be(&checker.exports) {
            return;
        }
        let api = self.context.api_path_of_member(object, name);
        let used = Use { api: api.as_deref(), member: Some(name), span };
        self.banned(&checker.names, &used, "use");
        self.exported(&used);
        let mut usage = None;
        for at in checker.properties.candidates(name) {
            let (_, requirement) = &checker.all[at];
            let (Demand::BannedProperty(names, _) | Demand::Limited(Subject::Property(names), _)) =
                &requirement.demand
            else {
                continue;
            };
            if self.is_meant(requirement, names, &used) {
                let usage = usage.get_or_insert_with(|| self.usage(node.id(), span));
                self.property(at, &used, usage);
            }
        }
    }

    fn property(&self, at: usize, used: &Use<'_>, usage: &Usage<'a>) {
        let requirement = &self.checker.all[at];
        match &requirement.1.demand {
            Demand::BannedProperty(_, access) => {
                let how = if usage.writes && access.has(Access::Write) { "write of" } else { "read of" };
                if usage.reads && access.has(Access::Read) || usage.writes && access.has(Access::Write) {
                    self.report(requirement, used.span, format!("{how} {}", shown(used)));
                }
            }
            Demand::Limited(_, limit) if usage.writes => {
                let broken = match usage.value {
                    Some(value) => breaks(limit, self.context, value, self.site(&requirement.1)),
                    None => matches!(limit, Limit::Only(_)),
                };
                if broken && !usage.deletes {
                    let span = usage.value.map_or(used.span, |value| value.span());
                    self.report(requirement, span, format!("value of {}", shown(used)));
                }
            }
            _ => {}
        }
    }

    /// What happens to a member of something.
    fn usage(&self, node: NodeId, span: Span) -> Usage<'a> {
        let (mut node, mut span) = (node, span);
        let nodes = self.context.semantic.nodes();
        let read = Usage { reads: true, ..Usage::default() };
        let write = Usage { writes: true, ..Usage::default() };
        loop {
            let parent = nodes.parent_node(node);
            return match parent.kind() {
                AstKind::ParenthesizedExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSSatisfiesExpression(_)
                | AstKind::TSTypeAssertion(_)
                | AstKind::TSNonNullExpression(_) => {
                    (node, span) = (parent.id(), parent.kind().span());
                    continue;
                }
                AstKind::AssignmentExpression(assignment) if assignment.left.span() == span => {
                    Usage { reads: !assignment.operator.is_assign(), value: Some(&assignment.right), ..write }
                }
                AstKind::UpdateExpression(_) => Usage { reads: true, ..write },
                AstKind::UnaryExpression(unary) if unary.operator.is_delete() => {
                    Usage { deletes: true, ..write }
                }
                AstKind::ForInStatement(each) if each.left.span() == span => write,
                AstKind::ForOfStatement(each) if each.left.span() == span => write,
                AstKind::AssignmentTargetPropertyProperty(property) if property.binding.span() == span => {
                    write
                }
                AstKind::AssignmentTargetWithDefault(target) if target.binding.span() == span => write,
                AstKind::ArrayAssignmentTarget(_) | AstKind::AssignmentTargetRest(_) => write,
                _ => read,
            };
        }
    }

    /// A property that a pattern takes out of something.
    fn taken(&self, node: NodeId, name: &str, span: Span) {
        let checker = self.checker;
        let may_be = |index: &Index| !index.others.is_empty() || index.by_last.contains_key(name);
        if !may_be(&checker.properties) && !may_be(&checker.exports) {
            return;
        }
        let api = taken_api(self.context, node, name);
        let used = Use { api: api.as_deref(), member: Some(name), span };
        self.exported(&used);
        for at in checker.properties.candidates(name) {
            let (_, requirement) = &checker.all[at];
            if let Demand::BannedProperty(names, access) = &requirement.demand
                && access.has(Access::Read)
                && self.is_meant(requirement, names, &used)
            {
                self.report(&checker.all[at], span, format!("read of {}", shown(&used)));
            }
        }
    }

    fn attribute(&self, attribute: &'a nodeward_javascript::oxc::ast::JSXAttribute<'a>) {
        let JSXAttributeName::Identifier(name) = &attribute.name else { return };
        let name = name.name.as_str();
        let used = Use { api: None, member: Some(name), span: attribute.span };
        for at in self.checker.properties.candidates(name) {
            let requirement = &self.checker.all[at];
            match &requirement.1.demand {
                Demand::BannedProperty(names, access)
                    if access.has(Access::Write) && self.is_meant(&requirement.1, names, &used) =>
                {
                    self.report(requirement, attribute.span, format!("attribute {name}"));
                }
                Demand::Limited(Subject::Property(names), limit)
                    if self.is_meant(&requirement.1, names, &used) =>
                {
                    let broken = match &attribute.value {
                        Some(JSXAttributeValue::ExpressionContainer(container)) => {
                            match container.expression.as_expression() {
                                Some(value) => breaks(limit, self.context, value, self.site(&requirement.1)),
                                None => false,
                            }
                        }
                        // Text that stands there.
                        Some(JSXAttributeValue::StringLiteral(_)) => is_text_limited(limit),
                        Some(_) => matches!(limit, Limit::Only(_)),
                        None => false,
                    };
                    if broken {
                        self.report(requirement, attribute.span, format!("value of the attribute {name}"));
                    }
                }
                _ => {}
            }
        }
    }

    fn import(&self, module: &str, span: Span) {
        for &at in &self.checker.imports {
            let requirement = &self.checker.all[at];
            if let Demand::BannedImport(modules, _) = &requirement.1.demand
                && modules.iter().any(|pattern| pattern.matches(module, self.site(&requirement.1)))
            {
                self.report(requirement, span, format!("import of {module}"));
            }
        }
    }

    /// An export that a declaration imports.
    fn export(&self, module: &str, name: &str, span: Span) {
        let index = &self.checker.exports;
        for at in index.candidates(name) {
            let requirement = &self.checker.all[at];
            if let Demand::BannedImport(_, exports) = &requirement.1.demand {
                let site = self.site(&requirement.1);
                if exports.iter().any(|export| export.is_export(module, name, site)) {
                    self.report(requirement, span, format!("import of {name} from {module}"));
                }
            }
        }
    }

    /// An export that another module passes on, which is a use of it.
    fn passed_on(&self, module: &str, name: &str, span: Span) {
        for at in self.checker.names.candidates(name) {
            let requirement = &self.checker.all[at];
            if let Demand::BannedName(names) = &requirement.1.demand {
                let site = self.site(&requirement.1);
                if names.iter().any(|banned| banned.is_export(module, name, site)) {
                    self.report(requirement, span, format!("export of {name} from {module}"));
                }
            }
        }
    }

    /// An export that is taken out of an imported module.
    fn exported(&self, used: &Use<'_>) {
        for at in self.checker.exports.candidates(used.last()) {
            let requirement = &self.checker.all[at];
            if let Demand::BannedImport(_, exports) = &requirement.1.demand
                && self.is_meant(&requirement.1, exports, used)
            {
                self.report(requirement, used.span, format!("import of {}", shown(used)));
            }
        }
    }
}

/// Which arguments of a call reach what is called.
#[derive(Clone, Copy)]
enum Passed {
    From(usize),
    Unseen,
}

/// What happens to a property.
#[derive(Default)]
struct Usage<'a> {
    reads: bool,
    writes: bool,
    deletes: bool,
    /// What is written, where it is in sight.
    value: Option<&'a Expression<'a>>,
}

/// Whether text that stands in an attribute breaks a limit.
fn is_text_limited(limit: &Limit) -> bool {
    use super::ValueSort::{Literal, String};
    let is_text =
        |accepted: &super::Accepted| accepted.sorts.iter().any(|sort| matches!(sort, Literal | String));
    match limit {
        Limit::Only(accepted) => !is_text(accepted),
        Limit::Not(denied) => is_text(denied),
    }
}

fn shown(used: &Use<'_>) -> String {
    match (used.api, used.member) {
        (Some(api), _) => api.to_owned(),
        (None, Some(member)) => format!(".{member}"),
        (None, None) => String::new(),
    }
}

fn member_name<'a>(callee: &'a Expression<'a>) -> Option<&'a str> {
    match without_wrapping(callee) {
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    }
}

fn exported<'a>(name: &'a ModuleExportName<'a>) -> &'a str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(name) => name.value.as_str(),
    }
}
