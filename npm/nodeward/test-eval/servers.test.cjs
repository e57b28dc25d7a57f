'use strict';
// Packages of servers that make code from strings, as they are published, under the preload and with their adapters:
// the same answers as plainly, and nothing reported. Without being listed they are denied.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { FLAG, PACKAGE, eachVersion, run } = require('./support/nodes.cjs');
const { adapterOf } = require('../adapters/list.cjs');

const PACKAGES = ['pino@9.6.0', 'pino-pretty@13.0.0', 'mysql2@3.14.1', 'protobufjs@7.4.0', '@protobufjs/inquire@1.1.0', '@grpc/proto-loader@0.7.15', 'morgan@1.10.0',
  'bluebird@3.7.2', 'zod@4.0.5', 'avsc@5.7.9', 'nunjucks@3.2.4', 'eta@4.6.0', 'hogan.js@3.0.2', 'underscore@1.13.7', 'typeorm@0.3.24', 'reflect-metadata@0.2.2', '@sinclair/typebox@0.34.38', 'fastest-validator@1.19.0',
  'squirrelly@9.1.1', 'vue@3.5.45', 'elysia@1.4.30', '@bull-board/api@9.10.2', '@bull-board/ui@9.10.2',
  'fastify@5.12.8', 'fastify4@npm:fastify@4.29.1'];

const FASTIFY = (name) => `const app = require('${name}')(); const wanted = { type: 'object', properties: { id: { type: 'integer' } } };
    const route = (url, more) => app.route({ method: ['GET', 'POST'], url, handler: async (request) => ({ id: 1, url, params: request.params }), ...more });
    for (const url of ['/', '/api', '/apple', '/user/:id/files', '/user/:id', '/static/*', '/at/:hour(^\\\\d+)h']) route(url);
    route('/schema/:id', { schema: { params: wanted, response: { 200: wanted } } }); route('/', { constraints: { version: '1.2.0' } }); route('/', { constraints: { host: 'a.example' } });
    app.options('*', async () => 'any'); (async () => { for (const [method, url, headers] of [['GET', '/'], ['GET', '/api'], ['POST', '/apple'], ['GET', '/user/1'], ['GET', '/user/1/files'], ['GET', '/static/a/b'],
      ['POST', '/static/c'], ['GET', '/at/12h'], ['GET', '/schema/7'], ['GET', '/schema/x'], ['GET', '/', { 'accept-version': '1.x' }], ['GET', '/', { host: 'a.example' }], ['OPTIONS', '/x'], ['GET', '/none']])
        console.log(method, url, (await app.inject({ method, url, headers })).body); })();`;

