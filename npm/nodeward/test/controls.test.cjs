'use strict';
// What has to go on working: sealed programs do, guarded and under `nodeward run`, exactly what they do plainly, and
// nothing is reported.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { it, describe } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { NODEWARD, folder, write, run } = require('./support/run.cjs');
const { seal, filesBelow, sha256 } = require('./support/sealer.cjs');
const { WASM, nativePayload } = require('./support/attack.cjs');

const CASES = [
  { name: 'listed cjs/json/nested', files: { 'app.js': `console.log(require('./a/b').deep, require('./c.json').value);`, 'a/b/index.js': `exports.deep = require('../d.cjs').value;`, 'a/d.cjs': `exports.value = 7;`, 'c.json': `{"value":8}` } },
  { name: 'listed mjs via import()', files: { 'app.js': `import('./a.mjs').then((a) => console.log(a.default, a.read()));`, 'a.mjs': `import value from './b.mjs'; import { readFileSync } from 'node:fs'; export default value; export const read = () => typeof readFileSync;`, 'b.mjs': `export default 9;` } },
  { name: 'listed cjs via import()', files: { 'app.js': `import('./a.cjs').then((a) => console.log(a.named, a.default.named));`, 'a.cjs': `exports.named = require('./b.cjs');`, 'b.cjs': `module.exports = 10;` } },
  { name: 'main that is an ES module', main: 'app.mjs', files: { 'app.mjs': `import a from './a.cjs'; import b from './b.mjs'; import data from './c.json' with { type: 'json' }; console.log(a, b, data, import.meta.url.endsWith('app.mjs')); await 0;`, 'a.cjs': `module.exports = 11;`, 'b.mjs': `export { default } from './d.mjs';`, 'd.mjs': `export default 12;`, 'c.json': `[13]` } },
  { name: 'main in a package of type module', files: { 'package.json': `{"type":"module"}`, 'app.js': `import './a.js'; console.log(typeof require);`, 'a.js': `console.log('a');` } },
  { name: 'require(esm)', files: { 'app.js': `console.log(require('./a.mjs').default);`, 'a.mjs': `import b from './b.mjs'; import { sep } from 'node:path'; export default b + sep;`, 'b.mjs': `export default 14;` } },
  { name: 'TypeScript', since: 22, main: 'app.ts', flags: (line) => (line === 22 ? ['--experimental-strip-types'] : []), files: { 'app.ts': `const a: number = require('./a.cts').value; import('./b.mts').then(({ b }: { b: string }) => console.log(a, b));`, 'a.cts': `const value: number = 15; exports.value = value;`, 'b.mts': `interface B { b: string } export const b: B['b'] = 'sixteen';` } },
  { name: 'files with a byte order mark, Windows line ends, and a first line for the shell', files: { 'app.js': `#!/usr/bin/env node\r\nconsole.log(require('./a.js'), require('./b.json'));\r\nimport('./c.mjs').then((c) => console.log(c.default));\r\n`, 'a.js': `\ufeffmodule.exports = 'é漢𝄞';\r\n`, 'b.json': `\ufeff{"b":1}\r\n`, 'c.mjs': `\ufeffexport default 'ü';\r\n` } },
  { name: 'files that are not UTF-8', files: { 'app.js': `console.log(require('./a.js'));`, 'a.js': Buffer.from([...Buffer.from(`module.exports = '`), 0xe9, 0xff, ...Buffer.from(`'.length;\n`)]) } },
  { name: 'names with spaces, percent signs and other scripts', files: { 'app.js': `console.log(require('./a b%20c #1.js')); import('./%C3%A9%20%2541.mjs').then((e) => console.log(e.default));`, 'a b%20c #1.js': `module.exports = 17;`, 'é %41.mjs': `export default 18;` } },
  { name: 'fetch()', files: { 'app.js': `const server = require('http').createServer((request, response) => response.end('answer ' + request.url)); server.listen(0, async () => { const response = await fetch('http://127.0.0.1:' + server.address().port + '/path', { method: 'POST', body: 'text' }); console.log(response.status, await response.text()); server.close(); });` } },
  { name: 'web classes', files: { 'app.js': `const clone = structuredClone(new Map([[1, new Date(0)]])); console.log(clone, new Blob(['a']).size, new Response('x').status, typeof new AbortController().signal, new URL('http://example.org/a?b').search); new Response('body').text().then(console.log);` } },
  { name: 'a Worker of a file', files: { 'app.js': `const { Worker } = require('worker_threads'); new Worker(require.resolve('./worker.js'), { workerData: 19 }).on('message', console.log).on('exit', console.log);`, 'worker.js': `const { parentPort, workerData } = require('worker_threads'); parentPort.postMessage(workerData);` } },
  { name: 'a Worker with execArgv [] and env {}', files: { 'app.js': `const { Worker } = require('worker_threads'); new Worker(require.resolve('./worker.js'), { execArgv: [], env: { A: 'a' } }).on('message', console.log).on('exit', console.log);`, 'worker.js': `require('worker_threads').parentPort.postMessage([process.env.A, process.execArgv]);` } },
  { name: 'a Worker of an ES module, which has one of its own', files: { 'app.js': `const { Worker } = require('worker_threads'); new Worker(require.resolve('./worker.mjs')).on('message', console.log).on('error', console.log).on('exit', console.log);`, 'worker.mjs': `import { Worker, parentPort } from 'node:worker_threads'; new Worker(new URL('./second.cjs', import.meta.url)).on('message', (text) => parentPort.postMessage(text));`, 'second.cjs': `require('worker_threads').parentPort.postMessage('second');` } },
  { name: 'a Worker of a sealed text', synthetic: [`require('worker_threads').parentPort.postMessage(20);`], files: { 'app.js': `const { Worker } = require('worker_threads'); new Worker("require('worker_threads').parentPort.postMessage(20);", { eval: true }).on('message', console.log).on('error', console.log);` } },
  { name: 'a class that extends Worker', files: { 'app.js': `const { Worker } = require('worker_threads'); class Mine extends Worker { constructor(name) { super(name, { stdout: true }); } own() { return this instanceof Worker; } } const mine = new Mine(require.resolve('./worker.js')); console.log(mine.own(), mine.constructor.name); mine.stdout.on('data', (data) => console.log(String(data)));`, 'worker.js': `console.log('out');` } },
  { name: 'a sealed script in a context', files: { 'app.js': `const vm = require('vm'), fs = require('fs'); const text = fs.readFileSync(require.resolve('./script.js'), 'utf8'); const context = vm.createContext({ a: 20 }); console.log(vm.runInContext(text, context), vm.runInNewContext(text, { a: 1 }), new vm.Script(text).runInContext(context), vm.isContext(context), new vm.Script(text) instanceof vm.Script);`, 'script.js': `a + 1` } },
  { name: 'WebAssembly of the seal', hashes: [sha256(WASM)], files: { 'app.js': `const bytes = Buffer.from('${WASM.toString('hex')}', 'hex'); (async () => { console.log(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f(), (await WebAssembly.instantiate(bytes)).instance.exports.f(), (await WebAssembly.instantiate(await WebAssembly.compile(bytes))).exports.f(), new WebAssembly.Module(bytes) instanceof WebAssembly.Module, WebAssembly.validate(bytes)); const response = new Response(bytes, { headers: { 'content-type': 'application/wasm' } }); console.log((await WebAssembly.instantiateStreaming(response)).instance.exports.f()); })();` } },
  { name: 'WebAssembly that a sealed file carries as base64', files: { 'app.js': `const { f } = require('./carrier.js'); console.log(f()); import('./carrier.mjs').then((carrier) => console.log(carrier.f()));`, 'carrier.js': `const bytes = Buffer.from('${WASM.toString('base64')}', 'base64'); exports.f = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f;`, 'carrier.mjs': `const bytes = Buffer.from("${WASM.toString('base64')}", 'base64'); export const { f } = (await WebAssembly.instantiate(bytes)).instance.exports;` } },
  { name: 'a listed WebAssembly file', files: { 'app.js': `const fs = require('fs'); WebAssembly.instantiate(fs.readFileSync(require.resolve('./f.wasm'))).then(({ instance }) => console.log(instance.exports.f()));`, 'f.wasm': WASM } },
  { name: 'bytes that are no WebAssembly', files: { 'app.js': `try { new WebAssembly.Module(1); } catch (error) { console.log(error.name); } try { new WebAssembly.Module(); } catch (error) { console.log(error.name); } WebAssembly.compile('x').catch((error) => console.log(error.name));` } },
  { name: 'import of a sealed data: URL', synthetic: ['export default 21'], files: { 'app.js': `import('data:text/javascript,export default 21').then((data) => console.log(data.default));` } },
  { name: 'errors that are the program\'s own', files: { 'app.js': `try { require('./absent.js'); } catch (error) { console.log(error.code); } import('./absent.mjs').catch((error) => console.log(error.code)); try { require('./bad.json'); } catch (error) { console.log(error.name); } try { require('node:absent'); } catch (error) { console.log(error.code); } console.log(process.getBuiltinModule?.('absent'));`, 'bad.json': '{' } },
  { name: 'instrumentation that wraps the loader', files: { 'app.js': `const Module = require('module'); const { _load, prototype: { _compile, require: ask } } = Module; let loads = 0, compiles = 0; Module._load = function (...given) { loads += 1; return _load.apply(this, given); }; Module.prototype._compile = function (...given) { compiles += 1; return _compile.apply(this, given); }; Module.prototype.require = function (name) { return ask.call(this, name); }; console.log(require('./a.js'), loads, compiles);`, 'a.js': `module.exports = 22;` } },
  { name: 'a hook that passes on what it is given', since: 22, files: { 'app.js': `const Module = require('module'); let seen = 0; const hook = Module.registerHooks({ resolve(name, context, next) { return next(name, context); }, load(url, context, next) { seen += 1; return next(url, context); } }); console.log(require('./a.js')); import('./b.mjs').then((b) => { console.log(b.default, seen); hook.deregister(); });`, 'a.js': `module.exports = 23;`, 'b.mjs': `import './a.js'; export default 24;` } },
  { name: 'Function(\'return this\')', files: { 'app.js': `console.log(Function('return this')() === globalThis, new Function('return this')() === globalThis, (() => {}) instanceof Function, (() => {}).constructor === Function);` } },
  { name: 'v8, flags that only concern memory', files: { 'app.js': `const v8 = require('v8'); v8.setFlagsFromString('--max-old-space-size=512'); console.log(typeof v8.getHeapStatistics().total_heap_size);` } },
  { name: 'inspector that is only asked', files: { 'app.js': `const inspector = require('inspector'); console.log(inspector.url(), typeof inspector.console.log);` } },
  { name: 'built-in modules by import', main: 'app.mjs', files: { 'app.mjs': `import * as vm from 'node:vm'; import cp, { spawn } from 'node:child_process'; import { Worker } from 'node:worker_threads'; import v8 from 'v8'; import { createHash } from 'crypto'; import process from 'process'; import module, { createRequire } from 'module'; import { Session } from 'inspector'; console.log(typeof vm.Script, cp.spawn === spawn, typeof Worker, typeof v8.serialize, typeof createHash, typeof process.dlopen, module.createRequire === createRequire, typeof Session, createRequire(import.meta.url)('child_process').spawn === spawn);` } },
  { name: 'graceful shutdown', files: { 'app.js': `const server = require('http').createServer(() => {}); process.on('SIGTERM', () => { console.log('closing'); server.close(() => console.log('closed')); }); server.listen(0, () => process.kill(process.pid, 'SIGTERM'));` } },
  { name: 'graceful shutdown with a request under way', files: { 'app.js': `const http = require('http'); const server = http.createServer((request, response) => { process.kill(process.pid, 'SIGTERM'); setTimeout(() => response.end('late'), 50); }); let closed; process.once('SIGTERM', () => { closed = new Promise((resolve) => server.close(resolve)); }); server.listen(0, async () => { const text = await (await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } })).text(); await closed; console.log(text, 'closed'); });` } },
  { name: 'a cluster', children: true, files: { 'app.js': `const cluster = require('cluster'), http = require('http'); if (cluster.isPrimary) { const worker = cluster.fork({ KEPT: 'kept' }); cluster.on('listening', async (_worker, { port }) => { console.log(await (await fetch('http://127.0.0.1:' + port)).text()); worker.process.kill('SIGTERM'); }); worker.on('exit', (code) => console.log('ended', code)); } else { const server = http.createServer((request, response) => response.end(require('./answer.js') + process.env.KEPT)); process.on('SIGTERM', () => { server.close(() => process.exit(5)); }); server.listen(0, '127.0.0.1'); }`, 'answer.js': `module.exports = 'answer ';` } },
  { name: 'a forked child that is talked to', children: true, files: { 'app.js': `const { fork } = require('child_process'); const child = fork(require.resolve('./child.js'), ['x'], { execArgv: [] }); child.on('message', (message) => { console.log(message); child.disconnect(); }); child.on('exit', (code) => console.log(code)); child.send({ a: 1 });`, 'child.js': `process.on('message', (message) => process.send([message, process.argv[2]]));` } },
  { name: 'a Worker that fetches', files: { 'app.js': `const { Worker } = require('worker_threads'); const server = require('http').createServer((request, response) => response.end('answer')); server.listen(0, () => new Worker(require.resolve('./worker.js'), { workerData: server.address().port }).on('message', (text) => { console.log(text); server.close(); }));`, 'worker.js': `const { parentPort, workerData } = require('worker_threads'); fetch('http://127.0.0.1:' + workerData, { headers: { connection: 'close' } }).then((response) => response.text()).then((text) => parentPort.postMessage(text));` } },
  // Node.js 24 and later are started with --disable-sigusr1, which takes the signal from programs too.
  { name: 'SIGUSR1 of the program\'s own', full: (line) => line < 24, files: { 'app.js': `process.on('SIGUSR1', () => { console.log('rotated'); process.exit(3); }); setTimeout(() => {}, 10000); process.kill(process.pid, 'SIGUSR1');` } },
  { name: 'exit codes and exceptions', files: { 'app.js': `process.on('exit', (code) => console.log('exit', code)); process.on('uncaughtException', (error) => { console.log(error.message); process.exitCode = 4; }); throw new Error('own');` } },
];

