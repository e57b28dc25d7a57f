'use strict';
// Whether the guard's own files are still as the launcher wrote them. Every Worker and every child process reads them
// anew, and another process of the same user may have written to them.

const path = require('node:path');
const own = require('./primordials.cjs');
const { refuse } = require('./denial.cjs');

const { NODEWARD_GUARD = '' } = process.env;
const FOLDER = path.dirname(__dirname);

/** Each file with its hash, from lines as `sha256sum` writes them. Without the launcher there are none. */
const files = own.freeze(NODEWARD_GUARD.split('\n').filter(Boolean).map((line) => own.freeze({
  __proto__: null, sha256: line.slice(0, 64), name: path.join(FOLDER, line.slice(66)),
})));

function requireIntact() {
  for (let at = 0; at < files.length; at += 1) {
    const { name, sha256 } = files[at];
    if (hashOf(name) !== sha256) refuse('guard', name, 'was changed since the program was started');
  }
}

function hashOf(name) {
  try {
    return own.sha256(own.readBytes(name));
  } catch {
    return undefined;
  }
}

module.exports = { __proto__: null, requireIntact };
