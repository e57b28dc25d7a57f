'use strict';
// The adapters, and which of them fits a file.

/** The adapter of each package. It is loaded only when the seal lists a file of the package. */
const ADAPTERS = new Map([
  ['ajv', './ajv.cjs'],
  ['core-js', './pug.cjs'],
  ['depd', './depd.cjs'],
  ['dot', './dot.cjs'],
  ['ejs', './ejs.cjs'],
  ['handlebars', './handlebars.cjs'],
  ['lodash', './lodash.cjs'],
  ['lodash.template', './lodash.cjs'],
  ['mathjs', './mathjs.cjs'],
  ['promise', './pug.cjs'],
  ['pug', './pug.cjs'],
  ['pug-runtime', './pug.cjs'],
  ['typed-function', './mathjs.cjs'],
  ['uglify-js', './pug.cjs'],
]);

/**
 * What an adapter covers of a file.
 *
 * @typedef {{adapter: string, binds: string[], instead?: (texts: string[], bound: object) => unknown,
 *   after?: (exported: any) => unknown}} Cover
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
  return found && { adapter: adapter.name, binds: found.binds, instead: found.instead, after: found.after };
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
