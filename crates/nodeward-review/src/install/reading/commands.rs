//! Commands that a script runs.

use std::path::Path;

use nodeward_javascript::conduct::{UNKNOWN, credential_place, hosts, is_secret_variable};
use nodeward_javascript::{Loader, SourceKind};

use super::super::deed::{Deed, Kind};
use super::super::folder::{Entry, join};
use super::super::programs;
use super::super::shell::{self, Command, Link, Piece, Word};
use super::{Origin, Task, Tracer};

/// Programs that take a line for a shell or a file of such.
const SHELLS: &[&str] = &["sh", "bash", "dash", "zsh", "ksh", "ash"];
/// Programs that run another, which follows their own flags and assignments.
const WRAPPERS: &[&str] = &[
    "env",
    "cross-env",
    "cross-env-shell",
    "exec",
    "nohup",
    "sudo",
    "nice",
    "command",
    "builtin",
    "time",
    "timeout",
    "setsid",
    "stdbuf",
    "xargs",
];
/// Programs that run files of JavaScript or TypeScript.
const NODES: &[&str] =
    &["node", "nodejs", "ts-node", "tsx", "esno", "babel-node", "jiti", "ts-node-esm", "coffee"];
/// Package managers.
const MANAGERS: &[&str] = &["npm", "yarn", "pnpm", "bun", "cnpm", "corepack"];
/// Runners of programs of other packages.
const RUNNERS: &[&str] = &["npx", "pnpx", "bunx", "yarnpkg"];
/// Interpreters that are not followed.
const INTERPRETERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "php",
    "lua",
    "deno",
    "powershell",
    "pwsh",
    "cmd",
    "cscript",
    "wscript",
    "osascript",
    "java",
];
/// Programs that have a place of their own here, and those that others start.
const NAMED: &[&str] = &[
    "run-s",
    "run-p",
    "npm-run-all",
    "node-gyp",
    "node-gyp-build",
    "node-gyp-build-optional-packages",
    "node-pre-gyp",
    "git",
    "sed",
    "find",
    "ar",
    "basename",
    "dirname",
    "g++",
    "ld",
    "uname",
];
/// Variables that change what the programs after them run.
const POWERFUL: &[&str] = &[
    "NODE_OPTIONS",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "PATH",
    "BASH_ENV",
    "ENV",
    "NODE_PATH",
    "PYTHONPATH",
];

