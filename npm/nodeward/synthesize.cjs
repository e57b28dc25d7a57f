'use strict';
// Synthetic modules: code that a program makes while it runs, as a module that is named by its content. What
// tracing records of them goes into the seal, and in production only that may become a module.

const Module = require('node:module');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const url = require('node:url');
const captured = require('./eval/captured.cjs');
const denial = require('./eval/denial.cjs');

/** As for bounded eval: where an application's own copy of this file finds what the preload set up. */
const SHARED = Symbol.for('nodeward.synthesize/1');
const FOLDER = '/dev/null/synthetic/';
const ID = '@nodeward-synthetic/';
const SCHEME = 'nodeward:synthetic/';
const SEALED = 'synthetic:';

const { hash } = crypto;
const { appendFileSync, statSync } = fs;
const { registerHooks, register } = Module;
const nodeModulePaths = Module._nodeModulePaths;
const compileModule = captured.uncurried(Module.prototype._compile);

/**
 * The CommonJS module with this content: the same object each time. What it exports stands in its `exports`.
 * It requires packages as a file in the seal's folder would.
 *
 * @param {string} content
 * @returns {Module}
 */
function synthesize(content) {
  return here().commonJs(textOf(content));
}

/**
 * The namespace of the ES module with this content: the same object each time.
 *
 * @param {string} content
 * @returns {Promise<object>}
 */
async function synthesizeModule(content) {
  return here().esm(textOf(content));
}

/**
 * Puts the seal's synthetic sources in force in this thread, once; `install` of `eval.cjs` does it for the
 * preload. Until then everything may be synthesized. `served` is told the URL of each ES module before it is made.
 */
function install({ seal, root, mode = 'enforce', report = () => {}, served = () => {} }) {
  if (shared() !== undefined) throw new Error('Nodeward: synthetic modules are in force already in this thread');
  const state = synthetic({ sealed: sealedSources(seal), enforce: mode !== 'report' && mode !== 'permissive', root, report, served });
  captured.defineProperty(process, SHARED, {
    __proto__: null, value: state, writable: false, configurable: false, enumerable: false,
  });
}

/** The synthetic sources of a seal by their hash, each held to it. */
function sealedSources(seal) {
  const sealed = new captured.Map();
  for (const source of seal.sources ?? []) {
    if (source.kind !== 'synthetic') continue;
    const { content } = source;
    const name = typeof content === 'string' ? hash('sha512', content) : undefined;
    if (name === undefined || source.path !== `${SEALED}${name}`) {
      const shown = denial.shown(captured.string(source.path));
      throw new Error(`Nodeward: the seal's synthetic source ${shown} is not named by its content; seal again`);
    }
    captured.mapSet(sealed, name, content);
  }
  return sealed;
}

/** The state of one thread. Without `sealed` there is nothing to hold content to. */
function synthetic({ sealed, enforce, root = process.cwd(), report, served = () => {} }) {
  const folder = path.resolve(root);
  const paths = nodeModulePaths(folder);
  const record = recorder();
  const entries = new captured.Map();
  const fresh = (name) => {
    const entry = { module: newModule(name, paths), started: false };
    captured.mapSet(entries, name, entry);
    return entry;
  };
  // What the seal has is there before anyone asks, and not yet run.
  for (const name of sealed?.keys() ?? []) fresh(name);

  const admit = (content) => {
    const name = hash('sha512', content);
    if (sealed === undefined) {
      record(name, content);
    } else if (!captured.mapHas(sealed, name)) {
      const about = denial.ofSynthetic(name);
      report(denial.record(about));
      if (enforce) throw denial.error(about);
    }
    return name;
  };

  const commonJs = (content) => {
    const name = admit(content);
    const entry = captured.mapGet(entries, name) ?? fresh(name);
    if (entry.started) return entry.module;
    entry.started = true;
    const { module } = entry;
    Module._cache[module.filename] = module;
    try {
      compileModule(module, content, module.filename, 'commonjs');
    } catch (error) {
      // A module that failed is as if nobody had asked for it.
      delete Module._cache[module.filename];
      fresh(name);
      throw error;
    }
    module.loaded = true;
    return module;
  };

  let loader = needsLoaderFirst(sealed) ? loaderInThread(parentOf(folder)) : undefined;
  const esm = (content) => {
    const name = admit(content);
    loader ??= (registerHooks === undefined ? loaderInThread : loaderHere)(parentOf(folder), served);
    loader(name, content);
    return import(`${SCHEME}${name}`);
  };

  return captured.freeze({ __proto__: null, commonJs, esm });
}

