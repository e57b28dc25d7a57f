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

const ADAPTERS = [
  require('./ajv.cjs'),
  require('./dot.cjs'),
  require('./ejs.cjs'),
  require('./handlebars.cjs'),
  require('./lodash.cjs'),
  require('./mathjs.cjs'),
  require('./pug.cjs'),
];

const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];
const { compileFunction } = vm;
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const { dirname } = path;
const resolveFilename = Module._resolveFilename;
const lookupPaths = Module._resolveLookupPaths;
const requireFrom = captured.uncurried(Module.prototype.require);

/**
 * What an adapter covers of a file.
 *
 * @typedef {{adapter: string, binds: string[], instead?: (texts: string[], bound: object) => unknown}} Cover
 * @param {string} listedPath as in the seal, with `/`
 * @param {string | undefined} release `name@version`, as the seal says
 * @returns {Cover | undefined}
 */
function adapterOf(listedPath, release) {
  const at = release === undefined ? -1 : release.lastIndexOf('@');
  if (at <= 0) return undefined;
  const name = release.slice(0, at);
  const version = release.slice(at + 1);
  const folder = `node_modules/${name}/`;
  const start = listedPath.lastIndexOf('node_modules/');
  if (start < 0 || !listedPath.startsWith(folder, start)) return undefined;
  const file = listedPath.slice(start + folder.length);
  for (const adapter of ADAPTERS) {
    for (const cover of adapter.covers) {
      if (cover.package === name && cover.files.includes(file) && isWithin(version, cover.range)) {
        return { adapter: adapter.name, binds: cover.binds, instead: cover.instead };
      }
    }
  }
  return undefined;
}

/** Whether a version lies in a range of the form `>=1.2.3 <2.0.0`; a prerelease counts as its release. */
function isWithin(version, range) {
  const numbers = (text) => /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+]|$)/.exec(text)?.slice(1).map(Number);
  const [from, below] = range.split(' ').map((part) => numbers(part.replace(/^(?:>=|<)/, '')));
  const given = numbers(version);
  return given !== undefined && order(given, from) >= 0 && order(given, below) < 0;
}

function order(left, right) {
  const differing = left.findIndex((number, index) => number !== right[index]);
  return differing < 0 ? 0 : left[differing] - right[differing];
}

/** Runs a module from its own text with the names bound that its adapter says. */
function compile(module, content, filename, cover, permit) {
  const bound = bindings(permit, cover.instead);
  const names = [...PARAMETERS, ...cover.binds];
  const run = compileFunction(content, names, { filename, importModuleDynamically });
  const values = [module.exports, requireOf(module), module, filename, dirname(filename)];
  for (const name of cover.binds) values.push(bound[name]);
  return captured.apply(run, module.exports, values);
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

/** All that adapters cover, for those who write a seal: package, range and files. */
function list() {
  return ADAPTERS.flatMap((adapter) => adapter.covers.map(({ package: name, range, files }) => ({
    adapter: adapter.name, package: name, range, files: [...files],
  })));
}

module.exports = { adapterOf, compile, list };
