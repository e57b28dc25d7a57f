//! The language server as an editor meets it: messages in, messages out.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nodeward_testkit::Project;
use serde_json::{Value, json};

use crate::harness::World;

/// Longer than any answer takes; only a server that hangs is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

struct Client {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    next: i64,
    _world: World,
}

impl Client {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let world = World::new();
        let mut command = world.command(&[&["lsp"], arguments].concat(), folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut server = command.spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    match line.trim().strip_prefix("Content-Length: ") {
                        Some(number) => length = number.parse().unwrap(),
                        None => break,
                    }
                }
                let mut body = vec![0; length];
                output.read_exact(&mut body).unwrap();
                if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                    return;
                }
            }
        });
        let input = server.stdin.take().unwrap();
        Self { server, input, messages, next: 0, _world: world }
    }

    /// A client that has said what it can, in a project.
    fn in_project(project: &Project, arguments: &[&str]) -> Self {
        let mut client = Self::start(project.path(), arguments);
        let capabilities = json!({ "textDocument": {
            "publishDiagnostics": { "relatedInformation": true, "codeDescriptionSupport": true },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
        } });
        let folders = json!([{ "uri": uri(project, ""), "name": "project" }]);
        let params = json!({ "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": capabilities });
        let answer = client.ask("initialize", params);
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16", "{answer}");
        client.tell("initialized", json!({}));
        client
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.wait(|message| message["id"] == id)
    }

    #[track_caller]
    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server answers");
            if wanted(&message) {
                return message;
            }
        }
    }

    fn open(&mut self, project: &Project, path: &str) {
        let text = project.read(path);
        let document =
            json!({ "uri": uri(project, path), "languageId": "javascript", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, uri: &str, version: i64, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// The diagnostics of a version of a file, once they are what is wanted.
    #[track_caller]
    fn diagnostics(&mut self, uri: &str, version: i64, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let message = self.wait(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && params["version"] == version
                && wanted(params["diagnostics"].as_array().unwrap())
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn leave(mut self) -> i32 {
        let answer = self.ask("shutdown", Value::Null);
        assert_eq!(answer["result"], Value::Null);
        self.tell("exit", Value::Null);
        self.server.wait().unwrap().code().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn uri(project: &Project, path: &str) -> String {
    let folder = project.path().to_string_lossy().replace('\\', "/");
    let path = if path.is_empty() { folder } else { format!("{folder}/{path}") };
    if path.starts_with('/') { format!("file://{path}") } else { format!("file:///{path}") }
}

fn range(line: u32, from: u32, to: u32) -> Value {
    json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } })
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap_or_default()).collect()
}

const BUFFER: &str = "const a = '😀', b = new Buffer(xyz);\n";

#[test]
fn findings_follow_the_typing_and_can_be_mended() {
    let project = Project::empty().file("a.js", BUFFER);
    let mut client = Client::in_project(&project, &["--policy", "experimental", "--stdio"]);
    let a = uri(&project, "a.js");
    client.open(&project, "a.js");
    let found = client.diagnostics(&a, 1, |found| codes(found) == ["buffer-constructor"]);
    assert_eq!(found[0]["range"], range(0, 20, 35), "{}", found[0]);
    assert_eq!(found[0]["source"], "nodeward");
    assert!(found[0]["codeDescription"]["href"].as_str().unwrap().starts_with("https://cwe.mitre.org/"));

    // A line above moves it; an emoji counts as two.
    client.change(
        &a,
        2,
        json!([{ "range": range(0, 0, 0), "text": "// 😀\n" }, { "range": range(1, 11, 13), "text": "b" }]),
    );
    let found = client.diagnostics(&a, 2, |found| codes(found) == ["buffer-constructor"]);
    assert_eq!(found[0]["range"], range(1, 19, 34));

    let hover = client.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": a }, "position": { "line": 1, "character": 22 } }),
    );
    let page = hover["result"]["contents"]["value"].as_str().unwrap();
    assert!(page.starts_with("**buffer-constructor**") && page.contains("```js\n"), "{page}");
    assert_eq!(hover["result"]["contents"]["kind"], "markdown");
    let nothing = client.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": a }, "position": { "line": 0, "character": 0 } }),
    );
    assert_eq!(nothing["result"], Value::Null);

    let params =
        json!({ "textDocument": { "uri": a }, "range": range(1, 22, 22), "context": { "diagnostics": [] } });
    let actions = client.ask("textDocument/codeAction", params)["result"].clone();
    let titles: Vec<&str> =
        actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles[0].contains("Buffer.from"), "{titles:?}");
    assert_eq!(titles[1], "Suppress buffer-constructor here: write the reason after the colon");
    let edit = &actions[0]["edit"]["changes"][&a][0];
    assert_eq!(edit["range"]["start"], json!({ "line": 1, "character": 19 }), "{edit}");
    let edit = &actions[1]["edit"]["changes"][&a][0];
    assert_eq!(
        (&edit["newText"], &edit["range"]),
        (&"// nodeward-ignore buffer-constructor: \n".into(), &range(1, 0, 0))
    );

    // The comment without its reason hides nothing; with one it does, and its rule has a page.
    client.change(&a, 3, json!([{ "range": edit["range"], "text": edit["newText"] }]));
    client.diagnostics(&a, 3, |found| codes(found) == ["ignore-comment", "buffer-constructor"]);
    client.change(&a, 4, json!([{ "range": range(1, 39, 39), "text": "it is old" }]));
    client.diagnostics(&a, 4, |found| found.is_empty());
    let hover = client.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": a }, "position": { "line": 1, "character": 25 } }),
    );
    assert!(
        hover["result"]["contents"]["value"].as_str().unwrap().starts_with("**buffer-constructor**"),
        "{hover}"
    );

    // What is broken while typing is said, and what was found before stays.
    client.change(&a, 5, json!([{ "text": format!("{BUFFER}\nlet = ;") }]));
    let found = client.diagnostics(&a, 5, |found| !found.is_empty());
    assert!(found[0]["message"].as_str().unwrap().contains("was not checked"), "{found:?}");

    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": a } }));
    client.wait(|message| {
        message["params"]["uri"] == a.as_str() && message["params"]["diagnostics"] == json!([])
    });
    assert_eq!(client.leave(), 0);
}

