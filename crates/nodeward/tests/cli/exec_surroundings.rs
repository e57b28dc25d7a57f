//! What lies about a confined program: its streams, the report on it, devices, the Node.js that it is shown.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::exec::{Machine, SECRET, denied, holds, text, users};

#[test]
fn pipelines_and_streams_work_as_they_do_outside() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let (output, _) =
        machine.confined(&[], "for i in $(seq 200); do echo $i | cat > last || exit 1; done; cat last");
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"200\n"[..]), "{}", text(&output));
    // By their names, where they are files.
    let file = machine.path("out");
    let mut command = machine.command(&machine.binary.clone());
    command.args(["exec", "--", "sh", "-c", "echo by name > /dev/stdout && echo again >> /dev/stderr"]);
    command.stdout(fs::File::create(&file).unwrap()).stderr(fs::File::create(machine.path("err")).unwrap());
    assert!(command.status().unwrap().success());
    assert_eq!(fs::read_to_string(&file).unwrap(), "by name\n");
    assert_eq!(fs::read_to_string(machine.path("err")).unwrap(), "again\n");
}

#[test]
fn what_is_told_is_what_was_tried() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    // What is taken away by a new name, and signals by the number of a thread.
    let (output, report) =
        machine.confined(&[], "node -e 'fs.renameSync(process.env.R + \"/house/.npmrc\", \"taken\")'");
    assert!(denied(&report, "write", "/house/.npmrc"), "{} {report:#}", text(&output));
    if cfg!(target_arch = "x86_64") {
        let (output, report) = machine.confined(&[], "perl -e 'syscall(200, $ENV{P} + 0, 9)'");
        assert!(denied(&report, "signal", "process "), "{} {report:#}", text(&output));
        let (_, report) = machine.confined(&[], "perl -e 'syscall(200, $$ + 0, 0)'");
        assert!(!denied(&report, "signal", "process "), "{report:#}");
    }
    // Settings are looked for by each package manager, and tell something of anybody else.
    let look = "fs.existsSync(\"x\"); try { fs.readFileSync(os.homedir() + \"/.npmrc\") } catch {}";
    let (_, report) = machine.confined(&[], &format!("node -e '{look}'"));
    assert!(denied(&report, "read", "/.npmrc"), "{report:#}");
    let (_, report) = machine.confined(&[], &format!("echo '{look}' > npm-cli.js && node npm-cli.js"));
    assert!(!denied(&report, "read", "/.npmrc"), "{report:#}");
}

/// Ways to name something that are no path, or a path only for a moment.
#[test]
fn what_is_tried_in_roundabout_ways_is_told() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let secret = machine.path("house/.npmrc").display().to_string();
    for (script, act, subject) in [
        ("cat \"/proc/self/root$R/house/.npmrc\"".to_owned(), "read", &*secret),
        ("cat \"/proc/self/cwd/../../../house/.npmrc\"".to_owned(), "read", &secret),
        ("ln -s \"$R/house\" /tmp/way && cat /tmp/way/.npmrc".to_owned(), "read", &secret),
        // Harmless at first.
        (
            format!("touch own && cat \"$PWD/own\" && ln -sf '{secret}' own && cat \"$PWD/own\""),
            "read",
            &secret,
        ),
        (
            "cp /bin/true /dev/shm/mine && /dev/shm/mine with words".to_owned(),
            "execute",
            "/dev/shm/mine with words",
        ),
        ("touch -c \"$R/bin/tool\"".to_owned(), "write", "/bin/tool"),
    ] {
        let (output, report) = machine.confined(&[], &script);
        let events = report["events"].as_array().unwrap();
        let fate = if act == "execute" { "allowed" } else { "denied" };
        let is_told = events.iter().any(|event| {
            event["act"] == act
                && event["fate"] == fate
                && event["subject"].as_str().unwrap().ends_with(subject)
        });
        assert!(is_told, "{script}: {} {report:#}", text(&output));
    }
}

