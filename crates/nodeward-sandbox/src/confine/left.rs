//! What a program leaves running when it ends. It ends with it; its name is told.

use std::fs;
use std::io::Read as _;
use std::time::{Duration, Instant};

use rustix::process::WaitOptions;

/// How long what is just ending has for it.
const GRACE: Duration = Duration::from_millis(60);

/// How long it is between two looks.
const EACH: Duration = Duration::from_millis(3);

/// The most that are told.
const MOST: usize = 50;

/// How much of a command line is told, in bytes.
const LONGEST: usize = 1_000;

/// The command lines of all processes but this one, the first of its namespace, that go on for longer than a moment.
pub(super) fn running() -> Vec<String> {
    let end = Instant::now() + GRACE;
    loop {
        // Those that nobody else waits for.
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        let found: Vec<String> = others().filter_map(command_line).take(MOST).collect();
        if found.is_empty() || Instant::now() > end {
            return found;
        }
        std::thread::sleep(EACH);
    }
}

fn others() -> impl Iterator<Item = u32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|number| *number != std::process::id())
}

/// What a process was started as, or calls itself. `None`: it has ended.
fn command_line(process: u32) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = |name: &str| status.lines().find_map(|line| Some(line.strip_prefix(name)?.trim()));
    if value("State:")?.starts_with(['Z', 'X']) {
        return None;
    }
    // As long as the process says: no more of it than is told.
    let mut words = Vec::new();
    let file = fs::File::open(format!("/proc/{process}/cmdline")).ok()?;
    let _ = file.take(LONGEST as u64).read_to_end(&mut words);
    let words = words.strip_suffix(b"\0").unwrap_or(&words);
    let words: Vec<_> = words.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let mut line = words.join(" ");
    if line.trim().is_empty() {
        line = format!("[{}]", value("Name:")?);
    }
    line.truncate(line.floor_char_boundary(LONGEST));
    Some(line)
}
