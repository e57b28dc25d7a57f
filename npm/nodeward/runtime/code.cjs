'use strict';
// The sealed code of CommonJS modules: with the text that was compared, V8 gets what it made of that text when the
// program was sealed. Node.js would take it from a folder with a file for each module; here it is one, read once.
//
// Only what no public function does as Node.js does it is left to Node.js: the main file, and texts with `import()`.

const path = require('node:path');
const vm = require('node:vm');
const Module = require('node:module');
const own = require('./primordials.cjs');

const { compileFunction } = vm;
const { dirname } = path;
const { createRequire } = Module;
const PARAMETERS = own.freeze(['exports', 'require', 'module', '__filename', '__dirname']);

let seal;
/** The first module that Node.js ran itself: it has the mark that Node.js gives to those that are being run. */
let first;
let mark;
/** Whether hooks of the application have a say in what a name leads to. */
let isHooked = false;

function guard(settings) {
  ({ seal } = settings);
}

/** From now on hooks have to be asked. */
function hooked() {
  isHooked = true;
}

/** Notes a module that Node.js is going to run. */
function note(module) {
  first ??= module;
}

/** The function of a module as Node.js would make it of its text; none where the seal has no code for it. */
function compiled(text, filename) {
  // Source maps are noted when Node.js compiles.
  if (isHooked || first === undefined || process.sourceMapsEnabled === true) return undefined;
  const cachedData = seal.codeOf(filename);
  if (cachedData === undefined) return undefined;
  mark ??= markOf(first);
  if (mark === undefined) return undefined;
  return compileFunction(text, PARAMETERS, { __proto__: null, filename, cachedData });
}

/** Runs it as `Module.prototype._compile` does. */
function run(body, module, filename) {
  const { exports } = module;
  module[mark] = true;
  const result = own.apply(body, exports, [exports, requireOf(module, filename), module, filename, dirname(filename)]);
  module[mark] = false;
  return result;
}

/** By this an ES module that a CommonJS module requires tells that it would have to wait for itself. */
function markOf(module) {
  const keys = own.ownKeys(module);
  for (let at = 0; at < keys.length; at += 1) {
    if (typeof keys[at] === 'symbol' && own.descriptionOf(keys[at]) === 'kIsExecuting') return keys[at];
  }
  return undefined;
}

/** The `require` of a module, as Node.js makes it. */
function requireOf(module, filename) {
  function require(path) {
    return module.require(path);
  }
  function resolve(request, options) {
    if (isHooked || typeof request !== 'string') return createRequire(filename).resolve(request, options);
    return Module._resolveFilename(request, module, false, options);
  }
  function paths(request) {
    if (typeof request !== 'string') return createRequire(filename).resolve.paths(request);
    return Module._resolveLookupPaths(request, module);
  }
  require.resolve = resolve;
  resolve.paths = paths;
  own.defineProperty(require, 'main', { __proto__: null, value: process.mainModule, writable: true, enumerable: true, configurable: true });
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

module.exports = { __proto__: null, guard, hooked, note, compiled, run };
