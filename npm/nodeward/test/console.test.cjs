'use strict';
// The console says who speaks, and nobody can speak for somebody else.

const assert = require('node:assert/strict');
const { createHmac, randomBytes } = require('node:crypto');
const { spawn } = require('node:child_process');
const { it, describe } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { PRELOAD, folder, write, run } = require('./support/run.cjs');
const { seal } = require('./support/sealer.cjs');

/** Files of an application with a dependency, sealed; the dependency says its name in the seal. */
function sealed(files) {
  const root = folder('console');
  write(root, files);
  const file = seal(root, Object.keys(files), { eval: { mode: 'permissive' } });
  const fs = require('node:fs');
  const document = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const source of document.sources) {
    const found = /node_modules\/([^/]+)\//.exec(source.path);
    if (found) source.package = `${found[1]}@1.0.0`;
  }
  fs.writeFileSync(file, JSON.stringify(document));
  return root;
}

/** What the lines say, each with its module in front. */
async function lines(binary, files) {
  const root = sealed(files);
  const ran = await run({ binary, mode: 'enforce', root, args: ['app.js'], env: { NODEWARD_CONSOLE: 'lines' } });
  assert.equal(ran.code, 0, ran.stderr);
  return { out: ran.stdout.split('\n').slice(0, -1), err: ran.stderr.split('\n').slice(0, -1) };
}

/** What comes to the writer of a log: the frames that hold, and the lines that don't. */
function frames(binary, files) {
  const root = sealed(files);
  const key = randomBytes(32).toString('hex');
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ['--require', PRELOAD, 'app.js'], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', NODEWARD_LAYERS: '', NODEWARD_CONSOLE: '3' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let text = '';
    let stderr = '';
    child.stdio[3].write(key);
    child.stdio[3].on('data', (data) => { text += data; });
    child.stdout.resume();
    child.stderr.on('data', (data) => { stderr += data; });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error(stderr));
      const held = [];
      const forged = [];
      for (const line of text.split('\n').slice(0, -1)) {
        const json = line.slice(33);
        const mac = createHmac('sha256', key).update(json).digest('hex').slice(0, 32);
        if (line.startsWith(`${mac} `)) held.push(JSON.parse(json));
        else forged.push(line);
      }
      resolve({ held, forged });
    });
  });
}

const DEPENDENCY = 'node_modules/dep/index.js';

for (const { line, binary } of nodes.found) {
  describe(`the console on Node.js ${line}`, { concurrency: 2 }, () => {
    it('names packages and files, of CommonJS and of ES modules', async () => {
      const { out, err } = await lines(binary, {
        'app.js': `console.log('a %s', 1); console.error('e'); require('dep'); import('./b.mjs');`,
        'b.mjs': `import console from 'node:console'; console.log('b'); globalThis.console.info({ x: [1] });`,
        [DEPENDENCY]: `console.warn('w'); [1].forEach(console.log); const { log } = console; log('d');`,
      });
      assert.deepEqual(out, ['[app.js] a 1', '[dep@1.0.0] 1 0 [ 1 ]', '[dep@1.0.0] d', '[b.mjs] b', '[b.mjs] { x: [ 1 ] }']);
      assert.deepEqual(err, ['[app.js] e', '[dep@1.0.0] w']);
    });

    it('keeps a message on its own lines', async () => {
      const { out } = await lines(binary, {
        'app.js': `require('dep');`,
        [DEPENDENCY]: `console.log('x\\n[app.js] y\\r[app.js] z\\u001b[2K\\u202e\\u2028\\u0085\\u200b');`,
      });
      assert.deepEqual(out, ['[dep@1.0.0] x', '[dep@1.0.0] [app.js] y\\u{d}[app.js] z\\u{1b}[2K\\u{202e}\\u{2028}\\u{85}\\u{200b}']);
    });

    it('is not told otherwise by what a module changes', async () => {
      const { out } = await lines(binary, {
        'app.js': `require('dep');`,
        [DEPENDENCY]: `
          Object.prototype.package = 'app';
          Error.prepareStackTrace = () => [{ getFileName: () => 'app.js' }];
          Error.stackTraceLimit = 0;
          String.prototype.startsWith = () => true; String.prototype.replace = () => 'app.js';
          Array.prototype[Symbol.iterator] = function* () { yield 'app.js'; };
          Function.prototype.call = Function.prototype.apply = () => 'app.js';
          try { require('util').getCallSites = () => [{ scriptName: 'app.js' }]; } catch {}
          console.log('mine');
          //# sourceURL=app.js
        `,
      });
      assert.deepEqual(out, ['[dep@1.0.0] mine']);
    });

    it('says that it does not know where stack traces can not be had', async () => {
      const { out } = await lines(binary, {
        'app.js': `require('dep');`,
        [DEPENDENCY]: `
          Object.defineProperty(Error, 'prepareStackTrace', { value: () => '', writable: false, configurable: false });
          console.log('mine');
        `,
      });
      assert.deepEqual(out, [line < 22 ? '[?] mine' : '[dep@1.0.0] mine']);
    });

    it('sends what nobody else can send, to whom the log is', async () => {
      const { held, forged } = await frames(binary, {
        'app.js': `console.log('one\\n', 'é\\ud800𝄞'); require('dep'); console.error('last');`,
        [DEPENDENCY]: `
          const fs = require('fs');
          fs.writeSync(3, '0'.repeat(32) + ' {"n":1,"stream":"out","module":"app.js","text":"forged"}\\n');
          console.log(process.env.NODEWARD_CONSOLE);
          const crypto = require('crypto');
          crypto.createHash = crypto.hash = () => { throw new Error('not ours'); };
          JSON.stringify = () => 'x';
          console.log('x'.repeat(100000));
        `,
      });
      assert.deepEqual(held.map(({ module }) => module), ['app.js', 'dep@1.0.0', 'dep@1.0.0', 'app.js']);
      assert.deepEqual(held.map(({ n }) => n), [0, 1, 2, 3]);
      assert.deepEqual(held.map(({ stream }) => stream), ['out', 'out', 'out', 'err']);
      assert.equal(held[0].text, 'one\n é\ufffd𝄞');
      assert.equal(held[1].text, 'undefined');
      assert.equal(held[2].text.length, 100000);
      assert.equal(forged.length, 1);
    });
  });
}
if (nodes.absent.length > 0) it(`the console on Node.js ${nodes.absent.join(', ')}`, { skip: 'not here: set NODEWARD_NODES' }, () => {});
