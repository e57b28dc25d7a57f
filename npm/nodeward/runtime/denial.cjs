'use strict';
// How a denial is reported and thrown. Report-only differs from enforcement here and nowhere else: `refuse`
// comes back instead of throwing, and what was asked for then happens.

const own = require('./primordials.cjs');

const FRAMES = 6;
/** Frames to look at: Node.js has many of its own between two of the application. */
const DEPTH = 60;
const OURS = __dirname;

/** What is denied, in words, and what to do about it, for each kind. */
const KINDS = {
  __proto__: null,
  load: ['loading', 'trace and seal again if it belongs to production'],
  eval: ['code from a string', 'list the module under eval.modules and let it run the code through letMeEval'],
  vm: ['script', 'seal the source of the script'],
  wasm: ['WebAssembly', 'list its hash under eval.wasm in the seal'],
  addon: ['native add-on', 'trace and seal again if it belongs to production'],
  child: ['child process', 'set "children": true in the seal if production needs it'],
  worker: ['worker', 'seal the source of the worker'],
  inspector: ['inspector', 'debug without enforcement'],
  binding: ['internal binding', 'use the public interface'],
  flags: ['engine flag', 'pass the flag to nodeward run'],
  hooks: ['module hooks', 'run the hooks when building, and seal what comes out'],
  cache: ['code cache', 'use nodeward seal --code-cache'],
  start: ['start', 'run a sealed file as main'],
  guard: ['guard', 'start the program again'],
};

let mode = 'enforce';
let sink = 'stderr';

function configure(settings) {
  mode = settings.mode;
  sink = settings.sink;
}

const enforces = () => mode === 'enforce';

/** Reports one denial. Throws it when enforcing; comes back otherwise. */
function refuse(kind, subject, reason, parent = null) {
  report(kind, subject, reason, parent);
  if (mode === 'enforce') throw denied(kind, subject, reason);
}

/** The error of a denial. Its text is escaped: names of files and modules may come from an attacker. */
function denied(kind, subject, reason) {
  const what = KINDS[kind];
  const error = new own.GuardError(`Nodeward: ${what[0]} denied: ${shown(`${subject}`)}: ${reason}; ${what[1]}`);
  own.defineProperty(error, 'code', {
    __proto__: null, value: 'ERR_NODEWARD_DENIED', writable: true, configurable: true, enumerable: true,
  });
  return error;
}

/** With all visible that a terminal would obey, or that would hide or turn around what follows. */
function shown(text) {
  const quoted = own.stringify(text);
  let visible = '';
  for (let at = 1; at < quoted.length - 1; at += 1) {
    const unit = own.charCode(quoted, at);
    visible += isHidden(unit) ? `\\u${own.stringSlice(own.numberToString(0x10000 + unit, 16), 1)}` : quoted[at];
  }
  return visible;
}

const isHidden = (unit) => (unit >= 0x7f && unit < 0xa0) || unit === 0xad || unit === 0x61c || unit === 0xfeff
  || (unit >= 0x200b && unit <= 0x200f) || (unit >= 0x2028 && unit <= 0x202e) || (unit >= 0x2060 && unit <= 0x206f)
  || (unit >= 0xfff9 && unit <= 0xfffb);

function report(kind, subject, reason, parent) {
  const text = own.stringify;
  // Each value by itself: `toJSON` is looked up on objects only, and may be the attacker's.
  const line = `{"schema":"nodeward.denial/1","time":${text(own.toISOString(new own.Clock(own.now())))}`
    + `,"pid":${PID},"mode":${text(mode)},"kind":${text(kind)},"subject":${text(`${subject}`)}`
    + `,"parent":${typeof parent === 'string' ? text(parent) : 'null'},"reason":${text(reason)},"stack":[${frames()}]}\n`;
  write(line);
}

const PID = process.pid;

/** A report that the system won't take must not turn a denial into something else. */
function write(line) {
  if (sink !== 'stderr' && isWritten(() => append(line))) return;
  // If that is not written either, there is no one left to tell.
  isWritten(() => writeAll(2, line));
}

