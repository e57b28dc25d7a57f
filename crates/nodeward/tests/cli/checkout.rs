//! What a checkout or a machine can bring that is no plain file of one's own: links, pipes, recordings of others,
//! files that may not be read, no room for threads.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nodeward_testkit::Project;

use crate::harness::{Ran, World};
use crate::nodes::nodes;

/// Nobody whose rights a test has, nor whose processes count towards a limit.
const STRANGER: u32 = 61_234;

fn project() -> Project {
    Project::empty()
        .file("outside/b.js", "")
        .file("checkout/package.json", "{}")
        .file("checkout/a.js", "require('./c');\n")
        .file("checkout/c.js", "")
}

/// A run that must not wait for anybody.
fn at_once(world: &World, arguments: &[&str], folder: &Path) -> Ran {
    let mut command = world.command(arguments, folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("{arguments:?} waits");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ran::of(child.wait_with_output().unwrap())
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The command as somebody without rights: root may read everything, and no limit on processes holds it.
fn without_rights(world: &World, before: &[&str], arguments: &[&str], project: &Project) -> Ran {
    let ours = world.command(arguments, project.path());
    let is_root = rustix::process::geteuid().is_root();
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("nodeward");
    if is_root {
        // Where the binary was built others may not look.
        std::fs::copy(ours.get_program(), &binary).unwrap();
        for path in [folder.path(), &binary, project.path(), world.home.path()] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let binary = if is_root { binary.into_os_string() } else { ours.get_program().to_owned() };
    let mut words = before.iter().map(std::ffi::OsString::from).chain([binary]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(arguments).current_dir(project.path()).env_clear().stdin(Stdio::null());
    command.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if is_root {
        command.uid(STRANGER).gid(STRANGER);
    }
    Ran::of(command.output().unwrap())
}

#[test]
fn a_recording_of_others_does_not_choose_what_is_sealed_where() {
    let (world, project) = (World::new(), project());
    let checkout = project.join("checkout");
    let nodeward = |arguments: &[&str]| world.run(arguments, &checkout);
    nodeward(&["seal", "a.js"]).expect(0);
    let first = std::fs::read(checkout.join("nodeward.seal.json")).unwrap();
    let recording = "{\"schema\": \"nodeward.recording/1\",\n \"loads\": {\"a.js\": [\"../outside/b.js\"]}}";
    std::fs::write(checkout.join("nodeward.recording.json"), recording).unwrap();
    for arguments in [
        &["seal", "a.js"][..],
        &["seal", "a.js", "--check"],
        &["trace", "a.js", "--recording", "nodeward.recording.json"],
    ] {
        let ran = nodeward(arguments).expect(2);
        for part in ["nodeward.recording.json:2:21: ", "outside/b.js is not below", "--root", "checkout/a.js"]
        {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
    }
    assert!(!project.path().join("nodeward.seal.json").exists());
    assert_eq!(std::fs::read(checkout.join("nodeward.seal.json")).unwrap(), first);
    // Who means it says so, and is told of the seal that is found first.
    let moved = nodeward(&["seal", "a.js", "--root", ".."]).expect(0);
    assert!(
        moved.err.contains("nodeward.seal.json: another seal, which `nodeward run` finds"),
        "{}",
        moved.err
    );
    assert!(std::fs::read_to_string(project.join("nodeward.seal.json")).unwrap().contains("outside/b.js"));
}

#[test]
fn a_recording_that_can_not_be_opened_is_not_taken_for_absent() {
    let (world, project) = (World::new(), project());
    let checkout = project.join("checkout");
    symlink("nodeward.recording.json", checkout.join("nodeward.recording.json")).unwrap();
    let ran = world.run(&["seal", "a.js"], &checkout).expect(2);
    assert!(ran.err.contains("cannot read nodeward.recording.json"), "{}", ran.err);
    assert!(!checkout.join("nodeward.seal.json").exists());
}

#[test]
fn a_command_without_record_is_not_passed_over() {
    let (world, project) = (World::new(), project());
    for command in ["seal", "trace"] {
        let ran = world.run(&[command, "a.js", "--", "foo"], &project.join("checkout")).expect(2);
        assert!(ran.err.contains("--record"), "{}", ran.err);
    }
}

#[test]
fn nothing_is_written_through_links_of_the_checkout() {
    let (world, project) = (World::new(), project());
    let checkout = project.join("checkout");
    let nodeward = |arguments: &[&str]| world.run(arguments, &checkout);
    let victim = project.join("outside/b.js");
    symlink("../outside/b.js", checkout.join("nodeward.seal.json")).unwrap();
    let ran = nodeward(&["seal", "a.js"]).expect(2);
    assert!(ran.err.contains("nodeward.seal.json: a symbolic link; remove it"), "{}", ran.err);
    std::fs::remove_file(checkout.join("nodeward.seal.json")).unwrap();
    nodeward(&["seal", "a.js"]).expect(0);
    for name in ["out.tar", "out.json"] {
        symlink("../outside/b.js", checkout.join(name)).unwrap();
    }
    symlink("../outside", checkout.join("out")).unwrap();
    for arguments in [
        &["bundle", "--out", "out.tar"][..],
        &["bundle", "--out", "out/bundle.tar"],
        &["bundle", "--out", "out/bundle"],
        &["trace", "a.js", "--format", "json", "--output", "out.json"],
    ] {
        let ran = nodeward(arguments).expect(2);
        assert!(ran.err.contains("a symbolic link leads from there to"), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "");
    assert_eq!(std::fs::read_dir(project.join("outside")).unwrap().count(), 1);
    nodeward(&["bundle", "--out", "../outside/named.tar"]).expect(0);
    for (_, node) in nodes().into_iter().take(1) {
        let record =
            ["seal", "--record", "--recording", "out.json", "a.js", "--", node.to_str().unwrap(), "a.js"];
        let ran = nodeward(&record).expect(2);
        assert!(ran.err.contains("out.json: a symbolic link; remove it"), "{}", ran.err);
        let ran =
            nodeward(&["run", "--report", "out.json", "--", node.to_str().unwrap(), "a.js"]).expect(125);
        assert!(ran.err.contains("a symbolic link leads from there to"), "{}", ran.err);
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "");
    }
}

#[test]
fn nobody_is_waited_for() {
    let (world, project) = (World::new(), project());
    let checkout = project.join("checkout");
    world.run(&["seal", "a.js"], &checkout).expect(0);
    pipe(&checkout.join("pipe"));
    pipe(&checkout.join("entry.js"));
    let is_refused = |arguments: &[&str], code| {
        let ran = at_once(&world, arguments, &checkout).expect(code);
        assert!(
            format!("{}{}", ran.out, ran.err).contains("not a regular file"),
            "{arguments:?}: {}",
            ran.err
        );
    };
    is_refused(&["run", "--node", "pipe", "--", "node", "a.js"], 125);
    is_refused(&["seal", "--addon", "pipe", "a.js"], 2);
    is_refused(&["trace", "entry.js"], 2);
    for (_, node) in nodes().into_iter().take(1) {
        let node = node.to_str().unwrap();
        is_refused(&["run", "--addon", "pipe", "--node", node, "--", "node", "a.js"], 125);
        // What is recorded can put anything beside the notes.
        let script = "require('./a'); const folder = process.env.NODEWARD_RECORD;\n\
                      require('child_process').execFileSync('/usr/bin/mkfifo', [folder + '/zz.jsonl']);\n";
        std::fs::write(checkout.join("test.js"), script).unwrap();
        is_refused(&["seal", "--record", "a.js", "--", node, "test.js"], 2);
    }
}

#[test]
fn a_file_that_may_not_be_read_is_named_before_the_start() {
    let (world, project) = (World::new(), project());
    let project =
        project.file("package.json", "{}").file("a.js", "require('./c'); console.log(1);\n").file("c.js", "");
    world.run(&["seal", "a.js"], project.path()).expect(0);
    let rights = |mode| {
        std::fs::set_permissions(project.path().join("c.js"), std::fs::Permissions::from_mode(mode)).unwrap()
    };
    for (version, node) in nodes().into_iter().take(1) {
        // Node.js may stand where only its owner looks.
        let start = ["run", "--node", node.to_str().unwrap(), "--", "node", "a.js"];
        rights(0o000);
        let ran = without_rights(&world, &[], &start, &project);
        if ran.err.contains("cannot read") && ran.err.contains("/node:") {
            eprintln!("skipped: Node.js {version} can't be read by others");
            continue;
        }
        assert_eq!((ran.code, &*ran.out), (125, ""), "{}", ran.err);
        assert!(ran.err.contains("c.js can't be read"), "{}", ran.err);
        rights(0o444);
        assert_eq!(without_rights(&world, &[], &start, &project).expect(0).out, "1\n");
    }
}

#[test]
fn without_room_for_threads_it_ends_as_it_should() {
    let (world, project) = (World::new(), project());
    let project = project.file("package.json", "{}").file("a.js", "require('./c');\n").file("c.js", "");
    world.run(&["seal", "a.js"], project.path()).expect(0);
    let limited = |arguments: &[&str]| without_rights(&world, &["prlimit", "--nproc=1"], arguments, &project);
    for (arguments, code) in [
        (&["trace", "a.js"][..], 2),
        (&["seal", "a.js"], 2),
        (&["lint", "a.js"], 2),
        (&["run", "--", "node", "a.js"], 125),
    ] {
        let ran = limited(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {}", ran.err);
    }
    let traced = limited(&["trace", "a.js"]);
    assert!(traced.err.contains("the system gives no thread"), "{}", traced.err);
    // What takes no stack of its own is done by the one that there is.
    let bundled = limited(&["seal", "--verify", "no.pub"]);
    assert!(!bundled.err.contains("panicked"), "{}", bundled.err);
}
