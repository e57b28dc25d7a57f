'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { FLAG, PACKAGE, eachVersion, flagsFor, run, runForJson } = require('./support/nodes.cjs');

const EVAL = path.join(PACKAGE, 'eval.cjs');
const SUBJECT_FOLDER = path.join(PACKAGE, 'eval');

/** The seal under which `subject.cjs` may ask. */
function seal(mode) {
  const content = fs.readFileSync(path.join(SUBJECT_FOLDER, 'subject.cjs'));
  const sha256 = crypto.createHash('sha256').update(content).digest('hex');
  return { sources: [{ path: 'subject.cjs', sha256 }], eval: { ...(mode && { mode }), modules: ['subject.cjs'] } };
}

/** Runs a program with bounded eval in force, and gives what it put into `seen`. */
function program({ node, addon }, body, { install = {}, sealed = seal(), flags = [], denies = flagsFor(addon), file = EVAL } = {}) {
  return runForJson(node, [...denies, ...flags, '-e', `
    const api = require(${JSON.stringify(file)});
    const denials = [];
    const seen = { denials };
    const report = (denial) => denials.push(denial);
    const installed = { addon: ${JSON.stringify(addon)}, seal: ${JSON.stringify(sealed)}, root: ${JSON.stringify(SUBJECT_FOLDER)} };
    const install = (more) => api.install({ ...installed, report, ...${JSON.stringify(install)}, ...more });
    const subject = () => require(${JSON.stringify(path.join(SUBJECT_FOLDER, 'subject.cjs'))});
    const outcome = (name, attempt) => {
      try { seen[name] = attempt() ?? 'nothing'; } catch (error) { seen[name] = [error.name, error.code ?? null]; }
    };
    const later = [];
    ${body}
    Promise.all(later).then(() => console.log(JSON.stringify(seen)));
  `]);
}

const DENIED = ['EvalError', 'ERR_NODEWARD_DENIED'];

eachVersion('a denial names the code, safely, and is reported once', (setting) => {
  const seen = program(setting, `
    install();
    const source = '"\\u202e\\u001b[31m\\n\\ud800' + 'x'.repeat(500) + '"';
    try { (0, eval)(source); } catch (error) { seen.error = { name: error.name, code: error.code, message: error.message }; }
  `);
  const shown = `code "\\"\\u202e\\u001b[31m\\n\\ud800${'x'.repeat(51)}…" (510 characters)`;
  assert.deepEqual(seen.error, {
    name: 'EvalError',
    code: 'ERR_NODEWARD_DENIED',
    message: `Nodeward: eval denied: ${shown}: no permission for exactly this text is in force; `
      + 'let a module that the seal lists under eval.modules run it through letMeEval',
  });
  assert.equal(seen.denials.length, 1);
  const [{ kind, subject, parent, reason, stack }] = seen.denials;
  assert.deepEqual({ kind, subject, reason }, { kind: 'eval', subject: shown, reason: 'no permission for exactly this text is in force' });
  assert.equal(parent, '[eval]');
  assert.ok(stack.some((frame) => frame.includes('[eval]:')), stack.join('\n'));
});

eachVersion('strict is the default, and what the seal does not list gets no good permission', (setting) => {
  const seen = program(setting, `
    seen.mode = install().mode;
    seen.status = api.status();
    api.mayI(module, (token) => outcome('unlisted', () => api.letMeEval(token, '1', () => (0, eval)('1'))));
    outcome('listed', () => subject().indirect('1'));
  `);
  assert.equal(seen.mode, 'strict');
  assert.deepEqual(seen.status, { mode: 'strict', layer: 'native', cannot: [] });
  assert.deepEqual(seen.unlisted, DENIED);
  assert.equal(seen.listed, 1);
  // The request, and the code itself.
  assert.equal(seen.denials.length, 2);
});

