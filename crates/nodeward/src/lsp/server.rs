//! The conversation with the client: one thread that answers, and never computes for long.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use nodeward_lint::{Depth, Policy, Requirement};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::analysis::{self, Analysed, Analyst, Snapshot, Workers};
use super::diagnostics::{self, Abilities};
use super::documents::Document;
use super::hover::{self, Markup};
use super::position::Encoding;
use super::protocol::*;
use super::wire::{self, Incoming};
use super::{actions, uri};
use crate::config::Config;
use crate::outcome::Outcome;
use crate::session::Session;

/// How long nobody has to have typed before the buffer is looked at.
const PAUSE: Duration = Duration::from_millis(120);
/// How long until a project is followed again, so that opening many files follows it once.
const PROJECT_PAUSE: Duration = Duration::from_millis(400);
/// More files are not kept.
const MAX_DOCUMENTS: usize = 2_000;
/// More bytes of text are not kept.
const MAX_TEXT: usize = 1 << 30;
/// Messages that wait to be answered; then the client has to.
const MAX_WAITING: usize = 16;

/// What wakes the server.
pub(super) enum Event {
    Incoming(Incoming),
    Analysed(analysis::Outcome),
    /// The client is gone.
    End,
}

/// Serves the client on standard input and output until it ends the conversation.
pub(crate) fn serve(policy: Option<Policy>, session: &Session) -> anyhow::Result<Outcome> {
    let (sender, events) = mpsc::sync_channel(MAX_WAITING);
    let reading = sender.clone();
    std::thread::Builder::new().name("input".to_owned()).spawn(move || listen(&reading))?;
    let mut server = Server {
        session,
        policy,
        sender,
        output: Box::new(io::stdout()),
        phase: Phase::Waiting,
        encoding: Encoding::Utf16,
        abilities: Abilities::default(),
        markup: Markup::Plain,
        directory: session.directory.clone(),
        roots: Vec::new(),
        documents: BTreeMap::new(),
        workers: None,
        projects: BTreeMap::new(),
        told: HashSet::new(),
    };
    server.run(&events)
}

fn listen(sender: &SyncSender<Event>) {
    let mut input = BufReader::new(io::stdin());
    while let Ok(Some(incoming)) = wire::read(&mut input) {
        if sender.send(Event::Incoming(incoming)).is_err() {
            return;
        }
    }
    let _ = sender.send(Event::End);
}

/// How far the conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// For `initialize`.
    Waiting,
    Running,
    /// The client said `shutdown`.
    Leaving,
}

struct Server<'s> {
    session: &'s Session,
    policy: Option<Policy>,
    sender: SyncSender<Event>,
    output: Box<dyn Write>,
    phase: Phase,
    encoding: Encoding,
    abilities: Abilities,
    markup: Markup,
    /// The folder that paths are shown from.
    directory: PathBuf,
    /// The folders of the workspace.
    roots: Vec<PathBuf>,
    documents: BTreeMap<String, Document>,
    workers: Option<Workers>,
    /// The projects to follow, and when.
    projects: BTreeMap<PathBuf, Instant>,
    /// Troubles that the user was told of.
    told: HashSet<String>,
}

/// An answer that is none.
struct Refusal(i32, String);

type Answer = Result<Value, Refusal>;

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal(INVALID_PARAMS, error.to_string()))
}

