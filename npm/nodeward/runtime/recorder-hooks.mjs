// What recorder.cjs does for `import`, on versions of Node.js whose hooks run in a thread of their own.

import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

let file;
const seen = new Set();

export function initialize({ folder }) {
  file = path.join(folder, `${process.pid}-hooks-${process.hrtime.bigint()}.jsonl`);
}

function pathOf(address) {
  return typeof address === 'string' && address.startsWith('file:') ? fileURLToPath(address.split(/[?#]/)[0]) : null;
}

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const to = pathOf(resolved.url);
  if (to && file) {
    const line = JSON.stringify({ from: pathOf(context.parentURL), to, how: 'import' });
    if (!seen.has(line)) {
      seen.add(line);
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
    }
  }
  return resolved;
}
