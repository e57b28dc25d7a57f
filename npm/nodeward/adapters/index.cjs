'use strict';
// Adapters let packages that make code from strings run under bounded eval as they are. A module of such a
// package is compiled from its own text, unchanged, with `Function` (or `eval`, or `global`) as a parameter
// beside `exports` and `require`: what it makes through that name goes through `letMeEval`.
//
// An adapter gives no rights. It applies to a file only if the seal lists it under `eval.modules`, says that it
// belongs to the package in the range, and its content has the hash in the seal.

const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const captured = require('../eval/captured.cjs');
const { bindings } = require('./bindings.cjs');

const { compileFunction } = vm;
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const { dirname } = path;
const resolveFilename = Module._resolveFilename;
const lookupPaths = Module._resolveLookupPaths;
const requireFrom = captured.uncurried(Module.prototype.require);

/**
 * Runs a module from its own text with the names bound that its adapter says.
 *
 * @param {(source: string, callback: () => unknown) => unknown} permit `letMeEval` with the module's permission
 */
function compile(module, content, filename, cover, permit) {
  const bound = bindings(permit, cover.instead);
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const values = [module.exports, requireOf(module), module, filename, dirname(filename)];
  for (let at = 0; at < cover.binds.length; at += 1) {
    captured.append(names, cover.binds[at]);
    captured.append(values, bound[cover.binds[at]]);
  }
  const run = compileFunction(content, names, { __proto__: null, filename, importModuleDynamically });
  const result = captured.apply(run, module.exports, values);
  if (cover.after !== undefined) module.exports = cover.after(module.exports);
  return result;
}

/** The `require` of a module, as Node.js makes it. */
function requireOf(module) {
  const require = (request) => requireFrom(module, request);
  require.resolve = (request, options) => resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => lookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

module.exports = { compile };
