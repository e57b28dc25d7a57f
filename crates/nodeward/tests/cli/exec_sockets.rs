//! Sockets that have a file: the services of others can't be connected to, wherever their files lie; those of the
//! program itself can.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Command;

use crate::exec::{Machine, denied, text, users};

/// Connects as Node.js does, which never waits, and as most others do.
const CONNECTS: &[&str] = &[
    "node -e 'net.connect(process.env.R + \"/project/service\").on(\"error\", (e) => { console.log(e.code); process.exit(7) }).on(\"connect\", () => process.exit())'",
    "node -e 'process.chdir(process.env.R + \"/project\"); net.connect(\"./service\").on(\"error\", () => process.exit(7)).on(\"connect\", () => process.exit())'",
    "ln -s \"$R/project\" way; node -e 'net.connect(\"way/service\").on(\"error\", () => process.exit(7)).on(\"connect\", () => process.exit())'",
    "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 8; connect(S, pack_sockaddr_un(\"$ENV{R}/project/service\")) or exit 7'",
    "perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) or exit 8; send(S, \"x\", 0, pack_sockaddr_un(\"$ENV{R}/project/datagrams\")) or exit 7'",
    "perl -MSocket -e 'socketpair(S, T, AF_UNIX, SOCK_DGRAM, 0) or exit 8; send(S, \"x\", 0, pack_sockaddr_un(\"$ENV{R}/project/datagrams\")) or exit 7'",
];

/// A service of somebody in the project folder.
struct Service {
    listener: UnixListener,
    datagrams: UnixDatagram,
}

impl Service {
    fn new(machine: &Machine) -> Self {
        let (service, messages) = (machine.path("project/service"), machine.path("project/datagrams"));
        let made = Self {
            listener: UnixListener::bind(&service).unwrap(),
            datagrams: UnixDatagram::bind(&messages).unwrap(),
        };
        for path in [service, messages] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        made.listener.set_nonblocking(true).unwrap();
        made.datagrams.set_nonblocking(true).unwrap();
        made
    }

    /// Whether anything came since the last time.
    fn was_reached(&self) -> bool {
        self.listener.accept().is_ok() || self.datagrams.recv(&mut [0; 8]).is_ok()
    }
}

#[test]
fn no_service_is_reached_by_the_file_of_its_socket() {
    for user in users() {
        for connect in CONNECTS {
            let machine = Machine::new(user);
            let service = Service::new(&machine);
            let plain = machine.plain(connect);
            assert!(service.was_reached(), "{connect} does nothing unconfined: {}", text(&plain));
            let _ = fs::remove_file(machine.path("project/node_modules/pkg/way"));
            let project = machine.path("project").display().to_string();
            let ways: &[&[&str]] = match connect.starts_with("perl") {
                true => &[&["--read"], &["--write"], &["--net-all", "--read"]],
                false => &[&["--write"]],
            };
            for options in ways {
                let options = [*options, &[&project]].concat();
                let (output, report) = machine.confined(&options, connect);
                assert!(!service.was_reached(), "{user:?} {options:?} {connect}: {}", text(&output));
                assert!(matches!(output.status.code(), Some(7 | 8)), "{connect}: {}", text(&output));
                if !connect.contains("DGRAM") {
                    assert!(denied(&report, "connect", "unix:"), "{connect}: {report:#}");
                }
                let _ = fs::remove_file(machine.path("project/node_modules/pkg/way"));
            }
        }
    }
}

