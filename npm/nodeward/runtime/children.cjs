'use strict';
// Child processes: denied, or allowed by the seal and then given the guard. All ways meet in one native function,
// except the synchronous ones; those before it are guarded so that a denial leaves nothing half made.

const own = require('./primordials.cjs');
const { refuse } = require('./denial.cjs');
const { admitted, searchOf } = require('./arguments.cjs');
const { append, copyOfOptions } = require('./options.cjs');
const { guardedEnvironment, guardedPairs } = require('./environment.cjs');

const { binding } = process;
const REASON = 'the seal allows no child processes';

/** Guards what `require('node:child_process')` gave. */
function guard(children, seal) {
  let telling = false;
  const tell = (file) => {
    if (!seal.children && !telling) refuse('child', `${file}`, REASON);
  };
  /** Report-only: one line, although the call passes several guarded functions on its way. */
  const once = (file, callback) => {
    tell(file);
    const before = telling;
    telling = true;
    try {
      return callback();
    } finally {
      telling = before;
    }
  };
  // First these: what follows may make a handle, and whoever watches that must not find them unguarded.
  guardSynchronous(children, seal, once);
  guardAsynchronous(children, seal, tell, once);
}

function guardAsynchronous(children, seal, tell, once) {
  const { prototype } = children.ChildProcess;
  const { spawn } = prototype;
  prototype.spawn = function guardedSpawn(options) {
    return once(options?.file, () => own.apply(spawn, this, [options]));
  };
  const native = nativeProcess(children);
  const start = native.spawn;
  // Node.js 24 and later gives the parts of the options one by one: file, arguments, folder, environment.
  native.spawn = function guardedStart(first) {
    if (typeof first === 'string') {
      tell(first);
      if (seal.children) {
        arguments[3] = guardedPairs(arguments[3]);
        arguments[1] = admitted(first, arguments[1], arguments[2], searchOf(arguments[3]));
      }
      return own.apply(start, this, arguments);
    }
    tell(first?.file);
    if (!seal.children) return own.apply(start, this, [first]);
    const options = own.create(null);
    for (const name in first) options[name] = first[name];
    options.envPairs = guardedPairs(options.envPairs);
    options.args = admitted(`${options.file}`, options.args, options.cwd, searchOf(options.envPairs));
    return own.apply(start, this, [options]);
  };
  // Promises of `exec` and `execFile` are made by functions of their own, which come by the same way.
}

/** What the native handles of all children inherit from. */
function nativeProcess(children) {
  try {
    return own.apply(binding, process, ['process_wrap']).Process.prototype;
  } catch {
    // With `--permission` there are no bindings: by the handle of a child that is never started.
    const handle = new children.ChildProcess()._handle;
    const native = own.prototypeOf(handle);
    handle.close();
    return native;
  }
}

function guardSynchronous(children, seal, once) {
  for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
    const original = children[name];
    children[name] = function guardedSync(file, second, third) {
      const given = seal.children ? admittedSync(name, file, second, third) : [file, second, third];
      return once(file, () => own.apply(original, children, given));
    };
  }
}

/** What is given, with our environment in the options, which stand last: after a list of arguments, if one can be. */
function admittedSync(name, file, second, third) {
  const isThird = name !== 'execSync' && (own.isArray(second) || second === undefined || second === null);
  const given = isThird ? third : second;
  const options = own.create(null);
  for (const key in given) options[key] = given[key];
  options.env = guardedEnvironment(options.env ?? process.env);
  const { cwd, env, shell } = options;
  if (name === 'execSync' || shell) {
    const program = typeof shell === 'string' ? shell : '/bin/sh';
    admitted(program, [program, '-c'], cwd, env.PATH);
    return isThird ? [file, second ?? [], options] : [file, options];
  }
  const words = isThird && own.isArray(second) ? copyOfOptions(second) : [];
  admitted(`${file}`, withName(file, words), cwd, env.PATH);
  return [file, words, options];
}

function withName(file, words) {
  const all = [file];
  for (let at = 0; at < words.length; at += 1) append(all, words[at]);
  return all;
}

module.exports = { __proto__: null, guard };
