//! One file: read, parse, ask the rules, and lower it for data flow.

use std::sync::Arc;

use nodeward_javascript::oxc::{Allocator, Span};
use nodeward_javascript::{Language, Limits, Manifest, ParseError, SourceKind, parse_within};
use nodeward_report::Gap;

use super::{Deadline, Job, Origin, SourceFile, Text};
use crate::context::{Context, FileTraits};
use crate::flow::{self, FileGraph};
use crate::issue::Issue;
use crate::rules::syntax_error;
use crate::suppress::{self, Ignore};

/// The most characters of somebody else's text in one title or fact.
const MAX_TEXT: usize = 160;

/// One thread's share, with the memory that it uses again for each file.
pub(super) struct Worker<'j> {
    job: &'j Job<'j>,
    arena: Allocator,
}

/// What was seen of a file on its own.
pub(super) struct Looked<'f> {
    /// Its place among all.
    pub(super) at: usize,
    pub(super) file: &'f SourceFile,
    pub(super) text: Arc<str>,
    pub(super) issues: Vec<Issue>,
    /// The comments of the project's own files that hide findings.
    pub(super) ignores: Vec<Ignore>,
    pub(super) gaps: Vec<Gap>,
    /// Whether its text is known.
    pub(super) is_read: bool,
    /// Whether it was checked.
    pub(super) is_checked: bool,
    /// Whether it was not because it is annotated for Flow, which the unit tells once.
    pub(super) is_for_flow: bool,
    /// Whether the time was over before the end, which the next run may reach.
    pub(super) is_late: bool,
    pub(super) traits: Option<FileTraits>,
    pub(super) graph: Option<FileGraph>,
    /// Of a `package.json`.
    pub(super) manifest: Option<Manifest>,
}

impl<'j> Worker<'j> {
    pub(super) fn new(job: &'j Job<'j>) -> Self {
        Self { job, arena: Allocator::default() }
    }

    /// Everything about one file.
    pub(super) fn look<'f>(&mut self, at: usize, file: &'f SourceFile) -> Looked<'f> {
        let mut looked = Looked {
            at,
            file,
            text: Arc::default(),
            issues: Vec::new(),
            ignores: Vec::new(),
            gaps: Vec::new(),
            is_read: false,
            is_checked: false,
            is_for_flow: false,
            is_late: false,
            traits: None,
            graph: None,
            manifest: None,
        };
        match read(&file.text, self.job.options.budget.bytes) {
            Ok(text) => {
                looked.text = text.clone();
                looked.is_read = true;
                self.look_at_text(&mut looked, &text);
            }
            Err(reason) => looked.gaps.push(unchecked(file, &reason)),
        }
        self.arena.reset();
        looked
    }

    fn look_at_text(&self, looked: &mut Looked<'_>, text: &str) {
        let file = looked.file;
        let kind = SourceKind::of_path(&file.path)
            .or_else(|| SourceKind::of_hashbang(text))
            .unwrap_or(SourceKind::JAVASCRIPT);
        let budget = &self.job.options.budget;
        let parsed = match parse_within(&self.arena, text, kind, &Limits { bytes: budget.bytes }) {
            Ok(parsed) => parsed,
            Err(error) => return self.unparsed(looked, &error),
        };
        let semantic = parsed.semantic();
        if semantic.nodes().len() > budget.nodes {
            looked.gaps.push(unchecked(file, &format!("more than {} nodes", budget.nodes)));
            return;
        }
        let package = match &file.origin {
            Origin::FirstParty => "",
            Origin::Dependency { name, .. } => name.as_str(),
        };
        let context = Context::new(&semantic, &file.path, package);
        let is_done = self.job.dispatch.run(&context, Deadline::after(budget.time));
        if !is_done {
            looked.is_late = true;
            let reason = format!("it takes longer than {} s", budget.time.as_secs_f64());
            looked.gaps.push(unchecked(file, &reason));
        }
        if file.origin == Origin::FirstParty {
            if !self.job.checker.is_empty() && !context.file.is_declaration {
                self.job.checker.run(&context);
            }
            looked.ignores = suppress::read(&context);
        }
        if !self.job.flows.is_empty() {
            if kind.language != Language::Json && !context.file.is_declaration {
                looked.graph = Some(flow::lower(&semantic));
            } else if file.path.file_name().is_some_and(|name| name == "package.json") {
                looked.manifest = Manifest::parse(text).ok();
            }
        }
        looked.traits = Some(context.file);
        looked.issues = context.into_issues();
        looked.is_checked = is_done && parsed.errors.is_empty();
        if let Some(fault) = parsed.errors.first() {
            // The parser reads on behind some faults and stops at others, and does not say which.
            self.unparsed(looked, &ParseError::Syntax(fault.clone()));
        }
    }

    /// A file that cannot be parsed was not checked; and it is a finding, because it is broken or hides something. One
    /// that says that it is annotated for Flow is neither: no engine runs it as it is.
    fn unparsed(&self, looked: &mut Looked<'_>, error: &ParseError) {
        if is_for_flow(&looked.text) {
            looked.is_for_flow = true;
            return;
        }
        let place = error.offset().map_or(String::new(), |offset| {
            let (line, column) = line_column(&looked.text, offset as usize);
            format!("line {line}, column {column}: ")
        });
        looked.gaps.push(unchecked(looked.file, &format!("{place}{error}")));
        if let (Some(offset), true) = (error.offset(), self.job.runs(syntax_error::RULE.id)) {
            let issue = Issue::new(&syntax_error::RULE, Span::new(offset, offset), error.to_string());
            looked.issues.push(issue.next("mend it, or leave it out of what is checked"));
        }
    }
}

/// Whether the first comment of a file, before any code, has Flow's mark.
fn is_for_flow(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let text = match text.strip_prefix("#!") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => text,
    };
    let text = text.trim_start();
    let comment = match text.strip_prefix("/*") {
        Some(rest) => rest.split("*/").next(),
        None => text.strip_prefix("//").and_then(|rest| rest.lines().next()),
    };
    comment.is_some_and(|comment| comment.contains("@flow"))
}

/// The text of a file; bytes that are none are shown as such.
pub(super) fn read(text: &Text, most: usize) -> Result<Arc<str>, String> {
    match text {
        Text::Memory(text) => Ok(text.clone()),
        Text::Disk(path) => {
            let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
            if size > most as u64 {
                return Err(format!("{size} bytes are more than the limit of {most}"));
            }
            let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
            Ok(String::from_utf8(bytes)
                .map_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into(), Arc::from))
        }
    }
}

/// Both from one; a column counts characters.
fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (1 + memchr::memchr_iter(b'\n', before.as_bytes()).count(), 1 + before[start..].chars().count())
}

fn unchecked(file: &SourceFile, reason: &str) -> Gap {
    Gap {
        message: clip(&format!("{} was not checked: {reason}", file.path.display())),
        remedy: "mend the file, or leave it out of what is checked".into(),
    }
}

/// Somebody else's text at a length that fits a line or two. What it holds is made visible when it is printed.
pub(super) fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
