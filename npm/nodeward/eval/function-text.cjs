'use strict';
// The constructors that make functions from strings, and the text that V8 makes of their arguments.

/** Each keyword with a function of its kind, by which its constructor is found. */
const KINDS = [
  ['function', function () {}],
  ['async function', async () => {}],
  ['function*', function* () {}],
  ['async function*', async function* () {}],
];

/** The text that V8 compiles, and asks about, for `new Function(...texts)` and its kin. */
function functionText(keyword, texts) {
  const last = texts.length - 1;
  let parameters = '';
  for (let at = 0; at < last; at += 1) parameters += at === 0 ? texts[at] : `,${texts[at]}`;
  return `(${keyword} anonymous(${parameters}\n) {\n${last < 0 ? '' : texts[last]}\n})`;
}

const GLOBAL_THIS = functionText('function', ['return this']);
const GLOBAL_THIS_AS_STATEMENT = functionText('function', ['return this;']);

/** Whether this text is that of `Function('return this')`, which much old code asks for the global object with. */
function givesGlobalThis(source) {
  return source === GLOBAL_THIS || source === GLOBAL_THIS_AS_STATEMENT;
}

module.exports = { KINDS, functionText, givesGlobalThis };