/// Another program, perhaps a confined one, exchanges the folder for a link from one moment to the next.
#[test]
fn a_folder_that_is_exchanged_for_a_link_is_not_declared() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use std::sync::atomic::{AtomicBool, Ordering};
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let (folder, link) = (machine.path("project/out/sub"), machine.path("project/out/way"));
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(machine.path("house"), &link).unwrap();
    let is_over = AtomicBool::new(false);
    let mut reached = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let _ = renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE);
            }
        });
        for _ in 0..120 {
            let mut command = machine.command(&machine.binary.clone());
            command.current_dir(machine.path("project"));
            command.args(["exec", "--no-folder", "--no-watch", "--write", "out/sub", "--", "sh", "-c"]);
            let script = format!("cat '{0}/.npmrc'; echo x > '{0}/made'", machine.path("house").display());
            let output = command.arg(script).output().unwrap();
            reached += u32::from(String::from_utf8_lossy(&output.stdout).contains(SECRET));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(!machine.path("house/made").exists() && reached == 0, "reached {reached} times");
}

/// What is done with links is not done with what they lead to.
#[test]
fn links_of_ones_own_are_nobody_elses() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let script = "ln -s /usr/bin/env a && ln -s /usr/bin/env a2 && mv a b && touch -h b && ln -sfn /usr/bin/env b && rm b a2";
    let (output, report) = machine.confined(&[], script);
    assert!(output.status.success() && !denied(&report, "write", "/env"), "{} {report:#}", text(&output));
}

/// What holds the program is not limited by it, and nothing is said of what can't be looked into.
#[cfg(target_arch = "x86_64")]
#[test]
fn what_holds_a_program_is_out_of_its_reach() {
    for user in users() {
        let machine = Machine::new(user);
        for (what, call) in [
            ("limits the first process", "syscall(302, 1, 0, my $most = pack(\"QQ\", 1, 1), 0)"),
            ("can't be looked into", "syscall(157, 4, 0, 0, 0, 0)"),
            ("has files of its own", "syscall(436, 900, 901, 2)"),
            ("takes a terminal for itself", "ioctl(STDIN, 0x540c, 0) || ($!{EPERM} ? -1 : 0)"),
            ("sends without connecting", "syscall(44, 0, my $text = \"x\", 1, 0x20000000, 0, 0)"),
        ] {
            let script = format!("perl -e 'my $done = {call}; exit($done == -1 && $!{{EPERM}} ? 7 : 1)'");
            let (output, _) = machine.confined(&[], &script);
            assert_eq!(output.status.code(), Some(7), "{user:?} {what}: {}", text(&output));
        }
        // Its own limits can be read and set.
        let (output, _) = machine.confined(&[], "ulimit -n 100 && [ \"$(ulimit -n)\" = 100 ]");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
}

/// Of the machine as a whole, root is told no more than others.
#[test]
fn what_proc_has_of_the_machine_is_empty() {
    for user in users() {
        let machine = Machine::new(user);
        let script = "for f in kpageflags kpagecount slabinfo vmallocinfo timer_list kallsyms keys; do cat /proc/$f 2> /dev/null; done | head -c 100";
        let (output, _) = machine.confined(&[], script);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{user:?}: {}", text(&output));
    }
}

#[test]
fn a_workspace_that_is_not_shown_is_told() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    fs::write(machine.path("project/package.json"), "{\"workspaces\": [\"a\"]}").unwrap();
    fs::create_dir_all(machine.path("project/a")).unwrap();
    for (options, code, is_told) in [(&[][..], "1", true), (&[], "0", false), (&["--read", ".."], "1", false)]
    {
        let mut command = machine.command(&machine.binary.clone());
        command.current_dir(machine.path("project/a")).arg("exec").args(options);
        let output = command.args(["--", "sh", "-c", &format!("exit {code}")]).output().unwrap();
        assert_eq!(
            text(&output).contains("belongs to the workspace"),
            is_told,
            "{options:?} {}",
            text(&output)
        );
    }
}

#[test]
fn a_report_is_written_for_nobody_else() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let package = machine.path("project/node_modules/pkg");
    let mut command = machine.command(&machine.binary.clone());
    let script = format!("ln -sf '{}' report.json", machine.path("house/.npmrc").display());
    command.args(["exec", "--write", ".", "--report", "report.json", "--", "sh", "-c", &script]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{}", text(&output));
    assert!(text(&output).contains("which the program may write to"), "{}", text(&output));
    assert!(holds(&machine.path("house/.npmrc"), SECRET) && !package.join("report.json").exists());
}

