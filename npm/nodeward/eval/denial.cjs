'use strict';
// How a denial reads, as an error and as what is reported.

const captured = require('./captured.cjs');
const path = require('node:path');
const util = require('node:util');

const { join, sep } = path;
const { getCallSites } = util;
const captureStackTrace = Error.captureStackTrace;

const SHOWN = 60;
const FRAMES = 8;

/** Code as it may be printed: quoted, short, and with all that is not plain ASCII made visible. */
function shown(source) {
  let text = '';
  const end = source.length < SHOWN ? source.length : SHOWN;
  for (let at = 0; at < end; at += 1) {
    const unit = captured.charCode(source, at);
    if (unit === 0x22 || unit === 0x5c) text += `\\${source[at]}`;
    else if (unit === 0x0a) text += '\\n';
    else if (unit >= 0x20 && unit < 0x7f) text += source[at];
    else {
      const digits = captured.numberToString(unit, 16);
      text += `\\u${captured.slice('0000', digits.length)}${digits}`;
    }
  }
  return `"${text}${end < source.length ? '…' : ''}" (${source.length} characters)`;
}

const OURS = [
  `${__dirname}.cjs`,
  `${__dirname}${sep}`,
  join(__dirname, '..', 'synthesize.cjs'),
  `${join(__dirname, '..', 'adapters')}${sep}`,
  // The launcher has all of it in one file there.
  `${join(__dirname, '..', 'runtime')}${sep}`,
];

function isOurs(file) {
  if (typeof file !== 'string') return false;
  for (let at = 0; at < OURS.length; at += 1) {
    if (captured.startsWith(file, OURS[at])) return true;
  }
  return false;
}

/** The frames of the application, each as `function (file:line:column)`, and the first file among them. */
function frames() {
  const taken = getCallSites ? fromCallSites() : fromError();
  const stack = [];
  let parent;
  for (let at = 0; at < taken.length && stack.length < FRAMES; at += 1) {
    const { name, file, line, column } = taken[at];
    if (isOurs(file)) continue;
    const place = file ? `${file}:${line}:${column}` : 'native';
    captured.append(stack, `${name || '<anonymous>'} (${place})`);
    parent ??= file || undefined;
  }
  return { stack, parent };
}

function fromCallSites() {
  return captured.map(getCallSites(20, { sourceMap: false }), (site) => ({
    name: site.functionName,
    file: site.scriptName,
    line: site.lineNumber,
    column: site.columnNumber ?? site.column,
  }));
}

/** Node.js 20 has no `getCallSites`; there the application's hook is put aside for a moment. */
function fromError() {
  const hook = captured.descriptor(Error, 'prepareStackTrace');
  const limit = captured.descriptor(Error, 'stackTraceLimit');
  const free = (descriptor) => descriptor === undefined || descriptor.configurable;
  if (!free(hook) || !free(limit)) return [];
  const holder = {};
  let sites = [];
  const define = (name, value) =>
    captured.defineProperty(Error, name, { __proto__: null, value, writable: true, configurable: true, enumerable: true });
  try {
    define('stackTraceLimit', 20);
    define('prepareStackTrace', (_error, found) => found);
    captureStackTrace(holder);
    sites = holder.stack;
  } finally {
    const back = (name, descriptor) =>
      descriptor ? captured.defineProperty(Error, name, { __proto__: null, ...descriptor }) : delete Error[name];
    back('prepareStackTrace', hook);
    back('stackTraceLimit', limit);
  }
  return captured.map(sites, (site) => ({
    name: site.getFunctionName(),
    file: site.getFileName(),
    line: site.getLineNumber(),
    column: site.getColumnNumber(),
  }));
}

/** `Nodeward: <what> denied: <subject>: <why>; <remedy>` */
function message({ kind, subject, reason, remedy }) {
  return `Nodeward: ${kind} denied: ${subject}: ${reason}; ${remedy}`;
}

/** What `report` gets: the fields of a denial that only this layer knows. */
function record({ kind, subject, reason }) {
  const { stack, parent } = frames();
  return { kind, subject, parent, reason, stack };
}

/** An error with the code that every denial has. */
function error(denial, Kind = captured.Error) {
  const made = new Kind(message(denial));
  captured.defineProperty(made, 'code', {
    __proto__: null, value: 'ERR_NODEWARD_DENIED', writable: true, configurable: true, enumerable: true,
  });
  return made;
}

const REMEDY = 'let a module that the seal lists under eval.modules run it through letMeEval';

/** The denial of a piece of code. */
function ofCode(source) {
  return {
    kind: 'eval',
    subject: `code ${shown(source)}`,
    reason: 'no permission for exactly this text is in force',
    remedy: REMEDY,
  };
}

/** The denial of WebAssembly. */
function ofWasm(subject, reason) {
  return { kind: 'wasm', subject, reason, remedy: 'list its hash under eval.wasm in the seal, or compile it with letMeCompile' };
}

/** The denial of a synthetic module, by the SHA-512 of its content. */
function ofSynthetic(sha512) {
  return {
    kind: 'load',
    subject: `synthetic:${sha512}`,
    reason: 'the seal has no synthetic module with this content',
    remedy: 'record it with nodeward trace --record and seal again',
  };
}

module.exports = { error, message, ofCode, ofSynthetic, ofWasm, record, shown, REMEDY };
