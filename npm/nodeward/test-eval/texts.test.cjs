'use strict';
// The add-on's way to the text of a sealed file has to give what Node.js gives, or nothing.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { PACKAGE, eachVersion, runForJson } = require('./support/nodes.cjs');

const MEBIBYTE = 1024 * 1024;
const BYTES = {
  empty: Buffer.alloc(0),
  ascii: Buffer.from('exports.a = 1;\n'),
  'Latin-1': Buffer.from('// caf\u00e9\n'),
  'beyond Latin-1': Buffer.from('// \u2713 \u{1f600}\n'),
  'byte order mark': Buffer.from('\ufeffexports.a = 1;\n'),
  'not UTF-8': Buffer.from([0x2f, 0x2f, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0x0a, 0xf0, 0x9f, 0x98]),
  'half a character in UTF-8': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  NUL: Buffer.from('a\0b'),
  'as large as what is kept': Buffer.alloc(256 * 1024, 'a;'),
  'a little larger': Buffer.alloc(256 * 1024 + 1, 'b;'),
  'nearly large': Buffer.alloc(2 * MEBIBYTE - 1, 'c;'),
  large: Buffer.alloc(2 * MEBIBYTE, 'd;'),
  'larger, in ASCII': Buffer.alloc(9 * MEBIBYTE + 7, 'exports.e = 1;\n'),
  'larger, in UTF-8': Buffer.alloc(5 * MEBIBYTE, '// \u2713\n'),
};

eachVersion('a text is what Node.js makes of the same bytes', ({ node, addon }, context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-texts-'));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  for (const [name, bytes] of Object.entries(BYTES)) fs.writeFileSync(path.join(folder, `${name}.js`), bytes);
  fs.mkdirSync(path.join(folder, 'a folder'));
  execFileSync('mkfifo', [path.join(folder, 'a pipe')]);
  const seen = runForJson(node, ['--expose-gc', '-e', `
    const { createHash } = require('node:crypto');
    const fs = require('node:fs');
    const path = require('node:path');
    const folder = ${JSON.stringify(folder)};
    const { textOf } = require(${JSON.stringify(path.join(PACKAGE, 'eval.cjs'))}).install({ addon: ${JSON.stringify(addon)}, seal: { sources: [], eval: {} } });
    const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
    const differing = [];
    const names = fs.readdirSync(folder).filter((name) => name.endsWith('.js')).map((name) => path.join(folder, name));
    for (let round = 0; round < 2; round += 1) {
      for (const name of names) {
        const bytes = fs.readFileSync(name);
        if (textOf(name, sha256(bytes)) !== bytes.toString()) differing.push(name);
        for (const other of ['', 'x', sha256('another'), sha256(bytes).toUpperCase(), sha256(bytes) + '0']) {
          if (textOf(name, other) !== undefined) differing.push(name + ' with ' + other);
        }
      }
    }
    const none = sha256('');
    const refused = ['a folder', 'a pipe', 'nothing', 'empty.js/'].filter((name) => textOf(path.join(folder, name), none) === undefined).length
      + ['', '\\0', 'x'.repeat(10000), folder + '/empty.js\\0'].filter((name) => textOf(name, none) === undefined).length;
    let thrown = 0;
    for (const wrong of [[], [1, none], [names[0], 1], [{}, {}]]) try { textOf(...wrong); } catch (error) { thrown += error.code === 'ERR_NODEWARD_ADDON'; }
    // A text that is memory of its own is given back, and works as long as it is held.
    const large = path.join(folder, 'larger, in ASCII.js');
    const hash = sha256(fs.readFileSync(large));
    const held = textOf(large, hash).slice(MEBIBYTE = 1024 * 1024, MEBIBYTE + 28);
    gc();
    const before = process.memoryUsage().rss;
    for (let at = 0; at < 60; at += 1) { if (textOf(large, hash).length < at) throw new Error('short'); gc(); }
    const grown = Math.round((process.memoryUsage().rss - before) / 1024 / 1024);
    console.log(JSON.stringify({ count: names.length, differing, refused, thrown, held, grown }));
  `]);
  const { grown, ...rest } = seen;
  const held = BYTES['larger, in ASCII'].subarray(MEBIBYTE, MEBIBYTE + 28).toString();
  assert.deepEqual(rest, { count: Object.keys(BYTES).length, differing: [], refused: 8, thrown: 4, held });
  assert.ok(grown < 200, `60 texts of 9 MiB are gone, and ${grown} MiB more are held`);
});
