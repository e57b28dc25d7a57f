'use strict';
// Stack traces call the functions of Node.js's loader as they do without the guard.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { it, describe } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { folder, write, run } = require('./support/run.cjs');
const { seal } = require('./support/sealer.cjs');

/** From Node.js 22 on it is a function of the guard. */
const JS = /\.\.js \(/;

describe('frames of the loader', () => {
  for (const { line, binary } of nodes.found) {
    it(`Node.js ${line}`, async (context) => {
      const root = folder('frames');
      context.after(() => fs.rmSync(root, { recursive: true, force: true }));
      write(root, { 'app.js': `Error.stackTraceLimit = 50; console.log(new Error('').stack);` });
      seal(root, ['app.js']);
      const args = [path.join(root, 'app.js')];
      const frames = async (mode) => (await run({ binary, mode, root, args })).stdout.split('\n').filter((frame) => frame.includes('(node:') || JS.test(frame));
      const plain = await frames('plain');
      assert.ok(plain.some((frame) => frame.includes('Module._compile')), plain.join('\n'));
      const kind = (frame) => (JS.test(frame) ? 'what loads .js' : frame.replace(/^(\s+at )(?:Function|Module)\./, '$1'));
      assert.deepEqual((await frames('enforce')).map(kind), plain.map(kind));
    });
  }
  if (nodes.absent.length > 0) it(`Node.js ${nodes.absent.join(', ')}`, { skip: 'not found: set NODEWARD_NODES' }, () => {});
});
