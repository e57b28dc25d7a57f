'use strict';
// Files that are sealed as what the program reads, compiled as code.

const { CJS, ESM, WASM, nativePayload } = require('../support/attack.cjs');

const load = { kind: 'load' };
const text = { sealed: { 'read.txt': CJS, 'read.html': ESM, 'read': CJS, 'read.json': CJS, 'read.bin': WASM } };

module.exports = [
  { ...load, ...text, name: 'require of a sealed text', body: `require('./read.txt');` },
  { ...load, ...text, name: 'require of a sealed text without an ending', body: `require('./read');` },
  { ...load, ...text, name: 'require of a sealed text by an ending of its own', body: `Module._extensions['.txt'] = (loaded, name) => Module._extensions['.js'](loaded, name); require('./read.txt');` },
  { ...load, ...text, name: '_compile of a sealed text', body: `new Module('x')._compile(fs.readFileSync(here('read.txt'), 'utf8'), here('read.txt'));` },
  { ...load, ...text, name: 'sealed JSON by the function for JavaScript', body: `Module._extensions['.js'](new Module('x'), here('read.json'));` },
  { ...load, ...text, name: 'sealed JSON under another ending', body: `Module._extensions['.json'] = Module._extensions['.js']; require('./read.json');` },
  { ...load, ...text, name: 'a sealed text as a module by a hook', since: 22, body: `Module.registerHooks({ load: (url, context, next) => url.endsWith('read.html') ? { format: 'module', source: fs.readFileSync(here('read.html')), shortCircuit: true } : next(url, context) }); await import('./read.html');` },
  { ...load, ...text, name: 'a sealed text as CommonJS by a hook', since: 22, body: `Module.registerHooks({ load: (url, context, next) => url.endsWith('read.txt') ? { format: 'commonjs', source: fs.readFileSync(here('read.txt'), 'utf8'), shortCircuit: true } : next(url, context) }); require('./read.txt');` },
  { ...load, ...text, name: 'a data: URL of a sealed text', body: `await import('data:text/javascript,' + encodeURIComponent(fs.readFileSync(here('read.html'), 'utf8')));` },
  { kind: 'vm', ...text, name: 'a script of a sealed text', body: `require('vm').runInThisContext(fs.readFileSync(here('read.txt'), 'utf8'));` },
  { kind: 'vm', ...text, name: 'a script of sealed JSON', body: `new (require('vm').Script)(fs.readFileSync(here('read.json'), 'utf8')).runInThisContext();` },
  { kind: 'worker', ...text, name: 'a Worker of a sealed text', body: `const { Worker } = require('worker_threads'); await new Promise((resolve, reject) => new Worker(fs.readFileSync(here('read.txt'), 'utf8'), { eval: true }).on('exit', resolve).on('error', reject));` },
  { kind: 'wasm', ...text, name: 'WebAssembly of a sealed file of another kind', body: `if (new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(here('read.bin')))).exports.f() === 42) ran();` },
  { kind: 'addon', needs: 'compiler', name: 'process.dlopen of a sealed file of another kind', sealed: { get 'read.bin'() { return nativePayload(); } }, body: `process.dlopen({ exports: {} }, here('read.bin'));` },
];
