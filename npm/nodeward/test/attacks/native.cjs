'use strict';
// Native code: add-ons, and what else opens shared libraries.

const addon = { kind: 'addon', needs: 'compiler' };

module.exports = [
  { ...addon, name: 'require .node', body: `require('./evil.node');` },
  { ...addon, name: 'process.dlopen', body: `process.dlopen({ exports: {} }, here('evil.node'));` },
  { ...addon, name: 'process.dlopen flags', body: `process.dlopen({ exports: {} }, here('evil.node'), require('os').constants.dlopen.RTLD_NOW);` },
  { ...addon, name: 'process.dlopen of a path that is no string', body: `let asked = 0; process.dlopen({ exports: {} }, { toString: () => (asked++ < 0 ? here('listed.node') : here('evil.node')) });`, sealed: { 'listed.node': 'not a library' } },
  { ...addon, name: 'process.dlopen of a relative path', body: `process.dlopen({ exports: {} }, './evil.node');` },
  { ...addon, name: 'process.dlopen of a listed add-on with another content', sealed: { 'listed.node': 'not a library' }, body: `fs.copyFileSync(here('evil.node'), here('listed.node')); process.dlopen({ exports: {} }, here('listed.node'));` },
  { ...addon, name: 'require of an add-on under another ending', body: `fs.copyFileSync(here('evil.node'), here('evil.so')); Module._extensions['.so'] = Module._extensions['.node']; require('./evil.so');` },
  { ...addon, name: 'import() .node', since: 24, flags: ['--experimental-addon-modules'], body: `await import('./evil.node');` },
  { ...addon, name: 'process.dlopen of process from an import', sealed: { 'outer.mjs': `import process, { dlopen } from 'node:process'; import { fileURLToPath } from 'node:url'; dlopen.call(process, { exports: {} }, fileURLToPath(new URL('evil.node', import.meta.url)));` }, body: `await import('./outer.mjs');` },
  { ...addon, name: 'crypto.setEngine .so', body: `try { require('crypto').setEngine(here('evil.node')); } catch (error) { if (error.code === 'ERR_NODEWARD_DENIED') throw error; }` },
  { ...addon, name: 'sqlite loadExtension', since: 22, body: `const { DatabaseSync } = require('node:sqlite'); const database = new DatabaseSync(':memory:', { allowExtension: true }); try { database.loadExtension(here('evil.node')); } catch (error) { if (error.code === 'ERR_NODEWARD_DENIED') throw error; }` },
  { ...addon, name: 'node:ffi', since: 26, flags: ['--experimental-ffi'], body: `const ffi = require('node:ffi'); ffi.dlopen(here('evil.node'), {});` },
  { ...addon, name: 'import node:ffi ESM', since: 26, flags: ['--experimental-ffi'], sealed: { 'outer.mjs': `import { DynamicLibrary } from 'node:ffi'; import { fileURLToPath } from 'node:url'; new DynamicLibrary(fileURLToPath(new URL('evil.node', import.meta.url)));` }, body: `await import('./outer.mjs');` },
];
