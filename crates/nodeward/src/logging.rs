//! `nodeward run --log`: what the program writes, line by line, in a log in which no line can be changed later.
//!
//! The program runs as a child, and this process alone writes the log: the program never has it open. What comes
//! through the console comes over a socket of its own, with the module's name and a code that only the guard's
//! console can make; all else is output that nobody vouches for. Both are passed on to where they would have gone.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use nodeward_report::Printable;
use nodeward_seal::log::{Entry, FrameError, FrameKey, Kind, LogKey, LogWriter, MAX_LINE, MAX_TEXT, Stream};
use nodeward_seal::log::{frame, tail};
use rustix::process::{Pid, Signal};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

use crate::commands::logs::read_key;
use crate::disk;

/// So many lines wait at most: a program that writes faster than the disk waits, too.
const WAITING: usize = 1024;

/// The key is written down at least every so many entries.
const KEPT_KEYS: u64 = 256;

/// What children of the program leave behind in its streams is waited for so long after its end.
const GRACE: Duration = Duration::from_millis(500);

/// A program without a log has so long to end before it is killed.
const TO_END: Duration = Duration::from_secs(5);

/// Where and how to write.
#[derive(Debug)]
pub(crate) struct Log {
    /// The log.
    pub(crate) file: PathBuf,
    /// Its key, replaced at every entry.
    pub(crate) key: Option<PathBuf>,
    /// Have the file system refuse to change what is there.
    pub(crate) append_only: bool,
}

/// Something that happened.
enum Event {
    /// A line of a stream, or a piece of a long one.
    Output { stream: Stream, text: Vec<u8>, more: bool },
    /// A line for the log from the console.
    Message(Vec<u8>),
    /// A stream is at its end.
    Closed,
    /// The program ended.
    Ended(io::Result<ExitStatus>),
}

/// Runs this binary again with `arguments`, to which `--console-socket N` belongs in front of `--`, and writes what
/// comes out into the log. Gives the program's exit code; for one that a signal ended, 128 and its number.
///
/// # Errors
/// The program was not started, or it was ended as its log can't be written any more.
pub(crate) fn run(log: &Log, before: Vec<OsString>, after: &[OsString]) -> anyhow::Result<u8> {
    let listeners = Listeners::start()?;
    let mut writer = Writer::open(log, after)?;
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the system gives no random bytes")?;
    let key = FrameKey::new(random);
    let (mut console, theirs) = UnixStream::pair().context("no socket for the console")?;
    console.write_all(&key.0)?;
    rustix::io::fcntl_setfd(&theirs, rustix::io::FdFlags::empty()).context("no socket for the console")?;
    let mut command = Command::new(std::env::current_exe().context("this program can't be started again")?);
    command.args(before).arg("--console-socket").arg(theirs.as_raw_fd().to_string()).arg("--").args(after);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().context("this program can't be started again")?;
    drop(theirs);
    let program = Pid::from_child(&child);
    let events = listeners.listen(child, console)?;
    writer.follow(&events, &key, program)
}

/// Threads that read what the program writes, wait for its end, and pass signals on to it. They are there before the
/// program is: where the system gives none, nothing is started.
struct Listeners {
    events: Receiver<Event>,
    out: Sender<Box<dyn Read + Send>>,
    err: Sender<Box<dyn Read + Send>>,
    console: Sender<Box<dyn Read + Send>>,
    child: Sender<Child>,
    program: Sender<Pid>,
}

impl Listeners {
    fn start() -> anyhow::Result<Self> {
        let (sender, events) = sync_channel(WAITING);
        let streams = |stream| {
            let sender = sender.clone();
            listener(move |from: Box<dyn Read + Send>| {
                let gone = lines(from, MAX_TEXT, &mut |text, more| {
                    sender.send(Event::Output { stream, text, more }).is_ok()
                });
                drop(gone);
                let _ = sender.send(Event::Closed);
            })
        };
        let (out, err) = (streams(Stream::Out)?, streams(Stream::Err)?);
        let messages = sender.clone();
        let console = listener(move |console: Box<dyn Read + Send>| {
            let _ = lines(console, MAX_LINE, &mut |line, _| messages.send(Event::Message(line)).is_ok());
            let _ = messages.send(Event::Closed);
        })?;
        let child = listener(move |mut child: Child| {
            let _ = sender.send(Event::Ended(child.wait()));
        })?;
        Ok(Self { events, out, err, console, child, program: pass_signals_on()? })
    }

