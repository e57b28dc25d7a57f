// The list of @vercel/nft for one entry, with its reasons, as JSON.
//
//   node bench/trace/nft.mjs FOLDER-OF-@vercel/nft BASE ENTRY
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, base, entry] = process.argv.slice(2);
const { nodeFileTrace } = await import(pathToFileURL(path.join(folder, 'out/index.js')));
const { fileList, reasons } = await nodeFileTrace([path.join(base, entry)], { base });
const files = [...fileList].sort().map((file) => {
  const reason = reasons.get(file);
  return [file, reason?.type ?? [], [...(reason?.parents ?? [])]];
});
process.stdout.write(JSON.stringify(files));
