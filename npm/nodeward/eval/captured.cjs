'use strict';
// What bounded eval needs of the language, taken before the application can replace it.

// `fn.call` bound to `fn` never looks anything up on a prototype again.
const uncurried = Function.prototype.bind.bind(Function.prototype.call);

const { defineProperty } = Reflect;

/** `list.push(value)`, which calls no setter that someone put on a prototype. */
function append(list, value) {
  defineProperty(list, list.length, { __proto__: null, value, writable: true, configurable: true, enumerable: true });
}

/** Arguments as strings, as function constructors take them. */
function texts(given) {
  const made = [];
  for (let at = 0; at < given.length; at += 1) append(made, `${given[at]}`);
  return made;
}

module.exports = {
  __proto__: null,
  append,
  texts,
  apply: Reflect.apply,
  construct: Reflect.construct,
  create: Object.create,
  defineProperty,
  get: Reflect.get,
  setPrototypeOf: Object.setPrototypeOf,
  isView: ArrayBuffer.isView,
  descriptor: Object.getOwnPropertyDescriptor,
  freeze: Object.freeze,
  prototypeOf: Object.getPrototypeOf,
  stringify: JSON.stringify,
  string: String,
  uncurried,
  charCode: uncurried(String.prototype.charCodeAt),
  slice: uncurried(String.prototype.slice),
  startsWith: uncurried(String.prototype.startsWith),
  wellFormed: uncurried(String.prototype.toWellFormed),
  isWellFormed: uncurried(String.prototype.isWellFormed),
  numberToString: uncurried(Number.prototype.toString),
  // `test` would look up `exec` on the prototype.
  exec: uncurried(RegExp.prototype.exec),
  map: uncurried(Array.prototype.map),
  WeakMap,
  weakGet: uncurried(WeakMap.prototype.get),
  weakSet: uncurried(WeakMap.prototype.set),
  Map,
  mapGet: uncurried(Map.prototype.get),
  mapSet: uncurried(Map.prototype.set),
  mapHas: uncurried(Map.prototype.has),
  Set,
  setAdd: uncurried(Set.prototype.add),
  setHas: uncurried(Set.prototype.has),
  Proxy,
  TypeError,
  SyntaxError,
  EvalError,
  Error,
  Uint8Array,
};
