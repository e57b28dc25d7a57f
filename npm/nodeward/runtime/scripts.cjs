'use strict';
// Code that has no file: scripts of `node:vm`, and `eval` with its relatives where bounded eval is not in force.
// A script may run if its text is the content of a sealed file, or of a synthetic source.

const vm = require('node:vm');
const Module = require('node:module');
const own = require('./primordials.cjs');
const { refuse, enforces } = require('./denial.cjs');
const { fileOf } = require('./modules.cjs');
const { admitting, hideNative } = require('./esm.cjs');
const { holdsScript } = require('./embedded.cjs');

let seal;
/** What CommonJS text is wrapped in, for those who compile modules as scripts. */
let before;
let after;

function guard(settings) {
  ({ seal } = settings);
  [before, after] = [Module.wrapper[0], Module.wrapper[1]];
  guardScript();
  guardContexts();
  guardSourceTextModule();
  if (!settings.boundedEval) guardEval();
}

/** Whether this text may run under this name. Reports it if not, and throws when enforcing. */
function admit(api, text, filename) {
  const hash = own.sha256OfText(text);
  if (!seal.knows(hash) && !isWrapped(text)) {
    if (holdsScript(text)) return;
    refuse('vm', `${api}, ${text.length} characters, sha256 ${hash}`, 'is not in the source list');
    return;
  }
  const name = typeof filename === 'string' ? fileOf(filename) ?? filename : undefined;
  if (name === undefined) return;
  // Names in stack traces tell modules apart; nobody may speak under another's.
  const entry = seal.find(name);
  if ((entry !== undefined && entry.sha256 !== hash && !isWrapped(text)) || own.startsWith(name, 'node:')) {
    refuse('vm', `${api}, filename ${name}`, 'takes the name of a file that has another content');
  }
}

function isWrapped(text) {
  return own.startsWith(text, before) && own.endsWith(text, after)
    && seal.knows(own.sha256OfText(own.stringSlice(text, before.length, text.length - after.length)));
}

/** Options as they are read once, with `filename` if they are only that. Report-only leaves them as they are. */
function admitOptions(api, options) {
  if (typeof options === 'string' || options === undefined || options === null || typeof options !== 'object') return options;
  const copy = own.create(null);
  for (const name in options) copy[name] = options[name];
  if (copy.cachedData !== undefined) {
    refuse('cache', `${api}, cachedData`, 'V8 runs it in the place of the source, and checks only the length of that');
  }
  return copy;
}

const nameIn = (options) => (typeof options === 'string' ? options : options?.filename);

// ---- scripts

function guardScript() {
  const NativeScript = vm.Script;
  const check = (api, code, options) => {
    const text = `${code}`;
    const copy = admitOptions(api, options);
    admit(api, text, nameIn(copy));
    return { __proto__: null, text, options: enforces() ? copy : options };
  };

  function Script(code, options) {
    if (new.target === undefined) throw new own.GuardTypeError('Class constructor Script cannot be invoked without \'new\'');
    const checked = check('vm.Script', code, options);
    return as(own.construct(NativeScript, [checked.text, checked.options]), new.target, NativeScript);
  }
  stand(Script, NativeScript);
  // Node.js's class extends a native one, which would compile as well.
  own.defineProperty(own.prototypeOf(NativeScript.prototype), 'constructor', constructorOf(Script));
  vm.Script = Script;

  const { runInThisContext, runInContext, runInNewContext, compileFunction } = vm;
  vm.runInThisContext = (code, options) => {
    const checked = check('vm.runInThisContext', code, options);
    return own.apply(runInThisContext, vm, [checked.text, checked.options]);
  };
  vm.runInContext = (code, context, options) => {
    const checked = check('vm.runInContext', code, options);
    return own.apply(runInContext, vm, [checked.text, context, checked.options]);
  };
  vm.runInNewContext = (code, context, options) => {
    const checked = check('vm.runInNewContext', code, options);
    return own.apply(runInNewContext, vm, [checked.text, context, closed(checked.options, 'contextCodeGeneration')]);
  };
  vm.compileFunction = (code, params, options) => {
    const checked = check('vm.compileFunction', code, options);
    return own.apply(compileFunction, vm, [checked.text, params, checked.options]);
  };
  if (vm.createScript !== undefined) vm.createScript = (code, options) => new Script(code, options);

  const inNewContext = NativeScript.prototype.runInNewContext;
  NativeScript.prototype.runInNewContext = function guardedRunInNewContext(context, options) {
    return own.apply(inNewContext, this, [context, closed(options, 'contextCodeGeneration')]);
  };
}

