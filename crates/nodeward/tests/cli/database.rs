use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nodeward_testkit::{Project, Reply, Upstream};

use crate::harness::{CRITICAL, Ran, World, lodash, osv};

fn zip(records: &[String]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (number, record) in records.iter().enumerate() {
        archive.start_file(format!("{number}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(record.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn many(count: usize) -> Vec<String> {
    nodeward_testkit::osv::export(count).map(|(_, json)| json).collect()
}

fn feed(folder: &Path, name: &str, records: &[String]) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, zip(records)).unwrap();
    file
}

fn update(world: &World, from: &Path) -> Ran {
    world.run(&["db", "update", "--from", from.to_str().unwrap()], world.home.path())
}

#[test]
fn an_index_is_built_told_and_asked() {
    let world = World::with_advisories(&[&lodash()]);
    let home = world.home.path();
    let ran = world.run(&["db", "info", "--verify"], home).expect(0);
    assert!(ran.out.contains("1 on 1 packages"), "{}", ran.out);
    let ran = world.run(&["db", "info", "--format", "json"], home).expect(0);
    let info: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((info["records"].as_u64(), info["stale"].as_bool()), (Some(1), Some(false)));
    let ran = world.run(&["db", "show", "cve-2026-0001"], home).expect(0);
    assert!(ran.out.contains("lodash <4.17.21") && ran.out.contains("critical 9.8"), "{}", ran.out);
    assert_eq!(
        world.run(&["db", "alias", "GHSA-aaaa-bbbb-cccc"], home).expect(0).out,
        "CVE-2026-0001\nGHSA-aaaa-bbbb-cccc\n"
    );
    let ran = world.run(&["db", "show", "CVE-1999-1"], home).expect(2);
    assert!(ran.err.contains("no advisory in the index is called"), "{}", ran.err);
    let none = World::new();
    let ran = none.run(&["db", "info"], none.home.path()).expect(2);
    assert!(ran.err.contains("`nodeward db update` fetches one"), "{}", ran.err);
}

#[test]
fn feeds_that_look_wrong_are_refused_and_the_old_index_stays() {
    let world = World::new();
    let home = world.home.path();
    update(&world, &feed(home, "big.zip", &many(200))).expect(0);
    let before = std::fs::read(world.index()).unwrap();
    let truncated = home.join("truncated.zip");
    let whole = zip(&many(200));
    std::fs::write(&truncated, &whole[..whole.len() / 2]).unwrap();
    let broken = feed(home, "broken.zip", &["{\"id\":".to_owned()]);
    let small = feed(home, "small.zip", &many(200)[100..]);
    let empty = feed(home, "empty.zip", &[]);
    let html = home.join("page.zip");
    std::fs::write(&html, "<html>log in first</html>").unwrap();
    for (file, expected) in [
        (&truncated, "damaged"),
        (&broken, "0.json"),
        (&small, "shrank"),
        (&empty, "no advisory"),
        (&html, "page.zip"),
        (&home.join("absent.zip"), "cannot read"),
    ] {
        let ran = update(&world, file).expect(2);
        assert!(ran.err.contains(expected), "{file:?}: {}", ran.err);
        assert_eq!(std::fs::read(world.index()).unwrap(), before, "{file:?}");
    }
    let small = small.to_str().unwrap();
    world.run(&["db", "update", "--force", "--from", small], home).expect(0);
    let ran = world.run(&["db", "info"], home).expect(0);
    assert!(ran.out.contains("100 on"), "{}", ran.out);
}

#[test]
fn a_mirror_is_asked_whether_anything_changed() {
    let world = World::new();
    let home = world.home.path();
    let upstream = Upstream::start();
    upstream.on("/npm/all.zip", Reply::Body(zip(&[lodash()])));
    let from = upstream.url("/npm/");
    let ran = world.run(&["db", "update", "--from", &from], home).expect(0);
    assert!(ran.out.contains("osv: 1 records"), "{}", ran.out);
    // No list of changes there: the whole is asked for, and is the same.
    let ran = world.run(&["db", "update", "--from", &from], home).expect(0);
    assert!(ran.out.contains("osv: up to date"), "{}", ran.out);
    // With one, only what changed is fetched.
    upstream.on(
        "/npm/modified_id.csv",
        Reply::Body(b"2026-11-22T00:00:00Z,GHSA-new\n2020-01-01T00:00:00Z,GHSA-old\n".to_vec()),
    );
    let new = osv("GHSA-new", "CVE-2026-7", "qs", "6.7.1", CRITICAL).replace("2026-11-20", "2026-11-22");
    upstream.on("/npm/GHSA-new.json", Reply::Body(new.into_bytes()));
    let ran = world.run(&["db", "update", "--from", &from], home).expect(0);
    assert!(ran.out.contains("osv: 2 records"), "{}", ran.out);
    let paths: Vec<String> = upstream.received().into_iter().map(|request| request.path).collect();
    assert_eq!(paths.iter().filter(|path| *path == "/npm/all.zip").count(), 2, "{paths:?}");
    assert!(!paths.contains(&"/npm/GHSA-old.json".to_owned()));
    // Forced, it is fetched whole whatever is known.
    world.run(&["db", "update", "--force", "--from", &from], home).expect(0);
    assert_eq!(upstream.received().iter().filter(|request| request.path == "/npm/all.zip").count(), 3);
}

#[test]
fn a_failing_upstream_is_tried_again_and_then_told() {
    let world = World::new();
    let home = world.home.path();
    let upstream = Upstream::start();
    let good = Reply::Body(zip(&[lodash()]));
    upstream.on(
        "/a.zip",
        Reply::Sequence(vec![Reply::Status(503), Reply::Truncated(b"PK".to_vec()), good.clone()]),
    );
    world.run(&["db", "update", "--from", &upstream.url("/a.zip")], home).expect(0);
    let before = std::fs::read(world.index()).unwrap();
    upstream.on("/b.zip", Reply::Status(500));
    upstream.on("/c.zip", Reply::Body(b"<html>".to_vec()));
    upstream.on("/d.zip", Reply::Redirect(upstream.url("/a.zip")));
    for (path, expected) in [("/b.zip", "500"), ("/c.zip", "/c.zip: a web page"), ("/nothing.zip", "404")] {
        let ran = world.run(&["db", "update", "--from", &upstream.url(path)], home).expect(2);
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert_eq!(std::fs::read(world.index()).unwrap(), before, "{path}");
    }
    world.run(&["db", "update", "--from", &upstream.url("/d.zip")], home).expect(0);
    let ran = world.run(&["db", "update", "--offline", "--from", &upstream.url("/a.zip")], home).expect(2);
    assert!(ran.err.contains("--offline"), "{}", ran.err);
}

#[test]
fn a_first_scan_fetches_the_index() {
    let world = World::new();
    let upstream = Upstream::start();
    upstream.on("/all.zip", Reply::Body(zip(&[lodash()])));
    let project = Project::npm(&["lodash@4.17.20"]);
    let mut command = world.command(&["scan"], project.path());
    let ran =
        Ran::of(command.env("NODEWARD_DB_SOURCE", upstream.url("/all.zip")).output().unwrap()).expect(1);
    assert!(ran.out.contains("CVE-2026-0001") && !ran.out.contains("INCOMPLETE"), "{}", ran.out);
    assert!(upstream.received().iter().all(|request| !request.headers.contains_key("authorization")));
}

#[test]
fn own_advisories_survive_updates() {
    let world = World::with_advisories(&[&lodash()]);
    let home = world.home.path();
    let own = home.join("own.json");
    std::fs::write(&own, osv("ACME-1", "ACME-ONE", "left-pad", "2.0.0", CRITICAL)).unwrap();
    let own = own.to_str().unwrap();
    world.run(&["db", "add", own], home).expect(0);
    update(&world, &home.join("feed.jsonl")).expect(0);
    world.run(&["db", "show", "ACME-1"], home).expect(0);
    let project = Project::npm(&["left-pad@1.3.0"]).file(".npmrc", "ignore-scripts=true\n");
    world.scan(&project, &[]).expect(1);
    world.run(&["db", "remove", own], home).expect(0);
    world.scan(&project, &[]).expect(0);
    world.run(&["db", "remove", own], home).expect(2);
    world.run(&["db", "add", "absent.json"], home).expect(2);
}

#[test]
fn a_corrupt_index_is_told_with_the_remedy_and_the_remedy_works() {
    let world = World::with_advisories(&[&lodash()]);
    let project = Project::npm(&["lodash@4.17.20"]);
    let whole = std::fs::read(world.index()).unwrap();
    for (what, bytes) in
        [("empty", vec![]), ("truncated", whole[..whole.len() / 2].to_vec()), ("noise", vec![7; 5000])]
    {
        std::fs::write(world.index(), bytes).unwrap();
        let ran = world.scan(&project, &[]).expect(2);
        assert!(ran.err.contains("db update --force"), "{what}: {}", ran.err);
    }
    let feed = world.home.path().join("feed.jsonl");
    update(&world, &feed).expect(2);
    world.run(&["db", "update", "--force", "--from", feed.to_str().unwrap()], world.home.path()).expect(0);
    world.scan(&project, &[]).expect(1);
}

#[test]
fn concurrent_updates_wait_for_each_other() {
    let world = World::new();
    let from = feed(world.home.path(), "feed.zip", &many(300));
    let children: Vec<_> = (0..4)
        .map(|_| {
            let arguments = ["db", "update", "--quiet", "--from", from.to_str().unwrap()];
            world.command(&arguments, world.home.path()).stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    world.run(&["db", "info", "--verify"], world.home.path()).expect(0);
}

#[test]
fn a_killed_update_leaves_a_good_index() {
    let world = World::new();
    let home = world.home.path();
    let feeds = [feed(home, "a.zip", &many(400)), feed(home, "b.zip", &many(401))];
    update(&world, &feeds[0]).expect(0);
    for round in 0..50_u64 {
        let from = feeds[(round % 2) as usize].to_str().unwrap();
        let mut child = world
            .command(&["db", "update", "--quiet", "--force", "--from", from], home)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run, reading, writing and renaming included.
        std::thread::sleep(Duration::from_millis(round * 2));
        child.kill().unwrap();
        child.wait().unwrap();
        world.run(&["db", "info", "--verify"], home).expect(0);
    }
    update(&world, &feeds[1]).expect(0);
    let left: Vec<String> = std::fs::read_dir(world.index().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.') || name.ends_with(".new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn own_advisories_stay_where_new_ones_cannot_be_read() {
    let world = World::new();
    let home = world.home.path();
    let own = home.join("own.json");
    std::fs::write(&own, lodash()).unwrap();
    let add = || world.run(&["db", "add", own.to_str().unwrap()], home);
    add().expect(0);
    let before = std::fs::read(world.index()).unwrap();
    std::fs::write(&own, "{").unwrap();
    add().expect(2);
    assert_eq!(std::fs::read(world.index()).unwrap(), before);
    // Older and other advisories replace what was added before.
    std::fs::write(
        &own,
        osv("GHSA-old", "CVE-2020-7", "qs", "6.7.1", CRITICAL).replace("2026-11", "2020-11"),
    )
    .unwrap();
    add().expect(0);
    let ran = world.run(&["db", "info", "--format", "json"], home).expect(0);
    assert!(ran.out.contains("\"records\": 1"), "{}", ran.out);
    world.run(&["db", "show", "CVE-2020-7"], home).expect(0);
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_a_file_is_refused() {
    let world = World::with_advisories(&[&lodash()]);
    let home = world.home.path();
    let feed = home.join("feed.jsonl");
    let folder = world.index().parent().unwrap().to_owned();
    for name in ["update.lock", "lock", "feeds.json"] {
        let file = folder.join(name);
        let _ = std::fs::remove_file(&file);
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        let ran = update(&world, &feed).expect(2);
        let said = format!("{name}: not a regular file");
        assert!(ran.err.contains(&said), "{name}: {}", ran.err);
        std::fs::remove_file(&file).unwrap();
    }
    update(&world, &feed).expect(0);
}

#[test]
fn what_is_noted_beside_the_index_can_be_anything() {
    let world = World::new();
    let home = world.home.path();
    let upstream = Upstream::start();
    let url = upstream.url("/all.zip");
    upstream.on("/all.zip", Reply::Body(zip(&[lodash()])));
    world.run(&["db", "update", "--from", &url], home).expect(0);
    let state = world.index().with_file_name("feeds.json");
    let time = "9999-01-01T00:00:00Z";
    for hostile in [
        "[".repeat(100_000),
        format!(
            r#"{{"validators":{{"{url}":{{"etag":"a\r\nx: y"}}}},"whole":{{"{url}":"{time}"}},"checked":"{time}"}}"#
        ),
    ] {
        std::fs::write(&state, hostile).unwrap();
        let ran = world.run(&["db", "update", "--from", &url], home).expect(0);
        assert!(ran.out.contains("osv: 1 records"), "{}", ran.out);
    }
    let schedule = world.index().with_file_name("nodejs-schedule.json");
    std::fs::create_dir(&schedule).unwrap();
    let project = Project::empty().file("package-lock.json", r#"{"lockfileVersion":3,"packages":{"":{}}}"#);
    let ran = world.scan(&project, &[]).expect(2);
    assert!(ran.err.contains("nodejs-schedule.json: not a regular file; remove the file"), "{}", ran.err);
}
