'use strict';
// The example in `docs/eval.md` is run as it stands there.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { FLAG, PACKAGE, REPOSITORY, eachVersion, run } = require('./support/nodes.cjs');
const { covered } = require('../adapters/list.cjs');

const PAGE = fs.readFileSync(path.join(REPOSITORY, 'docs', 'eval.md'), 'utf8');

/** The fenced blocks whose first line names a file, and the one that shows what is printed. */
function blocks() {
  const files = {};
  let printed;
  for (const [, language, text] of PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const name = /^\/\/ ([\w.-]+\.(?:c|m)?js)\n/.exec(text)?.[1];
    if (name !== undefined) files[name] = text;
    if (language === 'text') printed ??= text;
  }
  return { files, printed };
}

eachVersion('the example of docs/eval.md prints what it says', ({ node, addon }, context) => {
  const { files, printed } = blocks();
  assert.deepEqual(Object.keys(files), ['formula.js', 'app.js']);
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-example-')));
  context.after(() => fs.rmSync(root, { recursive: true }));
  fs.mkdirSync(path.join(root, 'node_modules'));
  fs.symlinkSync(PACKAGE, path.join(root, 'node_modules', 'nodeward'), 'dir');
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(root, name), text);
  const sources = Object.entries(files).map(([name, text]) => (
    { path: name, kind: 'cjs', sha256: crypto.createHash('sha256').update(text).digest('hex') }));
  const settings = { addon, root, seal: { sources, eval: { modules: ['formula.js'] } } };
  const preload = path.join(root, 'preload.cjs');
  fs.writeFileSync(preload, `require(${JSON.stringify(path.join(PACKAGE, 'eval.cjs'))}).install(${JSON.stringify(settings)});`);
  const ran = run(node, [FLAG, '--require', preload, path.join(root, 'app.js')], { cwd: root });
  assert.equal(ran.stdout, printed, ran.stderr);
});

test('docs/eval.md names every package and range that an adapter covers', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| '));
  for (const { package: name, range, files } of covered()) {
    const row = rows.find((line) => line.includes(`\`${name}\``) && line.includes(`\`${range}\``) && line.includes(`\`${files[0]}\``));
    assert.ok(row, `${name} ${range} ${files[0]}`);
    for (const file of files) assert.ok(row.includes(`\`${file}\``), `${name} ${file}`);
  }
});

test('the table that nodeward seal reads is what the adapters cover', () => {
  const file = path.join(REPOSITORY, 'crates', 'nodeward-seal', 'src', 'seal', 'adapters.json');
  const table = `[\n${covered().map((cover) => `  ${JSON.stringify(cover)}`).join(',\n')}\n]\n`;
  if (process.env.NODEWARD_BLESS) fs.writeFileSync(file, table);
  assert.equal(fs.readFileSync(file, 'utf8'), table, 'run the test with NODEWARD_BLESS=1 to write the table anew');
});