eachVersion('report lets everything run and says each thing once', (setting) => {
  const seen = program(setting, `
    seen.mode = install({ wasm: true }).mode;
    const local = 'local';
    const count = (name, attempt) => { const before = denials.length; outcome(name, attempt); seen[name] = [seen[name], denials.length - before]; };
    count('direct', () => eval('local'));
    count('function', () => new Function('a', 'return a')('made'));
    count('wasm', () => String(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))));
    count('without permission', () => api.letMeEval({}, 'local', () => eval('local')));
    count('with permission', () => subject().indirect('1'));
    count('context', () => require('vm').runInNewContext('eval("2")'));
  `, { install: { mode: 'report' } });
  const { denials, ...rest } = seen;
  assert.deepEqual(rest, {
    mode: 'report',
    direct: ['local', 1],
    function: ['made', 1],
    wasm: ['[object WebAssembly.Module]', 1],
    'without permission': ['local', 1],
    'with permission': [1, 0],
    context: [2, 1],
  });
  assert.deepEqual(denials.map(({ kind }) => kind), ['eval', 'eval', 'wasm', 'eval', 'eval']);
});

eachVersion('the seal may ask for report', (setting) => {
  const seen = program(setting, 'seen.mode = install().mode; outcome("direct", () => eval("1"));', { sealed: seal('report') });
  assert.deepEqual([seen.mode, seen.direct, seen.denials.length], ['report', 1, 1]);
});

for (const [name, options] of [
  ['the seal says so', { sealed: seal('permissive') }],
  ['there is no seal', { sealed: null }],
  ['install says so', { install: { mode: 'permissive' } }],
]) {
  eachVersion(`permissive does nothing: ${name}`, (setting) => {
    const seen = program(setting, `
      seen.mode = install().mode;
      outcome('direct', () => eval('1'));
      api.mayI(module, (token) => outcome('token', () => api.letMeEval(token, 'other', () => (0, eval)('2'))));
      outcome('wasm', () => String(api.letMeCompile({}, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))));
    `, { denies: [], ...options });
    assert.deepEqual(seen, { denials: [], mode: 'permissive', direct: 1, token: 2, wasm: '[object WebAssembly.Module]' });
  });
}

eachVersion('without anything installed it is permissive', (setting) => {
  const seen = program(setting, `
    seen.status = api.status();
    api.mayI(module, (token) => outcome('token', () => api.letMeEval(token, '2', () => (0, eval)('2'))));
  `, { denies: [] });
  assert.deepEqual(seen, { denials: [], status: { mode: 'permissive', layer: 'none', cannot: [] }, token: 2 });
}, { needsAddon: false });

eachVersion('an application\'s own copy finds what the preload installed', (setting, context) => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-copy-'));
  context.after(() => fs.rmSync(copy, { recursive: true }));
  for (const part of ['eval.cjs', 'synthesize.cjs', 'eval', 'adapters']) {
    fs.cpSync(path.join(PACKAGE, part), path.join(copy, part), { recursive: true });
  }
  const seen = program(setting, `
    install();
    const other = require(${JSON.stringify(path.join(copy, 'eval.cjs'))});
    seen.status = other.status();
    other.mayI(module, (token) => outcome('unlisted', () => other.letMeEval(token, '1', () => (0, eval)('1'))));
    outcome('again', () => other.install(installed));
    outcome('replaced', () => Object.defineProperty(process, Symbol.for('nodeward.eval/1'), { value: {} }));
  `);
  assert.equal(seen.status.mode, 'strict');
  assert.deepEqual(seen.unlisted, DENIED);
  assert.deepEqual(seen.again, ['Error', null]);
  assert.deepEqual(seen.replaced, ['TypeError', null]);
});

eachVersion('a listed file with other content gets no permission', (setting) => {
  const sealed = seal();
  sealed.sources[0].sha256 = crypto.createHash('sha256').update('other').digest('hex');
  const seen = program(setting, 'install(); outcome("listed", () => subject().indirect("1"));', { sealed });
  assert.deepEqual(seen.listed, DENIED);
});

