'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { PACKAGE, eachVersion, flagsFor, runForJson } = require('./support/nodes.cjs');
const { adapterOf, covered, packages } = require('../adapters/list.cjs');

const SETS = {
  new: ['pug@3.0.4', 'ejs@3.1.10', 'lodash@4.17.21', 'lodash.template@4.5.0', 'handlebars@4.7.8', 'ajv@8.17.1', 'dot@1.1.3', 'mathjs@13.2.0', 'depd@2.0.0', 'find-my-way@9.10.1', 'fast-json-stringify@7.3.6', 'tapable@2.3.4'],
  old: ['pug@2.0.4', 'ejs@2.7.4', 'lodash@3.10.1', 'handlebars@4.0.14', 'ajv@6.12.6', 'dot@1.1.3', 'mathjs@3.20.2', 'depd@1.1.2', 'fast-json-stringify@6.0.1', 'tapable@2.0.0', 'underscore@1.8.3'],
};

/** What each engine renders. */
const RENDERED = {
  pug: '<p class="x">2</p>',
  'pug inline': '<p>2</p>',
  ejs: '&lt;!',
  'ejs async': '1!',
  lodash: '1!',
  'lodash/template': '1!',
  'lodash/fp': '1!',
  'lodash/string/template': '1!',
  'lodash.template': '1!',
  handlebars: '&lt;!',
  'handlebars in one file': '&lt;!',
  doT: '&#60;!',
  ajv: [true, false],
  'ajv JTD': [{ a: 1 }, '{"a":1}'],
  mathjs: 6,
  depd: 3,
  'find-my-way': 'a',
  'fast-json-stringify': '{"a":1}',
  tapable: 2,
  underscore: '1!',
};

const installed = {};

/** Installs a set once, in a temporary folder; undefined where npm can't reach its registry. */
function install(set) {
  if (set in installed) return installed[set];
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), `nodeward-${set}-`)));
  process.on('exit', () => fs.rmSync(root, { recursive: true, force: true }));
  fs.writeFileSync(path.join(root, 'package.json'), '{"private":true}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1', '--loglevel=error'];
  const npm = spawnSync('npm', [...args, ...SETS[set]], { cwd: root, encoding: 'utf8', timeout: 240_000 });
  installed[set] = npm.status === 0 ? root : undefined;
  return installed[set];
}

function render({ node, addon }, set, listing) {
  const root = install(set);
  if (root === undefined) return undefined;
  const program = path.join(__dirname, 'support', 'templates.cjs');
  return runForJson(node, [...flagsFor(addon), '--no-deprecation', program, path.join(PACKAGE, 'eval.cjs'), root, set, listing, addon ?? '']);
}

const DENIED = { eval: 'denied', 'new Function': 'denied', 'constructor of a function': 'denied' };
const SKIPPED = 'npm could not install the packages';

for (const set of Object.keys(SETS)) {
  for (const [layer, needsAddon] of [['native', true], ['javascript', false]]) {
    eachVersion(`with its adapter each ${set} engine renders, and nothing else makes code (${layer})`, (setting, context) => {
      const seen = render(setting, set, 'listed');
      if (seen === undefined) return context.skip(SKIPPED);
      assert.equal(seen.layer, layer);
      assert.deepEqual(seen.results, Object.fromEntries(Object.keys(seen.results).map((name) => [name, RENDERED[name]])));
      assert.deepEqual(seen.elsewhere, DENIED);
      assert.equal(seen.imported, '<b>1</b>');
      assert.equal(seen.denials, Object.keys(DENIED).length);
      assert.deepEqual(seen.leaked, []);
    }, { needsAddon });
  }

  for (const listing of set === 'new' ? ['unlisted', 'changed', 'foreign'] : ['unlisted']) {
    eachVersion(`no adapter applies to ${set} files that are ${listing}`, (setting, context) => {
      const seen = render(setting, set, listing);
      if (seen === undefined) return context.skip(SKIPPED);
      assert.deepEqual(Object.entries(seen.results).filter(([, result]) => result !== 'denied'), []);
      assert.deepEqual(seen.elsewhere, DENIED);
      assert.equal(seen.imported, 'denied');
    });
  }
}

test('an adapter is found by package, release and file', () => {
  const found = (file, release) => adapterOf(file, release)?.adapter;
  assert.equal(found('node_modules/pug/lib/index.js', 'pug@3.0.2'), 'pug');
  assert.equal(found('node_modules/.pnpm/pug@3.0.2/node_modules/pug/lib/index.js', 'pug@3.0.2'), 'pug');
  assert.equal(found('packages/a/node_modules/pug/lib/index.js', 'pug@2.0.0'), 'pug');
  assert.equal(found('node_modules/pug/lib/index.js', 'pug@4.0.0'), undefined);
  assert.equal(found('node_modules/pug/lib/index.js', 'pug@1.11.0'), undefined);
  assert.equal(found('node_modules/pug/lib/index.js', 'pug'), undefined);
  assert.equal(found('node_modules/pug/lib/index.js', 'pug@3.0'), undefined);
  assert.equal(found('node_modules/pug/lib/index.js', undefined), undefined);
  assert.equal(found('node_modules/pug/lib/other.js', 'pug@3.0.2'), undefined);
  assert.equal(found('node_modules/evil/node_modules/pug/lib/index.js', 'evil@3.0.2'), undefined);
  assert.equal(found('node_modules/evil/lib/index.js', 'pug@3.0.2'), undefined);
  assert.equal(found('lib/index.js', 'pug@3.0.2'), undefined);
  assert.equal(found('node_modules/dot/doT.js', 'dot@2.0.0-beta.1'), 'doT');
});

test('every adapter is found by each package that it covers', () => {
  assert.deepEqual([...new Set(covered().map((cover) => cover.package))].sort(), packages().sort());
  const names = new Set(covered().map((cover) => cover.adapter));
  assert.deepEqual([...names].sort(), ['ajv', 'depd', 'doT', 'ejs', 'elysia', 'fastify', 'generators', 'handlebars', 'import', 'lodash.template', 'mathjs', 'next', 'pug', 'views', 'vue', 'webpack']);
  for (const { range, files } of covered()) {
    assert.match(range, /^>=\d+\.\d+\.\d+ <\d+\.\d+\.\d+$/);
    assert.ok(files.length > 0);
  }
});
