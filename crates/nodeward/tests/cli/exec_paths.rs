//! Whatever a confined program does, nothing is written but below what was declared for writing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::exec::users;

/// Folders of a small tree. Some differ by case alone, one has the name of another as its beginning.
const FOLDERS: &[&str] = &["a", "a/b", "A", "a/bb", "c", "c/d", "c/d/e"];

/// How a program may try to get at a path, which is `$T`, with the folder above it `$D`, its name `$N`, and `$W`, a
/// folder that it may write to.
const WAYS: &[&str] = &[
    "echo x > \"$T\"",
    "echo x >> \"$T\"",
    "rm -f \"$T\"",
    "mv \"$T\" \"$W/taken\" && echo x > \"$W/taken\"",
    "echo x > \"$W/own\" && mv \"$W/own\" \"$T\"",
    "ln \"$T\" \"$W/hard\" && echo x > \"$W/hard\"",
    "ln -s \"$T\" \"$W/soft\"; echo x > \"$W/soft\"",
    "ln -s \"$D\" \"$W/way\"; echo x > \"$W/way/$N\"",
    "exec 3< \"$D\" && echo x > \"/proc/self/fd/3/$N\"",
    "exec 3< \"$T\" && echo x > /proc/self/fd/3",
    "cd \"$D\" && echo x > \"$N\"",
    "echo x > \"/proc/self/root$T\"",
    "echo x > \"/proc/self/cwd/../../../../../../../../..$T\"",
    "echo x > \"$W/../$(basename \"$D\")/$N\"",
    "mkdir -p \"$D/new\" && echo x > \"$D/new/$N\"",
    "mv \"$D\" \"$W/folder\"; echo x > \"$W/folder/$N\"",
    "mount --bind \"$D\" \"$W\"; echo x > \"$W/$N\"",
    "unshare -Urm sh -c \"mount --bind '$D' '$W'; echo x > '$W/$N'\"",
    "chmod 777 \"$T\"",
    "touch -d 2001-01-01 \"$T\"",
    "truncate -s 0 \"$T\"",
    "cp --remove-destination /etc/passwd \"$T\"",
    "exec 3<> \"$T\" && echo x >&3",
    "exec 3< \"$T\" && chmod 777 /proc/self/fd/3",
    "exec 3< \"$D\" && cd /proc/self/fd/3 && echo x > \"$N\"",
    "dd if=/dev/zero of=\"$T\" bs=1 count=3 conv=notrunc",
    "ln -sf \"$W/own\" \"$T\"",
    "cp -l \"$T\" \"$W/hard\" && echo x >> \"$W/hard\"",
    "mkfifo \"$D/pipe\"",
    "mkdir \"$W/new\" && mv \"$W/new\" \"$D/\"",
    "perl -e 'open(F, \"<\", $ARGV[0]); open(G, \">>\", \"/proc/self/fd/\" . fileno(F)) and print G 1' \"$T\"",
    "perl -e 'utime(1, 1, $ARGV[0]); chmod(0700, $ARGV[0])' \"$T\"",
    "perl -e 'open(F, \"<\", $ARGV[0]); utime(1, 1, *F); chmod(0700, *F)' \"$T\"",
    // The folder above, and the same name in other letters.
    "mv \"$(dirname \"$D\")\" \"$W/above\"; echo x > \"$W/above/$(basename \"$D\")/$N\"",
    "A=$(dirname \"$D\"); mv \"$A\" \"$A.aside\" && mkdir -p \"$D\" && echo x > \"$T\"",
    "echo x > \"$(dirname \"$D\")/$(basename \"$D\" | tr a-zA-Z A-Za-z)/$N\"",
];

#[derive(Debug, Clone)]
struct Trial {
    /// Symbolic links: where they lie, where they lead, and whether that is said from the root.
    links: Vec<(&'static str, &'static str, bool)>,
    /// What may be written, and what may only be read.
    writable: Vec<&'static str>,
    readable: Vec<&'static str>,
    /// What is tried: where, and how.
    tries: Vec<(&'static str, Index)>,
}

fn trial() -> impl Strategy<Value = Trial> {
    let links = vec((select(FOLDERS), select(FOLDERS), any::<bool>()), 0..4);
    let some = || vec(select(FOLDERS), 0..3);
    let tries = vec((select(FOLDERS), any::<Index>()), 1..12);
    (links, some(), some(), tries).prop_map(|(links, writable, readable, tries)| Trial {
        links,
        writable,
        readable,
        tries,
    })
}

/// Every file below, with what tells whether it was changed. Links are not followed.
fn state(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
        let what = if metadata.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            "folder".to_owned()
        } else {
            let modified = metadata.modified().unwrap();
            format!("{:?} {:?} {modified:?} {content:?}", metadata.file_type(), metadata.permissions())
        };
        found.insert(path, what);
    }
    found
}

