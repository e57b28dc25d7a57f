'use strict';
// WebAssembly: bytes are copied, the copy's hash is looked up, the copy is compiled. Another thread may write to
// the bytes that were given, but not to the copy.

const own = require('./primordials.cjs');
const { refuse, enforces, callers } = require('./denial.cjs');
const { holdsBytes, holdsLiteral } = require('./embedded.cjs');
const { fileOf, isTold } = require('./modules.cjs');
const { copyOfOptions } = require('./options.cjs');

const { Module: NativeModule, compile, instantiate } = WebAssembly;
const { compileStreaming, instantiateStreaming } = WebAssembly;

let seal;
/** Hashes of what is Node.js's own, or stands in a sealed file. */
let builtin;
let permit;

/** `permitWasm` runs a callback in which the add-on lets WebAssembly be compiled. */
function guard(settings) {
  ({ seal } = settings);
  permit = settings.permitWasm ?? ((callback) => callback());
  builtin = own.create(null);

  function Module(bytes, options) {
    if (new.target === undefined) throw new own.GuardTypeError('WebAssembly.Module must be invoked with \'new\'');
    const copy = admitted(bytes, 'WebAssembly.Module');
    const read = copiedOptions(options);
    const module = permit(() => own.construct(NativeModule, [copy, read]));
    const { prototype } = new.target;
    if (prototype !== NativeModule.prototype && typeof prototype === 'object' && prototype !== null) own.setPrototypeOf(module, prototype);
    return module;
  }
  replace(Module);

  WebAssembly.compile = function guardedCompile(bytes, options) {
    return attempt(() => {
      const copy = admitted(bytes, 'WebAssembly.compile');
      const read = copiedOptions(options);
      return permit(() => own.apply(compile, WebAssembly, [copy, read]));
    });
  };
  WebAssembly.instantiate = function guardedInstantiate(source, imports, options) {
    return attempt(() => {
      // A compiled module was admitted when it was compiled.
      if (!own.isBytes(source)) return own.apply(instantiate, WebAssembly, [source, imports, options]);
      const copy = admitted(source, 'WebAssembly.instantiate');
      const read = copiedOptions(options);
      return permit(() => own.apply(instantiate, WebAssembly, [copy, imports, read]));
    });
  };
  guardStreaming();
}

/** Read before anything is permitted: while it is, no code of the program may run. */
function copiedOptions(options) {
  if (typeof options !== 'object' || options === null) return undefined;
  const { builtins, importedStringConstants } = options;
  const copy = own.create(null);
  if (builtins !== undefined) copy.builtins = copyOfOptions(builtins);
  if (importedStringConstants !== undefined && importedStringConstants !== null) copy.importedStringConstants = `${importedStringConstants}`;
  return copy;
}

/** Puts the guarded constructor where the native one can be reached: the global, and any module's `constructor`. */
function replace(Module) {
  const { prototype } = NativeModule;
  own.defineProperty(Module, 'prototype', { __proto__: null, value: prototype, writable: false });
  for (const name of ['customSections', 'exports', 'imports']) {
    own.defineProperty(Module, name, own.descriptorOf(NativeModule, name));
  }
  const everywhere = { __proto__: null, value: Module, writable: true, enumerable: false, configurable: true };
  own.defineProperty(prototype, 'constructor', everywhere);
  own.defineProperty(WebAssembly, 'Module', everywhere);
}

/** Streams are read to their end first, as only whole bytes have a hash. */
function guardStreaming() {
  if (compileStreaming === undefined) return;
  const guarded = (native, plainly, name) => function guardedStreaming(source, first, second) {
    return own.then(own.resolve(source), (response) => {
      if (!enforces()) return watched(native, response, name, [response, first, second]);
      // Never the native function: it would ask the response again, which may then answer otherwise.
      if (response === null || typeof response !== 'object' || !response.ok
        || response.headers?.get('content-type') !== 'application/wasm') {
        throw new own.GuardTypeError(`${name}: needs a successful response with the type application/wasm`);
      }
      return own.then(own.resolve(response.arrayBuffer()), (bytes) => plainly(bytes, first, second));
    });
  };
  const { compile: plainCompile, instantiate: plainInstantiate } = WebAssembly;
  WebAssembly.compileStreaming = guarded(compileStreaming, plainCompile, 'WebAssembly.compileStreaming');
  WebAssembly.instantiateStreaming = guarded(instantiateStreaming, plainInstantiate, 'WebAssembly.instantiateStreaming');
}

/** Report-only: the stream goes where it went, and a copy of it tells the hash. */
function watched(native, response, name, given) {
  try {
    own.then(own.resolve(response.clone().arrayBuffer()), (bytes) => admitted(bytes, name), () => {});
  } catch {
    // What can't be copied is told of all the same. If it is no response, the native function says so.
    refuse('wasm', name, 'its bytes can\'t be read before it is compiled');
  }
  return own.apply(native, WebAssembly, given);
}

function attempt(callback) {
  try {
    return callback();
  } catch (error) {
    return own.reject(error);
  }
}

/** The bytes to compile. What is no bytes at all goes on to the native function, which says so. */
function admitted(source, name) {
  const copy = own.copyBytes(source);
  if (copy === undefined) return undefined;
  const hash = own.sha256(copy);
  if (seal.knowsWasm(hash) || builtin[hash] === true) return copy;
  if (holdsBytes(copy) || standsInCaller(copy)) {
    builtin[hash] = true;
    return copy;
  }
  if (isTold(hash)) return source;
  refuse('wasm', `${name}, sha256 ${hash}`, 'its bytes are not in the source list');
  return enforces() ? undefined : source;
}

/**
 * Whether a sealed file among those that called has exactly these bytes in it, as a string of base64: packages carry
 * their WebAssembly so. Which files are looked at may be the attacker's choice; what is in them is not.
 */
function standsInCaller(bytes) {
  const names = callers();
  for (let at = 0; at < names.length; at += 1) {
    const name = fileOf(names[at]) ?? names[at];
    const entry = seal.find(name);
    if (entry === undefined) continue;
    try {
      const content = own.readBytes(name);
      if (own.sha256(content) === entry.sha256 && holdsLiteral(own.toUtf8(content), own.toBase64(bytes))) return true;
    } catch {
      // A file that can't be read holds nothing.
    }
  }
  return false;
}

module.exports = { __proto__: null, guard };
