'use strict';
// Every way in which Node.js loads a file as a module: its content is compared with the seal, and what was
// compared is what is compiled, not what a second reading would give.
//
// The guarded functions keep Node.js's own ones to themselves. The application may put functions of its own in
// their place, as instrumentation does: it can call the guarded ones, and never those behind them.

const Module = require('node:module');
const own = require('./primordials.cjs');
const { refuse, enforces } = require('./denial.cjs');
const { holdsScript } = require('./embedded.cjs');
const code = require('./code.cjs');
const esm = require('./esm.cjs');
const names = require('./names.cjs');

const REASONS = {
  __proto__: null,
  absent: 'is not in the source list',
  differs: 'its content is not what was sealed',
  data: 'is sealed as a file that is read, not as code',
};

/** The kinds of sources that may be compiled as JavaScript. */
const CODE = { __proto__: null, cjs: true, esm: true, typescript: true, synthetic: true };

let seal;
let openBuiltin;
/** The add-on's: the text of a file if it has a hash. */
let sealedText;
/** What was compared last, so that the hook and `_compile` hash a file once. */
let comparedName;
let comparedText;
let comparedEntry;
/** What report-only has told of already: a file can come by two ways. */
let told;

function guard(settings) {
  seal = settings.seal;
  openBuiltin = settings.openBuiltin;
  sealedText = settings.textOf;
  told = own.create(null);
  // First, while nobody can see what Node.js makes for it, and no function of ours stands in the way.
  if (!settings.isLoaderThread) esm.guard({ compareLoaded, compareRequired, isStartText, compareRead, fileOf, refuseOnce });
  code.guard(settings);
  if (!settings.isLoaderThread) names.guard(settings);
  guardCompile();
  guardWrapper();
  guardRegistration(settings);
  if (enforces() && !settings.isLoaderThread) guardExtensions();
  else if (Module.registerHooks === undefined) guardJson();
}

/** The entry of a file that has this text and is sealed as code. Else there is none, as with `compare`. */
function compareCode(filename, text, parent) {
  const entry = compare(filename, text, parent);
  if (entry === undefined || CODE[entry.kind] === true) return entry;
  return deny(filename, entry.sha256, REASONS.data, parent);
}

/** The entry of a file that has this text. Else there is none: reported, and thrown when enforcing. */
function compare(filename, text, parent) {
  if (filename === comparedName && text === comparedText) return comparedEntry;
  const entry = seal.find(filename);
  const fault = entry === undefined ? REASONS.absent : isText(entry.sha256, filename, text) ? undefined : REASONS.differs;
  if (fault !== undefined) return deny(filename, own.sha256OfText(text), fault, parent);
  noteCompared(filename, text, entry);
  return entry;
}

/** All three or none: nothing is called in between, which is where a stack runs out. */
function noteCompared(filename, text, entry) {
  comparedName = filename;
  comparedText = text;
  comparedEntry = entry;
}

function isText(sha256, filename, text) {
  if (own.sha256OfText(text) === sha256) return true;
  // The text may lack the byte order mark of the file, or the file may not be UTF-8, and the text then has
  // replacement characters: the bytes decide, and have to decode to the text that will run.
  if (own.sha256OfText(`\ufeff${text}`) === sha256) return true;
  try {
    const bytes = own.readBytes(filename);
    return own.sha256(bytes) === sha256 && own.toUtf8(bytes) === text;
  } catch {
    return false;
  }
}

/** For other formats than text: `format` is what the bytes are going to be. */
function compareBytes(filename, bytes, format) {
  const entry = seal.find(filename);
  const hash = own.sha256(bytes);
  if (entry === undefined || entry.sha256 !== hash) deny(filename, hash, entry === undefined ? REASONS.absent : REASONS.differs);
  else if (!mayBe(entry.kind, format)) deny(filename, hash, REASONS.data);
}

/** Whether a source of a kind may be loaded as what Node.js or a hook takes it for. JSON is never run. */
const mayBe = (kind, format) => format === 'json' || (format === 'wasm' ? kind === 'wasm' : CODE[kind] === true);

function deny(subject, hash, reason, parent) {
  refuseOnce(`${hash} ${subject}`, subject, reason, parent === undefined ? asking : parent);
  told[hash] = true;
}

/** Report-only tells of it once. It is noted when it has been told: where the stack runs out before, it was not. */
function refuseOnce(key, subject, reason, parent) {
  if (told[key] === true) return;
  refuse('load', subject, reason, parent?.());
  told[key] = true;
}

/** Report-only: whether a line has told of this content. */
const isTold = (hash) => told[hash] === true;

// ---- CommonJS

