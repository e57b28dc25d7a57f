// Holds `nodeward trace` against what Node.js really loads, and against @vercel/nft, for many packages and servers.
//
//   node bench/trace-diff.mjs --cache DIR --nodeward target/release/nodeward [--install] [--node NODE]...
//     [--nft FOLDER-OF-@vercel/nft [--explain FILE.md]] [--only NAME]... [--folder NAME] [--no-run] [--retrace]
//
// The cache is a folder outside of the repository. `--install` fills it through npm, scripts off. For each case of
// `trace/cases.mjs` an entry is written there; a preload notes what Node.js loads while it runs; the same entry is
// traced, for the same version of Node.js. A file that Node.js loaded and the trace does not have is a miss, unless the
// very file that loaded it is reported as loading what is not known, or was reached so itself. What a case gave is kept
// in the cache, so that `--no-run` can compare again, and `--retrace` trace again. `--explain` writes why each file
// differs from the list of @vercel/nft, or did not load. Ends with 1 if anything was missed that nothing tells, or
// differs for no known reason.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { BESIDE, INSTALLED, cases } from './trace/cases.mjs';
import { differences, packageOf } from './trace/differences.mjs';
import { nextCase } from './trace/next.mjs';
import { add, newTally, page } from './trace/page.mjs';
import { keptAt, makeLists } from './trace/peer.mjs';
import { reader } from './trace/text.mjs';

