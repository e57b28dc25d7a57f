'use strict';
// What a Worker or a child process gets so that it is guarded too. It can be told other things by whoever starts
// it, and the environment is anybody's to write to: what counts is as it was before the application ran.

const own = require('./primordials.cjs');
const { requireIntact } = require('./intact.cjs');

const PRELOAD = require.resolve('./preload.cjs');

/** Options for a child that change how much it may use or what it prints, not what it runs. */
const HARMLESS = ['--max-', '--enable-source-maps', '--no-warnings', '--no-deprecation', '--stack-trace-limit=', '--dns-result-order=', '--unhandled-rejections='];

const real = process.env;
const forced = own.create(null);
let names;

/** Notes the variables as they are now. `settings` are those of this process, whether from variables or not. */
function note({ sealFile, sealHash, mode, sink, layers }) {
  const { NODE_OPTIONS } = real;
  for (const name of Object.keys(real)) if (name.startsWith('NODEWARD_')) forced[name] = real[name];
  forced.NODEWARD_SEAL = sealFile;
  forced.NODEWARD_SEAL_SHA256 = sealHash;
  forced.NODEWARD_MODE = mode;
  forced.NODEWARD_REPORT = sink;
  forced.NODEWARD_LAYERS = layers;
  forced.NODE_OPTIONS = withPreload(NODE_OPTIONS ?? '');
  names = Object.keys(forced);
}

function withPreload(options) {
  const quoted = `"${PRELOAD.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (options.includes(PRELOAD)) return options;
  const flags = process.execArgv.includes('--disallow-code-generation-from-strings')
    ? '--disallow-code-generation-from-strings ' : '';
  return `--require ${quoted} ${flags}${options}`.trimEnd();
}

const isOurs = (name) => name === 'NODE_OPTIONS' || own.startsWith(name, 'NODEWARD_')
  || name === 'NODE_COMPILE_CACHE' || name === 'NODE_REPL_EXTERNAL_MODULE';

/** A copy of an environment with our variables in it. */
function guardedEnvironment(env) {
  requireIntact();
  const copy = own.create(null);
  for (const name in env) if (!isOurs(name)) copy[name] = env[name];
  for (let at = 0; at < names.length; at += 1) copy[names[at]] = forced[names[at]];
  copy.NODE_OPTIONS = merged(env.NODE_OPTIONS);
  return copy;
}

/** The same for `NAME=value` pairs, as the native functions take them. */
function guardedPairs(pairs) {
  requireIntact();
  const copy = [];
  let count = 0;
  const add = (pair) => {
    own.defineProperty(copy, count, { __proto__: null, value: pair, writable: true, enumerable: true, configurable: true });
    count += 1;
  };
  let options;
  for (let at = 0; at < (pairs?.length ?? 0); at += 1) {
    const pair = `${pairs[at]}`;
    const name = own.stringSlice(pair, 0, own.stringIndexOf(pair, '='));
    if (name === 'NODE_OPTIONS') options = own.stringSlice(pair, 13);
    if (!isOurs(name)) add(pair);
  }
  for (let at = 0; at < names.length; at += 1) {
    if (names[at] !== 'NODE_OPTIONS') add(`${names[at]}=${forced[names[at]]}`);
  }
  add(`NODE_OPTIONS=${merged(options)}`);
  return copy;
}

/** Ours first, then what of theirs is harmless. */
function merged(options) {
  let text = forced.NODE_OPTIONS;
  if (typeof options !== 'string' || options === text) return text;
  for (let start = 0; start <= options.length;) {
    let end = own.stringIndexOf(options, ' ', start);
    if (end === -1) end = options.length;
    const option = own.stringSlice(options, start, end);
    if (isHarmless(option) && own.stringIndexOf(text, option) === -1) text += ` ${option}`;
    start = end + 1;
  }
  return text;
}

function isHarmless(option) {
  if (own.stringIndexOf(option, '"') !== -1) return false;
  for (let at = 0; at < HARMLESS.length; at += 1) if (own.startsWith(option, HARMLESS[at])) return true;
  return false;
}

module.exports = { __proto__: null, PRELOAD, note, guardedEnvironment, guardedPairs, real };
