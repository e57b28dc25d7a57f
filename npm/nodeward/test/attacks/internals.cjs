'use strict';
// What Node.js keeps to itself, reached through prototypes and bindings that are everybody's: the message that starts
// a Worker, native modules, the loader, the functions behind `fs`. And options by other spellings.

const load = { kind: 'load' };
const flags = { kind: 'flags' };
const start = { kind: 'start' };
const hidden = { silent: true, unreported: true };
const WORKER = `const { Worker, MessagePort, MessageChannel } = require('worker_threads'); const ended = (worker) => new Promise((resolve, reject) => { worker.on('error', reject); worker.on('exit', resolve); });`;
const ESM_PAYLOAD = `"import { writeSync } from 'fs'; writeSync(1, 'PAYLOAD RAN\\\\n');"`;
/** Starts a Worker of a sealed file, with the message that starts it changed on its way. */
const CHANGED = (change) => `${WORKER} const { postMessage } = MessagePort.prototype; const source = ${ESM_PAYLOAD};
  MessagePort.prototype.postMessage = function (message, transfer) { if (message?.doEval !== undefined) { ${change} } return postMessage.call(this, message, transfer); };
  await ended(new Worker(here('listed.cjs')));`;
const HOOKS = { 'hooks.mjs': `import fs from 'node:fs'; fs.writeSync(1, 'PAYLOAD RAN\\n');` };
const MOCKED = `const { mock } = require('node:test'); const name = "a = 1; process.getBuiltinModule('fs').writeSync(1, 'PAYLOAD RAN\\\\n'); export let b"; (async () => { for (const wanted of ['./listed.mjs', './listed.cjs']) { try { mock.module(wanted, { namedExports: { [name]: 1 } }); await import(wanted); } catch {} } })();`;
/** Sees what Node.js puts into lists while a module is imported. */
const WATCHED = (look, then) => `const define = (list, value) => Object.defineProperty(list, 0, { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(Array.prototype, 0, { configurable: true, get() {}, set(value) { define(this, value); ${look} } });
  try { await import('./outer.mjs'); } finally { delete Array.prototype[0]; } ${then}`;
/** The loader, by lists whose prototype gets elements in some way. */
const BY_LISTS = (begin, end, at = 0) => `let loader; const element = { configurable: true, get() {}, set(value) { Object.defineProperty(this, ${at}, { value, writable: true, enumerable: true, configurable: true }); if (value && typeof value === 'object' && 'loader' in value) loader = value.loader; } };
  ${begin} try { await import('./outer.mjs'); } finally { ${end} } await loader.eval(${ESM_PAYLOAD}, 'file:///x.mjs');`;
const OUTER = { 'outer.mjs': `import './listed.mjs'; import './inner.mjs'; export default 2;`, 'inner.mjs': 'export default 3;', 'fresh.mjs': 'export default 4;' };
/** The loader, by what promises are resolved with. */
const OF_PROMISES = `let loader; for (const value of await Promise.all(promises.map((promise) => Promise.race([promise, null].map((one) => Promise.resolve(one).catch(() => null)))))) loader ??= value?.loader;`;
const BY_PROMISES = `const promises = []; const hook = require('async_hooks').createHook({ init(id, type, trigger, resource) { if (type === 'PROMISE') promises.push(resource); } }).enable();
  await import('./outer.mjs'); hook.disable(); ${OF_PROMISES}`;
const BY_PROMISE_HOOKS = `const promises = []; const stop = require('v8').promiseHooks.onInit((promise) => { promises.push(promise); });
  await import('./outer.mjs'); stop(); ${OF_PROMISES}`;
/** The loader, by the functions that Node.js binds to it where there are hooks. */
const BOUND = `const { registerHooks } = require('module'); const { bind } = Function.prototype; let loader;
  Function.prototype.bind = function (...given) { loader ??= given.find((value) => typeof value?.createModuleWrap === 'function'); return Reflect.apply(bind, this, given); };
  registerHooks({ resolve: (name, context, next) => next(name, context), load: (url, context, next) => next(url, context) }); await import('./outer.mjs'); Function.prototype.bind = bind;`;
