'use strict';
// What a name leads to. A relative name of a sealed module leads to the sealed file that Node.js would find, and the
// name of a package to the main file that the seal gives it, whatever was added since: nobody has to ask the file
// system, which takes Node.js a tenth of a large program's start.
//
// Whatever is not that simple is left to Node.js: parts of packages, folders, options, hooks, other ways to find files.

const path = require('node:path');
const Module = require('node:module');
const own = require('./primordials.cjs');
const { enforces } = require('./denial.cjs');
const { changesNames, wordsOf } = require('./options.cjs');

/** What Node.js tries, in this order, where a name says no ending. */
const ENDINGS = ['', '.js', '.json', '.node'];
const SLASH = 0x2f;
const DOT = 0x2e;
const AT = 0x40;
const PACKAGES = '/node_modules';
const MANIFEST = '/package.json';
const { isBuiltin } = Module;

let seal;
let findPath;
let lookupPaths;
/** Whether hooks of the application have to be asked. */
let isHooked = false;
/** Whether names of packages lead where they led when they were sealed. */
let areUsual = false;

function guard(settings) {
  if (!enforces() || path.sep !== '/') return;
  ({ seal } = settings);
  ({ _findPath: findPath, _resolveLookupPaths: lookupPaths } = Module);
  areUsual = !changesNames(process.execArgv) && !changesNames(wordsOf(process.env.NODE_OPTIONS ?? ''));
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function _resolveFilename(request, parent, isMain, options) {
    return sealedFile(request, parent, options) ?? own.apply(resolve, this, [request, parent, isMain, options]);
  };
}

/** From now on hooks have to be asked. */
function hooked() {
  isHooked = true;
}

function sealedFile(request, parent, options) {
  if (isHooked || typeof request !== 'string' || !isWithout(options)) return undefined;
  // Somebody else decides what is found.
  if (Module._findPath !== findPath || Module._resolveLookupPaths !== lookupPaths) return undefined;
  const from = parent?.filename;
  // A file that is not sealed may have come by a link: its own folder is then another.
  if (typeof from !== 'string' || seal.find(from) === undefined) return undefined;
  return own.charCode(request, 0) === DOT ? relative(from, request) : main(from, request, parent.paths);
}

/** `require.resolve` gives an object, too, where it was given nothing. */
function isWithout(options) {
  return options === undefined || options === null || (typeof options === 'object' && options.paths === undefined && options.conditions === undefined);
}

function relative(from, request) {
  const base = below(from, request);
  if (base === undefined) return undefined;
  for (let at = 0; at < ENDINGS.length; at += 1) {
    const found = base + ENDINGS[at];
    if (seal.find(found) !== undefined) return found;
  }
  return undefined;
}

/** The main file of the nearest package of this name. */
function main(from, request, paths) {
  if (!areUsual || !isPackage(request) || isBuiltin(request)) return undefined;
  // The program looks somewhere else first.
  if (paths?.[0] !== own.stringSlice(from, 0, lastSlash(from, from.length)) + PACKAGES) return undefined;
  // A package that names itself may mean something else than who finds it; so may the program, which has a name too.
  if (own.stringIndexOf(from, `${PACKAGES}/`) === -1 || own.stringIndexOf(from, `${PACKAGES}/${request}/`) !== -1) return undefined;
  for (let end = lastSlash(from, from.length); end > 0; end = lastSlash(from, end)) {
    const folder = own.stringSlice(from, 0, end);
    if (own.endsWith(folder, PACKAGES)) continue;
    const candidate = `${folder}${PACKAGES}/${request}`;
    const found = seal.mainOf(candidate);
    if (found !== undefined) return found;
    if (seal.find(candidate + MANIFEST) !== undefined) return undefined;
  }
  return undefined;
}

/** Whether it is the name of a package, and of no part of one. */
function isPackage(request) {
  const slash = own.stringIndexOf(request, '/');
  if (own.charCode(request, 0) !== AT) return slash === -1 && request.length > 0;
  return slash > 1 && own.stringIndexOf(own.stringSlice(request, slash + 1), '/') === -1 && slash + 1 < request.length;
}

/** The path that a relative name means in a file; none where it names a folder, or is written in another way than all do. */
function below(from, request) {
  let folder = lastSlash(from, from.length);
  let at = 0;
  for (;;) {
    if (own.charCode(request, at) !== DOT) break;
    if (own.charCode(request, at + 1) === SLASH) {
      at += 2;
    } else if (own.charCode(request, at + 1) === DOT && own.charCode(request, at + 2) === SLASH) {
      at += 3;
      folder = lastSlash(from, folder);
      if (folder < 0) return undefined;
    } else {
      break;
    }
  }
  if (at === 0 || at === request.length) return undefined;
  // No part may be empty or of dots: names of folders end with one.
  let isStart = true;
  for (let next = at; next < request.length; next += 1) {
    const unit = own.charCode(request, next);
    if (isStart && (unit === SLASH || unit === DOT)) return undefined;
    isStart = unit === SLASH;
  }
  return isStart ? undefined : own.stringSlice(from, 0, folder + 1) + own.stringSlice(request, at);
}

/** Where the last slash before a place stands; -1 where there is none. */
function lastSlash(text, before) {
  let at = before - 1;
  while (at >= 0 && own.charCode(text, at) !== SLASH) at -= 1;
  return at;
}

module.exports = { __proto__: null, guard, hooked };