eachVersion('a listed module that is loaded again gets no second permission', (setting) => {
  const seen = program(setting, `
    install();
    outcome('first', () => subject().indirect('1'));
    delete require.cache[require.resolve(${JSON.stringify(path.join(SUBJECT_FOLDER, 'subject.cjs'))})];
    outcome('second', () => subject().indirect('1'));
  `);
  assert.deepEqual([seen.first, seen.second], [1, DENIED]);
});

eachVersion('eval of what is no string gives it back', (setting) => {
  const seen = program(setting, `
    install();
    const object = {};
    outcome('same', () => [eval(object) === object, (0, eval)(object) === object, eval(5), eval() === undefined]);
    outcome('boxed', () => typeof eval(new String('1 + 1')));
  `);
  assert.deepEqual([seen.same, seen.boxed, seen.denials], [[true, true, 5, true], 'object', []]);
});

eachVersion('every constructor of functions is bounded', (setting) => {
  const seen = program(setting, `
    install();
    const kinds = { 'async function': async () => {}, 'function*': function* () {}, 'async function*': async function* () {} };
    for (const [keyword, example] of Object.entries(kinds)) {
      const Made = example.constructor;
      outcome('denied ' + keyword, () => new Made('return 1'));
      outcome(keyword, () => typeof subject().within('(' + keyword + ' anonymous(a\\n) {\\nreturn a\\n})', () => new Made('a', 'return a')));
    }
  `);
  for (const keyword of ['async function', 'function*', 'async function*']) {
    assert.deepEqual(seen[`denied ${keyword}`], DENIED);
    assert.equal(seen[keyword], 'function');
  }
});

eachVersion('without the add-on functions may have a constructor of their own', ({ node }) => {
  const seen = program({ node }, `
    install();
    (() => { 'use strict';
    const own = (made) => { made.constructor = 'own'; return [made.constructor, Object.getOwnPropertyDescriptor(made, 'constructor')]; };
    outcome('function', () => own(function () {}));
    outcome('arrow', () => own(() => {}));
    outcome('class', () => { class A {} class B extends A {} own(B); return [B.constructor, A.constructor === Function]; });
    outcome('proxy', () => { const made = () => {}; new Proxy(made, {}).constructor = 'own'; return made.constructor; });
    outcome('assigned', () => Object.assign(() => {}, { constructor: 'own' }).constructor);
    outcome('second', () => { const made = () => {}; made.constructor = 1; made.constructor = 2; return made.constructor; });
    outcome('inherited', () => { const made = Object.create(() => {}); made.constructor = 'own'; return made.constructor; });
    outcome('kept', () => [(() => {}).constructor === Function, (() => {}) instanceof Function, Function.prototype.constructor === Function]);
    outcome('inspected', () => require('util').inspect([function f() {}, class A {}, async () => {}]));
    outcome('frozen', () => { Object.freeze(() => {}).constructor = 'own'; });
    })();
  `);
  const descriptor = { value: 'own', writable: true, enumerable: true, configurable: true };
  assert.deepEqual(seen, {
    denials: [],
    function: ['own', descriptor],
    arrow: ['own', descriptor],
    class: ['own', true],
    proxy: 'own',
    assigned: 'own',
    second: 2,
    inherited: 'own',
    kept: [true, true, true],
    inspected: '[ [Function: f], [class A], [AsyncFunction (anonymous)] ]',
    frozen: ['TypeError', null],
  });
}, { needsAddon: false });

