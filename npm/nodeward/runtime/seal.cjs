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

/** What the launcher made of the seal that it verified, beside the guard where only the launcher writes. */
const LIST = path.join(__dirname, '..', 'list.json');
const LIST_SCHEMA = 'nodeward.list/1';
/** The code of the modules that the list has places for, brought by the launcher too. */
const CODE = path.join(__dirname, '..', 'code.cache');

/** The kinds of sources by the letter that the list has for each. */
const KINDS = {
  __proto__: null,
  c: 'cjs', e: 'esm', j: 'json', n: 'native', w: 'wasm', t: 'text', s: 'synthetic', p: 'typescript',
};

/**
 * Reads and checks a seal, or, where the launcher has started us, its list of the one that has the hash `expected`:
 * only then can nobody else write beside the guard. Throws an `Error` that says what is wrong with it, where, and what to do.
 */
function open(file, expected, isLaunched) {
  const list = isLaunched && expected !== undefined ? brought(expected) : undefined;
  if (list !== undefined) return listed(file, expected, list);
  const { bytes, hash } = verified(file, expected);
  return indexed(file, hash, own.fs.realpathSync(path.dirname(file)), parsed(file, bytes));
}

function verified(file, expected) {
  const bytes = read(file);
  const hash = own.sha256(bytes);
  if (expected !== undefined && hash !== expected) {
    throw new Error(`${file}: is not the seal that the launcher verified; start again`);
  }
  return { __proto__: null, bytes, hash };
}

/** To read the seal itself takes a program's start longer than all other work of the guard before it. */
function brought(expected) {
  let text;
  try {
    text = own.toUtf8(own.readBytes(LIST));
  } catch {
    return undefined;
  }
  const list = own.parse(text);
  if (list.schema !== LIST_SCHEMA || list.seal !== expected) return undefined;
  if (list.node !== process.version) throw new Error(otherVersion(list));
  return list;
}

/** The launcher may know a version from an earlier start, and what it enforces goes by the version. */
function otherVersion({ node, known }) {
  const remedy = known === undefined ? 'start again' : `remove ${known}, which says so, and start again`;
  return `this is Node.js ${process.version}, and the launcher took it for ${node}; ${remedy}`;
}

