'use strict';
// Code that has no file: scripts, contexts, code from strings, WebAssembly.

const vm = { kind: 'vm' };
const evaluated = { kind: 'eval' };
const wasm = { kind: 'wasm' };
const GIVES = `'6 * 7'`;

const HALF = { 'half.js': `(globalThis.letter ?? ((text) => text.charCodeAt(0) === 0xd800 && require('fs').writeSync(1, 'PAYLOAD RAN\\n')))('\ufffd');\n` };

module.exports = [
  // ---- half a character, which is hashed as what stands for it
  ...[['vm.Script', `new (require('vm').Script)(text).runInThisContext();`], ['vm.runInThisContext', `require('vm').runInThisContext(text);`], ['Module#_compile', `new Module('x')._compile(text, here('half.js'));`], ['a hook', `Module.registerHooks({ load: (url, context, next) => url.endsWith('half.js') ? { format: 'commonjs', source: text, shortCircuit: true } : next(url, context) }); require('./half.js');`, 22]]
    .map(([name, code, since]) => ({ kind: name.startsWith('vm') ? 'vm' : 'load', since, sealed: HALF, name: `half a character, ${name}`, body: `globalThis.letter = (text) => text.charCodeAt(0) === 0xd800 && ran(); const text = fs.readFileSync(here('half.js'), 'utf8').replace('\\ufffd', '\\ud800'); ${code}` })),
  { kind: 'worker', sealed: HALF, unreported: true, name: 'half a character, the text of a Worker', body: `const text = fs.readFileSync(here('half.js'), 'utf8').replace('\\ufffd', '\\ud800'); const { Worker } = require('worker_threads'); await new Promise((resolve, reject) => { const worker = new Worker(text, { eval: true }); worker.on('error', reject); worker.on('exit', resolve); });` },

  { ...vm, name: 'vm.Script', body: `const vm = require('vm'); if (new vm.Script(${GIVES}).runInThisContext() === 42) ran();` },
  { ...vm, name: 'vm.Script of an object that turns into text', body: `const vm = require('vm'); let asked = 0; const code = { toString: () => (asked++ === 0 ? fs.readFileSync(here('listed.cjs'), 'utf8').replace('exports.value = 1', '6*7') : '6 * 7') }; if (new vm.Script(code).runInThisContext() === 42) ran();` },
  { ...vm, name: 'vm.Script subclassed', body: `const vm = require('vm'); class Mine extends vm.Script {} if (new Mine(${GIVES}).runInThisContext() === 42) ran();` },
  { ...vm, name: 'vm.Script by the constructor of a script', sealed: { 'one.cjs': '1' }, body: `const vm = require('vm'); const script = new vm.Script(fs.readFileSync(here('one.cjs'), 'utf8')); if (new script.constructor(${GIVES}).runInThisContext() === 42) ran();` },
  { ...vm, name: 'vm.runInThisContext', body: `if (require('vm').runInThisContext(${GIVES}) === 42) ran();` },
  { ...vm, name: 'vm.runInNewContext', body: `if (require('vm').runInNewContext(${GIVES}) === 42) ran();` },
  { ...vm, name: 'vm.runInContext', body: `const vm = require('vm'); if (vm.runInContext(${GIVES}, vm.createContext({})) === 42) ran();` },
  { ...vm, name: 'vm.compileFunction', body: `if (require('vm').compileFunction('return 6 * 7')() === 42) ran();` },
  { ...vm, name: 'vm.SourceTextModule', flags: ['--experimental-vm-modules'], body: `const vm = require('vm'); const m = new vm.SourceTextModule('export default 6 * 7'); await m.link(() => {}); await m.evaluate(); if (m.namespace.default === 42) ran();` },
  { ...vm, name: 'vm.runInContext vanilla importModuleDynamically', body: `const vm = require('vm'); await vm.runInContext("import('node:os')", vm.createContext({}), { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }); ran();` },
  { kind: 'cache', name: 'vm.Script cachedData', sealed: { 'one.cjs': 'globalThis.x = 1 + 1;' }, body: `const vm = require('vm'), cp = require('child_process'); const good = fs.readFileSync(here('one.cjs'), 'utf8'); const cachedData = fs.readFileSync(here('cached')); const script = new vm.Script(good, { cachedData }); script.runInThisContext(); if (globalThis.x === 42) ran();`,
    before: `const vm = require('vm'); require('fs').writeFileSync('cached', new vm.Script('globalThis.x = 6 * 7;').createCachedData());` },
  { ...vm, name: 'vm.Script under the name of a listed module', sealed: { 'one.cjs': 'new Error().stack' }, body: `const vm = require('vm'); const stack = new vm.Script(fs.readFileSync(here('one.cjs'), 'utf8'), { filename: here('listed.cjs') }).runInThisContext(); if (stack.includes('listed.cjs')) ran();` },
  { ...vm, name: 'vm.Script under the URL of a listed module', sealed: { 'one.cjs': 'new Error().stack' }, body: `const vm = require('vm'); const filename = require('url').pathToFileURL(here('listed.cjs')).href; const stack = vm.runInThisContext(fs.readFileSync(here('one.cjs'), 'utf8'), filename); if (stack.includes('listed.cjs')) ran();` },
  { ...vm, name: 'vm.Script under the name of a built-in module', sealed: { 'one.cjs': 'new Error().stack' }, body: `const vm = require('vm'); if (vm.runInThisContext(fs.readFileSync(here('one.cjs'), 'utf8'), 'node:internal/fs').includes('node:internal/fs')) ran();` },
  { ...vm, name: 'ContextifyScript via proto chain', body: `const vm = require('vm'); const Native = Object.getPrototypeOf(vm.Script); const script = new Native(${GIVES}, 'x.js', 0, 0, undefined, false, undefined, Symbol('x')); if (vm.Script.prototype.runInThisContext.call(script) === 42) ran();`, silent: true, unreported: true },
  { ...vm, name: 'ContextifyScript via its prototype', body: `const vm = require('vm'); const Native = Object.getPrototypeOf(vm.Script.prototype).constructor; const script = new Native(${GIVES}, 'x.js', 0, 0, undefined, false, undefined, Symbol('x')); if (Object.getPrototypeOf(vm.Script.prototype).runInContext.call(script, null, -1, true, false, false) === 42) ran();` },
  { ...vm, name: 'getBuiltinModule vm', body: `if (process.getBuiltinModule('vm').runInThisContext(${GIVES}) === 42) ran();` },
  { ...vm, name: 'import node:vm ESM', sealed: { 'outer.mjs': `import fs from 'node:fs'; import { runInThisContext } from 'node:vm'; if (runInThisContext(${GIVES}) === 42) fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: `await import('./outer.mjs');` },
  { ...vm, name: 'repl.start eval', lines: 'any', body: `const { PassThrough } = require('stream'); const input = new PassThrough(); const server = require('repl').start({ input, output: new PassThrough(), useGlobal: true }); globalThis.ran = ran; const done = new Promise((resolve) => server.on('exit', resolve)); input.end('ran()\\n'); await done;` },
  { ...vm, name: 'new REPLServer', lines: 'any', body: `const { PassThrough } = require('stream'); const input = new PassThrough(); const { REPLServer } = require('repl'); const server = new REPLServer({ input, output: new PassThrough(), useGlobal: true }); globalThis.ran = ran; const done = new Promise((resolve) => server.on('exit', resolve)); input.end('ran()\\n'); await done;` },
  { ...vm, name: 'import node:repl ESM', lines: 'any', sealed: { 'outer.mjs': `import { start } from 'node:repl'; import { PassThrough } from 'node:stream'; const input = new PassThrough(); const server = start({ input, output: new PassThrough(), useGlobal: true }); const done = new Promise((resolve) => server.on('exit', resolve)); input.end('ran()\\n'); await done;` }, body: `globalThis.ran = ran; await import('./outer.mjs');` },
  { ...vm, name: 'eval in a global object without context', since: 22, body: `const vm = require('vm'); const other = vm.createContext(vm.constants.DONT_CONTEXTIFY); if (other.eval(${GIVES}) === 42) ran();`, silent: true },
  { ...vm, name: 'Function in a global object without context', since: 22, body: `const vm = require('vm'); const other = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: true } }); if (new other.Function('return 6 * 7')() === 42) ran();`, silent: true },
  { ...vm, name: 'WebAssembly of a global object without context', since: 22, body: `const vm = require('vm'); const other = vm.createContext(vm.constants.DONT_CONTEXTIFY); if (new other.WebAssembly.Instance(new other.WebAssembly.Module(WASM)).exports.f() === 42) ran();`, silent: true },
  { ...vm, name: 'eval in the context of a sealed script', sealed: { 'one.cjs': 'this.constructor.constructor' }, body: `const vm = require('vm'); const Other = vm.runInNewContext(fs.readFileSync(here('one.cjs'), 'utf8')); if (Other('return 6 * 7')() === 42) ran();`, silent: true },
  { ...vm, name: 'eval in the context of a sealed script run anew', sealed: { 'one.cjs': 'this.constructor.constructor' }, body: `const vm = require('vm'); const Other = new vm.Script(fs.readFileSync(here('one.cjs'), 'utf8')).runInNewContext({}, { contextCodeGeneration: { strings: true } }); if (Other('return 6 * 7')() === 42) ran();`, silent: true },
  { kind: 'binding', name: 'process.binding contextify', body: `const { ContextifyScript } = process.binding('contextify'); const script = new ContextifyScript(${GIVES}, 'x.js', 0, 0, undefined, false, undefined, Symbol('x')); if (require('vm').Script.prototype.runInThisContext.call(script) === 42) ran();` },
  { kind: 'binding', name: 'process.binding contextify.compileFunction', body: `const { compileFunction } = process.binding('contextify'); const made = compileFunction('return 6 * 7', 'x.js', 0, 0, undefined, false, undefined, [], [], Symbol('x')); if (made.function() === 42) ran();` },
  { kind: 'binding', name: 'process.binding of an object that turns into text', body: `let asked = 0; const name = { toString: () => (asked++ === 0 ? 'os' : 'contextify') }; if (process.binding(name).ContextifyScript) ran();`, silent: true, inert: 'Node.js reads the name once as well' },
  { kind: 'binding', name: 'process._linkedBinding', body: `try { process._linkedBinding('contextify'); } catch (error) { if (error.code === 'ERR_NODEWARD_DENIED') throw error; ran(); }` },

  { ...evaluated, name: 'eval', body: `if (eval('6 * ' + 7) === 42) ran();` },
  { ...evaluated, name: 'eval of the local scope', body: `const local = 6; if (eval('local * 7') === 42) ran();` },
  { ...evaluated, name: 'indirect eval', body: `if ((0, eval)(${GIVES}) === 42) ran();` },
  { ...evaluated, name: 'new Function', body: `if (new Function('return 6 * 7')() === 42) ran();` },
  { ...evaluated, name: 'constructor.constructor', body: `if (''.constructor.constructor('return 6 * 7')() === 42) ran();` },
  { ...evaluated, name: 'the constructor of an async function', body: `if (await (async () => {}).constructor('return 6 * 7')() === 42) ran();` },
  { ...evaluated, name: 'the constructor of a generator', body: `if (function* () {}.constructor('yield 6 * 7')().next().value === 42) ran();` },
  { ...evaluated, name: 'the constructor of an async generator', body: `if ((await async function* () {}.constructor('yield 6 * 7')().next()).value === 42) ran();` },
  { ...evaluated, name: 'Function by the prototype of a constructor', body: `const Hidden = Object.getPrototypeOf((async () => {}).constructor); if (Hidden('return 6 * 7')() === 42) ran();` },
  { ...evaluated, name: 'Function by Reflect.construct', body: `if (Reflect.construct(Function, ['return 6 * 7'])() === 42) ran();` },
  { ...evaluated, name: 'a class that extends Function', body: `class Made extends Function { constructor() { super('return 6 * 7'); } } if (new Made()() === 42) ran();` },
  { kind: 'flags', name: 'v8.setFlagsFromString', body: `const v8 = require('v8'); v8.setFlagsFromString('--no-disallow-code-generation-from-strings'); v8.setFlagsFromString('--allow-natives-syntax'); ran();`, lines: 2 },
  { kind: 'flags', name: 'import node:v8 ESM', sealed: { 'outer.mjs': `import fs from 'node:fs'; import { setFlagsFromString } from 'node:v8'; setFlagsFromString('--no-disallow-code-generation-from-strings'); fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: `await import('./outer.mjs');` },
  { kind: 'cache', name: 'module.enableCompileCache', since: 22, body: `const { status } = Module.enableCompileCache(here('cache')); if (status === Module.constants.compileCacheStatus.ENABLED) ran();` },

  { ...wasm, name: 'WebAssembly.Module', body: `if (new WebAssembly.Instance(new WebAssembly.Module(WASM)).exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly.compile', body: `if (new WebAssembly.Instance(await WebAssembly.compile(WASM)).exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly.instantiate', body: `if ((await WebAssembly.instantiate(WASM)).instance.exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly.instantiate of an ArrayBuffer', body: `if ((await WebAssembly.instantiate(new Uint8Array(WASM).buffer)).instance.exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly.compileStreaming', body: `const response = new Response(WASM, { headers: { 'content-type': 'application/wasm' } }); if (new WebAssembly.Instance(await WebAssembly.compileStreaming(response)).exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly.instantiateStreaming', body: `const response = new Response(WASM, { headers: { 'content-type': 'application/wasm' } }); if ((await WebAssembly.instantiateStreaming(Promise.resolve(response))).instance.exports.f() === 42) ran();` },
  { ...wasm, name: 'the constructor of a WebAssembly module', sealed: { 'listed.wasm': Buffer.from('0061736d01000000', 'hex') }, body: `const module = new WebAssembly.Module(fs.readFileSync(here('listed.wasm'))); if (new WebAssembly.Instance(new module.constructor(WASM)).exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly bytes in shared memory', body: `const shared = new Uint8Array(new SharedArrayBuffer(WASM.length)); shared.set(WASM); if (new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(shared))).exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly bytes that change between hash and compilation', sealed: { 'listed.wasm': Buffer.from('0061736d010000000105016000017f03020100070501016600000a06010400412b0b', 'hex') },
    body: `const bytes = fs.readFileSync(here('listed.wasm')); const { WebAssembly: { Module } } = globalThis; const trap = { get length() { bytes.set(WASM); return bytes.length; } }; const view = new Proxy(bytes, { get: (target, name) => { bytes.set(WASM); return Reflect.get(target, name, target); } }); let module; try { module = new Module(view); } catch { Object.defineProperty(bytes, 'byteLength', { get() { bytes.set(WASM); return 33; } }); Object.defineProperty(bytes, 'buffer', { get() { bytes.set(WASM); return WASM.buffer; } }); bytes.byteLength; module = new Module(bytes); } if (new WebAssembly.Instance(module).exports.f() === 42) ran();` },
  { ...wasm, name: 'node:wasi with unlisted bytes', body: `const { WASI } = require('node:wasi'); new WASI({ version: 'preview1' }); if (new WebAssembly.Instance(await WebAssembly.compile(WASM), {}).exports.f() === 42) ran();` },
  { ...wasm, name: 'WebAssembly bytes that another thread changes all the time', lines: 'any', sealed: {
    'listed.wasm': Buffer.from('0061736d010000000105016000017f03020100070501016600000a06010400412b0b', 'hex'),
    'flip.cjs': `const { workerData } = require('worker_threads'); const bytes = new Uint8Array(workerData); for (;;) bytes[bytes.length - 2] = bytes[bytes.length - 2] === 42 ? 43 : 42;`,
  }, body: `const { Worker } = require('worker_threads'); const listed = fs.readFileSync(here('listed.wasm')); const shared = new SharedArrayBuffer(listed.length); const bytes = new Uint8Array(shared); bytes.set(listed); const worker = new Worker(here('flip.cjs'), { workerData: shared }); await new Promise((resolve) => worker.on('online', resolve)); await sleep(50); let done = false, refused; for (let tries = 0; tries < 3000 && !done; tries += 1) { try { done = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f() === 42; } catch (error) { refused = error; } } if (done) ran(); await worker.terminate(); if (!done && refused) throw refused;` },
  { ...wasm, name: 'WebAssembly bytes with a species', body: `class Mine extends Uint8Array { static get [Symbol.species]() { return Array; } } if (new WebAssembly.Instance(new WebAssembly.Module(Mine.from(WASM))).exports.f() === 42) ran();` },
];
