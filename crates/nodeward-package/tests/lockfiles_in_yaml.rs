//! Properties of the pnpm and yarn readers: no bytes make them panic, and no entry gets lost.

use std::path::Path;

use nodeward_package::lockfile::{Format, Input, parse_as};
use proptest::prelude::*;

const PNPM: &str = "lockfileVersion: '9.0'\n\npatchedDependencies:\n  a@1.0.0:\n    hash: x\n    path: p\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        version: 1.0.0(b@2.0.0)\n      c:\n        specifier: workspace:*\n        version: link:c\n  c: {}\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: sha512-x, tarball: 'https://x.example.org/a.tgz'}\n    engines: {node: '>=1'}\n    deprecated: |-\n      one\n      two\n    peerDependencies:\n      b: ^2\n  b@2.0.0:\n    resolution:\n      integrity: sha1-y\n    cpu: [x64]\n\nsnapshots:\n\n  a@1.0.0(b@2.0.0):\n    dependencies:\n      b: 2.0.0\n  b@2.0.0: {}\n";
const CLASSIC: &str = "# yarn lockfile v1\n\n\na@^1, \"b@npm:a@^1\":\n  version \"1.0.0\"\n  resolved \"https://x.example.org/a.tgz#0123\"\n  integrity sha512-x\n  dependencies:\n    \"@s/c\" \">=1 <2\"\n\n\"@s/c@>=1 <2\":\n  version \"1.0.0\"\n";
const BERRY: &str = "__metadata:\n  version: 8\n\n\"a@npm:^1, a@npm:^1.1\":\n  version: 1.1.0\n  resolution: \"a@npm:1.1.0\"\n  dependencies:\n    b: \"patch:b@npm%3A1.0.0#./x.patch\"\n  peerDependencies:\n    c: \"*\"\n  peerDependenciesMeta:\n    c:\n      optional: true\n  linkType: hard\n\n\"b@patch:b@npm%3A1.0.0#./x.patch::locator=r%40workspace%3A.\":\n  version: 1.0.0\n  resolution: \"b@patch:b@npm%3A1.0.0#./x.patch::version=1.0.0&hash=0\"\n\n\"r@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"r@workspace:.\"\n  dependencies:\n    a: \"npm:^1\"\n";

fn read_all(bytes: &[u8]) {
    for format in [Format::Pnpm, Format::YarnClassic, Format::YarnBerry] {
        let _ = parse_as(format, &Input { file: Path::new("lock"), bytes, manifests: &[] });
    }
}

/// A text with a piece of it replaced, repeated or cut out.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![Just(PNPM), Just(CLASSIC), Just(BERRY)];
    let piece = prop_oneof![
        "[-:#'\"{}\\[\\],|>&*!?@%() \\\\\n\r\t]{0,6}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    (text, any::<prop::sample::Index>(), 0..40_usize, piece, 0..3_usize).prop_map(
        |(text, at, length, piece, repeat)| {
            let bytes = text.as_bytes();
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            let kept = bytes[start..end].repeat(repeat);
            [&bytes[..start], &piece, &kept, &bytes[end..]].concat()
        },
    )
}

/// A `packages` section in the style of a lockfileVersion, with its keys.
fn pnpm_packages() -> impl Strategy<Value = (String, Vec<(String, String)>)> {
    let name = "(@[a-z]{1,4}/)?[a-z][a-z0-9._-]{0,8}";
    let version = "(0|[1-9][0-9]?)\\.(0|[1-9][0-9]?)\\.(0|[1-9][0-9]?)(-[a-z]{1,3}\\.[1-9])?";
    let releases = prop::collection::btree_set((name, version), 0..30);
    (releases, 0..3_usize).prop_map(|(releases, style)| {
        let version = ["5.4", "'6.0'", "'9.0'"][style];
        let mut text = format!("lockfileVersion: {version}\n\npackages:\n");
        for (name, version) in &releases {
            let key =
                [format!("/{name}/{version}"), format!("/{name}@{version}"), format!("{name}@{version}")];
            text += &format!("\n  '{}':\n    resolution: {{integrity: sha512-x}}\n", key[style]);
        }
        (text, releases.into_iter().collect())
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn broken_lockfiles_never_panic(bytes in mutated()) {
        read_all(&bytes);
    }

    #[test]
    fn every_entry_of_packages_is_in_the_graph((text, releases) in pnpm_packages()) {
        let input = Input { file: Path::new("pnpm-lock.yaml"), bytes: text.as_bytes(), manifests: &[] };
        let graph = parse_as(Format::Pnpm, &input).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found: Vec<_> = graph
            .packages()
            .iter()
            .filter(|package| !package.origin.is_first_party())
            .map(|package| (package.name.to_string(), package.version_text.to_string()))
            .collect();
        prop_assert_eq!(found, releases);
    }
}

#[test]
fn the_examples_are_read() {
    for (format, text, count) in
        [(Format::Pnpm, PNPM, 4), (Format::YarnClassic, CLASSIC, 3), (Format::YarnBerry, BERRY, 3)]
    {
        let input = Input { file: Path::new("lock"), bytes: text.as_bytes(), manifests: &[] };
        let graph = parse_as(format, &input).unwrap();
        assert_eq!(graph.packages().len(), count, "{format:?}");
        assert!(
            graph
                .edges()
                .iter()
                .all(|edge| edge.to.is_some() || edge.kind.is_peer() || format == Format::YarnClassic)
        );
    }
}
