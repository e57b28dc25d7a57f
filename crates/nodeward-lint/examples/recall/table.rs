//! The table of what was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nodeward_lint::Policy;

use super::classes::{self, Class};
use super::{Judged, Place};

#[derive(Debug, Default, Clone, Copy)]
struct Row {
    labels: usize,
    there: usize,
    by_name: usize,
    exact: [usize; 3],
    near: [usize; 3],
}

impl Row {
    fn add(&mut self, judged: &Judged) {
        self.labels += 1;
        self.there += usize::from(matches!(judged.place, Place::Known | Place::ByName));
        self.by_name += usize::from(judged.place == Place::ByName);
        for (at, policy) in Policy::ALL.into_iter().enumerate() {
            self.exact[at] += usize::from(judged.exact.is_some_and(|found| found <= policy));
            self.near[at] += usize::from(judged.near.is_some_and(|found| found <= policy));
        }
    }

    fn line(&self, name: &str) -> String {
        let part = |found: usize| match self.there {
            0 => "–".to_owned(),
            there => format!("{found} ({} %)", (found * 100 + there / 2) / there),
        };
        let [common, strict, experimental] = self.near;
        format!(
            "| {name} | {} | {} | {} | {} | {} | {} |\n",
            self.labels,
            self.there,
            part(experimental),
            part(strict),
            part(common),
            self.exact[2],
        )
    }
}

/// The table of the classes that can be seen, then what is left out.
pub(crate) fn markdown(judged: &[&Judged]) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut all = Row::default();
    let mut unseen: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in judged {
        match classes::class(&judged.label.class) {
            Class::Seen(_) => {
                rows.entry(&judged.label.class).or_default().add(judged);
                all.add(judged);
            }
            Class::Unseen(_) => *unseen.entry(&judged.label.class).or_default() += 1,
        }
    }
    let mut text = String::from(
        "| class | labels | there | experimental | strict | common | experimental, at the line itself |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (class, row) in &rows {
        text.push_str(&row.line(class));
    }
    text.push_str(&all.line("**all**"));
    let _ = writeln!(
        text,
        "\nOf {} labels the package could not be had or does not hold the labelled file; {} files were found by \
         their base names alone.",
        all.labels - all.there,
        all.by_name
    );
    text.push_str("\nLeft out:\n\n| labels | classes | why |\n|---|---|---|\n");
    let mut reasons: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    for (class, count) in unseen {
        let Class::Unseen(why) = classes::class(class) else { continue };
        let reason = reasons.entry(why).or_default();
        reason.0 += count;
        reason.1.push(class);
    }
    for (why, (count, classes)) in reasons {
        let _ = writeln!(text, "| {count} | {} | {why} |", classes.join(", "));
    }
    text
}
