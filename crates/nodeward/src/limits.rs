//! What a confined program may use, as the command line says it.

use std::time::Duration;

use nodeward_sandbox::Limits;

/// The options of all commands that run something confined, within limits of the user's.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct LimitArgs {
    /// End what runs after this time: 90s, 10m, 2h [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
    /// The most memory that it and what it starts may use: 512m, 4g [default: 8g]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// The most that it may write: 512m, 4g [default: 4g]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    disk: Option<u64>,
    /// The most processes at once that it may have [default: 512]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    processes: Option<u64>,
}

impl LimitArgs {
    /// The limits: what nobody says is as usual.
    pub(crate) fn limits(self) -> Limits {
        let usual = Limits::default();
        Limits {
            time: self.time.unwrap_or(usual.time),
            memory: self.memory.unwrap_or(usual.memory),
            disk: self.disk.unwrap_or(usual.disk),
            file_size: self.disk.unwrap_or(usual.file_size),
            processes: self.processes.unwrap_or(usual.processes),
            ..usual
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) =
        text.split_at(text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).len());
    let number: u64 = number.parse().map_err(|_| format!("{text} is no time: 90s, 10m, 2h"))?;
    let seconds = match unit {
        "s" | "" => Some(1),
        "m" => Some(60),
        "h" => Some(60 * 60),
        _ => None,
    };
    let seconds = seconds.and_then(|unit| number.checked_mul(unit)).filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs).ok_or_else(|| format!("{text} is no time: 90s, 10m, 2h"))
}

fn size(text: &str) -> Result<u64, String> {
    let (number, unit) =
        text.split_at(text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).len());
    let number: u64 = number.parse().map_err(|_| format!("{text} is no size: 512m, 4g"))?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" => Some(1),
        "k" => Some(1 << 10),
        "m" => Some(1 << 20),
        "g" => Some(1 << 30),
        _ => None,
    };
    let bytes = factor.and_then(|factor| number.checked_mul(factor)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("{text} is no size: 512m, 4g"))
}
