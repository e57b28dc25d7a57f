'use strict';
// A seal for tests: every file below a folder, or those that are named. `nodeward seal` does it by tracing.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const KINDS = { '.cjs': 'cjs', '.js': 'cjs', '.mjs': 'esm', '.json': 'json', '.node': 'native', '.wasm': 'wasm', '.ts': 'typescript', '.mts': 'typescript', '.cts': 'typescript' };

const sha256 = (data) => crypto.createHash('sha256').update(data).digest('hex');

/** Writes `nodeward.seal.json` into the folder and gives its path. */
function seal(folder, files, more = {}) {
  const sources = files.map((file) => {
    const bytes = fs.readFileSync(path.join(folder, file));
    const source = { path: file, kind: KINDS[path.extname(file)] ?? 'text', sha256: sha256(bytes), size: bytes.length, origin: 'static' };
    const release = releaseOf(folder, file);
    return release === undefined ? source : { ...source, package: release };
  });
  const { synthetic = [], ...fields } = more;
  for (const content of synthetic) {
    const name = crypto.createHash('sha512').update(content).digest('hex');
    sources.push({ path: `synthetic:${name}`, kind: 'synthetic', sha256: sha256(content), size: Buffer.byteLength(content), origin: 'declared', content });
  }
  sources.sort((a, b) => (a.path < b.path ? -1 : 1));
  const target = path.join(folder, 'nodeward.seal.json');
  fs.writeFileSync(target, `${JSON.stringify({ schema: 'nodeward.seal/1', entries: [files[0]], sources, manifests: [], ...fields }, null, 2)}\n`);
  return target;
}

/** `name@version` of the installed package that a file belongs to. */
function releaseOf(folder, file) {
  const [, place, name] = /^((?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file) ?? [];
  try {
    return place && `${name}@${JSON.parse(fs.readFileSync(path.join(folder, place, 'package.json'), 'utf8')).version}`;
  } catch {
    return undefined;
  }
}

/** All files below a folder, in the form of the seal. */
function filesBelow(folder, wanted = () => true) {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
    .filter((file) => file !== 'nodeward.seal.json' && wanted(file))
    .sort();
}

module.exports = { seal, filesBelow, sha256 };
