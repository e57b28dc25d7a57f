'use strict';
// How a guarded program starts: what is missing or changed is named before its first line, and what could not be
// enforced is not begun. And its child processes, where the seal allows them.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { it, describe } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { PRELOAD, folder, write, run } = require('./support/run.cjs');
const { seal, sha256 } = require('./support/sealer.cjs');

const FILES = { 'app.js': `console.log('first line'); require('./lib/a.js');`, 'lib/a.js': `console.log('a');` };
const EVIL = `console.log('PAYLOAD RAN');`;

/** Cases that end before the first line: what is done to the folder, and what then stands on standard error. */
const REFUSED = [
  { name: 'a sealed file is missing', spoil: (root) => fs.rmSync(path.join(root, 'lib/a.js')), says: /lib\/a\.js is missing/ },
  { name: 'a sealed file has another size', spoil: (root) => fs.appendFileSync(path.join(root, 'lib/a.js'), ' '), says: /lib\/a\.js has \d+ bytes, sealed with \d+/ },
  { name: 'there is no seal', spoil: (root) => fs.rmSync(path.join(root, 'nodeward.seal.json')), says: /no nodeward\.seal\.json/ },
  { name: 'the seal is not JSON', spoil: (root) => write(root, { 'nodeward.seal.json': '{' }), says: /not JSON/ },
  { name: 'the seal is of another kind', spoil: (root) => write(root, { 'nodeward.seal.json': '{"schema":"nodeward.seal/9"}' }), says: /"schema" is not/ },
  { name: 'the seal names a file outside', spoil: (root) => edit(root, (document) => { document.sources[0].path = '../outside.js'; }), says: /no path below the seal/ },
  { name: 'the seal has no hash for a file', spoil: (root) => edit(root, (document) => { document.sources[0].sha256 = 'abc'; }), says: /"sha256" is not a hash/ },
  { name: 'the seal is not the one that the launcher verified', env: () => ({ NODEWARD_SEAL_SHA256: sha256('other') }), says: /not the seal that the launcher verified/ },
  { name: 'the mode is unknown', env: () => ({ NODEWARD_MODE: 'off' }), says: /NODEWARD_MODE/ },
  { name: 'the report is at no absolute path', env: () => ({ NODEWARD_REPORT: 'report.jsonl' }), says: /NODEWARD_REPORT/ },
  { name: 'the add-on is not the one that the launcher verified', env: (root) => ({ NODEWARD_ADDON: path.join(root, 'app.js'), NODEWARD_ADDON_SHA256: sha256('other') }), says: /not the add-on/ },
  { name: 'Node.js would read a code cache', env: (root) => ({ NODE_COMPILE_CACHE: root }), since: 22, says: /NODE_COMPILE_CACHE/ },
  { name: 'something was loaded before the guard', env: (root) => ({ NODE_OPTIONS: `--require ${path.join(root, 'before.js')}` }), files: { 'before.js': '' }, says: /loaded before the guard/ },
];

function edit(root, change) {
  const file = path.join(root, 'nodeward.seal.json');
  const document = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(document);
  fs.writeFileSync(file, JSON.stringify(document));
}

