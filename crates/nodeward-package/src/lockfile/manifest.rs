//! A bare `package.json`: what the project asks for, with nothing resolved.
//!
//! Each direct requirement becomes an edge without target. A specifier that names one exact version would resolve
//! to that release, so it gets its package.

use super::{Format, Input};
use crate::graph::{Edge, GraphBuilder, Origin, Package, ReachFrom};
use crate::{DependencyGraph, LockfileError, Manifest, PackageName, Version};

pub(super) fn recognises(file_name: &str, _: &[u8]) -> bool {
    file_name.ends_with("package.json")
}

pub(super) fn parse(input: &Input<'_>) -> Result<DependencyGraph, LockfileError> {
    let manifest = Manifest::parse(input.file, input.bytes)?;
    let mut builder = GraphBuilder::new(input.file, Format::Manifest);
    let root = builder.add_root(super::root_package(&manifest));
    for dependency in &manifest.dependencies {
        let to = exact(&dependency.name, &dependency.specifier).map(|mut package| {
            package.position = dependency.position;
            builder.add(package)
        });
        builder.require(Edge {
            from: root,
            to,
            kind: dependency.kind,
            name: builder.required_name(to, &dependency.name),
            specifier: dependency.specifier.clone(),
        });
    }
    for remark in &manifest.remarks {
        builder.remark(remark.message.clone(), remark.position);
    }
    Ok(builder.finish(ReachFrom::Edges))
}

/// The release that a specifier fixes, if it fixes one.
fn exact(name: &str, specifier: &str) -> Option<Package> {
    let required = PackageName::parse(name).ok()?;
    let (target, version) = match specifier.strip_prefix("npm:") {
        Some(alias) => {
            let at = alias.rfind('@').filter(|at| *at > 0)?;
            (PackageName::parse(&alias[..at]).ok()?, &alias[at + 1..])
        }
        None => (required.clone(), specifier),
    };
    let version = version.trim().trim_start_matches('=');
    Version::parse(version).ok()?;
    let mut package = Package::new(target, version, Origin::Registry { resolved: None });
    if package.name != required {
        package.alias = Some(required);
    }
    Some(package)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_exact_versions_resolve() {
        let bytes = br#"{"name": "app", "version": "2.0.0",
            "dependencies": {"a": "1.2.3", "b": "^1.0.0", "c": "npm:@x/y@3.0.0", "d": "git+ssh://h/r.git"},
            "devDependencies": {"e": "latest", "f": "=1.0.0"}}"#;
        let graph = parse(&Input { file: Path::new("package.json"), bytes, manifests: &[] }).unwrap();
        let labels: Vec<String> = graph.packages().iter().map(Package::label).collect();
        assert_eq!(labels, ["app@2.0.0", "a@1.2.3", "@x/y@3.0.0", "f@1.0.0"]);
        assert_eq!(graph.edges().len(), 6);
        let f = &graph.packages()[3];
        assert!(f.reach.development && !f.reach.production);
        assert_eq!(f.position.line, 3);
    }
}
