'use strict';
// What a name leads to. A relative name of a sealed module leads to the sealed file that Node.js would find, and to
// no file that was added since: the list says which there are, and nobody has to ask the file system. That takes
// Node.js about a twentieth of a large program's start.
//
// Whatever is not that simple is left to Node.js: names of packages, folders, options, hooks, other ways to find files.

const path = require('node:path');
const Module = require('node:module');
const own = require('./primordials.cjs');
const { enforces } = require('./denial.cjs');

/** What Node.js tries, in this order, where a name says no ending. */
const ENDINGS = ['', '.js', '.json', '.node'];
const SLASH = 0x2f;
const DOT = 0x2e;

let seal;
let findPath;
let lookupPaths;
/** Whether hooks of the application have to be asked. */
let isHooked = false;

function guard(settings) {
  if (!enforces() || path.sep !== '/') return;
  ({ seal } = settings);
  ({ _findPath: findPath, _resolveLookupPaths: lookupPaths } = Module);
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
  if (isHooked || options !== undefined || typeof request !== 'string' || own.charCode(request, 0) !== DOT) return undefined;
  // Somebody else decides what is found.
  if (Module._findPath !== findPath || Module._resolveLookupPaths !== lookupPaths) return undefined;
  const from = parent?.filename;
  // A file that is not sealed may have come by a link: its own folder is then another.
  if (typeof from !== 'string' || seal.find(from) === undefined) return undefined;
  const base = below(from, request);
  if (base === undefined) return undefined;
  for (let at = 0; at < ENDINGS.length; at += 1) {
    const found = base + ENDINGS[at];
    if (seal.find(found) !== undefined) return found;
  }
  return undefined;
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