const PROGRAMS = {
  'pino, a transport': `const pino = require('pino'); const stream = pino.transport({ target: 'pino/file', options: { destination: 1 } });
    pino({ base: null, timestamp: false }, stream).info('to a thread'); stream.end();`,
  'pino, a pretty transport': `const pino = require('pino'); const stream = pino.transport({ target: 'pino-pretty', options: { destination: 1, colorize: false } });
    pino({ base: null, timestamp: false }, stream).info('pretty'); stream.end();`,
  'pino, a transport of the program as an ES module': `const pino = require('pino'); const stream = pino.transport({ target: __dirname + '/transport.mjs' });
    pino({ base: null, timestamp: false }, stream).info('mine'); stream.end();`,
  'mysql2, rows as text and as binary': `const mysql = require('mysql2'); const server = mysql.createServer(); const column = { catalog: 'd', schema: 's', table: 't', orgTable: 't', name: 'a', orgName: 'a', characterSet: 33, columnLength: 10, columnType: 3, flags: 0, decimals: 0 };
    server.on('connection', (peer) => { peer.serverHandshake({ protocolVersion: 10, serverVersion: '8.0.0', connectionId: 1, statusFlags: 2, characterSet: 8, capabilityFlags: 0xffffff });
      peer.on('query', () => { peer.writeColumns([column]); peer.writeTextRow([7]); peer.writeEof(); }); });
    server.listen(0); server._server.on('listening', () => { const client = mysql.createConnection({ host: '127.0.0.1', port: server._server.address().port });
      client.query('select 7 as a', (error, rows) => { console.log(error, JSON.stringify(rows)); process.exit(); }); });`,
  'protobufjs': `const { parse } = require('protobufjs'); const { root, } = parse('syntax="proto3"; message A { string b=1; int64 c=2; bytes d=3; }'); const A = root.lookupType('A');
    const bytes = A.encode({ b: 'x', c: 5, d: Buffer.from('q') }).finish(); console.log(bytes.constructor.name, JSON.stringify(A.toObject(A.decode(bytes), { longs: String })), A.verify({ b: 1 }));`,
  '@grpc/proto-loader': `console.log(Object.keys(require('@grpc/proto-loader').loadSync(__dirname + '/a.proto')));`,
  'morgan': `const stream = { write: (text) => console.log(text.trim()) }; const { createServer } = require('http'); const log = require('morgan')(':method :url :status', { stream });
    const server = createServer((request, response) => log(request, response, () => response.end())); server.listen(0, async () => { await (await fetch('http://127.0.0.1:' + server.address().port + '/a')).text(); server.closeAllConnections(); server.close(); });`,
  'bluebird': `const Bluebird = require('bluebird'); (async () => console.log(await Bluebird.promisify((a, done) => done(null, a + 1))(1), await Bluebird.join(1, 2, (a, b) => a + b), await Bluebird.resolve({ x: () => 4 }).call('x'), await Bluebird.resolve({ y: 5 }).get('y')))();`,
  'zod': `const { z } = require('zod'); console.log(z.object({ a: z.string(), b: z.number() }).safeParse({ a: 'x', b: 1 }).success);`,
  'avsc': `const type = require('avsc').Type.forSchema({ type: 'record', name: 'A', fields: [{ name: 'a', type: 'int' }, { name: 'b', type: ['null', 'string'] }] }); console.log(JSON.stringify(type.fromBuffer(type.toBuffer({ a: 1, b: 'x' }))));`,
  'nunjucks': `console.log(require('nunjucks').renderString('{{ a | upper }}', { a: 'x' }));`,
  'eta': `const { Eta } = require('eta'); console.log(new Eta().renderString('<%= it.a %>', { a: 1 }));`,
  '@sinclair/typebox': `const { Type } = require('@sinclair/typebox'); console.log(require('@sinclair/typebox/compiler').TypeCompiler.Compile(Type.Object({ a: Type.String() })).Check({ a: 'x' }));`,
  'fastest-validator': `const Validator = require('fastest-validator'); console.log(new Validator().compile({ a: 'string' })({ a: 'x' }), JSON.stringify(new Validator().compile({ a: 'number' })({ a: 'x' }).length)); new Validator().compile({ $$async: true, a: 'string' })({ a: 'x' }).then(console.log);`,
  'hogan.js': `console.log(require('hogan.js').compile('{{a}}').render({ a: 1 }));`,
  'underscore': `console.log(require('underscore').template('<%= a %>')({ a: 1 }));`,
  'hogan.js, the file for pages': `console.log(require('hogan.js/dist/hogan-3.0.2.js').compile('{{a}}{{#b}}<{{.}}>{{/b}}').render({ a: 1, b: [1, 2] }), require('hogan.js/dist/hogan-3.0.2.min.js').compile('{{a}}').render({ a: 2 }));`,
  'squirrelly': `const S = require('squirrelly'); S.filters.define('up', (text) => text.toUpperCase()); console.log(S.render('{{it.a}}{{@if(it.b)}}yes{{/if}}{{it.a | up}}', { a: 'x<', b: 1 }));
    const config = S.getConfig({ async: true }); S.compile('{{it.a}}', config)({ a: 1 }, config).then(console.log);`,
  'vue, templates for the server and for pages': `const { compile, createSSRApp } = require('vue'); const many = Array.from({ length: 25 }, (_, at) => '<i :title="1 + ' + at + '">x</i>').join('');
    require('vue/server-renderer').renderToString(createSSRApp({ data: () => ({ a: 1, list: [1, 2] }), template: '<p v-if="a">{{ a + 1 }}<b v-for="x in list" :key="x">{{ x }}</b></p><div>' + many + '</div>' })).then(console.log);
    console.log(typeof compile('<div>' + many + '</div>'), compile('<p>{{ a }}</p>').length);`,
  'elysia': `const { Elysia, t } = require('elysia'); const app = new Elysia().onBeforeHandle(() => {}).onError(({ code }) => code).get('/', () => 'hi')
    .get('/user/:id', ({ params }) => ({ id: params.id + 1 }), { params: t.Object({ id: t.Number() }), response: t.Object({ id: t.Number() }) }).post('/body', ({ body }) => body, { body: t.Object({ a: t.String() }) });
    (async () => { for (const [url, options] of [['/'], ['/user/3'], ['/user/x'], ['/none'], ['/body', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":"x","b":1}' }]])
      console.log(url, await (await app.handle(new Request('http://localhost' + url, options))).text()); })();`,
  '@bull-board/api': `const { createBullBoard } = require('@bull-board/api'); const server = new Proxy({}, { get: (_, name) => (...given) => { if (name === 'setStaticPath') console.log(given[1].split('node_modules').pop()); return server; } }); createBullBoard({ queues: [], serverAdapter: server });`,
  'fastify 5': FASTIFY('fastify'),
  'fastify 4': FASTIFY('fastify4'),
  'typeorm, entities by their files': `new (require('typeorm').DataSource)({ type: 'mysql', driver: require('mysql2'), host: '127.0.0.1', port: 1, entities: [__dirname + '/entity.mjs'] }).initialize().catch((error) => console.log(error.code));`,
};
const FILES = {
  'package.json': '{"private":true}',
  'transport.mjs': `import { Writable } from 'node:stream'; import { writeSync } from 'node:fs'; export default () => new Writable({ write(chunk, _encoding, done) { writeSync(1, chunk); done(); } });`,
  'a.proto': 'syntax="proto3"; message A { string b=1; } service S { rpc F(A) returns (A); }',
  'entity.mjs': `console.log('entity');`,
};

