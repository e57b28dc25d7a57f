'use strict';
// What the attacks have in common: the files that lie about, and the program that each is the body of.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { seal } = require('./sealer.cjs');
const { folder, write } = require('./run.cjs');

/** What a payload prints when it runs. */
const RAN = 'PAYLOAD RAN';
const CJS = `(globalThis.ran ?? (() => require('fs').writeSync(1, '${RAN}\\n')))();\n`;
const ESM = `import fs from 'node:fs'; fs.writeSync(1, '${RAN}\\n'); export default 1;\n`;

/** A module with one function `f`, which gives 42. */
const WASM = Buffer.from('0061736d010000000105016000017f03020100070501016600000a06010400412a0b', 'hex');

/** Files that are not in the seal. */
const UNSEALED = {
  'evil.js': CJS,
  'evil.cjs': CJS,
  'evil.txt': CJS,
  'evil': CJS,
  'evil.ts': `const text: string = '${RAN}\\n'; require('fs').writeSync(1, text);\n`,
  'evil.mjs': ESM,
  'evil.mts': `import fs from 'node:fs'; const text: string = '${RAN}\\n'; fs.writeSync(1, text);\n`,
  'evil.json': '{"evil":true}\n',
  'evil.wasm': WASM,
};

const SEALED = {
  'listed.cjs': 'exports.value = 1;\n',
  'listed.mjs': 'export default 1;\n',
  'listed.json': '{"listed":true}\n',
};

const PROLOGUE = `
const fs = require('node:fs'), path = require('node:path'), Module = require('node:module');
const say = fs.writeSync;
const ran = () => say(1, '${RAN}\\n');
globalThis.ran = ran;
const here = (name) => path.join(__dirname, name);
const PAYLOAD = ${JSON.stringify(CJS)};
const WASM = Buffer.from('${WASM.toString('hex')}', 'hex');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;
const MAIN = (body) => `${PROLOGUE}
const attack = async () => {
${body}
};
attack().then(() => say(1, 'END\\n'), (error) => say(1, 'THREW ' + (error && error.code) + ' ' + (error && error.message) + '\\n'));
`;

const LIBRARY = `
#include <unistd.h>
__attribute__((constructor)) static void loaded(void) { if (write(1, "${RAN}\\n", 12)) {} }
__attribute__((visibility("default"))) int answer(void) { return 42; }
__attribute__((visibility("default"))) void *napi_register_module_v1(void *env, void *exports) { return exports; }
`;
let library;

/** A shared library that prints as soon as it is opened, or undefined where there is no C compiler. */
function nativePayload() {
  if (library !== undefined) return library ?? undefined;
  library = null;
  const root = folder('library');
  write(root, { 'evil.c': LIBRARY });
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', 'evil.node', 'evil.c'], { cwd: root });
  if (made.status === 0) library = fs.readFileSync(path.join(root, 'evil.node'));
  fs.rmSync(root, { recursive: true });
  return library ?? undefined;
}

/** Lays out the folder of one attack, sealed, and gives its path. */
function layOut({ body, main = 'app.cjs', source, files = {}, sealed = {}, needs, seal: more = {} }) {
  const root = folder('attack');
  write(root, { ...UNSEALED, ...SEALED, ...files, ...sealed, [main]: source ?? MAIN(body) });
  fs.symlinkSync('evil.js', path.join(root, 'link.js'));
  if (needs === 'compiler') write(root, { 'evil.node': nativePayload() });
  seal(root, [main, ...Object.keys(SEALED), ...Object.keys(sealed)], more);
  return root;
}

module.exports = { RAN, CJS, ESM, WASM, MAIN, PROLOGUE, layOut, nativePayload };
