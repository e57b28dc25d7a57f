//! What lies inside of a package, and is not another one by what the lockfile says.

use serde_json::{Value, json};

use crate::exec::users;
use crate::installed::Project;

/// Changes what the lockfile says of a place.
fn relock(project: &Project, change: impl FnOnce(&mut Value)) {
    let mut lockfile = serde_json::from_str(&project.read("p/package-lock.json").unwrap()).unwrap();
    change(&mut lockfile);
    project.write("p/package-lock.json", &lockfile.to_string());
}

/// A dependency that came in the package's tarball, one that was installed inside of it, and files in `.git`.
#[test]
fn what_came_in_the_tarball_is_part_of_what_was_allowed() {
    if users().is_empty() {
        return;
    }
    let (bundled, other) = ("a/node_modules/bundled", "a/node_modules/other");
    let code = "require('bundled'); require('other'); require('child_process').execSync('sh .git/f');";
    let project = Project::new(&[
        ("a", json!({ "postinstall": "node i.js" }), &[("i.js", code), (".git/f", "true")]),
        (bundled, json!({}), &[("index.js", "")]),
        (other, json!({}), &[("index.js", "")]),
    ]);
    relock(&project, |lockfile| {
        lockfile["packages"][format!("node_modules/{bundled}")]["inBundle"] = true.into();
    });
    let pwn = |place: &str| format!("require('fs').writeFileSync('{place}', '')");
    project.allow("a");
    // Another package's file, of which the lockfile tells.
    project.write(&format!("p/node_modules/{other}/index.js"), &pwn("other-ran"));
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "{text}");
    assert!(project.path("p/node_modules/a/other-ran").exists(), "{text}");
    for (file, change) in
        [("node_modules/bundled/index.js", pwn("pwn")), (".git/f", "echo x > pwn".to_owned())]
    {
        let before = project.read(&format!("p/node_modules/a/{file}")).unwrap();
        project.write(&format!("p/node_modules/a/{file}"), &change);
        let (code, text, _) = project.install();
        assert_eq!(code, Some(1), "{file}: {text}");
        assert!(text.contains("a@1.0.0 (changed)"), "{file}: {text}");
        assert!(!project.path("p/node_modules/a/pwn").exists(), "{file}: {text}");
        let (_, text) = project.nodeward(&["install-scripts", "--explain", "a"]);
        assert!(!text.contains("its scripts are the same"), "{file}: {text}");
        project.write(&format!("p/node_modules/a/{file}"), &before);
    }
    let (code, text, _) = project.install();
    assert_eq!(code, Some(0), "as it was: {text}");
}