const result = (fields) => `Object.assign(() => {}, ${fields})`;

module.exports = [
  // ---- the message that starts a Worker
  { kind: 'worker', name: 'a Worker whose start message becomes a text', body: CHANGED(`message.doEval = 'classic'; message.filename = PAYLOAD;`) },
  { ...load, name: 'a Worker whose start message becomes the text of an ES module', body: CHANGED(`message.doEval = 'classic'; message.filename = source;`) },
  { ...load, name: 'a Worker whose start message becomes a module', body: CHANGED(`message.doEval = 'module'; message.filename = source;`) },
  { ...load, name: 'a Worker whose start message becomes a data: URL', since: 22, body: CHANGED(`message.doEval = 'data-url'; message.filename = 'data:text/javascript,' + encodeURIComponent(source);`) },
  { ...start, name: 'a Worker whose start message becomes that of a web Worker', since: 26, body: CHANGED(`message.doEval = 'classic'; message.webWorkerData = { url: 'file:///x.js', type: 'classic', source: "process.getBuiltinModule('fs').writeSync(1, 'PAYLOAD RAN\\\\n')" }; setTimeout(() => process.exit(), 2000);`) },
  { kind: 'worker', name: 'a Worker whose start message makes it the thread of hooks', unreported: true, throws: /THREW|^$/, body: CHANGED(`message.doEval = 'internal'; message.filename = 'internal/modules/esm/worker'; message.workerData = { lock: new SharedArrayBuffer(64) };
    const { port1, port2 } = new MessageChannel(); message.publicPort = port2; transfer.push(port2); setTimeout(() => postMessage.call(port1, { method: 'register', args: ['data:text/javascript,' + encodeURIComponent(source), 'file:///x'] }), 600); setTimeout(() => process.exit(), 3000);`) },
  { kind: 'worker', ...hidden, name: 'a Worker made for a prototype that sees its ports', body: `${WORKER} function Target() {}
    Target.prototype = new Proxy(Worker.prototype, { set(target, name, value, receiver) { if (typeof value?.postMessage === 'function') { const post = value.postMessage; Object.defineProperty(value, 'postMessage', { configurable: true, value: function (message, transfer) { if (message?.doEval !== undefined) { message.doEval = 'classic'; message.filename = PAYLOAD; } return post.call(this, message, transfer); } }); } return Reflect.defineProperty(receiver, name, { value, writable: true, enumerable: true, configurable: true }); } });
    await ended(Reflect.construct(Worker, [here('listed.cjs')], Target));` },

  { kind: 'worker', ...hidden, name: 'the thread of hooks, as it is shown', until: 20, sealed: OUTER, inert: 'Node.js starts it, and shows it, with the guard', body: `process.on('worker', (worker) => { const Native = Object.getPrototypeOf(worker.constructor); new Native(PAYLOAD, { eval: true, env: {}, execArgv: [] }); }); await import('./outer.mjs'); await sleep(500);` },
  { kind: 'worker', ...hidden, name: 'the thread of hooks, as it hears', until: 20, sealed: OUTER, inert: 'Node.js starts it with the guard', body: `const { prototype } = require('events'); const { emit } = prototype; const seen = new Set();
    prototype.emit = function (...given) { if (typeof this?.receiveMessageSync === 'function') seen.add(this); return emit.apply(this, given); };
    await import('./outer.mjs'); await sleep(500);
    for (const worker of seen) { for (let at = worker; at !== null; at = Object.getPrototypeOf(at)) try { new at.constructor(PAYLOAD, { eval: true, env: {}, execArgv: [] }); } catch {}
      for (const name of Object.getOwnPropertySymbols(worker)) if (worker[name]?.startThread && typeof worker[name].constructor === 'function') ran(); }
    await sleep(500); process.exit();` },

  // ---- native modules and the loader
  { ...load, ...hidden, name: 'the constructor of native modules, by a list that Node.js fills', sealed: OUTER, body: `const find = (value, depth) => { if (!value || typeof value !== 'object' || depth > 3) return; if (typeof value.then === 'function') return void Promise.prototype.then.call(value, (inner) => find(inner, depth + 1), () => {}); if (typeof value.instantiate === 'function' && typeof value.getNamespace === 'function') { seen ??= value; return; } for (const name of Reflect.ownKeys(value)) find(value[name], depth + 1); }; let seen;
    ${WATCHED(`if (value && typeof value === 'object') find(value, 0);`, `if (typeof seen?.constructor === 'function' && seen.constructor !== Object) ran();`)}` },
  { ...load, name: 'the loader, by a list that Node.js fills', since: 24, lines: 2, sealed: OUTER, body: `let loader; ${WATCHED(`if (value && typeof value === 'object' && 'loader' in value) loader = value.loader;`, `await loader.eval(${ESM_PAYLOAD}, 'file:///x.mjs');`)}` },
  { ...load, name: 'the loader, by the second element of a list', since: 24, lines: 2, sealed: OUTER, body: BY_LISTS(`Object.defineProperty(Array.prototype, 1, element);`, `delete Array.prototype[1];`, 1) },
  { ...load, name: 'the loader, by a list\'s prototype\'s prototype', since: 24, lines: 2, sealed: OUTER, body: BY_LISTS(`Object.defineProperty(Object.prototype, 0, element);`, `delete Object.prototype[0];`) },
  { ...load, name: 'the loader, by another prototype of Array.prototype', since: 24, lines: 2, sealed: OUTER, body: BY_LISTS(`Object.setPrototypeOf(Array.prototype, Object.defineProperty(Object.create(Object.prototype), 0, element));`, `Object.setPrototypeOf(Array.prototype, Object.prototype);`) },
  { ...load, name: 'the loader, by a list watched from the time that a name is resolved', since: 24, lines: 2, sealed: OUTER, body: BY_LISTS(`await import('./listed.mjs'); Module.registerHooks({ resolve: (name, context, next) => { const found = next(name, context); if (name === './listed.mjs') Object.defineProperty(Array.prototype, 0, element); return found; } });`, `delete Array.prototype[0];`) },
  { ...load, name: 'require by the loader', since: 24, lines: 2, sealed: OUTER, body: `let loader; ${WATCHED(`if (value && typeof value === 'object' && 'loader' in value) loader = value.loader;`, `loader.importSyncForRequire(new Module('x'), here('evil.mjs'), fs.readFileSync(here('evil.mjs'), 'utf8'), false);`)}` },
  { ...load, name: 'hooks by the loader', since: 24, lines: 'any', sealed: OUTER, body: `let loader; ${WATCHED(`if (value && typeof value === 'object' && 'loader' in value) loader = value.loader;`, `loader.register('data:text/javascript,' + encodeURIComponent(${ESM_PAYLOAD}), 'file:///x');`)}` },
  { ...load, ...hidden, name: 'the loader\'s functions replaced', since: 24, sealed: OUTER, throws: /THREW|^$/, body: `let loader; ${WATCHED(`if (value && typeof value === 'object' && 'loader' in value) loader = value.loader;`, `try { loader.load = Object.getPrototypeOf(loader).load = () => ({ format: 'module', source: ${ESM_PAYLOAD} }); } catch {} await import('./listed.mjs?again');`)}`, inert: { 24: 'Node.js does not ask it', 26: 'Node.js does not ask it' } },

  // ---- the loader, by promises and by functions that are bound
  ...[['eval', `await loader.eval(${ESM_PAYLOAD}, url);`], ['createModuleWrap', `const wrap = loader.createModuleWrap(${ESM_PAYLOAD}, url); await loader.executeModuleJob(url, wrap);`],
    ['importSyncForRequire', `loader.importSyncForRequire(new Module('x'), here('fresh.mjs'), ${ESM_PAYLOAD}, false);`], ['register', `loader.register('data:text/javascript,' + encodeURIComponent(${ESM_PAYLOAD}), 'file:///x'); await import('./inner.mjs');`]]
    .flatMap(([name, code]) => [
      { ...load, kind: name === 'register' ? 'hooks' : 'load', name: `${name} of the loader, by the promises that createHook shows`, since: 24, lines: 'any', unreported: name === 'register', sealed: OUTER, body: `${BY_PROMISES} const url = 'file:///x.mjs'; ${code}` },
      { ...load, kind: name === 'register' ? 'hooks' : 'load', name: `${name} of the loader, by the promises that v8.promiseHooks shows`, since: 24, lines: 'any', unreported: name === 'register', sealed: OUTER, body: `${BY_PROMISE_HOOKS} const url = 'x:y'; ${code}` },
      { ...load, kind: name === 'register' ? 'hooks' : 'load', name: `${name} of the loader, by a function that is bound`, since: 22, lines: 'any', unreported: name === 'register', sealed: OUTER, body: `${BOUND} const url = 'file://' + here('listed.mjs'); ${code}` },
    ]),
  { ...load, ...hidden, name: 'the translators of the loader', since: 22, until: 22, sealed: OUTER, throws: /THREW/, body: `${BOUND} const wrap = loader.translators.get('module').call(loader, 'x:y', { source: ${ESM_PAYLOAD}, format: 'module' }); await loader.executeModuleJob('x:y', wrap);` },
  { ...load, ...hidden, name: 'what the loader loads, replaced', since: 22, sealed: OUTER, throws: /THREW|END/, body: `${BOUND} const { load } = loader; const replaced = function (url, context) { return url.includes('again') ? { format: 'module', source: ${ESM_PAYLOAD} } : load.call(this, url, context); }; try { loader.load = replaced; } catch {} try { Object.getPrototypeOf(loader).load = replaced; } catch {} await import('./inner.mjs?again');` },
  { ...load, name: 'the loader of a Worker, by a function that is bound', since: 22, unreported: true, sealed: { ...OUTER, 'worker.cjs': `const { parentPort } = require('worker_threads'); const here = (name) => require('path').join(__dirname, name); (async () => { ${BOUND} await loader.eval(${ESM_PAYLOAD}, 'x:y'); })().catch((error) => parentPort.postMessage(error.code));` }, body: `${WORKER} const worker = new Worker(here('worker.cjs')); worker.on('message', (code) => say(1, code)); await ended(worker);` , silent: true },
  { ...load, ...hidden, name: 'the class of native modules, in a Worker that requires none', since: 22, sealed: { ...OUTER, 'worker.cjs': `const here = (name) => require('path').join(__dirname, name); (async () => { ${BOUND} await loader.eval(${ESM_PAYLOAD}, 'x:y'); })().catch(() => {});` }, body: `${WORKER} await ended(new Worker(here('worker.cjs'), { execArgv: ['--no-experimental-require-module'] }));` },
  { ...load, ...hidden, name: 'a Worker with so small a stack that its guard can\'t be put up', sealed: { 'worker.cjs': `require('./evil.js');` }, body: `${WORKER} for (let stackSizeMb = 0.3; stackSizeMb > 0.25; stackSizeMb -= 0.004) { const worker = new Worker(here('worker.cjs'), { resourceLimits: { stackSizeMb } }); worker.on('error', () => {}); await new Promise((resolve) => worker.on('exit', resolve)); }` },

  // ---- what hooks give
  { ...load, name: 'a hook that gives a function', since: 22, body: `Module.registerHooks({ load: (url, context, next) => url.endsWith('listed.mjs') ? ${result(`{ format: 'module', source: ${ESM_PAYLOAD}, shortCircuit: true }`)} : next(url, context) }); await import('./listed.mjs');` },
  { ...load, name: 'a hook that gives a function to require', since: 22, body: `Module.registerHooks({ load: (url, context, next) => url.endsWith('listed.mjs') ? ${result(`{ format: 'module', source: ${ESM_PAYLOAD}, shortCircuit: true }`)} : next(url, context) }); require('./listed.mjs');` },
  { kind: 'inspector', name: 'a hook that gives a built-in module no format', since: 22, body: `Module.registerHooks({ resolve: (name, context, next) => name === 'x' ? { url: 'node:inspector', format: 'builtin', shortCircuit: true } : next(name, context), load: (url, context, next) => url === 'node:inspector' ? { format: '', source: null, shortCircuit: true } : next(url, context) }); const { Session } = require('x'); const session = new Session(); session.connect(); session.post('Runtime.evaluate', { expression: 'ran()' });` },

  // ---- bindings
  { kind: 'binding', ...hidden, name: 'the functions behind fs replaced', body: `process.noDeprecation = true; const binding = process.binding('fs'); const { open } = binding; let isSeen = false; binding.open = function (...given) { isSeen = true; return open.apply(this, given); }; fs.closeSync(fs.openSync(here('listed.cjs'))); binding.open = open; if (isSeen) ran();` },
  { ...load, name: 'the functions behind fs replaced, so that nothing is reported', body: `process.noDeprecation = true; const binding = process.binding('fs'); const { writeString, open } = binding; binding.open = function (name, ...given) { if (String(name).endsWith('jsonl')) throw new Error('no report'); return open.call(this, name, ...given); }; binding.writeString = function (descriptor, text, ...given) { return /nodeward/.test(text) ? text.length : writeString.call(this, descriptor, text, ...given); }; require('./evil.js');` },

  // ---- options
  { ...flags, name: 'a Worker with --experimental_loader', files: HOOKS, unreported: true, body: `${WORKER} await ended(new Worker(here('listed.cjs'), { execArgv: ['--experimental_loader', here('hooks.mjs')] }));` },
  { ...flags, name: 'a Worker with --experimental_loader=', files: HOOKS, unreported: true, body: `${WORKER} await ended(new Worker(here('listed.cjs'), { execArgv: ['--experimental_loader=' + here('hooks.mjs')] }));` },
  { ...flags, name: 'a Worker whose options are read anew', files: HOOKS, unreported: true, body: `${WORKER} const execArgv = []; let asked = 0; Object.defineProperty(execArgv, 0, { enumerable: true, get: () => (asked++ === 0 ? '--no-warnings' : '--experimental-loader=' + here('hooks.mjs')) }); await ended(new Worker(here('listed.cjs'), { execArgv }));`, silent: true, inert: 'Node.js reads them once' },
  { ...flags, name: 'a Worker that mocks modules', unreported: true, sealed: { 'mocked.cjs': MOCKED }, body: `${WORKER} await ended(new Worker(here('mocked.cjs'), { execArgv: ['--experimental-test-module-mocks'] }));` },
  { ...start, name: '--experimental_loader', flags: ['--experimental_loader', './hooks.mjs'], files: HOOKS, body: '', unreported: true },
  { ...start, name: '--experimental_loader in NODE_OPTIONS, in quotes', env: { NODE_OPTIONS: '--no-warnings "--experimental_loa\\der" "./hooks.mjs"' }, files: HOOKS, body: '', unreported: true },
  { ...start, name: '--experimental-web-worker', since: 26, flags: ['--experimental-web-worker'], unreported: true, body: `await new Promise((resolve) => { const worker = new globalThis.Worker('data:text/javascript,' + encodeURIComponent("postMessage(1)")); worker.onmessage = () => { ran(); resolve(); }; worker.onerror = resolve; }); process.exit();` },
];
