'use strict';
// Add-ons that find a library beside them, however they write where they lie.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { it, describe, before, after } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { folder, write, run } = require('./support/run.cjs');
const { seal } = require('./support/sealer.cjs');

const SPELLINGS = ['$ORIGIN', '${ORIGIN}'];
let root;
let reason;

before(() => {
  root = folder('addons');
  write(root, {
    'beside.c': '__attribute__((visibility("default"))) int beside(void) { return 1; }\n',
    'addon.c': 'int beside(void); __attribute__((visibility("default"))) void *napi_register_module_v1(void *env, void *exports) { return beside() ? exports : 0; }\n',
    'app.js': `console.log(typeof require('./addon' + process.argv[2] + '.node'));`,
  });
  const compile = (...options) => spawnSync('cc', ['-shared', '-fPIC', ...options], { cwd: root, encoding: 'utf8' });
  const made = [compile('-o', 'libbeside.so', 'beside.c')];
  SPELLINGS.forEach((spelling, at) => {
    made.push(compile('-o', `addon${at}.node`, 'addon.c', '-L.', '-lbeside', '-Wl,--no-as-needed', `-Wl,-rpath,${spelling}`));
  });
  const failed = made.find(({ status }) => status !== 0);
  if (failed !== undefined) reason = `no C compiler: ${failed.stderr ?? failed.error}`;
  else seal(root, ['app.js', 'addon0.node', 'addon1.node']);
});

after(() => fs.rmSync(root, { recursive: true, force: true }));

describe('a library beside an add-on', () => {
  for (const { line, binary } of nodes.found) {
    it(`Node.js ${line}`, async (context) => {
      if (reason !== undefined) return context.skip(reason);
      for (const mode of ['plain', 'enforce']) {
        for (const at in SPELLINGS) {
          const ran = await run({ binary, mode, root, args: [path.join(root, 'app.js'), at] });
          assert.deepEqual([ran.stdout, ran.code, ran.denials], ['object\n', 0, []], `${SPELLINGS[at]} ${ran.stderr}`);
        }
      }
    });
  }
  if (nodes.absent.length > 0) it(`Node.js ${nodes.absent.join(', ')}`, { skip: 'not found: set NODEWARD_NODES' }, () => {});
});