impl Tracer<'_> {
    /// A line for a shell.
    pub(super) fn line(&mut self, text: &str, mut from: Origin) {
        let program = match shell::parse(text) {
            Ok(program) => program,
            Err(error) => return self.unknown(&from, format!("a command that was not read: {error}")),
        };
        if program.commands.is_empty() {
            self.deed(&from, Kind::Nothing, "");
        }
        for command in &program.commands {
            self.surroundings(command, &from);
            self.command(&command.words, command.link, &from);
            if command.program() == Some("cd") {
                self.enter(command.words.get(1), &mut from);
            }
        }
    }

    /// A file for a shell.
    pub(super) fn shell(&mut self, path: &str) {
        self.reach(path);
        let from = Origin { file: Some(path.to_owned()), line: 0, folders: vec![String::new()] };
        match self.package.read(path).map(String::from_utf8) {
            Ok(Ok(text)) => self.line(&text, from),
            Ok(Err(_)) => self.unknown(&from, format!("{path} is no text")),
            Err(error) => self.unknown(&from, format!("{path} can't be read: {error}")),
        }
    }

    fn enter(&mut self, folder: Option<&Word>, from: &mut Origin) {
        let target = folder.and_then(known);
        from.folders = match target {
            Some(target) => from.folders.iter().filter_map(|own| join(own, target)).collect(),
            None => Vec::new(),
        };
    }

    /// What a command reads and writes beside its program: variables, redirections, places in its words.
    fn surroundings(&mut self, command: &Command, from: &Origin) {
        for (name, _) in &command.assignments {
            if POWERFUL.contains(&name.as_str()) {
                self.unknown(from, format!("sets {name}"));
            }
        }
        for redirection in command.redirections.iter().filter(|redirection| redirection.writes) {
            let target = redirection.target.shown();
            if !matches!(target.as_str(), "/dev/null" | "/dev/stderr" | "/dev/stdout" | "NUL" | "nul") {
                self.deed(from, Kind::Writes, target);
            }
        }
        let values = command.assignments.iter().map(|(_, value)| value);
        let targets = command.redirections.iter().map(|redirection| &redirection.target);
        for word in command.words.iter().chain(values).chain(targets) {
            let shown = word.shown();
            if let Some(place) = credential_place(&shown) {
                self.deed(from, Kind::Credentials, place);
            }
            for host in hosts(&shown) {
                self.hosts.push(Deed::of_command(Kind::Downloads, host));
            }
            for piece in &word.pieces {
                if let Piece::Variable(name) = piece {
                    let kind = if is_secret_variable(name) { Kind::Credentials } else { Kind::Environment };
                    self.deed(from, kind, name.clone());
                }
            }
        }
    }

    fn command(&mut self, words: &[Word], link: Link, from: &Origin) {
        let Some(first) = words.first() else { return };
        let Some(program) = known(first) else {
            return self.unknown(from, format!("starts {}", first.shown()));
        };
        let rest = &words[1..];
        let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
        let name = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name);
        let is_path =
            program.contains('/') && !program.starts_with("/bin/") && !program.starts_with("/usr/bin/");
        if is_path {
            return match program.rsplit_once("node_modules/.bin/") {
                Some(_) => self.command_named(name, rest, link, from),
                None => self.own_program(program, rest, from),
            };
        }
        self.command_named(name, rest, link, from);
    }

    fn command_named(&mut self, name: &str, rest: &[Word], link: Link, from: &Origin) {
        match name {
            name if NODES.contains(&name) => self.node(rest, from),
            name if SHELLS.contains(&name) => self.shell_program(rest, link, from),
            name if WRAPPERS.contains(&name) => self.wrapped(rest, link, from),
            name if MANAGERS.contains(&name) => self.manager(name, rest, link, from),
            name if RUNNERS.contains(&name) => self.runner(rest, link, from),
            "run-s" | "run-p" | "npm-run-all" => {
                for script in rest.iter().filter(|word| known(word).is_none_or(|word| !word.starts_with('-')))
                {
                    self.run_script(Some(script), from);
                }
            }
            "eval" => {
                self.widen("eval in a command");
                self.deed(from, Kind::Hidden, "eval");
            }
            "." | "source" => self.shell_program(rest, Link::Always, from),
            name if INTERPRETERS.contains(&name) => {
                self.unknown(
                    from,
                    format!(
                        "runs {name}{}",
                        rest.first().map(|word| format!(" {}", word.shown())).unwrap_or_default()
                    ),
                );
            }
            _ => self.table(name, rest, from),
        }
    }

    /// A program that everybody knows, or nobody.
    fn table(&mut self, name: &str, rest: &[Word], from: &Origin) {
        match name {
            "node-gyp" => {
                self.deed(from, Kind::Compiles, "node-gyp");
                return self.builds(from);
            }
            "node-gyp-build" | "node-gyp-build-optional-packages" => {
                self.deed(from, Kind::Checks, "the prebuilt add-on");
                self.deed(from, Kind::Compiles, "node-gyp, if no prebuilt add-on loads");
                self.prebuilt();
                return self.builds(from);
            }
            "node-pre-gyp" => return self.pre_gyp(rest, from),
            "git" => return self.git(rest, from),
            "sed" if rest.iter().all(|word| is_substitution(&word.shown())) => {
                return self.deed(from, Kind::Nothing, "");
            }
            "find"
                if rest.iter().all(|word| {
                    !matches!(word.shown().as_str(), "-exec" | "-execdir" | "-delete" | "-ok")
                }) =>
            {
                return self.deed(from, Kind::Nothing, "");
            }
            "prebuild-install" => self.deed(from, Kind::Checks, "the downloaded add-on"),
            _ => {}
        }
        match programs::of_program(name) {
            Some(does) => {
                for (kind, what) in does {
                    let is_named = !what.is_empty() || matches!(kind, Kind::Nothing | Kind::Prints);
                    let what = if is_named { (*what).to_owned() } else { arguments(name, *kind, rest) };
                    self.deed(from, *kind, what);
                }
                if programs::READ_ALL.contains(&name) {
                    self.unknown(from, format!("{name} runs what its files say"));
                }
            }
            None => self.unknown(from, format!("runs {name}, which was not read")),
        }
    }

    fn git(&mut self, rest: &[Word], from: &Origin) {
        let verb = rest.iter().map(Word::shown).find(|word| !word.starts_with('-')).unwrap_or_default();
        match verb.as_str() {
            "" | "rev-parse" | "status" | "log" | "diff" | "show" | "ls-files" | "describe" | "branch"
            | "version" | "tag" => {
                self.deed(from, Kind::Nothing, "");
            }
            "config" | "init" | "add" | "commit" | "apply" | "checkout" | "reset" => {
                self.deed(from, Kind::Writes, format!("with git {verb}"));
            }
            "clone" | "fetch" | "pull" | "submodule" | "push" | "ls-remote" => {
                self.deed(from, Kind::Downloads, format!("git {verb}"));
                self.deed(from, Kind::Writes, "");
            }
            verb => self.unknown(from, format!("git {verb}")),
        }
    }

    fn pre_gyp(&mut self, rest: &[Word], from: &Origin) {
        let says = |flag: &str| rest.iter().any(|word| word.shown().starts_with(flag));
        self.deed(from, Kind::Downloads, "a prebuilt binary");
        self.deed(from, Kind::Checks, "the downloaded add-on");
        if says("--fallback-to-build") || says("--build-from-source") || says("build") || says("rebuild") {
            self.deed(from, Kind::Compiles, "node-gyp, if no prebuilt binary fits");
            self.builds(from);
        }
    }

    /// `node file`, `node -e code`.
    fn node(&mut self, words: &[Word], from: &Origin) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(text) = known(word) else {
                return self.unknown(from, format!("runs node {}", word.shown()));
            };
            match text {
                "-e" | "--eval" | "-p" | "--print" | "-pe" | "-ep" => {
                    return match words.next().and_then(known) {
                        Some(code) => {
                            self.open.push(Task::Text { text: code.to_owned(), from: from.clone() })
                        }
                        None => self.unknown(from, "runs code that is computed"),
                    };
                }
                "-r" | "--require" | "--import" | "--loader" | "--experimental-loader" => {
                    self.preload(words.next(), from)
                }
                "-C" | "--conditions" | "--input-type" | "--title" | "-P" | "--project" | "-O" => {
                    words.next();
                }
                "-v" | "--version" | "-h" | "--help" => return self.deed(from, Kind::Prints, ""),
                "run" | "watch" => {}
                flag if flag.starts_with("--require=")
                    || flag.starts_with("--import=")
                    || flag.starts_with("--loader=") =>
                {
                    let module = flag.split_once('=').map_or("", |(_, module)| module).to_owned();
                    self.preload(Some(&Word { pieces: vec![Piece::Text(module)] }), from);
                }
                flag if flag.starts_with('-') && flag.len() > 1 => {}
                "-" => return self.unknown(from, "runs what it is given"),
                file => return self.main(file, from),
            }
        }
        self.unknown(from, "runs what it is given");
    }

    fn preload(&mut self, module: Option<&Word>, from: &Origin) {
        let Some(module) = module.and_then(known) else {
            return self.unknown(from, "loads what is computed");
        };
        let folder = self.package.root().join(from.folders.first().map_or("", String::as_str));
        self.module(module, &folder, Loader::Require, false, from);
    }

    /// The file that `node` is given: found with or without its extension.
    fn main(&mut self, file: &str, from: &Origin) {
        if from.folders.is_empty() {
            return self.unknown(from, format!("runs {file} in a folder that is not known"));
        }
        for folder in &from.folders {
            let base = self.package.root().join(folder);
            if let Ok(nodeward_javascript::Resolved::File(found)) =
                self.resolver.resolve(&base, &format!("./{}", file.trim_start_matches("./")), Loader::Require)
                && let Some(path) = self.package.below(&found)
            {
                return self.open.push(Task::Code(path));
            }
            // Any name will do for `node`: `node install`, `node ./bin/setup.txt`.
            if let Some(path) = join(folder, file)
                && let Entry::File(path) = self.package.entry(&path)
            {
                return self.open.push(Task::Code(path));
            }
        }
        self.unknown(from, format!("runs {file}, which is not there"));
    }

    /// `sh -c line`, `sh file`, and a shell at the end of a pipe.
    fn shell_program(&mut self, words: &[Word], link: Link, from: &Origin) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match known(word) {
                Some(flag) if flag.starts_with('-') && flag.contains('c') && !flag.starts_with("--") => {
                    return match words.next().and_then(known) {
                        Some(line) => {
                            self.open.push(Task::Line { text: line.to_owned(), from: from.clone() })
                        }
                        None => self.unknown(from, "runs a command that is computed"),
                    };
                }
                Some(flag) if flag.starts_with('-') => {}
                Some(file) => return self.own_program(file, &[], from),
                None => return self.unknown(from, format!("runs {}", word.shown())),
            }
        }
        self.widen("a shell that runs what it is given");
        match link {
            Link::Pipe => self.deed(from, Kind::Hidden, "hands to a shell what another command prints"),
            _ => self.deed(from, Kind::Unknown, "a shell that runs what it is given"),
        }
    }

    /// A file of the package that is started.
    fn own_program(&mut self, program: &str, rest: &[Word], from: &Origin) {
        for folder in &from.folders {
            let Some(path) = join(folder, program) else { continue };
            let Entry::File(path) = self.package.entry(&path) else { continue };
            self.reach(&path);
            let start = self.package.read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&start);
            let first = text.lines().next().unwrap_or_default();
            let is_shell = first.starts_with("#!")
                && SHELLS.iter().any(|shell| first.ends_with(shell) || first.contains(&format!("/{shell} ")));
            if is_shell || path.ends_with(".sh") || path.ends_with(".bash") {
                return self.open.push(Task::Shell(path));
            }
            if SourceKind::of_hashbang(&text).is_some() || SourceKind::of_path(Path::new(&path)).is_some() {
                return self.open.push(Task::Code(path));
            }
            return self.unknown(from, format!("runs {path}, which is no script that is read here"));
        }
        let shown = rest.first().map(|word| format!(" {}", word.shown())).unwrap_or_default();
        self.unknown(from, format!("runs {program}{shown}, which is not in the package"));
    }

    /// `env A=b program`.
    fn wrapped(&mut self, words: &[Word], link: Link, from: &Origin) {
        let is_own = |word: &&Word| {
            let shown = word.shown();
            shown.starts_with('-')
                || shown.contains('=')
                || shown.chars().all(|c| c.is_ascii_digit() || c == '.' || c == 's')
        };
        for word in words.iter().take_while(is_own) {
            let shown = word.shown();
            if let Some(name) = POWERFUL.iter().find(|name| shown.starts_with(&format!("{name}="))) {
                self.unknown(from, format!("sets {name}"));
            }
        }
        let at = words.iter().take_while(is_own).count();
        match words.get(at) {
            Some(_) => self.command(&words[at..], link, from),
            None => self.deed(from, Kind::Environment, "all of it"),
        }
    }

    /// `npm run x`, `yarn x`, `npm install`.
    fn manager(&mut self, name: &str, words: &[Word], link: Link, from: &Origin) {
        let mut words = words.iter().filter(|word| known(word).is_none_or(|word| !word.starts_with('-')));
        let Some(verb) = words.next() else {
            return self.installs(name, from);
        };
        match known(verb) {
            Some("run" | "run-script" | "rum" | "urn") => self.run_script(words.next(), from),
            Some(verb @ ("test" | "start" | "stop" | "restart" | "t")) => {
                let script = Word { pieces: vec![Piece::Text(verb.to_owned())] };
                self.run_script(Some(&script), from);
            }
            Some("exec" | "x" | "dlx") => {
                let rest: Vec<Word> = words.cloned().collect();
                self.runner(&rest, link, from);
            }
            Some(
                "config" | "prefix" | "root" | "bin" | "ls" | "list" | "view" | "version" | "help"
                | "explain",
            ) => {
                self.deed(from, Kind::Nothing, "");
            }
            Some("rebuild" | "rb") => {
                self.deed(from, Kind::Compiles, "installed packages");
                self.unknown(from, format!("{name} rebuild runs their scripts"));
            }
            Some(verb) if self.manifest.script(verb).is_some() && name != "npm" => {
                let script = Word { pieces: vec![Piece::Text(verb.to_owned())] };
                self.run_script(Some(&script), from);
            }
            Some(
                "install" | "i" | "ci" | "add" | "link" | "update" | "dedupe" | "install-test" | "workspaces"
                | "workspace",
            ) => {
                self.installs(name, from);
            }
            _ => self.unknown(from, format!("runs {name} {}", verb.shown())),
        }
    }

    fn installs(&mut self, name: &str, from: &Origin) {
        self.deed(from, Kind::Downloads, "packages");
        self.unknown(from, format!("{name} installs packages, which run scripts of their own"));
    }

    /// `npx program`.
    fn runner(&mut self, words: &[Word], link: Link, from: &Origin) {
        let mut at = 0;
        let mut may_fetch = true;
        while let Some(flag) = words.get(at).map(Word::shown).filter(|word| word.starts_with('-')) {
            at += if matches!(flag.as_str(), "-p" | "--package" | "-c" | "--call") { 2 } else { 1 };
            may_fetch &= !matches!(flag.as_str(), "--no-install" | "--no" | "--offline");
        }
        let Some(program) = words.get(at) else {
            return self.unknown(from, "runs a package that is not named");
        };
        if may_fetch {
            self.deed(from, Kind::Downloads, format!("the package {}, if it is missing", program.shown()));
        }
        let mut rest = words[at..].to_vec();
        // `npx pkg@1.2.3`.
        if let Some((name, _)) =
            known(program).and_then(|program| program.get(1..)?.find('@').map(|at| program.split_at(at + 1)))
        {
            rest[0] = Word { pieces: vec![Piece::Text(name.to_owned())] };
        }
        self.command(&rest, link, from);
    }

    /// A script of the manifest, with what npm runs before and after it.
    fn run_script(&mut self, script: Option<&Word>, from: &Origin) {
        let Some(name) = script.and_then(known) else {
            return self.unknown(from, "runs a script whose name is computed");
        };
        let mut is_there = false;
        for name in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            if let Some(entry) = self.manifest.script(&name) {
                is_there |= !name.starts_with("pre") && !name.starts_with("post");
                self.run_scripts.insert(name, entry.value.to_string());
                self.open.push(Task::Line { text: entry.value.to_string(), from: Origin::command() });
            }
        }
        if !is_there && self.manifest.script(name).is_none() {
            self.unknown(from, format!("runs the script {name}, which is not there"));
        }
    }
}