function newModule(name, paths) {
  const module = new Module(`${ID}${name}`);
  module.filename = `${FOLDER}${name}`;
  module.paths = [...paths];
  return module;
}

/**
 * While tracing: notes what is synthesized and which file asked for it, where `nodeward trace --record` reads it.
 * NODEWARD_RECORD names its folder, or a file for these notes alone.
 */
function recorder() {
  const place = process.env.NODEWARD_RECORD;
  if (!place) return () => {};
  const file = statSync(place, { throwIfNoEntry: false })?.isDirectory()
    ? path.join(place, `${process.pid}-synthetic-${process.hrtime.bigint()}.jsonl`)
    : place;
  const recorded = new captured.Set();
  return (sha512, content) => {
    const from = caller();
    const key = `${sha512} ${from}`;
    if (captured.setHas(recorded, key)) return;
    captured.setAdd(recorded, key);
    appendFileSync(file, `${captured.stringify({ kind: 'synthetic', from, sha512, content })}\n`, { mode: 0o600 });
  };
}

/** The nearest file on the stack that is not this one; null where no file is. */
function caller() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 200;
  Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName());
  const names = new Error().stack;
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return names.map(fileOf).find((name) => name !== undefined && name !== __filename) ?? null;
}

function fileOf(name) {
  if (typeof name !== 'string') return undefined;
  if (name.startsWith(SCHEME)) return `${FOLDER}${name.slice(SCHEME.length)}`;
  if (name.startsWith('file:')) return url.fileURLToPath(name.split(/[?#]/)[0]);
  return path.isAbsolute(name) ? name : undefined;
}

/**
 * Packages are looked up from here for synthetic ES modules, whose own URL has no folder. The name follows, so that
 * a recorder can tell which of them asks.
 */
function parentOf(folder) {
  return url.pathToFileURL(path.join(folder, 'synthetic-')).href;
}

/**
 * Serves content to the loader of ES modules. The hooks are set when first needed: after the preload's own,
 * and so they are asked first.
 */
function loaderHere(parent, served) {
  const contents = new captured.Map();
  const contentOf = (asked) => captured.mapGet(contents, asked);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (contentOf(specifier) !== undefined) return { url: specifier, format: 'module', shortCircuit: true };
      if (contentOf(context.parentURL) === undefined) return nextResolve(specifier, context);
      const parentURL = `${parent}${captured.slice(context.parentURL, SCHEME.length)}`;
      return nextResolve(specifier, { ...context, parentURL });
    },
    load(asked, context, nextLoad) {
      const source = contentOf(asked);
      if (source === undefined) return nextLoad(asked, context);
      served(asked);
      return { format: 'module', source, shortCircuit: true };
    },
  });
  return (name, content) => captured.mapSet(contents, `${SCHEME}${name}`, content);
}

/**
 * On Node.js 20 the preload's hook comes after ours, and looks at what ours gives; if it were first, it would deny
 * the file of ours. The thread of the hooks loads the preload as well, and must not wait for itself.
 */
function needsLoaderFirst(sealed) {
  if (registerHooks !== undefined || sealed === undefined || sealed.size === 0) return false;
  const { isMainThread, parentPort } = require('node:worker_threads');
  return isMainThread || parentPort !== null;
}

/** Node.js 20 has hooks only in a thread of their own. */
function loaderInThread(parent) {
  const { MessageChannel } = require('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const hooks = url.pathToFileURL(path.join(__dirname, 'eval', 'synthetic-loader.mjs')).href;
  register(hooks, { data: { port: port2, parent, scheme: SCHEME }, transferList: [port2] });
  const sent = new captured.Set();
  return (name, content) => {
    if (captured.setHas(sent, name)) return;
    captured.setAdd(sent, name);
    port1.postMessage({ url: `${SCHEME}${name}`, content });
  };
}

/** What is half a character would be another text after one trip through a file: it is replaced, as there. */
function textOf(content) {
  return captured.wellFormed(captured.string(content));
}

let unsealed;

function here() {
  return shared() ?? (unsealed ??= synthetic({ enforce: false, report: () => {} }));
}

function shared() {
  const found = captured.descriptor(process, SHARED);
  return found !== undefined && !found.configurable && !found.writable ? found.value : undefined;
}

module.exports = { synthesize, synthesizeModule, install };
