'use strict';
// Packages as they are published, under `nodeward run` with all layers: the same answers as plainly, and nothing is
// denied. They are installed once, below `target`; where npm or its registry can't be had, the tests say so and skip.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { it, describe, before, after } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { install } = require('./support/installed.cjs');
const { NODEWARD, folder, write, run } = require('./support/run.cjs');
const { seal, filesBelow } = require('./support/sealer.cjs');

const PACKAGES = ['express@5', 'fastify@5', 'webpack@5', 'eslint@9', 'bcrypt@6', 'sharp@0.34'];

/** Each is given a folder that it may write to. */
const PROGRAMS = {
  express: `const app = require('express')(); app.use(require('express').json()); app.post('/:name', (request, response) => response.json({ name: request.params.name, body: request.body }));
const server = app.listen(0, async () => { const { port } = server.address(); const response = await fetch('http://127.0.0.1:' + port + '/a', { method: 'POST', body: '{"b":1}', headers: { 'content-type': 'application/json' } }); console.log(response.status, await response.text()); server.close(); });`,
  fastify: `const app = require('fastify')(); app.get('/:name', { schema: { querystring: { type: 'object', properties: { n: { type: 'integer' } } }, response: { 200: { type: 'object', properties: { name: { type: 'string' }, n: { type: 'integer' } } } } } }, async (request) => ({ name: request.params.name, n: request.query.n, hidden: 1 }));
app.listen({ port: 0 }).then(async (address) => { console.log(await (await fetch(address + '/a?n=7')).text(), (await fetch(address + '/a?n=x')).status); await app.close(); });`,
  webpack: `const out = process.argv[2]; require('webpack')({ mode: 'production', context: __dirname, entry: './entry.js', output: { path: out, filename: 'bundle.js' }, devtool: false }, (error, stats) => { console.log(error, stats.hasErrors(), stats.toJson().assets.map((asset) => asset.name), require('fs').readFileSync(out + '/bundle.js', 'utf8')); });`,
  eslint: `const { ESLint } = require('eslint'); new ESLint({ overrideConfigFile: true, overrideConfig: { rules: { 'no-var': 'error', 'max-len': ['error', 5] } } }).lintText('var a = 1;').then(([result]) => console.log(result.messages.map((message) => message.ruleId)));`,
  'native add-ons': `const bcrypt = require('bcrypt'), sharp = require('sharp'); const hash = bcrypt.hashSync('secret', '$2b$04$abcdefghijklmnopqrstuu'); console.log(hash, bcrypt.compareSync('secret', hash), bcrypt.compareSync('other', hash));
(async () => { console.log(await bcrypt.compare('secret', await bcrypt.hash('secret', 4))); const png = await sharp({ create: { width: 4, height: 2, channels: 3, background: 'red' } }).resize(2, 2).png().toBuffer(); const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true }); console.log(info, data); })();`,
};
const fileOf = (name) => `${name.replaceAll(' ', '-')}.js`;

/** The modules that make code from strings, which adapters let do that and nothing else. */
const MODULES = [
  'node_modules/ajv/lib/compile/index.js',
  'node_modules/depd/index.js',
  'node_modules/fast-json-stringify/index.js',
  'node_modules/find-my-way/lib/handler-storage.js',
  'node_modules/tapable/lib/HookCodeFactory.js',
  'node_modules/webpack/lib/util/binarySearchBounds.js',
];
const AJV = /node_modules\/(?:@fastify\/ajv-compiler|fast-json-stringify)\/node_modules\/ajv\/dist\/compile\/index\.js$/;

const absent = NODEWARD === undefined ? 'the binary has not been built' : undefined;

