'use strict';
// OpenSSL's engines, which are shared libraries: by the options of TLS, whoever makes the connection.

const addon = { kind: 'addon', needs: 'compiler' };
/** Only a denial counts: the library is no engine, so OpenSSL refuses it once it has run. */
const tried = (code) => `try { ${code} } catch (error) { const told = error.cause ?? error; if (told.code === 'ERR_NODEWARD_DENIED') throw told; }`;
const settled = (code) => tried(`await new Promise((resolve, reject) => { ${code} });`);

module.exports = [
  { ...addon, name: 'tls clientCertEngine', body: tried(`require('tls').createSecureContext({ clientCertEngine: here('evil.node') });`) },
  { ...addon, name: 'tls privateKeyEngine', body: tried(`require('tls').createSecureContext({ privateKeyEngine: here('evil.node'), privateKeyIdentifier: 'x' });`) },
  { ...addon, name: 'the native context of tls', body: tried(`const { context } = require('tls').createSecureContext({ ca: [] }); context.setClientCertEngine(here('evil.node'));`) },
  { ...addon, name: 'the native context by its constructor', body: tried(`const { context } = new (require('tls').SecureContext)(); context.constructor.prototype.setEngineKey.call(context, 'x', here('evil.node'));`) },
  { ...addon, name: 'import node:tls ESM', sealed: { 'outer.mjs': `import { createSecureContext } from 'node:tls'; import { fileURLToPath } from 'node:url'; export const attack = () => createSecureContext({ clientCertEngine: fileURLToPath(new URL('evil.node', import.meta.url)) });` }, body: tried(`(await import('./outer.mjs')).attack();`) },
  { ...addon, name: 'getBuiltinModule https', body: settled(`process.getBuiltinModule('https').get({ host: '127.0.0.1', port: 1, clientCertEngine: here('evil.node') }).on('error', reject);`) },
  { ...addon, name: 'Object.prototype with an engine, and https.get', lines: 'any', body: `Object.prototype.clientCertEngine = here('evil.node'); ${settled(`require('https').get('https://127.0.0.1:1/').on('error', reject);`)}` },
  { ...addon, name: 'Object.prototype with an engine, and http2', lines: 'any', body: `Object.prototype.clientCertEngine = here('evil.node'); ${settled(`require('http2').connect('https://127.0.0.1:1/').on('error', reject);`)}` },
  { ...addon, name: 'Object.prototype with an engine, and fetch()', lines: 'any', body: `Object.prototype.clientCertEngine = here('evil.node'); ${tried(`await fetch('https://127.0.0.1:44399/');`)}` },
  { ...addon, name: 'the dispatcher of fetch() with an engine', lines: 'any', body: `new Headers(); const { constructor: Agent } = globalThis[Symbol.for('undici.globalDispatcher.2')] ?? globalThis[Symbol.for('undici.globalDispatcher.1')]; ${tried(`await fetch('https://127.0.0.1:44399/', { dispatcher: new Agent({ connect: { clientCertEngine: here('evil.node') } }) });`)}` },
  { ...addon, name: 'a proxy of http with an engine', since: 24, lines: 'any', body: `Object.prototype.clientCertEngine = here('evil.node'); const http = require('http'); const agent = new http.Agent({ proxyEnv: { HTTP_PROXY: 'https://127.0.0.1:1/' } }); ${settled(`http.get({ host: 'example.org', agent }).on('error', reject);`)}` },
  { ...addon, name: 'the list of what is loaded, put back', body: `const list = process.moduleLoadList; Object.setPrototypeOf(list, Array.prototype); try { Object.defineProperty(process, 'moduleLoadList', { value: [] }); } catch {} ${tried(`require('tls').createSecureContext({ clientCertEngine: here('evil.node') });`)}` },
];
