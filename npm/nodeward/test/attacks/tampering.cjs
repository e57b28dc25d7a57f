'use strict';
// What the guard could look up, replaced by the application before it loads what is not listed.

const load = { kind: 'load' };
const always = (value) => `() => ${value}`;

module.exports = [
  { ...load, name: 'hash fn patch (Map/Hash proto)', body: `
    const crypto = require('crypto'); const good = crypto.hash('sha256', fs.readFileSync(here('listed.cjs')));
    const entry = { path: 'listed.cjs', sha256: good, kind: 'cjs' };
    Map.prototype.get = ${always('entry')}; Map.prototype.has = Set.prototype.has = ${always('true')}; WeakMap.prototype.get = ${always('entry')};
    crypto.hash = ${always('good')}; crypto.createHash = () => ({ update() { return this; }, digest: ${always('good')} }); crypto.Hash.prototype.digest = ${always('good')};
    Object.prototype.hasOwnProperty = ${always('true')}; Object.hasOwn = ${always('true')};
    require('./evil.js');` },
  { ...load, name: 'String.prototype patch', body: `
    const listed = here('listed.cjs'); const { slice, endsWith } = String.prototype;
    String.prototype.slice = function (...given) { return this.includes?.('evil') ? 'listed.cjs' : slice.apply(this, given); };
    for (const name of ['startsWith', 'endsWith', 'includes']) String.prototype[name] = ${always('true')};
    for (const name of ['replace', 'replaceAll', 'toLowerCase', 'normalize', 'trim', 'substring', 'concat']) String.prototype[name] = ${always('listed')};
    for (const name of ['indexOf', 'charCodeAt', 'localeCompare']) String.prototype[name] = ${always('0')};
    String.prototype.split = ${always('[]')}; String.prototype[Symbol.iterator] = ${always('[][Symbol.iterator]()')};
    require('./evil.js');` },
  { ...load, name: 'Object.prototype pollution of the list', body: `
    const crypto = require('crypto'); const sha256 = crypto.hash('sha256', fs.readFileSync(here('evil.js')));
    Object.prototype['evil.js'] = { path: 'evil.js', sha256, kind: 'cjs' }; Object.prototype[here('evil.js')] = { sha256 }; Object.prototype[sha256] = true;
    Object.prototype.sha256 = sha256; Object.prototype.mode = 'report'; Object.prototype.children = true;
    require('./evil.js');` },
  { kind: 'child', name: 'Object.prototype pollution of the seal', body: `Object.prototype.children = true; Object.prototype.telling = true; require('child_process').execSync('echo PAYLOAD  RAN', { stdio: 'inherit' });` },
  { ...load, name: 'Array iterator patch', body: `const iterator = Object.getPrototypeOf([][Symbol.iterator]()); const { next } = iterator; let on = false; iterator.next = function () { return on ? { done: true, value: undefined } : next.call(this); }; on = true; try { require('./evil.js'); } finally { on = false; }` },
  { kind: 'inspector', name: 'Array iterator patch before a late guard', body: `const iterator = Object.getPrototypeOf([][Symbol.iterator]()); const { next } = iterator; iterator.next = () => ({ done: true }); let inspector; try { inspector = process.getBuiltinModule('inspector'); } finally { iterator.next = next; } const session = new inspector.Session(); session.connect(); globalThis.ran = ran; session.post('Runtime.evaluate', { expression: 'ran()' });` },
  { ...load, name: 'Array.prototype setters', body: `for (let at = 0; at < 8; at += 1) Object.defineProperty(Array.prototype, at, { set(value) { Object.defineProperty(this, at, { value, writable: true, enumerable: true, configurable: true }); }, get: () => undefined, configurable: true }); try { require('./evil.js'); } finally { for (let at = 0; at < 8; at += 1) delete Array.prototype[at]; }`},
  { ...load, name: 'Function.prototype.call and apply patch', body: `const { call, apply } = Function.prototype; Function.prototype.call = Function.prototype.apply = Function.prototype.bind = function () { return 'listed.cjs'; }; Reflect.apply = Reflect.construct = ${always('true')}; try { require('./evil.js'); } finally { Function.prototype.call = call; Function.prototype.apply = apply; }` },
  { ...load, name: 'JSON patch', body: `JSON.parse = ${always('({ sources: [] })')}; JSON.stringify = () => { throw new Error('no report'); }; require('./evil.js');` },
  { ...load, name: 'toJSON on prototypes', body: `String.prototype.toJSON = Object.prototype.toJSON = Array.prototype.toJSON = () => { throw new Error('no report'); }; require('./evil.js');` },
  { ...load, name: 'Error patch', body: `const { Error } = globalThis; globalThis.Error = function () { return {}; }; Error.captureStackTrace = () => { throw 1; }; require('./evil.js');` },
  { ...load, name: 'Error.prepareStackTrace that throws', body: `Error.prepareStackTrace = () => { throw new TypeError('no stack'); }; require('./evil.js');`, throws: /THREW/ },
  { ...load, name: 'Error.prepareStackTrace that looks for functions', body: `const found = []; Error.prepareStackTrace = (_error, sites) => { for (const site of sites) { found.push(site.getFunction?.(), site.getThis?.()); } return ''; }; try { require('./evil.cjs'); } catch (error) { error.stack; } const compile = found.find((value) => typeof value === 'function' && value.name === '_compile'); if (compile) compile.call(new Module('x'), PAYLOAD, 'x'); else require('./evil.js');`, lines: 2 },
  { ...load, name: 'Error.stackTraceLimit', body: `Object.defineProperty(Error, 'stackTraceLimit', { value: 0, writable: false, configurable: false }); require('./evil.js');` },
  { ...load, name: 'Date patch', body: `globalThis.Date = class { toISOString() { throw new Error('no report'); } }; require('./evil.js');` },
  { ...load, name: 'Symbol.species', body: `Object.defineProperty(Uint8Array, Symbol.species, { get: () => Array }); require('./evil.js');` },
  { ...load, name: 'fs patch so that nothing is reported', body: `fs.writeSync = fs.openSync = fs.closeSync = fs.statSync = () => { throw new Error('no report'); }; require('./evil.js');` },
  { ...load, name: 'all descriptors closed', body: `for (let descriptor = 3; descriptor < 40; descriptor += 1) if (fs.existsSync('/proc/self/fd/' + descriptor) && /jsonl|seal/.test(fs.readlinkSync('/proc/self/fd/' + descriptor))) fs.closeSync(descriptor); require('./evil.js');` },
  { ...load, name: 'process.env patch', body: `process.env.NODEWARD_MODE = 'report'; delete process.env.NODEWARD_SEAL; process.env.NODEWARD_REPORT = '/dev/null'; process.env = {}; require('./evil.js');` },
  { ...load, name: 'process.execArgv patch', body: `process.execArgv.length = 0; process.execArgv = []; const { Worker } = require('worker_threads'); await new Promise((resolve, reject) => new Worker(here('evil.js')).on('exit', resolve).on('error', reject));` },
  { ...load, name: 'require.cache of the guard', body: `for (const name of Object.keys(require.cache)) if (/runtime|preload|seal|denial/.test(name) && !name.startsWith(__dirname)) { const { exports } = require.cache[name]; for (const key of Object.keys(exports ?? {})) { try { exports[key] = () => undefined; } catch {} } delete require.cache[name]; } require('./evil.js');` },
  { ...load, name: 'the guard loaded again in another mode', body: `const preload = Object.keys(require.cache).find((name) => name.endsWith('preload.cjs')); if (preload) { process.env.NODEWARD_MODE = 'report'; for (const name of Object.keys(require.cache)) if (!name.startsWith(__dirname)) delete require.cache[name]; try { require(preload); } catch {} } require('./evil.js');`, unreported: true },
  { ...load, name: 'getters on the module object', body: `const parent = Object.create(module, { filename: { get: () => here('listed.cjs') }, id: { get: () => here('listed.cjs') } }); Module._load(here('evil.js'), parent);` },
  { ...load, name: 'a request that is no string', body: `let asked = 0; Module._load({ toString: () => (asked++ === 0 ? here('listed.cjs') : here('evil.js')) }, module);`, inert: { 22: 'Node.js takes strings only', 24: 'Node.js takes strings only', 26: 'Node.js takes strings only', 20: 'Node.js takes strings only' }, silent: true },
  { ...load, name: 'URL accessors patch', silent: [20], unreported: [20], body: `const evil = here('evil.mjs'); for (const name of ['pathname', 'href']) Object.defineProperty(URL.prototype, name, { get: () => name === 'href' ? 'file://' + evil : evil }); await import('./listed.mjs');` },
  { ...load, name: 'Buffer.allocUnsafe patch', body: `const evil = Buffer.from(PAYLOAD); const { allocUnsafe, allocUnsafeSlow } = Buffer; Buffer.allocUnsafe = Buffer.allocUnsafeSlow = (size) => evil; fs.writeFileSync(here('listed.cjs'), PAYLOAD); require('./listed.cjs');` },
  { ...load, name: 'diagnostics_channel of require', body: `require('diagnostics_channel').subscribe('tracing:module.require:start', (message) => { message.id = './listed.cjs'; }); require('./evil.js');` },
  { ...load, name: 'Module._cache with accessors', body: `const real = Module._cache; Module._cache = new Proxy(real, { get: (target, name) => target[name], set: (target, name, value) => { target[name] = value; return true; } }); require('./evil.js');` },
  { ...load, name: 'Promise patch', body: `Promise.prototype.then = new Proxy(Promise.prototype.then, {}); Promise.resolve = () => ({ then() {} }); require('./evil.js');` },
  { kind: 'vm', name: 'native module by the symbol that a required ES module leaves', since: 22, body: `require('./listed.mjs'); const holder = require.cache[here('listed.mjs')]; const wrap = Object.getOwnPropertySymbols(holder).map((name) => holder[name]).find((value) => typeof value?.getModuleRequests === 'function' || typeof value?.getModuleRequests === 'function' || typeof value?.instantiateSync === 'function'); if (wrap && typeof wrap.constructor === 'function' && wrap.constructor !== Object) ran();`, silent: true, unreported: true },
  { kind: 'vm', name: 'native module by the symbol of a synthetic module', flags: ['--experimental-vm-modules'], body: `const vm = require('vm'); const holder = new vm.SyntheticModule([], () => {}); const wrap = Object.getOwnPropertySymbols(holder).map((name) => holder[name]).find((value) => typeof value?.getModuleRequests === 'function' || typeof value?.getModuleRequests === 'function'); if (wrap && typeof wrap.constructor === 'function' && wrap.constructor !== Object) ran();`, silent: true, unreported: true },
];
