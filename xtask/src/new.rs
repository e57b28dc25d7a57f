//! Starts a file of a kind, with its line in the table, so that there is one obvious way to add one.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use crate::say;

/// The sections of a rule's page. Its examples run as tests; carets in a comment mark where the finding is.
const RULE_PAGE: &str = "## What\n\n## Why\n\n## How to fix\n\n## Examples\n\n```js bad\n```\n\n```ts bad\n```\n\n```js good\n```\n";

pub(crate) fn run(root: &Path, args: &[String]) -> anyhow::Result<()> {
    let [kind, name] = args else {
        bail!(
            "say what: `cargo xtask new rule NAME`, `cargo xtask new signal NAME` or `cargo xtask new lockfile NAME`"
        )
    };
    let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    ensure!(valid, "{name:?} is no module name: lower-case letters and underscores");
    let (folder, table) = match kind.as_str() {
        "signal" => ("crates/nodeward-review/src/signals", "crates/nodeward-review/src/signals.rs"),
        "rule" => ("crates/nodeward-lint/src/rules", "crates/nodeward-lint/src/rules.rs"),
        "lockfile" => ("crates/nodeward-package/src/lockfile", "crates/nodeward-package/src/lockfile.rs"),
        _ => bail!("{kind:?} is no kind: rule, signal or lockfile"),
    };
    let file = root.join(folder).join(format!("{name}.rs"));
    ensure!(!file.exists(), "{} exists", file.display());
    let model = nearest_model(root, folder)?;
    std::fs::write(&file, format!("//! What this {kind} is for, then what it never does.\n"))?;
    let page = match kind.as_str() {
        "signal" => "What it says, why it matters, an example, how to mend it.\n",
        "rule" => RULE_PAGE,
        _ => "",
    };
    if !page.is_empty() {
        let page = format!("# {}\n\n{page}", name.replace('_', "-"));
        std::fs::write(file.with_extension("md"), page)?;
    }
    say(&format!(
        "made {folder}/{name}.rs: write it after the model of {model}, then add `mod {name};` and its line to the table in {table}; `cargo xtask tidy` checks both"
    ));
    Ok(())
}

/// The shortest file of the folder: the easiest one to learn the shape from.
fn nearest_model(root: &Path, folder: &str) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join(folder))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((std::fs::metadata(&path)?.len(), path));
        }
    }
    let (_, path) = files.into_iter().min().with_context(|| format!("{folder} has no file to learn from"))?;
    Ok(format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy()))
}
