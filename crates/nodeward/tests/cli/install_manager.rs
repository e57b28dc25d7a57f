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
