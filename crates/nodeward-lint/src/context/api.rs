//! Which API an expression is: `crypto.createHash`, however the file came by it.

use std::rc::Rc;

use nodeward_javascript::oxc::ast::{
    Argument, CallExpression, ChainElement, Expression, IdentifierReference,
};

use super::symbols::Bound;
use super::{Constant, Context, MAX_DEPTH, without_wrapping};

/// Names of the global object, which say nothing.
const GLOBAL_OBJECTS: &[&str] = &["globalThis", "global", "window", "self"];

/// Modules whose exports are globals too.
const GLOBALS_TOO: &[&str] = &["buffer", "timers", "globals"];

/// What compilers wrap around `require` to make CommonJS look like a module.
const INTEROP: &[&str] = &[
    "__importDefault",
    "__importStar",
    "__toESM",
    "_interopRequireDefault",
    "_interopRequireWildcard",
    "_interopDefault",
    "_interopDefaultLegacy",
    "interopRequireDefault",
    "interopRequireWildcard",
    "_interopNamespace",
];

impl<'a> Context<'_, 'a> {
    /// The path of an API from the module or the global that it belongs to: `crypto.createHash`, `eval`,
    /// `process.env`, and `express().use` for what a call gives. The same for `require`, `import`, destructuring,
    /// `node:` names, aliases in variables assigned once, `promisify` and what compilers make of them. Names of the
    /// project's own modules keep their `./`.
    pub(crate) fn api_path(&self, expression: &'a Expression<'a>) -> Option<Rc<str>> {
        self.path_of(expression, MAX_DEPTH)
    }

    /// The same for a name.
    pub(crate) fn api_path_of_name(&self, identifier: &'a IdentifierReference<'a>) -> Option<Rc<str>> {
        self.path_of_name(identifier, MAX_DEPTH)
    }

    /// The same for a member of something.
    pub(crate) fn api_path_of_member(&self, object: &'a Expression<'a>, member: &str) -> Option<Rc<str>> {
        join(&self.path_of(object, MAX_DEPTH)?, member)
    }

    fn path_of(&self, expression: &'a Expression<'a>, depth: u8) -> Option<Rc<str>> {
        let depth = depth.checked_sub(1)?;
        match without_wrapping(expression) {
            Expression::Identifier(identifier) => self.path_of_name(identifier, depth),
            Expression::StaticMemberExpression(member) => {
                join(&self.path_of(&member.object, depth)?, member.property.name.as_str())
            }
            Expression::ComputedMemberExpression(member) => {
                let Constant::Text(name) = self.constant(&member.expression)? else { return None };
                join(&self.path_of(&member.object, depth)?, &name)
            }
            Expression::CallExpression(call) => self.path_of_call(call, depth),
            Expression::NewExpression(new) => made(&self.path_of(&new.callee, depth)?),
            Expression::AwaitExpression(awaited) => self.path_of(&awaited.argument, depth),
            Expression::ImportExpression(import) => self.module(&import.source),
            Expression::LogicalExpression(logical) => {
                self.path_of(&logical.left, depth).or_else(|| self.path_of(&logical.right, depth))
            }
            Expression::AssignmentExpression(assignment) => self.path_of(&assignment.right, depth),
            Expression::ChainExpression(chain) => match &chain.expression {
                ChainElement::CallExpression(call) => self.path_of_call(call, depth),
                ChainElement::StaticMemberExpression(member) => {
                    join(&self.path_of(&member.object, depth)?, member.property.name.as_str())
                }
                _ => None,
            },
            Expression::ImportMeta(_) => Some(Rc::from("import.meta")),
            _ => None,
        }
    }

    fn path_of_name(&self, identifier: &'a IdentifierReference<'a>, depth: u8) -> Option<Rc<str>> {
        let Some(symbol) = self.symbol_of(identifier) else {
            return Some(Rc::from(identifier.name.as_str()));
        };
        if let Some(known) = self.paths.borrow().get(&symbol) {
            return known.clone();
        }
        // A cycle of bindings finds this and ends.
        self.paths.borrow_mut().insert(symbol, None);
        let path = match self.bound(symbol) {
            Some(Bound::Value(value, members)) => self
                .path_of(value, depth)
                .and_then(|path| members.iter().try_fold(path, |path, name| join(&path, name))),
            Some(Bound::Import(module, name)) => {
                let module = module_path(module);
                name.map_or(Some(module.clone()), |name| join(&module, name))
            }
            // Bundlers hand `require` to each module as a parameter.
            Some(Bound::Parameter) if identifier.name == "require" => Some(Rc::from("require")),
            _ => None,
        };
        self.paths.borrow_mut().insert(symbol, path.clone());
        path
    }

    fn path_of_call(&self, call: &'a CallExpression<'a>, depth: u8) -> Option<Rc<str>> {
        let first = call.arguments.first().and_then(Argument::as_expression);
        if let (Expression::Identifier(callee), Some(first)) = (without_wrapping(&call.callee), first)
            && INTEROP.contains(&callee.name.as_str())
        {
            return self.path_of(first, depth);
        }
        let callee = self.path_of(&call.callee, depth)?;
        match (&*callee, first) {
            (
                "require" | "module.require" | "process.mainModule.require" | "module.createRequire()",
                Some(first),
            ) => self.module(first),
            ("util.promisify", Some(first)) => self.path_of(first, depth),
            _ => match callee.strip_suffix(".bind") {
                Some(function) => Some(Rc::from(function)),
                None => made(&callee),
            },
        }
    }

    fn module(&self, name: &'a Expression<'a>) -> Option<Rc<str>> {
        match self.constant(name)? {
            Constant::Text(name) => Some(module_path(&name)),
            _ => None,
        }
    }
}

/// A module as paths of its APIs begin.
pub(crate) fn module_path(name: &str) -> Rc<str> {
    let name = name.strip_prefix("node:").unwrap_or(name);
    match name {
        "fs/promises" => Rc::from("fs.promises"),
        "timers/promises" => Rc::from("timers.promises"),
        _ => Rc::from(name.strip_suffix('/').unwrap_or(name)),
    }
}

/// Longer ones are written by machines, and no rule names them.
const MAX_PATH: usize = 160;

/// The path of a member of an API.
pub(crate) fn join(object: &str, member: &str) -> Option<Rc<str>> {
    let nothing_said =
        GLOBAL_OBJECTS.contains(&object) || (GLOBALS_TOO.contains(&object) && member != "default");
    if nothing_said {
        return Some(Rc::from(member));
    }
    if member == "default" {
        return Some(Rc::from(object));
    }
    (object.len() + member.len() < MAX_PATH).then(|| Rc::from(format!("{object}.{member}")))
}

fn made(callee: &str) -> Option<Rc<str>> {
    (callee.len() < MAX_PATH).then(|| Rc::from(format!("{callee}()")))
}
