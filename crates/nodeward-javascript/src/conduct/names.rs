//! Names that say what code does.

/// Modules of Node.js that talk to others by being there.
pub(super) const NETWORK: &[&str] = &["http", "https", "http2", "net", "tls", "dgram", "dns", "undici"];
/// Modules of Node.js with which code can be run or hidden in ways that are not followed here.
pub(super) const UNFOLLOWED: &[&str] =
    &["vm", "worker_threads", "cluster", "inspector", "repl", "wasi", "sea", "sqlite"];
/// Functions of `child_process` that start something.
pub(super) const STARTS: &[&str] =
    &["exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork"];
/// Names under which only `fs` and its like write.
pub(super) const WRITES: &[&str] = &[
    "writeFile",
    "writeFileSync",
    "appendFile",
    "appendFileSync",
    "createWriteStream",
    "copyFile",
    "copyFileSync",
    "copySync",
    "unlinkSync",
    "rmSync",
    "rmdirSync",
    "mkdirSync",
    "mkdtempSync",
    "mkdtemp",
    "renameSync",
    "symlinkSync",
    "linkSync",
    "chmodSync",
    "chownSync",
    "writeSync",
    "truncateSync",
    "cpSync",
    "utimesSync",
    "outputFile",
    "outputFileSync",
    "ensureDirSync",
    "ensureDir",
    "emptyDirSync",
    "writeJson",
    "writeJSONSync",
];
/// Names that mean writing only where `fs` is what they are asked of.
pub(super) const WRITES_OF_FS: &[&str] = &[
    "unlink",
    "rm",
    "rmdir",
    "mkdir",
    "rename",
    "symlink",
    "link",
    "chmod",
    "chown",
    "write",
    "writev",
    "truncate",
    "cp",
    "utimes",
    "open",
    "openSync",
    "copy",
    "move",
    "moveSync",
    "remove",
    "removeSync",
];
/// Modules that write under those names.
pub(super) const FILES: &[&str] = &["fs", "fs-extra", "graceful-fs"];
/// Objects with a computed member of which anything may be meant.
pub(super) const PLACES: &[&str] =
    &["globalThis", "global", "window", "self", "process", "require", "module", "Reflect"];
/// What of `process` neither tells nor changes anything beyond the program.
pub(super) const HARMLESS_OF_PROCESS: &[&str] = &[
    "arch",
    "argv",
    "argv0",
    "config",
    "cwd",
    "emitWarning",
    "emit",
    "execArgv",
    "execPath",
    "exit",
    "exitCode",
    "features",
    "geteuid",
    "getgid",
    "getuid",
    "hrtime",
    "memoryUsage",
    "nextTick",
    "off",
    "on",
    "once",
    "pid",
    "platform",
    "ppid",
    "release",
    "removeListener",
    "removeAllListeners",
    "resourceUsage",
    "setMaxListeners",
    "stdin",
    "title",
    "umask",
    "uptime",
    "version",
    "versions",
    "cpuUsage",
    "abort",
    "listeners",
    "listenerCount",
    "noDeprecation",
];
/// What of `module` runs nothing.
pub(super) const HARMLESS_OF_MODULE: &[&str] =
    &["exports", "id", "filename", "parent", "children", "paths", "loaded", "path", "hot"];
/// Names of the global object, and what must not be asked of it under another.
pub(super) const GLOBALS: &[&str] = &["globalThis", "global", "window", "self"];
pub(super) const POWERFUL: &[&str] = &[
    "process",
    "require",
    "eval",
    "Function",
    "fetch",
    "XMLHttpRequest",
    "WebSocket",
    "module",
    "WebAssembly",
];
/// So many names like `_0x3f2a` are an obfuscator's.
pub(super) const MANY_HEX_NAMES: usize = 8;
/// So many escapes for characters that need none.
pub(super) const MANY_ESCAPES: usize = 150;
/// No text of this length without a space is meant to be read.
pub(super) const LONG_TEXT: usize = 4_096;
