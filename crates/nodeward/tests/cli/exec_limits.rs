//! What a confined program may use up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::exec::{Machine, User, text, users};

#[test]
fn what_a_program_may_use_up_is_limited() {
    for user in users() {
        let machine = Machine::new(user);
        for (options, script, stopped) in [
            // One file, and many.
            (&["--disk", "20m"][..], "head -c 60000000 /dev/zero > big", None),
            (
                &["--disk", "20m"],
                "for i in 1 2 3 4 5 6; do head -c 10000000 /dev/zero > big$i; sleep 0.3; done; sleep 5",
                Some("disk"),
            ),
            (
                &["--disk", "20m"],
                "head -c 19000000 /dev/zero > /tmp/a && head -c 19000000 /dev/zero > /tmp/b",
                None,
            ),
            (
                &["--memory", "300m"],
                "node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))'",
                None,
            ),
            (&["--processes", "20"], "for i in $(seq 100); do sleep 5 & done; wait", None),
            (&["--time", "1s"], "sleep 30", Some("time")),
        ] {
            let (output, report) = machine.confined(options, script);
            assert_ne!(output.status.code(), Some(0), "{script}: {}", text(&output));
            if let Some(stopped) = stopped {
                assert_eq!(
                    (output.status.code(), report["stopped"].as_str()),
                    (Some(125), Some(stopped)),
                    "{script}: {report:#}"
                );
            }
        }
        assert!(fs::metadata(machine.path("project/node_modules/pkg/big")).unwrap().len() <= 20 << 20);
    }
}

/// Memory that is no process's own.
#[cfg(target_arch = "x86_64")]
const MEMORY: &[&str] = &[
    "perl -e '$n = \"x\"; $f = syscall(319, $n, 0); open(F, \">&=\", $f); $x = \"x\" x 1e6; syswrite(F, $x) == 1e6 or exit 3 for 1..400; sleep 3'",
    "head -c 180000000 /dev/zero > /tmp/a && head -c 180000000 /dev/zero > /dev/shm/b && sleep 3",
    "perl -e '$x = \"x\" x 1e6; for my $i (1..32) { open($f[$i], \"+>\", \"/tmp/$i\"); unlink \"/tmp/$i\"; syswrite($f[$i], $x) for 1..10 } sleep 3'",
];

#[test]
#[cfg(target_arch = "x86_64")]
fn memory_that_is_no_process_own_counts() {
    for user in users() {
        let machine = Machine::new(user);
        for script in MEMORY {
            let (output, report) = machine.confined(&["--memory", "1g"], script);
            assert_eq!(output.status.code(), Some(0), "{script}: {} {report:#}", text(&output));
            let (output, report) = machine.confined(&["--memory", "250m"], script);
            assert_ne!(output.status.code(), Some(0), "{script}: {} {report:#}", text(&output));
            assert_eq!(report["stopped"].as_str(), Some("memory"), "{script}: {} {report:#}", text(&output));
        }
        // A shared segment of the old kind outlives its processes, and nobody outside sees it.
        let segment =
            "perl -e 'defined shmget(0, 1e8, 0600) or exit 7'; r=$?; ipcrm --all=shm 2> /dev/null; exit $r";
        assert_eq!(machine.plain(segment).status.code(), Some(0));
        assert_eq!(machine.confined(&[], segment).0.status.code(), Some(7));
        let small = "perl -e 'defined shmget(0, 56, 0600) or exit 7'";
        assert_eq!(machine.confined(&[], small).0.status.code(), Some(0));
    }
}

/// Memory of processes that the first look at them does not tell of.
#[cfg(target_arch = "x86_64")]
const ASIDE: &[&str] = &[
    // The first thread has ended.
    "perl -Mthreads -e 'threads->create(sub { sleep 1; syscall(9, 0, 400000000, 3, 0x8021, -1, 0) > 0 or syscall(231, 3); sleep 2; syscall(231, 0) }); syscall(60, 0)'",
    // Of such a process, too: what it holds open.
    "perl -Mthreads -e 'threads->create(sub { sleep 1; $n = \"x\"; $f = syscall(319, $n, 0); open(F, \">&=\", $f); $x = \"x\" x 1e6; syswrite(F, $x) == 1e6 or syscall(231, 3) for 1..400; sleep 3; syscall(231, 0) }); syscall(60, 0)'",
    // A name that is no text.
    "perl -e '$0 = \"\\xff\"; syscall(9, 0, 400000000, 3, 0x8021, -1, 0) > 0 or exit 3; sleep 2'",
    // Where what is used would be, if it were.
    "perl -e '$p = syscall(9, 0, 100000 << 21, 1, 0x4022, -1, 0); $p > 0 or exit 3; syscall(28, $p, 100000 << 21, 15); for my $at (0 .. 99999) { $x = unpack \"P1\", pack \"Q\", $p + ($at << 21) } sleep 2'",
];

