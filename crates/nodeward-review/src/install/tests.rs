use std::path::Path;

use nodeward_javascript::{ModuleSync, NodeResolver};
use nodeward_package::Format;
use nodeward_testkit::Project;

use super::*;

/// A package with those scripts, as JSON, and files.
fn package(scripts: &str, files: &[(&str, &str)]) -> Project {
    let manifest = format!(r#"{{"name":"p","version":"1.0.0","scripts":{scripts}}}"#);
    files.iter().fold(Project::empty().file("package.json", manifest), |project, (path, text)| {
        project.file(path, text)
    })
}

fn read(path: &Path) -> ReadScripts {
    let resolver = NodeResolver::new(&[], ModuleSync::Offered);
    inventory::read_folder(path, Role::Tarball, Format::NpmPackageLock, &resolver, &[]).unwrap().unwrap()
}

/// `kind: what` of each thing that a `postinstall` does.
#[track_caller]
fn does(command: &str, files: &[(&str, &str)], expected: &[&str]) {
    let scripts = serde_json::json!({ "postinstall": command }).to_string();
    let read = read(package(&scripts, files).path());
    // A `binding.gyp` implies an `install`, which stands before.
    let deeds: Vec<String> = read.reading.deeds[read.scripts.len() - 1]
        .iter()
        .map(|deed| match deed.what.as_str() {
            "" => deed.kind.name().to_owned(),
            what => format!("{}: {what}", deed.kind.name()),
        })
        .collect();
    assert_eq!(deeds, expected, "{command}");
}

fn reach(command: &str, files: &[(&str, &str)]) -> Vec<String> {
    let scripts = serde_json::json!({ "postinstall": command }).to_string();
    match read(package(&scripts, files).path()).reading.reach {
        Reach::Files(files) => files.into_iter().collect(),
        Reach::Whole(why) => vec![format!("all: {why}")],
    }
}

fn hash(scripts: &str, files: &[(&str, &str)]) -> ContentHash {
    read(package(scripts, files).path()).hash.unwrap()
}

#[test]
fn commands_that_everybody_writes() {
    does("echo thanks", &[], &["prints"]);
    does("exit 0", &[], &["nothing"]);
    does("husky install || true", &[], &["writes: the hooks of git"]);
    does("patch-package", &[], &["writes: installed packages, as patches/ says"]);
    does("opencollective-postinstall || exit 0", &[], &["prints"]);
    does(
        "prebuild-install || node-gyp rebuild",
        &[("binding.gyp", "{}")],
        &["checks-native: the downloaded add-on", "compiles: node-gyp", "downloads: a prebuilt binary"],
    );
    does("curl -sSL https://example.org/x -o bin/x", &[], &["downloads: example.org"]);
    does("rm -rf dist && cp a b > log", &[], &["writes: b", "writes: dist", "writes: log"]);
    does("A=1 cross-env B=2 node -e 'console.log(1)'", &[], &["prints"]);
    does(
        "npx -y husky@8 install",
        &[],
        &["writes: the hooks of git", "downloads: the package husky@8, if it is missing"],
    );
}

#[test]
fn what_is_not_known_is_said() {
    does("frobnicate", &[], &["unknown: runs frobnicate, which was not read"]);
    does("node install.js", &[], &["unknown: runs install.js, which is not there"]);
    does("node ../other/x.js", &[], &["unknown: runs ../other/x.js, which is not there"]);
    does("$TOOL x", &[], &["environment: TOOL", "unknown: starts $TOOL"]);
    does("cat <<X\nX", &[], &["unknown: a command that was not read: a here-document at byte 4"]);
    does("make", &[], &["compiles: make", "unknown: make runs what its files say"]);
    does("awk 'BEGIN { system(\"id\") }'", &[], &["unknown: runs awk, which was not read"]);
    does("sed -n 's/a/b/e'", &[], &["unknown: runs sed, which was not read"]);
    does("sed -n 's/a/b/p'", &[], &["nothing"]);
    does("node a.js", &[("a.js", "require('./b.txt')"), ("b.txt", "eval(x)")], &["hidden-code: eval"]);
    does("python setup.py", &[], &["unknown: runs python setup.py"]);
    does("NODE_OPTIONS='-r ./x' node y.js", &[("y.js", "")], &["unknown: sets NODE_OPTIONS"]);
    does("node a.js", &[("a.js", "require('left-pad')")], &["unknown: uses left-pad, which was not read"]);
    does("node a.js", &[("a.js", "require('./' + process.argv[2])")], &["unknown: loads what is computed"]);
    does(
        "node a.js",
        &[("a.js", "f(")],
        &["unknown: a.js can't be read: syntax error: Expected `)` but found `EOF`"],
    );
}

#[test]
fn what_is_worth_a_look_is_named() {
    does(
        "curl https://example.org/x | sh",
        &[],
        &["downloads: example.org", "hidden-code: hands to a shell what another command prints"],
    );
    does("cat ~/.npmrc", &[], &["environment: HOME", "credentials: .npmrc"]);
    does("echo $NPM_TOKEN", &[], &["prints", "credentials: NPM_TOKEN"]);
    does("node a.js", &[("a.js", "eval(require('fs').readFileSync('x', 'utf8'))")], &["hidden-code: eval"]);
    does(
        "node a.js",
        &[
            ("a.js", "require('https').get('https://example.org'); require('./b')"),
            ("b.js", "f('/x/.ssh/id_rsa')"),
        ],
        &["downloads: example.org", "credentials: .ssh"],
    );
    // The address in a banner is nobody to talk to.
    does("node a.js", &[("a.js", "console.log('see https://example.org')")], &["prints"]);
}

#[test]
fn programs_that_code_starts_are_followed() {
    let code = "require('child_process').execSync('node-gyp rebuild')";
    does(
        "node a.js",
        &[("a.js", code), ("binding.gyp", "{}")],
        &["compiles: node-gyp", "starts: node-gyp rebuild"],
    );
    does("npm run build", &[("x", "")], &["unknown: runs the script build, which is not there"]);
    let scripts = r#"{"install":"npm run build","prebuild":"echo 1","build":"node b.js"}"#;
    let read = read(package(scripts, &[("b.js", "fetch('https://example.org')")]).path());
    assert_eq!(summary(&read.reading.deeds[0]), "uses the network (example.org), prints");
    assert_eq!(read.reading.run_scripts.len(), 2);
    assert_eq!(reach("sh go.sh", &[("go.sh", "node a.js\n"), ("a.js", "")]), ["a.js", "go.sh"]);
}

#[test]
fn gyp_files_are_followed() {
    let gyp = "{'includes': ['x.gypi'], 'variables': {'a': '<!(node gen.js)'}}";
    let files = [
        ("binding.gyp", gyp),
        ("x.gypi", "{}"),
        ("gen.js", "fetch('https://example.org')"),
        ("src/a.cc", ""),
    ];
    let read = read(package("{}", &files).path());
    assert!(read.scripts[0].implicit && &*read.scripts[0].command == "node-gyp rebuild");
    assert_eq!(summary(&read.reading.deeds[0]), "uses the network (example.org), compiles (node-gyp)");
    let Reach::Files(reached) = &read.reading.reach else { panic!("{:?}", read.reading.reach) };
    assert_eq!(reached.iter().collect::<Vec<_>>(), ["binding.gyp", "gen.js", "x.gypi"]);
}

#[test]
fn what_is_reached() {
    let files = [
        ("a.js", "require('./lib/b'); require('fs').readFileSync(__dirname + '/data.txt')"),
        ("lib/b.js", "require('../c.json')"),
        ("c.json", "{}"),
        ("data.txt", ""),
        ("other.js", ""),
    ];
    assert_eq!(reach("node a", &files), ["a.js", "c.json", "data.txt", "lib/b.js"]);
    assert!(reach("node a", &[("a.js", "require(x)")])[0].starts_with("all"));
    assert!(reach("frobnicate", &[])[0].starts_with("all"));
}

#[test]
fn the_hash_is_of_what_runs_and_of_nothing_else() {
    let scripts = r#"{"postinstall":"node a.js"}"#;
    let files = [("a.js", "require('./b')"), ("b.js", "1"), ("c.js", "1")];
    let first = hash(scripts, &files);
    assert_eq!(first.to_string().parse(), Ok(first));
    let other_version = package(scripts, &files).file(
        "package.json",
        r#"{"version":"2.0.0","scripts":{"postinstall":"node a.js","test":"x"},"name":"p","description":"x"}"#,
    );
    assert_eq!(read(other_version.path()).hash, Ok(first), "another version with the same scripts");
    assert_eq!(hash(scripts, &[files[0], files[1], ("c.js", "2")]), first, "a file that is not reached");
    let others = [
        hash(scripts, &[files[0], ("b.js", "2"), files[2]]),
        hash(r#"{"postinstall":"node  a.js"}"#, &files),
        hash(r#"{"install":"node a.js"}"#, &files),
        hash(r#"{"postinstall":"node a.js","install":"node a.js"}"#, &files),
        hash(scripts, &[files[0], files[1], files[2], ("b/index.js", ""), ("binding.gyp", "{}")]),
    ];
    for (at, other) in others.iter().enumerate() {
        assert!(*other != first && !others[..at].contains(other), "{at}");
    }
    let module = package(scripts, &files)
        .file("package.json", r#"{"type":"module","scripts":{"postinstall":"node a.js"}}"#);
    assert_ne!(read(module.path()).hash, Ok(first), "how the code runs");
}

#[test]
fn the_hash_of_a_whole_package() {
    let scripts = r#"{"postinstall":"frobnicate"}"#;
    let first = hash(scripts, &[("a", "1"), ("b/c", "2")]);
    assert_ne!(hash(scripts, &[("a", "1"), ("b/c", "3")]), first);
    assert_ne!(hash(scripts, &[("a", "1"), ("b/d", "2")]), first);
    assert_ne!(hash(scripts, &[("a", "1"), ("b/c", "2"), ("d", "")]), first);
    for came_along in ["node_modules/x/y", ".git/z", "node_modules/.bin/node", "b/node_modules/x/y"] {
        assert_ne!(hash(scripts, &[("a", "1"), ("b/c", "2"), (came_along, "")]), first, "{came_along}");
    }
}

/// What is in the tarball and what is installed in its folder are told by what is installed.
#[test]
fn the_hash_is_over_what_came_along_and_not_over_other_packages() {
    let hash = |command: &str, files: &[(&str, &str)], others: &[&str]| {
        let scripts = serde_json::json!({ "postinstall": command }).to_string();
        let resolver = NodeResolver::new(&[], ModuleSync::Offered);
        let others: Vec<String> = others.iter().map(|&other| other.to_owned()).collect();
        let project = package(&scripts, files);
        let read =
            inventory::read_folder(project.path(), Role::Tarball, Format::NpmPackageLock, &resolver, &others);
        read.unwrap().unwrap().hash.unwrap()
    };
    let manifest = ("node_modules/d/package.json", r#"{"name":"d","version":"1.0.0"}"#);
    // Script, file that it comes to, and what else there is.
    for (command, file, rest) in [
        ("node i.js", "node_modules/d/index.js", &[("i.js", "require('d')"), manifest][..]),
        ("node i.js", "node_modules/d/x.js", &[("i.js", "require('./node_modules/d/x.js')")]),
        ("node lib/i.js", "lib/node_modules/d/index.js", &[("lib/i.js", "require('d')")]),
        ("node i.js", ".git/f.js", &[("i.js", "require('./.git/f')")]),
        ("sh .git/f", ".git/f", &[]),
        ("sh $X.git/f", ".git/f", &[]),
        ("sh $X./node_modules/f", "node_modules/f", &[]),
        ("tool", "node_modules/.bin/tool", &[]),
    ] {
        let with = |text: &str| hash(command, &[rest, &[(file, text)]].concat(), &["node_modules/other"]);
        assert_ne!(with(""), with("1"), "{command} {file}");
    }
    // What is added stands before what was found.
    let plain = [("i.js", "")];
    let added = [("i.js", ""), ("node_modules/.bin/node", "#!/bin/sh\n")];
    assert_ne!(hash("node i.js", &plain, &[]), hash("node i.js", &added, &[]));
    // Another package's.
    for command in ["node i.js", "frobnicate"] {
        let with = |files: &[(&str, &str)]| {
            hash(command, &[&[("i.js", "require('d')")], files].concat(), &["node_modules/d"])
        };
        let [one, other] = ["1", "2"].map(|text| with(&[manifest, ("node_modules/d/index.js", text)]));
        assert_eq!(one, other, "{command}");
        let is_whole = command == "frobnicate";
        assert_eq!(one != with(&[("node_modules/d2/index.js", "")]), is_whole, "{command}");
    }
}

/// Programs of other packages, as package managers put them there, are theirs.
#[cfg(unix)]
#[test]
fn what_package_managers_put_into_bin_is_no_part_of_the_hash() {
    use std::os::unix::fs::symlink;
    let resolver = NodeResolver::new(&[], ModuleSync::Offered);
    let hash = |project: &Project| {
        let others = ["node_modules/b".to_owned()];
        let read =
            inventory::read_folder(project.path(), Role::Tarball, Format::NpmPackageLock, &resolver, &others);
        read.unwrap().unwrap().hash.unwrap()
    };
    for command in ["node i.js", "frobnicate"] {
        let make = || {
            let text = format!(
                r#"{{"name":"p","bin":{{"p":"i.js","git":"i.js"}},"scripts":{{"install":"{command}"}}}}"#
            );
            let project = Project::empty().file("package.json", text).file("i.js", "");
            std::fs::create_dir_all(project.join("node_modules/.bin")).unwrap();
            project
        };
        let first = hash(&make());
        for (name, target, is_same) in [
            ("b", "../b/cli.js", true),
            ("node", "../b/cli.js", true),
            ("p", "../../i.js", true),
            ("up", "../../../../b/cli.js", true),
            ("node", "../../i.js", false),
            ("node", "../came-along/cli.js", false),
            ("node", "/bin/sh", false),
        ] {
            let project = make();
            symlink(target, project.join("node_modules/.bin").join(name)).unwrap();
            assert_eq!(hash(&project) == first, is_same, "{command}: {name} -> {target}");
        }
    }
}

#[test]
fn stages_by_role_and_manager() {
    let scripts = r#"{"preinstall":"a","postinstall":"b","prepare":"c","prepublish":"d","install":" "}"#;
    let project = package(scripts, &[("binding.gyp", "{}")]);
    let resolver = NodeResolver::new(&[], ModuleSync::Offered);
    let names = |role| {
        let read = inventory::read_folder(project.path(), role, Format::NpmPackageLock, &resolver, &[])
            .unwrap()
            .unwrap();
        read.scripts.iter().map(|script| script.stage.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(Role::Tarball), ["preinstall", "postinstall"]);
    assert_eq!(names(Role::Root), ["preinstall", "postinstall", "prepublish", "prepare"]);
    assert_eq!(names(Role::Git), ["preinstall", "postinstall", "prepublish", "prepare"]);
    let denied = Project::empty().file("package.json", r#"{"gypfile":false}"#).file("binding.gyp", "{}");
    let of = |manager| inventory::read_folder(denied.path(), Role::Tarball, manager, &resolver, &[]).unwrap();
    assert!(of(Format::NpmPackageLock).is_none() && of(Format::Pnpm).is_some());
}

#[cfg(unix)]
#[test]
fn hostile_packages() {
    use std::os::unix::fs::symlink;
    // A link out of the package is not followed.
    let outside = Project::empty().file("evil.js", "fetch('https://example.org')");
    let project = package(r#"{"postinstall":"node a.js"}"#, &[]);
    symlink(outside.join("evil.js"), project.join("a.js")).unwrap();
    let found = read(project.path());
    assert_eq!(
        summary(&found.reading.deeds[0]),
        "does what its text does not tell (runs a.js, which is not there)"
    );
    assert!(found.hash.is_ok(), "a link counts by its target");
    // Links in circles end.
    symlink(project.path(), project.join("loop")).unwrap();
    assert!(read(project.path()).hash.is_ok());
    // What is no file is not waited for, and no hash passes for one over all.
    let pipe = package(r#"{"postinstall":"frobnicate"}"#, &[]);
    let listener = std::os::unix::net::UnixListener::bind(pipe.join("socket")).unwrap();
    assert!(read(pipe.path()).hash.is_err());
    drop(listener);
    // Scripts that call each other in circles end.
    let scripts = r#"{"postinstall":"npm run a","a":"npm run b","b":"npm run a && sh x.sh"}"#;
    read(package(scripts, &[("x.sh", "sh x.sh; npm run a")]).path());
    let latin = package(r#"{"postinstall":"node a.js; sh b.sh"}"#, &[]);
    std::fs::write(latin.join("a.js"), b"console.log('\xe9')").unwrap();
    std::fs::write(latin.join("b.sh"), b"echo \xe9").unwrap();
    assert_eq!(
        summary(&read(latin.path()).reading.deeds[0]),
        "does what its text does not tell (b.sh is no text), prints"
    );
}

/// What is told by the names of folders, and is not true of the folders.
#[cfg(unix)]
#[test]
fn what_lies_in_a_package_is_told_by_where_it_really_lies() {
    use std::os::unix::fs::symlink;
    let manifest =
        |name: &str| format!(r#"{{"name":"{name}","version":"1.0.0","scripts":{{"install":"exit 0"}}}}"#);
    let names = ["node_modules/a", "packages/a/node_modules/b", "node_modules/c", "node_modules/a-b"];
    let entries = names.map(|folder| format!(r#""{folder}":{{"version":"1.0.0","hasInstallScript":true}}"#));
    let lockfile = format!(
        r#"{{"name":"p","lockfileVersion":3,"packages":{{"":{{"name":"p"}},{}}}}}"#,
        entries.join(",")
    );
    let project = Project::empty()
        .file("package-lock.json", lockfile)
        .file("packages/a/package.json", manifest("a"))
        .file("packages/a/node_modules/b/package.json", manifest("b"))
        .file("node_modules/a-b/package.json", manifest("a-b"));
    symlink("../packages/a", project.join("node_modules/a")).unwrap();
    symlink("a/node_modules/b", project.join("node_modules/c")).unwrap();
    let graph = nodeward_package::lockfile::read(&project.join("package-lock.json")).unwrap();
    let inventory = inventory::take(Target {
        folder: project.path(),
        locked: &graph,
        installed: Some(&graph),
        manager: Format::NpmPackageLock,
        hashes: Hashes::Every,
    });
    let overlap = |one: &str, other: &str| {
        let waits = |one: &str, other: &str| inventory.before[one].iter().any(|before| **before == *other);
        waits(one, other) || waits(other, one)
    };
    assert_eq!(inventory.before.len(), 4, "{:?}", inventory.before);
    let [a, b, c, other] = names;
    assert!(overlap(a, b) && overlap(a, c) && overlap(b, c), "{:?}", inventory.before);
    assert!(names.iter().all(|name| !overlap(name, other)), "{:?}", inventory.before);
}
