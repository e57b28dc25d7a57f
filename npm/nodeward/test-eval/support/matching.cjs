'use strict';
// Permits random UTF-16 strings, evaluates the same or nearly the same ones, and compares what came of it with
// `===`. Each begins with `)`, so that what is allowed ends in a SyntaxError and nothing is ever run.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const [, , evalModule, seed, rounds, addon] = process.argv;
const api = require(evalModule);
const subject = path.join(path.dirname(evalModule), 'eval', 'subject.cjs');
const sha256 = crypto.createHash('sha256').update(fs.readFileSync(subject)).digest('hex');
const { layer } = api.install({
  addon: addon || undefined,
  seal: { sources: [{ path: 'subject.cjs', sha256 }], eval: { modules: ['subject.cjs'] } },
  root: path.dirname(subject),
});
const { within } = require(subject);

let state = Number(seed) >>> 0;
function random(below) {
  // xorshift32: the same numbers on every machine.
  state ^= state << 13;
  state >>>= 0;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state % below;
}

const UNITS = [
  () => random(0x80),
  () => random(0x100),
  () => random(0x10000),
  () => 0xd800 + random(0x800),
  () => [0x0, 0x0a, 0x0d, 0x2028, 0x2029, 0xfeff, 0xfffd, 0xe9, 0x301, 0x131, 0x212b][random(11)],
];

function text() {
  const unit = UNITS[random(UNITS.length)];
  const length = [0, 1, random(20), random(300), random(5000)][random(5)];
  let made = ')';
  for (let at = 0; at < length; at += 1) made += String.fromCharCode(unit());
  return made;
}

/** The same characters in another of V8's representations. */
const SAME = [
  (one) => one,
  (one) => `${one}\u{1f600}`.slice(0, one.length),
  (one) => `\u0101${one}`.slice(1),
  (one) => one.slice(0, one.length >> 1) + one.slice(one.length >> 1),
  (one) => [...Array(one.length)].map((_, at) => one[at]).join(''),
  (one) => Buffer.from(one, 'utf16le').toString('utf16le'),
];

/** Nearly the same characters; now and then the very same. */
const NEARLY = [
  (one) => `${one} `,
  (one) => `${one}\0`,
  (one) => one.slice(0, -1) || '))',
  (one) => one.normalize('NFC'),
  (one) => one.normalize('NFD'),
  (one) => one.toUpperCase(),
  (one) => one.toWellFormed(),
  (one) => Buffer.from(one).toString(),
  (one) => Buffer.from(one, 'latin1').toString('latin1'),
  (one) => {
    const at = 1 + random(one.length);
    return one.slice(0, at) + String.fromCharCode(one.charCodeAt(at) ^ (1 << random(16))) + one.slice(at + 1);
  },
  () => text(),
];

function isAllowed(source) {
  try {
    if (random(2) === 0) (0, eval)(source);
    else eval(source);
    return 'it ran';
  } catch (error) {
    if (error.name === 'SyntaxError') return true;
    return error.name === 'EvalError' ? false : error.name;
  }
}

const wrong = [];
const counts = { true: 0, false: 0 };

function check(permitted, source) {
  const wanted = permitted.includes(source);
  const seen = isAllowed(source);
  counts[wanted] += 1;
  if (seen !== wanted) wrong.push({ permitted, source, wanted, seen });
}

/** Permits all of them, each within the one before. */
function permitting(all, callback) {
  return all.reduceRight((inner, one) => () => within(one, inner), callback)();
}

for (let round = 0; round < Number(rounds); round += 1) {
  const permitted = Array.from({ length: 1 + random(3) }, text);
  const one = permitted[random(permitted.length)];
  permitting(permitted, () => {
    check(permitted, SAME[random(SAME.length)](one));
    check(permitted, NEARLY[random(NEARLY.length)](one));
  });
  check([], one);
}

console.log(JSON.stringify({ layer, wrong: wrong.slice(0, 5), allowed: counts.true, denied: counts.false }));
