//! What package managers put into `node_modules/.bin`: links, or short shell scripts (pnpm) that start one file.

use std::path::Path;

/// A longer one was made by nobody's package manager.
pub(super) const MAX_BYTES: u64 = 64 << 10;

/// How the scripts of pnpm begin.
const HEADS: &[&str] = &[
    r#"#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\,/,g')")

case `uname` in
    *CYGWIN*|*MINGW*|*MSYS*)
        if command -v cygpath > /dev/null 2>&1; then
            basedir=`cygpath -w "$basedir"`
        fi
    ;;
esac

"#,
    r#"#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\,/,g')")

case `uname` in
    *CYGWIN*|*MINGW*|*MSYS*) basedir=`cygpath -w "$basedir"`;;
esac

"#,
];

/// The file that a script in `.bin` starts, from the script's folder; `None` where it could do anything else.
///
/// `root` is the package's folder: a `NODE_PATH` that leads into it has modules found that nobody looked at.
pub(super) fn target<'t>(text: &'t str, root: &Path) -> Option<&'t str> {
    let rest = HEADS.iter().find_map(|head| text.strip_prefix(head))?;
    let rest = match rest.split_once("# cmd-shim-target=") {
        Some((rest, comment)) if !comment.trim_end_matches('\n').contains('\n') => rest,
        Some(_) => return None,
        None => rest,
    };
    let rest = match rest.strip_prefix("if [ -z \"$NODE_PATH\" ]; then\n  export NODE_PATH=\"") {
        Some(rest) => {
            let (folders, _) = rest.split_once('"')?;
            let expected = format!("{folders}\"\nelse\n  export NODE_PATH=\"{folders}:$NODE_PATH\"\nfi\n");
            folders.split(':').all(|folder| is_harmless(folder, root)).then_some(())?;
            rest.strip_prefix(&*expected)?
        }
        None => rest,
    };
    let (_, after) = rest.split_once("\"$basedir/")?;
    // Where Node.js starts it, the first such path is that of a Node.js beside it.
    let after = match after.strip_prefix("node\" ]; then\n") {
        Some(after) => after.split_once("  \"$basedir/")?.1,
        None => after,
    };
    let (target, _) = after.split_once('"')?;
    let by_node = format!(
        "if [ -x \"$basedir/node\" ]; then\n  exec \"$basedir/node\"  \"$basedir/{target}\" \"$@\"\nelse\n  exec node  \"$basedir/{target}\" \"$@\"\nfi\n"
    );
    let itself = [
        format!("\"$basedir/{target}\"   \"$@\"\nexit $?\n"),
        format!("exec \"$basedir/{target}\"   \"$@\"\n"),
    ];
    let is_known = rest == by_node || itself.iter().any(|known| rest == known);
    (is_known && is_plain(target)).then_some(target)
}

/// Whether nothing in a text in quotes means more to a shell.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['"', '$', '`', '\\', '\n'])
}

/// Whether modules that are found in a folder of `NODE_PATH` are other packages', as those in `node_modules` beside
/// the package's files are looked for anyway.
fn is_harmless(folder: &str, root: &Path) -> bool {
    let path = Path::new(folder);
    let is_elsewhere = || !path.starts_with(root) || path == root.join("node_modules") || !path.exists();
    is_plain(folder)
        && path.is_absolute()
        && path.components().all(|part| part.as_os_str() != "..")
        && path.ends_with("node_modules")
        && is_elsewhere()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_pnpm(node_path: &str, target: &str) -> String {
        format!(
            "{}if [ -z \"$NODE_PATH\" ]; then\n  export NODE_PATH=\"{node_path}\"\nelse\n  export NODE_PATH=\"{node_path}:$NODE_PATH\"\nfi\nif [ -x \"$basedir/node\" ]; then\n  exec \"$basedir/node\"  \"$basedir/{target}\" \"$@\"\nelse\n  exec node  \"$basedir/{target}\" \"$@\"\nfi\n",
            HEADS[0]
        )
    }

    #[test]
    fn what_pnpm_writes_leads_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("evil/node_modules")).unwrap();
        let elsewhere = "/p/node_modules/.pnpm/a@1.0.0/node_modules:/p/node_modules/.pnpm/node_modules";
        let good = of_pnpm(elsewhere, "../a/bin.js");
        assert_eq!(target(&good, root), Some("../a/bin.js"));
        assert_eq!(target(&format!("{good}# cmd-shim-target=/p/a/bin.js\n"), root), Some("../a/bin.js"));
        let own = of_pnpm(&root.join("node_modules").display().to_string(), "../a/bin.js");
        assert_eq!(target(&own, root), Some("../a/bin.js"));
        for head in HEADS {
            let direct = format!("{head}\"$basedir/../a/run\"   \"$@\"\nexit $?\n");
            assert_eq!(target(&direct, root), Some("../a/run"));
        }
        let inside = root.join("evil/node_modules").display().to_string();
        for bad in [
            "#!/bin/sh\nnode ../a/bin.js\n".to_owned(),
            format!("{good}curl https://example.org\n"),
            format!("{good}# cmd-shim-target=/p\ncurl https://example.org\n"),
            good.replace("exec node ", "exec curl "),
            good.replace("../a/bin.js", "../$(id)/bin.js"),
            of_pnpm("./node_modules", "../a/bin.js"),
            of_pnpm("/p/`id`/node_modules", "../a/bin.js"),
            of_pnpm("/p/a", "../a/bin.js"),
            of_pnpm(&inside, "../a/bin.js"),
        ] {
            assert_eq!(target(&bad, root), None, "{bad}");
        }
    }
}