let prepared;

/** The folder with all of it installed, once, and its sources; undefined where npm can't reach its registry. */
function prepare() {
  if (prepared !== undefined) return prepared.root === undefined ? undefined : prepared;
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-servers-')));
  process.on('exit', () => fs.rmSync(root, { recursive: true, force: true }));
  const names = Object.keys(PROGRAMS);
  for (const [name, text] of Object.entries(FILES)) fs.writeFileSync(path.join(root, name), text);
  names.forEach((name, at) => fs.writeFileSync(path.join(root, `program${at}.js`), PROGRAMS[name]));
  const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--legacy-peer-deps', '--fetch-retries=1', '--loglevel=error', ...PACKAGES], { cwd: root, encoding: 'utf8', timeout: 240_000 });
  if (npm.status !== 0) {
    prepared = {};
    return undefined;
  }
  const kinds = { '.js': 'cjs', '.cjs': 'cjs', '.mjs': 'esm', '.json': 'json' };
  const files = fs.readdirSync(root, { recursive: true }).map((file) => file.split(path.sep).join('/'));
  const sources = files.filter((file) => path.extname(file) in kinds && fs.statSync(path.join(root, file)).isFile()).sort().map((file) => {
    const sha256 = crypto.createHash('sha256').update(fs.readFileSync(path.join(root, file))).digest('hex');
    return { path: file, kind: isEsm(root, file) ? 'esm' : kinds[path.extname(file)], sha256, package: releaseOf(root, file) };
  });
  const modules = sources.filter((source) => adapterOf(source.path, source.package) !== undefined).map((source) => source.path);
  prepared = { root, names, sources, modules };
  return prepared;
}

