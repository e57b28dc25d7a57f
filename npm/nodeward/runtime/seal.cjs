'use strict';
// The source list, as the guard asks it: which content has this file, is this content on the list. It holds
// no policy of its own; what it does not find is not on the list.

const path = require('node:path');
const own = require('./primordials.cjs');

const SCHEMA = 'nodeward.seal/1';
const NAME = 'nodeward.seal.json';
const MAX_BYTES = 256 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;
const SYNTHETIC = '/dev/null/synthetic/';
const WINDOWS = process.platform === 'win32';

/** Reads and checks a seal. Throws an `Error` that says what is wrong with it, where, and what to do. */
function open(file, expected) {
  const bytes = read(file);
  const hash = own.sha256(bytes);
  if (expected !== undefined && hash !== expected) {
    throw new Error(`${file}: is not the seal that the launcher verified; start again`);
  }
  const root = own.fs.realpathSync(path.dirname(file));
  return { __proto__: null, hash, ...indexed(file, root, parsed(file, bytes)) };
}

/** A seal that is opened when it is first asked. Most programs never ask the thread of the loader. */
function whenAsked(opener) {
  let opened;
  return {
    __proto__: null,
    find: (filename) => (opened ??= opener()).find(filename),
    knows: (hash) => (opened ??= opener()).knows(hash),
  };
}

function read(file) {
  try {
    const { size } = own.fs.statSync(file);
    if (size > MAX_BYTES) throw new Error(`${size} bytes are more than a seal may have`);
    return own.readBytes(file);
  } catch (error) {
    throw new Error(`${file}: the seal can't be read: ${error.message}; make it with nodeward seal`);
  }
}

function parsed(file, bytes) {
  const fault = (what) => new Error(`${file}: ${what}; make it anew with nodeward seal`);
  let seal;
  try {
    seal = JSON.parse(own.toUtf8(bytes));
  } catch (error) {
    throw fault(`not JSON: ${error.message}`);
  }
  if (seal === null || typeof seal !== 'object' || seal.schema !== SCHEMA) throw fault(`"schema" is not "${SCHEMA}"`);
  for (const field of ['entries', 'sources', 'manifests']) {
    if (seal[field] !== undefined && !Array.isArray(seal[field])) throw fault(`"${field}" is not a list`);
  }
  for (const source of seal.sources ?? []) {
    if (source === null || typeof source !== 'object' || !isRelative(source.path)) {
      throw fault(`a source has no path below the seal: ${JSON.stringify(source?.path)}`);
    }
    if (typeof source.sha256 !== 'string' || source.sha256.length !== 64) throw fault(`${source.path}: "sha256" is not a hash`);
    if (typeof source.kind !== 'string') throw fault(`${source.path}: has no "kind"`);
  }
  for (const hash of seal.eval?.wasm ?? []) {
    if (typeof hash !== 'string' || !HASH.test(hash)) throw fault('"eval.wasm" has what is not a hash');
  }
  return seal;
}

/** Below the seal's folder, written with `/`, and the same as it would be after normalization. */
function isRelative(text) {
  if (typeof text !== 'string' || text.length === 0 || text[0] === '/') return false;
  return !(text[0] === '.' || text.includes('/.') || text.includes('//')) || isNormal(text);
}

function isNormal(text) {
  for (const part of text.split('/')) if (part === '' || part === '.' || part === '..') return false;
  return true;
}

function indexed(file, root, seal) {
  // Filling a map costs a tenth of what filling an object does.
  const byPath = new Map();
  const at = (name) => own.mapGet(byPath, name);
  let hasSynthetic = false;
  for (const source of seal.sources ?? []) {
    byPath.set(source.path, source);
    if (source.kind === 'synthetic') hasSynthetic = true;
  }
  const prefix = root.endsWith(path.sep) ? root : root + path.sep;
  const wasm = own.create(null);
  for (const hash of seal.eval?.wasm ?? []) wasm[hash] = true;

  /** What the seal says of a file, by its absolute path. */
  const find = (filename) => {
    if (!own.startsWith(filename, prefix)) {
      // Modules that the program makes, by the name that `synthesize` gives them.
      if (own.startsWith(filename, SYNTHETIC)) return at(`synthetic:${own.stringSlice(filename, SYNTHETIC.length)}`);
      return undefined;
    }
    let relative = own.stringSlice(filename, prefix.length);
    if (WINDOWS) relative = slashes(relative);
    return at(relative);
  };

  let byHash;
  /** What a content may be taken for that has no file: code of scripts, Workers and data URLs, or WebAssembly. */
  const useOf = (hash) => {
    if (byHash === undefined) {
      byHash = own.create(null);
      own.mapForEach(byPath, (source) => { byHash[source.sha256] = used(source) ?? byHash[source.sha256]; });
    }
    return byHash[hash];
  };
  const knows = (hash) => useOf(hash) === 'code';

  return {
    __proto__: null,
    file,
    root,
    document: seal,
    find,
    knows,
    knowsWasm: (hash) => wasm[hash] === true || useOf(hash) === 'wasm',
    children: seal.children === true,
    hasSynthetic,
    missing: () => missing(prefix, seal),
  };
}

const PROGRAMS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

/** Programs that are read are run as scripts, too: which of them, no text says. Other files that are read are not. */
function used({ path: name, kind }) {
  if (kind === 'wasm') return 'wasm';
  if (kind === 'json' || kind === 'native') return undefined;
  if (kind !== 'text') return 'code';
  for (let at = 0; at < PROGRAMS.length; at += 1) if (own.endsWith(name, PROGRAMS[at])) return 'code';
  return undefined;
}

function slashes(text) {
  let changed = '';
  for (let at = 0; at < text.length; at += 1) changed += text[at] === '\\' ? '/' : text[at];
  return changed;
}

/** The first sealed files that are not there or have another size. Content is checked when it is loaded. */
function missing(prefix, seal) {
  const found = [];
  for (const list of [seal.sources ?? [], seal.manifests ?? []]) {
    for (const { path: relative, size } of list) {
      if (relative.startsWith('synthetic:')) continue;
      const stat = own.fs.statSync(prefix + relative, { throwIfNoEntry: false });
      if (stat === undefined) found.push(`${relative} is missing`);
      else if (size !== undefined && stat.size !== size) found.push(`${relative} has ${stat.size} bytes, sealed with ${size}`);
      if (found.length === 10) return found;
    }
  }
  return found;
}

/** Where the seal is when the launcher does not say: beside the main file or above it, or in the working directory. */
function locate(main) {
  const starts = [main === undefined ? undefined : path.dirname(path.resolve(main)), process.cwd()];
  for (const start of starts) {
    for (let folder = start; folder !== undefined; folder = path.dirname(folder)) {
      const candidate = path.join(folder, NAME);
      if (own.fs.statSync(candidate, { throwIfNoEntry: false }) !== undefined) return candidate;
      if (path.dirname(folder) === folder) break;
    }
  }
  return undefined;
}

module.exports = { __proto__: null, open, whenAsked, locate, NAME };
