//! `FROM node:20-alpine` and its many forms.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::{Found, Said};
use crate::place::Position;

/// The longest text that a variable may grow into.
const MAX_EXPANDED_BYTES: usize = 4096;

pub(super) fn read(text: &str) -> Vec<Found> {
    let mut reader = Reader::default();
    for instruction in instructions(text) {
        reader.instruction(&instruction);
    }
    reader.found
}

/// One instruction with its continued lines joined.
struct Instruction {
    text: String,
    position: Position,
}

fn instructions(text: &str) -> Vec<Instruction> {
    let escape = escape(text);
    let mut all = Vec::new();
    let mut open: Option<Instruction> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        // A comment or an empty line within a continued instruction does not end it.
        if trimmed.starts_with('#') || trimmed.is_empty() {
            continue;
        }
        let column = line.chars().take_while(|c| c.is_whitespace()).count() as u32 + 1;
        let position = Position { line: index as u32 + 1, column };
        let current = open.get_or_insert_with(|| Instruction { text: String::new(), position });
        match trimmed.strip_suffix(escape) {
            Some(part) => {
                current.text.push_str(part);
                current.text.push(' ');
            }
            None => {
                current.text.push_str(trimmed);
                all.extend(open.take());
            }
        }
    }
    all.extend(open);
    all
}

/// `# escape=` before the first instruction says which character continues a line.
fn escape(text: &str) -> char {
    let comments = text.lines().map(str::trim).take_while(|line| line.starts_with('#'));
    let directive = comments
        .filter_map(|line| line[1..].trim().split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("escape"));
    if directive.is_some_and(|(_, value)| value.trim() == "`") { '`' } else { '\\' }
}

#[derive(Default)]
struct Reader {
    /// `ARG` before the first `FROM`, which later `FROM`s may use.
    arguments: BTreeMap<String, String>,
    stages: BTreeSet<String>,
    seen_from: bool,
    found: Vec<Found>,
}

impl Reader {
    fn instruction(&mut self, instruction: &Instruction) {
        let (name, rest) =
            instruction.text.split_once(char::is_whitespace).unwrap_or((&instruction.text, ""));
        match name.to_ascii_uppercase().as_str() {
            "ARG" if !self.seen_from => self.argument(rest),
            "FROM" => self.from(rest, instruction.position),
            "ENV" => self.variable(rest, instruction.position),
            _ => {}
        }
    }

    fn argument(&mut self, rest: &str) {
        for word in rest.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value = self.expand(unquote(value));
            self.arguments.insert(name.to_owned(), value);
        }
    }

    fn from(&mut self, rest: &str, position: Position) {
        self.seen_from = true;
        let mut words = rest.split_whitespace().skip_while(|word| word.starts_with("--"));
        let Some(image) = words.next().map(|image| self.expand(unquote(image))) else { return };
        let is_stage = self.stages.contains(&image.to_ascii_lowercase());
        if let (Some("as"), Some(stage)) =
            (words.next().map(str::to_ascii_lowercase).as_deref(), words.next())
        {
            self.stages.insert(stage.to_ascii_lowercase());
        }
        if !is_stage && let Some(said) = node_image(&image) {
            self.found.push(Found { said, said_by: format!("FROM {image}"), position });
        }
    }

    /// `ENV NODE_VERSION=20.11.1`, from which many images fetch Node.js themselves.
    fn variable(&mut self, rest: &str, position: Position) {
        let value = match rest.trim().strip_prefix("NODE_VERSION ") {
            Some(value) => Some(value.trim()),
            None => rest.split_whitespace().find_map(|word| word.strip_prefix("NODE_VERSION=")),
        };
        if let Some(value) = value.map(unquote).filter(|value| !value.contains('$')) {
            self.found.push(Found {
                said: Said::Version(value.into()),
                said_by: "ENV NODE_VERSION".to_owned(),
                position,
            });
        }
    }

    /// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`; what is not known stays as written.
    fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let (name, default, end) = match after.strip_prefix('{') {
                Some(braced) => {
                    let Some(close) = braced.find('}') else { break };
                    let inside = &braced[..close];
                    let (name, default) = inside.split_once('-').map_or((inside, None), |(name, default)| {
                        (name.strip_suffix(':').unwrap_or(name), Some(default))
                    });
                    (name, default, close + 2)
                }
                None => {
                    let end =
                        after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                    (&after[..end], None, end)
                }
            };
            let value =
                self.arguments.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(default);
            expanded.push_str(value.unwrap_or(&rest[at..=at + end]));
            rest = &after[end..];
            if expanded.len() > MAX_EXPANDED_BYTES {
                return text.to_owned();
            }
        }
        expanded.push_str(rest);
        expanded
    }
}

fn unquote(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// What an image reference `[host[:port]/][path/]name[:tag][@digest]` says of Node.js.
fn node_image(image: &str) -> Option<Said> {
    let (reference, digest) =
        image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = reference.rsplit('/').next()?;
    let (name, tag) = last.split_once(':').map_or((last, None), |(name, tag)| (name, Some(tag)));
    if name == "node" {
        // A digest alone fixes an image without saying which version is in it.
        return Some(Said::ImageTag(tag.or(digest).unwrap_or("latest").into()));
    }
    // `distroless/nodejs20-debian12`, `ubi9/nodejs-20`.
    let rest = name.strip_prefix("nodejs")?;
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (end > 0).then(|| Said::Version(digits[..end].into()))
}
