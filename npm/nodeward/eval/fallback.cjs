'use strict';
// Bounded eval without the add-on. V8 denies all code from strings (`--disallow-code-generation-from-strings`);
// `eval` and the function constructors are replaced by functions that compile what is permitted as a script.

const vm = require('node:vm');
const captured = require('./captured.cjs');
const denial = require('./denial.cjs');
const { KINDS, functionText, givesGlobalThis } = require('./function-text.cjs');

const FLAG = '--disallow-code-generation-from-strings';
const { Script, runInContext, createContext } = vm;
const { USE_MAIN_CONTEXT_DEFAULT_LOADER } = vm.constants ?? {};
const runInThisContext = captured.uncurried(Script.prototype.runInThisContext);

const includes = captured.uncurried(String.prototype.includes);

const PLAIN = captured.freeze({ __proto__: null, filename: 'evalmachine.<nodeward>' });
/** What such code imports is looked for from the current folder: nobody tells who made it. Node.js 20 and later warn of this once. */
const IMPORTING = captured.freeze({ __proto__: null, ...PLAIN, importModuleDynamically: USE_MAIN_CONTEXT_DEFAULT_LOADER });

/** The checks that only the add-on passes, by their names in `checks.cjs`. */
const CANNOT = [
  'permitted direct eval reads local scope',
  'permitted direct eval declares a variable',
  'eval in a context of node:vm is denied',
  'eval in a context that was made to allow it is denied',
  'eval in a context made after the flag was taken away is denied',
  'WebAssembly is denied',
  'WebAssembly is allowed by a permission',
];

function activate({ reportOnly, report, isSealed }) {
  if (reportOnly) return watch(report, isSealed);
  if (!codeIsDenied()) {
    throw new Error(`Nodeward: without the add-on Node.js has to be started with ${FLAG}`);
  }
  let permitted = null;
  const isPermitted = (source) => {
    for (let frame = permitted; frame !== null; frame = frame.previous) {
      if (frame.source === source) return true;
    }
    return false;
  };
  const check = (source) => {
    if (isPermitted(source) || givesGlobalThis(source) || isSealed(source)) return;
    const about = denial.ofCode(source);
    report(denial.record(about));
    throw denial.error(about, captured.EvalError);
  };
  const compile = (source) => runInThisContext(new Script(source, includes(source, 'import') ? IMPORTING : PLAIN));
  replaceEval((source) => {
    if (typeof source !== 'string') return source;
    check(source);
    return compile(source);
  });
  for (const [keyword, example] of KINDS) {
    const real = example.constructor;
    const validate = validator(keyword);
    replaceConstructor(real, (texts, target) => {
      const source = functionText(keyword, texts);
      check(source);
      validate(texts);
      const made = compile(source);
      if (target !== undefined) captured.setPrototypeOf(made, target.prototype);
      return made;
    });
  }
  return {
    __proto__: null,
    layer: 'javascript',
    cannot: CANNOT,
    permit(source, callback) {
      const previous = permitted;
      permitted = { source, previous };
      try {
        return callback();
      } finally {
        permitted = previous;
      }
    },
    permitWasm: (callback) => callback(),
  };
}

/** Reports the function constructors; `eval` stays as it is, since a replaced one would lose local scope. */
function watch(report, isSealed) {
  let permitted = null;
  for (const [keyword, example] of KINDS) {
    const real = example.constructor;
    replaceConstructor(real, (texts, target) => {
      const source = functionText(keyword, texts);
      let frame = permitted;
      while (frame !== null && frame.source !== source) frame = frame.previous;
      if (frame === null && !givesGlobalThis(source) && !isSealed(source)) report(denial.record(denial.ofCode(source)));
      return captured.construct(real, texts, target ?? real);
    });
  }
  return {
    __proto__: null,
    layer: 'javascript',
    cannot: ['eval is reported', ...CANNOT],
    permit(source, callback) {
      const previous = permitted;
      permitted = { source, previous };
      try {
        return callback();
      } finally {
        permitted = previous;
      }
    },
    permitWasm: (callback) => callback(),
  };
}

function codeIsDenied() {
  try {
    (0, eval)('0');
    return false;
  } catch {
    return true;
  }
}

/**
 * Parameters and body have to be whole on their own, so that neither can close the function early. A context
 * of its own, which nothing else can reach, has constructors that look at just that.
 */
function validator(keyword) {
  const context = createContext({ __proto__: null }, { codeGeneration: { strings: true, wasm: false } });
  const foreign = runInContext(`(${keyword} () {}).constructor`, context);
  return (texts) => {
    try {
      captured.construct(foreign, texts);
    } catch (error) {
      throw new captured.SyntaxError(captured.string(error.message));
    }
  };
}

function replaceEval(bounded) {
  const named = { eval(source) { return bounded(source); } }.eval;
  lock(globalThis, 'eval', named);
}

function replaceConstructor(real, make) {
  const replacement = new captured.Proxy(real, {
    __proto__: null,
    apply: (_real, _this, given) => make(captured.texts(given), undefined),
    construct: (_real, given, target) => make(captured.texts(given), target === replacement ? undefined : target),
  });
  lockConstructor(real.prototype, replacement);
  if (globalThis[real.name] === real) lock(globalThis, real.name, replacement);
}

/**
 * `fn.constructor = other` defines a property of `fn`, as it does plainly, where a property that can't be written
 * would keep all functions from it. What it does, its caller could do as well by `Reflect.defineProperty`; the
 * prototype keeps its own, which can't be redefined. Those of the other kinds can't be written plainly either.
 */
function lockConstructor(prototype, replacement) {
  if (!captured.descriptor(prototype, 'constructor').writable) {
    lock(prototype, 'constructor', replacement);
    return;
  }
  const accessors = {
    get constructor() {
      return replacement;
    },
    set constructor(value) {
      const own = captured.descriptor(this, 'constructor');
      const attributes = own === undefined
        ? { __proto__: null, value, writable: true, configurable: true, enumerable: true }
        : { __proto__: null, value };
      if (this === prototype || !captured.defineProperty(this, 'constructor', attributes)) {
        throw new captured.TypeError("Cannot assign to read only property 'constructor' of object");
      }
    },
  };
  const { get, set } = captured.descriptor(accessors, 'constructor');
  captured.defineProperty(prototype, 'constructor', { __proto__: null, get, set, configurable: false, enumerable: false });
}

function lock(object, name, value) {
  captured.defineProperty(object, name, { __proto__: null, value, writable: false, configurable: false, enumerable: false });
}

module.exports = { activate };
