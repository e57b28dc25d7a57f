'use strict';
// depd wraps a deprecated function in one with as many parameters, which it makes from a string. Express, Koa and
// body-parser do so when they load.

const captured = require('../eval/captured.cjs');

/**
 * depd 1, which http-errors 1 still loads, makes that function by a direct `eval` that sees its local variables. No
 * parameter of the module could give that; the function is made here instead, from no string.
 */
function withoutEval(depd) {
  return (namespace) => {
    const deprecate = depd(namespace);
    deprecate._file = callerOf();
    deprecate.function = (deprecated, message) => wrapped(deprecate, deprecated, message);
    return deprecate;
  };
}

function wrapped(deprecate, deprecated, message) {
  if (typeof deprecated !== 'function') throw new captured.TypeError('argument fn must be a function');
  const text = message || deprecated.name || 'function';
  const wrapper = function () {
    // Whoever called the function is named: it is the frame after those of this file.
    const { _file: file } = deprecate;
    deprecate._file = HERE;
    try {
      deprecate(text);
    } finally {
      deprecate._file = file;
    }
    return captured.apply(deprecated, this, arguments);
  };
  captured.defineProperty(wrapper, 'length', { __proto__: null, value: deprecated.length, configurable: true });
  return wrapper;
}

/** The file that asked for a `deprecate` of its own: calls from there are not told apart. */
const callerOf = () => filesOnStack().find((name) => name !== HERE);

function filesOnStack() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 10;
  Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName());
  const names = new Error().stack;
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return names;
}

/** What stack traces call this file: the launcher puts all modules of the guard into one. */
const [HERE] = filesOnStack();

module.exports = {
  name: 'depd',
  covers: [
    { package: 'depd', range: '>=2.0.0 <3.0.0', files: ['index.js'], binds: ['Function'] },
    { package: 'depd', range: '>=1.0.0 <2.0.0', files: ['index.js'], binds: [], after: withoutEval },
  ],
};
