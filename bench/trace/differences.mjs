// Why the lists of a case differ, file by file: ours, that of @vercel/nft, and what Node.js loaded. A file that leads
// out of what two lists share has a cause of its own; a file that only such files lead to has theirs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Our edges, by what they say: the cause of a file that they lead to, where it does not depend on the text. */
const BY_HOW = {
  convention: 'convention', addon: 'addon', links: 'library', worker: 'program', child: 'program', resolve: 'named',
  named: 'named', path: 'path', read: 'path',
};

/** Of several causes that lead to a file, the first of these counts. */
const ORDER = [
  'exports', 'sync', 'kind', 'table', 'system', 'function', 'branch', 'ended', 'renamed', 'folded', 'unread', 'program',
  'named', 'addon', 'library', 'pattern', 'path', 'convention', 'folder', 'project', 'manifest', 'unexplained',
];

/** Sorts what one case gave. `callsAt` reads text; `nft` is the list with its reasons. */
export function differences({ folder, entry, document, loaded, read }, nft, callsAt) {
  const sources = document.sources.map(({ path }) => path);
  const manifests = new Set(document.manifests.filter((file) => !sources.includes(file)));
  const ours = new Set([...sources, ...manifests]);
  const theirs = new Map(nft.map(([file, types, parents]) => [file, { types, parents }]));
  const used = new Set([...loaded, ...read]);
  const narrowed = new Set(document.dynamic.filter(({ matched }) => matched !== undefined).map(({ file, line }) => `${file}:${line}`));
  const edges = document.edges.map(({ from, to, line, how }) => ({ from: sources[from], to: sources[to], line, how }));
  const context = { folder, narrowed, callsAt, edges, missing: document.missing };

  const onlyOurs = sorted([...ours].filter((file) => !theirs.has(file)), manifests, edges, (edge) => whyNotTheirs(edge, context));
  const idle = sorted([...ours].filter((file) => !used.has(file)), manifests, edges, (edge) => whyIdle(edge, context));
  const theirEdges = nft.flatMap(([to, types, parents]) => parents.map((from) => ({ from, to, types })));
  const left = [...theirs.keys()].filter((file) => !ours.has(file));
  const onlyTheirs = sorted(left, new Set(), theirEdges, (edge) => whyNotOurs(edge, context));
  return { onlyOurs, onlyTheirs, idle, entry, theirs, ours, used, loaded };
}

/** The cause of each of `files`, and whether an edge from the rest leads to it or only their own. */
function sorted(files, manifests, edges, why) {
  const wanted = new Set(files);
  const causes = new Map(files.filter((file) => manifests.has(file)).map((file) => [file, { cause: 'manifest', by: null }]));
  const inner = new Map(), roots = new Map(ORDER.map((cause) => [cause, []]));
  for (const edge of edges) {
    if (!wanted.has(edge.to) || edge.from === edge.to) continue;
    if (!wanted.has(edge.from)) roots.get(why(edge)).push(edge);
    else inner.set(edge.from, [...(inner.get(edge.from) ?? []), edge.to]);
  }
  for (const cause of ORDER) {
    const open = [];
    for (const { from, to, line } of roots.get(cause)) {
      if (!causes.has(to)) { causes.set(to, { cause, by: from, line, direct: true }); open.push(to); }
    }
    for (let file; (file = open.pop());) {
      for (const to of inner.get(file) ?? []) {
        if (!causes.has(to)) { causes.set(to, { cause, by: file, direct: false }); open.push(to); }
      }
    }
  }
  for (const file of files) if (!causes.has(file)) causes.set(file, { cause: 'unexplained', by: null, direct: true });
  return causes;
}

/** The calls on the line of an edge that can be the one. */
function callsOf({ from, to, line }, { folder, callsAt }) {
  const calls = callsAt(path.join(folder, from), line);
  const exact = calls.filter(({ literal }) => literal && leadsTo(path.join(folder, from), literal, path.join(folder, to)));
  return exact.length ? exact : calls.filter(({ how, callee }) => how === 'import' || /require|import/i.test(callee));
}

function leadsTo(from, specifier, to) {
  try { if (createRequire(from).resolve(specifier) === to) return true; } catch { /* By `import` alone, or not at all. */ }
  return specifier.startsWith('.')
    ? path.resolve(path.dirname(from), specifier) === to
    : to.includes(`/node_modules/${nameOf(specifier)}/`);
}

const nameOf = (specifier) => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');