#[test]
fn what_may_not_be_written_to_stays_at_its_place() {
    let script = "cd \"$R/project\" && mv node_modules aside; mkdir -p node_modules/pkg; echo evil > node_modules/pkg/index.js";
    for user in users() {
        for aside in ["project/aside/pkg", "project/aside"] {
            let machine = Machine::new(user);
            machine.plain(script);
            assert!(
                machine.path(aside).exists() && machine.path("project/node_modules/pkg/index.js").exists()
            );
            let machine = Machine::new(user);
            let project = machine.path("project").display().to_string();
            let package = machine.path("project/node_modules/pkg").display().to_string();
            let mut command = machine.command(&machine.binary.clone());
            command.args(["exec", "--no-folder", "--write", &project, "--read", &package, "--env"]);
            command.arg(format!("R={}", machine.path("").display()));
            let output = command.args(["--", "sh", "-c", script]).output().unwrap();
            assert!(!machine.path(aside).exists(), "{}", text(&output));
            assert!(!machine.path("project/node_modules/pkg/index.js").exists(), "{}", text(&output));
        }
    }
}

#[test]
fn a_link_that_a_program_made_declares_nothing() {
    for user in users() {
        let machine = Machine::new(user);
        let house = machine.path("house").display().to_string();
        let (_, report) = machine.confined(&[], &format!("ln -s '{house}' out"));
        assert!(fs::symlink_metadata(machine.path("project/node_modules/pkg/out")).is_ok(), "{report:#}");
        for option in ["--write", "--read"] {
            let mut command = machine.command(&machine.binary.clone());
            command.args(["exec", option, "out", "--", "sh", "-c", "cat out/.npmrc; echo x > out/made"]);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(125), "{}", text(&output));
            assert!(text(&output).contains("is a symbolic link in this folder"), "{}", text(&output));
            assert!(!text(&output).contains("canary") && !machine.path("house/made").exists());
        }
        // What it leads to is declared by its own name.
        let mut command = machine.command(&machine.binary.clone());
        let output = command.args(["exec", "--read", &house, "--", "cat", "out/.npmrc"]).output().unwrap();
        assert!(text(&output).contains("canary"), "{}", text(&output));
    }
}

#[test]
fn devices_stay_as_they_are() {
    for user in users() {
        let machine = Machine::new(user);
        let before = fs::metadata("/dev/null").unwrap().permissions();
        let (output, _) = machine.confined(&[], "chmod 0600 /dev/null; touch -d 2001-01-01 /dev/zero; echo x > /dev/null && head -c 3 /dev/zero | wc -c");
        assert_eq!(before, fs::metadata("/dev/null").unwrap().permissions());
        assert_eq!(&*output.stdout, b"3\n", "{}", text(&output));
    }
}

#[test]
fn a_node_of_the_project_or_of_a_home_shows_nothing_more() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let real = Command::new("node").args(["-p", "fs.realpathSync(process.execPath)"]).output().unwrap();
    let real = PathBuf::from(String::from_utf8(real.stdout).unwrap().trim());
    // In a home, beside what npm installs there; and a link to a secret under that name.
    fs::create_dir_all(machine.path("house/bin")).unwrap();
    fs::create_dir_all(machine.path("house/lib/node_modules/npm")).unwrap();
    fs::copy(&real, machine.path("house/bin/node")).unwrap();
    std::os::unix::fs::symlink(machine.path("house/.npmrc"), machine.path("bin/node")).unwrap();
    for (folder, shows) in [("house/bin", "house/.npmrc"), ("bin", "house/.npmrc")] {
        let mut command = machine.command(&machine.binary.clone());
        let path = format!("{}:/usr/bin:/bin", machine.path(folder).display());
        let script = format!("cat '{}'", machine.path(shows).display());
        let output = command.env("PATH", path).args(["exec", "--", "sh", "-c", &script]).output().unwrap();
        assert!(!text(&output).contains("canary"), "{folder}: {}", text(&output));
        assert_ne!(output.status.code(), Some(0), "{folder}");
    }
}
