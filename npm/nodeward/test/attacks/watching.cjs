'use strict';
// What is seen or changed while the guard is at work: handles as they are made, what is read more than once.

const child = { kind: 'child' };
const worker = { kind: 'worker' };
const flags = { kind: 'flags' };
const WORKER = `const { Worker } = require('worker_threads'); const ended = (worker) => new Promise((resolve, reject) => { worker.on('error', reject); worker.on('exit', resolve); });`;
const HOOK = (init) => `require('async_hooks').createHook({ init(_id, type, _trigger, resource) { ${init} } }).enable();`;
/** Starts a process by the native function, which takes its options as an object or one by one. */
const START = (call) => `const stdio = [0, 1, 2].map((fd) => ({ type: 'fd', fd })); const done = new Promise((resolve) => { handle.onexit = resolve; }); const code = process.versions.node < '24' ? ${call}(handle, { file: 'echo', args: ['echo', 'PAYLOAD RAN'], stdio }) : ${call}(handle, 'echo', ['echo', 'PAYLOAD RAN'], undefined, undefined, stdio, 0); if (code === 0) await done;`;

module.exports = [
  { ...child, name: 'child_process asked for while a handle is made', body: `let spawnSync; ${HOOK(`if (type === 'PROCESSWRAP') spawnSync ??= require('child_process').spawnSync;`)} new (require('child_process').ChildProcess)(); spawnSync('echo', ['PAYLOAD RAN'], { stdio: 'inherit' });` },
  { ...child, name: 'the native function of a handle as it is made', body: `let spawn; ${HOOK(`if (type === 'PROCESSWRAP') spawn ??= resource.spawn;`)} const { ChildProcess } = require('child_process'); const handle = new ChildProcess()._handle; ${START('Function.prototype.call.bind(spawn)')}` },
  { ...child, name: 'the native function of a handle, by a hook from an import', sealed: { 'hook.mjs': `import { createHook } from 'node:async_hooks'; export const seen = {}; createHook({ init(_id, type, _trigger, resource) { if (type === 'PROCESSWRAP') seen.spawn ??= resource.spawn; } }).enable();` }, body: `const { seen } = await import('./hook.mjs'); const { ChildProcess } = require('child_process'); const handle = new ChildProcess()._handle; ${START('Function.prototype.call.bind(seen.spawn)')}` },
  { ...worker, name: 'the native constructor of a Worker as its handle is made', body: `let Native; ${HOOK(`if (type === 'WORKER') Native ??= resource.constructor;`)} ${WORKER} await ended(new Worker(here('listed.cjs'))); if (typeof Native === 'function' && Native !== Worker && Native.name === 'Worker' && !('threadId' in Native.prototype)) ran();`, silent: true, unreported: true },
  { kind: 'binding', name: 'process.binding async_wrap', until: 22, body: `process.noDeprecation = true; if (process.binding('async_wrap').setupHooks) ran();` },
  { kind: 'load', name: 'process.env that has another mode each time it is asked', lines: 6, body: `${WORKER} const real = process.env; const other = { ...real, NODEWARD_MODE: 'report', NODEWARD_LAYERS: 'launcher' }; let refused; for (let wanted = 1; wanted <= 6; wanted += 1) { let asked = 0; Object.defineProperty(process, 'env', { configurable: true, get() { asked += 1; return asked === wanted ? other : real; } }); try { await ended(new Worker(here('evil.js'))); } catch (error) { refused = error; } } if (refused) throw refused;` },
  ...[['\\n', 'a line end'], ['\\t', 'a tab'], ['\\v', 'a vertical tab'], ['\\f', 'a form feed'], ['\\r', 'a carriage return'], ['\\0', 'a zero']].map(([space, name]) => (
    { ...flags, name: `v8.setFlagsFromString, two flags and ${name}`, body: `require('v8').setFlagsFromString('--stack-trace-limit=10${space}--no-disallow-code-generation-from-strings'); ran();` })),
  { ...flags, name: 'v8.setFlagsFromString, a number and more', body: `require('v8').setFlagsFromString('--stack-trace-limit=10x'); require('v8').setFlagsFromString('--max-old-space-size=-1'); ran();`, lines: 2 },
];