/** Whether this wrote. Where the stack has run out nothing was tried, and so whatever is told of must not happen. */
function isWritten(writes) {
  try {
    writes();
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

function append(line) {
  const descriptor = own.fs.openSync(sink, 'a', 0o600);
  try {
    writeAll(descriptor, line);
  } finally {
    own.fs.closeSync(descriptor);
  }
}

/** The code of an error that Node.js made. What all errors inherit is the program's to write. */
function codeOf(error) {
  return typeof error === 'object' && error !== null ? own.descriptorOf(error, 'code')?.value : undefined;
}

function writeAll(descriptor, line) {
  for (let tries = 0; ; tries += 1) {
    try {
      own.fs.writeSync(descriptor, line);
      return;
    } catch (error) {
      // A full pipe that does not block.
      if (codeOf(error) !== 'EAGAIN' || tries === 1000) throw error;
    }
  }
}

/** The first frames of the application. What the application makes of stack traces can spoil them, nothing else. */
function frames() {
  try {
    return own.getCallSites === undefined ? framesOfError() : framesOfSites();
  } catch {
    return '';
  }
}

const isPassedOver = (name) => own.startsWith(name, OURS) || own.startsWith(name, 'node:');

function framesOfSites() {
  const sites = own.getCallSites(DEPTH, { __proto__: null, sourceMap: false });
  let listed = '';
  for (let at = 0, taken = 0; at < sites.length && taken < FRAMES; at += 1) {
    const site = sites[at];
    if (isPassedOver(site.scriptName)) continue;
    const column = site.columnNumber ?? site.column;
    const frame = `${site.functionName || '<anonymous>'} (${site.scriptName}:${site.lineNumber}:${column})`;
    listed += `${taken === 0 ? '' : ','}${own.stringify(frame)}`;
    taken += 1;
  }
  return listed;
}

function framesOfError() {
  const stack = deepStack();
  if (typeof stack !== 'string') return '';
  const lines = own.split(stack, '\n');
  let listed = '';
  for (let at = 1, taken = 0; at < lines.length && taken < FRAMES; at += 1) {
    if (own.stringIndexOf(lines[at], OURS) !== -1 || own.stringIndexOf(lines[at], '(node:') !== -1) continue;
    listed += `${taken === 0 ? '' : ','}${own.stringify(own.stringSlice(lines[at], 7))}`;
    taken += 1;
  }
  return listed;
}

/** The files of the application that are being run, the innermost first. Only a hint: stack traces can be spoilt. */
function callers() {
  const names = [];
  try {
    if (own.getCallSites === undefined) namesOfError(names);
    else namesOfSites(names);
  } catch {
    // Then it is not known who called.
  }
  return names;
}

function note(names, name) {
  for (let at = 0; at < names.length; at += 1) if (names[at] === name) return;
  own.defineProperty(names, names.length, { __proto__: null, value: name, writable: true, enumerable: true, configurable: true });
}

function namesOfSites(names) {
  const sites = own.getCallSites(DEPTH, { __proto__: null, sourceMap: false });
  for (let at = 0; at < sites.length; at += 1) {
    if (!isPassedOver(sites[at].scriptName)) note(names, sites[at].scriptName);
  }
}

function namesOfError(names) {
  const lines = own.split(deepStack(), '\n');
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at];
    // `at f (/a/b.js:1:2)` or `at /a/b.js:1:2`
    const start = own.stringIndexOf(line, '(') + 1 || 7;
    let end = line.length - (line[line.length - 1] === ')' ? 1 : 0);
    for (let colons = 0; colons < 2 && end > start; end -= 1) if (line[end - 1] === ':') colons += 1;
    const name = own.stringSlice(line, start, end);
    if (!isPassedOver(name)) note(names, name);
  }
}

function deepStack() {
  const limit = own.descriptorOf(own.GuardError, 'stackTraceLimit');
  if (limit === undefined || !limit.writable) return new own.GuardError('').stack;
  own.GuardError.stackTraceLimit = DEPTH;
  try {
    return new own.GuardError('').stack;
  } finally {
    own.GuardError.stackTraceLimit = limit.value;
  }
}

module.exports = { __proto__: null, configure, enforces, refuse, denied, report, callers, codeOf };
