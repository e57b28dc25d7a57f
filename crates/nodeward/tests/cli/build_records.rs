//! Records of builds: signed, checked, and held against a second build.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::build::{Bench, builders};
use crate::exec::User;

/// A key as openssl writes it.
fn pem(label: &str, prefix: &[u8], key: &[u8]) -> String {
    let body = STANDARD.encode([prefix, key].concat());
    format!("-----BEGIN {label} KEY-----\n{body}\n-----END {label} KEY-----\n")
}

fn private(seed: u8) -> String {
    pem("PRIVATE", b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", &[seed; 32])
}

/// Builds and signs, and leaves the public key beside.
pub(crate) fn signed(bench: &Bench, seed: u8, out: &str) -> Value {
    bench.write("project/seal.key", private(seed));
    let (ran, record) = bench.build(&["made", "--sign", "seal.key", "--out", out]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let key = STANDARD.decode(record["signature"]["key"].as_str().unwrap()).unwrap();
    let public = pem("PUBLIC", b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", &key);
    bench.write(&format!("project/{seed}.pub"), public);
    record
}

fn bench() -> Bench {
    let bench = Bench::new(User::This);
    bench.publish("made", &json!({ "scripts": { "install": "echo made > made.js" } }), &[]);
    bench
}

#[test]
fn a_record_holds_for_its_tarball_and_its_signer() {
    if builders().is_empty() {
        return;
    }
    let bench = bench();
    signed(&bench, 2, "other");
    signed(&bench, 1, "out");
    let record = "out/made-1.0.0.build.json";
    let (file, tarball) =
        (bench.path(&format!("project/{record}")), bench.path("project/out/made-1.0.0.tgz"));
    let check = |key: &[&str]| bench.run(&[&["build", "--verify", record], key].concat());
    let (mine, theirs) = (["--key", "1.pub"], ["--key", "2.pub"]);
    assert!(check(&mine).expect(0).err.contains("signed by the owner of the key"));
    assert!(check(&[]).expect(0).err.contains("nobody said by whom it should be"));
    assert!(check(&theirs).expect(1).err.contains("signed by another key"));
    check(&["--key", "seal.key"]).expect(2);
    // In another's place it says nothing of what stands beside it.
    fs::copy(&file, bench.path("project/out/other-2.0.0.build.json")).unwrap();
    bench.write("project/out/other-2.0.0.tgz", "evil");
    let renamed = ["build", "--verify", "out/other-2.0.0.build.json", "--key", "1.pub"];
    assert!(bench.run(&renamed).expect(1).err.contains("the record is that of made-1.0.0.tgz"));
    // Changed.
    let (text, bytes) = (fs::read_to_string(&file).unwrap(), fs::read(&tarball).unwrap());
    let mut other = bytes.clone();
    let last = other.len() - 1;
    other[last] ^= 1;
    bench.write("project/out/made-1.0.0.tgz", &other);
    assert!(check(&mine).expect(1).err.contains("the tarball is not the one that was built"));
    assert!(check(&[]).expect(1).err.contains("its SHA-256 is another"));
    other.push(0);
    bench.write("project/out/made-1.0.0.tgz", &other);
    assert!(check(&mine).expect(1).err.contains("its size is another"));
    fs::remove_file(&tarball).unwrap();
    check(&mine).expect(2);
    bench.write("project/out/made-1.0.0.tgz", &bytes);
    for (from, to, why) in [
        ("\"code\": 0", "\"code\": 1", "was changed after it was signed"),
        ("\"denied\": 1", "\"denied\": 1 ", ""),
        ("\n  \"nodeward\"", "\n   \"nodeward\"", "was written to after it was made"),
        ("\"schema\": \"nodeward.build/1\"", "\"schema\": \"nodeward.build/2\"", "no record of a build"),
        ("made-1.0.0.tgz", "../out/made-1.0.0.tgz", "was changed after it was signed"),
    ] {
        let changed = text.replacen(from, to, 1);
        if changed == text {
            assert!(why.is_empty(), "{from} is not there");
            continue;
        }
        bench.write(&format!("project/{record}"), changed);
        let ran = check(&mine).expect(1);
        assert!(ran.err.contains(why), "{from}: {}", ran.err);
        check(&[]).expect(1);
    }
    // Without its signature it is one that nobody signed.
    let start = text.find(",\n  \"signature\"").unwrap();
    bench.write(&format!("project/{record}"), format!("{}\n}}\n", &text[..start]));
    assert!(check(&mine).expect(1).err.contains("the record is not signed"));
    assert!(check(&[]).expect(0).err.contains("it is not signed"));
    // One that leads elsewhere does so for nobody.
    let elsewhere = text[..start].replacen("\"file\": \"made", "\"file\": \"../out/made", 1);
    bench.write(&format!("project/{record}"), format!("{elsewhere}\n}}\n"));
    assert!(check(&[]).expect(1).err.contains("no name of a file beside it"));
}

#[test]
fn a_build_is_the_same_bytes_wherever_and_whenever() {
    for user in builders() {
        let mut sums = Vec::new();
        for _ in 0..2 {
            let bench = Bench::new(user);
            // Where it is, when, and who asks.
            let script = "node -e \"fs.writeFileSync('made.js', [__dirname, process.cwd(), process.env.HOME, os.hostname(), process.env.SOURCE_DATE_EPOCH, fs.statSync('old.js').mtimeMs, fs.readdirSync('.')].join())\"";
            let files = [("old.js", ""), ("bin/run", "#!/bin/sh\n"), ("z.js", "")];
            bench.publish("made", &json!({ "scripts": { "install": script } }), &files);
            let (ran, record) = bench.build(&["made", "--check-reproducible", "--out", "out"]);
            assert_eq!(ran.code, 0, "{}", ran.err);
            assert_eq!(record["again"], json!({ "same": true, "differs": [] }));
            sums.push(record["result"]["sha256"].clone());
        }
        assert_eq!(sums[0], sums[1]);
    }
}

#[test]
fn what_differs_between_two_builds_is_told_with_its_place() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    let script = "printf 'one\\ntwo\\n' > made.js; date +%s >> made.js; mkdir \"$(date +%s)\"; echo > $(date +%s)/a.js; echo same > same.js; exit 0";
    bench.publish("made", &json!({ "scripts": { "install": script } }), &[]);
    let (ran, record) = bench.build(&["made", "--check-reproducible", "--out", "out"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let differs = record["again"]["differs"].as_array().unwrap();
    let made = differs.iter().find(|file| file["path"] == "made.js").unwrap();
    assert_eq!((&made["place"], &made["sizes"]), (&json!("line 3"), &json!([19, 19])));
    let alone: Vec<&Value> = differs.iter().filter(|file| file["path"] != "made.js").collect();
    assert_eq!(alone.len(), 2, "{record:#}");
    assert!(!bench.path("project/out").exists(), "{:?}", bench.names("project/out"));
    let ran = bench.run(&["build", "made", "--check-reproducible", "--out", "out"]).expect(1);
    assert!(ran.out.contains("made.js: differs from byte") && ran.out.contains("(line 3)"), "{}", ran.out);
}

#[test]
fn nothing_is_written_over_what_another_release_gave() {
    if builders().is_empty() {
        return;
    }
    let bench = Bench::new(User::This);
    for name in ["@s/a", "s-a"] {
        bench.publish(name, &json!({ "scripts": { "install": format!("echo {name} > made") } }), &[]);
    }
    for _ in 0..2 {
        bench.run(&["build", "@s/a", "--out", "out"]).expect(0);
    }
    let files = || {
        ["s-a-1.0.0.tgz", "s-a-1.0.0.build.json"]
            .map(|file| fs::read(bench.path(&format!("project/out/{file}"))).unwrap())
    };
    let before = files();
    let ran = bench.run(&["build", "s-a", "--out", "out"]).expect(2);
    assert!(ran.err.contains("is the record of @s/a@1.0.0, not of s-a@1.0.0"), "{}", ran.err);
    assert!(files() == before);
    let verified = bench.run(&["build", "--verify", "out/s-a-1.0.0.build.json"]).expect(0);
    assert!(verified.err.contains("s-a-1.0.0.tgz, of @s/a@1.0.0: as they were written"), "{}", verified.err);
    // A tarball of which nothing is known.
    fs::create_dir(bench.path("project/packed")).unwrap();
    bench.write("project/packed/s-a-1.0.0.tgz", "somebody's");
    let ran = bench.run(&["build", "s-a", "--out", "packed"]).expect(2);
    assert!(ran.err.contains("is there, and no record says of what"), "{}", ran.err);
    assert_eq!(bench.read("project/packed/s-a-1.0.0.tgz").unwrap(), "somebody's");
    bench.run(&["build", "s-a", "--out", "other"]).expect(0);
}
