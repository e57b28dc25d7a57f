//! The options of Node.js that may stand before the main file. What is not known to be harmless is refused.

use std::ffi::{OsStr, OsString};

use super::error::LaunchError;

/// Harmless options that stand alone, or have their value after `=`.
const ALONE: &[&str] = &[
    "--abort-on-uncaught-exception",
    "--allow-addons",
    "--allow-child-process",
    "--allow-inspector",
    "--allow-net",
    "--allow-wasi",
    "--allow-worker",
    "--disable-sigusr1",
    "--disallow-code-generation-from-strings",
    "--enable-source-maps",
    "--experimental-permission",
    "--experimental-require-module",
    "--experimental-sqlite",
    "--experimental-strip-types",
    "--experimental-transform-types",
    "--experimental-wasm-modules",
    "--experimental-websocket",
    "--expose-gc",
    "--force-node-api-uncaught-exceptions-policy",
    "--frozen-intrinsics",
    "--insecure-http-parser",
    "--network-family-autoselection",
    "--no-addons",
    "--no-deprecation",
    "--no-experimental-detect-module",
    "--no-experimental-fetch",
    "--no-experimental-global-navigator",
    "--no-experimental-require-module",
    "--no-experimental-sqlite",
    "--no-experimental-strip-types",
    "--no-experimental-websocket",
    "--no-extra-info-on-fatal-exception",
    "--no-global-search-paths",
    "--no-network-family-autoselection",
    "--no-strip-types",
    "--no-verify-base-objects",
    "--no-warnings",
    "--pending-deprecation",
    "--permission",
    "--throw-deprecation",
    "--tls-max-v1.2",
    "--tls-max-v1.3",
    "--tls-min-v1.2",
    "--tls-min-v1.3",
    "--trace-deprecation",
    "--trace-exit",
    "--trace-sigint",
    "--trace-sync-io",
    "--trace-tls",
    "--trace-uncaught",
    "--trace-warnings",
    "--use-bundled-ca",
    "--use-openssl-ca",
    "--use-system-ca",
    "--verify-base-objects",
    "--zero-fill-buffers",
];

/// Harmless options with a value, after `=` or as the next word.
const WITH_VALUE: &[&str] = &[
    "-C",
    "--allow-fs-read",
    "--allow-fs-write",
    "--conditions",
    "--disable-proto",
    "--disable-warning",
    "--dns-result-order",
    "--max-http-header-size",
    "--network-family-autoselection-attempt-timeout",
    "--secure-heap",
    "--secure-heap-min",
    "--title",
    "--tls-cipher-list",
    "--unhandled-rejections",
    "--v8-pool-size",
];

/// Harmless options of V8, which have their value after `=` only.
const OF_V8: &[&str] = &[
    "--max-heap-size",
    "--max-old-space-size",
    "--max-old-space-size-percentage",
    "--max-semi-space-size",
    "--min-semi-space-size",
    "--semi-space-growth-factor",
    "--stack-size",
    "--stack-trace-limit",
];

/// Options that load a module before the main file. It has to be sealed.
const PRELOADS: &[&str] = &["-r", "--require", "--import"];

const NO_FILE: &str =
    "it runs code that is in no file, so that no seal can list it; put the code into a file and seal that";
const DEBUGGER: &str = "a debugger runs any code in the program; debug without `nodeward run`";
const SOURCES: &str =
    "it lets other code decide what a module is; run such hooks when building, and seal what comes out";

