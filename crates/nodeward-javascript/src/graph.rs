//! Which file of a set loads which.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::imports::Import;
use crate::resolve::{Resolved, Resolver};

/// A module of one graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// Where an import leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a module of the graph.
    Module(ModuleId),
    /// To a file that is not part of it: a dependency's, or one that is no source.
    Outside(PathBuf),
    /// To Node.js itself: `node:fs`.
    Builtin(String),
    /// To nothing that is there.
    Missing,
}

/// An import and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The import, as the text has it.
    pub import: Import,
    /// Where it leads.
    pub target: Target,
}

/// Files and the imports between them. The same files give the same graph, in whatever order they come.
#[derive(Debug, Clone, Default)]
pub struct ModuleGraph {
    paths: Vec<PathBuf>,
    edges: Vec<Vec<Edge>>,
    by_path: FxHashMap<PathBuf, ModuleId>,
}

impl ModuleGraph {
    /// The graph of files below `root`: for each its path below it, and what it imports.
    pub fn new(root: &Path, mut files: Vec<(PathBuf, Vec<Import>)>, resolver: &Resolver) -> Self {
        // Resolution gives real paths.
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        files.sort_by(|left, right| left.0.cmp(&right.0));
        files.dedup_by(|later, earlier| later.0 == earlier.0);
        let mut graph = Self::default();
        for (at, (path, _)) in files.iter().enumerate() {
            let id = ModuleId(u32::try_from(at).expect("a project has fewer files than numbers"));
            graph.by_path.insert(path.clone(), id);
            graph.paths.push(path.clone());
        }
        for (path, imports) in files {
            let file = root.join(path);
            let edges = imports.into_iter().map(|import| {
                let target = match resolver.resolve(&file, &import.specifier, import.kind.loader()) {
                    Ok(Resolved::Builtin(name)) => Target::Builtin(name),
                    Ok(Resolved::File(file)) => {
                        match file.strip_prefix(&root).ok().and_then(|path| graph.id(path)) {
                            Some(id) => Target::Module(id),
                            None => Target::Outside(file),
                        }
                    }
                    Err(_) => Target::Missing,
                };
                Edge { import, target }
            });
            let edges = edges.collect();
            graph.edges.push(edges);
        }
        graph
    }

    /// The number of modules.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The modules, by path.
    pub fn modules(&self) -> impl Iterator<Item = ModuleId> + use<> {
        (0..self.paths.len() as u32).map(ModuleId)
    }

    /// A module's path below the root.
    pub fn path(&self, module: ModuleId) -> &Path {
        &self.paths[module.0 as usize]
    }

    /// The module of a path below the root.
    pub fn id(&self, path: &Path) -> Option<ModuleId> {
        self.by_path.get(path).copied()
    }

    /// What a module imports, in the order of its text.
    pub fn edges(&self, module: ModuleId) -> &[Edge] {
        &self.edges[module.0 as usize]
    }

    /// The modules that `entries` load, themselves included, by path.
    pub fn reachable(&self, entries: impl IntoIterator<Item = ModuleId>) -> Vec<ModuleId> {
        let mut seen = vec![false; self.len()];
        let mut open: Vec<ModuleId> = entries.into_iter().collect();
        while let Some(module) = open.pop() {
            if std::mem::replace(&mut seen[module.0 as usize], true) {
                continue;
            }
            open.extend(self.edges(module).iter().filter_map(|edge| match edge.target {
                Target::Module(id) => Some(id),
                _ => None,
            }));
        }
        self.modules().filter(|module| seen[module.0 as usize]).collect()
    }

    /// The modules with no import cycle first: each after what it imports, where there is no cycle.
    pub fn dependencies_first(&self) -> Vec<ModuleId> {
        let mut order = Vec::with_capacity(self.len());
        let mut entered = vec![false; self.len()];
        // Each with the number of its edges that were followed, so that depth costs no stack.
        let mut open: Vec<(ModuleId, usize)> = Vec::new();
        for module in self.modules() {
            if std::mem::replace(&mut entered[module.0 as usize], true) {
                continue;
            }
            open.push((module, 0));
            while let Some((module, followed)) = open.last_mut() {
                let edge = self.edges[module.0 as usize].get(*followed);
                *followed += 1;
                match edge {
                    Some(Edge { target: Target::Module(next), .. }) => {
                        if !std::mem::replace(&mut entered[next.0 as usize], true) {
                            open.push((*next, 0));
                        }
                    }
                    Some(_) => {}
                    None => {
                        order.push(*module);
                        open.pop();
                    }
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::imports_of;
    use crate::source::SourceKind;
    use nodeward_testkit::Project;

    #[test]
    fn edges_within_and_without() {
        let files = [
            (
                "main.js",
                "require('./b'); import('fs'); require('dep'); require('./gone'); require('./a.mjs')",
            ),
            ("a.mjs", "import './b.js'; export * from './main.js'"),
            ("b.js", "module.exports = require('./data.json')"),
            ("alone.ts", "import type { T } from './main'; import x = require('./b')"),
        ];
        let mut project = Project::empty()
            .file("data.json", "{}")
            .file("node_modules/dep/package.json", r#"{"exports":{"import":"./m.mjs","require":"./c.cjs"}}"#)
            .file("node_modules/dep/c.cjs", "");
        let mut read = Vec::new();
        for (path, text) in files {
            project = project.file(path, text);
            read.push((
                PathBuf::from(path),
                imports_of(text, SourceKind::of_path(Path::new(path)).unwrap()).unwrap(),
            ));
        }
        let resolver = Resolver::new();
        let graph = ModuleGraph::new(project.path(), read.clone(), &resolver);
        let id = |path: &str| graph.id(Path::new(path)).unwrap();
        let targets =
            |path: &str| graph.edges(id(path)).iter().map(|edge| edge.target.clone()).collect::<Vec<_>>();
        let root = project.path().canonicalize().unwrap();
        assert_eq!(
            targets("main.js"),
            [
                Target::Module(id("b.js")),
                Target::Builtin("node:fs".to_owned()),
                Target::Outside(root.join("node_modules/dep/c.cjs")),
                Target::Missing,
                Target::Module(id("a.mjs")),
            ]
        );
        assert_eq!(targets("a.mjs"), [Target::Module(id("b.js")), Target::Module(id("main.js"))]);
        assert_eq!(targets("b.js"), [Target::Outside(root.join("data.json"))]);
        assert_eq!(targets("alone.ts"), [Target::Module(id("b.js"))]);
        let names = |ids: Vec<ModuleId>| {
            ids.into_iter().map(|id| graph.path(id).display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(graph.reachable([id("b.js")])), ["b.js"]);
        assert_eq!(names(graph.reachable([id("a.mjs")])), ["a.mjs", "b.js", "main.js"]);
        assert_eq!(names(graph.dependencies_first()), ["b.js", "main.js", "a.mjs", "alone.ts"]);
        read.reverse();
        let again = ModuleGraph::new(project.path(), read, &resolver);
        assert!(graph.modules().all(|module| graph.edges(module) == again.edges(module)));
    }
}