function guardCompile() {
  const { prototype } = Module;
  const compile = named(prototype._compile, '_compile');
  const parentOf = own.uncurried(own.descriptorOf(prototype, 'parent').get);
  prototype._compile = function _compile(content, filename, format) {
    if (typeof content !== 'string' || typeof filename !== 'string') {
      refuse('load', 'Module.prototype._compile', 'neither the text nor the name may be an object');
    } else if (isEvalWrapper(content, filename)) {
      compareStart(filename);
    } else {
      const entry = compareCode(filename, content, () => nameOf(this, parentOf));
      if (entry?.kind === 'cjs' && (format === 'commonjs' || format === undefined)) {
        compareWrapper(filename);
        const body = code.compiled(content, filename);
        if (body !== undefined) return code.run(body, this, filename);
      }
      if (format === 'module' || entry?.kind === 'esm') requiresModules = true;
      // Node.js takes the types away, so that nobody knows the text that it then compiles.
      typed = entry?.kind === 'typescript' ? { __proto__: null, filename, content } : undefined;
    }
    compareWrapper(filename);
    code.note(this);
    return own.apply(compile, this, [content, filename, format]);
  };
}

/** Node.js's own functions have no name: stack traces call them by the property, in which ours stands now. */
function named(native, name) {
  if (native.name === '') own.defineProperty(native, 'name', { __proto__: null, value: name, configurable: true });
  return native;
}

/** Node.js prepares the globals of `-e` and of a Worker's text so; what is then run was asked about before. */
function isEvalWrapper(content, filename) {
  return (filename === '[worker eval]-wrapper' || filename === '[eval]-wrapper' || filename === '[stdin]-wrapper')
    && holdsScript(content);
}

/**
 * A Worker's text, in the Worker: nothing of the program has run there, while the message that starts it passed
 * through the hands of the program. Node.js has put the text where it is asked for here.
 */
function compareStart(filename) {
  if (filename !== '[worker eval]-wrapper' || isStartText()) return;
  const text = own.descriptorOf(process, '_eval')?.value;
  refuse('worker', `code of ${text?.length} characters`, REASONS.absent);
}

function isStartText() {
  const text = own.descriptorOf(process, '_eval')?.value;
  return typeof text === 'string' && seal.knows(own.sha256OfText(text));
}

/** A text that the loader is given to compile, and no file. That of the main thread was told of at start. */
function compareLoaded(url, text) {
  if (isMain && !enforces() && own.endsWith(url, EVALUATED)) return;
  if (!seal.knows(own.sha256OfText(text))) refuseOnce(`${own.sha256(text)} ${url}`, shortened(url), REASONS.absent);
}

/** A file that is required as an ES module, with the text that is compiled. */
function compareRequired(filename, text) {
  const before = typed;
  typed = undefined;
  if (before?.filename === filename && isStripped(before.content, text)) return;
  compareCode(filename, text);
}

/** The file with types that was compared last: Node.js takes them away, and then requires it as an ES module. */
let typed;
const { stripTypeScriptTypes } = Module;

/** Whether a text is another one without its types, and says no more than where it is from. */
function isStripped(content, text) {
  const { emitWarning } = process;
  // Whoever wants to know that this is experimental was told by the types.
  process.emitWarning = () => {};
  try {
    for (let at = 0; at < MODES.length; at += 1) {
      const code = strippedOf(content, MODES[at]);
      if (code !== undefined && own.startsWith(text, code) && isComment(own.stringSlice(text, code.length))) return true;
    }
  } finally {
    process.emitWarning = emitWarning;
  }
  return false;
}

/** None where there is no such way, or where types are more than types. */
function strippedOf(content, mode) {
  try {
    return stripTypeScriptTypes(content, { __proto__: null, mode });
  } catch {
    return undefined;
  }
}

const MODES = ['strip', 'transform'];
const COMMENT = '\n\n//# source';

/** Whether a text is nothing, or one line of a comment. */
function isComment(text) {
  if (text.length === 0) return true;
  if (!own.startsWith(text, COMMENT)) return false;
  for (let at = COMMENT.length; at < text.length; at += 1) {
    const unit = own.charCode(text, at);
    if (unit === 0x0a || unit === 0x0d || unit === 0x2028 || unit === 0x2029) return false;
  }
  return true;
}

/**
 * Node.js 20 loads the imports of a required ES module past its hooks. All that it then asks of each before it is
 * run is what that imports: there the file is read again and compared. Between the two readings a file could be
 * changed by another process or thread; the kernel layer keeps files from being written.
 */