#[test]
#[cfg(target_arch = "x86_64")]
fn memory_counts_wherever_it_is_told() {
    for user in users() {
        let machine = Machine::new(user);
        for script in ASIDE {
            let (output, report) = machine.confined(&["--memory", "1g"], script);
            assert_eq!(output.status.code(), Some(0), "{script}: {} {report:#}", text(&output));
            let (output, report) = machine.confined(&["--memory", "250m"], script);
            assert_eq!(report["stopped"].as_str(), Some("memory"), "{script}: {} {report:#}", text(&output));
            assert_eq!(output.status.code(), Some(125), "{user:?} {script}");
        }
        let script = "perl -e 'for (1..60000) { open(F, \">\", \"/tmp/$_\") or exit 3; close F } sleep 1'";
        let (output, report) = machine.confined(&["--memory", "1g"], script);
        assert_eq!(output.status.code(), Some(0), "{} {report:#}", text(&output));
        let (output, report) = machine.confined(&["--memory", "64m"], script);
        assert_ne!(output.status.code(), Some(0), "{user:?} {} {report:#}", text(&output));
    }
}

#[test]
fn threads_count_as_processes_do() {
    let script = "UV_THREADPOOL_SIZE=200 node -e 'for (let i = 0; i < 300; i++) crypto.pbkdf2(\"a\", \"b\", 3000, 64, \"sha512\", () => {}); setTimeout(() => {}, 1000)'";
    for user in users() {
        let machine = Machine::new(user);
        let (output, report) = machine.confined(&[], script);
        assert_eq!(output.status.code(), Some(0), "{} {report:#}", text(&output));
        let (output, report) = machine.confined(&["--processes", "60"], script);
        assert_ne!(output.status.code(), Some(0), "{user:?} {} {report:#}", text(&output));
    }
}

/// What waits in sockets is memory of the kernel, which only a group counts.
#[test]
fn a_group_counts_what_the_kernel_holds_and_is_gone_afterwards() {
    let Some(User::This) = users().into_iter().next() else { return };
    let machine = Machine::new(User::This);
    let script = "perl -MSocket -MIO::Handle -e 'sleep 1; for (1..400) { socketpair($a[$_], $b[$_], AF_UNIX, SOCK_STREAM, 0); $a[$_]->blocking(0); 1 while syswrite($a[$_], \"x\" x 65536) } sleep 2'";
    let (output, report) = machine.confined(&["--memory", "60m"], script);
    let grouped: Vec<&str> =
        report["grouped"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
    let is_there = |name: &str| groups.lines().any(|line| line.split(':').nth(1) == Some(name));
    if rustix::process::geteuid().is_root() && is_there("memory") && is_there("pids") {
        assert_eq!(grouped.len(), 2, "{report:#}");
    }
    if grouped.contains(&"memory") {
        assert_eq!(report["stopped"].as_str(), Some("memory"), "{} {report:#}", text(&output));
    }
    assert_eq!(left(Path::new("/sys/fs/cgroup"), 0), Vec::<String>::new());
}

/// Groups of processes that are gone.
fn left(folder: &Path, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().unwrap().is_dir() || depth > 6 {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix("nodeward-").and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            found.push(name);
        }
        found.extend(left(&entry.path(), depth + 1));
    }
    found
}

#[test]
fn what_no_folder_tells_of_counts_as_written() {
    for user in users() {
        let machine = Machine::new(user);
        for script in [
            // Open, and without a name.
            "perl -e '$x = \"x\" x 1e6; for my $i (1..6) { open($f[$i], \"+>\", $i); unlink $i; syswrite($f[$i], $x) for 1..10 } sleep 60'",
            // Mapped, closed, and without a name.
            #[cfg(target_arch = "x86_64")]
            "perl -e '$x = \"x\" x 1e6; for my $i (1..6) { open(F, \"+>\", $i); syswrite(F, $x) for 1..10; syscall(9, 0, 10000000, 1, 1, fileno(F), 0) > 0 or exit 3; unlink $i; close F } sleep 60'",
            // Among very many.
            "perl -e 'mkdir \"d\"; for (1..105000) { open(F, \">\", \"d/$_\"); close F } $x = \"x\" x 1e6; for my $i (1..6) { open(F, \">\", \"big$i\"); syswrite(F, $x) for 1..10; close F } sleep 60'",
            // Room that is taken and not written to.
            "for i in 1 2 3 4; do fallocate -l 15000000 \"f$i\" || exit 3; done; sleep 60",
        ] {
            let (output, _) = machine.confined(&["--disk", "30m", "--no-watch"], script);
            assert!(
                text(&output).contains("it wrote more than it may (--disk)"),
                "{script}: {}",
                text(&output)
            );
            assert_eq!(output.status.code(), Some(125), "{user:?} {script}");
        }
    }
}

