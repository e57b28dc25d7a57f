'use strict';
// Renders with each installed engine under bounded eval, and tries the same code elsewhere in the process.
// Prints one JSON document.

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { sha256, sources } = require('./sources.cjs');

const [, , evalModule, root, set, listing, addon] = process.argv;

const all = sources(root);
const listed = {
  listed: all,
  unlisted: [],
  // As if each file had been changed after sealing.
  changed: all.map((source) => ({ ...source, sha256: sha256(source.path) })),
  // As if the files belonged to releases that no adapter knows.
  foreign: all.map((source) => ({ ...source, package: source.package.replace(/@[^@]*$/, '@99.0.0') })),
}[listing];

const denials = [];
const { install } = require(evalModule);
const { layer } = install({
  addon: addon || undefined,
  seal: { sources: listed, eval: { modules: listed.map((source) => source.path) } },
  root,
  report: (denial) => denials.push(denial),
});

const load = Module.createRequire(path.join(root, 'app.js'));
const schema = { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } };
const template = '<%= a %>!';

const COMMON = {
  pug: () => load('pug').render('p.x= a + 1', { a: 1 }),
  'pug inline': () => load('pug').compile('p= a + 1', { inlineRuntimeFunctions: true })({ a: 1 }),
  ejs: () => load('ejs').render(template, { a: '<' }),
  'ejs async': () => load('ejs').render('<%= await a %>!', { a: Promise.resolve(1) }, { async: true }),
  lodash: () => load('lodash').template(template)({ a: 1 }),
  handlebars: () => load('handlebars').compile('{{a}}!')({ a: '<' }),
  doT: () => load('dot').template('{{! it.a }}!')({ a: '<' }),
  'fast-json-stringify': () => load('fast-json-stringify')(schema)({ a: 1, b: 2 }),
  tapable: () => {
    const hook = new (load('tapable').SyncWaterfallHook)(['a']);
    hook.tap('test', (a) => a + 1);
    return hook.call(1);
  },
};

const SETS = {
  new: {
    ...COMMON,
    'lodash/template': () => load('lodash/template')(template)({ a: 1 }),
    'lodash/fp': () => load('lodash/fp').template(template)({ a: 1 }),
    'lodash.template': () => load('lodash.template')(template)({ a: 1 }),
    'handlebars in one file': () => load('handlebars/dist/handlebars.js').compile('{{a}}!')({ a: '<' }),
    ajv: () => {
      const validate = new (load('ajv').default)().compile(schema);
      return [validate({ a: 1 }), validate({ a: 'x' })];
    },
    'ajv JTD': () => {
      const ajv = new (load('ajv/dist/jtd').default)();
      const form = { properties: { a: { type: 'int32' } } };
      return [ajv.compileParser(form)('{"a":1}'), ajv.compileSerializer(form)({ a: 1 })];
    },
    mathjs: () => load('mathjs').evaluate('2 * a', { a: 3 }),
    depd: () => load('depd')('test').function((a, b) => a + b, 'old')(1, 2),
    'find-my-way': () => {
      const router = load('find-my-way')();
      router.on('GET', '/:name', () => {});
      return router.find('GET', '/a').params.name;
    },
  },
  old: {
    ...COMMON,
    'lodash/string/template': () => load('lodash/string/template')(template)({ a: 1 }),
    ajv: () => {
      const validate = new (load('ajv'))().compile(schema);
      return [validate({ a: 1 }), validate({ a: 'x' })];
    },
    underscore: () => load('underscore').template(template)({ a: 1 }),
    mathjs: () => load('mathjs').eval('2 * a', { a: 3 }),
    depd: () => load('depd')('test').function((a, b) => a + b, 'old')(1, 2),
  },
};

async function outcome(attempt) {
  try {
    return await attempt();
  } catch (error) {
    return error.code === 'ERR_NODEWARD_DENIED' ? 'denied' : `${error.name}: ${error.message}`;
  }
}

/** What an engine made, made again by someone else. */
const ELSEWHERE = {
  eval: () => (0, eval)('1'),
  'new Function': () => new Function('a', 'return a')(1),
  'constructor of a function': () => load('path').join.constructor('return 1')(),
};

/** Replaces what the engines call, and looks for one of their constructors among what it is called with. */
function leaks() {
  const leaked = new Set();
  const look = (where, value) => {
    try {
      if (value?.('return "leaked"')() === 'leaked') leaked.add(where);
    } catch {
      // Denied, as it should be, or no constructor at all.
    }
  };
  let busy = false;
  const spying = (where, real) => new Proxy(real, {
    apply(_real, self, given) {
      if (!busy) {
        busy = true;
        look(where, self);
        look(where, self?.Function);
        for (let at = 0; at < given.length; at += 1) look(where, given[at]);
        busy = false;
      }
      return forward(real, self, given);
    },
  });
  const forward = Reflect.apply;
  const spied = [[Function.prototype, 'apply'], [Function.prototype, 'call'], [Function.prototype, 'bind'], [Array.prototype, 'push'],
    [Array.prototype, 'map'], [Array.prototype, 'join'], [globalThis, 'Object'], [globalThis, 'String']];
  const real = spied.map(([object, name]) => object[name]);
  spied.forEach(([object, name]) => { object[name] = spying(name, object[name]); });
  try {
    load('handlebars').compile('{{b}}')({ b: 1 });
    load('pug').render('i= b', { b: 1 });
    load('ejs').render(template, { a: 1 });
    load('dot').template('{{= it.b }}')({ b: 1 });
    for (const name of ['handlebars', 'pug', 'ejs', 'dot']) {
      delete load.cache[load.resolve(name)];
      load(name);
    }
  } finally {
    for (let at = 0; at < spied.length; at += 1) spied[at][0][spied[at][1]] = real[at];
  }
  return [...leaked];
}

async function main() {
  const results = {};
  for (const [name, attempt] of Object.entries(SETS[set])) {
    // It takes long to load, and today's makes no code.
    if (name === 'mathjs' && set === 'new' && listing !== 'listed') continue;
    results[name] = await outcome(attempt);
  }
  const elsewhere = {};
  for (const [name, attempt] of Object.entries(ELSEWHERE)) elsewhere[name] = await outcome(attempt);
  const esm = path.join(root, 'imports.mjs');
  fs.writeFileSync(esm, 'import pug from "pug"; export const html = pug.render("b= a", { a: 1 });');
  const imported = await outcome(async () => (await import(pathToFileURL(esm).href)).html);
  const denied = denials.length;
  const leaked = listing === 'listed' ? leaks() : [];
  console.log(JSON.stringify({ layer, results, elsewhere, imported, denials: denied, leaked }));
}

main();
