'use strict';

// Notes which file loads which, for `nodeward trace --record`. Loaded by `--require` through NODE_OPTIONS, so that npm
// scripts, child processes and workers keep it. It denies nothing, and writes only into the folder that
// NODEWARD_RECORD names: one file for each process and thread, one JSON line for each new pair of files.

if (process.env.NODEWARD_RECORD) record(process.env.NODEWARD_RECORD);

/** @param {string} folder */
function record(folder) {
  const fs = require('node:fs');
  const path = require('node:path');
  const Module = require('node:module');
  const { fileURLToPath, pathToFileURL } = require('node:url');
  const threads = require('node:worker_threads');
  const processes = require('node:child_process');
  const vm = require('node:vm');
  const { AsyncLocalStorage } = require('node:async_hooks');

  // The program may replace them later.
  const { openSync, writeSync, existsSync, statSync } = fs;
  const seen = new Set();
  let file;

  // Packages that load files for others by ways of their own: who asked them stands further up the stack.
  const runners = /[\\/]node_modules[\\/](?:vitest|@vitest|vite|vite-node|tinypool|jest-[a-z-]+|@jest|jest)[\\/]/;

  function note(from, to, how) {
    if (typeof to !== 'string' || !path.isAbsolute(to)) return;
    const parent = typeof from === 'string' && path.isAbsolute(from) ? from : null;
    const line = JSON.stringify({ from: parent, to, how });
    if (seen.has(line)) return;
    seen.add(line);
    try {
      file ??= openSync(path.join(folder, `${process.pid}-${threads.threadId}-${process.hrtime.bigint()}.jsonl`), 'a', 0o600);
      writeSync(file, `${line}\n`);
    } catch {
      // The program goes on as it would without us.
    }
  }

  function pathOf(address) {
    if (typeof address !== 'string') return null;
    if (path.isAbsolute(address)) return address.split('?')[0];
    if (!address.startsWith('file:')) return null;
    try {
      return fileURLToPath(address.split(/[?#]/)[0]);
    } catch {
      return null;
    }
  }

  // The nearest file on the stack, awaited ones too, that is neither ours, nor Node.js's, nor a runner's.
  function caller(except) {
    const limit = Error.stackTraceLimit;
    const prepare = Error.prepareStackTrace;
    Error.stackTraceLimit = 200;
    Error.prepareStackTrace = undefined;
    const stack = String(new Error().stack);
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = prepare;
    for (const line of stack.split('\n').slice(1)) {
      const place = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()]*?):\d+:\d+\)?$/.exec(line.trim());
      const found = place && pathOf(place[1]);
      if (found && found !== __filename && found !== except && !runners.test(found)) return found;
    }
    return null;
  }

  // The file that a runner loads something for, through every await on the way.
  const loading = new AsyncLocalStorage();

  const asked = (from, to) => (from && runners.test(from) ? loading.getStore() ?? caller(to) ?? from : from);

  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    let resolved = null;
    try {
      resolved = Module._resolveFilename(request, parent, isMain);
    } catch {
      // It fails again below, where the program sees it.
    }
    note(asked(parent?.filename, resolved), resolved, 'require');
    const exported = Reflect.apply(load, this, arguments);
    if (resolved && /[\\/]jest-runtime[\\/]build[\\/]index\.js$/.test(resolved)) jest(exported);
    return exported;
  };

  if (typeof Module.registerHooks === 'function') {
    Module.registerHooks({
      resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        const to = pathOf(resolved.url);
        if (to) note(asked(pathOf(context.parentURL), to), to, 'import');
        return resolved;
      },
    });
  } else if (threads.isMainThread && typeof Module.register === 'function') {
    Module.register(pathToFileURL(path.join(__dirname, 'recorder-hooks.mjs')).href, { data: { folder } });
  }

  // The main file of a worker or of a child has no parent there: who starts it is noted here.
  function script(given, from) {
    const named = given instanceof URL ? pathOf(given.href) : typeof given === 'string' ? given : null;
    if (!named) return null;
    const found = path.resolve(from, named);
    const ways = [found, `${found}.js`, `${found}.cjs`, path.join(found, 'index.js')];
    return ways.find((way) => statSync(way, { throwIfNoEntry: false })?.isFile()) ?? null;
  }

  threads.Worker = new Proxy(threads.Worker, {
    construct(target, given, made) {
      if (given[1]?.eval !== true) note(caller(), script(given[0], process.cwd()), 'worker');
      return Reflect.construct(target, given, made === threads.Worker ? target : made);
    },
  });
  for (const name of ['fork', 'spawn', 'spawnSync', 'execFile', 'execFileSync']) {
    processes[name] = new Proxy(processes[name], {
      apply(target, self, given) {
        const list = Array.isArray(given[1]) ? given[1] : [];
        const options = Array.isArray(given[1]) ? given[2] : given[1];
        const isNode = given[0] === process.execPath || given[0] === 'node';
        const main = name === 'fork' ? given[0] : isNode ? list.find((one) => !String(one).startsWith('-')) : null;
        if (main) note(caller(), script(main, String(options?.cwd ?? process.cwd())), 'child');
        return Reflect.apply(target, self, given);
      },
    });
  }

  // Runners that compile files by themselves name them here. What they compile is a function that gets the functions
  // to load with: those are called on behalf of that file.
  function compiled(options) {
    const to = pathOf(typeof options === 'string' ? options : options?.filename);
    if (!to || runners.test(to) || !existsSync(to)) return null;
    note(loading.getStore() ?? caller(to), to, 'compile');
    return to;
  }
  const onBehalf = (from) => (given) => typeof given !== 'function' ? given : new Proxy(given, {
    apply(target, self, list) {
      if (typeof list[0] !== 'string') return Reflect.apply(target, self, list);
      const named = list[0].split('?')[0];
      const ways = [named.replace(/^\/@fs(?=\/)/, ''), path.join(process.cwd(), named), path.resolve(path.dirname(from), named)];
      const found = pathOf(named) ?? named;
      const loaded = [found, ...ways].find((way) => path.isAbsolute(way) && statSync(way, { throwIfNoEntry: false })?.isFile());
      if (loaded) note(from, loaded, 'import');
      return loading.run(from, () => Reflect.apply(target, self, list));
    },
  });
  for (const [name, place] of [['runInThisContext', 1], ['runInContext', 2], ['runInNewContext', 2]]) {
    vm[name] = new Proxy(vm[name], {
      apply(target, self, given) {
        const file = compiled(given[place]);
        const result = Reflect.apply(target, self, given);
        if (!file || typeof result !== 'function' || !runners.test(String(new Error().stack))) return result;
        return new Proxy(result, { apply: (inner, of, list) => Reflect.apply(inner, of, list.map(onBehalf(file))) });
      },
    });
  }
  Module.syncBuiltinESMExports();

  // Jest has a module system of its own.
  function jest(exported) {
    const runtime = (exported?.default ?? exported)?.prototype;
    if (!runtime || Object.hasOwn(runtime, '__nodewardNotes')) return;
    Object.defineProperty(runtime, '__nodewardNotes', { value: true });
    const resolve = (self, from, name) => {
      const ways = [
        () => self.resolution?.resolveCjs?.(from, name),
        () => self.cjsLoader?.resolution?.resolveCjs?.(from, name),
        () => self._resolveCjsModule?.(from, name),
        () => self._resolveModule?.(from, name, { conditions: self.cjsConditions }),
      ];
      for (const way of ways) {
        try {
          const found = way();
          if (typeof found === 'string') return found;
        } catch {
          // The next way, or none.
        }
      }
      return null;
    };
    for (const name of ['requireModule', 'requireActual']) {
      const original = runtime[name];
      if (typeof original !== 'function') continue;
      runtime[name] = function (from, request) {
        if (request === undefined) note(null, from, 'require');
        else note(from, resolve(this, from, request), 'require');
        return Reflect.apply(original, this, arguments);
      };
    }
    const resolveModule = runtime.resolveModule;
    if (typeof resolveModule === 'function') {
      runtime.resolveModule = async function (specifier, from) {
        const module = await Reflect.apply(resolveModule, this, arguments);
        note(pathOf(from), pathOf(module?.identifier), 'import');
        return module;
      };
    }
  }
}
