//! Programs that a file starts: what a Node.js among them loads.

use crate::oxc::ast::CallExpression;
use crate::oxc::{GetSpan as _, NodeId, Span};

use super::calls::Finder;
use super::value::{Known, Rest, Value, is_absolute};
use super::{Act, HOLE};

impl<'a> Finder<'_, 'a, '_> {
    /// What a call of `node:child_process` and its kin starts.
    pub(super) fn program(&mut self, node: NodeId, call: &'a CallExpression<'a>, module: &str, name: &str) {
        let argument = |at: usize| self.folder.argument(call, at);
        let span = |at: usize| call.arguments.get(at).map_or(call.span, |argument| argument.span());
        match (module, name) {
            ("child_process", "fork") => {
                let what = argument(0);
                self.load(node, Act::Child, &what, None, span(0));
            }
            ("child_process", "spawn" | "spawnSync" | "execFile" | "execFileSync") => {
                let program = argument(0);
                let is_node = program.values.iter().any(|value| match value {
                    Value::Executable => true,
                    Value::Text(text) => text == "node",
                    _ => false,
                });
                if is_node {
                    self.started(node, &argument(1), span(1));
                }
            }
            ("cluster", "setupPrimary" | "setupMaster") => {
                let what = self.folder.property(&argument(0), "exec");
                self.load(node, Act::Child, &what, None, span(0));
            }
            ("child_process", "exec" | "execSync") => {
                for command in argument(0).texts() {
                    self.command(node, command, span(0));
                }
            }
            ("test", "run") => {
                let what = self.folder.property(&argument(0), "files").elements();
                self.load(node, Act::Child, &what, None, span(0));
            }
            _ => {}
        }
    }

    /// What a command line starts, if it is Node.js that it starts.
    fn command(&mut self, node: NodeId, command: &str, span: Span) {
        let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let Some(program) = words.next() else { return };
        let words: Vec<Known<'a>> = words.map(Known::text).collect();
        let is_script = |known: &Known<'a>| {
            known.texts().any(|text| [".js", ".cjs", ".mjs"].iter().any(|ending| text.ends_with(ending)))
        };
        // `process.execPath` is no text.
        let may_be_node = program.chars().all(|character| character == HOLE) && words.iter().any(is_script);
        if program == "node" || program.ends_with("/node") || may_be_node {
            let words = Value::List { elements: words, rest: Rest::Nothing };
            self.started(node, &Known::one(words), span);
        }
    }

    /// What a Node.js that is started with these arguments loads: its script, and what options name.
    pub(super) fn started(&mut self, node: NodeId, arguments: &Known<'a>, span: Span) {
        let [Value::List { elements, rest }] = &arguments.values[..] else { return };
        let is_option = |known: &Known<'a>| known.texts().any(|text| text.starts_with('-'));
        let mut is_named = false;
        for element in elements {
            let names = element.texts().any(|text| {
                matches!(text, "-r" | "--require" | "--import" | "--loader" | "--experimental-loader")
            });
            if is_option(element) {
                is_named = names;
                continue;
            }
            // A bare name after `--require` is a package's; all else is found from the working directory.
            let is_bare = |text: &str| !is_absolute(text) && !text.starts_with(['.']) && !text.contains(':');
            let act = match is_named && element.texts().all(is_bare) {
                true => Act::Require,
                false => Act::Child,
            };
            self.load(node, act, element, None, span);
            // The script is the first that no option names; what follows is for the script.
            if !is_named && *rest == Rest::Nothing {
                return;
            }
            is_named = false;
        }
    }
}
