'use strict';
// Variables that load code, change what is loaded, or write files: for the guard as for the launcher, whose table is
// in crates/nodeward-seal/src/launch/environment.rs. A test there holds the two together.

const own = require('./primordials.cjs');

const SCRUBBED = {
  __proto__: null,
  BASH_ENV: true,
  ENV: true,
  GCONV_PATH: true,
  GLIBC_TUNABLES: true,
  LOCPATH: true,
  NLSPATH: true,
  NODE_COMPILE_CACHE: true,
  NODE_COMPILE_CACHE_PORTABLE: true,
  NODE_DEBUG_NATIVE: true,
  NODE_DISABLE_COMPILE_CACHE: true,
  NODE_ICU_DATA: true,
  NODE_OPTIONS: true,
  NODE_PATH: true,
  NODE_PRESERVE_SYMLINKS: true,
  NODE_PRESERVE_SYMLINKS_MAIN: true,
  NODE_REDIRECT_WARNINGS: true,
  NODE_REPL_EXTERNAL_MODULE: true,
  NODE_REPL_HISTORY: true,
  NODE_TEST_CONTEXT: true,
  NODE_V8_COVERAGE: true,
  OPENSSL_CONF: true,
  OPENSSL_CONF_INCLUDE: true,
  OPENSSL_ENGINES: true,
  OPENSSL_MODULES: true,
  RES_OPTIONS: true,
  UV_THREADPOOL_NAME: true,
};

/** What begins so: the loader's variables, and ours. */
const PREFIXES = ['DYLD_', 'LD_', 'NODEWARD_'];

/** The name that the system sees: up to the first `=`, whatever the key of an object was. */
function nameOf(key) {
  const end = own.stringIndexOf(key, '=');
  // Windows takes names in any case.
  return own.toUpperCase(end === -1 ? key : own.stringSlice(key, 0, end));
}

/** Whether a name, as `nameOf` gives it, is one of these. */
function isScrubbed(name) {
  if (SCRUBBED[name] === true) return true;
  for (let at = 0; at < PREFIXES.length; at += 1) if (own.startsWith(name, PREFIXES[at])) return true;
  return false;
}

module.exports = { __proto__: null, nameOf, isScrubbed };
