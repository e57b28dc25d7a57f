'use strict';
// What Node.js loads for itself: `fetch()` loads `tls`, and no `require` of the application tells of it. The list of
// what is loaded grows as soon as a module is there and before anyone uses it, so the list is where to look.

const own = require('./primordials.cjs');

const PREFIX = 'NativeModule ';

/** Calls back once a built-in module is there, whoever loads it; at once if it is there already. */
function whenLoaded(name, callback) {
  const list = process.moduleLoadList;
  const wanted = PREFIX + name;
  for (let at = 0; at < list.length; at += 1) if (list[at] === wanted) return callback();
  let isThere = false;
  const set = (_target, key, value, receiver) => {
    own.defineProperty(receiver, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
    if (value === wanted && !isThere) {
      isThere = true;
      callback();
    }
    return true;
  };
  own.setPrototypeOf(list, new own.Interception(own.prototypeOf(list), { __proto__: null, set }));
  hide(list);
}

/** The list itself stays here: who has it could take the prototype away again. */
function hide(list) {
  const get = () => {
    const copy = [];
    for (let at = 0; at < list.length; at += 1) {
      own.defineProperty(copy, at, { __proto__: null, value: list[at], writable: true, enumerable: true, configurable: true });
    }
    return copy;
  };
  own.defineProperty(process, 'moduleLoadList', { __proto__: null, get, set: undefined, enumerable: true, configurable: false });
}

module.exports = { __proto__: null, whenLoaded };
