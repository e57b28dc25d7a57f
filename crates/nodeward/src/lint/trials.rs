//! `nodeward lint --test-requirements`: does each requirement find its bad examples, and nothing in its good ones?

use std::io::{self, Write};

use nodeward_lint::requirement::{Trial, Verdict, trial};
use nodeward_report::Printable;
use serde_json::{Value, json};

use crate::config::Config;
use crate::outcome::Outcome;
use crate::requirements::Requested;

/// All trials of one requirement.
pub(crate) struct Tried<'c> {
    requested: &'c Requested,
    trials: Vec<Trial<'c>>,
}

/// Tries every requirement of the configurations that is chosen.
pub(crate) fn all<'c>(configs: &[&'c Config], only: &[String]) -> Vec<Tried<'c>> {
    let asked = configs.iter().flat_map(|config| &config.requirements);
    let chosen = asked.filter(|asked| only.is_empty() || only.iter().any(|id| **id == *asked.requirement.id));
    chosen.map(|requested| Tried { requested, trials: trial(&requested.requirement) }).collect()
}

/// What the trials come to.
pub(crate) fn outcome(tried: &[Tried<'_>]) -> Outcome {
    let verdicts = || tried.iter().flat_map(|tried| &tried.trials).map(|trial| &trial.verdict);
    if verdicts().any(|verdict| matches!(verdict, Verdict::Unparsed(_))) {
        return Outcome::Incomplete;
    }
    if verdicts().all(|verdict| *verdict == Verdict::Passed) { Outcome::Clean } else { Outcome::Findings }
}

/// The trials as text, one line for each requirement and one for each example that fails.
pub(crate) fn text(tried: &[Tried<'_>], out: &mut dyn Write) -> io::Result<()> {
    for Tried { requested, trials } in tried {
        let id = &requested.requirement.id;
        let place = requested.requirement.place.to_string();
        let failed: Vec<&Trial<'_>> =
            trials.iter().filter(|trial| trial.verdict != Verdict::Passed).collect();
        let (bad, good) = (requested.requirement.bad.len(), requested.requirement.good.len());
        match (failed.is_empty(), bad, good) {
            (true, 0, 0) => writeln!(out, "untested  {id}: no examples ({})", Printable(&place))?,
            (true, 0, _) => {
                writeln!(out, "passed    {id}: {good} good, but no bad example ({})", Printable(&place))?
            }
            (true, _, _) => writeln!(out, "passed    {id}: {bad} bad, {good} good")?,
            (false, _, _) => writeln!(out, "failed    {id}: {} of {}", failed.len(), trials.len())?,
        }
        for trial in failed {
            let place = trial.example.place.to_string();
            writeln!(out, "          {}: {}", Printable(&place), Printable(&said(trial)))?;
        }
    }
    let trials: Vec<&Trial<'_>> = tried.iter().flat_map(|tried| &tried.trials).collect();
    let failed = trials.iter().filter(|trial| trial.verdict != Verdict::Passed).count();
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    writeln!(
        out,
        "\n{}, {}, {failed} failed",
        counted(tried.len(), "requirement"),
        counted(trials.len(), "example")
    )
}

fn said(trial: &Trial<'_>) -> String {
    match &trial.verdict {
        Verdict::Passed => "passed".to_owned(),
        Verdict::Missed => "this bad example is not found".to_owned(),
        Verdict::Found(lines) => {
            let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
            let word = if lines.len() == 1 { "line" } else { "lines" };
            format!("this good example is found, on {word} {}", lines.join(", "))
        }
        Verdict::Unparsed(reason) => format!("this example is no program: {reason}"),
    }
}

/// The trials as JSON.
pub(crate) fn json(tried: &[Tried<'_>], out: &mut dyn Write) -> io::Result<()> {
    let requirements: Vec<Value> = tried.iter().map(requirement).collect();
    let document = json!({
        "schema": "nodeward.requirement-tests/1",
        "requirements": requirements,
        "exitCode": outcome(tried).code(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn requirement(Tried { requested, trials }: &Tried<'_>) -> Value {
    let examples: Vec<Value> = trials
        .iter()
        .map(|trial| {
            let (verdict, lines, reason) = match &trial.verdict {
                Verdict::Passed => ("passed", None, None),
                Verdict::Missed => ("missed", None, None),
                Verdict::Found(lines) => ("found", Some(lines), None),
                Verdict::Unparsed(reason) => ("unparsed", None, Some(reason)),
            };
            json!({
                "kind": if trial.is_bad { "bad" } else { "good" },
                "place": place(&trial.example.place),
                "verdict": verdict,
                "lines": lines,
                "reason": reason,
            })
        })
        .collect();
    json!({
        "id": &*requested.requirement.id,
        "place": place(&requested.requirement.place),
        "examples": examples,
    })
}

fn place(place: &nodeward_package::Place) -> Value {
    json!({ "file": place.file.to_string_lossy(), "line": place.line, "column": place.column })
}
