'use strict';
// The engines of OpenSSL that the options of TLS name: shared libraries, by any way to a connection. All ways end in
// two functions of native contexts. Node.js loads `tls` for many of its modules, and to load it at start would cost
// more than the rest of the guard; so those functions are found when it is loaded, and it is not loaded without that.

const crypto = require('node:crypto');
const own = require('./primordials.cjs');
const { denied, codeOf } = require('./denial.cjs');

const { binding } = process;

/** `deny` puts functions that refuse in the place of others; `builtin` gives modules of Node.js as they are. */
function guard({ deny, builtin }) {
  const lock = (prototype) => {
    deny(prototype, 'setClientCertEngine', 'addon', 'tls, clientCertEngine', 'an engine is native code');
    deny(prototype, 'setEngineKey', 'addon', 'tls, privateKeyEngine', 'an engine is native code');
  };
  const known = nativeContexts();
  if (known !== undefined) lock(known);
  else guardLoading(() => lock(prototypeOfContexts(builtin('_tls_common'))), builtin);
}

/** What all native contexts inherit from, where Node.js gives it out. */
function nativeContexts() {
  return silently(() => {
    try {
      return own.apply(binding, process, ['crypto']).SecureContext.prototype;
    } catch {
      return undefined;
    }
  });
}

/** Node.js warns of what we do, and not of what the program does. */
function silently(callback) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return callback();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/**
 * Each time that Node.js runs the source of what `tls` is made of, it sets a function of a native class. If the stack
 * runs out there, or anything else fails, the source has not been run: it is run once more before anyone gets `tls`.
 */
function guardLoading(lock, builtin) {
  let TLSWrap;
  try {
    ({ TLSWrap } = own.apply(binding, process, ['tls_wrap']));
  } catch (error) {
    // With `--permission` Node.js itself refuses engines.
    if (codeOf(error) === 'ERR_ACCESS_DENIED') return;
    throw error;
  }
  let close;
  const set = (value) => {
    // By another order than that of `tls` the contexts would not be there yet.
    if (!isLoaded(COMMON)) throw denied('load', 'node:tls', 'a part of it was loaded before it');
    silently(lock);
    close = value;
  };
  own.defineProperty(TLSWrap.prototype, 'close', { __proto__: null, get: () => close, set, enumerable: true, configurable: false });
  guardCertificates(builtin);
}

const COMMON = 'NativeModule internal/tls/common';
const { moduleLoadList: loaded } = process;

function isLoaded(name) {
  for (let at = loaded.length - 1; at >= 0; at -= 1) if (loaded[at] === name) return true;
  return false;
}

/** The one function that loads a part of `tls` first. */
function guardCertificates(builtin) {
  const { prototype } = crypto.X509Certificate;
  const { toLegacyObject } = prototype;
  prototype.toLegacyObject = function () {
    builtin('tls');
    return own.apply(toLegacyObject, this, []);
  };
  own.defineProperty(prototype.toLegacyObject, 'name', { __proto__: null, value: 'toLegacyObject', configurable: true });
}

/** The versions are said, as `tls` has none to give yet. */
function prototypeOfContexts({ SecureContext }) {
  return own.prototypeOf(own.construct(SecureContext, [undefined, undefined, 'TLSv1.2', 'TLSv1.2']).context);
}

module.exports = { __proto__: null, guard };