for (const { line, binary } of nodes.found) {
  describe(`controls on Node.js ${line}`, { concurrency: 2 }, () => {
    for (const control of CASES) {
      if (line < (control.since ?? 20)) continue;
      it(control.name, () => same(control, line, binary));
    }
    it('a listed add-on', { skip: nativePayload() === undefined && 'no C compiler' }, () => same({
      files: { 'app.js': `const one = require('./listed.node'); const { Worker } = require('worker_threads'); process.dlopen({ exports: {} }, require.resolve('./listed.node')); new Worker(require.resolve('./worker.js')).on('message', console.log);`, 'listed.node': nativePayload(), 'worker.js': `require('worker_threads').parentPort.postMessage(typeof require('./listed.node'));` },
    }, line, binary));
  });
}

if (NODEWARD === undefined) it('controls under nodeward run', { skip: 'the binary has not been built' }, () => {});

/** Runs a program plainly, guarded, report-only and with all layers: the same each time, and nothing reported. */
async function same({ files, main = 'app.js', flags, synthetic, hashes, children, full }, line, binary) {
  const root = folder('control');
  try {
    write(root, files);
    seal(root, [main, ...filesBelow(root).filter((file) => file !== main)], { synthetic, ...(hashes && { eval: { mode: 'strict', wasm: hashes } }), ...(children && { children }) });
    const args = [...(flags?.(line) ?? []), main];
    const plain = await run({ binary, mode: 'plain', root, args });
    assert.equal(plain.late, false);
    for (const mode of ['enforce', 'report', 'full']) {
      if (mode === 'full' && (NODEWARD === undefined || full?.(line) === false)) continue;
      const guarded = await run({ binary, mode, root, args });
      assert.deepEqual(
        { mode, stdout: guarded.stdout, stderr: guarded.stderr, code: guarded.code, denials: guarded.denials },
        { mode, stdout: plain.stdout, stderr: plain.stderr, code: plain.code, denials: [] },
      );
    }
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}
