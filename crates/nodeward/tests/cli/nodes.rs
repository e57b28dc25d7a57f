//! The versions of Node.js to test on.

use std::path::{Path, PathBuf};

/// The Node.js of each version that is there: in NODEWARD_NODES, else in `target/nodes`.
#[expect(clippy::print_stderr, reason = "a version that is skipped is named")]
pub(crate) fn nodes() -> Vec<(u32, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nodes");
    let root = std::env::var_os("NODEWARD_NODES").map_or(root, PathBuf::from);
    let mut nodes = Vec::new();
    for version in [20, 22, 24, 26] {
        let folder = root.join(format!("v{version}"));
        let places = ["bin/node", "package/bin/node"].map(|below| folder.join(below));
        match places.into_iter().find(|path| path.is_file()) {
            Some(node) => nodes.push((version, node.canonicalize().unwrap())),
            None => eprintln!(
                "skipped: Node.js {version} is not in {}; `cargo xtask test` fetches it",
                root.display()
            ),
        }
    }
    nodes
}
