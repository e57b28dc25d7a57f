//! Findings in source: by file, each with its line, a mark under what is meant, and how the value came there.

use std::io;

use super::{INDENT, Page};
use crate::fit::{self, columns, cut, cut_middle, shown};
use crate::plan::Step;
use crate::{Excerpt, Finding};

/// Where the code of a finding starts.
const CODE: usize = INDENT + 2;
/// The most columns before what is meant, where the line is too long for the page.
const BEFORE: usize = 20;

/// The findings of a rule, in the order of their files and lines.
pub(super) fn rows(step: &Step<'_>, limit: usize, page: &mut Page<'_>) -> io::Result<()> {
    let mut findings = step.findings.clone();
    findings.sort_by(|a, b| a.place.cmp(&b.place));
    let one_title = findings.iter().all(|finding| finding.title == findings[0].title);
    for finding in findings.iter().take(limit) {
        let place = finding.place.to_string();
        page.line(&format!("{:INDENT$}{}", "", cut_middle(&place, page.width - INDENT)))?;
        if let Some(excerpt) = &finding.excerpt {
            code(excerpt, page)?;
        }
        if !one_title {
            page.paragraph(&format!("{:CODE$}", ""), &finding.title, 2)?;
        }
        evidence(finding, page)?;
        if page.style.verbose {
            super::in_full(&Finding { evidence: Vec::new(), ..(*finding).clone() }, page)?;
        }
    }
    if findings.len() > limit {
        let hidden = fit::grouped((findings.len() - limit) as u64);
        page.line(&format!("{:INDENT$}… {hidden} more (--verbose shows all)", ""))?;
    }
    Ok(())
}

/// The line, and a mark under what is meant.
fn code(excerpt: &Excerpt, page: &mut Page<'_>) -> io::Result<()> {
    let room = page.width - CODE;
    let [before, meant, after] = excerpt.parts().map(|part| shown(&part.replace('\t', " ")));
    let mut before = before.trim_start().to_owned();
    if columns(&before) + columns(&meant) > room && columns(&before) > BEFORE {
        before = format!("…{}", fit::tail(&before, BEFORE - 1));
    }
    let meant = cut(&meant, room - columns(&before));
    let after = cut(&after, room - columns(&before) - columns(&meant));
    // What is harmless in two parts may not be so when they meet.
    let line = format!("{before}{meant}{after}").replace("##", "#\u{2009}#");
    page.line(&format!("{:CODE$}{}", "", line.trim_end()))?;
    let mark = "^".repeat(columns(&meant).max(1));
    page.line(&format!("{:CODE$}{:indent$}{mark}", "", "", indent = columns(&before)))
}

/// What bears it out: steps that stand somewhere are numbered, in the order in which the value passes them.
fn evidence(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let mut number = 0;
    for evidence in &finding.evidence {
        let text = format!("{}: {}", evidence.label, evidence.value);
        let (mark, text) = match &evidence.place {
            Some(place) => {
                number += 1;
                (format!("{number}. "), format!("{place} {text}"))
            }
            None => ("- ".to_owned(), text),
        };
        page.paragraph(&format!("{:CODE$}{mark}", ""), &text, 2)?;
    }
    Ok(())
}
