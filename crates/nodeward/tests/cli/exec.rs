//! `nodeward exec`: what a confined program can't do. Each thing is first done unconfined, to see that it works; then
//! confined, where nothing of it happens and the report names it.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// What must not be read.
pub(crate) const SECRET: &str = "//registry.example.org/:_authToken=canary";

/// Whom a program runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Whoever runs the tests.
    This,
    /// Somebody without rights, where the tests are run by root.
    Nobody,
}

/// Nobody where this system forbids namespaces, which is said.
#[expect(clippy::print_stderr, reason = "what is absent is said")]
pub(crate) fn users() -> Vec<User> {
    // Asked of another program than the one that is tried.
    let probe =
        Command::new("unshare").args(["-U", "-r", "-m", "-p", "-n", "-i", "-u", "-f", "true"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("skipped: user namespaces are switched off here");
        return Vec::new();
    }
    let is_root = rustix::process::geteuid().is_root();
    if is_root { vec![User::This, User::Nobody] } else { vec![User::This] }
}

/// A developer's machine: a home with secrets, a project with a package in it, a process that runs.
pub(crate) struct Machine {
    folder: TempDir,
    user: User,
    pub(crate) binary: PathBuf,
    outside: Child,
}

impl Machine {
    pub(crate) fn new(user: User) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in ["house/.ssh", "project/.git/hooks", "project/.vscode", "project/node_modules/pkg", "bin"]
        {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        for (path, text) in [
            ("house/.npmrc", SECRET),
            ("house/.ssh/id_rsa", SECRET),
            ("project/package.json", "{}"),
            ("project/.git/hooks/pre-commit", "canary"),
            ("bin/tool", "canary"),
        ] {
            fs::write(root.join(path), text).unwrap();
        }
        // Where nobody may look into the folder that the binary was built in.
        let binary = root.join("nodeward");
        // By another process: one that this starts meanwhile would hold the copy open for writing.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_nodeward")).arg(&binary).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        if user == User::Nobody {
            let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(root).status().unwrap();
            assert!(owned.success());
        }
        let mut outside = as_user(user, "sleep");
        let outside = outside.arg("600").env("CANARY", SECRET).stdin(Stdio::null()).spawn().unwrap();
        let name = format!("/proc/{}/comm", outside.id());
        while fs::read_to_string(&name).unwrap() != "sleep\n" {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { folder, user, binary, outside }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = as_user(self.user, program);
        command.current_dir(self.path("project/node_modules/pkg"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("house")).env("NODEWARD_CACHE", self.path("house/cache"));
        command.stdin(Stdio::null());
        command
    }

    /// The script as the shell has it, with `$R` for the machine's folder and `$P` for the process that runs.
    pub(crate) fn plain(&self, script: &str) -> Output {
        let mut command = self.command(Path::new("sh"));
        command.env("R", self.folder.path()).env("P", self.outside.id().to_string());
        command.args(["-c", script]).output().unwrap()
    }

    /// The same, confined to its package, with what it was seen trying.
    pub(crate) fn confined(&self, options: &[&str], script: &str) -> (Output, Value) {
        let report = self.path("report.json");
        let mut command = self.command(&self.binary.clone());
        command.args(["exec", "--no-folder", "--write", "."]).args(options);
        if !options.contains(&"--no-watch") {
            command.arg("--report").arg(&report);
        }
        command.args(["--env", &format!("R={}", self.folder.path().display())]);
        command.args(["--env", &format!("P={}", self.outside.id())]);
        let script = format!("cd '{}' && {{ {script}\n}}", self.path("project/node_modules/pkg").display());
        let output = command.args(["--", "sh", "-c", &script]).output().unwrap();
        let report =
            fs::read(&report).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        (output, report)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.outside.kill();
        let _ = self.outside.wait();
    }
}

pub(crate) fn as_user(user: User, program: impl AsRef<std::ffi::OsStr>) -> Command {
    if user == User::This {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    command
}

/// Whether the report has this denied.
pub(crate) fn denied(report: &Value, act: &str, subject: &str) -> bool {
    let events = report["events"].as_array().into_iter().flatten();
    events.into_iter().any(|event| {
        event["act"] == act
            && event["fate"] == "denied"
            && event["subject"].as_str().unwrap().contains(subject)
    })
}

pub(crate) fn text(output: &Output) -> String {
    format!(
        "{:?} {}{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub(crate) fn holds(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|found| found.contains(text))
}

/// What a program does, whether it is done, and what of it is reported.
struct Attack {
    script: &'static str,
    is_done: fn(&Machine) -> bool,
    act: &'static str,
    subject: &'static str,
}

const ATTACKS: &[Attack] = &[
    Attack {
        script: "cat \"$R/house/.npmrc\" > out",
        is_done: |machine| holds(&machine.path("project/node_modules/pkg/out"), "canary"),
        act: "read",
        subject: "/house/.npmrc",
    },
    Attack {
        script: "cat \"$R/house/.ssh/id_rsa\" > out",
        is_done: |machine| holds(&machine.path("project/node_modules/pkg/out"), "canary"),
        act: "read",
        subject: "/house/.ssh/id_rsa",
    },
    Attack {
        script: "ln -s \"$R/house\" link && cat link/.npmrc > out",
        is_done: |machine| holds(&machine.path("project/node_modules/pkg/out"), "canary"),
        act: "read",
        subject: "/house/.npmrc",
    },
    Attack {
        script: "ln \"$R/house/.npmrc\" hard && cat hard > out",
        is_done: |machine| holds(&machine.path("project/node_modules/pkg/out"), "canary"),
        act: "write",
        subject: "/house/.npmrc",
    },
    Attack {
        script: "tr '\\0' '\\n' < \"/proc/$P/environ\" > out",
        is_done: |machine| holds(&machine.path("project/node_modules/pkg/out"), "canary"),
        act: "read",
        subject: "/environ",
    },
    Attack {
        script: "cat \"/proc/$P/root$R/house/.npmrc\" > out",
        is_done: |machine| holds(&machine.path("project/node_modules/pkg/out"), "canary"),
        act: "read",
        subject: "/root",
    },
    Attack {
        script: "echo evil > ../evil",
        is_done: |machine| machine.path("project/node_modules/evil").exists(),
        act: "write",
        subject: "/node_modules/evil",
    },
    Attack {
        script: "echo evil > ../../.git/hooks/pre-commit",
        is_done: |machine| holds(&machine.path("project/.git/hooks/pre-commit"), "evil"),
        act: "write",
        subject: "/.git/hooks/pre-commit",
    },
    Attack {
        script: "echo evil > ../../.vscode/tasks.json",
        is_done: |machine| machine.path("project/.vscode/tasks.json").exists(),
        act: "write",
        subject: "/.vscode/tasks.json",
    },
    Attack {
        script: "echo evil > \"$R/bin/tool\"",
        is_done: |machine| holds(&machine.path("bin/tool"), "evil"),
        act: "write",
        subject: "/bin/tool",
    },
    Attack {
        script: "echo '{\"evil\":1}' > ../../package.json",
        is_done: |machine| holds(&machine.path("project/package.json"), "evil"),
        act: "write",
        subject: "/project/package.json",
    },
    Attack {
        script: "echo evil > a && node -e 'fs.renameSync(\"a\", \"../moved\")'",
        is_done: |machine| machine.path("project/node_modules/moved").exists(),
        act: "write",
        subject: "/node_modules/moved",
    },
    Attack {
        script: "ln -s ../../package.json link && echo '{\"evil\":1}' > link",
        is_done: |machine| holds(&machine.path("project/package.json"), "evil"),
        act: "write",
        subject: "/project/package.json",
    },
    Attack {
        script: "rm -rf \"$R/house/.ssh\"",
        is_done: |machine| !machine.path("house/.ssh/id_rsa").exists(),
        act: "write",
        subject: "/house/.ssh",
    },
    Attack {
        script: "node -e 'fs.chmodSync(process.env.R + \"/bin/tool\", 0o777)'",
        is_done: |machine| {
            fs::metadata(machine.path("bin/tool"))
                .is_ok_and(|metadata| metadata.permissions().mode() & 0o777 == 0o777)
        },
        act: "write",
        subject: "/bin/tool",
    },
    Attack {
        script: "kill -9 $P; sleep 0.5",
        is_done: |machine| {
            let status =
                fs::read_to_string(format!("/proc/{}/status", machine.outside.id())).unwrap_or_default();
            status.lines().any(|line| line.starts_with("State:") && line.contains('Z'))
        },
        act: "signal",
        subject: "process ",
    },
];

#[test]
fn what_a_confined_program_tries_does_not_happen_and_is_told() {
    for user in users() {
        for attack in ATTACKS {
            let machine = Machine::new(user);
            assert!(!(attack.is_done)(&machine), "{}", attack.script);
            let plain = machine.plain(attack.script);
            assert!(
                (attack.is_done)(&machine),
                "{user:?}: {} does nothing unconfined: {}",
                attack.script,
                text(&plain)
            );
            let machine = Machine::new(user);
            let (output, report) = machine.confined(&[], attack.script);
            assert!(!(attack.is_done)(&machine), "{user:?}: {}: {}", attack.script, text(&output));
            assert!(
                denied(&report, attack.act, attack.subject),
                "{user:?}: {} is not told: {report:#} {}",
                attack.script,
                text(&output)
            );
        }
    }
}

/// An address of this machine that is not its loopback interface's. None where there is no network, which is said.
#[expect(clippy::print_stderr, reason = "what is absent is said")]
pub(crate) fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent by this.
    let address =
        socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()).ok().map(|address| address.ip());
    let address = address.filter(|address| !address.is_loopback() && !address.is_unspecified());
    if address.is_none() {
        eprintln!("skipped: this machine has no address but its own");
    }
    address
}

#[test]
fn no_network_is_reached() {
    let Some(address) = own_address() else { return };
    for user in users() {
        let listener = TcpListener::bind((address, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let datagrams = UdpSocket::bind((address, 0)).unwrap();
        datagrams.set_nonblocking(true).unwrap();
        let tcp = listener.local_addr().unwrap();
        let udp = datagrams.local_addr().unwrap();
        let arrived = |machine: &Machine, script: &str, is_confined: bool| {
            let (output, report) = if is_confined {
                machine.confined(&[], script)
            } else {
                (machine.plain(script), Value::Null)
            };
            let mut buffer = [0; 512];
            (listener.accept().is_ok(), datagrams.recv(&mut buffer).is_ok(), output, report)
        };
        let connect = format!(
            "node -e 'net.connect({}, \"{address}\").on(\"connect\", function () {{ this.destroy(); }}).on(\"error\", () => {{}})'",
            tcp.port()
        );
        let send = format!(
            "node -e 'const s = dgram.createSocket(\"udp4\"); s.send(\"secret\", {}, \"{address}\", () => s.close())'",
            udp.port()
        );
        let ask = format!(
            "node -e 'const r = new dns.Resolver({{ timeout: 100, tries: 1 }}); r.setServers([\"{udp}\"]); r.resolve(\"secret.example.org\", () => {{}})'"
        );
        for (script, by_tcp, subject) in [(connect, true, tcp), (send, false, udp), (ask, false, udp)] {
            let machine = Machine::new(user);
            let (tcp, udp, output, _) = arrived(&machine, &script, false);
            assert_eq!((tcp, udp), (by_tcp, !by_tcp), "{script}: {}", text(&output));
            let (tcp, udp, output, report) = arrived(&machine, &script, true);
            assert_eq!((tcp, udp), (false, false), "{script}: {}", text(&output));
            assert!(denied(&report, "connect", &subject.to_string()), "{script}: {report:#}");
        }
    }
}

#[test]
fn nothing_that_it_makes_has_its_users_rights() {
    for user in users() {
        for script in [
            "cp /usr/bin/id own && chmod 4755 own",
            "cp /usr/bin/id own && chmod g+s,o+x own",
            "node -e 'fs.writeFileSync(\"own\", \"\", { mode: 0o4755 })'",
            "node -e 'fs.mkdirSync(\"d\"); fs.closeSync(fs.openSync(\"own\", \"wx\", 0o2755))'",
        ] {
            let own = |machine: &Machine| {
                let metadata = fs::metadata(machine.path("project/node_modules/pkg/own"));
                metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o6000 != 0)
            };
            let machine = Machine::new(user);
            let plain = machine.plain(script);
            assert!(own(&machine), "{script} does nothing unconfined: {}", text(&plain));
            let machine = Machine::new(user);
            let (output, _) = machine.confined(&[], script);
            assert!(!own(&machine) && output.status.code() != Some(0), "{script}: {}", text(&output));
        }
        // The machine's own settings go by the number of the user.
        let machine = Machine::new(user);
        let (output, _) = machine.confined(
            &[],
            "for f in /proc/sysrq-trigger /proc/self/oom_score_adj; do echo 1 > $f && exit 0; done; exit 1",
        );
        assert_ne!(output.status.code(), Some(0), "{}", text(&output));
    }
}

#[test]
fn names_that_are_asked_for_are_told_and_answered_by_nobody() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let script = "node -e 'dns.lookup(\"secret.example.org\", (error) => process.exit(error ? 7 : 0))'";
    let (output, report) = machine.confined(&[], script);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    assert!(denied(&report, "name", "secret.example.org"), "{report:#}");
    // A name that may be reached leads to no machine of the network around.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "node -e 'net.connect({port}, \"localhost.example.org\").on(\"close\", () => process.exit(7)).on(\"error\", () => process.exit(7)).resume()'"
    );
    let (_, report) = machine.confined(&["--net", &format!("localhost.example.org:{port}")], &script);
    let events = report["events"].as_array().unwrap();
    let asked = events.iter().find(|event| event["act"] == "name").unwrap();
    assert_eq!(
        (asked["subject"].as_str(), asked["fate"].as_str()),
        (Some("localhost.example.org"), Some("allowed"))
    );
    assert!(
        events.iter().any(|event| event["act"] == "connect"
            && event["subject"].as_str().unwrap().contains("localhost.example.org")),
        "{report:#}"
    );
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
}

#[test]
fn an_address_that_is_permitted_is_reached_and_no_other() {
    let Some(address) = own_address() else { return };
    for user in users() {
        let listeners = [(); 2].map(|()| TcpListener::bind((address, 0)).unwrap());
        let ports = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port());
        listeners.iter().for_each(|listener| listener.set_nonblocking(true).unwrap());
        let machine = Machine::new(user);
        for (to, may) in [(ports[0], true), (ports[1], false)] {
            let script = format!(
                "node -e 'net.connect({to}, \"{address}\").on(\"close\", () => process.exit(7)).on(\"error\", () => process.exit(7)).on(\"connect\", function () {{ setTimeout(() => this.destroy(), 300) }})'"
            );
            let (output, report) = machine.confined(&["--net", &format!("{address}:{}", ports[0])], &script);
            let came = listeners.each_ref().map(|listener| listener.accept().is_ok());
            assert_eq!(came, [may, false], "{user:?} {to}: {} {report:#}", text(&output));
            let subject = format!("{address}:{to}");
            if may {
                assert_eq!(report["connections"][0]["host"], address.to_string(), "{report:#}");
                assert!(!denied(&report, "connect", &subject), "{report:#}");
            }
        }
        let script = "node -e 'net.connect(443, \"192.0.2.1\").on(\"error\", () => process.exit(7))'";
        let (output, report) = machine.confined(&["--net", &format!("{address}:{}", ports[0])], script);
        assert_eq!(output.status.code(), Some(7), "{}", text(&output));
        assert!(denied(&report, "connect", "192.0.2.1:443"), "{report:#}");
    }
}

