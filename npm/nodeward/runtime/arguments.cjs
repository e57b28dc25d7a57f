'use strict';
// With which words another Node.js may be started: as the launcher decides for the program itself, before anything is
// started. The guard in the other process comes too late for some of them: a snapshot has run by then.

const own = require('./primordials.cjs');
const { refuse } = require('./denial.cjs');
const { append, copyOfOptions, faultOf, inheritedOptions, isEarly, refusal } = require('./options.cjs');

const { execArgv, execPath, platform } = process;
const inherited = inheritedOptions(execArgv);
const SEPARATOR = platform === 'win32' ? ';' : ':';

/** Options that only print something about Node.js. */
const PRINTING = { __proto__: null, '-v': true, '--version': true, '-h': true, '--help': true };

/**
 * The arguments of a program that may be started, with its name before them, each read once. `search` is the PATH by
 * which it is found, `folder` the current folder that it gets.
 */
function admitted(file, given, folder, search) {
  const isList = own.isArray(given);
  const words = isList ? copyOfOptions(given) : [];
  if (isOther(file, folder ?? undefined, search)) refuseEarly(words);
  else refuseUnsealed(words);
  return isList ? words : given;
}

/** Options by which the system's loader puts a library into a program. */
const OF_LOADER = ['--preload', '--audit', '--library-path'];

/** Another program than Node.js, as the system's loader, hands words on that nobody here can tell apart. */
function refuseEarly(words) {
  for (let at = 0; at < words.length; at += 1) {
    if (isEarly(words[at])) deny(words[at], refusal(words[at]));
    for (let of = 0; of < OF_LOADER.length; of += 1) if (words[at] === OF_LOADER[of]) deny(words[at], 'loads libraries');
  }
}

/** The options up to the main file. What follows that is the program's. */
function refuseUnsealed(words) {
  let prints = false;
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at];
    if (word === '--') return refuseMain(words[at + 1]);
    if (word[0] !== '-' || word === '-') return refuseMain(word);
    if (PRINTING[word] === true) {
      prints = true;
      continue;
    }
    const { fault, hasValue } = faultOf(word, inherited);
    if (fault !== undefined) deny(word, fault);
    // Node.js takes no option for a value.
    const next = words[at + 1];
    if (next !== undefined && next[0] !== '-' && (hasValue || inherited[word] === next)) at += 1;
  }
  return prints ? undefined : refuseMain(undefined);
}

function refuseMain(word) {
  if (word === undefined || word === '' || word === '-') deny('standard input', 'runs code that is in no file');
  // Node.js's own, whatever file has this name.
  if (word === 'inspect') deny('node inspect', 'opens a debugger');
}

const deny = (what, reason) => refuse('start', `child process, ${own.stringSlice(what, 0, 80)}`, reason);

// ---- which program

/** Whether no file that could be meant is this Node.js. One that is not there can't be started. */
function isOther(file, folder, search) {
  const node = identityOf(execPath);
  const candidates = candidatesOf(file, folder, search);
  if (node === undefined || candidates === undefined) return false;
  for (let at = 0; at < candidates.length; at += 1) if (identityOf(candidates[at]) === node) return false;
  return true;
}

function candidatesOf(file, folder, search) {
  if (file[0] === '/') return [file];
  // Another folder that we can't tell.
  if (folder !== undefined && typeof folder !== 'string') return undefined;
  const base = folder ?? '.';
  if (own.stringIndexOf(file, '/') !== -1) return [`${base}/${file}`];
  const path = typeof search === 'string' ? search : '/usr/local/bin:/bin:/usr/bin';
  const candidates = [];
  for (let start = 0; start <= path.length;) {
    let end = own.stringIndexOf(path, SEPARATOR, start);
    if (end === -1) end = path.length;
    const found = own.stringSlice(path, start, end);
    append(candidates, found[0] === '/' ? `${found}/${file}` : `${base}/${found}/${file}`);
    start = end + 1;
  }
  return candidates;
}

const ASKED = own.freeze({ __proto__: null, bigint: true, throwIfNoEntry: false });

function identityOf(file) {
  try {
    const stat = own.fs.statSync(file, ASKED);
    return stat === undefined || stat === null ? undefined : `${stat.dev}:${stat.ino}`;
  } catch {
    return undefined;
  }
}

/** The PATH of pairs as native functions take them. */
function searchOf(pairs) {
  for (let at = 0; at < pairs.length; at += 1) if (own.startsWith(pairs[at], 'PATH=')) return own.stringSlice(pairs[at], 5);
  return undefined;
}

module.exports = { __proto__: null, admitted, searchOf };
