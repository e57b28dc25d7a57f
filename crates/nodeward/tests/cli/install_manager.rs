//! Which package manager `nodeward install` starts, and what it is told: it runs as the user, unconfined, before
//! anything was judged.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::installed::{Project, text};

/// A program of this name, a shell script that notes down that it ran, with what, and what `PATH` and git it has.
fn program(project: &Project, folder: &str, name: &str, more: &str) -> PathBuf {
    let log = project.path("log");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] || echo \"$0 $* PATH=$PATH git=${{GIT_ALLOW_PROTOCOL-any}}\" >> '{}'\n{more}\n",
        log.display()
    );
    let file = format!("{folder}/{name}");
    project.write(&file, &script);
    fs::set_permissions(project.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
    project.path(&file)
}

/// Installs with these folders before those of the system in `PATH`; gives the notes, too.
fn install(
    project: &Project,
    folders: &[&Path],
    set: &[(&str, &Path)],
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let _ = fs::remove_file(project.path("log"));
    let mut path: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    path.extend(["/usr/bin".into(), "/bin".into()]);
    let mut command = project.command(&project.binary);
    command.env("PATH", std::env::join_paths(path).unwrap()).envs(set.iter().copied());
    let (code, told) = text(command.arg("install").args(arguments).output().unwrap());
    (code, told, project.read("log").unwrap_or_default())
}

#[test]
fn what_a_dependency_brings_is_not_the_package_manager() {
    let project = Project::new(&[]);
    let ours = program(&project, "machine", "npm", "exec node");
    program(&project, "machine", "node", "");
    let machine = project.path("machine");
    let bin = project.path("p/node_modules/.bin");
    for name in ["npm", "node"] {
        program(&project, "p/node_modules/evil", name, "");
        for folder in ["p/node_modules/.bin", "p/tools", "other/node_modules/.bin", "xfs-0a1b2c3d", "berry"] {
            fs::create_dir_all(project.path(folder)).unwrap();
            symlink(project.path("p/node_modules/evil").join(name), project.path(folder).join(name)).unwrap();
        }
    }
    symlink(&bin, project.path("led")).unwrap();
    let (tools, other) = (project.path("p/tools"), project.path("other/node_modules/.bin"));
    let (led, made, berry) = (project.path("led"), project.path("xfs-0a1b2c3d"), project.path("berry"));
    let yarns = [("BERRY_BIN_FOLDER", &*berry)];
    for folder in [&bin, &tools, &other, &led, &made, &berry] {
        let (code, told, log) = install(&project, &[folder, &machine], &yarns, &[]);
        assert_eq!(code, Some(0), "{folder:?}: {told}");
        assert!(log.starts_with(&format!("{} install --ignore-scripts", ours.display())), "{log}");
        assert!(log.contains(&format!("\n{}", project.path("machine/node").display())), "{log}");
        assert!(!log.contains("evil") && !log.contains(&*folder.to_string_lossy()), "{folder:?}: {log}");
    }
    // Where there is no other, nothing is started.
    for folder in [&bin, &led] {
        let (code, told, log) = install(&project, &[folder], &[], &[]);
        if !Path::new("/usr/bin/npm").exists() && !Path::new("/bin/npm").exists() {
            assert_eq!(code, Some(2), "{told}");
            assert!(told.contains("where a dependency can have put it"), "{told}");
        }
        assert!(!log.contains("evil") && !log.contains("/npm "), "{log}");
    }
}

/// A project of a yarn of this version.
fn yarn(version: &str) -> (Project, PathBuf) {
    let project = Project::new(&[]);
    fs::remove_file(project.path("p/package-lock.json")).unwrap();
    fs::create_dir_all(project.path("p/node_modules")).unwrap();
    program(&project, "machine", "yarn", &format!("[ \"$1\" = --version ] && echo {version}; exit 0"));
    let machine = project.path("machine");
    (project, machine)
}

const BERRY: &str = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"p@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"p@workspace:.\"\n  languageName: unknown\n  linkType: soft\n";

