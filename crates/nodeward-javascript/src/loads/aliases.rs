//! Names that a program has its own `require` take for other things: what `module-alias`, `tsconfig-paths` and their
//! kin are told.

use crate::oxc::NodeId;
use crate::oxc::ast::{CallExpression, ObjectExpression, ObjectPropertyKind};

use super::calls::Finder;
use super::fold::key;
use super::value::{self, Known, Rest, Value};
use super::{Act, is_exact};

/// A name that stands for something else in every `require` of the program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alias {
    /// A name, and what begins with it and a slash, stands for this path or name.
    Name {
        /// The name.
        name: String,
        /// What stands in its place.
        target: String,
    },
    /// A name with one `*`, or none, stands for this path, in which the first `*` is what its own stood for.
    Pattern {
        /// The name.
        name: String,
        /// What stands in its place.
        target: String,
    },
    /// Names are also looked for in this folder.
    Folder(String),
    /// The `tsconfig.json` of the working directory, or of a folder, or the file itself: its `baseUrl` and `paths`.
    Config {
        /// The folder or the file; `None` for what the environment says, else the working directory.
        at: Option<String>,
        /// What counts in the place of its `baseUrl`.
        base: Option<String>,
    },
    /// The manifest in this folder says more: `_moduleAliases`, `_moduleDirectories`.
    Manifest(String),
}

/// Packages that are told aliases.
pub(super) const ALIASING: &[&str] = &["module-alias", "app-module-path", TSCONFIG_PATHS];

const TSCONFIG_PATHS: &str = "tsconfig-paths";

impl<'a> Finder<'_, 'a, '_> {
    /// What a call of a package tells it of aliases, which is all that those packages are for.
    pub(super) fn alias(&mut self, node: NodeId, call: &'a CallExpression<'a>, package: &str, name: &str) {
        let given = |at: usize| self.folder.argument(call, at);
        let mut found = Vec::new();
        let is_known = match (package, name) {
            ("module-alias", "addAlias") => named(&given(0), &given(1), &mut found),
            ("module-alias", "addAliases") => {
                let mut is_known = !given(0).open && !given(0).values.is_empty();
                for value in &given(0).values {
                    is_known &= matches!(value, Value::Record(record) if self.table(record, &mut found));
                }
                is_known
            }
            (TSCONFIG_PATHS, "register") => self.registered(call, &mut found),
            (_, "addPath") => texts(&given(0), |folder| found.push(Alias::Folder(folder.to_owned()))),
            // `moduleAlias()` reads the manifest that loading it reads.
            ("module-alias", "") if call.arguments.is_empty() => true,
            ("module-alias", "") => {
                let base = match given(0).values[..] {
                    [Value::Record(_)] => self.folder.property(&given(0), "base"),
                    _ => given(0),
                };
                texts(&base, |folder| {
                    let folder = folder.strip_suffix("/package.json").unwrap_or(folder);
                    found.push(Alias::Manifest(folder.to_owned()));
                })
            }
            _ => true,
        };
        if self.is_dead(call.span) {
            return;
        }
        self.aliases.append(&mut found);
        if !is_known {
            self.load(node, Act::Require, &Known::anything(), None, call.span);
        }
    }

    /// What `register` of `tsconfig-paths` is given; false where it may be something else.
    fn registered(&self, call: &'a CallExpression<'a>, found: &mut Vec<Alias>) -> bool {
        if call.arguments.is_empty() {
            found.push(Alias::Config { at: None, base: None });
            return true;
        }
        let given = self.folder.argument(call, 0);
        let [Value::Record(record)] = given.values[..] else {
            found.push(Alias::Config { at: None, base: None });
            return false;
        };
        let text = |name: &str| {
            let known = self.folder.property(&given, name);
            let mut values = known.texts().filter(|text| is_exact(text)).map(str::to_owned);
            values.next().filter(|_| known.values.len() == 1 && !known.open)
        };
        let has = |name: &str| {
            record.properties.iter().any(|property| match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    key(&property.key).is_none_or(|key| key == name)
                }
                ObjectPropertyKind::SpreadProperty(_) => true,
            })
        };
        let (at, base) = (text("cwd"), text("baseUrl"));
        if !has("baseUrl") && !has("paths") {
            found.push(Alias::Config { at: at.clone(), base: None });
            return at.is_some() || !has("cwd");
        }
        let paths = self.folder.property(&given, "paths");
        if let (Some(base), [Value::Record(record)]) = (&base, &paths.values[..])
            && (at.is_some() || !has("cwd"))
        {
            let working = self.folder.surroundings.working_directory;
            let folder = value::resolve(&[at.as_deref().unwrap_or_default(), base], working);
            found.push(Alias::Folder(folder.clone()));
            return self.patterns(&folder, record, found) && !paths.open;
        }
        found.push(Alias::Config { at, base });
        false
    }

    /// `paths` that are written out; false where there may be others.
    fn patterns(&self, folder: &str, paths: &'a ObjectExpression<'a>, found: &mut Vec<Alias>) -> bool {
        let mut is_known = true;
        for property in &paths.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else {
                is_known = false;
                continue;
            };
            let listed = self.folder.fold(&property.value);
            let (Some(name), [Value::List { elements, rest: Rest::Nothing }]) =
                (key(&property.key), &listed.values[..])
            else {
                is_known = false;
                continue;
            };
            for element in elements {
                is_known &= texts(element, |target| {
                    found.push(Alias::Pattern {
                        name: name.to_owned(),
                        target: value::resolve(&[target], folder),
                    });
                });
            }
        }
        is_known
    }

    /// The aliases of an object; false where there may be others.
    fn table(&self, record: &'a ObjectExpression<'a>, found: &mut Vec<Alias>) -> bool {
        let mut is_known = true;
        for property in &record.properties {
            is_known &= match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    let name = match key(&property.key) {
                        Some(name) if !property.computed => Known::text(name),
                        _ => property
                            .key
                            .as_expression()
                            .map_or_else(Known::anything, |name| self.folder.fold(name)),
                    };
                    named(&name, &self.folder.fold(&property.value), found)
                }
                ObjectPropertyKind::SpreadProperty(_) => false,
            };
        }
        is_known
    }
}

/// Adds each name with each target; false where there may be others.
fn named(names: &Known<'_>, targets: &Known<'_>, found: &mut Vec<Alias>) -> bool {
    let mut has_target = true;
    let has_name = texts(names, |name| {
        has_target &= texts(targets, |target| {
            found.push(Alias::Name { name: name.to_owned(), target: target.to_owned() });
        });
    });
    has_name && has_target
}

/// Does something with each text that is known; false where it can be something else.
fn texts(known: &Known<'_>, mut each: impl FnMut(&str)) -> bool {
    let exact: Vec<&str> = known.texts().filter(|text| is_exact(text)).collect();
    exact.iter().for_each(|text| each(text));
    !known.open && !exact.is_empty() && exact.len() == known.values.len()
}
