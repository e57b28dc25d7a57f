'use strict';
// Dynamically bounded eval. A module that the seal lists gets a permission once (`mayI`), and with it runs
// exactly the code that it names (`letMeEval`); all other code from strings is denied.
//
// It decides nothing: which modules may ask stands in the seal. It keeps no permission anywhere that other
// code could look.

const Module = require('node:module');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const captured = require('./eval/captured.cjs');
const denial = require('./eval/denial.cjs');

/** The application has its own copy of this file; here it finds the state that the preload set up. */
const SHARED = Symbol.for('nodeward.eval/1');
const SHARED_SYNTHETIC = Symbol.for('nodeward.synthesize/1');
const WasmModule = WebAssembly.Module;
const { hash } = crypto;

/**
 * Calls back with a permission. It is good for something only in a module that the seal lists under `eval.modules`
 * and that asks for the first time: such a module finds another function of this name by `require('nodeward/eval')`,
 * which nobody else has. This one is for all others.
 */
function mayI(requester, callback) {
  wantFunction(callback, 'mayI');
  const state = shared();
  if (state !== undefined) return state.mayI(requester, callback);
  return callback(newToken());
}

/** Calls back; until that returns, code with exactly this text may be made if the permission is good. */
function letMeEval(permission, source, callback) {
  wantFunction(callback, 'letMeEval');
  const text = typeof source === 'string' ? source : captured.string(source);
  const state = shared();
  if (state !== undefined) return state.letMeEval(permission, text, callback);
  return callback();
}

/** Compiles exactly these bytes of WebAssembly if the permission is good. */
function letMeCompile(permission, bytes) {
  const copy = copied(bytes);
  const state = shared();
  if (state !== undefined) return state.letMeCompile(permission, copy);
  return new WasmModule(copy);
}

/** What is in force in this thread. */
function status() {
  const state = shared();
  return state === undefined ? { mode: 'permissive', layer: 'none', cannot: [] } : state.status();
}

/**
 * Puts bounded eval in force in this thread, once, and the seal's synthetic modules. For the preload, before it
 * locks `Module.prototype._compile`: what it then finds there notes the modules that may ask, and applies the
 * adapters.
 *
 * `addon` is what the add-on exports, or its path (with `addonSha256` it is loaded only if it has that hash);
 * without one the JavaScript layer is used. `root` is the folder of the seal. `mode` is `enforce` (the seal's own
 * `eval.mode` decides), `report`, or one of the three modes to overrule the seal. `report` gets `{kind, subject,
 * parent, reason, stack}` for each denial. With `wasm`, WebAssembly needs a permission as well; the result's
 * `permitWasm(callback)` gives it. Its `textOf(path, sha256)` gives the text of a file that has this hash, and else
 * nothing; there is none without the add-on.
 */
function install({ addon, addonSha256, seal, root, mode, report = () => {}, wasm = false, served } = {}) {
  if (shared() !== undefined) throw new Error('Nodeward: bounded eval is in force already in this thread');
  const decided = decideMode(mode, seal);
  const native = loaded(addon, addonSha256, decided !== 'permissive');
  const layer = decided === 'permissive'
    ? { layer: 'none', cannot: [], permit: (_source, callback) => callback(), permitWasm: (callback) => callback() }
    : activate(native, { reportOnly: decided === 'report', wasm, report, isSealed: sealedTexts(seal) });
  const state = bounded(decided, layer, report);
  captured.defineProperty(process, SHARED, { __proto__: null, value: state.shared, writable: false, configurable: false, enumerable: false });
  if (seal) installSynthetic({ seal, root, mode, report, served });
  if (decided !== 'permissive') observe(state, seal, root);
  return captured.freeze({
    __proto__: null,
    mode: decided,
    layer: layer.layer,
    cannot: captured.freeze([...layer.cannot]),
    permitWasm: layer.permitWasm,
    textOf: native?.textOf,
  });
}

/** Whether a text stands in a sealed file as what that has made into code: it is sealed with the file. */
function sealedTexts(seal) {
  const hashes = captured.create(null);
  for (const sha256 of seal?.eval?.texts ?? []) hashes[sha256] = true;
  captured.freeze(hashes);
  return (source) => typeof source === 'string' && captured.isWellFormed(source) && hashes[hash('sha256', source)] === true;
}