for (const mode of ['enforce', 'report']) {
  eachVersion(`without the add-on nothing about the constructor of functions leads to the native one (${mode})`, ({ node }) => {
    const seen = program({ node }, `
      install();
      (() => { 'use strict';
      const prototypes = [Function.prototype, ...[async () => {}, function* () {}, async function* () {}].map((made) => Object.getPrototypeOf(made))];
      const { get, set } = Object.getOwnPropertyDescriptor(Function.prototype, 'constructor');
      const found = [];
      const sees = (...values) => { for (const value of values) found[found.length] = value; };
      const refused = (attempt) => { try { return attempt() === false; } catch (error) { return error instanceof TypeError; } };
      seen.refused = prototypes.flatMap((prototype) => [
        () => { prototype.constructor = 1; },
        () => Reflect.set(prototype, 'constructor', 1),
        () => Reflect.set(Function.prototype, 'constructor', 1, prototype),
        () => set.call(prototype, 1),
        () => { new Proxy(prototype, {}).constructor = 1; },
        () => set.call(new Proxy(prototype, { getOwnPropertyDescriptor() {} }), 1),
        () => set.call(new Proxy(prototype, { defineProperty: () => true }), 1),
        () => Reflect.deleteProperty(prototype, 'constructor'),
        () => Reflect.defineProperty(prototype, 'constructor', { value: 1 }),
        () => Reflect.defineProperty(prototype, 'constructor', { get: () => 1 }),
        () => Reflect.defineProperty(prototype, 'constructor', { configurable: true }),
      ].map(refused)).filter((one) => !one).length;
      // What the accessors pass on, give, and leave on the stack.
      const traps = { get: (_target, name) => (...given) => { sees(...given); return Reflect[name](...given); } };
      const receiver = new Proxy(() => {}, new Proxy({}, traps));
      sees(get, set, get.call(receiver), get.call(undefined), get.call(Function.prototype), set.call(receiver, 'own'), receiver.constructor);
      for (const given of [undefined, null, 5, 'text', Symbol('s')]) refused(() => sees(set.call(given, 1)));
      const { prepareStackTrace } = Error;
      Error.prepareStackTrace = (_error, sites) => sites.flatMap((site) => [site.getFunction(), site.getThis()]);
      try { set.call(new Proxy(() => {}, { defineProperty() { sees(...new Error().stack); return true; } }), 1); } catch {}
      try { set.call(Object.freeze(() => {}), 1); } catch (error) { sees(...error.stack); }
      Error.prepareStackTrace = prepareStackTrace;
      for (const accessor of [get, set]) for (const name of ['caller', 'arguments', 'prototype', 'constructor']) refused(() => sees(accessor[name]));
      // Whatever replaced what they might use.
      const taken = [];
      for (const [object, name] of [[Reflect, 'defineProperty'], [Object, 'getOwnPropertyDescriptor'], [Function.prototype, 'call'], [Function.prototype, 'apply'], [globalThis, 'TypeError']]) {
        const real = object[name];
        Object.defineProperty(object, name, { value: function (...given) { taken.push(name); sees(this, ...given); return Reflect.construct(real, given); }, configurable: true, writable: true });
        taken.push([object, name, real]);
      }
      const victim = () => {};
      victim.constructor = 'own';
      try { Object.freeze(() => {}).constructor = 1; } catch {}
      seen.replaced = taken.filter((one) => typeof one === 'string').length;
      for (const one of taken) if (typeof one !== 'string') one[0][one[1]] = one[2];
      const Bounded = (() => {}).constructor;
      sees(Object.getPrototypeOf(Bounded), Bounded.prototype.constructor);
      refused(() => sees(Reflect.getPrototypeOf(Reflect.construct(Function, [], class {}))));
      const all = [...found].flatMap((value) => [value, value?.value, value?.get, value?.set]);
      const native = all.filter((one) => typeof one === 'function' && one !== Bounded && /^function Function\\(/.test(Function.prototype.toString.call(one)));
      seen.native = native.length;
      seen.same = Bounded === Function && Bounded === Function.prototype.constructor;
      const before = denials.length;
      outcome('made', () => Bounded('return 1')());
      seen.told = denials.length - before;
      delete seen.denials;
      })();
    `, { install: { mode }, denies: mode === 'report' ? [] : [FLAG] });
    // In report mode what is made is let go, and told.
    assert.deepEqual(seen, { refused: 0, replaced: 0, native: 0, same: true, made: mode === 'report' ? 1 : DENIED, told: 1 });
  }, { needsAddon: false });
}

