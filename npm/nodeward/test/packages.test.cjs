'use strict';
// Packages as they are published, guarded: the same answers as plainly. They are installed into a temporary folder,
// which needs npm and its registry; where those can't be had, the tests say so and skip.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { it, describe, before, after } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { folder, write, run } = require('./support/run.cjs');
const { seal, filesBelow } = require('./support/sealer.cjs');

const PACKAGES = ['express@5', 'fastify@5', 'webpack@5', 'eslint@9'];

/** fastify, webpack and eslint make functions from strings; that is for bounded eval, and not looked at here. */
const PROGRAMS = {
  express: `const app = require('express')(); app.use(require('express').json()); app.post('/:name', (request, response) => response.json({ name: request.params.name, body: request.body }));
const server = app.listen(0, async () => { const { port } = server.address(); const response = await fetch('http://127.0.0.1:' + port + '/a', { method: 'POST', body: '{"b":1}', headers: { 'content-type': 'application/json' } }); console.log(response.status, await response.text()); server.close(); });`,
  fastify: `const app = require('fastify')(); app.get('/:name', { schema: { response: { 200: { type: 'object', properties: { name: { type: 'string' } } } } } }, async (request) => ({ name: request.params.name, hidden: 1 }));
app.listen({ port: 0 }).then(async (address) => { console.log(await (await fetch(address + '/a')).text()); await app.close(); });`,
  webpack: `require('webpack')({ mode: 'production', context: __dirname, entry: './entry.js', output: { path: __dirname + '/out', filename: 'bundle.js' }, devtool: false }, (error, stats) => { console.log(error, stats.hasErrors(), stats.toJson().assets.map((asset) => asset.name)); });`,
  eslint: `const { ESLint } = require('eslint'); new ESLint({ overrideConfigFile: true, overrideConfig: { rules: { 'no-var': 'error' } } }).lintText('var a = 1;').then(([result]) => console.log(result.messages.map((message) => message.ruleId)));`,
};

let root;
let reason;

before(() => {
  root = folder('packages');
  write(root, { 'package.json': '{"private":true}', 'entry.js': `import './other.js'; console.log('entry');`, 'other.js': `export const other = () => 1;` });
  for (const [name, text] of Object.entries(PROGRAMS)) write(root, { [`${name}.js`]: text });
  const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-save', '--fetch-retries=1', ...PACKAGES], { cwd: root, encoding: 'utf8', timeout: 300_000 });
  if (npm.status !== 0) reason = `npm could not install them: ${(npm.stderr ?? String(npm.error)).split('\n')[0]}`;
  else seal(root, ['express.js', ...filesBelow(root, (file) => /\.(c?js|mjs|json)$/.test(file) && file !== 'express.js')], { eval: { mode: 'permissive' } });
});

after(() => fs.rmSync(root, { recursive: true, force: true }));

for (const { line, binary } of nodes.found) {
  describe(`packages on Node.js ${line}`, () => {
    for (const name of Object.keys(PROGRAMS)) {
      it(name, async (context) => {
        if (reason !== undefined) return context.skip(reason);
        const plain = await run({ binary, mode: 'plain', root, args: [`${name}.js`] });
        assert.equal(plain.code, 0, plain.stderr);
        assert.notEqual(plain.stdout, '');
        const guarded = await run({ binary, mode: 'enforce', root, args: [`${name}.js`] });
        assert.deepEqual([guarded.stdout, guarded.code, guarded.denials], [plain.stdout, 0, []], guarded.stderr);
      });
    }
  });
}
