//! Which listed modules make code from strings and run under bounded eval: those that an adapter of
//! `npm/nodeward/adapters` covers, by package, range and file.
//!
//! An adapter gives no rights. The guard applies it to a module only if the seal lists that under `eval.modules`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Source, SourceKind};

/// What the adapters cover, as they say it themselves; a test of theirs holds the two together.
const COVERED: &str = include_str!("adapters.json");

/// One line of the table.
#[derive(Debug, Deserialize)]
struct Cover {
    adapter: String,
    package: String,
    range: String,
    files: Vec<String>,
}

static COVERS: LazyLock<Vec<Cover>> =
    LazyLock::new(|| serde_json::from_str(COVERED).expect("a test reads the table"));

/// The names of all adapters, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = COVERS.iter().map(|cover| &*cover.adapter).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The adapter that covers a source.
pub fn adapter_of(source: &Source) -> Option<&'static str> {
    if source.kind != SourceKind::Cjs {
        return None;
    }
    let (name, version) = source.package.as_deref()?.rsplit_once('@')?;
    let (_, below) = source.path.rsplit_once("node_modules/")?;
    let file = below.strip_prefix(name)?.strip_prefix('/')?;
    let covers = |cover: &&Cover| {
        cover.package == name
            && cover.files.iter().any(|covered| covered == file)
            && is_within(version, &cover.range)
    };
    COVERS.iter().find(covers).map(|cover| &*cover.adapter)
}

/// Whether a version lies in a range of the form `>=1.2.3 <2.0.0`; a prerelease counts as its release, as for the
/// adapters.
fn is_within(version: &str, range: &str) -> bool {
    let Some((from, below)) = range.split_once(' ') else { return false };
    let bounds = (from.strip_prefix(">=").and_then(numbers), below.strip_prefix('<').and_then(numbers));
    match (numbers(version), bounds) {
        (Some(version), (Some(from), Some(below))) => from <= version && version < below,
        _ => false,
    }
}

fn numbers(version: &str) -> Option<[u32; 3]> {
    let end = version.find(['-', '+']).unwrap_or(version.len());
    let mut parts = version[..end].split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    fn source(path: &str, package: Option<&str>) -> Source {
        Source {
            path: path.to_owned(),
            kind: SourceKind::Cjs,
            origin: Origin::Static,
            package: package.map(str::to_owned),
            size: 0,
        }
    }

    #[test]
    fn the_documentation_names_them_all() {
        let page = include_str!("../../../../docs/eval.md").split_whitespace().collect::<Vec<_>>().join(" ");
        let quoted: Vec<String> = names().iter().map(|name| format!("`{name}`")).collect();
        let (last, others) = quoted.split_last().unwrap();
        let expected = format!("The names are {} and {last};", others.join(", "));
        assert!(page.contains(&expected), "{expected}");
    }

    #[test]
    fn every_line_can_be_asked() {
        assert!(names().contains(&"depd") && names().contains(&"pug"));
        for cover in COVERS.iter() {
            let version = cover.range.split(' ').next().unwrap().trim_start_matches(">=");
            for file in &cover.files {
                let path = format!("node_modules/{}/{file}", cover.package);
                let found = adapter_of(&source(&path, Some(&format!("{}@{version}", cover.package))));
                assert_eq!(found, Some(&*cover.adapter), "{path}");
            }
        }
    }

    #[test]
    fn package_range_and_file_have_to_fit() {
        for (path, package, expected) in [
            ("node_modules/depd/index.js", Some("depd@2.0.0"), Some("depd")),
            ("node_modules/.pnpm/depd@2.0.0/node_modules/depd/index.js", Some("depd@2.0.0"), Some("depd")),
            ("node_modules/a/node_modules/depd/index.js", Some("depd@2.9.9-rc.1"), Some("depd")),
            ("node_modules/depd/index.js", Some("depd@3.0.0"), None),
            ("node_modules/depd/index.js", Some("depd@1.1.2"), Some("depd")),
            ("node_modules/depd/index.js", Some("depd@0.4.5"), None),
            ("node_modules/depd/index.js", Some("depd@"), None),
            ("node_modules/depd/index.js", Some("other@2.0.0"), None),
            ("node_modules/depd/lib/index.js", Some("depd@2.0.0"), None),
            ("node_modules/alias/index.js", Some("depd@2.0.0"), None),
            ("vendor/depd/index.js", Some("depd@2.0.0"), None),
            ("node_modules/depd/index.js", None, None),
        ] {
            assert_eq!(adapter_of(&source(path, package)), expected, "{path} {package:?}");
        }
        let module =
            Source { kind: SourceKind::Esm, ..source("node_modules/depd/index.js", Some("depd@2.0.0")) };
        assert_eq!(adapter_of(&module), None);
    }
}
