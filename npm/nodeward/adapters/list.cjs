'use strict';
// The adapters, and which of them fits a file.

/** The adapter of each package. It is loaded only when the seal lists a file of the package. */
const ADAPTERS = new Map([
  ['@bull-board/api', './imports.cjs'],
  ['@protobufjs/codegen', './generators.cjs'],
  ['@protobufjs/inquire', './generators.cjs'],
  ['@sinclair/typebox', './generators.cjs'],
  ['@vue/compiler-dom', './vue.cjs'],
  ['@vue/server-renderer', './vue.cjs'],
  ['ajv', './ajv.cjs'],
  ['avsc', './generators.cjs'],
  ['bluebird', './generators.cjs'],
  ['core-js', './pug.cjs'],
  ['depd', './depd.cjs'],
  ['dot', './dot.cjs'],
  ['ejs', './ejs.cjs'],
  ['elysia', './elysia.cjs'],
  ['eta', './views.cjs'],
  ['exact-mirror', './elysia.cjs'],
  ['fast-json-stringify', './fastify.cjs'],
  ['fastest-validator', './generators.cjs'],
  ['find-my-way', './fastify.cjs'],
  ['generate-function', './generators.cjs'],
  ['handlebars', './handlebars.cjs'],
  ['hogan.js', './views.cjs'],
  ['lodash', './lodash.cjs'],
  ['lodash.template', './lodash.cjs'],
  ['loopback-datasource-juggler', './generators.cjs'],
  ['mathjs', './mathjs.cjs'],
  ['morgan', './generators.cjs'],
  ['next', './next.cjs'],
  ['nunjucks', './views.cjs'],
  ['promise', './pug.cjs'],
  ['protobufjs', './generators.cjs'],
  ['pug', './pug.cjs'],
  ['pug-runtime', './pug.cjs'],
  ['real-require', './imports.cjs'],
  ['squirrelly', './views.cjs'],
  ['tapable', './webpack.cjs'],
  ['typed-function', './mathjs.cjs'],
  ['typeorm', './imports.cjs'],
  ['uglify-js', './pug.cjs'],
  ['underscore', './views.cjs'],
  ['vue', './vue.cjs'],
  ['vue-server-renderer', './vue.cjs'],
  ['webpack', './webpack.cjs'],
  ['zod', './generators.cjs'],
]);

/**
 * What an adapter covers of a file.
 *
 * @typedef {object} Cover
 * @property {string} adapter
 * @property {string[]} binds the names
 * @property {(texts: string[], bound: object, about: {filename: string, module: object}) => unknown} [instead] gives
 *   something other than the function that a constructor would make, or undefined
 * @property {(source: string, about: {filename: string, module: object}) => unknown} [evaluated] the same for `eval`
 * @property {(exported: any) => unknown} [after] gives what stands in the place of what the module exported
 * @property {boolean} [onlyInstead] whether all else is denied
 * @property {(texts: string[]) => boolean} [allows] whether these are arguments that the module gives a constructor
 *   by itself; all others are denied
 *
 * @param {string} listedPath as in the seal, with `/`
 * @param {string | undefined} release `name@version`, as the seal says
 * @returns {Cover | undefined}
 */
function adapterOf(listedPath, release) {
  const at = release === undefined ? -1 : release.lastIndexOf('@');
  if (at <= 0) return undefined;
  const name = release.slice(0, at);
  const version = release.slice(at + 1);
  const folder = `node_modules/${name}/`;
  const start = listedPath.lastIndexOf('node_modules/');
  if (start < 0 || !listedPath.startsWith(folder, start)) return undefined;
  const file = listedPath.slice(start + folder.length);
  if (!ADAPTERS.has(name)) return undefined;
  const adapter = require(ADAPTERS.get(name));
  const found = adapter.covers.find((cover) => (
    cover.package === name && cover.files.includes(file) && isWithin(version, cover.range)));
  if (found === undefined) return undefined;
  const { binds, instead, evaluated, after, onlyInstead, allows } = found;
  return { adapter: adapter.name, binds, instead, evaluated, after, onlyInstead, allows };
}

/** Whether a version lies in a range of the form `>=1.2.3 <2.0.0`; a prerelease counts as its release. */
function isWithin(version, range) {
  const [from, below] = range.split(' ').map((part) => numbers(part.replace(/^(?:>=|<)/, '')));
  const given = numbers(version);
  return given !== undefined && order(given, from) >= 0 && order(given, below) < 0;
}

function numbers(version) {
  return /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+]|$)/.exec(version)?.slice(1).map(Number);
}

function order(left, right) {
  const differing = left.findIndex((number, index) => number !== right[index]);
  return differing < 0 ? 0 : left[differing] - right[differing];
}

/** All that adapters cover, for those who write a seal: package, range and files. */
function covered() {
  const adapters = [...new Set(ADAPTERS.values())].map((file) => require(file));
  return adapters.flatMap((adapter) => adapter.covers.map((cover) => ({
    adapter: adapter.name, package: cover.package, range: cover.range, files: [...cover.files],
  })));
}

module.exports = { adapterOf, covered, packages: () => [...ADAPTERS.keys()] };