#[test]
fn values_are_followed_from_file_to_file() {
    let project = Project::empty()
        .file(
            "server.js",
            "const express = require('express');\nconst { run } = require('./run');\nconst app = express();\n\
             app.get('/', (req, res) => res.send(run(req.query.name)));\n",
        )
        .file("run.js", "const { execSync } = require('child_process');\nexports.run = (name) => execSync('git log ' + name);\n");
    let mut client = Client::in_project(&project, &["--policy", "strict"]);
    client.open(&project, "run.js");
    let run = uri(&project, "run.js");
    let found = client.diagnostics(&run, 1, |found| codes(found).contains(&"command-injection"));
    let finding = found.iter().find(|found| found["code"] == "command-injection").unwrap();
    let steps = finding["relatedInformation"].as_array().unwrap();
    assert_eq!(steps[0]["location"]["uri"], uri(&project, "server.js"), "{finding}");
    assert_eq!(steps[0]["location"]["range"]["start"]["line"], 3);
    // An edit elsewhere moves it; an edit of it takes it away until the file is saved.
    client.change(&run, 2, json!([{ "range": range(0, 0, 0), "text": "\n" }]));
    let found = client.diagnostics(&run, 2, |found| codes(found).contains(&"command-injection"));
    assert_eq!(found[0]["range"]["start"]["line"], 2, "{found:?}");
    client.change(&run, 3, json!([{ "range": range(2, 24, 60), "text": "execSync(name);" }]));
    client.diagnostics(&run, 3, |found| !codes(found).contains(&"command-injection"));
    client.tell("textDocument/didSave", json!({ "textDocument": { "uri": run } }));
    client.diagnostics(&run, 3, |found| codes(found).contains(&"command-injection"));
    assert_eq!(client.leave(), 0);
}

#[test]
fn the_projects_settings_hold() {
    let config = "[lint]\npolicy = \"common\"\n\n[[lint.requirement]]\nid = \"no-eval\"\nkind = \"banned-call\"\nname = \"eval\"\n\
                  message = \"no eval here\"\nexplanation = \"https://wiki.example.org/eval\"\nthreat = \"RCE\"\n\
                  except = [{ files = \"old\", reason = \"it goes next year\" }]\n";
    let code = "export const f = (a) => eval(a);\n";
    let project =
        Project::empty().file("nodeward.toml", config).file("src/a.ts", code).file("old/b.ts", code);
    let mut client = Client::in_project(&project, &[]);
    let (a, b) = (uri(&project, "src/a.ts"), uri(&project, "old/b.ts"));
    client.open(&project, "src/a.ts");
    let found = client.diagnostics(&a, 1, |found| codes(found).contains(&"no-eval"));
    let finding = found.iter().find(|found| found["code"] == "no-eval").unwrap();
    assert_eq!(finding["codeDescription"]["href"], "https://wiki.example.org/eval");
    client.open(&project, "old/b.ts");
    let found = client.diagnostics(&b, 1, |_| true);
    assert!(!codes(&found).contains(&"no-eval"), "{found:?}");
    let hover = client.ask(
        "textDocument/hover",
        json!({ "textDocument": { "uri": a }, "position": { "line": 0, "character": 26 } }),
    );
    assert!(
        hover["result"]["contents"]["value"].as_str().unwrap().contains("Nothing may call `eval`."),
        "{hover}"
    );
    // A mistake in the settings is told once, with its place.
    let project = project.file("nodeward.toml", "[lnt]\n");
    client.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri(&project, "nodeward.toml") } }));
    let message = client.wait(|message| message["method"] == "window/showMessage");
    assert!(
        message["params"]["message"].as_str().unwrap().contains("nodeward.toml:1:2: unknown field `lnt`"),
        "{message}"
    );
    assert_eq!(client.leave(), 0);
}