#[test]
fn nothing_outlives_the_run() {
    for user in users() {
        let script = "setsid sh -c 'sleep 1; echo late > late' > /dev/null 2>&1 & exit 0";
        let machine = Machine::new(user);
        let late = machine.path("project/node_modules/pkg/late");
        machine.plain(script);
        std::thread::sleep(Duration::from_millis(1500));
        assert!(late.exists());
        fs::remove_file(&late).unwrap();
        let (output, _) = machine.confined(&[], script);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!late.exists());
    }
}

#[test]
fn a_killed_nodeward_leaves_nothing_behind() {
    let Some(machine) = users().first().map(|user| Machine::new(*user)) else { return };
    let mark = "600.25";
    let mut command = machine.command(&machine.binary.clone());
    let mut child = command.args(["exec", "--write", ".", "--", "sleep", mark]).spawn().unwrap();
    let runs = || {
        let found = Command::new("pgrep").args(["-f", &format!("^[^ ]*sleep {mark}")]).output().unwrap();
        !found.stdout.is_empty()
    };
    let until = |wanted: bool| {
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            runs() == wanted
        })
    };
    let began = until(true);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(began && until(false));
}

#[test]
fn a_confined_program_does_its_work() {
    for user in users() {
        let machine = Machine::new(user);
        let script = "echo made > made && mkdir -p a/b && mv made a/b && cat a/b/made && rm -r a && \
                      node -e 'console.log(os.userInfo().uid === process.getuid(), os.cpus().length > 0); \
                      new (require(\"worker_threads\").Worker)(\"console.log(7)\", { eval: true })' && \
                      cd \"$HOME\" && echo x > x && ls && echo \"$SECRET\" && exit 3";
        let mut command = machine.command(&machine.binary.clone());
        command.env("SECRET", "canary").args(["exec", "--write", ".", "--", "sh", "-c", script]);
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "made\ntrue true\n7\nx\n\n", "{}", text(&output));
        assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(3), ""));
    }
}