/** A sealed folder for the time of one test. */
async function within(files, more, callback) {
  const root = folder('start');
  try {
    write(root, { ...FILES, ...files });
    seal(root, Object.keys({ ...FILES, ...more.also }), more.fields);
    await callback(root);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

for (const { line, binary } of nodes.found) {
  describe(`start on Node.js ${line}`, { concurrency: 2 }, () => {
    for (const { name, spoil, env, files = {}, since = 20, says } of REFUSED) {
      if (line < since) continue;
      it(`is refused if ${name}`, () => within(files, {}, async (root) => {
        spoil?.(root);
        const result = await run({ binary, mode: 'enforce', root, args: ['app.js'], env: env?.(root) });
        assert.equal(result.stdout, '');
        assert.equal(result.code, 125, result.stderr);
        assert.match(result.stderr, says);
        assert.doesNotMatch(result.stderr, /^\s+at /m);
      }));
    }

    it('a changed file of the same size is denied when it is loaded, and named', () => within({}, {}, async (root) => {
      write(root, { 'lib/a.js': `console.log('b');` });
      const result = await run({ binary, mode: 'enforce', root, args: ['app.js'] });
      assert.equal(result.stdout, 'first line\n');
      assert.notEqual(result.code, 0);
      assert.match(result.stderr, /Nodeward: loading denied: .*lib\/a\.js: its content is not what was sealed/);
      assert.equal(result.denials[0].subject, path.join(root, 'lib/a.js'));
      assert.equal(result.denials[0].parent, path.join(root, 'app.js'));
    }));

    it('report-only starts with a missing file, and one line tells of it', () => within({ 'app.js': `console.log('first line');` }, {}, async (root) => {
      fs.rmSync(path.join(root, 'lib/a.js'));
      const result = await run({ binary, mode: 'report', root, args: ['app.js'] });
      assert.deepEqual([result.stdout, result.code], ['first line\n', 0]);
      assert.deepEqual(result.denials.map(({ subject }) => subject), ['lib/a.js is missing']);
    }));

    it('says once that there is no kernel layer', () => within({ 'app.js': `const { Worker } = require('worker_threads'); new Worker(require.resolve('./lib/a.js'));` }, {}, async (root) => {
      const alone = await run({ binary, mode: 'enforce', root, args: ['app.js'], layers: null });
      assert.equal(alone.stderr, 'nodeward: no kernel layer: start the program with nodeward run to have it\n');
      assert.equal(alone.stdout, 'a\n');
      const launched = await run({ binary, mode: 'enforce', root, args: ['app.js'], layers: 'launcher,landlock,seccomp' });
      assert.equal(launched.stderr, '');
    }));

    it('prints no warnings of Node.js', () => within({}, {}, async (root) => {
      const result = await run({ binary, mode: 'enforce', root, args: ['app.js'], env: { NODE_NO_WARNINGS: '0' } });
      assert.deepEqual([result.stdout, result.stderr], ['first line\na\n', '']);
    }));

    it('reports on standard error if no file is named', () => within({ 'app.js': `try { require('./evil.js'); } catch {}`, 'evil.js': EVIL }, {}, async (root) => {
      const result = await run({ binary, mode: 'enforce', root, args: ['app.js'], env: { NODEWARD_REPORT: 'stderr' } });
      const denial = JSON.parse(result.stderr);
      assert.equal(denial.schema, 'nodeward.denial/1');
      assert.equal(denial.kind, 'load');
      assert.equal(denial.mode, 'enforce');
      assert.match(denial.stack[0], /app\.js:1:/);
      assert.ok(Math.abs(Date.parse(denial.time) - Date.now()) < 3_600_000);
    }));

    it('text of attackers is escaped', () => within({ 'app.js': `try { require('./\\u001b[31mred\\u202e\\nline.js'); } catch (error) { console.log(JSON.stringify(error.message)); }`, '\u001b[31mred\u202e\nline.js': EVIL }, {}, async (root) => {
      const result = await run({ binary, mode: 'enforce', root, args: ['app.js'] });
      const message = JSON.parse(result.stdout);
      assert.match(message, /^Nodeward: loading denied: /);
      assert.doesNotMatch(message, /[\u0000-\u001f\u202e]/);
    }));

    it('allowed children are guarded, whatever environment they get', () => {
      const files = {
        'app.js': `const { spawnSync, execFileSync, fork, spawn } = require('child_process');
const evil = require.resolve('./lib/child.js').replace('lib/child', 'evil');
for (const options of [{}, { env: {} }, { env: { NODEWARD_MODE: 'report', NODE_OPTIONS: '--require ' + evil } }]) {
  const { stdout, status } = spawnSync(process.execPath, [require.resolve('./lib/child.js')], options);
  console.log(String(stdout).trim(), status);
  console.log(spawnSync(process.execPath, [evil], options).status !== 0);
}
try { execFileSync(process.execPath, [evil], { env: {}, stdio: 'pipe' }); } catch (error) { console.log(String(error.stderr).includes('ERR_NODEWARD_DENIED')); }
fork(require.resolve('./lib/child.js'), { execArgv: [], env: {} }).on('exit', (code) => {
  console.log(code);
  spawn(process.execPath, [evil], { env: {} }).on('exit', (status) => console.log(status !== 0));
});`,
        'lib/child.js': `console.log('child');`,
        'evil.js': EVIL,
      };
      return within(files, { also: { 'lib/child.js': '' }, fields: { children: true } }, async (root) => {
        const result = await run({ binary, mode: 'enforce', root, args: ['app.js'] });
        assert.equal(result.stdout, 'child 0\ntrue\nchild 0\ntrue\nchild 0\ntrue\ntrue\nchild\n0\ntrue\n', result.stderr);
      });
    });

    it('a cluster works where children are allowed', () => {
      const app = `const cluster = require('cluster'), http = require('http');
if (cluster.isPrimary) {
  const worker = cluster.fork();
  cluster.on('listening', (_worker, { port }) => http.get({ port }, (response) => response.on('data', (data) => { console.log(String(data)); worker.kill(); })));
  worker.on('exit', () => console.log('ended'));
} else http.createServer((request, response) => { try { require('./evil.js'); } catch (error) { response.end(error.code); } }).listen(0);`;
      return within({ 'app.js': app, 'evil.js': EVIL }, { fields: { children: true } }, async (root) => {
        const result = await run({ binary, mode: 'enforce', root, args: ['app.js'] });
        assert.equal(result.stdout, 'ERR_NODEWARD_DENIED\nended\n', result.stderr);
      });
    });

    it('an empty option of a Worker is passed over', () => {
      const app = `const { Worker } = require('worker_threads');
for (const execArgv of [[''], ['', '--no-warnings', '']]) new Worker(require.resolve('./lib/a.js'), { execArgv });`;
      return within({ 'app.js': app }, {}, async (root) => {
        const result = await run({ binary, mode: 'enforce', root, args: ['app.js'] });
        assert.deepEqual([result.stdout, result.denials], ['a\na\n', []], result.stderr);
      });
    });

    it('without the launcher, a list that the program writes beside the guard is not believed', () => {
      const app = `const fs = require('fs'), path = require('path'), crypto = require('crypto'); const { Worker } = require('worker_threads');
const evil = path.join(__dirname, 'evil.js'); const sha256 = (file) => crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
const list = { schema: 'nodeward.list/1', seal: sha256(path.join(__dirname, 'nodeward.seal.json')), root: __dirname, node: process.version, sources: { 'evil.js': 'c' + sha256(evil) }, eval: {}, children: true, synthetic: false };
fs.writeFileSync(path.join(__dirname, 'guard/list.json'), JSON.stringify(list));
new Worker(evil).on('error', (error) => console.log(error.code));`;
      return within({ 'app.js': app, 'evil.js': EVIL }, {}, async (root) => {
        const preload = path.join(root, 'guard/runtime/preload.cjs');
        fs.cpSync(path.dirname(PRELOAD), path.dirname(preload), { recursive: true });
        const result = await run({ binary, mode: 'plain', root, args: ['--require', preload, 'app.js'], env: { NODEWARD_LAYERS: '' } });
        assert.equal(result.stdout, 'ERR_NODEWARD_DENIED\n', result.stderr);
      });
    });

    it('the guard can be given twice', () => within({}, {}, async (root) => {
      const result = await run({ binary, mode: 'enforce', root, args: ['--require', PRELOAD, 'app.js'], env: { NODE_OPTIONS: `--require "${PRELOAD}"` } });
      assert.deepEqual([result.stdout, result.denials], ['first line\na\n', []], result.stderr);
    }));
  });
}