#[test]
fn units_are_those_that_the_client_asks_for() {
    for (encoding, from) in [("utf-8", 22), ("utf-32", 19)] {
        let project = Project::empty().file("a.js", BUFFER);
        let mut client = Client::start(project.path(), &["--policy", "experimental"]);
        let params = json!({ "capabilities": { "general": { "positionEncodings": [encoding, "utf-16"] } }, "rootUri": uri(&project, "") });
        let answer = client.ask("initialize", params);
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], encoding);
        client.open(&project, "a.js");
        let found = client.diagnostics(&uri(&project, "a.js"), 1, |found| !found.is_empty());
        assert_eq!(found[0]["range"], range(0, from, from + 15));
        assert_eq!(client.leave(), 0);
    }
}

#[test]
fn whatever_is_sent_the_server_goes_on() {
    let project = Project::empty().file("a.js", BUFFER);
    let mut client = Client::start(project.path(), &["--policy", "experimental"]);
    let code = |answer: &Value| answer["error"]["code"].as_i64().unwrap();
    assert_eq!(code(&client.ask("textDocument/hover", json!({}))), -32002);
    client.tell("textDocument/didOpen", json!({ "textDocument": { "uri": "file:///x.js", "text": "" } }));
    assert_eq!(code(&client.ask("initialize", json!([1]))), -32602);
    client.ask("initialize", json!({ "rootUri": uri(&project, "") }));
    assert_eq!(code(&client.ask("initialize", json!({}))), -32600);
    assert_eq!(code(&client.ask("no/such/thing", json!({ "a": [] }))), -32601);
    assert_eq!(code(&client.ask("textDocument/hover", json!({ "textDocument": 3 }))), -32602);

    client.raw(b"Content-Length: 3\r\n\r\n{{{");
    assert_eq!(
        code(&client.wait(|message| message["id"].is_null() && message.get("error").is_some())),
        -32700
    );
    let deep = "[".repeat(200_000);
    client.raw(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes());
    assert_eq!(
        code(&client.wait(|message| message["id"].is_null() && message.get("error").is_some())),
        -32700
    );
    client.raw(b"Content-Length: 99999999999999999999\r\n\r\n");
    assert_eq!(
        code(&client.wait(|message| message["id"].is_null() && message.get("error").is_some())),
        -32700
    );
    for odd in [
        "null",
        "3",
        "[]",
        "{}",
        "{\"id\":{}}",
        "[{\"id\":1,\"method\":\"shutdown\"}]",
        "{\"result\":1,\"id\":4}",
        "{\"method\":7}",
    ] {
        client.raw(format!("Content-Length: {}\r\n\r\n{odd}", odd.len()).as_bytes());
    }

    let a = uri(&project, "a.js");
    client.open(&project, "a.js");
    for params in [
        json!({}),
        json!({ "textDocument": { "uri": "file:///absent.js" }, "contentChanges": [] }),
        json!({ "textDocument": { "uri": a }, "contentChanges": [{ "range": range(4_000_000_000, 4_000_000_000, 0), "text": "" }] }),
        json!({ "textDocument": { "uri": a }, "contentChanges": [{ "range": range(0, 30, 2), "text": "" }] }),
        json!({ "textDocument": { "uri": a }, "contentChanges": [{ "range": { "start": -1 }, "text": "" }] }),
        json!({ "textDocument": { "uri": a }, "contentChanges": "none" }),
    ] {
        client.tell("textDocument/didChange", params);
    }
    for place in [
        json!({ "line": 4_294_967_295_u32, "character": 4_294_967_295_u32 }),
        json!({ "line": 0, "character": 12 }),
    ] {
        let answer =
            client.ask("textDocument/hover", json!({ "textDocument": { "uri": a }, "position": place }));
        assert!(answer.get("error").is_none(), "{answer}");
    }
    let everything = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 4_294_967_295_u32, "character": 0 } });
    let actions = client.ask("textDocument/codeAction", json!({ "textDocument": { "uri": a }, "range": everything, "context": { "only": ["source.fixAll"] } }));
    assert!(actions["result"].is_array(), "{actions}");

    // Two in one go: whichever comes first, both are answered once.
    let request = json!({ "id": "x", "method": "textDocument/hover", "params": { "textDocument": { "uri": a }, "position": { "line": 0, "character": 0 } } });
    client.send(&request);
    client.tell("$/cancelRequest", json!({ "id": "x" }));
    let answer = client.wait(|message| message["id"] == "x");
    assert!(answer.get("result").is_some() || answer["error"]["code"] == -32800, "{answer}");

    // Nothing of it did any harm.
    client.change(&a, 9, json!([{ "text": BUFFER }]));
    client.diagnostics(&a, 9, |found| codes(found) == ["buffer-constructor"]);
    assert_eq!(client.leave(), 0);
}

#[test]
fn who_leaves_without_a_word_is_told_by_the_exit_code() {
    let project = Project::empty();
    let mut client = Client::in_project(&project, &[]);
    client.tell("exit", Value::Null);
    assert_eq!(client.server.wait().unwrap().code(), Some(1));
    let world = World::new();
    // No message at all: standard input is empty.
    let ran = world.run(&["lsp"], project.path());
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
}