/** `nodeward seal`: what these programs load is traced, and nothing is listed by hand but what webpack bundles. */
function sealed(root, modules) {
  const text = (values) => JSON.stringify(values);
  write(root, {
    'nodeward.toml': `[seal]
entries = ${text(Object.keys(PROGRAMS).map(fileOf))}
include = ["entry.js", "other.js"]
natives = ["bcrypt", "sharp", "@img/sharp-linux-x64"]
[seal.eval]
modules = ${text(modules)}
`,
  });
  const made = spawnSync(NODEWARD, ['--quiet', 'seal'], { cwd: root, encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
}

describe('packages', () => {
  let root;
  let reason = absent;
  let out;

  before(() => {
    if (reason !== undefined) return;
    ({ root, reason } = install('packages', PACKAGES, {}));
    if (reason !== undefined) return;
    out = folder('packages');
    write(root, { 'entry.js': `import './other.js'; console.log('entry');`, 'other.js': `export const other = () => 1;` });
    for (const [name, text] of Object.entries(PROGRAMS)) write(root, { [fileOf(name)]: text });
    const isFastifys = (file) => AJV.test(file);
    sealed(root, [...MODULES, ...filesBelow(root, isFastifys)].sort());
  });

  after(() => {
    if (out !== undefined) fs.rmSync(out, { recursive: true, force: true });
  });

  for (const { line, binary } of nodes.found) {
    for (const name of Object.keys(PROGRAMS)) {
      it(`${name} on Node.js ${line}`, async (context) => {
        if (reason !== undefined) return context.skip(reason);
        const given = { binary, root, args: [fileOf(name), out], options: ['--write', out] };
        const plain = await run({ ...given, mode: 'plain' });
        assert.equal(plain.code, 0, plain.stderr);
        assert.notEqual(plain.stdout, '');
        const full = await run({ ...given, mode: 'full' });
        assert.deepEqual([full.stdout, full.code, full.denials], [plain.stdout, 0, []], full.stderr);
      });
    }
  }

  it('what makes code from strings without a permission is denied', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    sealed(root, MODULES.filter((file) => !file.includes('find-my-way')));
    const { binary } = nodes.found[0];
    const full = await run({ binary, root, mode: 'full', args: ['fastify.js', out] });
    assert.equal(full.stdout, '');
    assert.deepEqual(full.denials.map(({ kind }) => kind), ['eval']);
    assert.match(full.denials[0].stack.join(), /find-my-way\/lib\/handler-storage/);
  });
});

/** What is sealed is not written to: pages that are made anew are kept in memory. */
const NEXT = {
  'next.config.js': `module.exports = { output: 'standalone', outputFileTracingRoot: __dirname, eslint: { ignoreDuringBuilds: true }, typescript: { ignoreBuildErrors: true }, webpack: (config) => { config.optimization.minimize = false; return config; }, experimental: { isrFlushToDisk: false } };`,
  'app/layout.js': `export default function Layout({ children }) { return <html><body>{children}</body></html>; }`,
  'app/page.js': `export default function Page() { return <h1>first page</h1>; }`,
  'app/item/page.js': `export const dynamic = 'force-dynamic';\nexport default async function Item({ searchParams }) { const { n } = await searchParams; return <p>item {n}</p>; }`,
  'app/echo/route.js': `export async function POST(request) { return Response.json({ got: await request.json() }, { status: 201 }); }`,
};
const ASKED = [['/'], ['/item?n=3'], ['/none'], ['/echo', { method: 'POST', body: '{"a":1}' }]];

describe('next', () => {
  let root;
  let reason = absent;

  before(() => {
    if (reason !== undefined) return;
    const installed = install('next', ['next@15', 'react@19', 'react-dom@19'], NEXT, ['node_modules/next/dist/bin/next', 'build']);
    ({ reason } = installed);
    if (reason !== undefined) return;
    root = path.join(installed.root, '.next/standalone');
    // Next.js has traced what it needs; it is all listed, as tracing it once more takes long in a build for tests.
    const modules = ['node_modules/next/dist/compiled/send/index.js'];
    const files = filesBelow(root, (file) => file !== 'server.js' && !file.startsWith('.next/cache/'));
    seal(root, ['server.js', ...files], { eval: { mode: 'strict', modules } });
  });

  for (const { line, binary } of nodes.found) {
    it(`the standalone server on Node.js ${line}, until SIGTERM`, async (context) => {
      if (reason !== undefined) return context.skip(reason);
      const plain = await served(binary, root, 'plain');
      assert.deepEqual(plain.answers.map(([status]) => status), [200, 200, 404, 201]);
      assert.match(plain.answers[1][1], /item .*3</);
      assert.deepEqual(await served(binary, root, 'full'), plain);
    });
  }
});

/** What a server answers, and how it ends when it is asked to. */
async function served(binary, root, mode) {
  const port = await freePort();
  let answers;
  const during = (child) => {
    asked(port, child).then((seen) => { answers = seen; }, () => {}).finally(() => child.kill('SIGTERM'));
  };
  const env = { PORT: String(port), HOSTNAME: '127.0.0.1' };
  const { code, signal, denials, stderr } = await run({ binary, root, mode, env, during, args: ['server.js'] });
  return { answers, code, signal, denials, stderr };
}

async function asked(port, child) {
  const address = `http://127.0.0.1:${port}`;
  while (child.exitCode === null) {
    if (await fetch(address).catch(() => undefined)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const answers = [];
  for (const [place, options] of ASKED) {
    const response = await fetch(address + place, { ...options, headers: { connection: 'close', ...options?.headers } });
    answers.push([response.status, await response.text()]);
  }
  return answers;
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