fn holds(trial: &Trial) -> Result<(), TestCaseError> {
    let machine = tempfile::tempdir().unwrap();
    let root = machine.path().join("root");
    for folder in FOLDERS {
        fs::create_dir_all(root.join(folder)).unwrap();
        fs::write(root.join(folder).join("file"), "canary").unwrap();
    }
    for (number, (at, to, is_whole)) in trial.links.iter().enumerate() {
        let target = if *is_whole {
            root.join(to)
        } else {
            Path::new("../../..").join(root.strip_prefix("/").unwrap()).join(to)
        };
        let _ = symlink(target, root.join(at).join(format!("link{number}")));
    }
    let own = root.join("own");
    fs::create_dir(&own).unwrap();
    let mut script = String::new();
    for (folder, way) in &trial.tries {
        let target = root.join(folder).join("file");
        script.push_str(&format!(
            "( D='{}' T='{}' N=file W='{}'; {} ) 2> /dev/null\n",
            root.join(folder).display(),
            target.display(),
            own.display(),
            way.get(WAYS)
        ));
    }
    let before = state(&root);
    let mut command = Command::new(env!("CARGO_BIN_EXE_nodeward"));
    command.args(["exec", "--no-folder", "--no-watch", "--write"]).arg(&own);
    for folder in &trial.writable {
        command.arg("--write").arg(root.join(folder));
    }
    for folder in &trial.readable {
        command.arg("--read").arg(root.join(folder));
    }
    let output = command.args(["--", "sh", "-c", &script]).stdin(Stdio::null()).output().unwrap();
    prop_assert_ne!(output.status.code(), Some(125), "{}", String::from_utf8_lossy(&output.stderr));
    let writable: Vec<PathBuf> = trial.writable.iter().map(|folder| root.join(folder)).chain([own]).collect();
    let readable: Vec<PathBuf> = trial.readable.iter().map(|folder| root.join(folder)).collect();
    // What is declared nearest holds, and of the same folder the more.
    let nearest = |folders: &[PathBuf], path: &Path| {
        folders.iter().filter(|folder| path.starts_with(folder)).map(|folder| folder.as_os_str().len()).max()
    };
    let may_be_written = |path: &Path| {
        let by = nearest(&writable, path);
        by.is_some() && by >= nearest(&readable, path)
    };
    let outside = |state: BTreeMap<PathBuf, String>| -> BTreeMap<PathBuf, String> {
        state.into_iter().filter(|(path, _)| !may_be_written(path)).collect()
    };
    prop_assert_eq!(outside(before), outside(state(&root)), "{}", script);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_written_but_below_what_was_declared(trial in trial()) {
        if !users().is_empty() {
            holds(&trial)?;
        }
    }
}

/// Every way does something where all is declared, so that the property says something.
#[test]
fn ways_that_work_where_they_may() {
    if users().is_empty() {
        return;
    }
    // What needs rights that nobody has in there.
    let never = ["mount --bind", "unshare", "$(basename", "$(dirname"];
    for (number, way) in
        WAYS.iter().enumerate().filter(|(_, way)| !never.iter().any(|part| way.contains(part)))
    {
        let machine = tempfile::tempdir().unwrap();
        let root = machine.path().join("root");
        fs::create_dir_all(root.join("a")).unwrap();
        fs::create_dir_all(root.join("own")).unwrap();
        fs::write(root.join("a/file"), "canary").unwrap();
        let before = state(&root);
        let script = format!("D='{0}/a' T='{0}/a/file' N=file W='{0}/own'; {way}", root.display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_nodeward"));
        command.args(["exec", "--no-folder", "--write"]).arg(&root).args(["--", "sh", "-c", &script]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_ne!(before, state(&root), "{number} {way}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
