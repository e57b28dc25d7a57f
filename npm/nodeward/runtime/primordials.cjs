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
const utf8Slice = uncurried(Buffer.prototype.utf8Slice);
const bufferIndexOf = uncurried(Buffer.prototype.indexOf);
const decodeBase64 = Buffer.from;
const base64Slice = uncurried(Buffer.prototype.base64Slice);

/** Bytes in memory that nobody else has: other threads may write to what we were given. */
function copyBytes(source) {
  if (isAnyArrayBuffer(source)) return new Bytes(new Bytes(source));
  if (isDataView(source)) return new Bytes(new Bytes(viewBufferOf(source), viewOffsetOf(source), viewLengthOf(source)));
  if (isArrayBufferView(source)) return new Bytes(new Bytes(bufferOf(source), offsetOf(source), lengthOf(source)));
  return undefined;
}

/** The bytes behind an open file. Reads into our own memory: `fs.readFileSync` asks a replaceable `Buffer`. */
function readOpen(descriptor) {
  const size = fstatSync(descriptor).size;
  const bytes = new Bytes(size);
  let at = 0;
  while (at < size) {
    const read = readSync(descriptor, bytes, at, size - at, at);
    if (read === 0) break;
    at += read;
  }
  return at === size ? bytes : new Bytes(bytes.buffer, 0, at);
}

function readBytes(path) {
  const descriptor = openSync(path, 'r');
  try {
    return readOpen(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const Bytes = Uint8Array;

module.exports = Object.freeze({
  __proto__: null,
  apply: Reflect.apply,
  construct: Reflect.construct,
  create: Object.create,
  defineProperty: Reflect.defineProperty,
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
  mapForEach: uncurried(Map.prototype.forEach),
  mapGet: uncurried(Map.prototype.get),
  mapSet: uncurried(Map.prototype.set),
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
  toUtf8: (bytes) => utf8Slice(bytes, 0, lengthOf(bytes)),
  bytesIndexOf: (bytes, text) => bufferIndexOf(bytes, text, 0, 'latin1'),
  fromBase64: (text) => decodeBase64(text, 'base64'),
  toBase64: (bytes) => base64Slice(bytes, 0, lengthOf(bytes)),
  copyBytes,
  readBytes,
  readOpen,
  fs: Object.freeze({ __proto__: null, openSync, closeSync, writeSync, statSync: fs.statSync, realpathSync: fs.realpathSync }),
});