    fn listen(self, mut child: Child, console: UnixStream) -> anyhow::Result<Receiver<Event>> {
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (out, err) =
            (out.context("the program has no output")?, err.context("the program has no output")?);
        let gone = "a thread for the log has ended";
        self.program.send(Pid::from_child(&child)).ok().context(gone)?;
        self.out.send(Box::new(out)).ok().context(gone)?;
        self.err.send(Box::new(err)).ok().context(gone)?;
        self.console.send(Box::new(console)).ok().context(gone)?;
        self.child.send(child).ok().context(gone)?;
        Ok(self.events)
    }
}

/// A thread that does this with what it is sent, once.
fn listener<T: Send + 'static>(work: impl FnOnce(T) + Send + 'static) -> anyhow::Result<Sender<T>> {
    let (sender, receiver) = channel();
    let work = move || {
        // Where nothing is sent, the program was not started.
        if let Ok(subject) = receiver.recv() {
            work(subject);
        }
    };
    std::thread::Builder::new().spawn(work).context(
        "the system gives no thread for the log, so nothing was started; raise the limit on processes \
         (`ulimit -u`, or the container's)",
    )?;
    Ok(sender)
}

/// Hands out lines without their breaks; one that is longer than `most` in pieces.
fn lines(from: Box<dyn Read>, most: usize, each: &mut dyn FnMut(Vec<u8>, bool) -> bool) -> io::Result<()> {
    use std::io::BufRead as _;
    let mut from = BufReader::with_capacity(1 << 16, from);
    loop {
        let mut line = Vec::new();
        if from.by_ref().take(most as u64).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let whole = line.pop_if(|last| *last == b'\n').is_some();
        if !each(line, !whole) {
            return Ok(());
        }
    }
}

fn pass_signals_on() -> anyhow::Result<Sender<Pid>> {
    let signals = [SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT, SIGINT, SIGQUIT];
    let mut signals = signal_hook::iterator::Signals::new(signals).context("cannot watch for signals")?;
    listener(move |program| {
        // What a terminal sends goes to the program by itself, and would come twice.
        let at_terminal = io::IsTerminal::is_terminal(&io::stdin());
        for signal in signals.forever() {
            if at_terminal && matches!(signal, SIGINT | SIGQUIT) {
                continue;
            }
            if let Some(signal) = Signal::from_named_raw(signal) {
                // The program may be gone already.
                let _ = rustix::process::kill_process(program, signal);
            }
        }
    })
}

/// The log, and where what is logged is passed on to.
struct Writer {
    log: LogWriter<File>,
    key_file: Option<PathBuf>,
    /// The number of the entry that the key in the file is for.
    kept: u64,
    messages: u64,
}

