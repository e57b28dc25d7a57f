//! Puts the guard, `npm/nodeward`, into the binary: every module of it, and none of its tests; and once more as one
//! file, which is what `nodeward run` has loaded.

mod bundle_guard;

use std::fmt::Write as _;
use std::path::PathBuf;

fn main() {
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let guard =
        manifest.join("../../npm/nodeward").canonicalize().expect("npm/nodeward is in the repository");
    println!("cargo::rerun-if-changed={}", guard.display());
    let files = bundle_guard::modules(&guard);
    let mut text = String::from("const FILES: &[(&str, &[u8])] = &[\n");
    for name in &files {
        let path = guard.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(text, "    ({name:?}, include_bytes!({path:?})),").expect("a String takes everything");
    }
    text.push_str("];\n");
    let bundle = bundle_guard::bundle(&guard, files.iter().map(String::as_str));
    std::fs::write(out.join("preload.cjs"), bundle).expect("cargo made the folder");
    let preload = out.join("preload.cjs");
    writeln!(
        text,
        "const PLACED: &[(&str, &[u8])] = &[\n    ({:?}, include_bytes!({preload:?})),",
        bundle_guard::MAIN
    )
    .expect("a String takes everything");
    for name in files.iter().filter(|name| bundle_guard::is_beside(name)) {
        let path = guard.join(name);
        writeln!(text, "    ({name:?}, include_bytes!({path:?})),").expect("a String takes everything");
    }
    text.push_str("];\n");
    std::fs::write(out.join("guard.rs"), text).expect("cargo made the folder");
}