eachVersion('a permission does not wait for what is awaited', (setting) => {
  const seen = program(setting, `
    install();
    later.push(subject().within('1', async () => {
      outcome('before', () => (0, eval)('1'));
      await null;
      outcome('after', () => (0, eval)('1'));
    }));
  `);
  assert.deepEqual([seen.before, seen.after], [1, DENIED]);
});

eachVersion('a shadow realm is bounded too', (setting) => {
  const seen = program(setting, `
    install();
    outcome('evaluate', () => new ShadowRealm().evaluate('1'));
    seen.exists = typeof ShadowRealm;
  `, { flags: ['--experimental-shadow-realm', '--no-warnings'] });
  assert.equal(seen.exists, 'function');
  assert.notEqual(seen.evaluate, 1);
});

eachVersion('a stack that runs over leaves no permission behind', (setting) => {
  const seen = program(setting, `
    install();
    const { within } = subject();
    const deeper = () => within('1', deeper);
    outcome('deep', deeper);
    outcome('after', () => (0, eval)('1'));
    const nested = (depth) => (depth === 0 ? (0, eval)('1') : within(String(depth), () => nested(depth - 1)));
    outcome('nested', () => nested(1));
    outcome('nested deeper', () => nested(300));
  `);
  assert.deepEqual([seen.deep[0], seen.after, seen.nested, seen['nested deeper']], ['RangeError', DENIED, 1, 1]);
});

eachVersion('a report that fails allows nothing', (setting) => {
  const seen = program(setting, `
    install({ report() { throw new Error('full disk'); } });
    outcome('denied', () => (0, eval)('1'));
    outcome('again', () => (0, eval)('1'));
  `);
  assert.deepEqual([seen.denied[0], seen.again[0]], ['EvalError', 'EvalError']);
});

eachVersion('it holds after the application has replaced what it can', (setting) => {
  const seen = program(setting, `
    install();
    const { writeSync } = require('fs');
    const { indirect } = subject();
    const yes = () => true;
    const replaced = [[WeakMap.prototype, 'get'], [WeakMap.prototype, 'has'], [Map.prototype, 'get'], [Map.prototype, 'has'],
      [Set.prototype, 'has'], [Array.prototype, 'map'], [Array.prototype, 'push'], [Array.prototype, Symbol.iterator],
      [String.prototype, 'charCodeAt'], [String.prototype, 'slice'], [String.prototype, 'startsWith'],
      [Function.prototype, 'call'], [Function.prototype, 'apply'], [Function.prototype, 'bind'], [Reflect, 'apply'],
      [Reflect, 'construct'], [Object, 'getOwnPropertyDescriptor'], [Object, 'freeze'], [globalThis, 'String'],
      [globalThis, 'WeakMap'], [globalThis, 'Proxy'], [globalThis, 'Error'], [globalThis, 'TypeError']];
    for (let at = 0; at < replaced.length; at += 1) replaced[at][0][replaced[at][1]] = yes;
    Object.defineProperty(Object.prototype, 'value', { value: yes, configurable: true });
    const forged = { __proto__: null };
    const attempt = (name, run) => { try { seen[name] = run(); } catch (error) { seen[name] = error.name; } };
    attempt('forged', () => api.letMeEval(forged, '7', () => (0, eval)('7')));
    attempt('permitted', () => indirect('7'));
    attempt('after', () => (0, eval)('7'));
    delete Object.prototype.value;
    writeSync(1, JSON.stringify({ forged: seen.forged, permitted: seen.permitted, after: seen.after }));
    process.exit(0);
  `);
  assert.deepEqual(seen, { forged: 'EvalError', permitted: 7, after: 'EvalError' });
});

