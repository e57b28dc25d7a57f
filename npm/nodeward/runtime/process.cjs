'use strict';
// What `process` gives that leads around the module loader: add-ons, internal bindings, another program in the
// place of this one, the debugger's signal.

const own = require('./primordials.cjs');
const { admitted } = require('./arguments.cjs');
const { refuse, report, enforces } = require('./denial.cjs');

const LINUX = process.platform === 'linux';

/**
 * Bindings that make no code and start no process. `natives` is not among them: see embedded.cjs. Nor is `async_wrap`,
 * by which handles are seen as they are made.
 */
const HARMLESS = {
  __proto__: null,
  buffer: true, cares_wrap: true, config: true, constants: true, fs: true, fs_event_wrap: true,
  http_parser: true, icu: true, js_stream: true, os: true, pipe_wrap: true, signal_wrap: true, stream_wrap: true,
  string_decoder: true, tcp_wrap: true, tls_wrap: true, tty_wrap: true, udp_wrap: true, url: true, util: true,
  uv: true, zlib: true,
};

function guard({ seal, openBuiltin, guardedEnvironment, isMainThread }) {
  guardAddons(seal);
  guardBindings();
  guardPrograms(seal, guardedEnvironment);
  guardBuiltins(openBuiltin);
  guardDebugger(isMainThread);
}

// ---- add-ons

function guardAddons(seal) {
  const { dlopen } = process;
  const call = (module, name, flags) =>
    own.apply(dlopen, process, flags === undefined ? [module, name] : [module, name, flags]);

  process.dlopen = function guardedDlopen(module, filename, flags) {
    const name = `${filename}`;
    const entry = seal.find(name);
    if (entry === undefined) {
      refuse('addon', name, 'is not in the source list');
      return call(module, name, flags);
    }
    if (entry.kind !== 'native') {
      refuse('addon', name, 'is sealed as a file that is read, not as native code');
      return call(module, name, flags);
    }
    // Held open for good: the linker takes a name that it has seen before for the library that had it then.
    const descriptor = own.fs.openSync(name, 'r');
    const bytes = own.readOpen(descriptor);
    if (own.sha256(bytes) !== entry.sha256) {
      refuse('addon', name, 'its content is not what was sealed');
      own.fs.closeSync(descriptor);
      return call(module, name, flags);
    }
    // Its neighbours are found from the path that it is opened by.
    const byPath = !LINUX || own.bytesIndexOf(bytes, '$ORIGIN') !== -1 || own.bytesIndexOf(bytes, '${ORIGIN}') !== -1;
    if (byPath) {
      own.fs.closeSync(descriptor);
      return call(plain(module), name, flags);
    }
    const holder = plain(module);
    const result = call(holder, spelled(descriptor), flags);
    if (holder !== module) module.exports = holder.exports;
    return result;
  };
}

/** A module whose properties run no code when they are read, between the comparison and the opening. */
function plain(module) {
  if (module !== null && typeof module === 'object' && !own.isProxy(module)) {
    const exports = own.descriptorOf(module, 'exports');
    if (exports !== undefined && own.hasOwn(exports, 'value')) return module;
  }
  return { exports: module.exports, filename: module.filename };
}

const { bigint: instant } = process.hrtime;

/** The open file by a path that no other file had: a number can be given again, in another thread too. */
function spelled(descriptor) {
  let name = '/proc/self/fd/';
  for (let bits = instant() & 0xffffffn; bits > 0n; bits >>= 1n) name += (bits & 1n) === 1n ? './' : '/';
  return name + descriptor;
}

// ---- bindings

function guardBindings() {
  for (const name of ['binding', '_linkedBinding']) {
    const original = process[name];
    if (original === undefined) continue;
    process[name] = function guardedBinding(module) {
      const wanted = `${module}`;
      if (name === '_linkedBinding' || HARMLESS[wanted] !== true) {
        refuse('binding', `process.${name}(${wanted})`, 'it makes code or processes past every check');
        return own.apply(original, process, [wanted]);
      }
      return copies[wanted] ??= copied(own.apply(original, process, [wanted]), 0);
    };
  }
}

/** Bindings as they are given out. Node.js itself, and so the guard, uses the ones that they are copies of. */
const copies = own.create(null);

/** Plain objects are copied too, as constants are in some of their own. */
function copied(original, depth) {
  const copy = own.create(depth === 0 ? Object.prototype : own.prototypeOf(original));
  const names = own.ownKeys(original);
  for (let at = 0; at < names.length; at += 1) {
    let value = original[names[at]];
    if (typeof value === 'object' && value !== null && depth < 3) {
      if (own.isBytes(value)) value = copyOfNumbers(value);
      else if (isPlain(value)) value = copied(value, depth + 1);
    }
    own.defineProperty(copy, names[at], { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

function isPlain(value) {
  const prototype = own.prototypeOf(value);
  return prototype === null || prototype === PLAIN;
}

const PLAIN = Object.prototype;

/** Numbers by which native functions and Node.js tell each other their results. */
const copyOfNumbers = (numbers) => (typeof numbers.length === 'number' ? own.construct(own.prototypeOf(numbers).constructor, [numbers]) : numbers);

// ---- another program

function guardPrograms(seal, guardedEnvironment) {
  const { execve } = process;
  if (execve === undefined) return;
  process.execve = function guardedExecve(file, args, env) {
    if (!seal.children) {
      refuse('child', `process.execve(${file})`, 'the program in our place would not be guarded');
      return own.apply(execve, process, [file, args, env]);
    }
    const environment = guardedEnvironment(env ?? process.env);
    return own.apply(execve, process, [file, admitted(`${file}`, args ?? [], '.', undefined), environment]);
  };
}

// ---- built-in modules by name

function guardBuiltins(openBuiltin) {
  const { getBuiltinModule } = process;
  if (getBuiltinModule === undefined) return;
  process.getBuiltinModule = function guardedGetBuiltinModule(id) {
    if (typeof id === 'string') openBuiltin(own.startsWith(id, 'node:') ? own.stringSlice(id, 5) : id);
    return getBuiltinModule(id);
  };
}

// ---- the debugger

function guardDebugger(isMainThread) {
  for (const name of ['_debugProcess', '_debugEnd']) {
    const original = process[name];
    if (typeof original !== 'function') continue;
    process[name] = function guardedDebug(...given) {
      if (name === '_debugProcess') refuse('inspector', `process.${name}`, 'a debugger runs any code');
      return own.apply(original, process, given);
    };
  }
  if (!isMainThread || process.execArgv.includes('--disable-sigusr1')) return;
  const { on, listenerCount } = process;
  // With a listener of ours Node.js does not open the debugger's port. A listener alone keeps nothing alive.
  own.apply(on, process, ['SIGUSR1', () => {
    // The program has taken the signal for itself.
    if (own.apply(listenerCount, process, ['SIGUSR1']) > 1) return;
    report('inspector', 'SIGUSR1', 'a debugger runs any code', null);
    if (!enforces()) process.getBuiltinModule('inspector')?.open();
  }]);
}

module.exports = { __proto__: null, guard };