#[test]
fn streams_and_signals_are_the_programs_own() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let mut command = machine.command(&machine.binary.clone());
    command.args(["exec", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"through").unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((child.wait().unwrap().code(), &*out), (Some(0), "through"));
    let (output, report) = machine.confined(&[], "kill -TERM $$");
    assert_eq!((output.status.code(), report["signal"].as_i64()), (Some(143), Some(15)), "{report:#}");
}

#[test]
fn what_can_t_be_done_is_said() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    for (name, text, mode) in [("plain", "#!/bin/sh\n", 0o644), ("script", "#!/not/there -x\n", 0o755)] {
        let file = machine.path("project/node_modules/pkg").join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    }
    let ran = |arguments: &[&str]| {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let output = machine.command(&machine.binary.clone()).arg("exec").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (arguments, code, told) in [
        (&["--", "not-there"][..], 125, "not-there is in no folder of PATH that it may see"),
        (&["--", "/not/there"], 125, "cannot start /not/there"),
        (&["--write", "gone", "--", "true"], 125, "gone: it has to be there before it can be declared"),
        (&["--write", "/", "--", "true"], 125, "/ can't be declared"),
        (&["--read", "/tmp", "--", "true"], 125, "/tmp can't be declared"),
        (&["--", "./plain"], 125, "nobody may execute the file"),
        (&["--", "./script"], 125, "its first line names /not/there"),
        (&["--time", "1x", "--", "true"], 2, "is no time"),
        (&["--memory", "0", "--", "true"], 2, "is no size"),
    ] {
        let (found, text) = ran(arguments);
        assert!(found == Some(code) && text.contains(told), "{arguments:?}: {found:?} {text}");
    }
}
