//! The project's own chores. `cargo xtask` lists them.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

mod bench;
#[path = "../../crates/nodeward-seal/bundle_guard.rs"]
mod bundle_guard;
mod corpus;
mod new;
mod nodes;
mod npm;
mod schemas;
mod tidy;

const HELP: &str = "\
cargo xtask CHORE

  test [ARG…]     install what the tests need, then run them all (README's second command);
                  ARGs go to `cargo test`
  tidy            check layering, tables, documented paths and forbidden words
  ready           tidy, format, clippy, test: what a change needs before review
  bench [NAME…]   measure against the figures of docs/benchmarks.md, with a binary built by --release
                  or, with --dist, as it is shipped
  corpus          fetch the packages with known flaws, by name, into a folder outside the checkout
                  ([--dir DIR] [--only NAME])
  recall          look for those flaws with all rules ([--dir DIR] [--only NAME] [--missed] [--markdown FILE])
  fuzz SECONDS    run every fuzz target for that long (needs a nightly compiler and cargo-fuzz)
  new KIND NAME   start a file of a kind (signal | lockfile) with its table line
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let done = match args.first().map(String::as_str) {
        Some("test") => test(rest),
        Some("tidy") => tidy::run(&root()),
        Some("ready") => ready(),
        Some("bench") => bench::run(&root(), rest),
        Some("corpus") => corpus::fetch(&root(), rest),
        Some("recall") => corpus::recall(&root(), rest),
        Some("fuzz") => fuzz(rest),
        Some("new") => new::run(&root(), rest),
        _ => {
            say(HELP);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The one place that prints.
#[expect(clippy::print_stderr, reason = "a chore reports on standard error")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// The folder of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn test(args: &[String]) -> anyhow::Result<()> {
    let schemas = root().join("target/schemas");
    if let Err(error) = schemas::fetch(&schemas) {
        say(&format!(
            "the official schemas could not be had, so the tests against them will skip: {error:#}"
        ));
    }
    let versions = root().join("target/nodes");
    if let Err(error) = nodes::fetch(&versions) {
        say(&format!("not all versions of Node.js could be had, so the tests on those will skip: {error:#}"));
    }
    tidy::run(&root())?;
    let mut command = cargo();
    command.args(["test", "--workspace"]).args(args);
    run(command.env("NODEWARD_SCHEMAS", &schemas).env("NODEWARD_NODES", &versions))?;
    if args.is_empty() {
        nodes::test(&root(), &versions, &built())?;
    }
    Ok(())
}

/// Where cargo puts what it builds for tests.
fn built() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("debug")
}

fn ready() -> anyhow::Result<()> {
    tidy::run(&root())?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    test(&[])
}

fn fuzz(args: &[String]) -> anyhow::Result<()> {
    let seconds: u32 = args.first().map_or(Ok(30), |text| text.parse())?;
    let listed = Command::new("cargo").args(["+nightly", "fuzz", "list"]).current_dir(root()).output()?;
    anyhow::ensure!(
        listed.status.success(),
        "no cargo-fuzz on a nightly compiler: `cargo install cargo-fuzz`"
    );
    let limit = format!("-max_total_time={seconds}");
    // Without a limit of its own, an input that takes for ever counts as one only after 20 minutes.
    let limits = [&limit, "-timeout=20", "-max_len=65536", "-rss_limit_mb=4096"];
    let mut failed = Vec::new();
    for target in String::from_utf8(listed.stdout)?.lines() {
        say(&format!("fuzzing {target} for {seconds} s"));
        let args = ["+nightly", "fuzz", "run", target, "--"];
        if run(Command::new("cargo").args(args).args(limits).current_dir(root())).is_err() {
            failed.push(target.to_owned());
        }
    }
    anyhow::ensure!(failed.is_empty(), "failed (see above, and fuzz/artifacts): {}", failed.join(", "));
    Ok(())
}

pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status()?;
    anyhow::ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
