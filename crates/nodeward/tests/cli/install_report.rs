//! The report of `nodeward install`, in a folder that scripts may write to: it is written nowhere else.

use serde_json::json;

use crate::exec::users;
use crate::installed::Project;

/// Runs a script that could make a link of the folder `out`, of a package and of the project's own, each of which may
/// write there. Gives exit codes, and whether the report is where it should be and where the link leads.
fn install(script: &str) -> Vec<(Option<i32>, String, bool, bool)> {
    let package = || {
        let project = Project::new(&[("one", json!({ "install": script }), &[("out/x", "")])]);
        project.allow("one");
        (project, "node_modules/one")
    };
    let own = || {
        let project = Project::new(&[]);
        let manifest = json!({ "name": "p", "version": "1.0.0", "scripts": { "prepare": format!("cd a/dist && {script}") } });
        project.write("p/package.json", &manifest.to_string());
        project.write("p/a/dist/out/x", "");
        project.write("p/nodeward.toml", "[install.own]\nwrite = [\"a/dist\"]\n");
        (project, "a/dist")
    };
    let run = |(project, folder): (Project, &str)| {
        project.write("p/victim/x", "");
        let report = format!("{folder}/out/report.json");
        let (code, text) = project.nodeward(&["install", "--scripts-only", "--report", &report]);
        assert!(text.contains("done in"), "{text}");
        let has = |path: &str| project.path(&format!("p/{path}")).exists();
        (code, text, has(&report), has("victim/report.json"))
    };
    vec![run(package()), run(own())]
}

#[test]
fn no_report_is_written_through_a_link_that_a_script_made_of_its_folder() {
    if users().is_empty() {
        return;
    }
    for (code, text, is_there, is_elsewhere) in install("echo > out/made") {
        assert_eq!((code, is_there, is_elsewhere), (Some(0), true, false), "{text}");
    }
    for (code, text, is_there, is_elsewhere) in
        install("rm -r out && ln -s ../../victim out && test -e out/x || true")
    {
        assert_eq!((code, is_there, is_elsewhere), (Some(2), false, false), "{text}");
        assert!(text.contains("its folder is another than before"), "{text}");
    }
    // A link of the file's name.
    for (code, text, _, is_elsewhere) in install("ln -s ../../../victim/report.json out/report.json") {
        assert_eq!((code, is_elsewhere), (Some(2), false), "{text}");
        assert!(text.contains("a symbolic link; remove it"), "{text}");
    }
}