/** Whether a `.js` file is an ES module by what the nearest package.json says. */
function isEsm(root, file) {
  if (path.extname(file) !== '.js') return false;
  let folder = path.dirname(path.join(root, file));
  while (!fs.existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
}

/** `name@version` of the package that a file belongs to. */
function releaseOf(root, file) {
  const found = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file);
  if (found === null || !fs.existsSync(path.join(root, found[1], 'package.json'))) return undefined;
  const { name, version } = JSON.parse(fs.readFileSync(path.join(root, found[1], 'package.json'), 'utf8'));
  return `${name}@${version}`;
}

function start(node, at, modules, addon) {
  const { root, sources } = prepared;
  const file = path.join(root, `program${at}.js`);
  if (modules === undefined) return { ...run(node, [file], { cwd: root }), lines: [] };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-server-'));
  const report = path.join(folder, 'report.jsonl');
  // In the same folder, as that is what its paths are below; named by what it lists.
  const seal = path.join(root, `${modules.length}.seal.json`);
  if (!fs.existsSync(seal)) fs.writeFileSync(seal, JSON.stringify({ schema: 'nodeward.seal/1', entries: [], sources, manifests: [], eval: { mode: 'strict', modules } }));
  const hash = addon && crypto.createHash('sha256').update(fs.readFileSync(addon)).digest('hex');
  const env = { NODEWARD_SEAL: seal, NODEWARD_LAYERS: 'launcher', NODEWARD_REPORT: report, NODE_NO_WARNINGS: '1', ...(addon && { NODEWARD_ADDON: addon, NODEWARD_ADDON_SHA256: hash }) };
  const ran = run(node, ['--require', path.join(PACKAGE, 'runtime', 'preload.cjs'), FLAG, file], { cwd: root, env });
  // `long`, which many load, tries WebAssembly that only its text has as numbers, and goes on without.
  const told = fs.existsSync(report) ? fs.readFileSync(report, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)) : [];
  const lines = told.filter(({ kind, stack }) => kind !== 'wasm' || !stack.some((frame) => /[\\/]long[\\/]/.test(frame)));
  fs.rmSync(folder, { recursive: true });
  return { ...ran, lines };
}

const SKIPPED = 'npm could not install the packages';

test('the packages have the files that the adapters cover', { timeout: 300_000 }, (context) => {
  const found = prepare();
  if (found === undefined) return context.skip(SKIPPED);
  const packages = new Set(found.modules.map((file) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)[1]));
  const wanted = ['@protobufjs/codegen', '@protobufjs/inquire', '@sinclair/typebox', '@bull-board/api', '@vue/compiler-dom', '@vue/server-renderer', 'avsc', 'bluebird', 'depd', 'elysia', 'eta', 'exact-mirror', 'fast-json-stringify', 'fastest-validator', 'find-my-way',
    'generate-function', 'hogan.js', 'morgan', 'nunjucks', 'real-require', 'squirrelly', 'typeorm', 'underscore', 'vue', 'zod'];
  assert.deepEqual(wanted.filter((name) => !packages.has(name)), []);
});

Object.keys(PROGRAMS).forEach((name, at) => {
  for (const needsAddon of [true, false]) {
    eachVersion(`with adapters it does what it does plainly: ${name} (${needsAddon ? 'native' : 'javascript'})`, ({ node, addon }, context) => {
      const found = prepare();
      if (found === undefined) return context.skip(SKIPPED);
      const plain = start(node, at);
      assert.notEqual(plain.stdout, '', plain.stderr);
      const guarded = start(node, at, found.modules, needsAddon ? addon : undefined);
      assert.deepEqual([guarded.stdout, guarded.status, guarded.lines], [plain.stdout, plain.status, []], guarded.stderr);
    }, { needsAddon });
  }
});

eachVersion('unlisted they make no code', ({ node }, context) => {
  const found = prepare();
  if (found === undefined) return context.skip(SKIPPED);
  for (const at of [0, 3, 6].filter((index) => index < found.names.length)) {
    const { lines, stdout } = start(node, at, []);
    assert.ok(lines.some(({ kind }) => kind === 'eval'), `${found.names[at]} ${stdout}`);
  }
}, { needsAddon: false });
