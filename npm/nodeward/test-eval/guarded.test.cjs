'use strict';
// Bounded eval and synthetic modules as a program gets them: put in force by the preload, from a seal.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { PACKAGE, eachVersion, flagsFor, run } = require('./support/nodes.cjs');

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const sha512 = (bytes) => crypto.createHash('sha512').update(bytes).digest('hex');

const COMMON = 'exports.platform = require("node:os").platform();';
const ESM = 'import path from "node:path"; export default path.sep;';

const FORMULA = `
const { mayI, letMeEval, letMeCompile } = require('nodeward/eval');
let permission;
mayI(module, (given) => { permission = given; });
exports.run = (source) => letMeEval(permission, source, () => (0, eval)(source));
exports.compile = (bytes) => letMeCompile(permission, bytes);
`;

const APP = `
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const seen = {};
const outcome = (name, attempt) => {
  try { seen[name] = attempt(); } catch (error) { seen[name] = error.code ?? error.message; }
};
const { status } = require('nodeward/eval');
const { synthesize, synthesizeModule } = require('nodeward/synthesize');
const formula = require('./formula.js');
const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
seen.layer = status().layer;
outcome('permitted', () => formula.run('6 * 7'));
outcome('elsewhere', () => (0, eval)('6 * 7'));
outcome('constructor', () => (() => {}).constructor('return 1')());
outcome('synthetic', () => synthesize(${JSON.stringify(COMMON)}).exports.platform);
outcome('other synthetic', () => synthesize('exports.ran = true;').exports);
outcome('wasm', () => String(new WebAssembly.Module(wasm)));
outcome('permitted wasm', () => String(formula.compile(wasm)));
const esm = (content) => synthesizeModule(content).then((space) => space.default, (error) => error.code);
(async () => {
  seen.esm = await esm(${JSON.stringify(ESM)});
  seen['other esm'] = await esm('export default 1;');
  if (!isMainThread) return parentPort.postMessage(seen);
  new Worker(__filename).once('message', (worker) => console.log(JSON.stringify({ main: seen, worker })));
})();
`;

/** A program in a folder of its own, with its own copy of the package, and a seal of all that. */
function application(context, { modules = ['formula.js'], synthetic = [COMMON, ESM] } = {}) {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-guarded-')));
  context.after(() => fs.rmSync(root, { recursive: true }));
  const copy = path.join(root, 'node_modules', 'nodeward');
  for (const part of ['package.json', 'eval.cjs', 'synthesize.cjs', 'eval', 'adapters']) {
    fs.cpSync(path.join(PACKAGE, part), path.join(copy, part), { recursive: true });
  }
  fs.writeFileSync(path.join(root, 'formula.js'), FORMULA);
  fs.writeFileSync(path.join(root, 'app.js'), APP);
  const files = fs.readdirSync(root, { recursive: true }).map((file) => file.split(path.sep).join('/')).sort();
  const entry = (file) => {
    const bytes = fs.readFileSync(path.join(root, file));
    return { path: file, sha256: sha256(bytes), size: bytes.length };
  };
  const seal = {
    schema: 'nodeward.seal/1',
    entries: ['app.js'],
    sources: [
      ...files.filter((file) => /\.c?js$/.test(file)).map((file) => ({ ...entry(file), kind: 'cjs' })),
      ...synthetic.map((content) => ({
        path: `synthetic:${sha512(content)}`, kind: 'synthetic', sha256: sha256(content), size: Buffer.byteLength(content), content,
      })),
    ],
    manifests: files.filter((file) => file.endsWith('package.json')).map(entry),
    eval: { mode: 'strict', modules },
  };
  const file = path.join(root, 'nodeward.seal.json');
  fs.writeFileSync(file, JSON.stringify(seal));
  return { root, seal: file };
}

/** The guard: its modules, or in the folder of NODEWARD_TEST_GUARD the one file that is made of them. */
const PRELOAD = path.join(process.env.NODEWARD_TEST_GUARD ?? PACKAGE, 'runtime', 'preload.cjs');

