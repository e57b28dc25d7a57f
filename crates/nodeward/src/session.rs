//! What a run knows about the world around it: time, folders, terminal, environment.
//!
//! The only place that reads the clock and the environment. Everything below takes them as arguments, and a test
//! can say what they are.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use nodeward_package::npm_config::Environment;
use nodeward_report::Printable;
use nodeward_report::render::Style;

use crate::cli::{General, When};

/// What a run knows about the world around it.
#[derive(Debug)]
pub(crate) struct Session {
    /// The time of the run. `SOURCE_DATE_EPOCH` sets it, as for any tool whose output should be reproducible.
    pub(crate) now: Timestamp,
    /// The folder that relative paths are meant from.
    pub(crate) directory: PathBuf,
    /// The user's home folder, if there is one.
    pub(crate) home: Option<PathBuf>,
    /// The folder of the advisory index.
    pub(crate) database: PathBuf,
    /// The folder of what is kept from run to run, if there is one.
    pub(crate) cache: Option<PathBuf>,
    /// Whether the network may be used.
    pub(crate) network: Network,
    /// How much to say on standard error.
    pub(crate) chatter: Chatter,
    /// `nodeward.toml`, where the command line names one.
    pub(crate) config: Option<PathBuf>,
    /// The environment, variables that are not Unicode left out.
    pub(crate) environment: Vec<(String, String)>,
    terminal: Terminal,
}

/// Whether the network may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    Allowed,
    Denied,
}

/// How much to say on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chatter {
    Quiet,
    Normal,
    Verbose,
}

#[derive(Debug, Clone, Copy)]
struct Terminal {
    errors_are_terminal: bool,
    colour_output: bool,
    colour_errors: bool,
    width: usize,
}

const DEFAULT_WIDTH: usize = 80;
/// Wider lines are hard to read.
const MAX_WIDTH: usize = 120;

impl Session {
    /// Looks around, once.
    pub(crate) fn new(general: &General, needs_index: bool) -> anyhow::Result<Self> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let directory = std::env::current_dir().context("cannot tell the current folder")?;
        let home = home(&environment);
        let cache = cache_folder(&environment, home.as_deref());
        let database = match &general.database {
            Some(folder) => folder.clone(),
            None if !needs_index && cache.is_none() => PathBuf::new(),
            None => cache
                .as_ref()
                .context("no folder for the advisory index; name one with --database or NODEWARD_CACHE")?
                .join("advisories"),
        };
        Ok(Self {
            now: now(&environment)?,
            directory,
            home,
            database,
            cache,
            network: if general.offline { Network::Denied } else { Network::Allowed },
            chatter: match (general.quiet, general.verbose) {
                (true, _) => Chatter::Quiet,
                (_, true) => Chatter::Verbose,
                _ => Chatter::Normal,
            },
            config: general.config.clone(),
            terminal: terminal(general.color, &environment),
            environment,
        })
    }

    /// A variable of the environment that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        variable(&self.environment, name)
    }

    /// How a renderer may use standard output, or a file.
    pub(crate) fn style(&self, to_file: bool) -> Style {
        Style {
            colour: self.terminal.colour_output && !to_file,
            width: if to_file { DEFAULT_WIDTH } else { self.terminal.width },
            verbose: self.chatter == Chatter::Verbose,
        }
    }

    /// Whether a person watches standard error, so that a progress bar makes sense.
    pub(crate) fn shows_progress(&self) -> bool {
        self.terminal.errors_are_terminal && self.chatter > Chatter::Quiet
    }

    /// One line about what is going on, on standard error.
    pub(crate) fn note(&self, message: impl std::fmt::Display) {
        if self.chatter > Chatter::Quiet {
            print_line("", self.terminal.colour_errors, &message.to_string());
        }
    }

    /// One line about something that the user should look at.
    pub(crate) fn warn(&self, message: impl std::fmt::Display) {
        if self.chatter > Chatter::Quiet {
            print_line("warning", self.terminal.colour_errors, &message.to_string());
        }
    }

    /// One line that has to be seen, `--quiet` or not.
    pub(crate) fn insist(&self, message: impl std::fmt::Display) {
        print_line("warning", self.terminal.colour_errors, &message.to_string());
    }

    /// One line for programs, on standard error.
    pub(crate) fn report(&self, line: &str) {
        print_line("", false, line);
    }

    /// An error with its causes, in one line.
    pub(crate) fn print_error(&self, error: &anyhow::Error) {
        print_line("error", self.terminal.colour_errors, &chain(error));
    }
}

/// For errors from before there is a session.
pub(crate) fn print_error_without_session(error: &anyhow::Error) {
    print_line("error", false, &chain(error));
}

fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some errors repeat their cause in their own words.
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

