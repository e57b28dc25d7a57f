'use strict';
// Add-ons that find a library beside them, however they write where they lie. And what our own add-on permits.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { it, describe, before, after } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { ADDON, folder, write, run } = require('./support/run.cjs');
const { seal, sha256 } = require('./support/sealer.cjs');
const { RAN, WASM } = require('./support/attack.cjs');

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

const WITHIN = `
const fs = require('fs'), path = require('path'), vm = require('vm');
const evil = Buffer.from('${WASM.toString('hex')}', 'hex');
const other = vm.runInContext(fs.readFileSync(path.join(__dirname, 'global.cjs'), 'utf8'), vm.createContext({}));
let made;
const make = () => { try { made ??= new other.Module(evil); } catch {} return {}; };
const target = (function () {}).bind();
Object.defineProperty(target, 'prototype', { get: make });
const sealed = fs.readFileSync(path.join(__dirname, 'sealed.wasm'));
const options = { get builtins() { make(); return { get length() { make(); return 1; }, get 0() { make(); return 'js-string'; } }; }, get importedStringConstants() { make(); return 's'; } };
for (const attempt of [() => Reflect.construct(WebAssembly.Module, [sealed], target), () => new WebAssembly.Module(sealed, options), () => WebAssembly.compile(sealed, options), () => WebAssembly.instantiate(sealed, {}, options)]) {
  try { Promise.resolve(attempt()).catch(() => {}); } catch {}
}
console.log(made === undefined ? 'nothing' : new other.Instance(made).exports.f() === 42 && '${RAN}');
`;

describe('WebAssembly that is compiled while our add-on permits another', () => {
  for (const { line, binary } of nodes.found) {
    it(`Node.js ${line}`, { skip: ADDON === undefined ? 'the add-on is not built' : false }, async () => {
      const program = folder('within');
      try {
        write(program, { 'app.js': WITHIN, 'global.cjs': 'WebAssembly', 'sealed.wasm': Buffer.from('0061736d01000000', 'hex') });
        seal(program, ['app.js', 'global.cjs', 'sealed.wasm']);
        const args = ['--disallow-code-generation-from-strings', 'app.js'];
        const plain = await run({ binary, mode: 'plain', root: program, args });
        assert.equal(plain.stdout, `${RAN}\n`, plain.stderr);
        const env = { NODEWARD_ADDON: ADDON, NODEWARD_ADDON_SHA256: sha256(fs.readFileSync(ADDON)) };
        const guarded = await run({ binary, mode: 'enforce', root: program, args, env });
        assert.equal(guarded.stdout, 'nothing\n', guarded.stderr);
        assert.ok(guarded.denials.some(({ kind }) => kind === 'wasm'));
      } finally {
        fs.rmSync(program, { recursive: true, force: true });
      }
    });
  }
});
