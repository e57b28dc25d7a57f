'use strict';
// The 23 checks that bounded eval has to pass before it is relied on in a version of Node.js. Each is a name
// and a function that says what it saw, or nothing when all is well.

const vm = require('node:vm');
const v8 = require('node:v8');

const EMPTY_WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Says what came of something that has to be denied. */
function notDenied(attempt) {
  try {
    return `ran, and gave ${String(attempt())}`;
  } catch (error) {
    const isDenial = error?.name === 'EvalError' || error?.name === 'CompileError' || error?.code === 'ERR_NODEWARD_DENIED';
    return isDenial ? undefined : `threw ${error?.name}: ${error?.message}`;
  }
}

function differs(attempt, expected) {
  const wanted = JSON.stringify(expected);
  try {
    const seen = JSON.stringify(attempt());
    return seen === wanted ? undefined : `gave ${seen}, not ${wanted}`;
  } catch (error) {
    return `threw ${error?.name}: ${error?.message}`;
  }
}

function first(...seen) {
  return seen.find((one) => one !== undefined);
}

/**
 * @param {object} subject the module that has a permission (`subject.cjs`)
 * @param {{mayI: Function, letMeEval: Function, letMeCompile: Function}} api
 */
function checks(subject, { mayI, letMeEval, letMeCompile }) {
  const indirect = (source) => (0, eval)(source);
  const withToken = (token, source) => letMeEval(token, source, () => indirect(source));
  const outside = (source) => notDenied(() => indirect(source));
  const long = `${'x'.repeat(70_000)}\ud800${'y'.repeat(10)}\udc00`;

  return [
    ['direct eval of code that nobody permitted is denied', () => notDenied(() => eval('1 + 1'))],
    ['new Function is denied', () => notDenied(() => new Function('return 1'))],
    ['constructor.constructor is denied', () => notDenied(() => ({}).constructor.constructor('return 1')())],
    ['permitted indirect eval runs', () => differs(() => subject.indirect('6 * 7'), 42)],
    ['permitted direct eval reads local scope', () => differs(() => subject.directReads('local'), 'of the function')],
    ['permitted direct eval declares a variable', () => first(
      differs(() => subject.directDeclares('var declared = 5;'), 5),
      differs(() => typeof globalThis.declared, 'undefined'),
    )],
    ['other code than the permitted is denied', () => notDenied(() => subject.mismatched('1', '1 '))],
    ['a permission ends with its callback', () => first(
      differs(() => subject.indirect('"ended"'), 'ended'),
      outside('"ended"'),
    )],
    ['a permission ends when its callback throws', () => {
      const source = '"thrown"';
      try {
        subject.throwing(source);
        return 'the callback did not throw';
      } catch (error) {
        return error.message === 'on purpose' ? outside(source) : `threw ${error.message}`;
      }
    }],
    ['forged tokens are worth nothing', () => first(
      ...[Object.create(null), {}, Object.freeze(Object.create(null)), undefined, null, 'token', Symbol('token'), () => {},
        new Proxy({}, {})].map((token) => notDenied(() => withToken(token, '"forged"'))),
    )],
    ['a module that asks again gets nothing', () => {
      let again;
      subject.askAgain((token) => {
        again = token;
      });
      return notDenied(() => withToken(again, '"again"'));
    }],
    ['other module objects get nothing', () => {
      const real = require.cache[require.resolve('./subject.cjs')];
      const fakes = [{ ...real }, { id: real.id, filename: real.filename, exports: real.exports }, Object.create(real),
        new Proxy(real, {}), module, new module.constructor(real.id, module)];
      return first(...fakes.map((fake) => {
        let token;
        mayI(fake, (given) => {
          token = given;
        });
        return notDenied(() => withToken(token, '"fake"'));
      }));
    }],
    ['the same code may be permitted within itself', () => first(
      differs(() => subject.nested('"nested"'), ['nested', 'nested']),
      outside('"nested"'),
    )],
    ['new Function is permitted by its full text', () => first(
      differs(() => subject.functionOf('(function anonymous(a,b\n) {\nreturn a + b\n})', 'a', 'b', 'return a + b')(40, 2), 42),
      notDenied(() => subject.functionOf('return a + b', 'a', 'b', 'return a + b')),
    )],
    ['eval in a context of node:vm is denied', () => {
      const context = vm.createContext({});
      return first(
        notDenied(() => vm.runInContext('eval("1")', context)),
        notDenied(() => vm.runInContext('Function("return 1")()', context)),
      );
    }],
    ['eval in a context that was made to allow it is denied', () => {
      const context = vm.createContext({}, { codeGeneration: { strings: true, wasm: true } });
      return notDenied(() => vm.runInContext('eval("1")', context));
    }],
    ['eval in a context made after the flag was taken away is denied', () => {
      v8.setFlagsFromString('--no-disallow-code-generation-from-strings');
      return notDenied(() => vm.runInContext('eval("1")', vm.createContext({})));
    }],
    ['eval in the main context is denied after that', () => {
      try {
        return outside('2 + 2');
      } finally {
        // The flag belongs to the whole process, where other threads may still start.
        v8.setFlagsFromString('--disallow-code-generation-from-strings');
      }
    }],
    ['WebAssembly is denied', () => first(
      notDenied(() => new WebAssembly.Module(EMPTY_WASM)),
      notDenied(() => vm.runInContext('new WebAssembly.Module(bytes)', vm.createContext({ bytes: EMPTY_WASM }))),
      notDenied(() => letMeCompile({}, EMPTY_WASM)),
    )],
    ['WebAssembly is allowed by a permission', () => first(
      differs(() => Object.prototype.toString.call(subject.compiled(EMPTY_WASM)), '[object WebAssembly.Module]'),
      notDenied(() => new WebAssembly.Module(EMPTY_WASM)),
    )],
    ['code beyond Latin-1 is compared exactly', () => first(
      differs(() => subject.indirect('"λ→\u{1f600}"'), 'λ→\u{1f600}'),
      notDenied(() => subject.mismatched('"λ"', '"Λ"')),
      notDenied(() => subject.mismatched('"é"', '"e\u0301"')),
    )],
    ['lone surrogates in long code are compared exactly', () => first(
      differs(() => subject.indirect(`"${long}"`) === long, true),
      notDenied(() => subject.mismatched(`"${long}"`, `"${long.replace('\ud800', '\ufffd')}"`)),
      notDenied(() => subject.mismatched(`"${long}"`, `"${long.replace('\ud800', '\ud801')}"`)),
    )],
    ['vm.Script is left to the preload', () => differs(() => new vm.Script('3 + 4').runInThisContext(), 7)],
  ];
}

/** Runs all checks; `seen` says what went wrong. */
function runChecks(subject, api) {
  return checks(subject, api).map(([name, check]) => {
    let seen;
    try {
      seen = check();
    } catch (error) {
      seen = `threw ${error?.name}: ${error?.message}`;
    }
    return { name, ok: seen === undefined, ...(seen === undefined ? {} : { seen }) };
  });
}

module.exports = { runChecks };
