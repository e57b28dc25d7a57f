'use strict';
// Uses one release of a package under bounded eval, or plainly, and prints what came of it as one JSON document.

const Module = require('node:module');
const path = require('node:path');
const { sources } = require('./sources.cjs');

const [, , evalModule, root, name, listing, addon] = process.argv;
const denials = [];
const seen = {};

if (listing !== 'plain') {
  const all = listing === 'listed' ? sources(root) : [];
  const settings = { addon: addon || undefined, root, report: (denial) => denials.push(denial) };
  require(evalModule).install({ ...settings, seal: { sources: all, eval: { modules: all.map((source) => source.path) } } });
}

const load = Module.createRequire(path.join(root, 'app.js'));

async function outcome(what, attempt) {
  try {
    seen[what] = await attempt();
  } catch (error) {
    seen[what] = error.code === 'ERR_NODEWARD_DENIED' ? 'denied' : `${error.name}: ${error.message}`;
  }
}

/** A constraint of the program's own. */
const strategy = (named) => ({
  name: named,
  storage() {
    const handlers = new Map();
    return { get: (value) => handlers.get(value) ?? null, set: (value, handler) => handlers.set(value, handler) };
  },
  deriveConstraint: (request) => request.headers['x-region'],
  validate() {},
});

const ROUTES = [
  ['GET', '/'], ['GET', '/api'], ['GET', '/apple'], ['GET', '/a-prefix-of-more-than-sixteen'], ['GET', '/user/:id'], ['GET', '/user/:id/files/:name'],
  ['GET', '/at/:hour(^\\d+)h'], ['GET', '/static/*'], [['PUT', 'POST'], '/static/*'], ['GET', '/é-λ'], ['OPTIONS', '*'],
  ['GET', '/api', { version: '1.2.0' }], ['GET', '/api', { version: '2.0.0' }], ['GET', '/api', { host: 'a.example' }],
  ['GET', '/api', { region: 'eu' }], ['GET', '/api', { region: 'eu', version: '2.0.0', host: /^b\./ }],
];
const REQUESTS = [
  ['GET', '/'], ['GET', '/api'], ['GET', '/apple'], ['GET', '/a-prefix-of-more-than-sixteen'], ['GET', '/a-prefix-of-more-than-fifteen'],
  ['GET', '/user/1'], ['GET', '/user/1/files/b.txt'], ['GET', '/user/1/other'], ['GET', '/at/12h'], ['GET', '/at/noonh'], ['GET', '/static/a/b'],
  ['PUT', '/static/c'], ['POST', '/static/'], ['DELETE', '/static/c'], ['GET', '/%C3%A9-%CE%BB'], ['OPTIONS', '/anything'],
  ['GET', '/api', { 'accept-version': '1.x' }], ['GET', '/api', { 'accept-version': '3.x' }], ['GET', '/api', { host: 'a.example' }],
  ['GET', '/api', { 'x-region': 'eu' }], ['GET', '/api', { 'x-region': 'eu', 'accept-version': '2.0.0', host: 'b.example' }],
];

function found(router) {
  return REQUESTS.map(([method, url, headers = {}]) => {
    let label = 'none';
    router.lookup({ method, url, headers, found: (where) => { label = where; } }, { end() {} });
    return `${method} ${url} ${label}`;
  });
}

/** What the router is made to compile by code that replaced what it calls, or that names things to its end. */
async function attacks() {
  const make = (options) => load('find-my-way')(options);
  const { join } = Array.prototype;
  const { exec, test } = RegExp.prototype;
  const replaced = (text) => () => {
    const router = make();
    Array.prototype.join = () => {
      // Not sooner, as the router uses them itself.
      RegExp.prototype.exec = () => [''];
      RegExp.prototype.test = () => true;
      return text;
    };
    try {
      router.on('GET', '/attack', () => {});
    } finally {
      Array.prototype.join = join;
      RegExp.prototype.exec = exec;
      RegExp.prototype.test = test;
    }
  };
  await outcome('another text', replaced('globalThis.stolen = 1'));
  await outcome('a text after the right one', replaced('path.charCodeAt(i + 1) === 97\n;globalThis.stolen = 1'));
  await outcome('a text within the right one', replaced('path.charCodeAt(i + 1) === (globalThis.stolen = 1)'));
  await outcome('a constraint that is named like code', () => {
    const named = 'x() { globalThis.stolen = 1; }, y';
    make({ constraints: { [named]: strategy(named) } }).on('GET', '/', { constraints: { [named]: 'eu' } }, () => {});
  });
  seen.stolen = globalThis.stolen;
}

const USES = {
  async 'find-my-way'() {
    const router = load('find-my-way')({ constraints: { region: strategy('region') } });
    ROUTES.forEach(([method, url, constraints], at) => router.on(method, url, { constraints }, (request, _response, params) => (
      request.found(`${at} ${JSON.stringify({ ...params })}`))));
    await outcome('found', () => found(router));
    if (router.compile) await outcome('compiled', () => found(router.compile()));
    if (listing === 'listed') await attacks();
  },
  'fast-json-stringify': () => outcome('text', () => load('fast-json-stringify')({
    type: 'object', properties: { a: { type: 'integer' }, b: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
  })({ a: 1, b: 'x', c: 2 })),
  bluebird: () => outcome('values', async () => {
    const Bluebird = load('bluebird');
    return [await Bluebird.promisify((a, done) => done(null, a + 1))(1), await Bluebird.join(1, 2, (a, b) => a + b),
      await Bluebird.resolve({ x: () => 4 }).call('x'), await Bluebird.resolve({ y: 5 }).get('y')];
  }),
  lodash: () => outcome('rendered', () => ['lodash', 'lodash/dist/lodash.compat', 'lodash/dist/lodash.underscore'].map((name) => {
    const lodash = load(name);
    return [lodash.VERSION, lodash.template('<%= a %>-<%- b %>')({ a: 1, b: '<' }), lodash.map([1, 2], (x) => x + 1), lodash.keys({ a: 1 })];
  })),
  'hogan.js': () => outcome('rendered', () => load('hogan.js').compile('{{a}}{{#b}}<{{.}}>{{/b}}').render({ a: 1, b: [1, 2] })),
  squirrelly: () => outcome('rendered', async () => {
    const engine = load('squirrelly');
    const config = engine.getConfig({ async: true });
    return [engine.render('{{it.a}}{{@if(it.b)}}yes{{/if}}', { a: 'x<', b: 1 }), await engine.compile('{{it.a}}', config)({ a: 1 }, config)];
  }),
  async 'loopback-datasource-juggler'() {
    const { ModelBuilder } = load('loopback-datasource-juggler');
    const define = (name) => {
      const Model = new ModelBuilder().define(name, { a: Number });
      return [Model.name, Model.modelName, new Model({ a: 1 }).a, Model({ a: 2 }).a];
    };
    for (const name of ['Order', 'order-item', '\u00c9tat', 'my model', 'class', 'a/b']) await outcome(name, () => define(name));
    if (listing !== 'listed') return;
    await outcome('a model that is named like code', () => define('x(){}; globalThis.stolen = 1; function y'));
    await outcome('a model whose name ends in code', () => define('x(data, options) { globalThis.stolen = 1 } //'));
    seen.stolen = globalThis.stolen;
  },
};

outcome('used', USES[name]).then(() => console.log(JSON.stringify({ ...seen, denials: denials.length })));
