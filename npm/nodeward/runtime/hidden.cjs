'use strict';
// The threads that Node.js 20 starts for hooks, while the guard is put up. Node.js shows each new thread to the program,
// in the next tick; from one of these leads a way to the native class of threads, which gives none of them our options.

const own = require('./primordials.cjs');

/** Calls back; nobody hears of the threads that Node.js starts meanwhile, and what they are made of leads nowhere. */
function withHiddenThreads(callback) {
  const { nextTick } = process;
  process.nextTick = function (task) {
    const thread = shownBy(task);
    if (thread === undefined) return own.apply(nextTick, process, arguments);
    hide(thread);
    return undefined;
  };
  try {
    return callback();
  } finally {
    process.nextTick = nextTick;
  }
}

/** The thread that a task is going to show. By its text: to try a task that does anything else would do it too early. */
function shownBy(task) {
  if (own.stringIndexOf(`${task}`, `process.emit('worker', this)`) === -1) return undefined;
  const { emit } = process;
  let shown;
  process.emit = (_name, thread) => { shown = thread; };
  try {
    task();
  } finally {
    process.emit = emit;
  }
  return shown;
}

/** Its classes, and that of its native handle. */
function hide(thread) {
  for (let prototype = own.prototypeOf(thread); !own.hasOwn(prototype, 'on'); prototype = own.prototypeOf(prototype)) take(prototype);
  const names = own.ownKeys(thread);
  for (let at = 0; at < names.length; at += 1) {
    const value = own.descriptorOf(thread, names[at]).value;
    if (typeof value?.startThread === 'function') take(own.prototypeOf(value));
  }
}

/** Until worker_threads is guarded, which puts its own class there. */
const take = (prototype) => own.defineProperty(prototype, 'constructor', {
  __proto__: null, value: undefined, writable: true, enumerable: false, configurable: true,
});

module.exports = { __proto__: null, withHiddenThreads };
