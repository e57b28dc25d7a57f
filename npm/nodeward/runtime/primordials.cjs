'use strict';
// What the guard uses of the language and of Node.js, taken before the application's first line runs. The
// application may replace anything on a global or a prototype; nothing of ours is looked up there again.
//
// So the guard also does without what looks things up by itself: spread and `for…of` (iterators), `push`,
// destructuring of arrays, regular expressions, `await`, object literals that are read for optional fields.

// `call` bound to a method: never looks at a prototype again.
const uncurried = Function.prototype.bind.bind(Function.prototype.call);
const getter = (holder, name) => uncurried(Object.getOwnPropertyDescriptor(holder, name).get);

const crypto = require('node:crypto');
const fs = require('node:fs');
const util = require('node:util');

const TypedArray = Object.getPrototypeOf(Uint8Array);
const { hash } = crypto;
const { fstatSync, openSync, readSync, closeSync, writeSync } = fs;
const { isAnyArrayBuffer, isArrayBufferView, isDataView, isPromise, isProxy, isSharedArrayBuffer } = util.types;

const bufferOf = getter(TypedArray.prototype, 'buffer');
const offsetOf = getter(TypedArray.prototype, 'byteOffset');
const lengthOf = getter(TypedArray.prototype, 'byteLength');
const viewBufferOf = getter(DataView.prototype, 'buffer');
const viewOffsetOf = getter(DataView.prototype, 'byteOffset');
const viewLengthOf = getter(DataView.prototype, 'byteLength');
const descriptionOf = getter(Symbol.prototype, 'description');
const utf8Slice = uncurried(Buffer.prototype.utf8Slice);
const bufferIndexOf = uncurried(Buffer.prototype.indexOf);
const isWellFormed = uncurried(String.prototype.isWellFormed);
const decodeBase64 = Buffer.from;
const base64Slice = uncurried(Buffer.prototype.base64Slice);

/** Bytes in memory that nobody else has: other threads may write to what we were given. */
function copyBytes(source) {
  if (isAnyArrayBuffer(source)) return new Bytes(new Bytes(source));
  if (isDataView(source)) return new Bytes(new Bytes(viewBufferOf(source), viewOffsetOf(source), viewLengthOf(source)));
  if (isArrayBufferView(source)) return new Bytes(new Bytes(bufferOf(source), offsetOf(source), lengthOf(source)));
  return undefined;
}

/**
 * The hash of a text as UTF-8. Half a character has none there: Node.js hashes another in its place, and so another
 * text. What has one gets what is nobody's hash.
 */
function sha256OfText(text) {
  const found = hash('sha256', text, 'hex');
  return isWellFormed(text) ? found : `${found}, with half a character`;
}

/** The bytes behind an open file. Reads into our own memory: `fs.readFileSync` asks a replaceable `Buffer`. */
function readOpen(descriptor) {
  const size = fstatSync(descriptor).size;
  return readInto(descriptor, new Bytes(size), size);
}

function readInto(descriptor, bytes, size) {
  let at = 0;
  while (at < size) {
    const read = readSync(descriptor, bytes, at, size - at, at);
    if (read === 0) break;
    at += read;
  }
  return at === lengthOf(bytes) ? bytes : new Bytes(bufferOf(bytes), 0, at);
}

function readBytes(path) {
  const descriptor = openSync(path, 'r');
  try {
    return readOpen(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The same for bytes that are used at once, before anything else is read: memory is not asked for each time. */
function readBriefly(path) {
  const descriptor = openSync(path, 'r');
  try {
    const size = fstatSync(descriptor).size;
    if (size > LARGEST_KEPT) return readInto(descriptor, new Bytes(size), size);
    if (size > lengthOf(kept)) kept = new Bytes(size * 2);
    return readInto(descriptor, kept, size);
  } finally {
    closeSync(descriptor);
  }
}

const LARGEST_KEPT = 4 * 1024 * 1024;

const Bytes = Uint8Array;
let kept = new Bytes(64 * 1024);

module.exports = Object.freeze({
  __proto__: null,
  apply: Reflect.apply,
  construct: Reflect.construct,
  create: Object.create,
  defineProperty: Reflect.defineProperty,
  descriptionOf,
  descriptorOf: Object.getOwnPropertyDescriptor,
  freeze: Object.freeze,
  hasOwn: uncurried(Object.prototype.hasOwnProperty),
  namesOf: Object.getOwnPropertyNames,
  ownKeys: Reflect.ownKeys,
  prototypeOf: Object.getPrototypeOf,
  setPrototypeOf: Object.setPrototypeOf,
  uncurried,
  stringify: JSON.stringify,
  parse: JSON.parse,
  decodeURIComponent,
  stringSlice: uncurried(String.prototype.slice),
  stringIndexOf: uncurried(String.prototype.indexOf),
  startsWith: uncurried(String.prototype.startsWith),
  endsWith: uncurried(String.prototype.endsWith),
  charCode: uncurried(String.prototype.charCodeAt),
  numberToString: uncurried(Number.prototype.toString),
  split: uncurried(String.prototype.split),
  toUpperCase: uncurried(String.prototype.toUpperCase),
  mapForEach: uncurried(Map.prototype.forEach),
  mapGet: uncurried(Map.prototype.get),
  mapSet: uncurried(Map.prototype.set),
  Weak: WeakSet,
  weakAdd: uncurried(WeakSet.prototype.add),
  weakHas: uncurried(WeakSet.prototype.has),
  now: Date.now,
  Clock: Date,
  toISOString: uncurried(Date.prototype.toISOString),
  GuardError: Error,
  GuardTypeError: TypeError,
  Resolved: Promise,
  resolve: Promise.resolve.bind(Promise),
  reject: Promise.reject.bind(Promise),
  then: uncurried(Promise.prototype.then),
  Interception: Proxy,
  getCallSites: util.getCallSites,
  isArray: Array.isArray,
  isProxy,
  isPromise,
  isSharedArrayBuffer,
  isBytes: (value) => isAnyArrayBuffer(value) || isArrayBufferView(value),
  sha256: (data) => hash('sha256', data, 'hex'),
  sha256OfText,
  toUtf8: (bytes) => utf8Slice(bytes, 0, lengthOf(bytes)),
  bytesFrom: (bytes, offset, length) => new Bytes(bufferOf(bytes), offset, length),
  bytesIndexOf: (bytes, text) => bufferIndexOf(bytes, text, 0, 'latin1'),
  fromBase64: (text) => decodeBase64(text, 'base64'),
  toBase64: (bytes) => base64Slice(bytes, 0, lengthOf(bytes)),
  copyBytes,
  readBytes,
  readBriefly,
  readOpen,
  fs: Object.freeze({ __proto__: null, openSync, closeSync, writeSync, statSync: fs.statSync, realpathSync: fs.realpathSync }),
});
