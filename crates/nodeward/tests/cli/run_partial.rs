//! Starts where something of enforcement is missing: never with less than was asked for, and never in silence.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::nodes::nodes;
use crate::run::{App, PAYLOAD, assert_not_started, of};

const MAIN: &str = "\
console.log('main', require('./listed.js'));
try { require(process.argv[2]); } catch (error) { console.log(error.code); }
";

const WORDS: &[&str] = &["app.js", "./evil.js"];

/// Starts a program for which the kernel has no Landlock, or refuses seccomp.
const WITHOUT: &str = "\
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <stddef.h>
#include <unistd.h>
#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define REFUSED(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error)
#define ALLOWED BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
int main(int count, char **words) {
  struct sock_filter landlock[] = { FIELD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 444, 0, 1), REFUSED(ENOSYS), ALLOWED };
  struct sock_filter seccomp[] = { FIELD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 317, 3, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 157, 0, 3),
    FIELD(args[0]), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1), REFUSED(EPERM), ALLOWED };
  int is_landlock = strcmp(words[1], \"landlock\") == 0;
  struct sock_fprog program = { is_landlock ? 4 : 7, is_landlock ? landlock : seccomp };
  if (count < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 99;
  execv(words[2], words + 2);
  return 98;
}
";

/// What a C compiler makes of a text. None without one, which is said.
#[expect(clippy::print_stderr, reason = "what is absent is said")]
fn compiled(app: &App, name: &str, text: &str) -> Option<PathBuf> {
    let source = app.path(&format!("{name}.c"));
    fs::write(&source, text).unwrap();
    let program = app.path(name);
    let built = Command::new("cc").arg("-o").arg(&program).arg(&source).status();
    if built.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    eprintln!("skipped: no C compiler for {name}");
    None
}

/// The same command, behind another program.
fn behind(program: &std::path::Path, what: &str, command: &Command) -> Command {
    let mut changed = Command::new(program);
    changed.arg(what).arg(command.get_program()).args(command.get_args()).env_clear();
    changed.current_dir(command.get_current_dir().unwrap());
    changed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    changed
}

#[test]
fn a_kernel_without_a_layer_starts_nothing_unless_told() {
    let app = App::new(MAIN);
    let Some(without) = compiled(&app, "without", WITHOUT) else { return };
    for (version, node) in nodes() {
        let run = |what: &str, options: &[&str]| {
            of(&mut behind(&without, what, &app.guarded(&node, options, WORDS)))
        };
        let ran = run("landlock", &[]);
        assert_not_started(&ran, "missing is Landlock", version);
        assert!(ran.err.contains("--allow-partial"), "{}", ran.err);
        let report = app.path(&format!("report-{version}"));
        let options = ["--allow-partial", "--report", report.to_str().unwrap()];
        let ran = run("landlock", &options);
        assert_eq!(
            (ran.code, &*ran.out),
            (0, "main listed\nERR_NODEWARD_DENIED\n"),
            "Node.js {version}: {}",
            ran.err
        );
        assert!(ran.err.contains("only partly enforced: missing is Landlock"), "{}", ran.err);
        let lines = fs::read_to_string(&report).unwrap();
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&first["kind"], &first["subject"]),
            (&"enforcement".into(), &"partial".into()),
            "{lines}"
        );
        // A kernel that says that it has seccomp, and then refuses: that nobody could have known, so nobody allowed it.
        for options in [&[][..], &["--allow-partial"]] {
            assert_not_started(&run("seccomp", options), "cannot confine the process by seccomp", version);
        }
        let ran = run("landlock", &["--report-only"]);
        assert!(ran.code == 0 && ran.out.contains(PAYLOAD), "Node.js {version}: {}{}", ran.out, ran.err);
    }
    // Where child processes may be started there is nothing for seccomp to do.
    app.write("nodeward.toml", "[seal]\ninclude = [\"listed.js\"]\nchildren = true\n");
    app.seal(&[]);
    for (version, node) in nodes() {
        let ran = of(&mut behind(&without, "seccomp", &app.guarded(&node, &[], WORDS)));
        assert_eq!((ran.code, &*ran.out), (0, "main listed\nEACCES\n"), "Node.js {version}: {}", ran.err);
    }
}

#[test]
fn a_node_that_was_not_tried_is_not_started_unless_told() {
    let app = App::new(MAIN);
    let start = |version: &str, options: &[&str]| {
        let text = format!("#include <stdio.h>\nint main(void) {{ puts(\"{version}\"); return 0; }}\n");
        compiled(&app, "fake", &text).map(|node| app.run(&node, options, &["app.js"]))
    };
    for version in ["v21.7.3", "v25.0.0", "v27.0.0", "v28.1.0-nightly", "v100.0.0"] {
        let Some(ran) = start(version, &[]) else { return };
        assert_not_started(&ran, "enforcement was tried on 20, 22, 24 and 26 only", 0);
        let Some(ran) = start(version, &["--allow-partial"]) else { return };
        // It is what was named, and prints what it always prints.
        assert_eq!((ran.code, &*ran.out), (0, &*format!("{version}\n")), "{}", ran.err);
        assert!(
            ran.err.contains(&format!("is Node.js {version}, and enforcement was tried on")),
            "{}",
            ran.err
        );
        assert!(
            ran.err.contains("only partly enforced") && ran.err.contains("\"kind\":\"enforcement\""),
            "{}",
            ran.err
        );
    }
    for options in [&[][..], &["--allow-partial"]] {
        let Some(old) = start("v18.20.0", options) else { return };
        assert_not_started(&old, "enforcement needs 20 or newer", 0);
        let Some(other) = start("Python 3", options) else { return };
        assert_not_started(&other, "does not behave like Node.js", 0);
    }
    app.write("script", "#!/bin/sh\necho v22.0.0\n");
    Command::new("chmod").args(["755", app.path("script").to_str().unwrap()]).status().unwrap();
    assert_not_started(&app.run(&app.path("script"), &["--allow-partial"], &["app.js"]), "no program", 0);
}

#[test]
fn an_add_on_that_is_not_there_or_damaged_is_told() {
    let app = App::new("console.log('main');\n");
    app.write("nodeward.toml", "[seal.eval]\nmodules = [\"app.js\"]\n");
    app.seal(&[]);
    let addon = std::path::Path::new(env!("CARGO_BIN_EXE_nodeward")).with_file_name("libnodeward_native.so");
    app.write("damaged.node", "no library");
    for (version, node) in nodes() {
        let ran = app.run(&node, &["--no-addon"], &["app.js"]);
        assert_eq!((ran.code, &*ran.out), (0, "main\n"), "Node.js {version}: {}", ran.err);
        assert!(ran.err.contains("without the native add-on"), "{}", ran.err);
        let ran = app.run(&node, &[], &["app.js"]);
        assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "main\n", ""), "Node.js {version}");
        assert_not_started(&app.run(&node, &["--addon", "gone.node"], &["app.js"]), "gone.node", version);
        assert_not_started(
            &app.run(&node, &["--addon", "damaged.node"], &["app.js"]),
            "nodeward.node",
            version,
        );
        if addon.is_file() {
            let ran = app.run(&node, &["--addon", addon.to_str().unwrap()], &["app.js"]);
            assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "main\n", ""), "Node.js {version}");
        }
    }
}
