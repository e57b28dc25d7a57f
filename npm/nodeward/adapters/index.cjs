'use strict';
// Adapters let packages that make code from strings run under bounded eval as they are. A module of such a
// package is compiled from its own text, unchanged, with `Function` (or `eval`, or `global`) as a parameter
// beside `exports` and `require`: what it makes through that name goes through `letMeEval`.
//
// An adapter gives no rights. It applies to a file only if the seal lists it under `eval.modules`, says that it
// belongs to the package in the range, and its content has the hash in the seal.

const compiler = require('../eval/compile.cjs');
const { bindings } = require('./bindings.cjs');

/**
 * Runs a module from its own text with the names bound that its adapter says.
 *
 * @param {(source: string, callback: () => unknown) => unknown} permit `letMeEval` with the module's permission
 */
function compile(module, content, filename, cover, permit) {
  const all = bindings(permit, cover, { __proto__: null, filename, module });
  const bound = { __proto__: null };
  for (let at = 0; at < cover.binds.length; at += 1) bound[cover.binds[at]] = all[cover.binds[at]];
  const result = compiler.compile(module, content, filename, bound);
  if (cover.after !== undefined) module.exports = cover.after(module.exports);
  return result;
}

module.exports = { compile };
