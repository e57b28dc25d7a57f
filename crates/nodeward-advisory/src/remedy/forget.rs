//! Strikes a release out of a lockfile, so that the package manager resolves it anew and leaves the rest alone.

/// Yarn 1's lockfile without the entries of one release, which the next install then resolves anew.
pub fn forget_yarn_release(lockfile: &str, name: &str, version: &str) -> String {
    let mut kept = String::with_capacity(lockfile.len());
    let mut entry = String::new();
    for line in lockfile.split_inclusive('\n') {
        // An entry goes from its head, which alone is not indented, to the empty line after it.
        let is_head = !line.starts_with([' ', '\t', '#', '\r', '\n']);
        if is_head || line.starts_with('#') {
            kept.push_str(&std::mem::take(&mut entry));
        }
        if is_head || !entry.is_empty() {
            entry.push_str(line);
        } else {
            kept.push_str(line);
        }
        if line.trim().is_empty() && is_entry_of(&entry, name, version) {
            entry.clear();
        }
    }
    if !is_entry_of(&entry, name, version) {
        kept.push_str(&entry);
    }
    kept
}

/// `b@^1.0.0, b@~1.0.1:` or `"c@npm:b@^1.0.0":`, with the version below.
fn is_entry_of(entry: &str, name: &str, version: &str) -> bool {
    let mut lines = entry.lines();
    let head = lines.next().unwrap_or_default();
    let is_name = head.trim_end_matches(':').split(", ").any(|descriptor| {
        let descriptor = descriptor.trim_matches('"');
        let of = |text: &str| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('@'));
        match descriptor.split_once("@npm:") {
            Some((_, target)) => of(target) || target == name,
            None => of(descriptor),
        }
    });
    is_name
        && lines
            .filter_map(|line| line.strip_prefix("  version "))
            .any(|text| text.trim().trim_matches('"') == version)
}

/// pnpm's lockfile without the entries of one release, which `pnpm install --fix-lockfile` then resolves anew.
pub fn forget_pnpm_release(lockfile: &str, name: &str, version: &str) -> String {
    let mut kept = String::with_capacity(lockfile.len());
    let mut in_entries = false;
    let mut forgets = false;
    for line in lockfile.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let text = line.trim();
        match indent {
            _ if text.is_empty() => {}
            0 => {
                in_entries = matches!(text, "packages:" | "snapshots:");
                forgets = false;
            }
            1 | 2 => forgets = in_entries && is_key_of(text, name, version),
            _ => {}
        }
        if !forgets {
            kept.push_str(line);
        }
    }
    kept
}

/// `b@1.0.0:`, `'@s/b@1.0.0(peer@2.0.0)':` or as older lockfiles have it, `/b/1.0.0_peer@2.0.0:`.
fn is_key_of(line: &str, name: &str, version: &str) -> bool {
    let key = line.trim_start_matches(['\'', '"']).trim_start_matches('/');
    let rest = key.strip_prefix(name).and_then(|rest| rest.strip_prefix(['@', '/'])?.strip_prefix(version));
    rest.is_some_and(|rest| rest.starts_with([':', '(', '_', '\'', '"']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yarns_release_is_forgotten_and_the_rest_stays() {
        let head = "# yarn lockfile v1\n\n\n";
        let a = "a@^1.0.0, a@~1.0.1:\n  version \"1.0.2\"\n  dependencies:\n    b \"^1\"\n\n";
        let b = "\"@s/b@^1\":\n  version \"1.0.0\"\n\n";
        let alias = "\"c@npm:a@1.0.2\":\n  version \"1.0.2\"\n\n";
        let old = "a@^0.1.0:\n  version \"0.1.9\"\n";
        let whole = format!("{head}{a}{b}{alias}{old}");
        assert_eq!(forget_yarn_release(&whole, "a", "1.0.2"), format!("{head}{b}{old}"));
        assert_eq!(forget_yarn_release(&whole, "a", "0.1.9"), format!("{head}{a}{b}{alias}"));
        assert_eq!(forget_yarn_release(&whole, "@s/b", "1.0.0"), format!("{head}{a}{alias}{old}"));
        assert_eq!(forget_yarn_release(&whole, "b", "1.0.0"), whole);
        let windows = whole.replace('\n', "\r\n");
        assert_eq!(
            forget_yarn_release(&windows, "a", "1.0.2"),
            format!("{head}{b}{old}").replace('\n', "\r\n")
        );
    }

    #[test]
    fn pnpms_release_is_forgotten_and_the_rest_stays() {
        let importers = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      b:\n        version: 1.0.0\n\n";
        let packages = "packages:\n\nENTRY  b@1.0.01:\n    resolution: {}\n\n";
        let snapshots = "snapshots:\n\nSNAP  c@1.0.0:\n    dependencies:\n      b: 1.0.0\n";
        let whole = format!("{importers}{packages}{snapshots}");
        let without = whole.replace("ENTRY", "").replace("SNAP", "");
        for (name, entry, snapshot) in [
            (
                "b",
                "  b@1.0.0:\n    resolution: {}\n    engines: {}\n\n",
                "  b@1.0.0(c@1.0.0):\n    dependencies:\n      d: 1\n\n",
            ),
            ("@s/b", "  '@s/b@1.0.0':\n    resolution: {}\n\n", "  '@s/b@1.0.0': {}\n\n"),
            ("b", "  /b/1.0.0:\n    resolution: {}\n\n", "  /b/1.0.0_c@1.0.0:\n    dev: true\n\n"),
        ] {
            let full = whole.replace("ENTRY", entry).replace("SNAP", snapshot);
            assert_eq!(forget_pnpm_release(&full, name, "1.0.0"), without);
            assert_eq!(forget_pnpm_release(&full, "x", "1.0.0"), full);
        }
    }

    proptest::proptest! {
        #[test]
        fn forgetting_what_is_not_there_changes_nothing(text in "[ab@:/\" \r\n#]{0,60}") {
            proptest::prop_assert_eq!(&forget_yarn_release(&text, "a", "1.0.0"), &text);
            proptest::prop_assert_eq!(forget_pnpm_release(&text, "a", "1.0.0"), text);
        }
    }
}