/** Starts the program as the launcher does. */
function start({ node, addon, version }, { root, seal }, mode = 'enforce') {
  const report = path.join(root, 'report.jsonl');
  const flags = ['--require', PRELOAD, ...flagsFor(addon)];
  if (Number(version.slice(1)) >= 24) flags.push('--disable-sigusr1');
  const ran = run(node, [...flags, path.join(root, 'app.js')], {
    cwd: root,
    env: {
      NODE_OPTIONS: flags.join(' '),
      NODEWARD_SEAL: seal,
      NODEWARD_SEAL_SHA256: sha256(fs.readFileSync(seal)),
      NODEWARD_MODE: mode,
      NODEWARD_REPORT: report,
      NODEWARD_LAYERS: 'launcher',
      ...(addon && { NODEWARD_ADDON: addon, NODEWARD_ADDON_SHA256: sha256(fs.readFileSync(addon)) }),
    },
  });
  let seen;
  try {
    seen = JSON.parse(ran.stdout);
  } catch {
    assert.fail(`ended with ${ran.status ?? ran.signal}\n${ran.stdout}\n${ran.stderr}`);
  }
  const lines = fs.existsSync(report) ? fs.readFileSync(report, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)) : [];
  return { seen, lines };
}

const DENIED = 'ERR_NODEWARD_DENIED';
const WASM = '[object WebAssembly.Module]';

for (const [layer, needsAddon] of [['native', true], ['javascript', false]]) {
  eachVersion(`under the preload, in each thread, what the seal gives is there and nothing else (${layer})`, (setting, context) => {
    const { seen, lines } = start(setting, application(context));
    const wanted = {
      layer,
      permitted: 42,
      elsewhere: DENIED,
      constructor: DENIED,
      synthetic: os.platform(),
      'other synthetic': DENIED,
      wasm: DENIED,
      'permitted wasm': WASM,
      esm: path.sep,
      'other esm': DENIED,
    };
    assert.deepEqual(seen, { main: wanted, worker: wanted });
    const kinds = lines.map(({ schema, kind }) => `${schema} ${kind}`).sort();
    const each = ['eval', 'eval', 'load', 'load', 'wasm'].map((kind) => `nodeward.denial/1 ${kind}`);
    assert.deepEqual(kinds, [...each, ...each].sort());
    for (const line of lines.filter(({ kind }) => kind === 'eval')) assert.match(line.parent, /app\.js$/);
  }, { needsAddon });
}

eachVersion('under the preload in report mode everything runs', (setting, context) => {
  const { seen } = start(setting, application(context), 'report');
  const wanted = {
    layer: 'native',
    permitted: 42,
    elsewhere: 42,
    constructor: 1,
    synthetic: os.platform(),
    'other synthetic': { ran: true },
    wasm: WASM,
    'permitted wasm': WASM,
    esm: path.sep,
    'other esm': 1,
  };
  assert.deepEqual(seen, { main: wanted, worker: wanted });
});

eachVersion('synthetic modules need neither an add-on nor a module that may ask', (setting, context) => {
  const { seen } = start(setting, application(context, { modules: [] }));
  const { permitted, synthetic, esm, elsewhere } = seen.main;
  assert.deepEqual({ permitted, synthetic, esm, elsewhere, other: seen.main['other synthetic'] }, {
    permitted: DENIED, synthetic: os.platform(), esm: path.sep, elsewhere: DENIED, other: DENIED,
  });
}, { needsAddon: false });

eachVersion('where the seal has neither, synthetic modules are denied as what they are', (setting, context) => {
  const { seen, lines } = start(setting, application(context, { modules: [], synthetic: [] }));
  for (const thread of [seen.main, seen.worker]) {
    const { synthetic, esm } = thread;
    assert.deepEqual({ synthetic, other: thread['other synthetic'], esm, otherEsm: thread['other esm'] }, {
      synthetic: DENIED, other: DENIED, esm: DENIED, otherEsm: DENIED,
    });
  }
  const loads = lines.filter(({ kind }) => kind === 'load').map(({ subject, reason }) => `${subject.slice(0, 10)} ${reason}`);
  assert.deepEqual(loads, Array(8).fill('synthetic: the seal has no synthetic module with this content'));
  assert.equal(lines.filter(({ kind }) => kind === 'hooks').length, 0);
}, { needsAddon: false });
