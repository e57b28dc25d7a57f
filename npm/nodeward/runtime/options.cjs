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
const LIBRARY = 'can load libraries';

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
  '--openssl-config': LIBRARY,
  '--openssl-shared-config': LIBRARY,
  '--icu-data-dir': 'loads files that are not sealed',
};

/** What they do is done before the guard is there, whatever program hands them on to Node.js: the loader does. */
const EARLY = {
  __proto__: null,
  '--snapshot-blob': true,
  '--build-snapshot': true,
  '--build-snapshot-config': true,
  '--experimental-config-file': true,
  '--experimental-default-config-file': true,
  '--openssl-config': true,
  '--openssl-shared-config': true,
  '--icu-data-dir': true,
};

/**
 * What a Worker or another Node.js may be given, as in the launcher: alone, with a value after `=` or as the next word,
 * or after `=` only, as some versions take the next word and some do not. Modules that are loaded first are compared as
 * all others are.
 */
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
  '--max-heap-size': 'equals',
  '--max-old-space-size': 'equals',
  '--max-old-space-size-percentage': 'equals',
  '--max-semi-space-size': 'equals',
  '--min-semi-space-size': 'equals',
  '--semi-space-growth-factor': 'equals',
  '--stack-size': 'equals',
  '--stack-trace-limit': 'equals',
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

/**
 * Why a Worker or another Node.js may not be given an option, if it may not, and whether the next word is its value.
 * `inherited` has the words of this process, each with the one after it.
 */
function faultOf(option, inherited) {
  const known = HARMLESS[nameOf(option)];
  const isWhole = own.stringIndexOf(option, '=') !== -1;
  const hasValue = known === 'value' && !isWhole;
  const isKnown = known !== undefined && (known !== 'equals' || isWhole);
  if (isKnown || inherited[option] !== undefined) return { __proto__: null, fault: undefined, hasValue };
  return { __proto__: null, fault: refusal(option) ?? 'is not among the options that are known to be harmless', hasValue };
}

/** Each word read once: another reading may have another answer. */
function copyOfOptions(options) {
  const copy = [];
  const count = options.length;
  for (let at = 0; at < count; at += 1) append(copy, `${options[at]}`);
  return copy;
}

function append(list, value) {
  own.defineProperty(list, list.length, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
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
    if (isNew) append(words, '');
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

/** The options of this process: what it was started with was looked at then. Each has the word that followed it. */
function inheritedOptions(execArgv) {
  const inherited = own.create(null);
  for (let at = 0; at < execArgv.length; at += 1) inherited[execArgv[at]] = execArgv[at + 1] ?? '';
  return own.freeze(inherited);
}

/** Whether an option does its work before the guard is there. */
const isEarly = (option) => EARLY[nameOf(option)] === true;

module.exports = { __proto__: null, changesNames, refusal, faultOf, inheritedOptions, isEarly, append, copyOfOptions, wordsOf };
