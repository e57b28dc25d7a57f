// The lists of @vercel/nft for the cases, each made once and kept.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { grouped } from './page.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Where the list of a case is kept. */
export const keptAt = (kept, one) => path.join(kept, `${one.name.replace(/[^\w.-]+/g, '_')}-nft.json`);

/** Makes what is missing: one process for each folder, since most of what it reads there is the same. */
export function makeLists(wanted, all, { kept, base, program, nft }) {
  const placed = (one) => {
    const folder = one.root ?? path.join(base, one.folder);
    return { file: keptAt(kept, one), folder, entry: one.entry ?? `entries/${one.file}`, text: one.text };
  };
  const others = all.map(placed);
  const folders = grouped(wanted.map(placed).filter(({ file }) => !existsSync(file)), ({ folder }) => folder);
  for (const [folder, missing] of folders) {
    for (const { entry, text } of missing) if (text) writeFileSync(path.join(folder, entry), text);
    const apart = others.filter((one) => one.folder === folder && !missing.some(({ entry }) => entry === one.entry));
    const output = path.join(kept, 'nft.lines');
    const stream = openSync(output, 'w');
    const done = spawnSync(program, [
      // What it keeps of some hundred packages is more than Node.js takes by itself.
      '--max-old-space-size=8192', path.join(here, 'nft.mjs'), path.resolve(nft), folder, ...missing.map(({ entry }) => entry), '--apart', ...apart.map(({ entry }) => entry),
    ], { cwd: folder, env: { PATH: process.env.PATH }, stdio: ['ignore', stream, 'pipe'], encoding: 'utf8' });
    closeSync(stream);
    const lines = readFileSync(output).toString('utf8').split('\n').filter(Boolean);
    missing.slice(0, lines.length).forEach(({ file }, at) => writeFileSync(file, lines[at]));
    rmSync(output);
    if (lines.length < missing.length) console.log(`${folder}: @vercel/nft ended at ${missing[lines.length].entry}: ${done.stderr.slice(0, 500)}`);
  }
}
