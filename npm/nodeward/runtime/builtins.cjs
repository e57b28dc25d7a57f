'use strict';
// Built-in modules that can make code or processes. Those that few programs use are guarded when they are first
// asked for, before whoever asks gets them: to load them all at start would cost more than the rest of the guard.

const Module = require('node:module');
const own = require('./primordials.cjs');
const { refuse, enforces, report, codeOf } = require('./denial.cjs');
const children = require('./children.cjs');
const contexts = require('./contexts.cjs');
const threads = require('./threads.cjs');
const { asks, named } = require('./modules.cjs');

/** What each module needs guarded first: its own functions, and those of the modules that it uses. */
const GUARDS = {
  __proto__: null,
  child_process: guardChildren,
  cluster: guardCluster,
  test: guardRunners,
  'test/reporters': guardRunners,
  worker_threads: guardThreads,
  inspector: guardInspector,
  'inspector/promises': guardInspector,
  repl: guardRepl,
  v8: guardEngine,
  sqlite: guardSqlite,
  _tls_common: loadWhole,
  _tls_wrap: loadWhole,
  ffi: guardForeign,
};

/** One export by which each is known, where it was reached by a name that does not tell. */
const MARKS = {
  __proto__: null,
  spawnSync: 'child_process',
  setupPrimary: 'cluster',
  receiveMessageOnPort: 'worker_threads',
  waitForDebugger: 'inspector',
  REPLServer: 'repl',
  setFlagsFromString: 'v8',
  run: 'test',
};

let seal;
let load;
let synchronize;
/** The guards that have not been put up yet, by module. */
const waiting = own.create(null);
/** Those that are being put up. */
const busy = own.create(null);
/** Whether `import` of a module could still give what stood there before its guard. */
let isStale = false;

function guard(settings) {
  ({ seal } = settings);
  synchronize = Module.syncBuiltinESMExports;
  for (const name in GUARDS) waiting[name] = GUARDS[name];
  guardEngines();
  guardCompileCache();
  guardLoad();
  guardHooks();
  contexts.guard({ deny, builtin });
}

/**
 * Guards a built-in module before it is given out. Called for every name; almost all are none of ours.
 *
 * The stack may run out at any place in here, and who asked may ask again, from wherever the stack runs out at another
 * place. So a guard counts as put up once all of it was, and until then nobody gets the module.
 */
function openBuiltin(name) {
  const pending = waiting[name];
  if (pending === undefined) {
    if (isStale) renew();
    return;
  }
  if (busy[name] === true) {
    // By what the program put in the place of functions that Node.js calls.
    refuse('load', `node:${name}`, 'is asked for while its guard is being put up');
    return;
  }
  busy[name] = true;
  try {
    pending(name);
    isStale = true;
    waiting[name] = undefined;
  } catch (error) {
    // This version has no such module; who asked will be told.
    if (codeOf(error) !== ABSENT) throw error;
  } finally {
    busy[name] = false;
  }
  renew();
}

function renew() {
  synchronize();
  isStale = false;
}

function guardLoad() {
  load = named(Module._load, '_load');
  const byHooks = Module.registerHooks !== undefined;
  Module._load = function guardedLoad(request, parent, isMain, options) {
    const name = typeof request === 'string' ? request : `${request}`;
    openBuiltin(own.startsWith(name, 'node:') ? own.stringSlice(name, 5) : name);
    const before = asks(parent);
    let exports;
    try {
      exports = own.apply(load, Module, [name, parent, isMain, options]);
    } finally {
      asks(before);
    }
    // Node.js 20: what a name resolves to can be changed in many places, and no hook is asked at the end.
    if (!byHooks) openMarked(exports);
    return exports;
  };
}

function openMarked(exports) {
  if (exports === null || (typeof exports !== 'object' && typeof exports !== 'function') || own.isProxy(exports)) return;
  for (const mark in MARKS) if (waiting[MARKS[mark]] !== undefined && own.hasOwn(exports, mark)) openBuiltin(MARKS[mark]);
}

const ABSENT = 'ERR_UNKNOWN_BUILTIN_MODULE';
const { binding, getBuiltinModule } = process;

/** Past all hooks: those of the program would see the module before it is guarded. */
function builtin(name) {
  if (getBuiltinModule === undefined) return own.apply(load, Module, [`node:${name}`, undefined, false]);
  const found = getBuiltinModule(`node:${name}`);
  if (found !== undefined) return found;
  const error = new own.GuardError(`No such built-in module: node:${name}`);
  own.defineProperty(error, 'code', { __proto__: null, value: ABSENT });
  throw error;
}

/** What `deny` has put somewhere: a guard that was interrupted is put up once more from its beginning. */
const ours = new own.Weak();

/** Puts a function in the place of `holder[name]` that refuses, and when reporting only goes on. */
function deny(holder, name, kind, subject, reason) {
  // What is inherited is guarded where it stands.
  const original = own.hasOwn(holder, name) ? holder[name] : undefined;
  if (typeof original !== 'function' || own.weakHas(ours, original)) return;
  const guarded = function (...given) {
    refuse(kind, subject, reason);
    return new.target === undefined ? own.apply(original, this, given) : own.construct(original, given, new.target);
  };
  own.weakAdd(ours, guarded);
  if (original.prototype !== undefined && original.prototype !== null) {
    own.defineProperty(guarded, 'prototype', { __proto__: null, value: original.prototype, writable: false });
    own.defineProperty(original.prototype, 'constructor', {
      __proto__: null, value: guarded, writable: true, enumerable: false, configurable: true,
    });
  }
  own.defineProperty(holder, name, { __proto__: null, value: guarded, writable: true, enumerable: true, configurable: true });
}

