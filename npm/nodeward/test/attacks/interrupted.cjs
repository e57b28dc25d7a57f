'use strict';
// Guards that are put up when a module is first asked for, and what is told of once: asked for again and again from
// where the stack is about to run out, so that it runs out at each place of the guard.

/** Does something at each of the last depths before the stack runs out, and again from where it did. */
const DIVE = (what, times = 600) => `let tries = 0;
  const dive = () => { try { dive(); } catch (error) { if (tries++ < ${times}) try { ${what} } catch {} throw error; } };
  try { dive(); } catch {}`;
/** Only a denial counts: the library is no engine, so OpenSSL refuses it once it has run. */
const engine = `try { require('tls').createSecureContext({ clientCertEngine: here('evil.node') }); } catch (error) { if (error.code === 'ERR_NODEWARD_DENIED') throw error; }`;
const addon = { kind: 'addon', needs: 'compiler' };
const load = { kind: 'load' };
const hidden = { silent: true, unreported: true };
/** Starts a thread by the constructor that the handle of a Worker has. */
const NATIVE = `const { Worker, MessagePort, MessageChannel } = require('worker_threads');
  const { postMessage } = MessagePort.prototype;
  let message;
  MessagePort.prototype.postMessage = function (value, list) { if (value?.doEval !== undefined) message = { ...value }; return postMessage.call(this, value, list); };
  const worker = new Worker(here('listed.cjs'));
  const handle = Object.getOwnPropertySymbols(worker).map((name) => worker[name]).find((value) => value?.startThread);
  const Native = Object.getPrototypeOf(handle).constructor;
  await new Promise((resolve) => worker.on('exit', resolve));
  const other = new Native(null, {}, [], new Float64Array(4).fill(-1), true, false, 'n');
  const one = new MessageChannel(), two = new MessageChannel();
  Object.assign(message, { doEval: 'classic', filename: PAYLOAD, publicPort: one.port2, mainThreadPort: two.port2, hasStdin: false, workerData: undefined, environmentData: undefined });
  const ended = new Promise((resolve) => { other.onexit = resolve; setTimeout(resolve, 3000); });
  other.startThread();
  other.messagePort.postMessage(message, [one.port2, two.port2]);
  await ended;
  process.exit();`;

module.exports = [
  { kind: 'worker', ...hidden, throws: /THREW/, name: 'worker_threads', body: `${DIVE(`require('worker_threads');`)} ${NATIVE}` },
  { kind: 'worker', ...hidden, throws: /THREW/, name: 'worker_threads by createHook', body: `${DIVE(`require('async_hooks').createHook({});`)} ${NATIVE}` },
  { kind: 'child', lines: 'any', name: 'child_process by cluster', body: `${DIVE(`require('cluster');`)} require('child_process').spawnSync(process.execPath, [here('evil.js')], { stdio: 'inherit' });` },
  { kind: 'child', lines: 'any', name: 'child_process, with a code on all errors', body: `Object.prototype.code = 'ERR_UNKNOWN_BUILTIN_MODULE'; ${DIVE(`globalThis.found = require('child_process');`)} delete Object.prototype.code; (globalThis.found ?? require('child_process')).spawnSync(process.execPath, [here('evil.js')], { stdio: 'inherit' });` },
  { kind: 'flags', lines: 'any', name: 'v8', body: `${DIVE(`require('v8');`)} require('v8').setFlagsFromString('--allow-natives-syntax'); ran();` },
  { ...addon, name: 'tls', body: `require('crypto'); require('net'); require('stream'); ${DIVE(`require('tls');`)} ${engine}` },
  { ...addon, name: 'tls, by a part of it that can be loaded once', body: `try { require('_tls_common'); } catch {} const { context } = new (require('_tls_common').SecureContext)(); try { context.setClientCertEngine(here('evil.node')); } catch (error) { if (error.code === 'ERR_NODEWARD_DENIED') throw error; }` },
  { ...addon, lines: 'any', until: 22, name: 'tls, loaded by https', body: `${DIVE(`require('https');`)} ${engine}` },
  { ...load, lines: 'any', name: 'a file', body: DIVE(`require('./evil.js');`) },
  { ...load, lines: 'any', name: 'a file, with a code on all errors', body: `Object.prototype.code = 'EIO'; ${DIVE(`require('./evil.js');`)}` },
  { kind: 'vm', lines: 'any', name: 'a script', body: DIVE(`require('vm').runInThisContext(PAYLOAD);`) },
  { kind: 'wasm', lines: 'any', name: 'WebAssembly', body: `let made; ${DIVE(`made ??= new WebAssembly.Module(WASM);`)} if (made !== undefined) ran();` },
];
