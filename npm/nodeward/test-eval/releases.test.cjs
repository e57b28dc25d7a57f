'use strict';
// Releases of one package that are made differently: with its adapter each does what it does plainly, on routes,
// constraints and schemas of each kind; and its adapter permits no text that the package does not make by itself.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { FLAG, PACKAGE, eachVersion, runForJson } = require('./support/nodes.cjs');
const { bindings } = require('../adapters/bindings.cjs');
const { adapterOf } = require('../adapters/list.cjs');

const RELEASES = ['find-my-way@6.3.0', 'find-my-way@7.7.0', 'find-my-way@8.2.2', 'find-my-way@9.0.0', 'find-my-way@9.8.0', 'find-my-way@9.10.1',
  'fast-json-stringify@4.2.0', 'fast-json-stringify@5.16.1', 'bluebird@2.11.0', 'lodash@2.0.0', 'lodash@2.4.2', 'hogan.js@2.0.0', 'squirrelly@8.0.8',
  'loopback-datasource-juggler@3.36.1', 'loopback-datasource-juggler@7.0.3'];
const SKIPPED = 'npm could not install the packages';

const installed = new Map();

/** Installs a release once, in a temporary folder; undefined where npm can't reach its registry. */
function install(release) {
  if (installed.has(release)) return installed.get(release);
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-release-')));
  process.on('exit', () => fs.rmSync(root, { recursive: true, force: true }));
  fs.writeFileSync(path.join(root, 'package.json'), '{"private":true}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1', '--loglevel=error'];
  const npm = spawnSync('npm', [...args, release], { cwd: root, encoding: 'utf8', timeout: 240_000 });
  installed.set(release, npm.status === 0 ? root : undefined);
  return installed.get(release);
}

function use({ node, addon }, release, listing) {
  const program = path.join(__dirname, 'support', 'releases.cjs');
  const name = release.slice(0, release.lastIndexOf('@'));
  const flags = listing === 'plain' ? [] : [FLAG];
  return runForJson(node, [...flags, '--no-deprecation', program, path.join(PACKAGE, 'eval.cjs'), install(release), name, listing, addon ?? '']);
}

/** What a release does that it does not do plainly: it is denied. */
const ONLY_DENIED = { 'loopback-datasource-juggler': ['a model that is named like code', 'a model whose name ends in code'] };
const ATTACKS = ['another text', 'a text after the right one', 'a text within the right one', 'a constraint that is named like code'];

for (const release of RELEASES) {
  const isRouter = release.startsWith('find-my-way');
  const attacks = isRouter ? ATTACKS : ONLY_DENIED[release.slice(0, release.lastIndexOf('@'))] ?? [];
  for (const [layer, needsAddon] of [['native', true], ['javascript', false]]) {
    eachVersion(`with its adapter ${release} does what it does plainly (${layer})`, (setting, context) => {
      if (install(release) === undefined) return context.skip(SKIPPED);
      const { denials: none, ...plain } = use(setting, release, 'plain');
      const { denials, ...seen } = use(setting, release, 'listed');
      for (const attack of attacks) {
        assert.equal(seen[attack], 'denied', attack);
        delete seen[attack];
      }
      if (isRouter) {
        // The first request has the first route, and each of them has one but for five.
        assert.equal(plain.found[0], 'GET / 0 {}');
        assert.equal(plain.found.filter((line) => line.endsWith(' none')).length, 5, plain.found.join('\n'));
      }
      assert.deepEqual(seen, plain);
      assert.deepEqual([none, denials], [0, attacks.length]);
    }, { needsAddon });
  }

  if (!isRouter) continue;
  eachVersion(`unlisted ${release} makes no code`, ({ node }, context) => {
    if (install(release) === undefined) return context.skip(SKIPPED);
    assert.equal(use({ node }, release, 'unlisted').used, 'denied');
  }, { needsAddon: false });
}

/** Whether an adapter permits what a module gives to `Function`. */
function permits(file, ...texts) {
  let permitted = false;
  const cover = adapterOf(`node_modules/find-my-way/${file}`, 'find-my-way@9.10.1');
  const permit = (_source, callback) => {
    permitted = true;
    return callback();
  };
  const bound = bindings(permit, cover, { filename: file, module: {} });
  try {
    bound.Function(...texts);
  } catch (error) {
    if (error.name !== 'SyntaxError') throw error;
  }
  assert.doesNotThrow(() => bound.eval('1'));
  return permitted;
}

test('the adapter of a router permits nothing but comparisons of a path, and constraints by their names', () => {
  const unit = 'path.charCodeAt(i + 1) === 97';
  const prefix = (...texts) => permits('lib/node.js', ...texts);
  assert.equal(prefix('path', 'i', `'use strict'\nreturn ${unit}`), true);
  assert.equal(prefix('path', 'i', `return ${unit} && path.charCodeAt(i + 14) === 65535`), true);
  assert.equal(prefix('path', 'i', 'return '), true);
  for (const body of ['return 1', `return ${unit} || 1`, `return ${unit} &&`, `return ${unit}\n`, `return ${unit};`, `return ${unit} && ${unit} `,
    ` return ${unit}`, `"use strict"\nreturn ${unit}`, 'return path.charCodeAt(i + 1) === a', 'return path.charCodeAt(i + 1) === 9e9', '', `return ${unit}\u2028`]) {
    assert.equal(prefix('path', 'i', body), false, body);
  }
  assert.equal(prefix('path', `return ${unit}`), false);
  assert.equal(prefix('path,i', `return ${unit}`), false);
  assert.equal(prefix('path', 'i = 1', `return ${unit}`), false);
  assert.equal(prefix('i', 'path', `return ${unit}`), false);
  assert.equal(prefix('path', 'i', 'j', `return ${unit}`), false);
  assert.equal(prefix(`return ${unit}`), false);

  const version = "   version: req.headers['accept-version'],";
  const own = '  region: this.strategies.region.deriveConstraint(req, ctx),';
  const derived = (...lines) => permits('lib/constrainer.js', 'req', 'ctx', ['return {', ...lines, '}'].join('\n'));
  assert.equal(derived(version), true);
  assert.equal(derived(version, "   host: req.headers.host || req.headers[':authority'],", own), true);
  assert.equal(permits('lib/constrainer.js', 'req', 'ctx', ["'use strict'", 'return {', own, '}'].join('\n')), true);
  for (const line of ['', '  a: 1,', own.replace('region:', 'a-b:'), own.replace('region:', '[x]:'), own.replace('.region.', '.a.b.'), own.replace('ctx', 'ctx.x()'), `${own} `]) {
    assert.equal(derived(line), false, line);
  }
  assert.equal(permits('lib/constrainer.js', 'path', 'i', `return ${unit}`), false);
});
