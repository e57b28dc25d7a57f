'use strict';
// Workers: each gets the guard, whatever options it is started with; code given as text has to be sealed.

const own = require('./primordials.cjs');
const { refuse, enforces } = require('./denial.cjs');
const { guardedEnvironment, real } = require('./environment.cjs');
const { append, copyOfOptions, faultOf, inheritedOptions } = require('./options.cjs');

const { execArgv } = process;
/** What this process was started with was looked at then, and its Workers get it unasked. */
const inherited = inheritedOptions(execArgv);

/** Guards what `require('node:worker_threads')` gave. */
function guard(threads, seal) {
  const { Worker: NativeWorker, SHARE_ENV } = threads;
  // First, and last the class itself: until then the guard counts as not put up, and is put up once more.
  const hidden = enforces() ? prototypeOfHandles(NativeWorker) : undefined;

  function Worker(filename, options) {
    if (new.target === undefined) throw new own.GuardTypeError('Class constructor Worker cannot be invoked without \'new\'');
    const given = copied(options);
    if (given.eval && enforces()) compareSource(seal, filename);
    given.execArgv = admittedOptions(given.execArgv);
    if (given.env === SHARE_ENV) {
      refuse('worker', 'env: SHARE_ENV', 'the environment, by which it is guarded, could be changed while it starts');
    } else {
      // Always given: else Node.js would ask for `process.env`, more than once, which may be another one each time.
      const isGiven = typeof given.env === 'object' && given.env !== null;
      given.env = guardedEnvironment(isGiven ? given.env : real);
    }
    // Node.js would fill in an object whose prototype is the program's: it would see the ports as they are set.
    const worker = own.construct(NativeWorker, [filename, given]);
    const { prototype } = new.target;
    if (prototype !== NativeWorker.prototype && typeof prototype === 'object' && prototype !== null) own.setPrototypeOf(worker, prototype);
    return worker;
  }
  own.defineProperty(Worker, 'prototype', { __proto__: null, value: NativeWorker.prototype, writable: false });
  own.setPrototypeOf(Worker, own.prototypeOf(NativeWorker));
  const constructor = { __proto__: null, value: Worker, writable: true, enumerable: false, configurable: true };
  own.defineProperty(NativeWorker.prototype, 'constructor', constructor);
  if (hidden !== undefined) own.defineProperty(hidden, 'constructor', constructor);
  threads.Worker = Worker;
}

/** Each option read once: another reading may have another answer. */
function copied(options) {
  const copy = own.create(null);
  for (const name in options) copy[name] = options[name];
  return copy;
}

/** The options, of which only those pass that are known to be harmless. */
function admittedOptions(options) {
  if (!own.isArray(options)) return options;
  const copy = withoutEmpty(copyOfOptions(options));
  for (let at = 0; at < copy.length; at += 1) {
    const { fault, hasValue } = faultOf(copy[at], inherited);
    if (fault !== undefined) refuse('flags', `Worker, ${shortened(copy[at])}`, fault);
    if (hasValue) at += 1;
  }
  return copy;
}

/** Node.js takes an empty one for the end of the options, and passes over what follows. So that nothing does, it goes. */
function withoutEmpty(options) {
  const some = [];
  for (let at = 0; at < options.length; at += 1) if (options[at] !== '') append(some, options[at]);
  return some;
}

const shortened = (text) => own.stringSlice(text, 0, 80);

/** Early, so that whoever makes it gets the error. What starts is compared where it starts: see guardStart. */
function compareSource(seal, source) {
  if (typeof source !== 'string') return;
  if (!seal.knows(own.sha256OfText(source))) refuse('worker', `code of ${source.length} characters`, 'is not in the source list');
}

/**
 * A Worker has its native handle under a symbol, and hooks on asynchronous resources see it as well: its
 * constructor starts threads without our options. We get at one by a Worker that can't be made.
 */
function prototypeOfHandles(NativeWorker) {
  let handle;
  let fault;
  const set = (_target, name, value, receiver) => {
    if (typeof value === 'object' && value !== null && typeof value.startThread === 'function') handle = value;
    return own.defineProperty(receiver, name, {
      __proto__: null, value, writable: true, enumerable: true, configurable: true,
    });
  };
  function Impossible() {}
  Impossible.prototype = new own.Interception(NativeWorker.prototype, { __proto__: null, set });
  try {
    own.construct(NativeWorker, ['', { __proto__: null, eval: true, env: { __proto__: null }, execArgv: ['--not-an-option'] }], Impossible);
  } catch (error) {
    // The option is refused after the handle was made. If the stack ran out before, there is none.
    fault = error;
  }
  if (handle === undefined) throw fault ?? new own.GuardError('Nodeward: this version of Node.js has no handles of Workers');
  return own.prototypeOf(handle);
}

module.exports = { __proto__: null, guard };
