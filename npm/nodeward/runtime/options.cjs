'use strict';
// The options of Node.js, by whatever way they come: the command line, NODE_OPTIONS, the options of a Worker.
// What Node.js takes for the same option is the same here.

const own = require('./primordials.cjs');

const NO_FILE = 'runs code that is in no file';
const DEBUGGER = 'opens a debugger';
const SOURCES = 'gives modules any source';
const INNER = 'gives what the guard keeps to itself';
const SNAPSHOT = 'keeps what runs now for another time';
const NATIVES = 'gives V8\'s inner functions';
const FILE = 'sets options from a file';

/** Options that run code, open a debugger, or let others decide what a module is, each with the reason. */
const REFUSED = {
  __proto__: null,
  '-e': NO_FILE,
  '--eval': NO_FILE,
  '-p': NO_FILE,
  '--print': NO_FILE,
  '-pe': NO_FILE,
  '-i': 'runs what is typed',
  '--interactive': 'runs what is typed',
  '--input-type': NO_FILE,
  '--loader': SOURCES,
  '--experimental-loader': SOURCES,
  '--experimental-test-module-mocks': SOURCES,
  '--inspect': DEBUGGER,
  '--inspect-brk': DEBUGGER,
  '--inspect-brk-node': DEBUGGER,
  '--inspect-wait': DEBUGGER,
  '--debug-port': DEBUGGER,
  '--expose-internals': INNER,
  '--experimental-print-required-tla': INNER,
  '--experimental-web-worker': 'starts threads that are not guarded',
  '--snapshot-blob': 'runs what is in the snapshot',
  '--build-snapshot': SNAPSHOT,
  '--build-snapshot-config': SNAPSHOT,
  '--allow-natives-syntax': NATIVES,
  '--experimental-config-file': FILE,
  '--experimental-default-config-file': FILE,
};

/** What a Worker may be given. Modules that are loaded first are compared as all others are. */
const HARMLESS = {
  __proto__: null,
  '--abort-on-uncaught-exception': 'alone',
  '--allow-addons': 'alone',
  '--allow-child-process': 'alone',
  '--allow-net': 'alone',
  '--allow-wasi': 'alone',
  '--allow-worker': 'alone',
  '--disable-sigusr1': 'alone',
  '--disallow-code-generation-from-strings': 'alone',
  '--enable-source-maps': 'alone',
  '--experimental-permission': 'alone',
  '--experimental-require-module': 'alone',
  '--experimental-sqlite': 'alone',
  '--experimental-strip-types': 'alone',
  '--experimental-transform-types': 'alone',
  '--experimental-wasm-modules': 'alone',
  '--experimental-websocket': 'alone',
  '--expose-gc': 'alone',
  '--force-node-api-uncaught-exceptions-policy': 'alone',
  '--frozen-intrinsics': 'alone',
  '--insecure-http-parser': 'alone',
  '--network-family-autoselection': 'alone',
  '--no-addons': 'alone',
  '--no-deprecation': 'alone',
  '--no-experimental-detect-module': 'alone',
  '--no-experimental-fetch': 'alone',
  '--no-experimental-global-navigator': 'alone',
  '--no-experimental-require-module': 'alone',
  '--no-experimental-sqlite': 'alone',
  '--no-experimental-strip-types': 'alone',
  '--no-experimental-websocket': 'alone',
  '--no-extra-info-on-fatal-exception': 'alone',
  '--no-global-search-paths': 'alone',
  '--no-network-family-autoselection': 'alone',
  '--no-strip-types': 'alone',
  '--no-verify-base-objects': 'alone',
  '--no-warnings': 'alone',
  '--pending-deprecation': 'alone',
  '--permission': 'alone',
  '--throw-deprecation': 'alone',
  '--tls-max-v1.2': 'alone',
  '--tls-max-v1.3': 'alone',
  '--tls-min-v1.2': 'alone',
  '--tls-min-v1.3': 'alone',
  '--trace-deprecation': 'alone',
  '--trace-exit': 'alone',
  '--trace-sigint': 'alone',
  '--trace-sync-io': 'alone',
  '--trace-tls': 'alone',
  '--trace-uncaught': 'alone',
  '--trace-warnings': 'alone',
  '--use-bundled-ca': 'alone',
  '--use-openssl-ca': 'alone',
  '--use-system-ca': 'alone',
  '--verify-base-objects': 'alone',
  '--zero-fill-buffers': 'alone',
  '--max-heap-size': 'alone',
  '--max-old-space-size': 'alone',
  '--max-old-space-size-percentage': 'alone',
  '--max-semi-space-size': 'alone',
  '--min-semi-space-size': 'alone',
  '--semi-space-growth-factor': 'alone',
  '--stack-size': 'alone',
  '--stack-trace-limit': 'alone',
  '-C': 'value',
  '--allow-fs-read': 'value',
  '--allow-fs-write': 'value',
  '--conditions': 'value',
  '--disable-proto': 'value',
  '--disable-warning': 'value',
  '--dns-result-order': 'value',
  '--max-http-header-size': 'value',
  '--network-family-autoselection-attempt-timeout': 'value',
  '--secure-heap': 'value',
  '--secure-heap-min': 'value',
  '--title': 'value',
  '--tls-cipher-list': 'value',
  '--unhandled-rejections': 'value',
  '--v8-pool-size': 'value',
  '-r': 'value',
  '--require': 'value',
  '--import': 'value',
};