/// Why well-known options are refused.
const REASONS: &[(&str, &str)] = &[
    ("-", NO_FILE),
    ("-e", NO_FILE),
    ("--eval", NO_FILE),
    ("-p", NO_FILE),
    ("-pe", NO_FILE),
    ("--print", NO_FILE),
    ("-i", NO_FILE),
    ("--interactive", NO_FILE),
    ("--input-type", NO_FILE),
    ("--loader", SOURCES),
    ("--experimental-loader", SOURCES),
    ("--inspect", DEBUGGER),
    ("--inspect-brk", DEBUGGER),
    ("--inspect-wait", DEBUGGER),
    ("--inspect-port", DEBUGGER),
    ("--inspect-publish-uid", DEBUGGER),
    ("--debug-port", DEBUGGER),
    ("--snapshot-blob", "a snapshot holds code that no seal lists; start the program from its files"),
    ("--build-snapshot", "a snapshot holds code that no seal lists; start the program from its files"),
    ("--env-file", "it can set NODE_OPTIONS, and so load other code; set the variables before the start"),
    (
        "--env-file-if-exists",
        "it can set NODE_OPTIONS, and so load other code; set the variables before the start",
    ),
    ("--experimental-config-file", "it sets options from a file; write them on the command line"),
    ("--experimental-default-config-file", "it sets options from a file; write them on the command line"),
    ("--expose-internals", "it gives the program what the guard keeps to itself"),
    ("--allow-natives-syntax", "it gives the program V8's inner functions"),
    ("--preserve-symlinks", "a sealed file has one path, its real one"),
    ("--preserve-symlinks-main", "a sealed file has one path, its real one"),
    ("--watch", "what is watched changes, and then is not what was sealed"),
    ("--test", "tests are not sealed; run them without `nodeward run`"),
    ("--run", "it starts a shell; name the main file"),
    ("--openssl-config", "it can load libraries; set up the system's own configuration"),
    ("--icu-data-dir", "it loads files that are not sealed"),
];

/// The words after `node`, in their parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Harmless options, as they stand.
    pub(super) options: Vec<OsString>,
    /// Modules to load before the main file: the option and the module.
    pub(super) preloads: Vec<(String, String)>,
    /// The main file, as it stands.
    pub(super) main: OsString,
    /// What the program gets.
    pub(super) arguments: Vec<OsString>,
}

/// What one option is.
enum Verdict {
    Harmless,
    HarmlessWithNext,
    Preload,
    Refused(String),
}

/// Takes the words apart.
pub(super) fn parse(words: &[OsString]) -> Result<Words, LaunchError> {
    let mut parsed = Words::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            parsed.main = rest.next().cloned().ok_or_else(no_main)?;
            parsed.arguments = rest.cloned().collect();
            return Ok(parsed);
        }
        if !text.starts_with('-') {
            parsed.main = word.clone();
            parsed.arguments = rest.cloned().collect();
            return Ok(parsed);
        }
        let (name, value) = text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(value)));
        match verdict(name, value.is_some()) {
            Verdict::Harmless => parsed.options.push(word.clone()),
            Verdict::HarmlessWithNext => {
                let next = rest.next().ok_or_else(|| refused(name, "it lacks a value"))?;
                parsed.options.extend([word.clone(), next.clone()]);
            }
            Verdict::Preload => {
                let next = || rest.next().map(|next| next.to_string_lossy().into_owned());
                let module = value.map(str::to_owned).or_else(next);
                let module = module.ok_or_else(|| refused(name, "it lacks a value"))?;
                parsed.preloads.push((name.to_owned(), module));
            }
            Verdict::Refused(reason) => return Err(refused(name, &reason)),
        }
    }
    Err(no_main())
}

fn no_main() -> LaunchError {
    refused("node", "without a main file it runs what comes from standard input; name a sealed file")
}

fn refused(option: &str, reason: &str) -> LaunchError {
    LaunchError::Option { option: option.to_owned(), reason: reason.to_owned() }
}

fn verdict(name: &str, has_value: bool) -> Verdict {
    // Node.js takes `_` for `-` within a name.
    let spelled = match name.strip_prefix("--") {
        Some(rest) => format!("--{}", rest.replace('_', "-")),
        None => name.to_owned(),
    };
    let spelled = spelled.as_str();
    if PRELOADS.contains(&spelled) {
        Verdict::Preload
    } else if ALONE.contains(&spelled)
        || has_value && (WITH_VALUE.contains(&spelled) || OF_V8.contains(&spelled))
    {
        Verdict::Harmless
    } else if WITH_VALUE.contains(&spelled) {
        Verdict::HarmlessWithNext
    } else {
        let known = REASONS.iter().find(|(known, _)| *known == spelled);
        let unknown =
            "it is not known to be harmless; start without it, or run the program without enforcement";
        Verdict::Refused(known.map_or(unknown, |(_, reason)| reason).to_owned())
    }
}

