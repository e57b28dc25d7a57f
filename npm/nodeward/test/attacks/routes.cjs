'use strict';
// Unlisted files by other spellings of a path, files that are swapped, hooks and texts that come from other threads.

const load = { kind: 'load' };
const RUNS = `require('fs').writeSync(1, 'PAYLOAD RAN\\n');`;
const ESM_RUNS = `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n');`;
const ENDED = `const { Worker } = require('worker_threads'); const ended = (worker) => new Promise((resolve, reject) => { worker.on('error', reject); worker.on('exit', resolve); });`;
/** Imports the function `f` of `./evil.mjs`. */
const WASM_THAT_IMPORTS = Buffer.concat([
  Buffer.from('0061736d0100000001040160000002', 'hex'), Buffer.from([16, 1, 10]), Buffer.from('./evil.mjs'), Buffer.from([1, 0x66, 0, 0]),
]);
const wasm = { ...load, flags: ['--experimental-wasm-modules'] };

module.exports = [
  // ---- spellings
  { ...load, name: 'import() by file://localhost/', body: `await import('file://localhost' + here('evil.mjs'));` },
  { ...load, name: 'import() with %2e%2e', body: `await import('./listed/%2e%2e/evil.mjs');` },
  { ...load, name: 'import() through the name of a listed file', body: `await import('./listed.mjs/../evil.mjs');` },
  { ...load, name: 'import() with an escaped slash', body: `await import('./listed%2f..%2fevil.mjs');`, inert: 'Node.js takes no escaped slashes', silent: true, throws: /THREW/ },
  { ...load, name: 'require with a null byte', body: `require(here('evil.js') + '\\0' + here('listed.cjs'));`, inert: 'Node.js takes no null bytes', silent: true, throws: /THREW/ },
  { ...load, name: 'import() with a null byte', body: `await import('./listed.mjs%00./evil.mjs');`, inert: 'Node.js takes no null bytes', silent: true, throws: /THREW/ },
  { ...load, name: 'a name that differs by case', files: { 'Listed.cjs': RUNS }, body: `require('./Listed.cjs');` },
  { ...load, name: 'a name that differs by Unicode normalization', files: { 'e\u0301.cjs': RUNS }, sealed: { '\u00e9.cjs': '' }, body: `require('./e\\u0301.cjs');` },
  { ...load, name: 'a path with dots and double slashes', body: `require(__dirname + '//./listed.cjs/..//evil.js');` },
  { ...load, name: 'require by /proc/self/fd', body: `require('/proc/self/fd/' + fs.openSync(here('evil.js')));` },
  { ...load, name: 'require by /proc/self/fd, links kept', flags: ['--preserve-symlinks'], body: `require('/proc/self/fd/' + fs.openSync(here('evil.js')));` },
  { ...load, name: 'require by /proc/self/cwd, links kept', flags: ['--preserve-symlinks'], body: `require('/proc/self/cwd/evil.js');` },
  { ...load, name: 'import() by /proc/self/cwd', body: `await import('file:///proc/self/cwd/evil.mjs');` },
  { ...load, name: 'require by /proc/self/root', body: `require('/proc/self/root' + here('evil.js'));` },
  { ...load, name: 'require of a file that has no name any more', body: `const descriptor = fs.openSync(here('evil.js')); fs.unlinkSync(here('evil.js')); require('/proc/self/fd/' + descriptor);`, flags: ['--preserve-symlinks'] },

  // ---- swapped
  { ...load, name: 'a listed file changed through a hard link', body: `fs.linkSync(here('listed.cjs'), here('other')); fs.writeFileSync(here('other'), PAYLOAD); require('./listed.cjs');` },
  { ...load, name: 'a hard link of an unlisted file in the place of a listed one', body: `fs.unlinkSync(here('listed.cjs')); fs.linkSync(here('evil.js'), here('listed.cjs')); require('./listed.cjs');` },
  { ...load, name: 'the main file swapped by a link while the program starts', flags: ['--require', './swap.cjs'], sealed: { 'swap.cjs': `const fs = require('fs'); if (require('worker_threads').isMainThread) { fs.unlinkSync('app.cjs'); fs.symlinkSync('evil.cjs', 'app.cjs'); }` }, body: '' },
  { ...load, name: 'the main file written to while the program starts', flags: ['--require', './swap.cjs'], sealed: { 'swap.cjs': `if (require('worker_threads').isMainThread) require('fs').writeFileSync('app.cjs', ${JSON.stringify(RUNS)});` }, body: '' },
  { ...load, name: 'a folder of listed files swapped', sealed: { 'a/one.cjs': '' }, files: { 'b/one.cjs': RUNS }, body: `fs.renameSync(here('a'), here('c')); fs.renameSync(here('b'), here('a')); require('./a/one.cjs');` },
  { ...load, name: 'a folder that becomes a link', sealed: { 'a/one.cjs': '' }, files: { 'b/one.cjs': RUNS }, body: `fs.renameSync(here('a'), here('c')); fs.symlinkSync('b', here('a')); require('./a/one.cjs');` },
  { ...load, name: 'a package that is nearer', sealed: { 'node_modules/pack/index.js': '', 'lib/one.cjs': `require('pack');` }, files: { 'lib/node_modules/pack/index.js': RUNS }, body: `require('./lib/one.cjs');` },
  { ...load, name: 'a package.json whose imports lead to an unlisted file', main: 'lib/app.cjs', files: { 'lib/package.json': '{"imports":{"#listed":"../evil.cjs"}}', 'lib/node_modules/pack/index.js': RUNS, 'lib/node_modules/pack/package.json': '{"imports":{"#listed":"./evil.js"}}', 'lib/node_modules/pack/evil.js': RUNS }, sealed: { 'lib/node_modules/pack/one.cjs': `require('#listed');` }, body: `require('./node_modules/pack/one.cjs');` },
  { ...load, name: 'a package.json whose exports lead to an unlisted file', files: { 'node_modules/pack/package.json': '{"exports":"./evil.js"}', 'node_modules/pack/evil.js': RUNS }, sealed: { 'node_modules/pack/index.js': '' }, body: `await import('pack');` },

  // ---- WebAssembly as modules
  { ...wasm, name: 'static import of unlisted WebAssembly', lines: (line) => (line === 20 ? 2 : 1), sealed: { 'outer.mjs': `import { f } from './evil.wasm'; import fs from 'node:fs'; if (f() === 42) fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: `await import('./outer.mjs');` },
  { ...wasm, name: 'import of the source of unlisted WebAssembly', since: 24, sealed: { 'outer.mjs': `import source evil from './evil.wasm'; import fs from 'node:fs'; if (new WebAssembly.Instance(evil).exports.f() === 42) fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: `await import('./outer.mjs');` },
  { ...wasm, name: 'listed WebAssembly that imports an unlisted module', sealed: { 'outer.wasm': WASM_THAT_IMPORTS }, files: { 'evil.mjs': `${ESM_RUNS} export const f = () => {};` }, body: `await import('./outer.wasm');` },
  { ...wasm, name: 'listed WebAssembly written to', lines: (line) => (line === 20 ? 2 : 1), sealed: { 'listed.wasm': Buffer.from('0061736d01000000', 'hex') }, body: `fs.writeFileSync(here('listed.wasm'), WASM); if ((await import('./listed.wasm')).f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly by a hook', since: 22, body: `Module.registerHooks({ load: (url, context, next) => url.endsWith('listed.mjs') ? { format: 'wasm', source: WASM, shortCircuit: true } : next(url, context) }); if ((await import('./listed.mjs')).f() === 42) ran();` },

  // ---- other threads
  { ...load, name: 'registerHooks in a Worker', since: 22, sealed: { 'worker.cjs': `require('module').registerHooks({ load: (url, context, next) => url.endsWith('listed.cjs') ? { format: 'commonjs', source: ${JSON.stringify(RUNS)}, shortCircuit: true } : next(url, context) }); require('./listed.cjs');` }, body: `${ENDED} await ended(new Worker(here('worker.cjs')));` },
  { ...load, name: 'a Worker with resourceLimits, a name and arguments', body: `${ENDED} await ended(new Worker(here('evil.js'), { resourceLimits: { maxOldGenerationSizeMb: 50 }, trackUnmanagedFds: false, argv: [here('listed.cjs')], name: 'listed' }));` },
  { ...load, name: 'a Worker that is called -', body: `${ENDED} const worker = new Worker('./-', { stdin: true }); worker.stdin.end(PAYLOAD); await ended(worker);`, inert: 'Node.js reads no program from it', silent: true, throws: /THREW/ },
  { kind: 'eval', name: 'code that comes by a MessagePort', body: `const { MessageChannel, receiveMessageOnPort } = require('worker_threads'); const { port1, port2 } = new MessageChannel(); port1.postMessage({ code: 'return 6 * 7' }); if (new Function(receiveMessageOnPort(port2).message.code)() === 42) ran();` },
  { kind: 'eval', name: 'code that comes by shared memory', sealed: { 'worker.cjs': `const { workerData } = require('worker_threads'); Buffer.from(workerData).write('return 6 * 7', 4); const state = new Int32Array(workerData); Atomics.store(state, 0, 12); Atomics.notify(state, 0);` }, body: `${ENDED} const shared = new SharedArrayBuffer(64); const worker = new Worker(here('worker.cjs'), { workerData: shared }); await ended(worker); const state = new Int32Array(shared); Atomics.wait(state, 0, 0, 5000); const text = Buffer.from(shared, 4, 12).toString(); if (Function(text)() === 42) ran();` },
  { kind: 'vm', name: 'code of a message of a Worker in a script', sealed: { 'worker.cjs': `require('worker_threads').parentPort.postMessage('6 * 7');` }, body: `const { Worker } = require('worker_threads'); const text = await new Promise((resolve) => new Worker(here('worker.cjs')).once('message', resolve)); if (require('vm').runInThisContext(text) === 42) ran();` },
  { kind: 'worker', name: 'a Worker of a text that another Worker sent', sealed: { 'worker.cjs': `require('worker_threads').parentPort.postMessage(${JSON.stringify(RUNS)});` }, body: `${ENDED} const text = await new Promise((resolve) => new Worker(here('worker.cjs')).once('message', resolve)); await ended(new Worker(text, { eval: true }));` },
  { kind: 'eval', name: 'a function through structuredClone', body: `structuredClone({ code: new Function('return 6 * 7')() }).code === 42 && ran();` },

  // ---- files that are none
  { ...load, name: 'node:vfs over a listed file', since: 26, flags: ['--experimental-vfs'], body: `const virtual = require('node:vfs').create(); virtual.writeFileSync('/listed.cjs', PAYLOAD); const mounted = virtual.mount(); require(mounted + '/listed.cjs');` },
  { ...load, name: 'import() from node:vfs', since: 26, flags: ['--experimental-vfs'], body: `const virtual = require('node:vfs').create(); virtual.writeFileSync('/new.mjs', ${JSON.stringify(ESM_RUNS)}); await import(require('node:url').pathToFileURL(virtual.mount() + '/new.mjs').href);` },
  { ...load, name: 'require from shared memory of the system', body: `const name = '/dev/shm/nodeward-' + process.pid + '.cjs'; fs.writeFileSync(name, PAYLOAD); try { require(name); } finally { fs.unlinkSync(name); }` },
  { ...load, name: 'a source map that names another file', flags: ['--enable-source-maps'], files: { 'evil.map': '{"version":3,"sources":["listed.cjs"],"mappings":"AAAA"}' }, body: `new Module(here('x.cjs'))._compile(PAYLOAD + '//# sourceMappingURL=' + here('evil.map') + '\\n//# sourceURL=' + here('listed.cjs'), here('x.cjs'));` },
];
