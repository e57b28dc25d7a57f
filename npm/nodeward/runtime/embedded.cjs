'use strict';
// What Node.js carries in its own source: the WebAssembly of `fetch()`, of the parser of CommonJS and of the
// stripping of types, and the few scripts that it runs itself. They are recognised by looking there, for no table
// of hashes would know the next version. The application can't reach the object that the sources are in.

const own = require('./primordials.cjs');

const { binding } = process;
/** Where scripts stand that Node.js gives to `node:vm` or to `_compile`. */
const SCRIPTS = ['internal/util', 'internal/process/execution', 'repl', 'internal/repl/utils'];
const SHORTEST = 4;

let sources;

/** With `--permission` there are none, and then nothing is recognised. Any other failure is not for good. */
function natives() {
  try {
    return sources ??= own.apply(binding, process, ['natives']);
  } catch {
    return NONE;
  }
}

const NONE = own.freeze(own.create(null));

/** Whether exactly these bytes stand in one of Node.js's dependencies, as a string of base64. */
function holdsBytes(bytes) {
  const base64 = own.toBase64(bytes);
  const texts = natives();
  const names = own.namesOf(texts);
  for (let at = 0; at < names.length; at += 1) {
    if (own.startsWith(names[at], 'internal/deps/') && holds(texts, names[at], base64)) return true;
  }
  return false;
}

/** Whether exactly this text stands in Node.js's source as one of its scripts. */
function holdsScript(text) {
  if (text.length < SHORTEST) return false;
  const texts = natives();
  for (let at = 0; at < SCRIPTS.length; at += 1) if (holds(texts, SCRIPTS[at], text)) return true;
  return false;
}

function holds(texts, name, literal) {
  const text = own.hasOwn(texts, name) ? texts[name] : undefined;
  return typeof text === 'string' && holdsLiteral(text, literal);
}

/** Whether a text has this as a whole literal: between two quotes of one kind. */
function holdsLiteral(text, literal) {
  for (let from = 0; ;) {
    const found = own.stringIndexOf(text, literal, from);
    if (found === -1) return false;
    const quote = text[found - 1];
    if ((quote === '"' || quote === '\'' || quote === '`') && text[found + literal.length] === quote) return true;
    from = found + 1;
  }
}

module.exports = { __proto__: null, holdsBytes, holdsLiteral, holdsScript };
