//! Asks Node.js whether witnesses really are slow. The tests skip, and say so, where there is no `node`.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Verdict, analyse};

/// Prints the milliseconds of CPU time that a match takes, the best of three: whatever else the machine does meanwhile,
/// work that doubles does.
const TIMER: &str = "
const run = (pattern, flags, text) => {
    let best = Infinity;
    for (let round = 0; round < 3; round++) {
        const start = process.cpuUsage();
        new RegExp(pattern, flags).test(text);
        const spent = process.cpuUsage(start);
        best = Math.min(best, (spent.user + spent.system) / 1e3);
    }
    console.log(best);
};
";

fn milliseconds(runs: &[(&str, &str, String)]) -> Option<Vec<f64>> {
    let mut script = TIMER.to_owned();
    for (pattern, flags, expression) in runs {
        let pattern: String = pattern.escape_unicode().to_string();
        script.push_str(&format!("run('{pattern}', '{flags}', {expression});\n"));
    }
    let spawned = Command::new("node").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut node) = spawned else {
        eprintln!("skipped: no node on the path");
        return None;
    };
    node.stdin.take()?.write_all(script.as_bytes()).ok()?;
    let output = node.wait_with_output().ok()?;
    let lines = String::from_utf8(output.stdout).ok()?;
    let times: Vec<f64> = lines.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(times.len(), runs.len(), "node did not run every witness");
    Some(times)
}

/// Milliseconds that nothing but the match takes.
const LONG: f64 = 5.0;

#[test]
fn exponential_witnesses_double() {
    let patterns = [
        r"^(a+)+$",
        r"(a*)*b",
        r"^(\w+\s?)*$",
        r"^(?:a?b?)*$",
        r#"(['"])(?:\\.|(?!\1).)*\1"#,
        r"(?=(?:a+)+$)b",
        r"(a+)+b|[^]",
        r"^(a|aa)+$",
        r"(?<=^(?:a+)+)b",
    ];
    for pattern in patterns {
        let Verdict::Exponential { witness } = analyse(pattern, "") else { panic!("{pattern}") };
        // Until a match takes long enough to be told from all else that Node does; linear work never gets there.
        let mut last = 0.0;
        for pumps in (8..=48).step_by(4) {
            let runs = [pumps / 2, pumps].map(|pumps| (pattern, "", witness.expression(pumps)));
            let Some(times) = milliseconds(&runs) else { return };
            last = times[1];
            if last > LONG {
                assert!(last > 4.0 * times[0], "{pattern}: {times:?}");
                break;
            }
        }
        assert!(last > LONG, "{pattern}: {last}");
    }
}

#[test]
fn polynomial_witnesses_grow_faster_than_their_length() {
    let patterns = [
        (r"\s+$", ""),
        (r"a*b", ""),
        (r"^(.*)=(.*)$", ""),
        (r"^\d+\d+$", ""),
        (r"<!--.*?-->", ""),
        (r"(?:(?!.*foo)x)*", ""),
        (r"(a+)\1b", ""),
        (r"^x*(?:y|x)*!$", ""),
        (r"^(\/?|)([\s\S]*?)((?:\.{1,2}|[^\/]+?|)(\.[^.\/]*|))(?:[\/]*)$", ""),
    ];
    let mut runs = Vec::new();
    for (pattern, flags) in patterns {
        let Verdict::Polynomial { degree, witness, .. } = analyse(pattern, flags) else {
            panic!("{pattern}")
        };
        let pumps = if degree == 2 { 2_000 } else { 200 };
        let pumps = pumps / u32::try_from(witness.pump.len()).unwrap_or(1);
        runs.push((pattern, flags, witness.expression(pumps)));
        runs.push((pattern, flags, witness.expression(4 * pumps)));
    }
    let Some(times) = milliseconds(&runs) else { return };
    for ((pattern, _), times) in patterns.iter().zip(times.chunks(2)) {
        // Linear work would take four times as long.
        assert!(times[1] > 7.0 * times[0], "{pattern}: {times:?}");
    }
}
