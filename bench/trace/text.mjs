// Where in a file's text something is loaded: at its top, in a function, in a branch. Reads the text with the parser of
// @vercel/nft's own installation.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * Gives `callsAt(file, line)`: the calls of a line of a file that may load something, with where they stand;
 * `callsAt.parses(file)` and `callsAt.isModule(file)` say what the file is.
 */
export function reader(folderOfNft) {
  const { parse } = createRequire(path.resolve(folderOfNft, 'package.json'))('acorn');
  const files = new Map();
  const known = (file) => {
    if (!files.has(file)) files.set(file, read(file, parse));
    return files.get(file);
  };
  const callsAt = (file, line) => {
    const { calls } = known(file);
    const starting = calls.filter((call) => call.line === line);
    return starting.length ? starting : calls.filter((call) => call.line <= line && line <= call.end);
  };
  return Object.assign(callsAt, { parses: (file) => known(file).parses, isModule: (file) => known(file).isModule });
}

const SETTINGS = { ecmaVersion: 'latest', locations: true, allowHashBang: true, allowReturnOutsideFunction: true };

function read(file, parse) {
  let text, tree = null;
  try { text = readFileSync(file, 'utf8'); } catch { return { calls: [], parses: false, isModule: false }; }
  for (const sourceType of ['script', 'module']) {
    try { tree ??= parse(text, { ...SETTINGS, sourceType, allowAwaitOutsideFunction: sourceType === 'module' }); } catch { /* The other, or none: TypeScript, or no program. */ }
  }
  const calls = [];
  if (tree) walk(tree, { inFunction: false, tests: [] }, text, calls);
  return { calls, parses: tree !== null, isModule: tree?.sourceType === 'module' };
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** Goes through a tree; `place` says what has to happen before a node is reached. */
function walk(node, place, text, calls) {
  const note = (how, argument, callee = how) => calls.push({
    how, callee, literal: argument?.type === 'Literal' && typeof argument.value === 'string' ? argument.value : null,
    line: node.loc.start.line, end: node.loc.end.line, ...place,
  });
  if (node.type === 'ImportDeclaration' || (/^Export(All|Named)Declaration$/.test(node.type) && node.source)) note('import', node.source);
  if (node.type === 'ImportExpression') note('import', node.source);
  if (node.type === 'CallExpression' || node.type === 'NewExpression') note('call', node.arguments[0], text.slice(node.callee.start, node.callee.end).slice(0, 80));
  const inside = FUNCTIONS.has(node.type) ? { inFunction: true, tests: [] } : place;
  const under = (...tests) => ({ ...inside, tests: [...inside.tests, ...tests.filter(Boolean).map((test) => text.slice(test.start, test.end))] });
  const own = {
    IfStatement: { consequent: [node.test], alternate: [node.test] },
    ConditionalExpression: { consequent: [node.test], alternate: [node.test] },
    LogicalExpression: { right: [node.left] },
    SwitchStatement: { cases: [node.discriminant] },
    TryStatement: { handler: [node.block] },
  }[node.type] ?? {};
  for (const [name, child] of Object.entries(node)) {
    for (const one of Array.isArray(child) ? child : [child]) {
      if (typeof one?.type === 'string') walk(one, own[name] ? under(...own[name]) : inside, text, calls);
    }
  }
}
