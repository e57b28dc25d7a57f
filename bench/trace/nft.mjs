// The list of @vercel/nft for one entry or more, with its reasons, as JSON: a line for each entry.
//
//   node bench/trace/nft.mjs FOLDER-OF-@vercel/nft BASE ENTRY… [--apart OTHER…]
//
// Entries, and others after `--apart`, are programs of their own: each is listed as if the rest were not there, so that
// a pattern that takes in the whole project does not take in them. What is found in a file is kept from one entry to
// the next, as the option `cache` is for. Where it ends because a file is not there that it names itself, that file is
// left out.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, base, ...rest] = process.argv.slice(2);
const { nodeFileTrace } = await import(pathToFileURL(path.join(folder, 'out/index.js')));
const entries = rest.includes('--apart') ? rest.slice(0, rest.indexOf('--apart')) : rest;
const cache = entries.length > 1 ? {} : undefined;
const apart = new Set(rest.filter((entry) => !entry.startsWith('node_modules/')));

async function list(entry, absent = []) {
  const ignore = (file) => (file !== entry && apart.has(file)) || absent.includes(file);
  try {
    const { fileList, reasons } = await nodeFileTrace([path.join(base, entry)], { base, cache, ignore });
    return [...fileList].sort().map((file) => [file, reasons.get(file)?.type ?? [], [...(reasons.get(file)?.parents ?? [])]]);
  } catch (error) {
    const named = /^File (.*) does not exist\.$/.exec(error.message);
    const file = named && path.relative(base, named[1]);
    if (!file || absent.includes(file)) throw error;
    return list(entry, [...absent, file]);
  }
}

for (const entry of entries) process.stdout.write(`${JSON.stringify(await list(entry))}\n`);
