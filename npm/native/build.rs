//! Keeps the loaded library in memory: V8 holds pointers to its functions for as long as the isolate lives,
//! and Node.js closes the add-ons of a Worker before that.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