const constructorOf = (value) => ({ __proto__: null, value, writable: true, enumerable: false, configurable: true });

/** What was made, as an instance of the class that was asked for: that class sees nothing of how it is made. */
function as(made, { prototype }, native) {
  if (prototype !== native.prototype && typeof prototype === 'object' && prototype !== null) own.setPrototypeOf(made, prototype);
  return made;
}

/** A plain function in the place of a class, so that its prototype does not lead to the native one. */
function stand(guarded, native) {
  own.defineProperty(guarded, 'prototype', { __proto__: null, value: native.prototype, writable: false });
  own.defineProperty(native.prototype, 'constructor', constructorOf(guarded));
}

// ---- contexts

function guardContexts() {
  const { createContext } = vm;
  vm.createContext = (object, options) => own.apply(createContext, vm, [object, closed(options, 'codeGeneration')]);
}

/** A new context makes code from strings whatever flags were given, unless it is told not to when it is made. */
function closed(options, name) {
  if (!enforces()) return options;
  if (typeof options === 'string') return { __proto__: null, filename: options, [name]: { __proto__: null, strings: false, wasm: false } };
  const copy = own.create(null);
  for (const key in options) copy[key] = options[key];
  copy[name] = { __proto__: null, strings: false, wasm: false };
  return copy;
}

// ---- modules of node:vm, behind a flag of Node.js

function guardSourceTextModule() {
  const { SourceTextModule: Native, SyntheticModule } = vm;
  if (Native === undefined) return;
  function SourceTextModule(code, options) {
    if (new.target === undefined) throw new own.GuardTypeError('Class constructor SourceTextModule cannot be invoked without \'new\'');
    const text = `${code}`;
    const copy = admitOptions('vm.SourceTextModule', options);
    admit('vm.SourceTextModule', text, copy?.identifier);
    return as(admitting(() => own.construct(Native, [text, enforces() ? copy : options])), new.target, Native);
  }
  stand(SourceTextModule, Native);
  own.setPrototypeOf(SourceTextModule, own.prototypeOf(Native));
  vm.SourceTextModule = SourceTextModule;
  if (enforces()) hideNative(new SyntheticModule([], () => {}));
}

// ---- eval

/** All code from strings is refused, with the reason that V8's own flag does not give. */
function guardEval() {
  const { Function: NativeFunction, eval: nativeEval } = globalThis;
  const kinds = [NativeFunction, async function () {}.constructor, function* () {}.constructor, async function* () {}.constructor];
  const guarded = [];
  for (const native of kinds) {
    const { name } = native;
    const replacement = { [name]: function (...given) {
      if (name === 'Function' && isGlobalThis(given)) return sloppyGlobalThis;
      refuse('eval', `${name} of ${given.length} texts`, 'the seal gives no permission to make code from strings');
      return own.construct(native, given, new.target ?? native);
    } }[name];
    stand(replacement, native);
    own.setPrototypeOf(replacement, native === NativeFunction ? NativeFunction.prototype : guarded[0]);
    guarded[guarded.length] = replacement;
  }
  own.defineProperty(globalThis, 'Function', constructorOf(guarded[0]));
  own.defineProperty(globalThis, 'eval', enforces() ? constructorOf(deniedEval) : watchedEval(nativeEval));
}

function deniedEval(code) {
  if (typeof code !== 'string') return code;
  refuse('eval', `eval of ${code.length} characters`, 'the seal gives no permission to make code from strings');
}

/** Report-only: a function in its place would take the local scope from a direct `eval`, an accessor does not. */
function watchedEval(nativeEval) {
  return {
    __proto__: null,
    get() {
      refuse('eval', 'eval', 'the seal gives no permission to make code from strings');
      return nativeEval;
    },
    set(value) {
      own.defineProperty(globalThis, 'eval', constructorOf(value));
    },
    enumerable: false,
    configurable: true,
  };
}

/** `Function('return this')()` asks for the global object, in much old code and for nothing else. */
const isGlobalThis = (given) => given.length === 1 && (given[0] === 'return this' || given[0] === 'return this;');
const sloppyGlobalThis = () => globalObject;
const globalObject = globalThis;

module.exports = { __proto__: null, guard };