function compareRead(url) {
  if (own.startsWith(url, 'file:')) {
    const filename = fileOf(url);
    if (filename === esm.NONE || filename === LOADER) return;
    const entry = filename === undefined ? undefined : seal.find(filename);
    // Report-only: the thread of the hooks has told, unless Node.js went past them.
    if (!enforces() && !requiresModules && !own.endsWith(url, EVALUATED)) return;
    const format = entry?.kind === 'wasm' ? 'wasm' : own.endsWith(filename ?? '', '.json') ? 'json' : 'module';
    if (entry !== undefined) compareBytes(filename, own.readBytes(filename), format);
    else if (own.endsWith(url, EVALUATED)) compareStarted(url);
    else deny(filename ?? url, hashOf(filename) ?? url, REASONS.absent);
  } else if (own.startsWith(url, 'data:') && (enforces() || requiresModules)) {
    compareContent(url, own.sha256(contentOf(url)));
  }
}

function compareStarted(url) {
  if (isStartText() || (isMain && !enforces())) return;
  refuse('load', shortened(url), REASONS.absent);
}

const LOADER = require.resolve('./loader.mjs');

function hashOf(filename) {
  try {
    return own.sha256(own.readBytes(filename));
  } catch {
    return undefined;
  }
}

const EVALUATED = '/[eval1]';
/** Whether an ES module was required. */
let requiresModules = false;
const isMain = process.chdir.disabled !== true;

/** The text or bytes in a `data:` URL. */
function contentOf(url) {
  const comma = own.stringIndexOf(url, ',');
  if (comma === -1) return '';
  const body = own.decodeURIComponent(own.stringSlice(url, comma + 1));
  return own.endsWith(own.stringSlice(url, 0, comma), ';base64') ? own.fromBase64(body) : body;
}

function nameOf(module, parentOf) {
  try {
    return parentOf(module)?.filename;
  } catch {
    return undefined;
  }
}

let wrapper;
let wrap;
let before;
let after;

/** Node.js wraps the text of a module by `Module.wrap` once anyone has touched it or `Module.wrapper`. */
function guardWrapper() {
  ({ wrapper, wrap } = Module);
  before = wrapper[0];
  after = wrapper[1];
}

function compareWrapper(filename) {
  // Descriptors, as an element could be an accessor with another answer next time.
  if (Module.wrap === wrap && Module.wrapper === wrapper
    && own.descriptorOf(wrapper, '0')?.value === before && own.descriptorOf(wrapper, '1')?.value === after) return;
  refuseOnce('wrapper', filename, 'Module.wrap or Module.wrapper was changed, which adds code to each module');
}

/** Whether hooks of the application have to be asked for CommonJS modules too. */
let isHooked = false;

/**
 * Node.js has hooks asked for each CommonJS module, which takes about as long as all else that it does to load one,
 * and our hook would only compare what `_compile` compares as well. So what is sealed as CommonJS or JSON is read here:
 * on Node.js 20 too, which has no such hooks, since it reads texts, and hashing the bytes takes half of that time.
 */
function guardExtensions() {
  const { '.js': nativeJs, '.json': nativeJson } = Module._extensions;
  guardJson();
  const json = Module._extensions['.json'];
  Module._extensions['.json'] = function (module, filename) {
    return own.apply(isHooked ? nativeJson : json, this, [module, filename]);
  };
  Module._extensions['.js'] = function (module, filename) {
    if (isHooked || seal.find(filename)?.kind !== 'cjs') return own.apply(nativeJs, this, [module, filename]);
    module._compile(textOf(filename), filename, 'commonjs');
  };
}

/** The text of a file. What was sealed is noted as compared: its bytes are hashed, and not the text once more. */
function textOf(filename) {
  const entry = seal.find(filename);
  if (sealedText !== undefined && entry !== undefined) {
    const found = sealedText(filename, entry.sha256);
    if (found !== undefined) {
      noteCompared(filename, found, entry);
      return found;
    }
  }
  const bytes = own.readBriefly(filename);
  const text = own.toUtf8(bytes);
  if (entry !== undefined && own.sha256(bytes) === entry.sha256) noteCompared(filename, text, entry);
  return text;
}

/** Where no hook is asked, JSON is the only format that passes `_compile` by. */
function guardJson() {
  Module._extensions['.json'] = function json(module, filename) {
    const text = textOf(filename);
    compare(filename, text);
    try {
      const value = own.parse(own.charCode(text, 0) === 0xfeff ? own.stringSlice(text, 1) : text);
      own.defineProperty(module, 'exports', {
        __proto__: null, value, writable: true, enumerable: true, configurable: true,
      });
    } catch (error) {
      error.message = `${filename}: ${error.message}`;
      throw error;
    }
  };
}

// ---- hooks

const HOOKS = 'hooks in a thread of their own can give any source';
/** Report-only: `Module.register` has told already. */
let ofRegister = false;