/** The name of an option as Node.js and V8 take it: `_` is `-`, and V8's have one dash or two. */
function nameOf(option) {
  let name = '';
  for (let at = 0; at < option.length && option[at] !== '='; at += 1) name += option[at] === '_' ? '-' : option[at];
  return name;
}

const isLong = (name) => own.startsWith(name, '--');

/** Why a program may not be started with an option, if it may not. */
function refusal(option) {
  const name = nameOf(option);
  return REFUSED[name] ?? (isLong(name) || name.length < 3 ? undefined : REFUSED[`-${name}`]);
}

/** Why a Worker may not be given an option, if it may not, and whether the next word is its value. */
function faultOf(option, inherited) {
  const known = HARMLESS[nameOf(option)];
  const hasValue = known === 'value' && own.stringIndexOf(option, '=') === -1;
  if (known !== undefined || inherited[option] === true) return { __proto__: null, fault: undefined, hasValue };
  return { __proto__: null, fault: refusal(option) ?? 'is not among the options that are known to be harmless', hasValue };
}

/** Each word read once: another reading may have another answer. */
function copyOfOptions(options) {
  const copy = [];
  const count = options.length;
  for (let at = 0; at < count; at += 1) {
    const value = `${options[at]}`;
    own.defineProperty(copy, at, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

/** The words of NODE_OPTIONS, as Node.js takes them apart. */
function wordsOf(text) {
  const words = [];
  let isQuoted = false;
  let isNew = true;
  for (let at = 0; at < text.length; at += 1) {
    let unit = text[at];
    if (unit === '\\' && isQuoted) {
      at += 1;
      unit = text[at] ?? '';
    } else if (unit === ' ' && !isQuoted) {
      isNew = true;
      continue;
    } else if (unit === '"') {
      isQuoted = !isQuoted;
      continue;
    }
    if (isNew) words.push('');
    isNew = false;
    words[words.length - 1] += unit;
  }
  return words;
}

/** Options by which the name of a package leads elsewhere than without them. */
const OF_NAMES = { __proto__: null, '-C': true, '--conditions': true, '--experimental-package-map': true, '--preserve-symlinks': true };

/** Whether one of these words changes what names of packages lead to. */
function changesNames(words) {
  for (let at = 0; at < words.length; at += 1) if (OF_NAMES[nameOf(words[at])] === true) return true;
  return false;
}

module.exports = { __proto__: null, changesNames, refusal, faultOf, copyOfOptions, wordsOf };