impl Server<'_> {
    fn run(&mut self, events: &Receiver<Event>) -> anyhow::Result<Outcome> {
        let mut waiting: VecDeque<Event> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let deadlines = self.documents.values().filter_map(|document| document.due);
                let deadline = deadlines.chain(self.projects.values().copied()).min();
                let event = match deadline {
                    Some(deadline) => events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
                    None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
                };
                match event {
                    Ok(event) => waiting.push_back(event),
                    Err(RecvTimeoutError::Timeout) => {
                        self.start_what_is_due();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return Ok(Outcome::Findings),
                }
            }
            // What was cancelled in the meantime is not worked on.
            waiting.extend(events.try_iter().take(MAX_WAITING));
            let answered = match waiting.pop_front() {
                Some(Event::Incoming(Incoming::Message(message))) if is_cancelled(&message, &mut waiting) => {
                    let refusal = Refusal(REQUEST_CANCELLED, "cancelled".to_owned());
                    self.answer(message.get("id").cloned().unwrap_or_default(), Err(refusal))
                }
                Some(Event::Incoming(Incoming::Message(message))) => match self.message(message) {
                    Ok(Some(outcome)) => return Ok(outcome),
                    Ok(None) => Ok(()),
                    Err(error) => Err(error),
                },
                Some(Event::Incoming(Incoming::Broken(reason))) => {
                    self.answer(Value::Null, Err(Refusal(PARSE_ERROR, reason)))
                }
                Some(Event::Analysed(outcome)) => self.analysed(outcome),
                Some(Event::End) => return Ok(Outcome::Findings),
                None => Ok(()),
            };
            // Who no longer reads has ended the conversation.
            if answered.is_err() {
                return Ok(Outcome::Findings);
            }
            if self.documents.values().any(|document| document.due.is_some_and(|due| due <= Instant::now())) {
                self.start_what_is_due();
            }
        }
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        wire::write(message, &mut *self.output)
    }

    fn notify(&mut self, method: &str, params: Value) -> io::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn answer(&mut self, id: Value, answer: Answer) -> io::Result<()> {
        let message = match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(Refusal(code, message)) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
            }
        };
        self.send(&message)
    }

    /// Takes one message; gives how the conversation ended, if it did.
    fn message(&mut self, mut message: Value) -> io::Result<Option<Outcome>> {
        let params = message.get_mut("params").map(Value::take).unwrap_or_default();
        let id = message.get("id").filter(|id| id.is_number() || id.is_string()).cloned();
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            // An answer to us, which asked nothing; or nothing at all.
            if message.get("result").is_none() && message.get("error").is_none() {
                let refusal = Refusal(INVALID_REQUEST, "neither a request nor a notification".to_owned());
                self.answer(id.unwrap_or_default(), Err(refusal))?;
            }
            return Ok(None);
        };
        match (id, method) {
            (_, "exit") => {
                let left = self.phase == Phase::Leaving;
                return Ok(Some(if left { Outcome::Clean } else { Outcome::Findings }));
            }
            (Some(id), method) => {
                let answer = self.request(method, params);
                self.answer(id, answer)?;
            }
            (None, method) if self.phase == Phase::Running => {
                if let Err(Refusal(_, reason)) = self.notification(method, params)? {
                    let message = format!("{method}: {reason}");
                    self.notify("window/logMessage", json!({ "type": WARNING, "message": message }))?;
                }
            }
            (None, _) => {}
        }
        Ok(None)
    }

    fn request(&mut self, method: &str, params: Value) -> Answer {
        match (self.phase, method) {
            (Phase::Waiting, "initialize") => self.initialize(read(params)?),
            (Phase::Waiting, _) => Err(Refusal(NOT_INITIALIZED, "`initialize` comes first".to_owned())),
            (Phase::Leaving, _) => Err(Refusal(INVALID_REQUEST, "after `shutdown` comes `exit`".to_owned())),
            (Phase::Running, "initialize") => Err(Refusal(INVALID_REQUEST, "initialized already".to_owned())),
            (Phase::Running, "shutdown") => {
                self.phase = Phase::Leaving;
                self.documents.clear();
                self.projects.clear();
                Ok(Value::Null)
            }
            (Phase::Running, "textDocument/hover") => {
                let AtPosition { text_document, position } = read(params)?;
                let Some(document) = self.documents.get(&text_document.uri) else { return Ok(Value::Null) };
                let requirements = self.requirements(document);
                Ok(hover::at(document, position, &requirements, self.markup).unwrap_or_default())
            }
            (Phase::Running, "textDocument/codeAction") => {
                let AtRange { text_document, range, context } = read(params)?;
                let Some(document) = self.documents.get(&text_document.uri) else { return Ok(Value::Null) };
                Ok(actions::offered(document, range, context.only.as_deref()).into())
            }
            (Phase::Running, method) => {
                Err(Refusal(METHOD_NOT_FOUND, format!("{method} is not spoken here")))
            }
        }
    }

    fn initialize(&mut self, params: InitializeParams) -> Answer {
        let able = |path: &str| params.capabilities.pointer(path);
        let encodings = able("/general/positionEncodings").and_then(Value::as_array);
        self.encoding = Encoding::agree(encodings.into_iter().flatten().filter_map(Value::as_str));
        let is = |path: &str| able(path).and_then(Value::as_bool).unwrap_or_default();
        self.abilities = Abilities {
            related: is("/textDocument/publishDiagnostics/relatedInformation"),
            links: is("/textDocument/publishDiagnostics/codeDescriptionSupport"),
        };
        let formats = able("/textDocument/hover/contentFormat").and_then(Value::as_array);
        if formats.is_some_and(|formats| formats.iter().any(|format| format == "markdown")) {
            self.markup = Markup::Markdown;
        }
        let asked = params.initialization_options.get("policy").and_then(Value::as_str);
        if let (None, Some(asked)) = (self.policy, asked) {
            self.policy = Some(asked.parse().map_err(|error| Refusal(INVALID_PARAMS, error))?);
        }
        self.roots = match params.workspace_folders {
            Some(folders) => folders.iter().filter_map(|folder| uri::to_path(&folder.uri)).collect(),
            None => {
                let root = params.root_uri.as_deref().and_then(uri::to_path);
                root.or(params.root_path.map(PathBuf::from)).into_iter().collect()
            }
        };
        // Paths mean here what they mean on the command line, in the folder of the project.
        if let Some(root) = self.roots.first().filter(|root| root.is_dir())
            && std::env::set_current_dir(root).is_ok()
        {
            self.directory = root.clone();
        }
        let analyst = Analyst {
            directory: self.directory.clone(),
            config: self.session.config.as_ref().map(|file| self.session.directory.join(file)),
            policy: self.policy,
            now: self.session.now,
        };
        let workers = Workers::start(&analyst, &self.sender);
        self.workers = Some(workers.map_err(|error| Refusal(INVALID_REQUEST, error.to_string()))?);
        self.phase = Phase::Running;
        Ok(json!({
            "capabilities": {
                "positionEncoding": self.encoding.name(),
                "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
                "hoverProvider": true,
                "codeActionProvider": { "codeActionKinds": actions::KINDS },
                "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
            },
            "serverInfo": { "name": "nodeward", "version": env!("CARGO_PKG_VERSION") },
        }))
    }

    fn notification(&mut self, method: &str, params: Value) -> io::Result<Result<(), Refusal>> {
        let done = match method {
            "textDocument/didOpen" => read(params).and_then(|opened| self.open(opened)),
            "textDocument/didChange" => read(params).and_then(|changed| self.change(changed)),
            "textDocument/didSave" => {
                read(params).map(|saved: OfDocument| self.saved(&saved.text_document.uri))
            }
            "textDocument/didClose" => match read::<OfDocument>(params) {
                Ok(closed) => {
                    let uri = closed.text_document.uri;
                    if self.documents.remove(&uri).is_some() {
                        let nothing = json!({ "uri": uri, "diagnostics": [] });
                        self.notify("textDocument/publishDiagnostics", nothing)?;
                    }
                    Ok(())
                }
                Err(refusal) => Err(refusal),
            },
            "workspace/didChangeWorkspaceFolders" => read(params).map(|changed| self.change_roots(&changed)),
            // Settings are in nodeward.toml, which may have changed.
            "workspace/didChangeConfiguration" | "workspace/didChangeWatchedFiles" => {
                self.look_at_everything();
                Ok(())
            }
            // What is known to say nothing here, what is optional, and what is not known.
            _ => Ok(()),
        };
        Ok(done)
    }

    fn open(&mut self, opened: DidOpen) -> Result<(), Refusal> {
        let OpenedDocument { uri, language_id, version, text } = opened.text_document;
        let kept: usize = self.documents.values().map(|document| document.text.len()).sum();
        if self.documents.len() >= MAX_DOCUMENTS || kept + text.len() > MAX_TEXT {
            return Err(Refusal(INVALID_REQUEST, "too many files are open".to_owned()));
        }
        let path = uri::to_path(&uri).unwrap_or_else(|| self.directory.join(unsaved(&language_id)));
        let mut document = Document::open(uri.clone(), path, version, text, self.encoding);
        if is_ours(&document.path, &self.directory) {
            document.due = Some(Instant::now());
            let root = self.root_of(&document.path);
            self.projects.insert(root, Instant::now() + PROJECT_PAUSE);
        }
        self.documents.insert(uri, document);
        Ok(())
    }

    fn change(&mut self, changed: DidChange) -> Result<(), Refusal> {
        let uri = changed.text_document.uri;
        let Some(document) = self.documents.get_mut(&uri) else {
            return Err(Refusal(INVALID_PARAMS, format!("{uri} is not open")));
        };
        document.version = changed.text_document.version.or(document.version);
        if let Err(reason) = document.change(changed.content_changes, self.encoding) {
            // What is not known exactly is not talked about.
            self.documents.remove(&uri);
            return Err(Refusal(INVALID_PARAMS, reason));
        }
        if is_ours(&document.path, &self.directory) {
            document.due = Some(Instant::now() + PAUSE);
        }
        Ok(())
    }

    fn saved(&mut self, uri: &str) {
        // Whatever was saved: it may be nodeward.toml, or what others import.
        if uri.ends_with("nodeward.toml") {
            self.told.clear();
            self.look_at_everything();
        }
        let Some(document) = self.documents.get_mut(uri) else { return };
        if !is_ours(&document.path, &self.directory) {
            return;
        }
        document.due = Some(Instant::now());
        let path = document.path.clone();
        let root = self.root_of(&path);
        self.projects.insert(root, Instant::now());
    }

    fn look_at_everything(&mut self) {
        let now = Instant::now();
        let mut roots = BTreeSet::new();
        for document in self.documents.values() {
            if is_ours(&document.path, &self.directory) {
                roots.insert(self.root_of(&document.path));
            }
        }
        for document in
            self.documents.values_mut().filter(|document| is_ours(&document.path, &self.directory))
        {
            document.due = Some(now);
        }
        self.projects.extend(roots.into_iter().map(|root| (root, now + PROJECT_PAUSE)));
    }

    fn change_roots(&mut self, changed: &FoldersChanged) {
        let paths = |folders: &[WorkspaceFolder]| -> Vec<PathBuf> {
            folders.iter().filter_map(|folder| uri::to_path(&folder.uri)).collect()
        };
        let removed = paths(&changed.event.removed);
        self.roots.retain(|root| !removed.contains(root));
        self.roots.extend(paths(&changed.event.added));
        self.look_at_everything();
    }

    /// The project that a file belongs to: the innermost folder of the workspace, or its own.
    fn root_of(&self, path: &Path) -> PathBuf {
        let around = self.roots.iter().filter(|root| path.starts_with(root));
        let root = around.max_by_key(|root| root.components().count());
        root.cloned().unwrap_or_else(|| path.parent().unwrap_or(&self.directory).to_path_buf())
    }

    fn requirements(&self, document: &Document) -> Vec<Arc<Requirement>> {
        let folder = document.path.parent().unwrap_or(&self.directory);
        let config = match &self.session.config {
            Some(file) => Config::read(&self.session.directory.join(file)),
            None => Config::for_project(folder, &self.directory),
        };
        config.map(|config| crate::lint::team::requirements(&[&config])).unwrap_or_default()
    }

    fn start_what_is_due(&mut self) {
        let now = Instant::now();
        let Some(workers) = &self.workers else { return };
        for document in self.documents.values_mut() {
            if document.due.is_some_and(|due| due <= now) {
                document.due = None;
                workers.look_at(snapshot(document));
            }
        }
        let due: Vec<PathBuf> =
            self.projects.iter().filter(|(_, due)| **due <= now).map(|(root, _)| root.clone()).collect();
        for root in due {
            self.projects.remove(&root);
            let open = self.documents.values().filter(|document| self.root_of(&document.path) == root);
            let open: Vec<Snapshot> = open.map(snapshot).collect();
            if !open.is_empty() {
                workers.follow(root, open);
            }
        }
    }

    fn analysed(&mut self, outcome: analysis::Outcome) -> io::Result<()> {
        match outcome {
            analysis::Outcome::Files(files) => files.into_iter().try_for_each(|analysed| self.show(analysed)),
            analysis::Outcome::Trouble(message) => {
                if self.told.len() < 100 && self.told.insert(message.clone()) {
                    self.notify("window/showMessage", json!({ "type": ERROR, "message": message }))?;
                }
                Ok(())
            }
        }
    }

    fn show(&mut self, analysed: Analysed) -> io::Result<()> {
        let Some(document) = self.documents.get_mut(&analysed.uri) else { return Ok(()) };
        // Of a text that is gone; the present one is looked at soon.
        if document.edits != analysed.edits {
            return Ok(());
        }
        let found = diagnostics::placed(analysed.findings, &document.text, analysed.edits);
        match analysed.depth {
            // While somebody types the text is often broken: what was found before stays where it is.
            Depth::Files if analysed.unchecked.is_some() => document.unchecked = analysed.unchecked,
            Depth::Files => {
                document.unchecked = None;
                document.shown.retain(|shown| shown.follows_values);
                let known: Vec<_> = document.shown.iter().map(key).collect();
                let new: Vec<_> = found.into_iter().filter(|shown| !known.contains(&key(shown))).collect();
                document.shown.extend(new);
            }
            Depth::Units => {
                document.shown.retain(|shown| !shown.follows_values);
                document.shown.extend(found);
            }
        }
        document.shown.sort_by_key(|shown| (shown.range.start, shown.range.end));
        let params = diagnostics::publish(document, self.abilities, self.encoding, &self.directory);
        self.notify("textDocument/publishDiagnostics", params)
    }
}

