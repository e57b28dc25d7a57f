'use strict';
// What is asked before anything is guarded: with what was Node.js started, where is the seal, is all of it there.

const fs = require('node:fs');
const path = require('node:path');
const own = require('./primordials.cjs');
const sealed = require('./seal.cjs');
const { refusal, wordsOf } = require('./options.cjs');

const FAILED = 125;

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

function openSeal({ file, hash, isLaunched }) {
  try {
    return sealed.open(file, hash, isLaunched);
  } catch (error) {
    return fail(error.message);
  }
}

/**
 * Tells later starts, for as long as this process lives, that it needs the folder of the guard. It may not be the
 * program that the folder was made for and locked by, but one that was started by that. Report-only ends no program.
 */
function hold(mode) {
  const { O_NONBLOCK, O_RDONLY } = fs.constants;
  try {
    own.fs.openSync(path.join(__dirname, '../../users'), O_RDONLY | O_NONBLOCK);
  } catch (error) {
    if (mode === 'enforce') fail(`the folder of the guard can't be held: ${error.message}; start again`);
  }
}

/** Each way in which this process was started that is not a sealed file as main, as `[what, why]`. */
function faults({ isMainThread, isLaunched }) {
  const found = [];
  // The launcher looks at the variable itself, and Workers have what the main thread has.
  const others = isLaunched || !isMainThread ? [] : wordsOf(process.env.NODE_OPTIONS ?? '');
  for (const option of [...process.execArgv, ...others]) {
    const why = refusal(option);
    if (why !== undefined) found.push([option.slice(0, 80), why]);
  }
  if (!isMainThread) {
    if (Object.getPrototypeOf(globalThis).constructor.name === 'DedicatedWorkerGlobalScope') found.push(['web Worker', 'its text is not looked at']);
    return found;
  }
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

function isSingleExecutable() {
  try {
    return require('node:sea').isSea();
  } catch {
    return false;
  }
}

module.exports = { __proto__: null, settings, openSeal, hold, faults, fail };
