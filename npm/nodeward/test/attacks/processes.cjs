'use strict';
// Workers, child processes, the debugger, and the options that Node.js is started with.

const load = { kind: 'load' };
const worker = { kind: 'worker' };
const child = { kind: 'child' };
const inspector = { kind: 'inspector' };
const start = { kind: 'start' };
/** Waits until a Worker has ended; what it could not do goes on to whoever waits. */
const ENDED = `const ended = (worker) => new Promise((resolve, reject) => { worker.on('error', reject); worker.on('exit', resolve); });`;
const WORKER = `const { Worker } = require('worker_threads'); ${ENDED}`;
const SPAWNED = `const ended = (child) => new Promise((resolve, reject) => { child.on('error', reject); child.on('exit', resolve); });`;
const CHILD = `const cp = require('child_process'); ${SPAWNED} const stdio = 'inherit';`;
/** A payload that ends its process, as a worker of a cluster would not. */
const LEAVE = `require('fs').writeSync(1, 'PAYLOAD RAN\\n'); process.exit();`;
const DATA = `'data:text/javascript,' + encodeURIComponent("import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\\\n');")`;

module.exports = [
  { ...worker, name: 'Worker eval:true', body: `${WORKER} await ended(new Worker(PAYLOAD, { eval: true }));` },
  { ...worker, name: 'Worker eval execArgv []', body: `${WORKER} await ended(new Worker(PAYLOAD, { eval: true, execArgv: [] }));` },
  { ...worker, name: 'Worker eval execArgv [] env {}', body: `${WORKER} await ended(new Worker(PAYLOAD, { eval: true, execArgv: [], env: {} }));` },
  { ...load, name: 'Worker file', body: `${WORKER} await ended(new Worker(here('evil.js')));` },
  { ...load, name: 'Worker file execArgv []', body: `${WORKER} await ended(new Worker(here('evil.js'), { execArgv: [] }));` },
  { ...load, name: 'Worker file execArgv [] env {}', body: `${WORKER} await ended(new Worker(here('evil.js'), { execArgv: [], env: {} }));` },
  { ...load, name: 'Worker file env {}', body: `${WORKER} await ended(new Worker(here('evil.js'), { env: {} }));` },
  { ...load, name: 'Worker file after the mode was changed', body: `${WORKER} for (const name of Object.keys(process.env)) if (name.startsWith('NODEWARD_MODE')) process.env[name] = 'report'; await ended(new Worker(here('evil.js')));` },
  { ...load, name: 'Worker file with another mode in its environment', body: `${WORKER} await ended(new Worker(here('evil.js'), { env: { NODEWARD_MODE: 'report', NODEWARD_SEAL: here('other.json') } }));` },
  { ...worker, name: 'Worker file with SHARE_ENV', body: `${WORKER} const { SHARE_ENV } = require('worker_threads'); await ended(new Worker(here('evil.js'), { env: SHARE_ENV }));`, lines: 2 },
  { ...load, name: 'Worker file in process.env.NODE_OPTIONS', silent: true, unreported: true, body: `${WORKER} process.env.NODE_OPTIONS = '--require ' + here('evil.js'); await ended(new Worker(here('listed.cjs'), { execArgv: [] }));` },
  { ...load, name: 'Worker with --require in its environment', body: `${WORKER} await ended(new Worker(here('listed.cjs'), { env: { NODE_OPTIONS: '--require ' + here('evil.js') } }));`, silent: true, unreported: true },
  { ...load, name: 'Worker with --require', lines: (line) => (line === 20 ? 2 : 1), body: `${WORKER} await ended(new Worker(here('listed.cjs'), { execArgv: ['--require', here('evil.js')] }));` },
  { ...load, name: 'Worker with --import data:', body: `${WORKER} await ended(new Worker(here('listed.cjs'), { execArgv: ['--import', ${DATA}] }));` },
  { kind: 'flags', name: 'Worker with --experimental-loader', files: { 'hooks.mjs': `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: `${WORKER} await ended(new Worker(here('listed.mjs'), { execArgv: ['--experimental-loader', here('hooks.mjs')] }));`, unreported: true },
  { kind: 'flags', name: 'Worker with --experimental-loader after an empty option', files: { 'hooks.mjs': `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: `${WORKER} await ended(new Worker(here('listed.mjs'), { execArgv: ['', '--experimental-loader', here('hooks.mjs')] }));`, inert: 'Node.js passes over what follows an empty option', unreported: true },
  { ...load, name: 'Worker data: URL', lines: (line) => (line === 20 ? 2 : 1), body: `${WORKER} await ended(new Worker(new URL(${DATA})));` },
  { ...load, name: 'Worker data: URL execArgv [] env {}', lines: (line) => (line === 20 ? 2 : 1), body: `${WORKER} await ended(new Worker(new URL(${DATA}), { execArgv: [], env: {} }));` },
  { ...worker, name: 'Worker blob: URL', body: `${WORKER} const url = URL.createObjectURL(new Blob([PAYLOAD])); await ended(new Worker(new URL(url)));`, inert: 'Node.js takes file: and data: URLs only', silent: true },
  { ...worker, name: 'import() of a blob: URL', body: `const blob = await fs.openAsBlob(here('evil.mjs')); await import(URL.createObjectURL(blob));`, inert: 'Node.js imports no blob: URLs', silent: true },
  { ...worker, name: 'ctor via worker instance.constructor', body: `${WORKER} const first = new Worker(here('listed.cjs')); await ended(first); await ended(new first.constructor(PAYLOAD, { eval: true }));` },
  { ...worker, name: 'Worker by the prototype of a subclass', body: `${WORKER} class Mine extends Worker {} await ended(Reflect.construct(Object.getPrototypeOf(Mine), [PAYLOAD, { eval: true }]));` },
  { ...worker, name: 'Worker via internal handle', body: `${WORKER} const first = new Worker(here('listed.cjs')); const handle = Object.getOwnPropertySymbols(first).map((name) => first[name]).find((value) => typeof value?.startThread === 'function'); await ended(first); if (handle.constructor !== Worker && typeof handle.constructor === 'function') ran();`, silent: true, unreported: true },
  { ...worker, name: 'Worker via the handle that async_hooks see', body: `let handle; require('async_hooks').createHook({ init(_id, type, _trigger, resource) { if (type === 'WORKER') handle = resource; } }).enable(); ${WORKER} await ended(new Worker(here('listed.cjs'))); if (handle.constructor !== Worker && typeof handle.constructor === 'function') ran();`, silent: true, unreported: true },
  { ...worker, name: 'import node:worker_threads ESM', sealed: { 'outer.mjs': `import { Worker } from 'node:worker_threads'; await new Promise((resolve, reject) => new Worker("require('fs').writeSync(1, 'PAYLOAD RAN\\\\n')", { eval: true }).on('exit', resolve).on('error', reject));` }, body: `await import('./outer.mjs');` },

  { ...child, name: 'child node -e inherit', body: `${CHILD} await ended(cp.spawn(process.execPath, ['-e', PAYLOAD], { stdio }));` },
  { ...child, name: 'child node -e env {}', body: `${CHILD} await ended(cp.spawn(process.execPath, ['-e', PAYLOAD], { stdio, env: {} }));` },
  { ...child, name: 'child node file env {}', body: `${CHILD} await ended(cp.spawn(process.execPath, [here('evil.js')], { stdio, env: {} }));` },
  { ...child, name: 'child fork inherit', body: `${CHILD} await ended(cp.fork(here('evil.js')));` },
  { ...child, name: 'child fork execArgv []', body: `${CHILD} await ended(cp.fork(here('evil.js'), [], { execArgv: [], env: {} }));` },
  { ...child, name: 'child via sh', body: `${CHILD} cp.execSync('env -i ' + process.execPath + ' ' + here('evil.js'), { stdio });` },
  { ...child, name: 'spawnSync', body: `${CHILD} cp.spawnSync(process.execPath, ['-e', PAYLOAD], { stdio });` },
  { ...child, name: 'execFileSync', body: `${CHILD} cp.execFileSync(process.execPath, ['-e', PAYLOAD], { stdio });` },
  { ...child, name: 'exec', body: `${CHILD} await new Promise((resolve, reject) => cp.exec('echo PAYLOAD  RAN', (error, output) => { if (error) reject(error); say(1, output); resolve(); }));` },
  { ...child, name: 'execFile as a promise', body: `const { promisify } = require('util'); const cp = require('child_process'); say(1, (await promisify(cp.execFile)('echo', ['PAYLOAD RAN'])).stdout);` },
  { ...child, name: 'ChildProcess.prototype.spawn', body: `${CHILD} const child = new cp.ChildProcess(); child.spawn({ file: 'echo', args: ['echo', 'PAYLOAD RAN'], stdio }); await ended(child);` },
  { ...child, name: 'the native handle of a child', body: `${CHILD} const { _handle } = new cp.ChildProcess(); const done = new Promise((resolve) => { _handle.onexit = resolve; }); const parts = ['echo', ['echo', 'PAYLOAD RAN'], undefined, undefined, [0, 1, 2].map((fd) => ({ type: 'fd', fd })), 0]; const options = { file: 'echo', args: parts[1], stdio: parts[4] }; let result; try { result = _handle.spawn(options); } catch (error) { if (error.code !== 'ERR_INVALID_ARG_TYPE') throw error; } if (result !== 0) result = _handle.spawn(...parts); await done;`, since: 22, until: 22 },
  { ...child, name: 'the native handle of a child, options one by one', body: `${CHILD} const { _handle } = new cp.ChildProcess(); const done = new Promise((resolve) => { _handle.onexit = resolve; }); _handle.spawn('echo', ['echo', 'PAYLOAD RAN'], undefined, undefined, [0, 1, 2].map((fd) => ({ type: 'fd', fd })), 0); await done;`, since: 24 },
  { ...child, name: 'the constructor of the native handle of a child', body: `${CHILD} const { _handle } = new cp.ChildProcess(); const other = new _handle.constructor(); const done = new Promise((resolve) => { other.onexit = resolve; }); const stdio2 = [0, 1, 2].map((fd) => ({ type: 'fd', fd })); if (process.versions.node < '24') other.spawn({ file: 'echo', args: ['echo', 'PAYLOAD RAN'], stdio: stdio2 }); else other.spawn('echo', ['echo', 'PAYLOAD RAN'], undefined, undefined, stdio2, 0); await done;` },
  { ...child, name: 'diagnostics_channel of a child', body: `let seen; require('diagnostics_channel').subscribe('child_process', ({ process: child }) => { seen = child; }); ${CHILD} const child = cp.spawn('true'); child.on('error', () => {}); await ended(child); const again = new seen.constructor(); again.spawn({ file: 'echo', args: ['echo', 'PAYLOAD RAN'], stdio }); await ended(again);`, lines: 2 },
  { ...child, name: 'options of a child that are read anew', body: `${CHILD} let asked = 0; const child = new cp.ChildProcess(); child.spawn({ get file() { asked += 1; return asked === 1 ? 'true' : 'echo'; }, args: ['echo', 'PAYLOAD RAN'], stdio }); await ended(child);` },
  { ...child, name: 'import node:child_process ESM', sealed: { 'outer.mjs': `import { execSync } from 'node:child_process'; execSync('echo PAYLOAD  RAN', { stdio: 'inherit' });` }, body: `await import('./outer.mjs');` },
  { ...child, name: 'getBuiltinModule child_process', body: `process.getBuiltinModule('node:child_process').execSync('echo PAYLOAD  RAN', { stdio: 'inherit' });` },
  { ...child, name: 'process.execve', since: 22, body: `process.execve('/bin/echo', ['echo', 'PAYLOAD RAN']);` },
  { ...child, name: 'cluster.fork', files: { 'leave.js': LEAVE }, body: `const cluster = require('cluster'); cluster.setupPrimary({ exec: here('leave.js') }); ${SPAWNED} await ended(cluster.fork().process); process.exit();` },
  { ...child, name: 'import node:cluster ESM', files: { 'leave.js': LEAVE }, sealed: { 'outer.mjs': `import cluster from 'node:cluster'; import { fileURLToPath } from 'node:url'; cluster.setupPrimary({ exec: fileURLToPath(new URL('leave.js', import.meta.url)) }); await new Promise((resolve) => cluster.fork().process.on('exit', resolve)); process.exit();` }, body: `await import('./outer.mjs');` },
  { ...child, name: 'node:test run()', body: `const { run } = require('node:test'); for await (const { type, data } of run({ files: [here('evil.js')] })) if (type === 'test:stdout' && data.message.includes('PAYLOAD RAN')) ran();`, unreported: true },
  { ...load, name: 'node:test run() in this process', since: 24, body: `const { run } = require('node:test'); for await (const _event of run({ files: [here('evil.js')], isolation: 'none' }));` },
  { kind: 'binding', name: 'process.binding spawn_sync node', body: `const { spawn } = process.binding('spawn_sync'); spawn({ file: '/bin/echo', args: ['echo', 'PAYLOAD RAN'], envPairs: [], stdio: [0, 1, 2].map((fd) => ({ type: 'inherit', fd })) });` },
  { kind: 'binding', name: 'process.binding process_wrap', body: `const { Process } = process.binding('process_wrap'); if (new Process().spawn) ran();` },

  { ...inspector, name: 'inspector Runtime.evaluate', body: `const { Session } = require('inspector'); const session = new Session(); session.connect(); globalThis.ran = ran; session.post('Runtime.evaluate', { expression: 'ran()' });` },
  { ...inspector, name: 'inspector promises', body: `const { Session } = require('inspector/promises'); const session = new Session(); session.connect(); globalThis.ran = ran; await session.post('Runtime.evaluate', { expression: 'ran()' });` },
  { ...inspector, name: 'inspector.open', body: `const inspector = require('inspector'); inspector.open(0); if (inspector.url()) ran(); inspector.close();` },
  { ...inspector, name: 'import node:inspector ESM', sealed: { 'outer.mjs': `import { Session } from 'node:inspector'; const session = new Session(); session.connect(); session.post('Runtime.evaluate', { expression: 'ran()' });` }, body: `globalThis.ran = ran; await import('./outer.mjs');` },
  { ...inspector, name: 'inspector by a name that resolves to it', body: `Module._resolveFilename = () => 'inspector'; const { Session } = require('./whatever'); const session = new Session(); session.connect(); globalThis.ran = ran; session.post('Runtime.evaluate', { expression: 'ran()' });` },
  { ...inspector, name: 'inspector by Module._pathCache', body: `Module._findPath = () => 'inspector'; const { Session } = require('./whatever'); const session = new Session(); session.connect(); globalThis.ran = ran; session.post('Runtime.evaluate', { expression: 'ran()' });` },
  { ...inspector, name: 'inspector by a hook that resolves to it', since: 22, body: `Module.registerHooks({ resolve: (name, context, next) => name === 'x' ? { url: 'node:inspector', format: 'builtin', shortCircuit: true } : next(name, context), load: (url, context, next) => url === 'node:inspector' ? { format: 'builtin', source: null, shortCircuit: true } : next(url, context) }); const { Session } = require('x'); const session = new Session(); session.connect(); globalThis.ran = ran; session.post('Runtime.evaluate', { expression: 'ran()' });` },
  { kind: 'binding', name: 'process.binding inspector', body: `if (process.binding('inspector')) ran();` },
  { ...inspector, name: 'process._debugProcess/SIGUSR1', body: `const inspector = require('inspector'); process._debugProcess(process.pid); for (let tries = 0; tries < 50 && !inspector.url(); tries += 1) await sleep(20); if (inspector.url()) ran(); inspector.close();`, flags: ['--inspect-port=0'], lines: 3 },
  { ...inspector, name: 'SIGUSR1 by kill', body: `const inspector = require('inspector'); process.kill(process.pid, 'SIGUSR1'); for (let tries = 0; tries < 50 && !inspector.url(); tries += 1) await sleep(20); if (inspector.url()) ran(); inspector.close();`, flags: ['--inspect-port=0'], unreported: true },
  { ...inspector, name: 'SIGUSR1 after all listeners were removed', body: `const inspector = require('inspector'); process.removeAllListeners('SIGUSR1'); process.kill(process.pid, 'SIGUSR1'); for (let tries = 0; tries < 50 && !inspector.url(); tries += 1) await sleep(20); if (inspector.url()) ran(); inspector.close();`, flags: ['--inspect-port=0'], silent: true, unreported: true },

  { ...start, name: '-e', args: ['-e', `require('fs').writeSync(1, 'PAYLOAD RAN\\n')`] },
  { ...start, name: '-p', args: ['-p', `'PAYLOAD RAN'`] },
  { ...start, name: '-pe', args: ['-pe', `'PAYLOAD RAN'`] },
  { ...start, name: '--eval=', args: [`--eval=require('fs').writeSync(1, 'PAYLOAD RAN\\n')`] },
  { ...start, name: '--input-type=module', args: ['--input-type=module', '-e', `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n')`], lines: 2 },
  { ...start, name: 'standard input', args: [], input: `require('fs').writeSync(1, 'PAYLOAD RAN\\n')` },
  { ...start, name: 'standard input by -', args: ['-'], input: `require('fs').writeSync(1, 'PAYLOAD RAN\\n')` },
  { ...start, name: 'standard input as a module', args: ['--input-type=module'], input: `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n')` },
  { ...start, name: '-i', lines: 'any', args: ['-i'], input: `require('fs').writeSync(1, 'PAYLOAD RAN\\n')\n` },
  { ...start, name: '--experimental-loader', flags: ['--experimental-loader', './hooks.mjs'], files: { 'hooks.mjs': `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: '', unreported: true },
  { ...start, name: 'snapshot blob', flags: ['--snapshot-blob', 'made.blob'], files: { 'snapshot.js': `require('v8').startupSnapshot.setDeserializeMainFunction(() => { console.log('PAYLOAD RAN'); });` }, body: '', before: `require('child_process').execFileSync(process.execPath, ['--snapshot-blob', 'made.blob', '--build-snapshot', 'snapshot.js'])` },
  { ...start, name: '--expose-internals', flags: ['--expose-internals'], body: `const { internalBinding } = require('internal/test/binding'); if (internalBinding('contextify')) ran();` },
  { ...start, name: '--inspect in NODE_OPTIONS', env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' }, body: `if (require('inspector').url()) ran();` },
  { ...start, name: '--inspect in NODE_OPTIONS in quotes', env: { NODE_OPTIONS: '--no-warnings "--ins\\pect=127.0.0.1:0"' }, body: `if (require('inspector').url()) ran();` },
  { ...start, name: '--inspect in NODE_OPTIONS with another after a space in quotes', env: { NODE_OPTIONS: '--title="a --b" --ins"pect"=0' }, body: `if (require('inspector').url()) ran();` },
  { ...start, name: '--inspect in a file of variables', flags: ['--env-file=.env'], files: { '.env': 'NODE_OPTIONS=--inspect=127.0.0.1:0\n' }, body: `if (require('inspector').url()) ran();` },
  { ...start, name: '--experimental-loader in NODE_OPTIONS', env: { NODE_OPTIONS: '"--experimental_loader" ./hooks.mjs' }, files: { 'hooks.mjs': `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n');` }, body: '', unreported: true },
  { ...start, name: '--experimental-default-config-file', since: 22, flags: ['--experimental-default-config-file'], files: { 'node.config.json': '{"nodeOptions":{"import":"./evil.cjs"}}' }, body: '', lines: 'any', unreported: true },
  { ...start, name: '--inspect_port and --inspect', flags: ['--inspect_port=0', '--inspect'], body: `if (require('inspector').url()) ran();` },
  { ...start, name: '--inspect', flags: ['--inspect=0'], body: `if (require('inspector').url()) ran();` },
];
