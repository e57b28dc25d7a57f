'use strict';
// The guard of one thread: only sealed code loads. `node --require nodeward/preload app.js`, or by the launcher.
//
// It holds no policy: it reads the seal, and no answer means deny. It is no boundary against code that is sealed
// and hostile; that is what the kernel layer of `nodeward run` is for.

const path = require('node:path');
const own = require('./primordials.cjs');
const denial = require('./denial.cjs');
const sealed = require('./seal.cjs');
const start = require('./start.cjs');
const environment = require('./environment.cjs');
const modules = require('./modules.cjs');
const scripts = require('./scripts.cjs');
const builtins = require('./builtins.cjs');
const processes = require('./process.cjs');
const wasm = require('./wasm.cjs');
const { withHiddenThreads } = require('./hidden.cjs');
const { admit: served } = require('./esm.cjs');

// Workers can't change the working directory. (`node:worker_threads` says it too, but takes long to load.)
const isMainThread = process.chdir.disabled !== true;
// On Node.js 20 the hooks of `loader.mjs` have a thread of their own, which loads this file too.
const isLoaderThread = !isMainThread && require('node:worker_threads').parentPort === null;

const LINUX = process.platform === 'linux';
const LOADER_MARK = 'NODEWARD_LOADER_THREAD';

const settings = start.settings();
denial.configure(settings);
const speakers = takeSpeakers();
const seal = isLoaderThread ? sealed.whenAsked(() => start.openSeal(settings)) : start.openSeal(settings);
if (!isLoaderThread) environment.note({
  sealFile: settings.file,
  sealHash: seal.hash,
  mode: settings.mode,
  sink: settings.sink,
  layers: settings.layers ?? '',
});

if (isLoaderThread) {
  // The message that starts a thread passes through the hands of the program, its environment does not.
  if (denial.enforces() && process.env[LOADER_MARK] === undefined) {
    denial.refuse('worker', 'a thread of Node.js\'s own', 'it loads whatever it is told to');
  }
  // Nothing of the application runs there but what is given with `--require`.
  modules.guard({ seal, openBuiltin() {}, registerLoader() {}, isLoaderThread });
  module.exports = { find: seal.find, knows: seal.knows, fileOf: modules.fileOf, own, denial };
} else {
  checkStart();
  if (settings.isLaunched && isMainThread && LINUX && (seal.children || settings.mode === 'report')) start.hold(settings.mode);
  // Before the guard, which lets nothing load that is not sealed.
  if (speakers !== undefined) nameSpeakers(speakers);
  enforce();
  hide();
  announce();
}

function checkStart() {
  const enforced = settings.mode === 'enforce';
  for (const [what, why] of start.faults({ isMainThread, isLaunched: settings.isLaunched })) {
    if (!enforced || isMainThread) denial.report('start', what, why, null);
    if (enforced && isMainThread) start.fail(denial.denied('start', what, why).message);
    else if (enforced) denial.refuse('start', what, why);
  }
  if (!isMainThread || settings.isLaunched) return;
  const missing = seal.missing();
  if (missing.length === 0) return;
  for (const what of missing) denial.report('load', what, 'the seal lists what is not there', null);
  if (enforced) start.fail(`${settings.file}: ${missing.join(', ')}; restore it, or trace and seal again`);
}

function enforce() {
  const { openBuiltin } = builtins;
  process.env[LOADER_MARK] = '1';
  const bounded = withHiddenThreads(() => {
    const made = boundedEval();
    modules.guard({ seal, openBuiltin, registerLoader, isLoaderThread, textOf: made?.textOf });
    return made;
  });
  delete process.env[LOADER_MARK];
  processes.guard({
    seal, openBuiltin, isMainThread, guardedEnvironment: environment.guardedEnvironment,
  });
  wasm.guard({ seal, permitWasm: bounded?.permitWasm });
  scripts.guard({ seal, boundedEval: bounded !== undefined });
  builtins.guard({ seal });
  // `import` of these modules has to give the guarded functions as well.
  require('node:module').syncBuiltinESMExports();
}

/** Permissions for code from strings, where the seal gives any or the launcher brings the native add-on. */
function boundedEval() {
  const { NODEWARD_ADDON, NODEWARD_ADDON_SHA256 } = process.env;
  const { root } = seal;
  const { mode } = settings;
  const report = ({ kind, subject, reason, parent }) => denial.report(kind, subject, reason, parent);
  const wanted = seal.evalRules;
  // Without the add-on V8 has to deny what is not permitted, and does so for good only if it was started like this.
  const hasTexts = wanted?.texts?.length > 0 && (mode === 'report' || environment.deniesCode());
  if (!NODEWARD_ADDON && !(wanted?.modules?.length > 0) && !hasTexts && (wanted?.mode ?? 'strict') === 'strict') {
    if (seal.hasSynthetic) require('../synthesize.cjs').install({ seal: seal.document, root, mode, report, served });
    else if (denial.enforces()) denySynthetic();
    return undefined;
  }
  const addon = NODEWARD_ADDON || undefined;
  const addonSha256 = NODEWARD_ADDON_SHA256 ?? '';
  const needsSources = seal.hasSynthetic || wanted?.modules?.length > 0;
  const document = needsSources ? seal.document : { eval: wanted };
  try {
    return require('../eval.cjs').install({ addon, addonSha256, seal: document, root, mode, report, served, wasm: true });
  } catch (error) {
    return start.fail(error.message);
  }
}

/** Who asks for a synthetic module where none is sealed is told so, and not what the loader would say of it. */
function denySynthetic() {
  const { hash } = require('node:crypto');
  const deny = (content) => denial.refuse('load', `synthetic:${hash('sha512', content)}`, 'the seal has no synthetic module with this content');
  own.defineProperty(process, Symbol.for('nodeward.synthesize/1'), {
    __proto__: null, value: own.freeze({ __proto__: null, commonJs: deny, esm: deny }),
    writable: false, configurable: false, enumerable: false,
  });
}

/** Node.js 20 loads ES modules past every synchronous hook. */
function registerLoader(register) {
  own.apply(register, require('node:module'), [require('node:url').pathToFileURL(require.resolve('./loader.mjs')).href]);
}

/** Where named messages go: `lines`, or a descriptor, which is this process's alone. */
function takeSpeakers() {
  const { NODEWARD_CONSOLE } = process.env;
  if (NODEWARD_CONSOLE === undefined || NODEWARD_CONSOLE === 'lines') return NODEWARD_CONSOLE;
  delete process.env.NODEWARD_CONSOLE;
  return isMainThread ? NODEWARD_CONSOLE : undefined;
}

function nameSpeakers(to) {
  const speaker = require('./console.cjs');
  const describe = speaker.namesOf(seal, modules.fileOf);
  try {
    speaker.guard({ describe, descriptor: to === 'lines' ? undefined : Number(to) });
  } catch (error) {
    start.fail(error.message);
  }
}

/** Our modules do what they are told; the application must not find them. Its own copies are sealed files. */
function hide() {
  const ours = path.dirname(__dirname) + path.sep;
  for (const name of Object.keys(require.cache)) {
    if (name.startsWith(ours) && name !== __filename) delete require.cache[name];
  }
  module.children.length = 0;
}

function announce() {
  if (!isMainThread || settings.layers !== undefined) return;
  own.fs.writeSync(2, 'nodeward: no kernel layer: start the program with nodeward run to have it\n');
}
