//! What a confined Node.js can't do, on each version that is there. The kernel has to enforce for these tests to
//! pass: nothing is skipped because it does not.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![expect(clippy::print_stderr, reason = "a version that is absent is said")]

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nodeward_sandbox::{Children, Enforcement, Grant, Program, Sandbox, Support, needed};

/// Set for the process that confines itself: the rest of the variables say how.
const CHILD: &str = "CONFINED_CHILD";

/// What every Node.js reads besides what is listed.
const SYSTEM: &[&str] =
    &["/dev/null", "/dev/urandom", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/proc/meminfo", "/proc/self"];

/// Without the variable: the kernel enforces. With it: this process becomes a confined Node.js.
#[test]
fn a_confined_process() {
    assert_eq!(Support::probe().enforcement(Children::Denied), Enforcement::Full);
    let Some(node) = std::env::var_os(CHILD) else { return };
    let list = |name: &str| -> Vec<PathBuf> {
        let paths = std::env::var_os(name).unwrap();
        std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect()
    };
    let children = if std::env::var_os("GRANTED").is_some() { Children::Granted } else { Children::Denied };
    let sandbox = Sandbox::new(Support::probe()).unwrap();
    let allow = |path: &Path, grant| {
        sandbox.allow(&File::open(path).unwrap(), grant, &path.to_string_lossy()).unwrap();
    };
    let node = PathBuf::from(node);
    let libraries = needed(&node, None).unwrap();
    for library in &libraries.files {
        allow(library, Grant::Read);
    }
    if let Some(loader) = &libraries.interpreter {
        allow(loader, Grant::Execute);
    }
    allow(&node, Grant::Execute);
    SYSTEM
        .iter()
        .filter(|path| Path::new(path).exists())
        .for_each(|path| allow(Path::new(path), Grant::Read));
    for path in list("LISTED") {
        if path.is_file() {
            sandbox.allow_regular(&File::open(&path).unwrap(), &path.to_string_lossy()).unwrap();
        } else {
            allow(&path, Grant::Read);
        }
    }
    list("WRITABLE").iter().for_each(|path| allow(path, Grant::Write));
    let arguments: Vec<OsString> = list("ARGUMENTS").into_iter().map(PathBuf::into_os_string).collect();
    let program = Program {
        file: File::open(&node).unwrap(),
        arguments: [node.into_os_string()].into_iter().chain(arguments).collect(),
        environment: vec![("NODE".into(), "confined".into())],
    };
    panic!("{}", sandbox.start(&program, children));
}

/// The Node.js versions that are there, or word that one is not.
fn nodes() -> Vec<(u32, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nodes");
    let root = std::env::var_os("NODEWARD_NODES").map_or(root, PathBuf::from);
    let mut nodes = Vec::new();
    for version in [20, 22, 24, 26] {
        let below =
            ["bin/node", "package/bin/node"].map(|below| root.join(format!("v{version}")).join(below));
        match below.into_iter().find(|path| path.is_file()) {
            Some(node) => nodes.push((version, node)),
            None => eprintln!("skipped: no Node.js {version} below {}", root.display()),
        }
    }
    nodes
}

struct App {
    folder: tempfile::TempDir,
    writable: Option<PathBuf>,
    children: Children,
}

impl App {
    /// `main.js` and `listed.js` are listed; `unlisted.js`, `data.json` and `addon.node` are not.
    fn new(main: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("package.json", "{}");
        write("main.js", main);
        write("listed.js", "module.exports = 'listed'");
        write("unlisted.js", "console.log('PAYLOAD')");
        write("unlisted.json", "{}");
        Self { folder, writable: None, children: Children::Denied }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn run(&self, node: &Path) -> Output {
        let join = |paths: &[PathBuf]| std::env::join_paths(paths).unwrap();
        let listed = ["package.json", "main.js", "listed.js"].map(|name| self.path(name));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["a_confined_process", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, node)
            .env("LISTED", join(&listed))
            .env("WRITABLE", join(self.writable.as_slice()))
            .env("ARGUMENTS", join(&[self.path("main.js")]));
        if self.children == Children::Granted {
            command.env("GRANTED", "1");
        }
        command.output().unwrap()
    }

    /// Runs it on every version and compares the lines that it printed, sorted.
    fn prints(&self, expected: &[&str]) {
        for (version, node) in nodes() {
            let output = self.run(&node);
            let text = String::from_utf8_lossy(&output.stdout);
            // The test harness has printed before it was replaced.
            let mut lines: Vec<&str> = text
                .lines()
                .skip_while(|line| *line != "begin")
                .skip(1)
                .filter(|line| !line.is_empty())
                .collect();
            lines.sort_unstable();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(lines, expected, "Node.js {version}\n{text}\n{errors}");
            assert!(output.status.success(), "Node.js {version}: {}\n{errors}", output.status);
        }
    }
}

const PRELUDE: &str = "console.log('\\nbegin');\n\
    const attempt = (name, action) => {\n\
      try { console.log(name, action()); } catch (error) { console.log(name, error.code); }\n\
    };\n\
    const { spawnSync } = require('child_process');\n\
    const start = (...args) => { const { error, status, stdout } = spawnSync(...args); \
      return error ? error.code : `${status} ${stdout}`; };\n";

#[test]
fn only_what_is_listed_is_read() {
    App::new(&format!(
        "{PRELUDE}\
        const fs = require('fs');\n\
        attempt('listed', () => require('./listed.js'));\n\
        attempt('require', () => require('./unlisted.js'));\n\
        attempt('json', () => require('./unlisted.json'));\n\
        attempt('read', () => fs.readFileSync(__dirname + '/unlisted.js'));\n\
        attempt('roundabout', () => fs.openSync('/proc/self/root' + __dirname + '/unlisted.js'));\n\
        attempt('list', () => fs.readdirSync(__dirname));\n\
        attempt('shadow', () => fs.readFileSync('/etc/shadow'));\n\
        attempt('other', () => fs.readFileSync('/proc/1/environ'));\n\
        attempt('write', () => fs.writeFileSync(__dirname + '/listed.js', 'changed'));\n\
        attempt('make', () => fs.writeFileSync(__dirname + '/new.js', ''));\n\
        attempt('rename', () => fs.renameSync(__dirname + '/unlisted.js', __dirname + '/listed.js'));\n\
        import('./unlisted.js').catch((error) => console.log('import', error.code));"
    ))
    .prints(&[
        "import EACCES",
        "json EACCES",
        "list EACCES",
        "listed listed",
        "make EACCES",
        "other EACCES",
        "read EACCES",
        "rename EACCES",
        "require EACCES",
        "roundabout EACCES",
        "shadow EACCES",
        "write EACCES",
    ]);
}

#[test]
fn nothing_is_started() {
    App::new(&format!(
        "{PRELUDE}\
        console.log('shell', start('/bin/sh', ['-c', 'echo PAYLOAD']));\n\
        console.log('env', start('/usr/bin/env', ['-i', process.execPath, __dirname + '/unlisted.js']));\n\
        console.log('node', start(process.execPath, ['-e', 'console.log(1)']));\n\
        attempt('exec', () => require('child_process').exec('echo PAYLOAD'));"
    ))
    .prints(&["env EPERM", "exec EPERM", "node EPERM", "shell EPERM"]);
}

#[test]
fn a_granted_child_is_confined_too() {
    let mut app = App::new(&format!(
        "{PRELUDE}\
        console.log('shell', start('/bin/sh', ['-c', 'echo PAYLOAD']));\n\
        const child = start(process.execPath, [__dirname + '/unlisted.js'], {{ env: {{}} }});\n\
        console.log('unlisted', child.includes('PAYLOAD'));\n\
        console.log('listed', start(process.execPath, ['-p', 'require(\"./listed.js\")'], \
          {{ env: {{}}, cwd: __dirname }}).trim());"
    ));
    app.children = Children::Granted;
    app.prints(&["listed 0 listed", "shell EACCES", "unlisted false"]);
}

#[test]
fn the_program_is_itself() {
    App::new(&format!(
        "{PRELUDE}\
        const {{ Worker }} = require('worker_threads');\n\
        console.log(process.execPath === process.argv[0], require('path').basename(process.execPath));\n\
        console.log(process.env.NODE, Object.keys(process.env).length);\n\
        new Worker(__dirname + '/listed.js').on('exit', (code) => console.log('worker', code));\n\
        new Worker(__dirname + '/unlisted.js').on('error', (error) => console.log('worker', error.code));"
    ))
    .prints(&["confined 1", "true node", "worker 0", "worker EACCES"]);
}

#[test]
fn a_writable_folder_is_written_and_nothing_of_it_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().canonicalize().unwrap();
    let mut app = App::new(&format!(
        "{PRELUDE}\
        const fs = require('fs');\n\
        const place = {place:?};\n\
        fs.writeFileSync(place + '/a', 'text'); fs.renameSync(place + '/a', place + '/b');\n\
        console.log(fs.readFileSync(place + '/b', 'utf8'), fs.readdirSync(place).join());\n\
        attempt('copy', () => fs.copyFileSync(process.execPath, place + '/node'));\n\
        fs.chmodSync(place + '/node', 0o755);\n\
        console.log('started', start(place + '/node', ['-v']));\n\
        fs.unlinkSync(place + '/node'); fs.unlinkSync(place + '/b');"
    ));
    app.writable = Some(place);
    app.prints(&["copy undefined", "started EPERM", "text b"]);
    app.children = Children::Granted;
    app.prints(&["copy undefined", "started EACCES", "text b"]);
}