#[test]
fn yarn_is_told_to_run_nothing_by_the_option_that_it_knows() {
    for (version, lockfile, options) in [
        ("4.18.1", &*format!("# yarn\n\n{BERRY}"), "install --mode=skip-build PATH="),
        ("1.22.22", "# yarn lockfile v1\n", "install --ignore-scripts PATH="),
        // The one that answers, whatever the lockfile is: it would not know the option of the other.
        ("1.22.10", &*format!("# yarn\n\n{BERRY}"), "install --ignore-scripts PATH="),
        ("3.8.0", "# yarn lockfile v1\n", "install --mode=skip-build PATH="),
    ] {
        let (project, machine) = yarn(version);
        project.write("p/yarn.lock", lockfile);
        let (code, told, log) = install(&project, &[&machine], &[], &[]);
        assert_eq!(code, Some(0), "{version}: {told}");
        assert!(log.contains(options) && log.ends_with("git=\n"), "{version}: {log}");
        // What follows `--` is no option any more.
        let (_, _, log) = install(&project, &[&machine], &[], &["--", "add", "--", "x"]);
        assert!(log.contains(&options.replace("install", "add").replace("PATH", "-- x PATH")), "{log}");
    }
}

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The lockfile of yarn 1 with something from there.
fn classic(resolved: &str) -> String {
    format!("# yarn lockfile v1\n\n\nfrom@x:\n  version \"1.0.0\"\n  resolved \"{resolved}\"\n")
}

/// A manifest that requires something from there.
fn requires(specifier: &str) -> String {
    format!(r#"{{"name":"p","dependencies":{{"from":"{specifier}"}}}}"#)
}

#[test]
fn yarn_prepares_nothing_from_git_but_by_choice() {
    let berry = format!(
        "# yarn\n\n{BERRY}\n\"from@npm:x\":\n  version: 1.0.0\n  resolution: \"from@https://github.com/a/from.git#commit={COMMIT}\"\n  languageName: node\n  linkType: hard\n"
    );
    let none = r#"{"name":"p"}"#.to_owned();
    let (old, new) = ("# yarn lockfile v1\n".to_owned(), format!("# yarn\n\n{BERRY}"));
    let member = r#"{"name":"p","workspaces":["packages/*"]}"#.to_owned();
    let forced = r#"{"name":"p","resolutions":{"a/from":"owner/from"}}"#.to_owned();
    for (version, lockfile, manifest, place) in [
        (
            "1.22.22",
            classic(&format!("git+https://git.example.org/from.git#{COMMIT}")),
            none.clone(),
            "(yarn.lock:4",
        ),
        ("4.18.1", berry, none, "(yarn.lock:"),
        ("1.22.22", old.clone(), requires("git+ssh://git@git.example.org/from.git"), "(package.json:1)"),
        ("4.18.1", new.clone(), requires("owner/from#main"), "(package.json:1)"),
        ("4.18.1", new, forced, "(package.json:1)"),
        ("1.22.22", old, member, "(packages/m/package.json:1)"),
    ] {
        let (project, machine) = yarn(version);
        project.write("p/yarn.lock", &lockfile);
        project.write("p/package.json", &manifest);
        project.write("p/packages/m/package.json", &requires("https://github.com/owner/from"));
        let (code, told, log) = install(&project, &[&machine], &[], &[]);
        assert_eq!((code, &*log), (Some(2), ""), "{manifest}: {told}");
        let expected = told.contains("from") && told.contains(place) && told.contains("--allow-unconfined");
        assert!(expected, "{manifest}: {told}");
        let chosen = ["--allow-unconfined", "--reason", "ours", "--report", "../report.json"];
        let (_, told, log) = install(&project, &[&machine], &[], &chosen);
        assert!(log.ends_with("git=any\n"), "{manifest}: {log} {told}");
        assert!(told.contains("WITHOUT CONFINEMENT") && told.contains("(reason: ours)"), "{told}");
        let report: serde_json::Value = serde_json::from_str(&project.read("report.json").unwrap()).unwrap();
        assert!(report["unconfined"]["missing"].as_str().unwrap().contains("from"), "{report}");
    }
}

#[test]
fn yarn_unpacks_what_a_host_packed() {
    let (project, machine) = yarn("1.22.22");
    project.write("p/yarn.lock", &classic(&format!("https://codeload.github.com/a/from/tar.gz/{COMMIT}")));
    project.write("p/package.json", &requires("github:a/from"));
    let (_, told, log) = install(&project, &[&machine], &[], &[]);
    assert!(log.ends_with("git=\n"), "{told}");
}
