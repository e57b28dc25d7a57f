//! Makes one file of the guard's modules. Node.js looks for each module that is a file of its own in many places
//! before it reads it, which took longer than all the guard does at a program's start.
//!
//! Included by `build.rs`, and by `xtask`, which has the guard's tests run on the result.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The module that the others are for. The bundle stands in its place.
pub(crate) const MAIN: &str = "runtime/preload.cjs";

/// The paths below the guard's folder of all its modules, and of none of its tests.
pub(crate) fn modules(guard: &Path) -> Vec<String> {
    let mut found = Vec::new();
    collect(guard, "", &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, below: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let name = entry.file_name().into_string().expect("our own names are ASCII");
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            if !name.starts_with("test") && name != "node_modules" {
                collect(&entry.path(), &path, found);
            }
        } else if name.ends_with(".cjs") || name.ends_with(".mjs") || path == "package.json" {
            found.push(path);
        }
    }
}

/// What never runs in a guarded program.
const LEFT_OUT: &[&str] =
    &["index.cjs", "eval/checks.cjs", "eval/self-test.cjs", "eval/subject.cjs", "runtime/recorder.cjs"];

/// The paths below the guard's folder that the bundle is made of.
pub(crate) fn is_bundled(name: &str) -> bool {
    name.ends_with(".cjs") && !LEFT_OUT.contains(&name)
}

/// What has to lie beside the bundle as it is: hooks that Node.js 20 runs in a thread of their own, and the manifest.
pub(crate) fn is_beside(name: &str) -> bool {
    name.ends_with(".mjs") && name != "runtime/recorder-hooks.mjs" || name == "package.json"
}

/// One file in the place of [`MAIN`] that does what the modules `names` of the folder `guard` do.
pub(crate) fn bundle<'a>(guard: &Path, names: impl Iterator<Item = &'a str>) -> String {
    let sources: BTreeMap<&str, String> = names
        .filter(|name| is_bundled(name))
        .map(|name| (name, std::fs::read_to_string(guard.join(name)).expect("our own modules are text")))
        .collect();
    let mut out = String::from(PROLOGUE);
    for (name, source) in &sources {
        let targets: BTreeMap<&str, String> = requests(source)
            .map(|request| (request, resolved(name, request)))
            .filter(|(_, target)| sources.contains_key(target.as_str()))
            .collect();
        writeln!(out, "modules[{name:?}] = [function (module, exports, require, __filename, __dirname) {{")
            .expect(FULL);
        out.push_str(&without_comments(source));
        writeln!(out, "}}, {{").expect(FULL);
        writeln!(out, "  __proto__: null,").expect(FULL);
        for (request, target) in targets {
            writeln!(out, "  {request:?}: {target:?},").expect(FULL);
        }
        out.push_str("}];\n");
    }
    writeln!(out, "module.exports = load({MAIN:?});").expect(FULL);
    out
}

const FULL: &str = "a String takes everything";

const PROLOGUE: &str = "'use strict';
const path = require('node:path');
const base = path.dirname(__dirname);
const modules = { __proto__: null };
const loaded = { __proto__: null };
const plainRequire = require;
const { cache } = require;

function load(name) {
  let module = loaded[name];
  if (module !== undefined) return module.exports;
  const definition = modules[name];
  module = loaded[name] = { __proto__: null, exports: {}, children: [] };
  const targets = definition[1];
  const filename = path.join(base, name);
  const folder = path.dirname(filename);
  const require = (request) => {
    const target = targets[request];
    return target === undefined ? plainRequire(request) : load(target);
  };
  require.resolve = (request) => path.join(folder, request);
  require.cache = cache;
  definition[0](module, module.exports, require, filename, folder);
  return module.exports;
}

";

/// The same without the lines that are comments: V8 would read them at every start. Their line breaks stay, so that a
/// place in a stack is that of the source but for the lines above its module. Comments beside code stay as well, as one
/// would have to know JavaScript to find them.
fn without_comments(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut is_inside = false;
    for line in source.lines() {
        let text = line.trim();
        is_inside |= text.starts_with("/**");
        if !is_inside && !text.starts_with("//") {
            out.push_str(line);
        }
        is_inside &= !text.ends_with("*/");
        out.push('\n');
    }
    out
}

/// The relative names in quotes. A few may be in comments, which harms nothing.
fn requests(source: &str) -> impl Iterator<Item = &str> {
    source
        .split('\'')
        .filter(|text| text.starts_with("./") || text.starts_with("../"))
        .filter(|text| text.ends_with(".cjs"))
}

/// The path below the guard's folder of what a module asks for.
fn resolved(name: &str, request: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in request.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn only_lines_that_are_comments_go() {
        let source = "'use strict';\n// One.\n\n/** Of one line. */\nlet a = '// no'; // beside\n  /**\n   * Of several.\n   */\n  a = '/** no */';\nb();\n";
        let expected = "'use strict';\n\n\n\nlet a = '// no'; // beside\n\n\n\n  a = '/** no */';\nb();\n";
        assert_eq!(without_comments(source), expected);
    }
}