/// Standard error may be closed; there is nobody left to tell then.
fn print_line(label: &str, colour: bool, message: &str) {
    let style = match label {
        _ if !colour => anstyle::Style::new(),
        "error" => anstyle::AnsiColor::Red.on_default().bold(),
        _ => anstyle::AnsiColor::Yellow.on_default().bold(),
    };
    let line = match label {
        "" => format!("{}\n", Printable(message)),
        _ => format!("{style}{label}{style:#}: {}\n", Printable(message)),
    };
    write_patiently(&mut std::io::stderr().lock(), line.as_bytes(), PATIENCE);
}

/// How long a full pipe is waited for by a line.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes all of it, also where a program that was started set the stream not to wait, and filled it.
fn write_patiently(to: &mut impl Write, mut bytes: &[u8], patience: Duration) {
    let end = Instant::now() + patience;
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(written @ 1..) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(5));
            }
            _ => return,
        }
    }
}

fn variable<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let found = environment.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn now(environment: &Environment) -> anyhow::Result<Timestamp> {
    match variable(environment, "SOURCE_DATE_EPOCH") {
        Some(text) => {
            let seconds = text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is no number: {text}"))?;
            Timestamp::from_second(seconds).context("SOURCE_DATE_EPOCH is out of range")
        }
        None => Ok(Timestamp::now()),
    }
}

fn home(environment: &Environment) -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    variable(environment, name).map(PathBuf::from)
}

/// `NODEWARD_CACHE`, or where the platform keeps caches.
fn cache_folder(environment: &Environment, home: Option<&Path>) -> Option<PathBuf> {
    if let Some(folder) = variable(environment, "NODEWARD_CACHE") {
        return Some(folder.into());
    }
    // A relative XDG folder is to be ignored, says its specification.
    if let Some(folder) = variable(environment, "XDG_CACHE_HOME").map(PathBuf::from)
        && folder.is_absolute()
    {
        return Some(folder.join("nodeward"));
    }
    if cfg!(windows) {
        return variable(environment, "LOCALAPPDATA")
            .map(|folder| Path::new(folder).join("nodeward").join("cache"));
    }
    let below_home = if cfg!(target_os = "macos") { "Library/Caches/nodeward" } else { ".cache/nodeward" };
    home.map(|home| home.join(below_home))
}

fn terminal(when: When, environment: &Environment) -> Terminal {
    let output_is_terminal = std::io::stdout().is_terminal();
    let errors_are_terminal = std::io::stderr().is_terminal();
    let colour = |is_terminal: bool| match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let is_set = |name| variable(environment, name).is_some_and(|value| value != "0");
            let dumb = variable(environment, "TERM") == Some("dumb");
            variable(environment, "NO_COLOR").is_none() && (is_set("CLICOLOR_FORCE") || is_terminal && !dumb)
        }
    };
    let width = match terminal_size::terminal_size() {
        Some((width, _)) if output_is_terminal => usize::from(width.0).clamp(40, MAX_WIDTH),
        _ => DEFAULT_WIDTH,
    };
    Terminal {
        errors_are_terminal,
        colour_output: colour(output_is_terminal),
        colour_errors: colour(errors_are_terminal),
        width,
    }
}

/// The folders of `PATH`, in order. Relative ones are passed over: a project must not bring its own programs. What is
/// started unconfined is looked for in fewer (`programs`).
pub(crate) fn program_folders(session: &Session) -> Vec<PathBuf> {
    let path = session.variable("PATH").map(OsString::from).unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pipe_is_waited_for_and_not_for_ever() {
        /// Takes three bytes every other time.
        struct Full(Vec<u8>, bool);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(ErrorKind::WouldBlock.into());
                }
                self.0.extend(bytes.iter().take(3));
                Ok(bytes.len().min(3))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut full = Full(Vec::new(), false);
        write_patiently(&mut full, b"ten bytes\n", Duration::from_secs(60));
        assert_eq!(full.0, b"ten bytes\n");
        write_patiently(&mut full, b"more", Duration::ZERO);
        assert_eq!(full.0, b"ten bytes\n");
    }

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_cache_is_where_the_user_says() {
        let home = Path::new("/users/u");
        let folder = |pairs: &[(&str, &str)]| cache_folder(&environment(pairs), Some(home)).unwrap();
        assert_eq!(folder(&[]), Path::new("/users/u/.cache/nodeward"));
        assert_eq!(folder(&[("XDG_CACHE_HOME", "/c")]), Path::new("/c/nodeward"));
        assert_eq!(folder(&[("XDG_CACHE_HOME", "c")]), Path::new("/users/u/.cache/nodeward"));
        assert_eq!(folder(&[("XDG_CACHE_HOME", "/c"), ("NODEWARD_CACHE", "/n")]), Path::new("/n"));
        assert_eq!(cache_folder(&environment(&[]), None), None);
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("inner").context("outer: inner").context("outermost");
        assert_eq!(chain(&error), "outermost: outer: inner");
    }
}
