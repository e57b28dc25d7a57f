//! Prints how many milliseconds it takes to read a lockfile from disk into a graph: the median of several times
//! within one process, as `bench/parsers.mjs` takes it of the package managers' own parsers.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args_os().nth(1).ok_or("which lockfile?")?);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let graph = nodeward_package::lockfile::read(&path)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if graph.packages().len() < 1000 {
            return Err("fewer packages than were made".into());
        }
    }
    times.sort_by(f64::total_cmp);
    writeln!(std::io::stdout(), "{:.3}", times[RUNS / 2])?;
    Ok(())
}
