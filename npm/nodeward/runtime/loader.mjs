// Node.js 20 only: the hook for ES modules, in a thread in which no code of the application runs. It has the
// seal and the settings from the preload, which was loaded in this thread before.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const seal = require('./preload.cjs');
const { own, denial } = seal;

/** Built-in modules that the preload guards when they are first asked for, which has to be in the main thread. */
const LATE = ['child_process', 'cluster', 'inspector', 'inspector/promises', 'repl', 'test', 'v8', 'worker_threads'];

export async function load(url, context, nextLoad) {
  if (url.startsWith('node:')) return LATE.includes(url.slice(5)) ? late(url) : nextLoad(url, context);
  const result = await nextLoad(url, context);
  // CommonJS without a text goes through `_compile`.
  if (result.source === null || result.source === undefined) return result;
  return { ...result, source: compared(url, result) };
}

/** The same module by way of the guarded `require` of the thread that asked. */
function late(url) {
  const names = Object.keys(require(url)).filter((name) => name !== 'default' && /^[A-Za-z_$][\w$]*$/.test(name));
  const source = `import { createRequire } from 'node:module';
const builtin = createRequire('/')(${JSON.stringify(url)});
export default builtin;
export const { ${names.join(', ')} } = builtin;
`;
  return { format: 'module', shortCircuit: true, source };
}

const CODE = ['cjs', 'esm', 'typescript', 'synthetic'];
const mayBe = (kind, format) => format === 'json' || (format === 'wasm' ? kind === 'wasm' : CODE.includes(kind));

function compared(url, { source, format }) {
  const bytes = typeof source === 'string' ? Buffer.from(source) : own.copyBytes(source);
  const hash = own.sha256(bytes);
  const filename = seal.fileOf(url);
  const entry = filename === undefined ? undefined : seal.find(filename);
  const subject = filename ?? url.slice(0, 200);
  if (filename === undefined ? !seal.knows(hash) : entry === undefined) denial.refuse('load', subject, 'is not in the source list');
  else if (filename !== undefined && entry.sha256 !== hash) denial.refuse('load', subject, 'its content is not what was sealed');
  else if (filename !== undefined && !mayBe(entry.kind, format)) {
    denial.refuse('load', subject, 'is sealed as a file that is read, not as code');
  }
  // As a text: Node.js would have it decoded by what the program can replace.
  return format === 'wasm' ? bytes : own.toUtf8(bytes);
}
