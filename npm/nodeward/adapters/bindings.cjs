'use strict';
// What an adapter binds in a module: constructors and `eval` that permit what they are about to make. Nothing
// here is found by way of a prototype, which other code could have changed to get hold of them.

const captured = require('../eval/captured.cjs');
const { KINDS, functionText } = require('../eval/function-text.cjs');

const indirectEval = globalThis.eval;
const constructors = KINDS.map(([keyword, example]) => ({ keyword, real: example.constructor, name: example.constructor.name }));
const METHODS = { __proto__: null, apply: Function.prototype.apply, call: Function.prototype.call, bind: Function.prototype.bind };

/**
 * @param {(source: string, callback: () => unknown) => unknown} permit `letMeEval` with the module's permission
 * @param {import('./list.cjs').Cover} cover
 * @param {{filename: string, module: object}} about
 */
function bindings(permit, { instead, evaluated, onlyInstead, allows }, about) {
  const bound = { __proto__: null };
  const permitted = onlyInstead ? unpermitted : permit;
  for (let at = 0; at < constructors.length; at += 1) {
    const { keyword, real, name } = constructors[at];
    bound[name] = constructorOf(keyword, real, permitted, (texts) => instead?.(texts, bound, about), allows);
  }
  bound.eval = (source) => {
    if (typeof source !== 'string') return source;
    return evaluated?.(source, about) ?? (allows === undefined ? permitted : unpermitted)(source, () => indirectEval(source));
  };
  // For a module that takes `Function` from the global object.
  bound.global = captured.create(globalThis);
  captured.defineProperty(bound.global, 'Function', {
    __proto__: null, value: bound.Function, writable: true, configurable: true, enumerable: false,
  });
  // By which some ask whether it is the global object.
  captured.defineProperty(bound.global, 'global', {
    __proto__: null, value: bound.global, writable: true, configurable: true, enumerable: false,
  });
  bound.globalThis = bound.global;
  return bound;
}

/** Goes on without a permission, so that it is denied and reported where the code is made. */
function unpermitted(_source, callback) {
  return callback();
}

/** The real constructor, but for calls: those permit the text that V8 is going to ask about. */
function constructorOf(keyword, real, permit, instead, allows) {
  const make = (given, target) => {
    const texts = captured.texts(given);
    const other = instead(texts);
    if (other !== undefined) return other;
    const permitted = allows === undefined || allows(texts) ? permit : unpermitted;
    return permitted(functionText(keyword, texts), () => captured.construct(real, texts, target));
  };
  const bounded = new captured.Proxy(real, {
    __proto__: null,
    apply: (_real, _this, given) => make(given, real),
    construct: (_real, given, target) => make(given, target === bounded ? real : target),
    get: (_real, name, receiver) => METHODS[name] ?? captured.get(real, name, receiver),
  });
  return bounded;
}

module.exports = { bindings };