/** A seal without synthetic modules needs nothing that makes them, only what says no. */
function installSynthetic({ seal, root, mode, report, served }) {
  const hasSome = seal.sources?.some((source) => source.kind === 'synthetic');
  if (hasSome || mode === 'report' || mode === 'permissive') {
    require('./synthesize.cjs').install({ seal, root, mode, report, served });
    return;
  }
  const deny = (content) => {
    const about = denial.ofSynthetic(hash('sha512', content));
    report(denial.record(about));
    throw denial.error(about);
  };
  const value = captured.freeze({ __proto__: null, commonJs: deny, esm: deny });
  captured.defineProperty(process, SHARED_SYNTHETIC, { __proto__: null, value, writable: false, configurable: false, enumerable: false });
}

/** The one that says least wins: no seal and permissive ask for nothing, report denies nothing. */
function decideMode(mode, seal) {
  const modes = ['strict', 'report', 'permissive'];
  if (mode !== undefined && mode !== 'enforce' && !modes.includes(mode)) {
    throw new Error(`Nodeward: unknown mode ${denial.shown(captured.string(mode))}`);
  }
  if (mode === 'strict' || mode === 'permissive') return mode;
  if (seal === undefined || seal === null) return 'permissive';
  const sealed = seal.eval?.mode ?? 'strict';
  if (!modes.includes(sealed)) throw new Error(`Nodeward: the seal's eval.mode ${denial.shown(captured.string(sealed))} is unknown`);
  return mode === 'report' && sealed === 'strict' ? 'report' : sealed;
}

/**
 * What was hashed is what is loaded, whatever the path leads to by then. Where nothing is bounded, an add-on that does not
 * fit this Node.js is done without.
 */
function loaded(addon, sha256, isNeeded) {
  if (addon === undefined || addon === null) return undefined;
  const { agrees } = require('./eval/native.cjs');
  if (typeof addon !== 'string') return agrees(addon);
  const holder = { exports: {} };
  if (sha256 === undefined) {
    process.dlopen(holder, path.resolve(addon));
    return agrees(holder.exports);
  }
  const file = fs.openSync(addon, 'r');
  try {
    if (hash('sha256', fs.readFileSync(file)) !== sha256) {
      throw new Error(`Nodeward: ${addon}: is not the add-on that was verified; start again`);
    }
    return agrees(opened(holder, file, addon));
  } catch (error) {
    if (isNeeded || error.code !== UNFIT) throw error;
    return undefined;
  } finally {
    fs.closeSync(file);
  }
}

const UNFIT = 'ERR_NODEWARD_ADDON';

function opened(holder, file, addon) {
  try {
    process.dlopen(holder, `/proc/self/fd/${file}`);
    return holder.exports;
  } catch (error) {
    const unfit = new Error(`Nodeward: ${addon}: can't be opened as an add-on: ${error.message}`);
    unfit.code = UNFIT;
    throw unfit;
  }
}

function activate(addon, settings) {
  return addon === undefined
    ? require('./eval/fallback.cjs').activate(settings)
    : require('./eval/native.cjs').activate(addon, settings);
}

/** The state of one thread: which modules have asked, and which permissions are good. */
function bounded(mode, layer, report) {
  const asked = new captured.Set();
  const good = new captured.WeakMap();

  /** For an adapter, which keeps the permission from the module: as often as the module is loaded. */
  const grant = (listedPath) => {
    const permission = newToken();
    captured.weakSet(good, permission, listedPath);
    return permission;
  };

  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  const isGood = (permission) => isObject(permission) && captured.weakGet(good, permission) !== undefined;

  const mayIHere = (requester, callback) => {
    if (mode !== 'permissive') report(denial.record(ofRequest(requester, undefined)));
    return callback(newToken());
  };

  /**
   * `mayI` for one run of the verified content of a listed file. Only that text can call it: a module object says
   * nothing, as anyone may make one, or take it from `require.cache`.
   */
  const mayIAs = (module, listedPath) => (requester, callback) => {
    wantFunction(callback, 'mayI');
    if (requester !== module || captured.setHas(asked, listedPath)) {
      report(denial.record(ofRequest(requester, requester === module ? listedPath : undefined)));
      return callback(newToken());
    }
    captured.setAdd(asked, listedPath);
    return callback(grant(listedPath));
  };

  const letMeEvalHere = (permission, source, callback) => {
    if (mode === 'permissive') return callback();
    if (!isGood(permission)) {
      // Strict: the code is refused, and reported, where it is made. Report: told here, once, and let go.
      if (mode !== 'report') return callback();
      report(denial.record({ ...denial.ofCode(source), reason: 'letMeEval was called without a good permission' }));
    }
    return layer.permit(source, callback);
  };

  const letMeCompileHere = (permission, bytes) => {
    if (mode !== 'permissive' && !isGood(permission)) {
      const about = denial.ofWasm(
        `sha256 ${hash('sha256', bytes)}`, 'letMeCompile was called without a good permission');
      report(denial.record(about));
      if (mode !== 'report') throw denial.error(about);
    }
    return layer.permitWasm(() => new WasmModule(bytes));
  };

  const shared = captured.freeze({
    __proto__: null,
    mayI: mayIHere,
    letMeEval: letMeEvalHere,
    letMeCompile: letMeCompileHere,
    status: () => ({ mode, layer: layer.layer, cannot: [...layer.cannot] }),
  });
  return { shared, mayIAs, grant, letMeEval: letMeEvalHere };
}