/// What makes two findings one.
fn key(shown: &super::documents::Shown) -> (Arc<str>, usize, usize) {
    (shown.linted.finding.rule.clone(), shown.range.start, shown.range.end)
}

fn snapshot(document: &Document) -> Snapshot {
    Snapshot {
        uri: document.uri.clone(),
        path: document.path.clone(),
        edits: document.edits,
        text: document.text.clone(),
    }
}

/// Whether a request that waits was cancelled; the notification that says so goes with it.
fn is_cancelled(message: &Value, waiting: &mut VecDeque<Event>) -> bool {
    let (Some(id), Some(_)) = (message.get("id"), message.get("method")) else { return false };
    let cancels = |event: &Event| match event {
        Event::Incoming(Incoming::Message(other))
            if other.get("method") == Some(&"$/cancelRequest".into()) =>
        {
            let params = other.get("params").cloned().unwrap_or_default();
            serde_json::from_value::<Cancel>(params).is_ok_and(|cancel| cancel.id == *id)
        }
        _ => false,
    };
    match waiting.iter().position(cancels) {
        Some(at) => waiting.remove(at).is_some(),
        None => false,
    }
}

/// Whether a file is the project's own: what is installed is not edited.
fn is_ours(path: &Path, directory: &Path) -> bool {
    let below = path.strip_prefix(directory).unwrap_or(path);
    let is_source = nodeward_javascript::SourceKind::of_path(path).is_some();
    is_source && !below.components().any(|part| part.as_os_str() == "node_modules")
}

/// A name for what is not saved yet, that says its language.
fn unsaved(language: &str) -> &'static str {
    match language {
        "typescript" => "untitled.ts",
        "typescriptreact" => "untitled.tsx",
        "javascriptreact" => "untitled.jsx",
        "json" => "untitled.json",
        "javascript" => "untitled.js",
        _ => "untitled",
    }
}
