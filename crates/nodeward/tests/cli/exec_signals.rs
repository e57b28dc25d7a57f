//! How a confined program is asked to end, and what is left of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::exec::{Machine, text, users};

/// Starts a script that says when it is ready.
fn start(machine: &Machine, script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = machine.command(&machine.binary.clone());
    command.args(["exec", "--", "sh", "-c", script]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, out)
}

fn send(child: &Child, signal: Signal) {
    rustix::process::kill_process(Pid::from_child(child), signal).unwrap();
}

fn end(mut child: Child, mut out: BufReader<std::process::ChildStdout>) -> (ExitStatus, String) {
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap(), rest)
}

#[test]
fn a_program_that_is_asked_to_end_can_do_so_itself() {
    for user in users() {
        let machine = Machine::new(user);
        for (signal, name) in [(Signal::INT, "INT"), (Signal::TERM, "TERM")] {
            let script = format!("trap 'echo asked; exit 5' {name}; echo ready; while :; do sleep 0.1; done");
            let (child, out) = start(&machine, &script);
            send(&child, signal);
            let (status, rest) = end(child, out);
            assert_eq!((status.code(), &*rest), (Some(5), "asked\n"), "{user:?} {name}: {status}");
            // One that does not mind ends as programs do, and so does whoever ran it.
            let (child, out) = start(&machine, "echo ready; exec sleep 60");
            send(&child, signal);
            let (status, _) = end(child, out);
            assert_eq!(status.signal(), Some(signal.as_raw()), "{user:?} {name}: {status}");
        }
    }
}

#[test]
fn a_program_that_goes_on_is_ended() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let script = "trap '' INT; echo ready; while :; do sleep 0.1; done";
    for again in [true, false] {
        let (child, out) = start(&machine, script);
        let began = Instant::now();
        send(&child, Signal::INT);
        if again {
            std::thread::sleep(Duration::from_millis(500));
            send(&child, Signal::INT);
        }
        let (status, _) = end(child, out);
        assert_eq!(status.signal(), Some(2), "{status}");
        assert_eq!(began.elapsed() < Duration::from_secs(4), again);
    }
}

/// Shells and supervisors may have the end of children ignored, which is inherited.
#[test]
fn ignored_children_are_waited_for() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let mut command = machine.command(std::path::Path::new("perl"));
    command.args(["-e", "$SIG{CHLD} = 'IGNORE'; exec @ARGV"]).arg(&machine.binary);
    let output = command.args(["exec", "--", "sh", "-c", "sh -c 'exit 3'; exit $?"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
}

#[test]
fn terminals_are_left_as_they_were() {
    let Some(user) = users().into_iter().next() else { return };
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: there is no script(1), which makes terminals");
        return;
    }
    let machine = Machine::new(user);
    let set = |how: &str| {
        let mut command = machine.command(std::path::Path::new("script"));
        let line = format!("{how} stty -echo -icanon; stty -a");
        let output = command.args(["-qec", &line, "/dev/null"]).output().unwrap();
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        let has = |word: &str| words.split_whitespace().any(|found| found == word);
        (has("-echo") || has("-icanon"), has("echo") && has("icanon"), words)
    };
    let (is_set, _, words) = set("");
    assert!(is_set, "{words}");
    let (_, is_back, words) = set(&format!("'{}' exec --", machine.binary.display()));
    assert!(is_back, "{words}");
}