/// A path that leads elsewhere from one moment to the next.
#[test]
fn a_path_that_changes_meanwhile_leads_nowhere() {
    const RACE: &str = "perl -MSocket -e '
        my ($own, $way, $there) = (\"/tmp/own.$$\", \"/tmp/way.$$\", \"$ENV{R}/project/service\");
        socket(L, AF_UNIX, SOCK_STREAM, 0); bind(L, pack_sockaddr_un($own)) or exit 8; listen(L, 500);
        my $child = fork;
        if (!$child) { for (;;) { for my $to ($own, $there) { symlink($to, \"$way.new\"); rename(\"$way.new\", $way) } } }
        my ($got, $not) = (0, 0);
        for (1..400) { socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 8; connect(S, pack_sockaddr_un($way)) ? $got++ : $not++; }
        kill 9, $child; print \"$got $not\"; exit($got ? 0 : 9)'";
    for user in users() {
        let machine = Machine::new(user);
        let service = Service::new(&machine);
        // By chance, and not each time.
        let reached = (0..50).any(|_| machine.plain(RACE).status.success() && service.was_reached());
        assert!(reached);
        while service.was_reached() {}
        let project = machine.path("project").display().to_string();
        let (output, _) = machine.confined(&["--read", &project], RACE);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert!(!service.was_reached());
    }
}

#[test]
fn sockets_of_its_own_work() {
    const OWN: &str = "node -e '
        const done = (s) => s.close();
        const place = process.argv[1];
        const server = net.createServer((c) => { c.end(\"hello\"); done(server); }).listen(place, () =>
            net.connect(place).on(\"data\", (d) => process.stdout.write(d)));
        ' ";
    const WAITING: &str = "perl -MSocket -e '
        my $own = pack_sockaddr_un(\"own\");
        socket(L, AF_UNIX, SOCK_STREAM, 0); bind(L, $own) or exit 3; listen(L, 5);
        socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, $own) or exit 4; accept(C, L); syswrite(C, \"hello\"); close C;
        print <S>'";
    const BY_PORT: &str = "node -e '
        const server = net.createServer((c) => { c.end(\"hello\"); server.close(); }).listen(0, \"127.0.0.1\", () =>
            net.connect(server.address().port, \"127.0.0.1\").on(\"data\", (d) => process.stdout.write(d)))'";
    const BY_PORT_WAITING: &str = "perl -MSocket -e '
        socket(L, AF_INET, SOCK_STREAM, 0); bind(L, pack_sockaddr_in(0, INADDR_LOOPBACK)); listen(L, 5);
        socket(S, AF_INET, SOCK_STREAM, 0); connect(S, getsockname(L)) or exit 4; accept(C, L); syswrite(C, \"hello\"); close C;
        print <S>'";
    for user in users() {
        let machine = Machine::new(user);
        let without_file = OWN.replace("process.argv[1]", "\"\\0own\"");
        for (script, works_in_all) in [
            (&*format!("{OWN} /tmp/own"), true),
            (&format!("{OWN} /dev/shm/own"), true),
            (&format!("{OWN} ./own"), false),
            (WAITING, false),
            (&without_file, false),
            (BY_PORT, true),
            (BY_PORT_WAITING, true),
        ] {
            for options in [&[][..], &["--no-watch"], &["--net-all"]] {
                if !works_in_all && options == ["--net-all"] {
                    continue;
                }
                let (output, report) = machine.confined(options, script);
                assert_eq!(
                    &*output.stdout,
                    b"hello",
                    "{user:?} {options:?} {script}: {} {report:#}",
                    text(&output)
                );
                let _ = fs::remove_file(machine.path("project/node_modules/pkg/own"));
            }
        }
    }
}

/// A stream that is handed on may be a socket of the network outside.
#[test]
fn a_socket_as_a_stream_reaches_nobody_else() {
    let Some(user) = users().into_iter().next() else { return };
    let machine = Machine::new(user);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let leave = format!(
        "perl -MSocket -e 'connect(STDIN, pack(\"S\", 0) . \"\\0\" x 14); connect(STDIN, pack_sockaddr_in({}, INADDR_LOOPBACK)) or exit 7'",
        other.local_addr().unwrap().port()
    );
    for (is_confined, reached) in [(false, true), (true, false)] {
        let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut command = if is_confined {
            let mut command = machine.command(&machine.binary.clone());
            command.args(["exec", "--", "sh", "-c", &leave]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &leave]);
            command
        };
        let output = command.stdin(std::os::fd::OwnedFd::from(stream)).output().unwrap();
        assert_eq!(other.accept().is_ok(), reached, "{is_confined}: {}", text(&output));
    }
    let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut command = machine.command(&machine.binary.clone());
    let output = command.args(["exec", "--", "true"]).stdin(std::os::fd::OwnedFd::from(datagrams)).output();
    let output = output.unwrap();
    assert!(
        output.status.code() == Some(125) && text(&output).contains("socket for datagrams"),
        "{}",
        text(&output)
    );
    // What can get somebody at its other end, and a folder, from which others are found.
    let folder = fs::File::open(machine.path("project")).unwrap();
    let streams: [(std::os::fd::OwnedFd, &str); 2] =
        [(listener.into(), "other end"), (folder.into(), "is a folder")];
    for (stream, why) in streams {
        let mut command = machine.command(&machine.binary.clone());
        let output = command.args(["exec", "--", "true"]).stdin(stream).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{}", text(&output));
        assert!(text(&output).contains(why), "{}", text(&output));
    }
}

/// The socket waits or not from one moment to the next, and nobody ever accepts.
#[test]
fn connections_that_hang_hold_up_nothing_else() {
    const HANGS: &str = "perl -MSocket -MFcntl -MIO::Handle -e '
        my $there = pack_sockaddr_un(\"/tmp/listens\");
        socket(L, AF_UNIX, SOCK_STREAM, 0) && bind(L, $there) && listen(L, 0) or exit 2;
        for (1..3) { socket($full[$_], AF_UNIX, SOCK_STREAM, 0) or exit 3; $full[$_]->blocking(0); connect($full[$_], $there) }
        socket(S, AF_UNIX, SOCK_STREAM, 0) or exit 4;
        my $flags = fcntl(S, F_GETFL, 0);
        for my $way (1..3) {
            next if fork;
            if ($way == 1) { for (;;) { fcntl(S, F_SETFL, $flags | O_NONBLOCK); fcntl(S, F_SETFL, $flags) } }
            connect(S, $there) for 1..100000;
            sleep 60;
        }
        sleep 2;
        socket(O, AF_UNIX, SOCK_STREAM, 0) && bind(O, pack_sockaddr_un(\"/tmp/other\")) && listen(O, 1) or exit 5;
        socket(C, AF_UNIX, SOCK_STREAM, 0) && connect(C, pack_sockaddr_un(\"/tmp/other\")) or exit 6;
        print \"went on\\n\"'";
    for user in users() {
        let machine = Machine::new(user);
        let started = std::time::Instant::now();
        let (output, report) = machine.confined(&["--time", "30s"], HANGS);
        let said = text(&output);
        assert!(said.contains("went on") && output.status.success(), "{user:?}: {said}");
        assert!(started.elapsed().as_secs() < 20, "{user:?}: it took {:?}", started.elapsed());
        assert!(denied(&report, "outlive", "perl"), "{report:#}");
    }
}

/// The streams lie in the queue of a socket that waits for a listener which lies in the same queue: nobody can close
/// them any more.
#[cfg(target_arch = "x86_64")]
#[test]
fn streams_that_nobody_can_close_are_read_to_their_end() {
    const HOLDS: &str = "perl -MSocket -MIO::Handle -e '
        my $there = pack_sockaddr_un(\"/tmp/listens\");
        socket(L, AF_UNIX, SOCK_STREAM, 0) && bind(L, $there) && listen(L, 0) or exit 2;
        for (1..3) { socket($full[$_], AF_UNIX, SOCK_STREAM, 0) or exit 3; $full[$_]->blocking(0); connect($full[$_], $there) }
        socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or exit 4;
        for my $fd (fileno(L), 1, 2) {
            my ($byte, $rights) = (\"x\", pack(\"Qlllx4\", 20, 1, 1, $fd));
            my $parts = pack(\"PQ\", $byte, 1);
            my $message = pack(\"QLx4PQPQLx4\", 0, 0, $parts, 1, $rights, 24, 0);
            syscall(46, fileno(B), $message, 0) == 1 or exit 5;
        }
        unless (fork) { connect(A, $there); exit }
        select(undef, undef, undef, 0.4);
        print \"held\\n\"'";
    let Some(user) = users().into_iter().next() else { return };
    let project = crate::installed::Project::with(user, &[("holds", serde_json::json!({}), &[])], &[]);
    let manifest =
        serde_json::json!({ "name": "holds", "version": "1.0.0", "scripts": { "postinstall": HOLDS } });
    project.write("p/node_modules/holds/package.json", &manifest.to_string());
    let mut lockfile: serde_json::Value =
        serde_json::from_str(&project.read("p/package-lock.json").unwrap()).unwrap();
    lockfile["packages"]["node_modules/holds"]["hasInstallScript"] = true.into();
    project.write("p/package-lock.json", &lockfile.to_string());
    let (code, said, report) = project.install_with(&["--allow", "holds", "--reason", "a trial"]);
    assert_eq!(code, Some(0), "{said} {report:#}");
    assert_eq!(report["packages"][0]["scripts"][0]["written"], "held\n", "{report:#}");
}
