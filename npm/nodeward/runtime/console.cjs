'use strict';
// The console says which module speaks, in a way that no message can pretend: a message stays on lines that
// carry its module's name, or goes, with a code that nobody else can make, to the launcher that writes the log.
//
// Who speaks is who calls, by the stack: no source is changed for it. What is written to standard output or error
// past the console has no name.

const own = require('./primordials.cjs');

const { captureStackTrace } = Error;
const { deleteProperty } = Reflect;
const { readSync } = require('node:fs');
const padStart = own.uncurried(String.prototype.padStart);
const toWellFormed = own.uncurried(String.prototype.toWellFormed);
const numberToString = own.uncurried(Number.prototype.toString);
const fileOfSite = callSiteGetter('getFileName');

const FRAME_LIMIT = 10;
const OURS = __dirname;
const KEY_DIGITS = 64;
const UNKNOWN = '?';

/**
 * Makes the console name its callers.
 *
 * `describe(file)` says what to call the module in a file. `descriptor` leads to whoever writes the log; without one,
 * messages come out where they always did, each line with its module in front.
 */
function guard({ describe, descriptor }) {
  const inner = require('node:console');
  const { Console } = inner;
  let speaker = UNKNOWN;
  const say = descriptor === undefined ? prefixed() : framed(descriptor);
  const stream = (name) => ({
    __proto__: null,
    write: (text) => {
      say(name, speaker, text);
      return true;
    },
    on() {},
    once() {},
    removeListener() {},
    listenerCount: () => 0,
  });
  const voice = new Console({ stdout: stream('out'), stderr: stream('err'), ignoreErrors: false });
  const names = own.ownKeys(inner);
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at];
    const said = voice[name];
    if (typeof name !== 'string' || name === 'Console' || typeof said !== 'function' || typeof inner[name] !== 'function') continue;
    // Profiles are the inspector's.
    if (name === 'profile' || name === 'profileEnd' || name === 'timeStamp' || name === 'context') continue;
    const method = {
      [name](...values) {
        const before = speaker;
        speaker = who(describe);
        try {
          return own.apply(said, voice, values);
        } finally {
          speaker = before;
        }
      },
    }[name];
    own.defineProperty(inner, name, { __proto__: null, value: method, writable: true, enumerable: true, configurable: true });
  }
}

/** What a file is called: its package with its version, or its path below the seal. */
function namesOf(seal, fileOf) {
  const known = own.create(null);
  const prefix = `${seal.root}/`;
  // Reads the seal, which must happen before the application runs.
  seal.releaseOf(seal.file);
  return (script) => {
    if (known[script] !== undefined) return known[script];
    const file = own.startsWith(script, 'file:') ? fileOf(script) ?? script : script;
    const name = seal.releaseOf(file) ?? (own.startsWith(file, prefix) ? own.stringSlice(file, prefix.length) : file);
    known[script] = name;
    return name;
  };
}

/** What to call the code that called the console. */
function who(describe) {
  const files = callers();
  for (let at = 0; at < files.length; at += 1) {
    const file = files[at];
    if (file === '' || file === null || file === undefined || own.startsWith(file, OURS)) continue;
    if (own.startsWith(file, 'node:') || file === 'native') continue;
    return describe(file);
  }
  return UNKNOWN;
}

const callers = own.getCallSites === undefined ? filesByError : () => {
  // Without source maps: one says whatever its author likes.
  const sites = own.getCallSites(FRAME_LIMIT, SITES);
  const files = own.create(null);
  for (let at = 0; at < sites.length; at += 1) files[at] = sites[at].scriptName;
  files.length = sites.length;
  return files;
};

const SITES = own.freeze({ __proto__: null, sourceMap: false });

/** A method of the objects that stack traces are made of, which can be had from a trace only. */
function callSiteGetter(name) {
  const before = own.descriptorOf(Error, 'prepareStackTrace');
  let method;
  Error.prepareStackTrace = (error, sites) => {
    method = own.prototypeOf(sites[0])[name];
  };
  void new Error().stack;
  if (before === undefined) delete Error.prepareStackTrace;
  else own.defineProperty(Error, 'prepareStackTrace', before);
  return own.uncurried(method);
}

/** The same on versions of Node.js that can't tell otherwise; nothing where somebody else has taken these over. */
function filesByError() {
  const files = own.create(null);
  files.length = 0;
  const keep = (error, sites) => {
    for (let at = 0; at < sites.length; at += 1) files[at] = fileOfSite(sites[at]);
    files.length = sites.length;
    return '';
  };
  withProperty('prepareStackTrace', keep, () => {
    withProperty('stackTraceLimit', FRAME_LIMIT, () => {
      const holder = own.create(null);
      captureStackTrace(holder);
      return holder.stack;
    });
  });
  return files;
}