function ofRequest(requester, listedPath) {
  const name = requester?.filename;
  return {
    kind: 'eval',
    subject: typeof name === 'string' ? name : 'mayI',
    reason: listedPath === undefined
      ? 'the seal does not list this module under eval.modules, or it did not get mayI by require(\'nodeward/eval\')'
      : 'the module has had its permission',
    remedy: denial.REMEDY,
  };
}

/** Lets listed files whose content is what the seal says ask for a permission, or gives it to their adapter. */
function observe(state, seal, root) {
  const listed = listedModules(seal, root);
  if (listed.size === 0) return;
  // Loaded only now, since what it binds has to be what this layer put in force.
  const adapters = hasAdapters(listed) ? require('./adapters/index.cjs') : undefined;
  const { compile } = require('./eval/compile.cjs');
  const original = Module.prototype._compile;
  Module.prototype._compile = function _compile(content, filename, format) {
    const source = captured.mapGet(listed, filename);
    if (source !== undefined && hasHash(content, source.sha256)) {
      if (source.adapter !== undefined) {
        const permission = state.grant(source.path);
        const permit = (text, callback) => state.letMeEval(permission, text, callback);
        return adapters.compile(this, content, filename, source.adapter, permit);
      }
      return compile(this, content, filename, { __proto__: null }, ownApi(state.mayIAs(this, source.path)));
    }
    return captured.apply(original, this, [content, filename, format]);
  };
}

/** What a listed module gets by the names of this package. */
function ownApi(mayIHere) {
  const api = { mayI: mayIHere, letMeEval, letMeCompile, status };
  return {
    __proto__: null,
    nodeward: captured.freeze({ ...api }),
    'nodeward/eval': captured.freeze({ ...api, install, selfTest }),
  };
}

function hasAdapters(listed) {
  return [...listed.values()].some((source) => source.adapter !== undefined);
}

/** The files that may ask, by absolute path, with what the seal says of each and the adapter that fits it. */
function listedModules(seal, root) {
  const wanted = new Set(seal?.eval?.modules ?? []);
  const listed = new captured.Map();
  if (wanted.size === 0) return listed;
  if (typeof root !== 'string') throw new Error('Nodeward: install needs the folder of the seal as root');
  const folder = fs.realpathSync(root);
  const { adapterOf } = require('./adapters/list.cjs');
  for (const source of seal.sources ?? []) {
    if (!wanted.has(source.path)) continue;
    listed.set(path.join(folder, source.path), {
      path: source.path,
      sha256: source.sha256,
      adapter: adapterOf(source.path, source.package),
    });
  }
  return listed;
}

/** Node.js takes a byte order mark away before it compiles; the seal has the hash of the whole file. */
function hasHash(content, sha256) {
  if (typeof content !== 'string' || !captured.isWellFormed(content)) return false;
  return hash('sha256', content) === sha256 || hash('sha256', `\ufeff${content}`) === sha256;
}

function shared() {
  const found = captured.descriptor(process, SHARED);
  return found !== undefined && !found.configurable && !found.writable ? found.value : undefined;
}

function newToken() {
  return captured.freeze(captured.create(null));
}

/** Bytes that no other thread writes to while they are looked at. */
function copied(bytes) {
  const { Uint8Array } = captured;
  const view = captured.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
  return new Uint8Array(view);
}

function wantFunction(callback, name) {
  if (typeof callback !== 'function') throw new captured.TypeError(`Nodeward: ${name} needs a function to call back`);
}

/** Runs the checks of bounded eval in a Node.js of its own, on its main thread and in two Workers. */
function selfTest(options) {
  return require('./eval/self-test.cjs').selfTest(options);
}

module.exports = { mayI, letMeEval, letMeCompile, status, install, selfTest };
