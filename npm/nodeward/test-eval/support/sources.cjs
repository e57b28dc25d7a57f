'use strict';
// What a seal says of installed packages that adapters cover.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { covered } = require('../../adapters/list.cjs');

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

/** Each file under node_modules that an adapter covers by package and name, as the seal lists it. */
function sources(root) {
  const packages = new Set(covered().map((cover) => cover.package));
  const found = [];
  const visit = (folder, isCovered) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        // Only what may hold a covered file is worth the walk.
        const isPackage = path.basename(folder) === 'node_modules';
        if (!isPackage || packages.has(entry.name) || fs.existsSync(path.join(file, 'node_modules'))) {
          visit(file, isPackage ? packages.has(entry.name) : isCovered);
        }
      } else if (isCovered && entry.name.endsWith('.js')) {
        found.push(path.relative(root, file).split(path.sep).join('/'));
      }
    }
  };
  visit(path.join(root, 'node_modules'), false);
  return found.flatMap((file) => {
    const [, before, name] = /^((?:.*\/)?node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
    if (!packages.has(name)) return [];
    const { version } = JSON.parse(fs.readFileSync(path.join(root, before, name, 'package.json'), 'utf8'));
    return [{ path: file, kind: 'cjs', sha256: sha256(fs.readFileSync(path.join(root, file))), package: `${name}@${version}` }];
  });
}

module.exports = { sha256, sources };