/** A seal that is opened when it is first asked. Most programs never ask the thread of the loader. */
function whenAsked(opener) {
  let opened;
  return {
    __proto__: null,
    find: (filename) => (opened ??= opener()).find(filename),
    knows: (hash) => (opened ??= opener()).knows(hash),
    codeOf: () => undefined,
    mainOf: (folder) => (opened ??= opener()).mainOf(folder),
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
  for (const field of ['wasm', 'texts']) {
    for (const hash of seal.eval?.[field] ?? []) {
      if (typeof hash !== 'string' || !HASH.test(hash)) throw fault(`"eval.${field}" has what is not a hash`);
    }
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

/** The answers of a seal that was read whole. */
function indexed(file, hash, root, seal) {
  const byPath = byPathOf(seal);
  const at = (name) => own.mapGet(byPath, name);
  let hasSynthetic = false;
  own.mapForEach(byPath, (source) => { if (source.kind === 'synthetic') hasSynthetic = true; });
  const prefix = prefixOf(root);
  return {
    __proto__: null,
    file,
    hash,
    root,
    document: seal,
    evalRules: seal.eval,
    children: seal.children === true,
    hasSynthetic,
    ...questions(prefix, at, seal.eval?.wasm ?? [], (note) => own.mapForEach(byPath, note)),
    releaseOf: (filename) => released(at(relativeTo(prefix, filename))),
    missing: () => missing(prefix, seal),
    codeOf: () => undefined,
    mainOf: mainsOf(prefix, () => sealedMains(seal)),
  };
}

/** The answers of the launcher's list. Who asks for more than that has the seal read. */
function listed(file, hash, list) {
  const { root, sources } = list;
  // A path may be called as what every object has.
  own.setPrototypeOf(sources, null);
  const at = (name) => {
    const value = sources[name];
    return value === undefined ? undefined : { __proto__: null, kind: KINDS[value[0]], sha256: own.stringSlice(value, 1) };
  };
  const prefix = prefixOf(root);
  let whole;
  const document = () => (whole ??= parsed(file, verified(file, hash).bytes));
  let releases;
  const releaseOf = (filename) => {
    releases ??= byPathOf(document());
    return released(own.mapGet(releases, relativeTo(prefix, filename)));
  };
  return {
    __proto__: null,
    file,
    hash,
    root,
    get document() { return document(); },
    evalRules: list.eval,
    children: list.children,
    hasSynthetic: list.synthetic,
    ...questions(prefix, at, list.eval.wasm ?? [], (note) => {
      for (const name in sources) note(at(name), name);
    }),
    releaseOf,
    // The launcher saw to it.
    missing: () => [],
    codeOf: codesOf(prefix, list.code),
    mainOf: mainsOf(prefix, () => own.setPrototypeOf(list.mains ?? {}, null)),
  };
}

/** Gives the main file of the package in a folder, where the seal says it. */
function mainsOf(prefix, list) {
  let mains;
  return (folder) => {
    mains ??= list();
    const main = mains[relativeTo(prefix, folder)];
    return main === undefined ? undefined : prefix + main;
  };
}

function sealedMains({ manifests }) {
  const mains = own.create(null);
  for (let at = 0; at < (manifests?.length ?? 0); at += 1) {
    const { path: name, main } = manifests[at];
    if (typeof main === 'string' && isRelative(main)) mains[own.stringSlice(name, 0, name.length - MANIFEST.length)] = main;
  }
  return mains;
}

const MANIFEST = '/package.json';

/** Gives what V8 made of a module when it was sealed. */
function codesOf(prefix, places) {
  if (places === undefined) return () => undefined;
  own.setPrototypeOf(places, null);
  let code;
  return (filename) => {
    const place = places[relativeTo(prefix, filename)];
    if (place === undefined) return undefined;
    // In memory nobody can take the place of the file.
    code ??= own.readBytes(CODE);
    return own.bytesFrom(code, place[0], place[1]);
  };
}

/** Filling a map costs a tenth of what filling an object does. */
function byPathOf(seal) {
  const byPath = new Map();
  const { sources, manifests } = seal;
  for (let at = 0; at < (sources?.length ?? 0); at += 1) own.mapSet(byPath, sources[at].path, sources[at]);
  // Programs load manifests too, to tell versions: those that Node.js reads are sealed, though no text leads to them.
  for (let at = 0; at < (manifests?.length ?? 0); at += 1) {
    const { path: name, sha256 } = manifests[at];
    if (own.mapGet(byPath, name) === undefined) own.mapSet(byPath, name, { __proto__: null, path: name, sha256, kind: 'json' });
  }
  return byPath;
}

/** The package and version of a source. */
const released = (source) => (source !== undefined && own.hasOwn(source, 'package') ? source.package : undefined);

const prefixOf = (root) => (root.endsWith(path.sep) ? root : root + path.sep);

/** The path in the seal of a file, or of a module that the program makes, by the name that `synthesize` gives it. */
function relativeTo(prefix, filename) {
  if (own.startsWith(filename, prefix)) {
    const relative = own.stringSlice(filename, prefix.length);
    return WINDOWS ? slashes(relative) : relative;
  }
  if (own.startsWith(filename, SYNTHETIC)) return `synthetic:${own.stringSlice(filename, SYNTHETIC.length)}`;
  return '';
}

/** What loads ask: `at` gives a source by its path in the seal, `each` calls back with every source
 * and its path. */
function questions(prefix, at, wasmHashes, each) {
  const wasm = own.create(null);
  for (const hash of wasmHashes) wasm[hash] = true;

  /** What the seal says of a file, by its absolute path. */
  const find = (filename) => at(relativeTo(prefix, filename));

  let byHash;
  /** What a content may be taken for that has no file: code of scripts, Workers and data URLs, or WebAssembly. */
  const useOf = (hash) => {
    if (byHash === undefined) {
      const uses = own.create(null);
      each((source, name) => { uses[source.sha256] = used(name, source.kind) ?? uses[source.sha256]; });
      byHash = uses;
    }
    return byHash[hash];
  };
  const knows = (hash) => useOf(hash) === 'code';

  return { find, knows, knowsWasm: (hash) => wasm[hash] === true || useOf(hash) === 'wasm' };
}

const PROGRAMS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

/** Programs that are read are run as scripts, too: which of them, no text says. Other files that are read are not. */
function used(name, kind) {
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
