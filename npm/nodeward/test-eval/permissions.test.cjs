'use strict';
// Other code of the program tries to get hold of a permission that is not meant for it. Each time the module that
// the seal lists works, and the thief makes no code.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { FLAG, PACKAGE, eachVersion, runForJson } = require('./support/nodes.cjs');

const FORMULA = `
const { mayI, letMeEval } = require('nodeward/eval');
let permission;
mayI(module, (given) => { permission = given; });
require('./helper.js').start?.();
exports.compile = (text) => letMeEval(permission, text, () => (0, eval)(text));
`;

/** What the program does before it loads `formula.js`, and with what it may have got by then. */
const THEFTS = {
  'nothing is tried': '',
  'Module._load is replaced': `
    const load = Module._load;
    const api = { ...shared, mayI: (requester, callback) => shared.mayI(requester, (given) => { stolen.push(given); callback(given); }) };
    Module._load = function (request, ...rest) { return /nodeward/.test(request) ? api : load.call(this, request, ...rest); };`,
  'Module.prototype.require is replaced': `
    const ask = Module.prototype.require;
    const api = { ...shared, mayI: (requester, callback) => shared.mayI(requester, (given) => { stolen.push(given); callback(given); }) };
    Module.prototype.require = function (request) { return /nodeward/.test(request) ? api : ask.call(this, request); };`,
  'another copy stands in require.cache': `
    const name = require.resolve('nodeward/eval');
    require.cache[name].exports = { ...shared, mayI: (requester, callback) => shared.mayI(requester, (given) => { stolen.push(given); callback(given); }) };`,
  'its text is run for a module object with another require': `
    const fake = new Module('fake');
    fake.require = () => ({ mayI() {}, letMeEval() {}, start() {} });
    fake.filename = FORMULA;
    try { fake._compile(fs.readFileSync(FORMULA, 'utf8'), FORMULA); } catch {}
    steal(fake);`,
  'it is loaded by hand': `
    const fake = new Module(FORMULA, module);
    require.cache[FORMULA] = fake;
    steal(fake);
    fake.load(FORMULA);
    steal(fake);`,
  'the module object is taken from require.cache while it loads': `globalThis.start = () => steal(require.cache[FORMULA]);`,
  'its require is taken from the arguments of its caller': `
    globalThis.start = function start() {
      const { arguments: given } = start.caller.caller;
      steal(require.cache[FORMULA], given[1]('nodeward/eval'));
      steal(given[2], given[1]('nodeward/eval'));
    };`,
  'Object.prototype gives what a module asks for': `
    const api = { ...shared, mayI: (requester, callback) => shared.mayI(requester, (given) => { stolen.push(given); callback(given); }) };
    for (const name of ['nodeward', 'nodeward/eval']) Object.prototype[name] = api;`,
  'Reflect and Function are replaced': `
    const { call } = Function.prototype;
    Function.prototype.apply = function () { stolen.push(...arguments[1] ?? []); };
    Reflect.apply = (target, self, given) => { stolen.push(...given); };
    Array.prototype[Symbol.iterator] = new Proxy(Array.prototype[Symbol.iterator], {});`,
};

const APP = (theft) => `
const fs = require('node:fs'), path = require('node:path'), Module = require('node:module');
const shared = require('nodeward/eval');
const FORMULA = path.join(__dirname, 'formula.js');
const stolen = [];
const { mayI, letMeEval } = shared;
const steal = (requester, api = shared) => api.mayI(requester, (given) => { stolen.push(given); });
${theft}
const seen = {};
try { seen.formula = require('./formula.js').compile('6 * 7'); } catch (error) { seen.formula = error.code ?? error.message; }
steal(require.cache[FORMULA]);
seen.count = stolen.length;
seen.stolen = 0;
for (let at = 0; at < stolen.length; at += 1) {
  try { seen.stolen += letMeEval(stolen[at], '"mine" + 1', () => (0, eval)('"mine" + 1')) === 'mine1' ? 1 : 0; } catch (error) { seen.code = error.code; }
}
fs.writeSync(1, JSON.stringify(seen));
`;

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

/** The program in a folder of its own, with its own copy of the package, sealed. */
function application(context, theft) {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-permissions-')));
  context.after(() => fs.rmSync(root, { recursive: true }));
  for (const part of ['package.json', 'eval.cjs', 'synthesize.cjs', 'eval', 'adapters']) {
    fs.cpSync(path.join(PACKAGE, part), path.join(root, 'node_modules', 'nodeward', part), { recursive: true });
  }
  fs.writeFileSync(path.join(root, 'formula.js'), FORMULA);
  fs.writeFileSync(path.join(root, 'helper.js'), 'exports.start = function () { return globalThis.start?.(); };');
  fs.writeFileSync(path.join(root, 'app.js'), APP(theft));
  const files = fs.readdirSync(root, { recursive: true }).map((file) => file.split(path.sep).join('/')).filter((file) => /\.c?js$/.test(file));
  const sources = files.sort().map((file) => ({ path: file, kind: 'cjs', sha256: sha256(fs.readFileSync(path.join(root, file))) }));
  const seal = { schema: 'nodeward.seal/1', entries: ['app.js'], sources, manifests: [], eval: { mode: 'strict', modules: ['formula.js'] } };
  fs.writeFileSync(path.join(root, 'nodeward.seal.json'), JSON.stringify(seal));
  return root;
}

for (const [name, theft] of Object.entries(THEFTS)) {
  eachVersion(`a permission is not given to others: ${name}`, ({ node }, context) => {
    const root = application(context, theft);
    const args = ['--require', path.join(PACKAGE, 'runtime', 'preload.cjs'), FLAG, path.join(root, 'app.js')];
    const seen = runForJson(node, args, { cwd: root, env: { NODEWARD_LAYERS: '', NODEWARD_REPORT: path.join(root, 'report.jsonl') } });
    assert.deepEqual([seen.stolen, seen.code], [0, 'ERR_NODEWARD_DENIED'], JSON.stringify(seen));
    assert.ok(seen.count > 0);
    // Who runs its text first by other means has taken its only permission away, and has not got it.
    assert.ok(seen.formula === 42 || (/is run|by hand/.test(name) && seen.formula === 'ERR_NODEWARD_DENIED'), JSON.stringify(seen));
  }, { needsAddon: false });
}