eachVersion('the add-on serves one installer in each thread', (setting) => {
  const seen = program(setting, `
    install();
    outcome('install', () => api.install(installed));
    const holder = { exports: {} };
    outcome('load', () => process.dlopen(holder, installed.addon));
    seen.exports = Object.keys(holder.exports);
  `);
  assert.deepEqual([seen.install, seen.load, seen.exports], [['Error', null], ['Error', 'ERR_NODEWARD_ADDON'], []]);
});

eachVersion('an add-on is loaded only with the hash that was verified', (setting) => {
  const addonSha256 = crypto.createHash('sha256').update(fs.readFileSync(setting.addon)).digest('hex');
  const right = program(setting, 'seen.layer = install().layer; outcome("eval", () => eval("1"));', { install: { addonSha256 } });
  assert.deepEqual([right.layer, right.eval], ['native', DENIED]);
  const wrong = program(setting, `
    try { install(); } catch (error) { seen.message = error.message; }
    seen.status = api.status().mode;
  `, { denies: [], install: { addonSha256: addonSha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) } });
  assert.match(wrong.message, /is not the add-on that was verified/);
  assert.equal(wrong.status, 'permissive');
});

eachVersion('an add-on that does not keep V8 from making code is refused', (setting) => {
  const addon = '{ agreement: 2, activate() {}, permit: (_source, callback) => callback(), permitWasm: (callback) => callback() }';
  const seen = program(setting, `
    try { install({ addon: ${addon} }); } catch (error) { seen.message = error.message; }
    try { install({ addon: { agreement: 3 } }); } catch (error) { seen.other = error.message; }
  `, { denies: [] });
  assert.match(seen.message, /does not work in Node\.js v.*nobody permitted was not refused/);
  assert.match(seen.other, /speaks version 3/);
}, { needsAddon: false });

eachVersion('without the add-on and without the flag nothing starts', (setting) => {
  const seen = program({ node: setting.node }, 'try { install(); } catch (error) { seen.message = error.message; }', { denies: [] });
  assert.match(seen.message, /has to be started with --disallow-code-generation-from-strings/);
}, { needsAddon: false });

eachVersion('source maps of permitted code still work', (setting) => {
  const map = { version: 3, file: 'out.js', sources: ['original.template'], names: [], mappings: 'AAAA' };
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  const seen = program(setting, `
    install();
    const source = 'throw new Error("mapped")\\n//# sourceURL=' + ${JSON.stringify(path.join(os.tmpdir(), 'out.js'))}
      + '\\n//# sourceMappingURL=data:application/json;base64,' + ${JSON.stringify(inline)};
    try { subject().indirect(source); } catch (error) { seen.stack = error.stack; }
  `, { flags: ['--enable-source-maps'] });
  assert.match(seen.stack, /original\.template:1/);
});

eachVersion('a Worker that ends in the middle of a permission ends cleanly', ({ node, addon }) => {
  const body = `
    const { Worker, isMainThread } = require('node:worker_threads');
    const api = require(${JSON.stringify(EVAL)});
    api.install({ addon: ${JSON.stringify(addon)}, seal: ${JSON.stringify(seal())}, root: ${JSON.stringify(SUBJECT_FOLDER)} });
    const { within } = require(${JSON.stringify(path.join(SUBJECT_FOLDER, 'subject.cjs'))});
  `;
  const worker = `${body}
    require('node:worker_threads').parentPort.postMessage('ready');
    within('1', () => { for (;;); });
  `;
  const ran = run(node, [FLAG, '-e', `${body}
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
    worker.once('message', () => worker.terminate().then(() => {
      within('1', () => process.exit((0, eval)('1') === 1 ? 7 : 8));
    }));
  `]);
  assert.equal(ran.status, 7, ran.stderr);
});
