//! What calls give: Node.js's functions on paths, files and addresses, methods of texts and arrays, functions of
//! the file.

use std::path::Path;

use crate::oxc::ast::{Argument, CallExpression, Expression};

use super::fold::{Folder, address_of};
use super::functions::names;
use super::value::{
    self, Known, Rest, Value, address, bare, basename, concatenate, dirname, of_glob, path_of_address,
};
use super::{HOLE, NAME};
use crate::resolve::{Loader, Resolved};

/// Packages whose functions give paths for patterns.
const GLOBS: &[&str] = &["glob", "fast-glob", "globby", "tiny-glob", "tinyglobby"];

impl<'a> Folder<'a, '_> {
    /// What a call gives.
    pub(super) fn call(&self, call: &'a CallExpression<'a>) -> Known<'a> {
        if let Expression::StaticMemberExpression(member) = bare(&call.callee) {
            let object = self.fold(&member.object);
            if let Some(known) = self.method(call, &object, member.property.name.as_str()) {
                return known;
            }
        }
        let callee = self.fold(&call.callee);
        let mut all = Known { values: Vec::new(), open: callee.open };
        for value in &callee.values {
            all.add(self.call_of(call, value));
        }
        if callee.values.is_empty() {
            all.add(self.passed_on(call));
            if self.gives_place(call) {
                all.add(Known::text(self.folder()));
            }
        }
        all
    }

    /// `directoryOf(import.meta)`: what is called so and is given nothing but the file's own place gives its folder.
    pub(super) fn gives_place(&self, call: &'a CallExpression<'a>) -> bool {
        let name = match bare(&call.callee) {
            Expression::Identifier(name) => name.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => return false,
        };
        let is_named = name.to_ascii_lowercase().contains("dir");
        is_named
            && match call.arguments.first().and_then(Argument::as_expression).map(bare) {
                Some(Expression::ImportMeta(_)) => true,
                Some(Expression::StaticMemberExpression(member)) => {
                    matches!(member.object, Expression::ImportMeta(_)) && member.property.name == "url"
                }
                Some(Expression::Identifier(name)) => name.name == "__filename",
                _ => false,
            }
    }

    fn call_of(&self, call: &'a CallExpression<'a>, callee: &Value<'a>) -> Known<'a> {
        match callee {
            Value::Require(None) => self.module(&self.argument(call, 0)),
            Value::Through("call", None) => self.module(&self.argument(call, 1)),
            Value::Through("apply", None) => self.module(&self.nth(&self.argument(call, 1), 0)),
            Value::Through("bind", from) if call.arguments.len() < 2 => {
                Known::one(Value::Require(from.clone()))
            }
            Value::Member(module, name) if module == "module" && name == "_load" => {
                self.module(&self.argument(call, 0))
            }
            Value::Resolve(from) => self.resolved_by(call, from.as_deref()),
            Value::Member(module, name) => self.builtin_call(call, module, name),
            Value::Builtin(name) if name == "(text)" => self.written_function(&call.arguments),
            Value::Import => Known::one(Value::Promise(Box::new(self.module(&self.argument(call, 0))))),
            Value::Function(function) => {
                // Compilers' own wrappers give the module, or an object with the module in it.
                let mut all = self.returned(*function);
                all.values.extend(self.passed_on(call).values);
                all
            }
            Value::Package(package) if GLOBS.contains(&package.as_str()) => self.glob(call),
            Value::PackageMember(package, _) if GLOBS.contains(&package.as_str()) => self.glob(call),
            // `lazy(require)` gives something that is called like `require`.
            Value::Package(_) | Value::PackageMember(..) => {
                let given = self.argument(call, 0);
                match given.values.iter().any(|value| matches!(value, Value::Require(None))) {
                    true => Known { values: vec![Value::Require(None)], open: true },
                    false => self.passed_on(call),
                }
            }
            _ => Known::anything(),
        }
    }

    /// What a call of `require.resolve` gives, from each place that it looks from.
    pub(super) fn resolved_by(&self, call: &'a CallExpression<'a>, from: Option<&str>) -> Known<'a> {
        let (what, loader) = (self.argument(call, 0), resolving(call));
        let mut all = self.resolved(&what, from, loader);
        self.places(call).iter().for_each(|place| all.add(self.resolved(&what, Some(place), loader)));
        all
    }

    /// The folders that `require.resolve(name, { paths })` looks from; any, where not all of them are known.
    pub(super) fn places(&self, call: &'a CallExpression<'a>) -> Vec<String> {
        if call.arguments.len() < 2 || resolving(call) == Loader::Import {
            return Vec::new();
        }
        let paths = self.property(&self.argument(call, 1), "paths").elements();
        let known = paths.texts().filter(|path| value::is_absolute(path) && super::is_exact(path));
        let mut places: Vec<String> = known.map(|path| format!("{}/", path.trim_end_matches('/'))).collect();
        if paths.open || places.len() < paths.values.len() {
            places.push(HOLE.to_string());
        }
        places
    }

    /// What `require.resolve` gives: the path of the file, or its address. What is no file's name gives anything.
    pub(super) fn resolved(&self, what: &Known<'a>, from: Option<&str>, loader: Loader) -> Known<'a> {
        let mut found = Known { values: Vec::new(), open: what.open || what.texts().next().is_none() };
        for text in what.texts() {
            found.add(match (self.file_of(text, from, loader), from) {
                (Some(path), _) if loader == Loader::Import => Known::text(address_of(&path)),
                (Some(path), _) => Known::text(path),
                (None, None) if text.starts_with('.') => Known::text(value::join(&[self.folder(), text])),
                _ => Known::anything(),
            });
        }
        found
    }

    /// The file that a name means, to this one or to another.
    fn file_of(&self, name: &str, from: Option<&str>, loader: Loader) -> Option<String> {
        let resolver = self.surroundings.resolver?;
        let folder = match from {
            None => self.folder().to_owned(),
            Some(from) if from.ends_with('/') => from.to_owned(),
            Some(from) => dirname(from),
        };
        if !super::is_exact(name) || !super::is_exact(&folder) {
            return None;
        }
        match resolver.resolve(Path::new(&folder), name, loader) {
            Ok(Resolved::File(path)) => Some(path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/")),
            _ => None,
        }
    }

    /// Compilers wrap modules: `__importStar(require("path"))`, `_interop(require("path"))`.
    fn passed_on(&self, call: &'a CallExpression<'a>) -> Known<'a> {
        if !(1..=2).contains(&call.arguments.len()) {
            return Known::anything();
        }
        let given = self.argument(call, 0);
        let is_module = !given.values.is_empty()
            && given.values.iter().all(|value| matches!(value, Value::Builtin(_) | Value::Package(_)));
        if is_module { given } else { Known::anything() }
    }

    fn builtin_call(&self, call: &'a CallExpression<'a>, module: &str, name: &str) -> Known<'a> {
        let working = self.surroundings.working_directory;
        let module = module.split('/').next().unwrap_or(module);
        match (module, name) {
            ("path", "join") => self.over_texts(call, value::join),
            ("path", "resolve") => self.over_texts(call, |parts| value::resolve(parts, working)),
            ("path", "normalize") => self.over_texts(call, value::join),
            ("path", "dirname") => self.argument(call, 0).map_texts(dirname),
            ("path", "basename") => {
                let ending = self.argument(call, 1);
                let ending = ending.texts().next().map(str::to_owned);
                self.argument(call, 0).map_texts(|path| basename(path, ending.as_deref()))
            }
            ("path", "toNamespacedPath") | ("fs", "realpathSync" | "realpath") => self.argument(call, 0),
            ("url", "fileURLToPath") => self.argument(call, 0).map_texts(path_of_address),
            ("url", "pathToFileURL") => self
                .argument(call, 0)
                .map_texts(|path| format!("file://{}", value::resolve(&[path], working))),
            ("fs", "readdirSync" | "readdir") => {
                let recursive = call.arguments.get(1).is_some_and(|options| {
                    options.as_expression().is_some_and(|options| {
                        let asked = self.property(&self.fold(options), "recursive");
                        asked.open
                            || !matches!(bare(options), Expression::StringLiteral(_))
                                && says_recursive(options)
                    })
                });
                let list = match recursive {
                    true => {
                        let any = vec![Known::text(HOLE.to_string())];
                        Known::one(Value::List { elements: any, rest: Rest::Same })
                    }
                    false => names(),
                };
                Known { values: list.values, open: false }
            }
            ("module", "createRequire" | "createRequireFromPath") => self.required_from(call),
            ("process", "cwd") => Known::text(working),
            ("os", "platform") => Known::text(self.surroundings.platform),
            ("os", "arch") => Known::text(self.surroundings.architecture),
            ("process", "getBuiltinModule") => self.module(&self.argument(call, 0)),
            _ => self.passed_on(call),
        }
    }

    fn required_from(&self, call: &'a CallExpression<'a>) -> Known<'a> {
        let from = self.argument(call, 0);
        let mut all = Known::nothing();
        for text in from.texts() {
            let path = path_of_address(text);
            let own = path == self.file;
            all.values.push(Value::Require((!own).then_some(path)));
        }
        if all.values.is_empty() {
            all.values.push(Value::Require(Some(HOLE.to_string())));
        }
        all
    }

    fn over_texts(&self, call: &'a CallExpression<'a>, join: impl Fn(&[&str]) -> String) -> Known<'a> {
        let mut parts = Vec::new();
        for argument in &call.arguments {
            match argument {
                Argument::SpreadElement(spread) => {
                    let list = self.fold(&spread.argument);
                    match &list.values[..] {
                        [Value::List { elements, rest: Rest::Nothing }] if !list.open => {
                            parts.extend(elements.iter().map(Known::pieces));
                        }
                        _ => parts.push(vec![HOLE.to_string()]),
                    }
                }
                other => parts.push(
                    other
                        .as_expression()
                        .map_or_else(|| vec![HOLE.to_string()], |part| self.fold(part).pieces()),
                ),
            }
        }
        if parts.is_empty() {
            return Known::text(join(&[]));
        }
        self.combine(&parts, join)
    }

    /// `new URL(relative, base)`
    pub(super) fn url(&self, relative: &'a Expression<'a>, base: &'a Expression<'a>) -> Known<'a> {
        let parts = [self.fold(relative).pieces(), self.fold(base).pieces()];
        let joined = self.combine(&parts, |parts| address(parts[0], parts[1]).unwrap_or_default());
        let mut all = Known { values: Vec::new(), open: joined.open };
        for text in joined.texts() {
            match text {
                "" => all.open = true,
                text => all.add(Known::text(text)),
            }
        }
        all
    }

    fn glob(&self, call: &'a CallExpression<'a>) -> Known<'a> {
        let mut found = Known::nothing();
        let patterns = self.argument(call, 0);
        let list = patterns.elements();
        for text in patterns.texts().chain(list.texts()) {
            found.add(Known::text(if value::is_absolute(text) { of_glob(text) } else { HOLE.to_string() }));
        }
        if found.values.is_empty() {
            found = Known::text(HOLE.to_string());
        }
        Known::one(Value::Promise(Box::new(Known::one(Value::List {
            elements: vec![found.clone()],
            rest: Rest::Same,
        }))))
        .with(Known::one(Value::List { elements: vec![found], rest: Rest::Same }))
    }

    /// Methods of texts and arrays, and of the objects of the language. `None`: it is another function.
    fn method(&self, call: &'a CallExpression<'a>, object: &Known<'a>, name: &str) -> Option<Known<'a>> {
        if let Some(known) = self.language(call, name) {
            return Some(known);
        }
        if let [Value::Promise(inner)] = &object.values[..] {
            return Some(match name {
                "then" => match self.argument(call, 0).values.first() {
                    Some(Value::Function(function)) => {
                        Known::one(Value::Promise(Box::new(self.awaited(self.returned(*function)))))
                    }
                    _ => Known::anything(),
                },
                "catch" | "finally" => Known { values: vec![Value::Promise(inner.clone())], open: true },
                _ => Known::anything(),
            });
        }
        let has_list = object.values.iter().any(|value| matches!(value, Value::List { .. }));
        if has_list {
            return self.list_method(call, object, name);
        }
        let all_texts =
            !object.values.is_empty() && object.values.iter().all(|value| matches!(value, Value::Text(_)));
        if all_texts || object.values.is_empty() && is_text_method(name) && !object.open {
            return self.text_method(call, object, name);
        }
        if name == "bind" {
            return Some(object.clone());
        }
        // What is not known and looks like a text's own method stays a text.
        None
    }

    fn language(&self, call: &'a CallExpression<'a>, name: &str) -> Option<Known<'a>> {
        let Expression::StaticMemberExpression(member) = bare(&call.callee) else { return None };
        let Expression::Identifier(object) = &member.object else { return None };
        let first = || self.argument(call, 0);
        let list =
            |elements: Known<'a>| Known::one(Value::List { elements: vec![elements], rest: Rest::Same });
        match (object.name.as_str(), name) {
            ("Object", "keys") => Some(list(self.keys(&first()))),
            ("Object", "values") => {
                let object = first();
                let mut all = Known { values: Vec::new(), open: object.open };
                for value in &object.values {
                    match value {
                        Value::Record(record) => all.add(self.values_of(record)),
                        _ => all.open = true,
                    }
                }
                Some(list(all))
            }
            ("Object", "entries") => {
                let object = first();
                let mut values = Known { values: Vec::new(), open: object.open };
                for value in &object.values {
                    match value {
                        Value::Record(record) => values.add(self.values_of(record)),
                        _ => values.open = true,
                    }
                }
                let pair = Value::List { elements: vec![self.keys(&object), values], rest: Rest::Nothing };
                Some(list(Known::one(pair)))
            }
            ("Object", "freeze" | "seal") | ("Array", "from") => Some(first()),
            ("Promise", "resolve") => Some(Known::one(Value::Promise(Box::new(self.awaited(first()))))),
            ("Promise", "all") => {
                let elements = self.awaited(first().elements());
                Some(Known::one(Value::Promise(Box::new(list(elements)))))
            }
            _ => None,
        }
    }

    fn list_method(&self, call: &'a CallExpression<'a>, object: &Known<'a>, name: &str) -> Option<Known<'a>> {
        let elements = object.elements();
        let list =
            |elements: Known<'a>| Known::one(Value::List { elements: vec![elements], rest: Rest::Same });
        Some(match name {
            "filter" | "sort" | "reverse" | "slice" | "flat" | "toSorted" | "values" => list(elements),
            "find" | "findLast" | "at" | "shift" | "pop" => elements,
            "concat" => {
                let mut all = elements;
                all.add(self.argument(call, 0).elements());
                list(all)
            }
            "map" | "flatMap" => match self.argument(call, 0).values.first() {
                Some(Value::Function(function)) => list(self.returned(*function)),
                _ => Known::anything(),
            },
            "join" => {
                let separator = match call.arguments.is_empty() {
                    true => vec![",".to_owned()],
                    false => self.argument(call, 0).pieces(),
                };
                match (&object.values[..], &separator[..]) {
                    ([Value::List { elements, rest: Rest::Nothing }], [separator]) if !object.open => {
                        let parts: Vec<Vec<String>> = elements.iter().map(Known::pieces).collect();
                        match parts.is_empty() {
                            true => Known::text(""),
                            false => self.combine(&parts, |parts| concatenate(&[&parts.join(separator)])),
                        }
                    }
                    _ => Known::anything(),
                }
            }
            _ => return None,
        })
    }

    fn text_method(&self, call: &'a CallExpression<'a>, object: &Known<'a>, name: &str) -> Option<Known<'a>> {
        Some(match name {
            "toString" | "valueOf" | "trim" | "normalize" => object.clone(),
            "toLowerCase" => object.map_texts(str::to_lowercase),
            "toUpperCase" => object.map_texts(str::to_uppercase),
            "concat" => {
                let mut parts = vec![object.pieces()];
                parts.extend((0..call.arguments.len()).map(|at| self.argument(call, at).pieces()));
                self.combine(&parts, concatenate)
            }
            "replace" | "replaceAll" => {
                let literal =
                    |at: usize| match call.arguments.get(at).and_then(Argument::as_expression).map(bare) {
                        Some(Expression::StringLiteral(text)) => Some(text.value.as_str()),
                        _ => None,
                    };
                let start = call.arguments.first().and_then(Argument::as_expression).map(bare);
                let is_start = matches!(start, Some(Expression::RegExpLiteral(pattern)) if pattern.regex.pattern.text == "^");
                match (literal(0), literal(1)) {
                    // `"quire".replace(/^/, "re")`, to keep bundlers from seeing it.
                    (None, Some(to)) if is_start => object.map_texts(|text| concatenate(&[to, text])),
                    (Some(from), Some(to)) if name == "replace" => {
                        object.map_texts(|text| text.replacen(from, to, 1))
                    }
                    (Some(from), Some(to)) => object.map_texts(|text| text.replace(from, to)),
                    // What a pattern takes out of a name leaves a name.
                    _ => object.map_texts(|text| match text.contains([HOLE, '/']) {
                        true => HOLE.to_string(),
                        false => NAME.to_string(),
                    }),
                }
            }
            "slice" | "substring" | "substr" => object.map_texts(|text| match text.contains([HOLE, '/']) {
                true => HOLE.to_string(),
                false => NAME.to_string(),
            }),
            "split" => Known::one(Value::List {
                elements: vec![Known::text(HOLE.to_string())],
                rest: Rest::Anything,
            }),
            _ => return None,
        })
    }
}

/// Whose rules a call of `resolve` follows.
pub(super) fn resolving(call: &CallExpression<'_>) -> Loader {
    match bare(&call.callee) {
        Expression::StaticMemberExpression(member) if matches!(member.object, Expression::ImportMeta(_)) => {
            Loader::Import
        }
        _ => Loader::Require,
    }
}

impl<'a> Known<'a> {
    fn with(mut self, other: Self) -> Self {
        self.add(other);
        self
    }
}

fn is_text_method(name: &str) -> bool {
    matches!(
        name,
        "toString" | "trim" | "toLowerCase" | "toUpperCase" | "concat" | "replace" | "slice" | "split"
    )
}

/// Whether options of `readdir` say `recursive`.
fn says_recursive(options: &Expression<'_>) -> bool {
    let Expression::ObjectExpression(options) = bare(options) else { return true };
    options.properties.iter().any(|property| match property {
        crate::oxc::ast::ObjectPropertyKind::ObjectProperty(property) => {
            super::fold::key(&property.key) == Some("recursive")
        }
        crate::oxc::ast::ObjectPropertyKind::SpreadProperty(_) => true,
    })
}