function withProperty(name, value, callback) {
  const { GuardError } = own;
  const before = own.descriptorOf(GuardError, name);
  const taken = { __proto__: null, value, writable: true, enumerable: false, configurable: true };
  if (!own.defineProperty(GuardError, name, taken)) return;
  try {
    callback();
  } finally {
    if (before === undefined) deleteProperty(GuardError, name);
    else own.defineProperty(GuardError, name, own.setPrototypeOf(before, null));
  }
}

/** To the launcher: `MAC {"n":…,"stream":…,"module":…,"text":…}`. */
function framed(descriptor) {
  const mac = authenticator(readKey(descriptor));
  let count = 0;
  return (stream, module, text) => {
    // Lone surrogates can't be written as JSON that everybody reads.
    const message = toWellFormed(own.endsWith(text, '\n') ? own.stringSlice(text, 0, -1) : text);
    const json = ascii(`{"n":${count},"stream":"${stream}","module":${own.stringify(toWellFormed(module))},"text":${own.stringify(message)}}`);
    count += 1;
    const line = `${mac(json)} ${json}\n`;
    for (let at = 0; at < line.length;) at += writeSome(descriptor, at === 0 ? line : own.stringSlice(line, at));
  };
}

function writeSome(descriptor, text) {
  for (;;) {
    try {
      return own.fs.writeSync(descriptor, text, null, 'latin1');
    } catch (error) {
      if (error?.code !== 'EAGAIN') throw error;
    }
  }
}

/** The key lies in the descriptor before the first line of code runs; who reads it takes it away. */
function readKey(descriptor) {
  const digits = new Uint8Array(KEY_DIGITS);
  for (let at = 0; at < KEY_DIGITS;) {
    const read = readSync(descriptor, digits, at, KEY_DIGITS - at, null);
    if (read === 0) throw new Error('nodeward: the log has no key for the console; start again');
    at += read;
  }
  return digits;
}

/** JSON in letters that are one byte each. */
function ascii(json) {
  let text = '';
  let from = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = own.charCode(json, at);
    if (code < 0x7f) continue;
    text += `${own.stringSlice(json, from, at)}\\u${padStart(numberToString(code, 16), 4, '0')}`;
    from = at + 1;
  }
  return from === 0 ? json : text + own.stringSlice(json, from);
}

/** HMAC-SHA-256 of texts in ASCII, its first 32 digits. The class of `node:crypto` looks itself up on its prototype. */
function authenticator(key) {
  const block = key.length;
  const inside = new Uint8Array(block);
  const outside = new Uint8Array(block + 32);
  for (let at = 0; at < block; at += 1) {
    inside[at] = key[at] ^ 0x36;
    outside[at] = key[at] ^ 0x5c;
    key[at] = 0;
  }
  return (text) => {
    const bytes = new Uint8Array(block + text.length);
    for (let at = 0; at < block; at += 1) bytes[at] = inside[at];
    for (let at = 0; at < text.length; at += 1) bytes[block + at] = own.charCode(text, at);
    const digest = own.sha256(bytes);
    for (let at = 0; at < 32; at += 1) outside[block + at] = nibble(digest, 2 * at) * 16 + nibble(digest, 2 * at + 1);
    return own.stringSlice(own.sha256(outside), 0, 32);
  };
}

function nibble(digits, at) {
  const code = own.charCode(digits, at);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** Where the message comes out as ever: its module before each of its lines, nothing in it that acts. */
function prefixed() {
  const { stdout, stderr } = process;
  const write = own.uncurried(stdout.write);
  return (stream, module, text) => {
    const message = own.endsWith(text, '\n') ? own.stringSlice(text, 0, -1) : text;
    let lines = '';
    for (let from = 0; from <= message.length;) {
      let end = own.stringIndexOf(message, '\n', from);
      if (end === -1) end = message.length;
      lines += `[${shown(module)}] ${shown(own.stringSlice(message, from, end))}\n`;
      from = end + 1;
    }
    write(stream === 'out' ? stdout : stderr, lines);
  };
}

/** Text in which nothing moves the cursor, recolours, reads backwards, or ends the line. */
function shown(text) {
  let safe = '';
  for (let at = 0; at < text.length; at += 1) {
    const code = own.charCode(text, at);
    safe += acts(code) ? `\\u{${numberToString(code, 16)}}` : text[at];
  }
  return safe;
}

const acts = (code) => (code < 0x20 && code !== 0x09) || (code >= 0x7f && code < 0xa0) || code === 0xad
  || code === 0x61c || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e)
  || (code >= 0x2060 && code <= 0x206f) || code === 0xfeff || (code >= 0xfff0 && code <= 0xfffb);

module.exports = { __proto__: null, guard, namesOf };
