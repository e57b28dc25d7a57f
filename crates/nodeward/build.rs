//! Builds the native add-on of bounded eval, which becomes a part of the binary: there is no second file to install,
//! to lose or to change.
//!
//! Cargo can't depend on a library of the kind that Node.js loads, so it is asked once more, for that package alone. It
//! has no dependencies, and takes seconds.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Only the launcher uses it, which works on Linux alone.
const PACKAGE: &str = "nodeward-native";
const LIBRARY: &str = "libnodeward_native.so";

fn main() {
    // Asked when it runs: a build folder can be another checkout's too.
    let own = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is"));
    let native = own.join("../../npm/native");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", native.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    let addon = out.join("nodeward.node");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        let built = build(&own, &out.join("native"));
        fs::copy(&built, &addon).unwrap_or_else(|error| panic!("copying {}: {error}", built.display()));
    } else {
        // Nothing, which the binary takes for none.
        fs::write(&addon, "").expect("cargo's own folder can be written to");
    }
    println!("cargo::rustc-env=NODEWARD_ADDON_FILE={}", addon.display());
}

/// The library, in a build folder of its own, as the outer cargo holds the other.
fn build(own: &Path, folder: &Path) -> PathBuf {
    let target = env::var("TARGET").expect("cargo names the target");
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo names itself"));
    cargo.current_dir(own);
    cargo.args(["build", "--quiet", "--locked", "--offline", "--release", "--package", PACKAGE]);
    cargo.args(["--target", &target, "--target-dir"]).arg(folder);
    // What checks the outer build would not build this one, and its settings are not meant for this one.
    for name in
        ["RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR"]
    {
        cargo.env_remove(name);
    }
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    let status = cargo.status().unwrap_or_else(|error| panic!("starting cargo for {PACKAGE}: {error}"));
    assert!(status.success(), "{PACKAGE} could not be built: {status}");
    folder.join(target).join("release").join(LIBRARY)
}
