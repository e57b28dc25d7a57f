'use strict';
// What is asked before anything is guarded: with what was Node.js started, where is the seal, is all of it there.

const path = require('node:path');
const own = require('./primordials.cjs');
const sealed = require('./seal.cjs');

const FAILED = 125;

/** Options that run code, open a debugger, or let others decide what a module is, each with the reason. */
const REFUSED = new Map([
  ['-e', 'runs code that is in no file'],
  ['--eval', 'runs code that is in no file'],
  ['-p', 'runs code that is in no file'],
  ['--print', 'runs code that is in no file'],
  ['-pe', 'runs code that is in no file'],
  ['-i', 'runs what is typed'],
  ['--interactive', 'runs what is typed'],
  ['--input-type', 'runs code that is in no file'],
  ['--loader', 'gives modules any source'],
  ['--experimental-loader', 'gives modules any source'],
  ['--inspect', 'opens a debugger'],
  ['--inspect-brk', 'opens a debugger'],
  ['--inspect-wait', 'opens a debugger'],
  ['--debug-port', 'opens a debugger'],
  ['--expose-internals', 'gives what the guard keeps to itself'],
  ['--snapshot-blob', 'runs what is in the snapshot'],
  ['--build-snapshot', 'keeps what runs now for another time'],
  ['--build-snapshot-config', 'keeps what runs now for another time'],
  ['--allow-natives-syntax', 'gives V8\'s inner functions'],
  ['--experimental-config-file', 'sets options from a file'],
  ['--experimental-default-config-file', 'sets options from a file'],
]);

/** Ends the process before anything ran: the seal could not be enforced. */
function fail(text) {
  try {
    own.fs.writeSync(2, `nodeward: ${text}\n`);
  } finally {
    process.reallyExit(FAILED);
  }
}

/** The settings, by the variables that the launcher sets. */
function settings() {
  const { NODEWARD_SEAL, NODEWARD_SEAL_SHA256, NODEWARD_MODE = 'enforce', NODEWARD_REPORT = 'stderr', NODEWARD_LAYERS } = process.env;
  if (NODEWARD_MODE !== 'enforce' && NODEWARD_MODE !== 'report') fail(`NODEWARD_MODE is neither enforce nor report`);
  if (NODEWARD_REPORT !== 'stderr' && !path.isAbsolute(NODEWARD_REPORT)) fail('NODEWARD_REPORT is neither stderr nor an absolute path');
  const file = NODEWARD_SEAL ?? sealed.locate(process.argv[1]);
  if (file === undefined) fail(`no ${sealed.NAME} beside the main file or above it; make one with nodeward seal`);
  return {
    file: path.resolve(file),
    hash: NODEWARD_SEAL_SHA256 || undefined,
    mode: NODEWARD_MODE,
    sink: NODEWARD_REPORT,
    layers: NODEWARD_LAYERS,
    isLaunched: (NODEWARD_LAYERS ?? '').split(',').includes('launcher'),
  };
}

function openSeal({ file, hash }) {
  try {
    return sealed.open(file, hash);
  } catch (error) {
    return fail(error.message);
  }
}

/** Each way in which this process was started that is not a sealed file as main, as `[what, why]`. */
function faults({ isMainThread, isLaunched }) {
  const found = [];
  // The launcher looks at the variable itself, and Workers have what the main thread has.
  const others = isLaunched || !isMainThread ? [] : words(process.env.NODE_OPTIONS ?? '');
  for (const option of [...process.execArgv, ...others]) {
    const equals = option.indexOf('=');
    const name = equals === -1 ? option : option.slice(0, equals);
    const why = REFUSED.get(name) ?? REFUSED.get(name.replaceAll('_', '-'));
    if (why !== undefined) found.push([option.slice(0, 80), why]);
  }
  if (!isMainThread) return found;
  if (found.length === 0 && process._eval !== undefined && process._eval !== null) found.push(['--eval', 'runs code that is in no file']);
  if (found.length === 0 && (process.argv[1] === undefined || process.argv[1] === '-')) {
    found.push(['standard input', 'runs code that is in no file']);
  }
  if (isLaunched) return found;
  if (process.env.NODE_COMPILE_CACHE !== undefined && process.env.NODE_DISABLE_COMPILE_CACHE !== '1') {
    found.push(['NODE_COMPILE_CACHE', 'its files could hold the code of another source']);
  }
  const loaded = Object.keys(require.cache).filter((name) => !name.startsWith(__dirname + path.sep));
  if (loaded.length > 0) found.push([loaded[0], 'was loaded before the guard; give its --require after ours']);
  if (isSingleExecutable()) found.push(['single executable', 'its main is not looked at']);
  return found;
}

/** The words of NODE_OPTIONS as Node.js splits them: at spaces, unless within `"…"`, where `\\` keeps what follows. */
function words(text) {
  const found = [];
  let word = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && isQuoted) word += text[at += 1] ?? '';
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === ' ' && !isQuoted) {
      found.push(word);
      word = '';
    } else word += text[at];
  }
  found.push(word);
  return found;
}

function isSingleExecutable() {
  try {
    return require('node:sea').isSea();
  } catch {
    return false;
  }
}

module.exports = { __proto__: null, settings, openSeal, faults, fail };