/** Why a file is listed that Node.js did not load, though it loaded the one that leads to it. */
function whyIdle(edge, context) {
  const known = BY_HOW[edge.how] ?? (context.narrowed.has(`${edge.from}:${edge.line}`) ? 'pattern' : null);
  if (known) return known;
  const calls = callsOf(edge, context);
  if (calls.some(({ inFunction }) => inFunction)) return 'function';
  if (calls.some(({ tests }) => tests.length)) return 'branch';
  return context.missing.some(({ file, line }) => file === edge.from && line <= edge.line) ? 'ended' : 'unexplained';
}

/** Why @vercel/nft has not followed an edge of ours. */
function whyNotTheirs(edge, context) {
  const known = BY_HOW[edge.how] ?? (context.narrowed.has(`${edge.from}:${edge.line}`) ? 'pattern' : null);
  if (known) return known;
  const { folder, callsAt } = context;
  if (!callsAt.parses(path.join(folder, edge.from))) return 'unread';
  const calls = callsOf(edge, context);
  if (calls.some(({ how, callee }) => how === 'call' && callee !== 'require') || callsAt.isModule(path.join(folder, edge.from))) return 'renamed';
  return calls.some(({ literal }) => literal === null) ? 'folded' : 'unexplained';
}

/** What @vercel/nft adds for packages that it has a rule of its own for. */
const THEIR_TABLE = /(^|\/)(semver\/preload\.js|pixelmatch\/bin\/pixelmatch)$/;

/** Parts of a path that name another system than Linux on x64. */
const OTHER_SYSTEM = /(^|[/\-_.+])(darwin|macos|win32|win64|windows|android|freebsd|arm64?|armv\d|ia32|musl)([/\-_.+]|$)|\.(exe|bat|ps1|dll|dylib)$/i;

/** Why we have not followed an edge of @vercel/nft's. */
function whyNotOurs({ from, to }, { folder, callsAt, edges }) {
  if (THEIR_TABLE.test(to)) return 'table';
  const text = textOf(path.join(folder, from));
  const base = packageOf(to), manifest = manifestOf(path.join(folder, base));
  const name = base.slice(base.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const specifiers = specifiersOf(text, name);
  if (manifest && edges.some((own) => own.from === from && packageOf(own.to) === base) && specifiers.length) {
    const targets = JSON.stringify({ ...manifest.exports, ...manifest.imports });
    const below = JSON.stringify(`./${to.slice(base.length + 1)}`);
    if (targets.includes('module-sync') && targets.includes(below)) return 'sync';
    const means = (specifier) => candidates(path.join(folder, base), specifier.slice(name.length), manifest).includes(path.join(folder, to));
    if (manifest.exports && specifiers.some(means)) return 'exports';
    if (targets.includes(below) && callsAt.isModule(path.join(folder, from))) return 'kind';
  }
  if (base && base === packageOf(from) && /"#/.test(JSON.stringify(manifest?.imports ?? {})) && JSON.stringify(manifest.imports).includes(JSON.stringify(`./${to.slice(base.length + 1)}`))) return 'sync';
  if (OTHER_SYSTEM.test(to.slice(base.length))) return 'system';
  // Not named, but part of a folder that is: the package's own, or the one that the program is started in.
  if (base === packageOf(from)) return 'folder';
  return /process\.cwd\(\)|node_modules/.test(text) || !base ? 'project' : 'unexplained';
}

const texts = new Map();
function textOf(file) {
  if (!texts.has(file)) {
    try { texts.set(file, readFileSync(file, 'utf8')); } catch { texts.set(file, ''); }
  }
  return texts.get(file);
}

function manifestOf(folder) {
  try { return JSON.parse(textOf(path.join(folder, 'package.json'))); } catch { return null; }
}

/** The texts in quotes that name a package or something of it. */
function specifiersOf(text, name) {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [...text.matchAll(new RegExp(`["'\`](${escaped}(?:/[^"'\`\\s]*)?)["'\`]`, 'g'))].map(([, specifier]) => specifier);
}

/** What a specifier would mean if the package had no `exports`. */
function candidates(folder, below, manifest) {
  const start = path.join(folder, below || '.');
  const stems = [start, path.join(start, 'index'), path.join(start, 'package.json')];
  if (!below && typeof manifest.main === 'string') stems.push(path.join(folder, manifest.main), path.join(folder, manifest.main, 'index'));
  const inner = manifestOf(start);
  if (below && typeof inner?.main === 'string') stems.push(path.join(start, inner.main), path.join(start, inner.main, 'index'));
  return stems.flatMap((stem) => ['', '.js', '.json', '.node'].map((ending) => stem + ending));
}

/** The folder of the package that a file is in. */
export function packageOf(file) {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
  return found ? found[1] : '';
}