#[test]
fn a_file_that_grows_too_large_is_told() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let (output, _) = machine.confined(&["--disk", "20m"], "head -c 60000000 /dev/zero > big");
    assert!(
        text(&output).contains("a file was to grow larger than one may be (--disk)"),
        "{}",
        text(&output)
    );
}

/// Writes 60 MB into the folder that it is in.
macro_rules! fill {
    () => {
        "$x = \"x\" x 1e7; for (1..6) { open(F, \">\", $_) or exit 3; syswrite(F, $x); close F; select(undef, undef, undef, 0.2) } sleep 60"
    };
}

/// Goes into this many folders in each other, which it makes.
macro_rules! nest {
    ($depth:literal) => {
        concat!("for (1..", $depth, ") { mkdir \"x\" x 250; chdir \"x\" x 250 or exit 4 } ")
    };
}

#[test]
fn what_lies_deep_or_can_not_be_read_is_counted_or_ends_the_run() {
    for user in users() {
        let sees_all = user == User::This && rustix::process::geteuid().is_root();
        for (script, stopped) in [
            (concat!("perl -e '", nest!("20"), fill!(), "'"), "disk"),
            (concat!("perl -e '", nest!("120"), fill!(), "'"), "hidden"),
            (
                concat!("mkdir -m 300 d && cd d && perl -e '", fill!(), "'"),
                if sees_all { "disk" } else { "hidden" },
            ),
            // Listed, and not looked at.
            (
                "mkdir d && cd d && perl -e 'open($f[$_], \">\", $_) for 0..5; chmod 0600, \".\"; $x = \"x\" x 1e7; for (0..5) { syswrite($f[$_], $x); select(undef, undef, undef, 0.2) } sleep 60'",
                if sees_all { "disk" } else { "hidden" },
            ),
        ] {
            let machine = Machine::new(user);
            let (output, report) = machine.confined(&["--disk", "30m"], script);
            assert_eq!(report["stopped"].as_str(), Some(stopped), "{script}: {} {report:#}", text(&output));
            assert_eq!(output.status.code(), Some(125), "{user:?} {script}");
        }
        // What was so before was not made by the program.
        let machine = Machine::new(user);
        let made = machine.plain(concat!("mkdir -m 300 old && sleep 0.1 && perl -e '", nest!("120"), "'"));
        assert_eq!(made.status.code(), Some(0), "{}", text(&made));
        let (output, report) = machine.confined(&[], "sleep 2");
        assert_eq!(output.status.code(), Some(0), "{user:?} {} {report:#}", text(&output));
    }
}

#[test]
fn a_process_that_can_not_be_looked_into_ends_the_run() {
    for user in users().into_iter().filter(|user| *user == User::Nobody) {
        let machine = Machine::new(user);
        let program = machine.path("bin/sleep");
        fs::copy("/usr/bin/sleep", &program).unwrap();
        let folder = machine.path("bin").display().to_string();
        for (rights, code) in [(0o755, 0), (0o711, 125)] {
            fs::set_permissions(&program, fs::Permissions::from_mode(rights)).unwrap();
            let (output, report) = machine.confined(&["--read", &folder], "\"$R/bin/sleep\" 2");
            assert_eq!(output.status.code(), Some(code), "{rights:o} {} {report:#}", text(&output));
            let stopped = (code == 125).then_some("hidden");
            assert_eq!(report["stopped"].as_str(), stopped, "{rights:o} {report:#}");
        }
    }
}

#[test]
fn names_without_content_count_as_written() {
    for user in users() {
        for script in [
            "perl -e 'for (1..60000) { open(F, \">\", $_) or exit 3; close F } sleep 60'",
            "perl -e 'open(F, \">\", \"f\"); for (1..60000) { link(\"f\", $_) or exit 3 } sleep 60'",
        ] {
            let machine = Machine::new(user);
            let (output, report) = machine.confined(&["--disk", "10m"], script);
            assert_eq!(report["stopped"].as_str(), Some("disk"), "{script}: {} {report:#}", text(&output));
        }
    }
}

/// Whoever looks is not limited by anybody.
#[test]
fn looking_takes_no_memory_for_what_is_looked_at() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let script = concat!(
        "perl -e '",
        nest!("15"),
        "open(F, \">\", \"f\"); for (1..60000) { link(\"f\", $_) or exit 3 } sleep 3'"
    );
    let mut command = machine.command(&machine.binary);
    command.args(["exec", "--no-folder", "--write", ".", "--no-watch", "--", "sh", "-c"]);
    let folder = machine.path("project/node_modules/pkg");
    let mut running = command.arg(format!("cd '{}' && {script}", folder.display())).spawn().unwrap();
    let mut most = 0;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().split(' ').next()?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0));
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
    assert!((1_000..100_000).contains(&most), "{most} kB");
}
