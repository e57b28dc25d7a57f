'use strict';
// Compiles a listed module from its own text, with more names bound than Node.js binds: those of an adapter, or a
// `require` that gives `nodeward/eval` as only this module gets it. What the application may put in the place of
// `Module._load` or of the module's own `require` is asked for everything else.

const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const captured = require('./captured.cjs');

const { compileFunction } = vm;
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const { dirname } = path;
const resolveFilename = Module._resolveFilename;
const lookupPaths = Module._resolveLookupPaths;

/**
 * @param {Record<string, unknown>} bound what else the module sees as its parameters; no prototype
 * @param {Record<string, unknown>} [own] what `require` of a name gives, whoever replaced the loader; no prototype
 */
function compile(module, content, filename, bound, own) {
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const values = [module.exports, requireOf(module, own), module, filename, dirname(filename)];
  const options = { __proto__: null, filename, importModuleDynamically };
  for (const name in bound) {
    if (name === 'eval') {
      // Strict code may have no parameter of this name.
      options.contextExtensions = [{ __proto__: null, eval: bound.eval }];
    } else {
      captured.append(names, name);
      captured.append(values, bound[name]);
    }
  }
  const run = compileFunction(content, names, options);
  return captured.apply(run, values[0], values);
}

/** The `require` of a module, as Node.js makes it. */
function requireOf(module, own) {
  const require = (request) => {
    const mine = own !== undefined && typeof request === 'string' ? own[request] : undefined;
    return mine === undefined ? module.require(request) : mine;
  };
  require.resolve = (request, options) => resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => lookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

/** A function with an `import()` that looks up names as the file would: the name of the script decides. */
function importerOf(filename) {
  return compileFunction('return import(specifier)', ['specifier'], { __proto__: null, filename, importModuleDynamically });
}

/** What `require.resolve` of a module gives. */
function pathFrom(module, request) {
  return resolveFilename(request, module, false);
}

module.exports = { compile, importerOf, pathFrom };
