'use strict';
// What Node.js makes ES modules with, which the program can see in many places: promises, lists, functions that are
// bound. The class of native modules compiles whatever it is given, and so does the loader. Both are found here before
// the program runs, by the ways on which the program would find them, and from then on compile nothing unsealed.
//
// Besides, each native module is compared with what was asked about, when Node.js asks it what it imports.

const Module = require('node:module');
const own = require('./primordials.cjs');
const { refuse, enforces, denied } = require('./denial.cjs');

/** What has hooks in this thread. Node.js 20 has none, and there nothing leads to the loader. */
const { registerHooks } = Module;
const NONE = `${__filename}.none.mjs`;
const isMain = process.chdir.disabled !== true;

let checks;
let fileOf;
/** What came by a hook or by the loader, by its path or URL, and has not been seen as a native module since. */
const admitted = own.create(null);
const seen = new own.Weak();
let isAdmitting = false;

function guard(settings) {
  checks = settings;
  ({ fileOf } = settings);
  const holder = new Module('nodeward:none');
  const loader = found(() => {
    requireNone(holder);
    return holder;
  });
  if (loader !== undefined) {
    hideClass(own.prototypeOf(loader.createModuleWrap('', NONE_URL)));
    guardLoader(loader);
  } else if (registerHooks !== undefined) {
    throw denied('start', `Node.js ${process.version}`, 'its loader of ES modules was not found');
  } else if (!hideNative(holder) && process.features.require_module !== undefined) {
    throw denied('start', '--no-experimental-require-module', 'native modules can\'t be found without it');
  }
}

const NONE_URL = 'nodeward:none';

/** Requires an ES module without a file. It imports what has no parts that load only when somebody asks for them. */
function requireNone(holder) {
  try {
    own.apply(Module.prototype._compile, holder, ['import "node:path";', NONE, 'module']);
  } catch (error) {
    // This version requires no ES modules, or is told not to.
    if (error instanceof RangeError) throw error;
  }
}

/**
 * The loader: Node.js binds functions to it by what is everybody's, where there are hooks. All of this happens at once;
 * to import something takes until later, so it is done only where nothing can be required.
 */
function found(requires) {
  if (registerHooks === undefined) return void requires();
  let loader;
  const { bind } = Function.prototype;
  Function.prototype.bind = function () {
    for (let at = 0; at < arguments.length; at += 1) if (typeof arguments[at]?.createModuleWrap === 'function') loader = arguments[at];
    return own.apply(bind, this, arguments);
  };
  const hooks = registerHooks({ resolve: (name, context, next) => next(name, context) });
  try {
    requires();
    if (loader === undefined) own.then(import('node:path'), undefined, () => {});
  } finally {
    hooks.deregister();
    Function.prototype.bind = bind;
  }
  return loader;
}

// ---- the loader

function guardLoader(loader) {
  const prototype = own.prototypeOf(loader);
  const { createModuleWrap, importSyncForRequire } = prototype;
  lock(prototype, 'createModuleWrap', function (source, url, context) {
    if (typeof source !== 'string' || typeof url !== 'string') throw new own.GuardTypeError('neither the text nor the URL may be an object');
    checks.compareLoaded(url, source);
    admit(url);
    return own.apply(createModuleWrap, this, [source, url, context]);
  });
  lock(prototype, 'importSyncForRequire', function (module, filename, source, isFirst, parent) {
    if (typeof source !== 'string' || typeof filename !== 'string') throw new own.GuardTypeError('neither the text nor the name may be an object');
    checks.compareRequired(filename, source);
    admitted[filename] = true;
    return own.apply(importSyncForRequire, this, [module, filename, source, isFirst, parent]);
  });
  guardSettings(prototype);
  if (!enforces()) return;
  lock(prototype, 'constructor', undefined);
  // Where it has them they compile what they are given.
  if (own.hasOwn(loader, 'translators')) lock(loader, 'translators', undefined);
  own.freeze(prototype);
  own.freeze(loader);
}