impl Writer {
    fn open(log: &Log, command: &[OsString]) -> anyhow::Result<Self> {
        let shown = || log.file.display().to_string();
        if std::fs::metadata(&log.file).is_ok_and(|metadata| !metadata.is_file()) {
            bail!("{}: not a regular file", log.file.display());
        }
        let mut options = File::options();
        options.read(true).append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&log.file).with_context(shown)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).with_context(
            || format!("{}: another program is writing it; name another log", log.file.display()),
        )?;
        if log.append_only {
            append_only(&file).with_context(|| {
                format!(
                    "{}: the file system can't be told to only append to it (it takes ext4, xfs or btrfs, and root)",
                    log.file.display()
                )
            })?;
        }
        let key = log.key.as_deref().map(read_key).transpose()?;
        let kept = key.as_ref().map_or(0, LogKey::entry);
        let end = tail(&mut file).with_context(shown)?;
        let time = now();
        let writer = LogWriter::new(file, end, key, &time).with_context(shown)?;
        let mut writer = Self { log: writer, key_file: log.key.clone(), kept, messages: 0 };
        let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        let mut start = Entry::new(Kind::Start, time);
        start.text = Some(words.join(" ").into());
        writer.log.add(start).with_context(shown)?;
        Ok(writer)
    }

    /// Writes until the program and its streams are at their end.
    fn follow(&mut self, events: &Receiver<Event>, key: &FrameKey, program: Pid) -> anyhow::Result<u8> {
        let mut ended = None;
        self.write_down(events, key, &mut ended).map_err(|error| {
            if ended.is_some() {
                return error;
            }
            // What nobody can look up afterwards must not happen.
            end(program, events);
            error.context("the program was ended, so that it does not go on without its log")
        })
    }

    fn write_down(
        &mut self,
        events: &Receiver<Event>,
        key: &FrameKey,
        ended: &mut Option<ExitStatus>,
    ) -> anyhow::Result<u8> {
        let mut open = 3;
        while open > 0 || ended.is_none() {
            let event = match (&*ended, events.try_recv()) {
                (_, Ok(event)) => Ok(event),
                (None, Err(_)) => {
                    self.keep_key(1)?;
                    events.recv().map_err(|_| RecvTimeoutError::Disconnected)
                }
                (Some(_), Err(_)) => events.recv_timeout(GRACE),
            };
            match event {
                Ok(Event::Output { stream, text, more }) => self.output(stream, &text, more)?,
                Ok(Event::Message(line)) => self.message(&line, key)?,
                Ok(Event::Closed) => open -= 1,
                Ok(Event::Ended(status)) => *ended = Some(status.context("the program can't be waited for")?),
                Err(_) => break,
            }
            self.keep_key(KEPT_KEYS)?;
        }
        let status = ended.context("the program can't be waited for")?;
        let mut end = Entry::new(Kind::End, now());
        end.text = Some(match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}").into(),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()).into(),
        });
        self.log.add(end).context("the log can't be written")?;
        self.keep_key(1)?;
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        Ok(u8::try_from(code).unwrap_or(u8::MAX))
    }

    fn output(&mut self, stream: Stream, text: &[u8], more: bool) -> anyhow::Result<()> {
        let mut entry = Entry::new(Kind::Output, now());
        entry.stream = Some(stream);
        entry.text = Some(String::from_utf8_lossy(text));
        entry.more = more;
        self.log.add(entry).context("the log can't be written")?;
        pass_on(stream, text, if more { b"" } else { b"\n" });
        Ok(())
    }

    fn message(&mut self, line: &[u8], key: &FrameKey) -> anyhow::Result<()> {
        let message = match frame(line, self.messages, key) {
            Ok(message) => message,
            Err(error) => return self.forged(&String::from_utf8_lossy(line), error),
        };
        if message.n > self.messages {
            let lost = message.n - self.messages;
            self.forged(&format!("{lost} messages of the console did not arrive"), FrameError::Malformed)?;
        }
        self.messages = message.n + 1;
        let mut entry = Entry::new(Kind::Console, now());
        entry.stream = Some(message.stream);
        entry.module = Some(message.module.into());
        entry.text = Some((&*message.text).into());
        self.log.add(entry).context("the log can't be written")?;
        pass_on(message.stream, message.text.as_bytes(), b"\n");
        Ok(())
    }

    fn forged(&mut self, text: &str, error: FrameError) -> anyhow::Result<()> {
        let mut entry = Entry::new(Kind::Forged, now());
        entry.text = Some(format!("{error}: {text}").into());
        self.log.add(entry).context("the log can't be written")?;
        let shown = format!("nodeward: what claims to be a module's message is {error}: {}", Printable(text));
        pass_on(Stream::Err, shown.as_bytes(), b"\n");
        Ok(())
    }

    /// Writes the key down once it is so many entries further than the one in the file.
    fn keep_key(&mut self, entries: u64) -> anyhow::Result<()> {
        let (Some(key), Some(file)) = (self.log.key(), &self.key_file) else { return Ok(()) };
        if key.entry() - self.kept >= entries {
            disk::replace(file, |out| out.write_all(key.to_text().as_bytes()))
                .with_context(|| format!("{}: the key can't be replaced", file.display()))?;
            self.kept = key.entry();
        }
        Ok(())
    }
}

/// Has the program end. What it says until then is not passed on either, as it is in no log.
fn end(program: Pid, events: &Receiver<Event>) {
    for signal in [Signal::TERM, Signal::KILL] {
        // It may be gone already.
        let _ = rustix::process::kill_process(program, signal);
        let until = Instant::now() + TO_END;
        loop {
            match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Event::Ended(_)) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
    }
}

/// To where it would have gone. Whoever closed that does not want it.
fn pass_on(stream: Stream, text: &[u8], end: &[u8]) {
    let line = [text, end].concat();
    let _ = match stream {
        Stream::Out => {
            let mut out = io::stdout().lock();
            out.write_all(&line).and_then(|()| out.flush())
        }
        Stream::Err => io::stderr().lock().write_all(&line),
    };
}

fn now() -> String {
    Timestamp::now().to_string()
}

#[cfg(target_os = "linux")]
fn append_only(file: &File) -> io::Result<()> {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
    Ok(ioctl_setflags(file, ioctl_getflags(file)? | IFlags::APPEND)?)
}

#[cfg(not(target_os = "linux"))]
fn append_only(_file: &File) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Whether the log is where the program may write.
pub(crate) fn is_below(log: &Path, writes: &[PathBuf]) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let log = log
        .parent()
        .map_or_else(|| real(log), |folder| real(folder).join(log.file_name().unwrap_or_default()));
    writes.iter().any(|write| log.starts_with(real(write)))
}