function guardRegistration({ registerLoader, isLoaderThread }) {
  const { register, registerHooks } = Module;
  if (registerHooks === undefined) {
    registerLoader(register);
  } else if (!isLoaderThread) {
    // In the thread of other hooks, which only report-only allows, Node.js can't have these as well.
    registerHooks({ load: (url, context, nextLoad) => compareResult(url, nextLoad(url, context)) });
    // What a later hook gives is compared as well, as it need not ask the ones before it.
    Module.registerHooks = function guardedRegisterHooks(hooks) {
      isHooked = true;
      code.hooked();
      names.hooked();
      const { resolve, load } = hooks;
      if (typeof load !== 'function') return registerHooks({ __proto__: null, resolve, load });
      return registerHooks({
        __proto__: null,
        resolve,
        load: (url, context, nextLoad) => compareForeign(url, load(url, context, nextLoad)),
      });
    };
  }
  if (register !== undefined) {
    Module.register = function guardedRegister(specifier, parent, options) {
      refuse('hooks', `module.register(${specifier})`, HOOKS);
      ofRegister = true;
      try {
        return own.apply(register, Module, [specifier, parent, options]);
      } finally {
        ofRegister = false;
      }
    };
  }
}

/** A result of Node.js itself, which no other code has seen. */
function compareResult(url, result) {
  const { format, source } = result;
  // Whatever its format: Node.js gives a built-in module for some that are none.
  const isNode = own.startsWith(url, 'node:');
  if (isNode) openBuiltin(own.stringSlice(url, 5));
  else if (format === 'builtin') openBuiltin(url);
  // CommonJS without a text goes through `_compile`, an add-on through `process.dlopen`.
  if (source !== null && source !== undefined && !(isNode && format === 'builtin')) {
    const compared = compareSource(url, format, source);
    if (compared !== source) result.source = compared;
  }
  esm.admit(url);
  return result;
}

/** A result of a hook of the application: read once, and only what was read goes on. */
function compareForeign(url, result) {
  if (result === null || (typeof result !== 'object' && typeof result !== 'function')) return result;
  const { format, source, shortCircuit, responseURL } = result;
  const copy = { __proto__: null, format, source, shortCircuit };
  if (responseURL !== undefined) copy.responseURL = responseURL;
  return compareResult(url, copy);
}

function compareSource(url, format, source) {
  const filename = fileOf(url);
  if (typeof source === 'string') {
    compareText(url, filename, source, format);
    return source;
  }
  const bytes = own.copyBytes(source);
  if (bytes === undefined) {
    refuse('load', url, 'its source is neither text nor bytes');
    return source;
  }
  if (filename === undefined) compareContent(url, own.sha256(bytes), format);
  else compareBytes(filename, bytes, format);
  if (format === 'wasm') return bytes;
  const text = own.toUtf8(bytes);
  const entry = filename === undefined ? undefined : seal.find(filename);
  if (entry !== undefined && own.sha256OfText(text) === entry.sha256) noteCompared(filename, text, entry);
  return text;
}

function compareText(url, filename, text, format) {
  if (filename === undefined) compareContent(url, own.sha256OfText(text));
  else if (format === 'json') compare(filename, text);
  else compareCode(filename, text);
}

function compareContent(url, hash, format) {
  if (!(format === 'wasm' ? seal.knowsWasm(hash) : seal.knows(hash))) deny(shortened(url), hash, REASONS.absent);
}

const shortened = (url) => (url.length > 200 ? `${own.stringSlice(url, 0, 200)}…` : url);

/** The path of a `file:` URL. By hand: the accessors of `URL` can be replaced. */
function fileOf(url) {
  if (!own.startsWith(url, 'file:///')) return undefined;
  let end = own.stringIndexOf(url, '?');
  const hash = own.stringIndexOf(url, '#');
  if (end === -1 || (hash !== -1 && hash < end)) end = hash;
  let name = end === -1 ? own.stringSlice(url, 7) : own.stringSlice(url, 7, end);
  if (own.stringIndexOf(name, '%') !== -1) {
    try {
      name = own.decodeURIComponent(name);
    } catch {
      return undefined;
    }
  }
  if (PLATFORM !== 'win32') return name;
  let windows = '';
  for (let at = 1; at < name.length; at += 1) windows += name[at] === '/' ? '\\' : name[at];
  return windows;
}

const PLATFORM = process.platform;

/** Who asks at present, as far as `Module._load` knows. Only for the report. */
let requester;
function asking() {
  try {
    return requester?.filename;
  } catch {
    return undefined;
  }
}

/** Notes who asks. Gives who asked before, to be noted again when that is done. */
function asks(module) {
  const before = requester;
  requester = module;
  return before;
}

module.exports = { __proto__: null, guard, fileOf, isTold, asks, named };