/// The options of a `NODE_OPTIONS`: the harmless ones, each whole, and the names of the others.
pub(super) fn of_variable(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut harmless, mut others) = (Vec::new(), Vec::new());
    let mut words = split(text).into_iter().peekable();
    while let Some(word) = words.next() {
        let (name, value) = word.split_once('=').map_or((&*word, None), |(name, value)| (name, Some(value)));
        match verdict(name, value.is_some()) {
            Verdict::Harmless => harmless.push(word),
            Verdict::HarmlessWithNext => {
                if let Some(next) = words.next() {
                    harmless.push(format!("{word}={next}"));
                }
            }
            Verdict::Preload | Verdict::Refused(_) => {
                others.push(name.to_owned());
                // The value of an option that goes, as its own word, would be a program's argument.
                if value.is_none() {
                    words.next_if(|next| !next.starts_with('-'));
                }
            }
        }
    }
    (harmless, others)
}

/// Words as Node.js splits them: at spaces, unless within `"…"`, where `\` keeps the next character.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if is_quoted => word.get_or_insert_default().extend(characters.next()),
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' if !is_quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// One word for `NODE_OPTIONS`.
pub(super) fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    if text.contains([' ', '"', '\\']) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<Words, String> {
        let words: Vec<OsString> =
            text.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn harmless_options_pass_with_their_values() {
        let parsed = words(
            "--max_old_space_size=50 --title x --conditions=a -C b --no-warnings -r ./a.js --import=b app.js -e --inspect",
        )
        .unwrap();
        assert_eq!(
            parsed.options,
            ["--max_old_space_size=50", "--title", "x", "--conditions=a", "-C", "b", "--no-warnings"]
        );
        let preloads = [("-r", "./a.js"), ("--import", "b")];
        assert_eq!(parsed.preloads, preloads.map(|(option, module)| (option.to_owned(), module.to_owned())));
        assert_eq!(
            (parsed.main.as_os_str(), &parsed.arguments[..]),
            ("app.js".as_ref(), &["-e".into(), "--inspect".into()][..])
        );
        assert_eq!(words("-- app.js x").unwrap().main, "app.js");
    }

    #[test]
    fn what_runs_other_code_is_refused_by_name() {
        for text in [
            "-e 1",
            "--eval 1",
            "--eval=1",
            "-p 1",
            "-pe 1",
            "--print 1",
            "-i",
            "-",
            "--input-type=module -",
            "",
            "--loader ./l.mjs app.js",
            "--experimental_loader=x app.js",
            "--inspect app.js",
            "--inspect-brk=0 app.js",
            "--inspect=127.0.0.1:1 app.js",
            "--snapshot-blob s app.js",
            "--env-file=.env app.js",
            "--watch app.js",
            "--expose_internals app.js",
            "--expose-internals app.js",
            "--no-disallow-code-generation-from-strings app.js",
            "--jitless app.js",
            "--preserve-symlinks app.js",
            "--run start",
            "--test",
            "--build-sea c",
            "--check app.js",
            "-c app.js",
            "-h",
            "--max-old-space-size 50 app.js",
            "--openssl-config=x app.js",
            "--require",
            "--title",
            "--prof-process x",
            "--v8-options",
            "--cpu-prof app.js",
            "--experimental-vm-modules app.js",
        ] {
            let error = words(text).expect_err(text);
            let name = text.split([' ', '=']).next().unwrap();
            assert!(error.starts_with(if name.is_empty() { "node" } else { name }), "{text}: {error}");
        }
    }

    #[test]
    fn the_variable_is_split_as_node_does() {
        assert_eq!(split(r#"a  "b c" d\e "f\"g\\" """#), ["a", "b c", "d\\e", "f\"g\\", ""]);
        assert_eq!(quoted("a b".as_ref()), r#""a b""#);
        assert_eq!(split(&quoted(r#"a "b\ c"#.as_ref())), [r#"a "b\ c"#]);
    }
}