/// Whether the name of a program is taken for what everybody calls so.
pub(super) fn is_interpreted(name: &str) -> bool {
    let lists = [NODES, SHELLS, WRAPPERS, MANAGERS, RUNNERS, INTERPRETERS, NAMED];
    lists.iter().any(|names| names.contains(&name)) || programs::of_program(name).is_some()
}

/// A word all of which is known.
fn known(word: &Word) -> Option<&str> {
    word.literal().filter(|text| !text.contains(UNKNOWN))
}

/// What a program is given, as far as it says what it does: files to write, addresses.
fn arguments(name: &str, kind: Kind, rest: &[Word]) -> String {
    let shown: Vec<String> = rest.iter().map(Word::shown).filter(|word| !word.starts_with('-')).collect();
    match kind {
        Kind::Downloads => String::new(),
        Kind::Writes => match name {
            "cp" | "mv" | "ln" | "tar" | "cpy" | "ncp" => shown.last().cloned().unwrap_or_default(),
            _ => shown.iter().filter(|word| !word.contains(UNKNOWN)).cloned().collect::<Vec<_>>().join(" "),
        },
        _ => name.to_owned(),
    }
}

/// Whether an argument of `sed` is a flag that changes no file, or an `s` command that runs nothing.
fn is_substitution(argument: &str) -> bool {
    if let Some(flag) = argument.strip_prefix('-') {
        return matches!(flag, "n" | "e" | "E" | "r");
    }
    let Some((mark, rest)) = argument.strip_prefix('s').and_then(|rest| Some((rest.chars().next()?, rest)))
    else {
        return false;
    };
    let flags = rest.rsplit(mark).next().unwrap_or_default();
    rest.matches(mark).count() == 3
        && !argument.contains(['\n', ';'])
        && flags.chars().all(|c| "gpiI0123456789".contains(c))
}
