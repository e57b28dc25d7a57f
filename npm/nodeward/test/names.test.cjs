'use strict';
// What a name leads to: with the seal's help the same as without, but for files that were added since.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { folder, write, run } = require('./support/run.cjs');
const { filesBelow, seal } = require('./support/sealer.cjs');

const say = (text) => `console.log(${JSON.stringify(text)});`;
const FILES = {
  'lib/a.js': say('a.js'),
  'lib/a/index.js': say('a/index.js'),
  'lib/b.json': '"b.json"',
  'lib/b/index.js': say('b/index.js'),
  'lib/c': say('c'),
  'lib/e.js': say('e.js'),
  'lib/c.js': say('c.js'),
  'lib/d/index.js': say('d/index.js'),
  'lib/.hidden.js': say('.hidden.js'),
  'lib/deep/up.js': `require('../a'); require('./../a/'); require('../deep/../d');`,
  'node_modules/one/package.json': '{"name":"one","version":"1.0.0","main":"lib"}',
  'node_modules/one/lib/index.js': `${say('one')} exports.two = () => require('two'); exports.self = () => require('one');`,
  'node_modules/one/lib/far/more.js': `${say('one/more')} require('two'); require('two/part'); require('events'); require('@s/three');`,
  'node_modules/one/node_modules/two/package.json': '{"name":"two","version":"2.0.0","exports":{".":"./own.js","./part":"./part.js"}}',
  'node_modules/one/node_modules/two/own.js': say('two of one'),
  'node_modules/one/node_modules/two/part.js': say('part of two of one'),
  'node_modules/two/package.json': '{"name":"two","version":"1.0.0"}',
  'node_modules/two/index.js': `${say('two')} require('one').self();`,
  'node_modules/events/package.json': '{"name":"events","version":"1.0.0"}',
  'node_modules/events/index.js': say('not the one of Node.js'),
  'node_modules/@s/three/package.json': '{"name":"@s/three","version":"1.0.0","exports":{"special":"./special.js","default":"./usual.js"}}',
  'node_modules/@s/three/special.js': say('three, special'),
  'node_modules/@s/three/usual.js': say('three'),
  'app.cjs': `for (const name of ['./lib/a', './lib/a.js', './lib/a/', './lib/b', './lib/c', './lib/d', './lib/e', './lib/.hidden', './lib//a', './lib/deep/up', 'one', 'one/lib/far/more', 'two', './lib/none', '.', './', '..']) {
    try { const given = require(name); if (typeof given === 'string') console.log(given); given.two?.(); } catch (error) { console.log(name, error.code); }
    try { console.log(require.resolve(name).replace(__dirname, '')); } catch (error) { console.log(name, error.code); }
  }`,
};
const MAINS = {
  'node_modules/one/package.json': 'node_modules/one/lib/index.js',
  'node_modules/one/node_modules/two/package.json': 'node_modules/one/node_modules/two/own.js',
  'node_modules/two/package.json': 'node_modules/two/index.js',
  'node_modules/events/package.json': 'node_modules/events/index.js',
  'node_modules/@s/three/package.json': 'node_modules/@s/three/usual.js',
};

const isManifest = (name) => name.endsWith('package.json');

/** Seals a program, with the main files of its packages. */
function sealAll(root) {
  const all = filesBelow(root);
  seal(root, all.filter(isManifest));
  const file = path.join(root, 'nodeward.seal.json');
  const read = () => JSON.parse(fs.readFileSync(file, 'utf8'));
  const manifests = read().sources.map(({ path: name, sha256, size }) => ({ path: name, sha256, size, main: MAINS[name] }));
  seal(root, ['app.cjs', ...all.filter((name) => name !== 'app.cjs' && !isManifest(name))]);
  const document = read();
  // What has no ending is a program here.
  const sources = document.sources.map((source) => ({ ...source, kind: source.kind === 'text' ? 'cjs' : source.kind }));
  fs.writeFileSync(file, JSON.stringify({ ...document, sources, manifests }));
}

async function within(callback, more = {}) {
  const root = folder('names');
  try {
    write(root, { ...FILES, ...more });
    sealAll(root);
    await callback(root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

for (const { line, binary } of nodes.found) {
  describe(`names on Node.js ${line}`, { concurrency: 2 }, () => {
    const start = (root, mode, more) => run({ binary, mode, root, args: ['app.cjs'], ...more });

    for (const [what, more] of [['as they are', {}], ['with a condition', { env: { NODE_OPTIONS: '--conditions=special' } }]]) {
      it(`lead where they lead without the guard, ${what}`, () => within(async (root) => {
        const plain = await start(root, 'plain', more);
        assert.equal(plain.code, 0, plain.stderr);
        const guarded = await start(root, 'enforce', more);
        assert.equal(guarded.stdout, plain.stdout, guarded.stderr);
        assert.deepEqual(guarded.denials, []);
        assert.match(plain.stdout, more.env ? /three, special/ : /three\n/);
      }));
    }

    it('lead to what was sealed, whatever was added', () => within(async (root) => {
      const before = await start(root, 'enforce');
      const evil = `console.log('PAYLOAD RAN');`;
      write(root, {
        'lib/b.js': evil, 'lib/e': evil, 'node_modules/one/lib/node_modules/two/index.js': evil,
        'node_modules/one/lib/far/node_modules/two/package.json': '{"main":"../evil.js"}', 'node_modules/one/lib/far/node_modules/evil.js': evil,
      });
      const after = await start(root, 'enforce');
      assert.equal(after.stdout, before.stdout, after.stderr);
      assert.deepEqual(after.denials, []);
    }));

    it('lead where a program that finds files by itself says', () => within(async (root) => {
      const result = await start(root, 'enforce');
      assert.equal(result.stdout, 'c\n', result.stderr);
    }, { 'app.cjs': `const Module = require('module'); const { _findPath } = Module;
        Module._findPath = function (name, ...more) { return name === './lib/a' ? require('path').join(__dirname, 'lib/c') : _findPath.call(this, name, ...more); }; require('./lib/a');` }));

    it('lead where the folders of a module say', () => within(async (root) => {
      const result = await start(root, 'enforce');
      assert.equal(result.stdout, 'one\nanother two\n', result.stderr);
    }, {
      'app.cjs': `const one = require('one'); const { children: [{ paths }] } = module; paths.unshift(require('path').join(__dirname, 'others'));
        one.two();`,
      'others/two.js': say('another two'),
    }));

    it('lead where hooks say', { skip: line < 22 ? 'has no such hooks' : false }, () => within(async (root) => {
      const result = await start(root, 'enforce');
      assert.equal(result.stdout, 'c\n', result.stderr);
    }, { 'app.cjs': `require('module').registerHooks({ resolve: (name, context, next) => next(name === './lib/a' ? './lib/c' : name, context) }); require('./lib/a');` }));
  });
}
