//! Projects whose packages are reached through symbolic links: as pnpm lays them out, and workspaces. Traced, sealed,
//! checked, bundled, run from the bundle by Node.js alone, and run enforced.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use nodeward_testkit::Project;

use crate::harness::{Ran, World};
use crate::nodes::nodes;

/// What both programs print.
const PRINTED: &str = "esm of cjs of deep, data\n";

struct Layout {
    project: Project,
    /// Where `nodeward` is called and `nodeward.toml` stands, from the root of all files.
    folder: &'static str,
    /// The links of the bundle.
    links: &'static [(&'static str, &'static str)],
    /// The sources, but for the entry.
    sources: &'static [&'static str],
}

fn package(name: &str, more: &str) -> String {
    format!(r#"{{"name":"{name}","version":"1.0.0"{more}}}"#)
}

fn link(project: &Project, at: &str, to: &str) {
    let at = project.join(at);
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    symlink(to, at).unwrap();
}

const MAIN: &str = "import esm from '@s/esm';\nimport { readFileSync } from 'node:fs';
console.log(`${esm}, ${readFileSync(new URL('./data.txt', import.meta.url), 'utf8')}`);\n";

fn pnpm() -> Layout {
    let store = "node_modules/.pnpm";
    let project = Project::empty()
        .file(
            "package.json",
            package("app", r#","type":"module","dependencies":{"@s/esm":"1.0.0","idle":"1.0.0"}"#),
        )
        .file("main.js", MAIN)
        .file("data.txt", "data")
        .file("nodeward.toml", "[seal]\nentries = [\"main.js\"]\n")
        .file(
            &format!("{store}/@s+esm@1.0.0/node_modules/@s/esm/package.json"),
            package("@s/esm", r#","type":"module","exports":"./index.js""#),
        )
        .file(
            &format!("{store}/@s+esm@1.0.0/node_modules/@s/esm/index.js"),
            "import cjs from 'cjs';\nexport default `esm of ${cjs}`;\n",
        )
        .file(&format!("{store}/cjs@1.0.0/node_modules/cjs/package.json"), package("cjs", ""))
        .file(
            &format!("{store}/cjs@1.0.0/node_modules/cjs/index.js"),
            "module.exports = `cjs of ${require('deep/name')}`;\n",
        )
        .file(&format!("{store}/deep@1.0.0/node_modules/deep/package.json"), package("deep", ""))
        .file(&format!("{store}/deep@1.0.0/node_modules/deep/name.json"), "\"deep\"")
        .file(&format!("{store}/idle@1.0.0/node_modules/idle/package.json"), package("idle", ""))
        .file(&format!("{store}/idle@1.0.0/node_modules/idle/index.js"), "");
    link(&project, "node_modules/@s/esm", "../.pnpm/@s+esm@1.0.0/node_modules/@s/esm");
    link(&project, "node_modules/idle", ".pnpm/idle@1.0.0/node_modules/idle");
    link(&project, &format!("{store}/@s+esm@1.0.0/node_modules/cjs"), "../../cjs@1.0.0/node_modules/cjs");
    link(&project, &format!("{store}/cjs@1.0.0/node_modules/deep"), "../../deep@1.0.0/node_modules/deep");
    Layout {
        project,
        folder: "",
        links: &[
            ("node_modules/.pnpm/@s+esm@1.0.0/node_modules/cjs", "../../cjs@1.0.0/node_modules/cjs"),
            ("node_modules/.pnpm/cjs@1.0.0/node_modules/deep", "../../deep@1.0.0/node_modules/deep"),
            ("node_modules/@s/esm", "../.pnpm/@s+esm@1.0.0/node_modules/@s/esm"),
        ],
        sources: &[
            "data.txt",
            "node_modules/.pnpm/@s+esm@1.0.0/node_modules/@s/esm/index.js",
            "node_modules/.pnpm/cjs@1.0.0/node_modules/cjs/index.js",
            "node_modules/.pnpm/deep@1.0.0/node_modules/deep/name.json",
        ],
    }
}

/// A package of a workspace that loads another of it by its name; what they install stands above both.
fn workspace() -> Layout {
    let project = Project::empty()
        .file("package.json", r#"{"name":"mono","private":true,"workspaces":["packages/*"]}"#)
        .file(
            "packages/web/package.json",
            package("web", r#","type":"module","dependencies":{"@s/esm":"1.0.0"}"#),
        )
        .file("packages/web/main.js", MAIN)
        .file("packages/web/data.txt", "data")
        .file("packages/web/nodeward.toml", "[seal]\nentries = [\"main.js\"]\n")
        .file(
            "packages/esm/package.json",
            package("@s/esm", r#","type":"module","exports":"./lib/index.js""#),
        )
        .file("packages/esm/lib/index.js", "import cjs from 'cjs';\nexport default `esm of ${cjs}`;\n")
        .file("packages/idle/package.json", package("idle", ""))
        .file("node_modules/cjs/package.json", package("cjs", ""))
        .file("node_modules/cjs/index.js", "module.exports = 'cjs of deep';\n");
    link(&project, "node_modules/@s/esm", "../../packages/esm");
    link(&project, "node_modules/idle", "../packages/idle");
    link(&project, "node_modules/web", "../packages/web");
    Layout {
        project,
        folder: "packages/web",
        links: &[("node_modules/@s/esm", "../../packages/esm"), ("node_modules/web", "../packages/web")],
        sources: &["node_modules/cjs/index.js", "packages/esm/lib/index.js", "packages/web/data.txt"],
    }
}

fn links_below(folder: &Path) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(at).unwrap().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_symlink() {
                let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_link(entry.path()).unwrap().to_str().unwrap().to_owned()));
            } else if kind.is_dir() {
                open.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

fn plain(node: &Path, main: &Path) -> Ran {
    Ran::of(Command::new(node).arg(main).env_clear().output().unwrap())
}

#[test]
fn linked_packages_are_sealed_bundled_and_run() {
    let world = World::new();
    for layout in [pnpm(), workspace()] {
        let root = layout.project.path().canonicalize().unwrap();
        let folder = root.join(layout.folder);
        let nodeward = |arguments: &[&str], folder: &Path| world.run(arguments, folder);
        let main = if layout.folder.is_empty() {
            "main.js".to_owned()
        } else {
            format!("{}/main.js", layout.folder)
        };

        nodeward(&["seal"], &folder).expect(0);
        nodeward(&["seal", "--check"], &folder).expect(0);
        let text = std::fs::read_to_string(root.join("nodeward.seal.json")).unwrap();
        let seal: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut expected: Vec<&str> = layout.sources.iter().copied().chain([&*main]).collect();
        expected.sort_unstable();
        let sources = seal["sources"].as_array().unwrap().iter();
        assert_eq!(sources.map(|source| source["path"].as_str().unwrap()).collect::<Vec<_>>(), expected);

        let out = tempfile::tempdir().unwrap();
        let bundle: PathBuf = out.path().canonicalize().unwrap().join("bundle");
        nodeward(&["bundle", "--out", bundle.to_str().unwrap()], &folder).expect(0);
        let links: Vec<(String, String)> =
            layout.links.iter().map(|(at, to)| ((*at).to_owned(), (*to).to_owned())).collect();
        assert_eq!(links_below(&bundle), links);

        for (version, node) in nodes() {
            let ran = plain(&node, &folder.join("main.js"));
            assert_eq!(ran.out, PRINTED, "Node.js {version}: {}", ran.err);
            for root in [&root, &bundle] {
                let ran = plain(&node, &root.join(&main));
                assert_eq!(
                    (ran.code, &*ran.out),
                    (0, PRINTED),
                    "Node.js {version}, {}: {}",
                    root.display(),
                    ran.err
                );
                let node = node.to_str().unwrap();
                for (folder, main) in [(root.clone(), &*main), (root.join(layout.folder), "main.js")] {
                    let ran = nodeward(&["run", "--node", node, "--", "node", main], &folder);
                    assert_eq!(
                        (ran.code, &*ran.out),
                        (0, PRINTED),
                        "Node.js {version}, {}: {}",
                        folder.display(),
                        ran.err
                    );
                }
            }
            // What is not sealed does not load through a link either.
            let idle = root.join("node_modules/idle/index.js");
            std::fs::write(&idle, "console.log('PAYLOAD');\n").unwrap();
            std::fs::write(root.join(layout.sources[layout.sources.len() - 1]), "changed").unwrap();
            let ran = nodeward(&["run", "--node", node.to_str().unwrap(), "--", "node", &main], &root);
            assert_eq!(ran.code, 125, "Node.js {version}: {}", ran.err);
            let restored = if layout.folder.is_empty() { "\"deep\"" } else { "data" };
            std::fs::write(root.join(layout.sources[layout.sources.len() - 1]), restored).unwrap();
        }
    }
}

#[test]
fn trace_names_the_packages_behind_the_links() {
    let world = World::new();
    for layout in [pnpm(), workspace()] {
        let folder = layout.project.path().join(layout.folder);
        let ran = world.run(&["trace", "main.js", "--format", "json"], &folder);
        let answer: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let packages = answer["packages"].as_array().unwrap();
        let mut names: Vec<&str> =
            packages.iter().filter_map(|package| package["package"].as_str()).collect();
        names.sort_unstable();
        let expected: &[&str] = if layout.folder.is_empty() {
            &["@s/esm@1.0.0", "cjs@1.0.0", "deep@1.0.0"]
        } else {
            &["cjs@1.0.0"]
        };
        assert_eq!(names, expected);
        let explained =
            world.run(&["trace", "main.js", "--explain", "node_modules/@s/esm/index.js"], &folder);
        if layout.folder.is_empty() {
            assert!(explained.out.starts_with("main.js:1  import\n"), "{}", explained.out);
        }
    }
}
