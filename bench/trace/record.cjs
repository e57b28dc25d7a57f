// Preloaded by bench/trace-diff.mjs into each Node.js process and thread of a case: notes what is loaded as a module,
// by whom, and which files are read, one JSON line each.
'use strict';

const fs = require('node:fs');
const Module = require('node:module');
const { fileURLToPath, pathToFileURL } = require('node:url');

const { appendFileSync } = fs;
const log = process.env.TRACE_DIFF_LOG;
const noted = new Set();

function note(kind, file, parent) {
  if (typeof file !== 'string' || file === log) return;
  const line = JSON.stringify([kind, file, parent ?? null]) + '\n';
  if (noted.has(line)) return;
  noted.add(line);
  appendFileSync(log, line);
}

function ofAddress(address) {
  return typeof address === 'string' && address.startsWith('file:') ? fileURLToPath(address) : null;
}

if (Module.registerHooks) {
  const parents = new Map();
  Module.registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      if (!parents.has(found.url)) parents.set(found.url, context.parentURL);
      return found;
    },
    load(address, context, next) {
      note('load', ofAddress(address), ofAddress(parents.get(address)));
      return next(address, context);
    },
  });
} else {
  // Before Node.js 22.15 the two loaders are asked apart: `require` here, `import` in the thread of hooks.
  const { _load, _resolveFilename } = Module;
  Module._load = function (request, parent, ...rest) {
    let file = null;
    try {
      file = _resolveFilename.call(this, request, parent, ...rest);
    } catch {
      // It will fail the same way below.
    }
    if (file && file.startsWith('/')) note('load', file, parent?.filename);
    return _load.call(this, request, parent, ...rest);
  };
  const hooks = `import { appendFileSync } from 'node:fs'; import { fileURLToPath } from 'node:url';
    const parents = new Map();
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      if (!parents.has(found.url)) parents.set(found.url, context.parentURL);
      return found;
    }
    export async function load(address, context, next) {
      if (address.startsWith('file:')) {
        const parent = parents.get(address);
        appendFileSync(${JSON.stringify(log)}, JSON.stringify(['load', fileURLToPath(address), parent?.startsWith('file:') ? fileURLToPath(parent) : null]) + '\\n');
      }
      return next(address, context);
    }`;
  if (require('node:worker_threads').isMainThread) {
    Module.register('data:text/javascript,' + encodeURIComponent(hooks), pathToFileURL(__filename));
  }
}

const { dlopen } = process;
process.dlopen = function (module, file, ...rest) {
  note('load', file, reader());
  return dlopen.call(this, module, file, ...rest);
};

/** Where the text is that reads a file: the nearest frame that is a file of an application. */
function reader() {
  const frames = new Error().stack.split('\n').slice(3);
  for (const frame of frames) {
    const found = /(?:\(|at )((?:file:\/\/)?\/[^()]*?):\d+:\d+\)?$/.exec(frame);
    if (found && !found[1].endsWith('record.cjs')) return ofAddress(found[1]) ?? found[1];
  }
  return null;
}

function watch(object, names) {
  for (const name of names) {
    const original = object[name];
    object[name] = function (file, ...rest) {
      try {
        const path = file instanceof URL ? fileURLToPath(file) : file;
        if (typeof path === 'string' && path.includes('node_modules')) {
          const flags = name.startsWith('open') ? rest[0] : 'r';
          if (flags === undefined || flags === 'r' || flags === 0 || typeof flags === 'function') {
            const by = reader();
            // The loader of CommonJS reads through here too, with no application above it but the one that loads.
            if (by) note('read', require('node:path').resolve(path), by);
          }
        }
      } catch {
        // What can't be told is not noted; the application gets its own error.
      }
      return original.call(this, file, ...rest);
    };
  }
}
watch(fs, ['readFileSync', 'openSync', 'readFile', 'open', 'createReadStream']);
watch(fs.promises, ['readFile', 'open']);
Module.syncBuiltinESMExports();