const { values: options } = parseArgs({
  options: {
    cache: { type: 'string' },
    nodeward: { type: 'string' },
    install: { type: 'boolean', default: false },
    node: { type: 'string', multiple: true, default: [process.execPath] },
    only: { type: 'string', multiple: true },
    folder: { type: 'string' },
    nft: { type: 'string' },
    explain: { type: 'string' },
    'no-run': { type: 'boolean', default: false },
    retrace: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
});
if (!options.cache || !options.nodeward || (options.explain && !options.nft)) {
  console.error('needs --cache DIR and --nodeward PROGRAM, and --nft FOLDER for --explain');
  process.exit(2);
}
const here = path.dirname(fileURLToPath(import.meta.url));
const base = path.resolve(options.cache);
const nodeward = path.resolve(options.nodeward);
const kept = path.join(base, 'kept');
mkdirSync(kept, { recursive: true });

if (options.install) {
  for (const [folder, names] of Object.entries(INSTALLED)) install(path.join(base, folder), names);
}
for (const folder of Object.keys(INSTALLED)) {
  const entries = path.join(base, folder, 'entries');
  for (const [file, text] of Object.entries(BESIDE)) {
    mkdirSync(path.dirname(path.join(entries, file)), { recursive: true });
    writeFileSync(path.join(entries, file), text);
  }
}

function install(folder, names) {
  mkdirSync(folder, { recursive: true });
  const manifest = path.join(folder, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{"name":"cases","version":"1.0.0","private":true}');
  const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', ...names], { cwd: folder, stdio: 'inherit' });
  if (done.status !== 0) process.exit(2);
}

const versions = options.node.map((program) => ({
  program,
  version: spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim(),
}));

/** Runs a program to its end, or to its time. */
function run(program, args, settings, time) {
  return new Promise((done) => {
    const child = spawn(program, args, { ...settings, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const texts = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (part) => texts[name].push(part));
    const kill = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* It has ended. */ } };
    const timer = setTimeout(kill, time);
    child.on('error', (error) => done({ status: -1, stdout: '', stderr: String(error) }));
    child.on('exit', () => { clearTimeout(timer); setTimeout(kill, 100); });
    child.on('close', (status) => done({ status, stdout: Buffer.concat(texts.stdout).toString(), stderr: Buffer.concat(texts.stderr).toString() }));
  });
}

const real = (file) => { try { return realpathSync(file); } catch { return file; } };

async function traceOf(entry, folder, version, working) {
  const traced = await run(nodeward, ['trace', entry, '--format', 'json', '--node', version.slice(1), '--root', folder], { cwd: working, env: { PATH: process.env.PATH, HOME: base } }, 120_000);
  try { return { document: JSON.parse(traced.stdout), error: '' }; } catch { return { document: null, error: traced.stderr || 'no answer' }; }
}

/** What one case gives with one Node.js. */
async function observe(one, { program, version }) {
  const folder = realpathSync(one.root ?? path.join(base, one.folder));
  const entry = one.entry ? path.join(folder, one.entry) : path.join(folder, 'entries', one.file);
  if (one.text) writeFileSync(entry, one.text);
  const name = `${one.name.replace(/[^\w.-]+/g, '_')}-${version}`;
  const log = path.join(base, `${name}.log`);
  writeFileSync(log, '');
  const working = one.root ? folder : path.join(folder, 'entries');
  const env = {
    PATH: `${path.dirname(program)}:${process.env.PATH}`, HOME: base, TRACE_DIFF_LOG: log,
    NODE_OPTIONS: `--require ${path.join(here, 'trace/record.cjs')}`, NODE_NO_WARNINGS: '1', ...one.env,
  };
  const ran = one.run
    ? await one.run(program, entry, { cwd: working, env })
    : await run(program, [entry, ...one.args], { cwd: working, env }, 60_000);
  const within = (file) => {
    const place = file && real(file);
    return place?.startsWith(folder + path.sep) ? place.slice(folder.length + 1) : null;
  };
  const loaded = new Map(), read = new Map();
  for (const line of readFileSync(log, 'utf8').split('\n').filter(Boolean)) {
    const [kind, file, parent] = JSON.parse(line);
    const place = within(file);
    if (!place || one.args.includes(path.basename(place))) continue;
    if (kind === 'load') { if (!loaded.get(place)) loaded.set(place, within(parent)); continue; }
    const by = within(parent);
    // What a package reads of its own files; tools read everybody's.
    if (by && packageOf(by) === packageOf(place) && packageOf(by)) read.set(place, by);
  }
  rmSync(log);
  const { document, error } = await traceOf(entry, folder, version, working);
  return {
    name: one.name, version, folder, entry: entry.slice(folder.length + 1),
    loaded: [...loaded], read: [...read].filter(([file]) => !loaded.has(file)),
    ended: ran.status, message: (/TRACE-DIFF.*/.exec(ran.stderr) ?? [''])[0] || (ran.status === 0 ? '' : ran.stderr.split('\n').find((line) => /Error/.test(line)) ?? ''),
    document, error,
  };
}

/** What the observation says: what was missed, and whether something tells. */
function judge(seen) {
  const { document } = seen;
  const ours = new Set([...document.sources.map(({ path }) => path), ...document.manifests]);
  const open = new Set(document.dynamic.filter(({ matched }) => matched === undefined).map(({ file }) => file));
  const unread = new Set(document.unread.map(({ path, file }) => path ?? file));
  const parents = new Map(seen.loaded);
  const missed = seen.loaded.map(([file]) => file).filter((file) => !ours.has(file));
  const told = [], untold = [];
  for (const file of missed) {
    // Up to the file of the list that led out of it.
    let parent = parents.get(file);
    for (let hops = 0; parent && !ours.has(parent) && hops < 100; hops++) parent = parents.get(parent);
    const tells = parent && (open.has(parent) || unread.has(parent));
    (tells ? told : untold).push([file, parents.get(file), parent]);
  }
  const readMissed = seen.read.filter(([file]) => !ours.has(file));
  return { ours, told, untold, readMissed, open: open.size };
}

const everyCase = [...cases(), ...await nextCase(base, options, run)];
const wanted = everyCase
  .filter(({ name, folder }) => (!options.only || options.only.includes(name)) && (!options.folder || options.folder === folder))
  .filter((one) => !one.entry || existsSync(path.join(one.root ?? path.join(base, one.folder), one.entry)) || !console.log(`${one.name} | not installed`));

if (options.nft) makeLists(wanted, everyCase, { kept, base, program: versions.at(-1).program, nft: options.nft });
const tally = options.explain && newTally(), callsAt = options.explain && reader(options.nft);

/** Sorts what one case differs in, all versions of Node.js together. */
function explain({ seen }, nft) {
  const folder = seen[0].folder;
  const isThere = ([file]) => existsSync(path.join(folder, file));
  const together = (of) => new Set(seen.flatMap((one) => one[of].filter(isThere).map(([file]) => file)));
  const found = differences({ ...seen.at(-1), loaded: together('loaded'), read: together('read') }, nft, callsAt);
  const unique = (of) => [...new Map(seen.flatMap((one) => one[of]).map((miss) => [miss[0], miss])).values()];
  add(tally, seen[0].name, path.basename(folder), found, { told: unique('told'), untold: unique('untold') });
}

const rows = [];
async function work(queue) {
  for (let one; (one = queue.shift());) {
    const row = { name: one.name, folder: one.folder, seen: [], nft: null };
    for (const version of versions) {
      const file = path.join(kept, `${one.name.replace(/[^\w.-]+/g, '_')}-${version.version}.json`);
      let seen;
      if ((options['no-run'] || options.retrace) && existsSync(file)) {
        seen = JSON.parse(readFileSync(file, 'utf8'));
        if (options.retrace) {
          const entry = path.join(seen.folder, seen.entry);
          if (one.text) writeFileSync(entry, one.text);
          // The same for all versions that know the same conditions.
          const { document, error } = row.seen[0] ?? await traceOf(entry, seen.folder, version.version, seen.folder);
          Object.assign(seen, { document, error });
          writeFileSync(file, JSON.stringify(seen));
        }
      } else {
        seen = await observe(one, version);
        writeFileSync(file, JSON.stringify(seen));
      }
      row.seen.push(seen);
    }
    const list = options.nft && existsSync(keptAt(kept, one)) && JSON.parse(readFileSync(keptAt(kept, one), 'utf8'));
    if (list) row.nft = list.map(([path]) => path);
    show(row);
    if (list && tally && row.seen.every(({ document }) => document)) explain(row, list);
    rows.push({ name: row.name, folder: row.folder, seen: row.seen.map(({ document, told, untold }) => ({ document: Boolean(document), told, untold })) });
  }
}

function show(row) {
  for (const seen of row.seen) {
    if (!seen.document) { console.log(`${row.name} | ${seen.version} | no trace: ${seen.error}`); continue; }
    const { ours, told, untold, readMissed, open } = judge(seen);
    Object.assign(seen, { told, untold, readMissed });
    console.log([row.name, seen.version, `loaded ${seen.loaded.length}`, `ours ${ours.size}`, `missed ${untold.length}`, `missed and told ${told.length} (${open})`, `reads missed ${readMissed.length}`, seen.message].join(' | '));
    if (row.nft) {
      const theirs = new Set(row.nft);
      console.log(`    nft ${theirs.size}, missed ${seen.loaded.filter(([file]) => !theirs.has(file)).length}, only ours ${[...ours].filter((file) => !theirs.has(file)).length}, only nft's ${[...theirs].filter((file) => !ours.has(file)).length}`);
    }
    for (const [file, parent, listed] of untold.slice(0, 8)) console.log(`    MISSED ${file} by ${parent} from ${listed}`);
    for (const [file, parent, listed] of told.slice(0, 4)) console.log(`    told ${file} by ${parent} from ${listed}`);
    for (const [file, parent] of readMissed.slice(0, 4)) console.log(`    READ ${file} by ${parent}`);
  }
}

const queue = [...wanted];
await Promise.all(Array.from({ length: Number(options.jobs) }, () => work(queue)));
rows.sort((left, right) => wanted.findIndex(({ name }) => name === left.name) - wanted.findIndex(({ name }) => name === right.name));

const all = rows.flatMap(({ seen }) => seen);
const bad = all.filter(({ document, untold }) => !document || untold.length);
console.log(`${all.length} runs of ${rows.length} cases, ${bad.length} with a miss that nothing tells, ${all.filter(({ told }) => told?.length).length} with a miss that is told`);
let unexplained = 0;
if (tally) {
  tally.cases.sort((left, right) => wanted.findIndex(({ name }) => name === left.name) - wanted.findIndex(({ name }) => name === right.name));
  const { version } = JSON.parse(readFileSync(path.join(options.nft, 'package.json'), 'utf8'));
  writeFileSync(options.explain, page(tally, { nft: version, nodes: versions.map(({ version }) => version.slice(1)) }));
  for (const [list, causes] of Object.entries(tally.lists)) {
    for (const [cause, { places, files }] of causes) console.log(`${list} | ${cause} | ${places} places, ${files.size} files`);
    unexplained += causes.get('unexplained')?.places ?? 0;
  }
}
process.exit(bad.length || unexplained ? 1 : 0);
