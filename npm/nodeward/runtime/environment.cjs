'use strict';
// What a Worker or a child process gets so that it is guarded too. It can be told other things by whoever starts
// it, and the environment is anybody's to write to: what counts is as it was before the application ran.

const own = require('./primordials.cjs');
const { enforces, refuse, report } = require('./denial.cjs');
const { requireIntact } = require('./intact.cjs');
const { refusal, wordsOf } = require('./options.cjs');
const { isScrubbed, nameOf } = require('./variables.cjs');

const PRELOAD = require.resolve('./preload.cjs');

/** Options for a child that change how much it may use or what it prints, not what it runs. */
const HARMLESS = ['--max-', '--enable-source-maps', '--no-warnings', '--no-deprecation', '--stack-trace-limit=', '--dns-result-order=', '--unhandled-rejections='];

const real = process.env;
const forced = own.create(null);
/** What the program was started with of the variables that it may not give: its own user has given it. */
const initial = own.create(null);
/** Variables that were told of. */
const told = own.create(null);
let names;

/** Notes the variables as they are now. `settings` are those of this process, whether from variables or not. */
function note({ sealFile, sealHash, mode, sink, layers }) {
  const { NODE_OPTIONS } = real;
  for (const name of Object.keys(real)) {
    if (name.startsWith('NODEWARD_')) forced[name] = real[name];
    else if (isScrubbed(nameOf(name))) initial[name] = real[name];
  }
  forced.NODEWARD_SEAL = sealFile;
  forced.NODEWARD_SEAL_SHA256 = sealHash;
  forced.NODEWARD_MODE = mode;
  forced.NODEWARD_REPORT = sink;
  forced.NODEWARD_LAYERS = layers;
  forced.NODE_OPTIONS = withPreload(NODE_OPTIONS ?? '');
  if (initial.NODE_DISABLE_COMPILE_CACHE !== undefined) forced.NODE_DISABLE_COMPILE_CACHE = initial.NODE_DISABLE_COMPILE_CACHE;
  names = Object.keys(forced);
}

const NO_CODE = '--disallow-code-generation-from-strings';

/** Whether V8 was started so that it makes no code from strings. Workers are asked by what they inherit. */
const deniesCode = () => process.execArgv.includes(NO_CODE) || wordsOf(real.NODE_OPTIONS ?? '').includes(NO_CODE);

function withPreload(options) {
  const quoted = `"${PRELOAD.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (options.includes(PRELOAD)) return options;
  const flags = process.execArgv.includes(NO_CODE) ? `${NO_CODE} ` : '';
  return `--require ${quoted} ${flags}${options}`.trimEnd();
}

/** Variables that have only our value, or none. */
const isOurs = (name) => name === 'NODE_OPTIONS' || own.startsWith(name, 'NODEWARD_') || name === 'NODE_DISABLE_COMPILE_CACHE'
  || name === 'NODE_COMPILE_CACHE' || name === 'NODE_REPL_EXTERNAL_MODULE';

/** Whether a variable may be given to another thread or process: what could run other code may not, as at our own start. */
function isPassed(key, value) {
  const name = nameOf(key);
  if (isOurs(name)) return false;
  if (!isScrubbed(name) || initial[key] === value) return true;
  if (told[name] !== true) {
    told[name] = true;
    report('child', name, 'is not passed on: it could load other code, or write files', null);
  }
  return !enforces();
}

/** A copy of an environment with our variables in it. */
function guardedEnvironment(env) {
  requireIntact();
  const copy = own.create(null);
  for (const name in env) {
    let value = env[name];
    // Read once: another reading may have another answer.
    if (typeof value === 'object' || typeof value === 'function') value = `${value}`;
    if (isPassed(name, value)) copy[name] = value;
  }
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
  const length = pairs?.length ?? 0;
  for (let at = 0; at < length; at += 1) {
    const pair = `${pairs[at]}`;
    const end = own.stringIndexOf(pair, '=');
    const name = end === -1 ? pair : own.stringSlice(pair, 0, end);
    if (name === 'NODE_OPTIONS') options = own.stringSlice(pair, 13);
    if (isPassed(name, own.stringSlice(pair, name.length + 1))) add(pair);
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
  refuseOptions(options);
  for (let start = 0; start <= options.length;) {
    let end = own.stringIndexOf(options, ' ', start);
    if (end === -1) end = options.length;
    const option = own.stringSlice(options, start, end);
    if (isHarmless(option) && own.stringIndexOf(text, option) === -1) text += ` ${option}`;
    start = end + 1;
  }
  return text;
}

/** What runs other code is refused, as on a command line. What is only not known to be harmless is left out. */
function refuseOptions(options) {
  const words = wordsOf(options);
  for (let at = 0; at < words.length; at += 1) {
    const reason = refusal(words[at]);
    if (reason === undefined || own.stringIndexOf(forced.NODE_OPTIONS, words[at]) !== -1) continue;
    refuse('start', `NODE_OPTIONS, ${own.stringSlice(words[at], 0, 80)}`, reason);
  }
}

function isHarmless(option) {
  if (own.stringIndexOf(option, '"') !== -1) return false;
  for (let at = 0; at < HARMLESS.length; at += 1) if (own.startsWith(option, HARMLESS[at])) return true;
  return false;
}

module.exports = { __proto__: null, PRELOAD, note, deniesCode, guardedEnvironment, guardedPairs, real };