/** Functions that have others say what modules there are. */
function guardSettings(prototype) {
  const names = ['register', 'setCustomizations'];
  for (let at = 0; at < names.length; at += 1) {
    const native = prototype[names[at]];
    if (native === undefined) continue;
    lock(prototype, names[at], function () {
      refuse('hooks', `${names[at]} of the loader`, 'hooks in a thread of their own can give any source');
      return own.apply(native, this, arguments);
    });
  }
}

function lock(object, name, value) {
  own.defineProperty(object, name, { __proto__: null, value, writable: false, enumerable: false, configurable: false });
}

// ---- the class of native modules

/** Whether an object has a native module somewhere. */
function hideNative(holder) {
  const symbols = own.ownKeys(holder);
  for (let at = 0; at < symbols.length; at += 1) {
    const wrap = own.descriptorOf(holder, symbols[at])?.value;
    if (typeof wrap !== 'object' || wrap === null || typeof wrap.getModuleRequests !== 'function') continue;
    hideClass(own.prototypeOf(wrap));
    return true;
  }
  return false;
}

function hideClass(prototype) {
  guardInstances(prototype);
  if (enforces()) lock(prototype, 'constructor', undefined);
  guardRequests(prototype, registerHooks === undefined ? (wrap, url) => checks.compareRead(url) : compareCame);
}

/**
 * Just before Node.js adds to lists what it has of an import, it asks whether that is a native module: then no element
 * of any list may be somebody else's, who would see it. (To define such an element ourselves, so as to see it first,
 * makes V8 run all code with lists slower from then on.)
 */
function guardInstances(prototype) {
  const ModuleWrap = own.descriptorOf(prototype, 'constructor')?.value;
  if (typeof ModuleWrap !== 'function' || own.hasOwn(ModuleWrap, Symbol.hasInstance)) return;
  const value = function (instance) {
    compareLists();
    return own.apply(isInstance, ModuleWrap, [instance]);
  };
  own.defineProperty(ModuleWrap, Symbol.hasInstance, { __proto__: null, value, writable: false, configurable: false });
}

const isInstance = Function.prototype[Symbol.hasInstance];

function compareLists() {
  if (own.prototypeOf(LISTS) === OBJECTS && !hasElement(LISTS) && !hasElement(OBJECTS)) return;
  checks.refuseOnce('lists', 'an ES module', 'Array.prototype or Object.prototype was given elements, which see what Node.js loads it with');
}

const LISTS = Array.prototype;
const OBJECTS = Object.prototype;

/** Whether an object has an index of its own: those come before all other keys. */
function hasElement(object) {
  const first = own.ownKeys(object)[0];
  if (typeof first !== 'string') return false;
  const unit = own.charCode(first, 0);
  return unit >= 0x30 && unit <= 0x39;
}

/** Node.js asks each module what it imports before it is run. */
function guardRequests(prototype, check) {
  if (own.descriptorOf(prototype, 'getModuleRequests')?.configurable !== true) return;
  const { getModuleRequests } = prototype;
  lock(prototype, 'getModuleRequests', function () {
    const { url } = this;
    if (typeof url === 'string') check(this, url);
    return own.apply(getModuleRequests, this, arguments);
  });
}

// ---- what comes

/** A module with this URL comes next. */
function admit(url) {
  admitted[keyOf(url)] = true;
}

/** All modules that are made meanwhile have been asked about. */
function admitting(callback) {
  isAdmitting = true;
  try {
    return callback();
  } finally {
    isAdmitting = false;
  }
}

/** Each that was admitted comes once, and what came is asked more than once. */
function compareCame(wrap, url) {
  const key = keyOf(url);
  const isAsked = admitted[key] === true;
  if (isAsked) admitted[key] = undefined;
  if (own.weakHas(seen, wrap)) return;
  if (!isAsked && !isAdmitting) checks.refuseOnce(`${url}`, own.stringSlice(url, 0, 200), 'is not in the source list');
  own.weakAdd(seen, wrap);
}

const keyOf = (url) => (own.startsWith(url, 'file:') ? fileOf(url) ?? url : url);

module.exports = { __proto__: null, guard, admit, admitting, hideNative, NONE };
