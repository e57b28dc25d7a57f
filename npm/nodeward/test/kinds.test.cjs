'use strict';
// A kind says what a file may be taken for, and no more: data may be read and parsed, and a program that is read may
// be run as a script.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { it, describe } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { folder, write, run } = require('./support/run.cjs');
const { seal } = require('./support/sealer.cjs');

const FILES = {
  'app.js': `
    const fs = require('node:fs'), path = require('node:path'), vm = require('node:vm');
    const script = fs.readFileSync(path.join(__dirname, 'script.js'), 'utf8');
    console.log(vm.runInThisContext(script), vm.runInNewContext(script), require('./data.json').a, require('./data').a);
    try { require('./script.js'); } catch (error) { console.log(error.code); }
    import('./data.json', { with: { type: 'json' } }).then((data) => console.log(data.default.a), (error) => console.log(error.code));
    import('./script.js').catch((error) => console.log(error.code));`,
  'script.js': '6 * 7\n',
  'data.json': '{"a":1}',
};

describe('what is sealed as text', () => {
  for (const { line, binary } of nodes.found) {
    it(`Node.js ${line}`, async (context) => {
      const root = folder('kinds');
      context.after(() => fs.rmSync(root, { recursive: true, force: true }));
      write(root, FILES);
      const file = seal(root, Object.keys(FILES));
      const document = JSON.parse(fs.readFileSync(file, 'utf8'));
      for (const source of document.sources) if (source.path !== 'app.js') source.kind = 'text';
      fs.writeFileSync(file, JSON.stringify(document));
      const ran = await run({ binary, mode: 'enforce', root, args: [path.join(root, 'app.js')] });
      const told = ran.stdout.trimEnd().split('\n');
      assert.deepEqual(told.slice(0, 2), ['42 42 1 1', 'ERR_NODEWARD_DENIED'], ran.stderr);
      assert.deepEqual(told.slice(2).sort(), ['1', 'ERR_NODEWARD_DENIED']);
      assert.deepEqual(ran.denials.map(({ subject, reason }) => [path.basename(subject), reason]), [
        ['script.js', 'is sealed as a file that is read, not as code'],
        ['script.js', 'is sealed as a file that is read, not as code'],
      ]);
    });
  }
  if (nodes.absent.length > 0) it(`Node.js ${nodes.absent.join(', ')}`, { skip: 'not found: set NODEWARD_NODES' }, () => {});
});