function guardChildren() {
  children.guard(builtin('child_process'), seal);
}

/** It uses the functions of child_process. */
function guardCluster() {
  openBuiltin('child_process');
}

/**
 * Hooks on asynchronous resources see the native handles of threads and processes as they are made, and with them
 * all that they inherit: those are guarded before there is a hook.
 */
function guardHooks() {
  const hooks = builtinOf('async_hooks');
  const { createHook } = hooks;
  hooks.createHook = function guardedCreateHook(callbacks) {
    openBuiltin('child_process');
    openBuiltin('worker_threads');
    return createHook(callbacks);
  };
}

function guardThreads() {
  threads.guard(builtin('worker_threads'), seal);
}

/** The test runner starts processes, and threads in newer versions. */
function guardRunners() {
  openBuiltin('child_process');
  openBuiltin('worker_threads');
}

const DEBUGGER = 'a debugger runs any code';

function guardInspector() {
  // The second has what the first had when it was loaded.
  guardSession(builtin('inspector'));
  guardSession(builtin('inspector/promises'));
}

function guardSession(inspector) {
  deny(inspector, 'open', 'inspector', 'inspector.open', DEBUGGER);
  deny(inspector.Session.prototype, 'connect', 'inspector', 'inspector.Session.connect', DEBUGGER);
  deny(inspector.Session.prototype, 'connectToMainThread', 'inspector', 'inspector.Session.connectToMainThread', DEBUGGER);
}

function guardRepl() {
  const repl = builtin('repl');
  deny(repl, 'start', 'vm', 'repl.start', 'it runs what is typed');
  deny(repl, 'REPLServer', 'vm', 'repl.REPLServer', 'it runs what is typed');
}

/** Flags that change how much memory V8 uses, or give `gc()`. */
const FLAGS = ['--max-old-space-size', '--max_old_space_size', '--max-semi-space-size', '--max_semi_space_size',
  '--max-heap-size', '--max_heap_size', '--expose-gc', '--expose_gc', '--stack-trace-limit', '--stack_trace_limit'];

function guardEngine() {
  const v8 = builtin('v8');
  const { setFlagsFromString } = v8;
  v8.setFlagsFromString = function guardedSetFlags(flags) {
    const text = `${flags}`;
    if (!isHarmlessFlag(text)) refuse('flags', `v8.setFlagsFromString(${text})`, 'flags turn off what protects the process');
    return setFlagsFromString(text);
  };
}

/** One of the flags, alone or with a number: V8 takes whatever follows white space for another flag. */
function isHarmlessFlag(text) {
  const equals = own.stringIndexOf(text, '=');
  const name = equals === -1 ? text : own.stringSlice(text, 0, equals);
  if (equals !== -1 && !isNumber(text, equals + 1)) return false;
  for (let at = 0; at < FLAGS.length; at += 1) if (name === FLAGS[at]) return true;
  return false;
}

/** Whether there are digits up to the end, and nothing else. */
function isNumber(text, from) {
  for (let at = from; at < text.length; at += 1) {
    const unit = own.charCode(text, at);
    if (unit < 0x30 || unit > 0x39) return false;
  }
  return from < text.length;
}

function guardSqlite() {
  const { DatabaseSync } = builtin('sqlite');
  deny(DatabaseSync.prototype, 'loadExtension', 'addon', 'DatabaseSync.loadExtension', 'an extension is native code');
}

function guardForeign() {
  const foreign = builtin('ffi');
  const names = own.namesOf(foreign);
  for (let at = 0; at < names.length; at += 1) {
    deny(foreign, names[at], 'addon', `ffi.${names[at]}`, 'it runs native code, and reads and writes any memory');
  }
}

/** OpenSSL's engines are shared libraries. `node:crypto` is loaded already: it makes our hashes. */
function guardEngines() {
  deny(builtinOf('crypto'), 'setEngine', 'addon', 'crypto.setEngine', 'an engine is native code');
}

/** Parts of `tls`, which is loaded before any part of it: see contexts.cjs. */
function loadWhole() {
  builtin('tls');
}

const builtinOf = (name) => require(`node:${name}`);

/** Node.js would take V8's bytecode from a folder that anyone may write to, checked by nothing but a CRC. */
function guardCompileCache() {
  const { enableCompileCache, constants } = Module;
  if (enableCompileCache === undefined) return;
  Module.enableCompileCache = function guardedEnableCompileCache(directory) {
    report('cache', 'module.enableCompileCache', 'its files could hold the code of another source', null);
    if (!enforces()) return enableCompileCache(directory);
    // Callers are used to caches that can't be had, and go on.
    return { status: constants.compileCacheStatus.DISABLED, message: 'Nodeward: the code cache is sealed' };
  };
}

module.exports = { __proto__: null, guard, openBuiltin };
