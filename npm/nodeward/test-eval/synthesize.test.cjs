'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { PACKAGE, eachVersion, runForJson } = require('./support/nodes.cjs');

const SYNTHESIZE = JSON.stringify(path.join(PACKAGE, 'synthesize.cjs'));
const COMMON = 'exports.answer = 6 * 7; exports.platform = require("node:os").platform();';
const ESM = 'import path from "node:path"; export const separator = path.sep; export default import.meta.url;';
const needsAddon = false;

const sha512 = (text) => crypto.createHash('sha512').update(text).digest('hex');
const sealed = (...contents) => ({
  sources: contents.map((content) => ({ path: `synthetic:${sha512(content)}`, kind: 'synthetic', content })),
});

/** Runs a program that has what `synthesize.cjs` exports, and says what it is told to `show`. */
function program(node, body, env) {
  return runForJson(node, ['-e', `
    const { synthesize, synthesizeModule, install } = require(${SYNTHESIZE});
    const seen = {};
    const outcome = (name, attempt) => {
      try { seen[name] = attempt() ?? 'nothing'; } catch (error) { seen[name] = error.code ?? error.name; }
    };
    (async () => {
      ${body}
    })().then(() => console.log(JSON.stringify(seen)), (error) => console.error(error));
  `], { env });
}

eachVersion('the same content is the same CommonJS module, loaded once it has run', ({ node }) => {
  const seen = program(node, `
    const one = synthesize(${JSON.stringify(COMMON)});
    seen.exports = one.exports;
    seen.same = one === synthesize(${JSON.stringify(COMMON)});
    seen.loaded = one.loaded;
    seen.cached = require.cache[one.filename] === one;
    seen.filename = one.filename;
  `);
  assert.deepEqual(seen, {
    exports: { answer: 42, platform: os.platform() },
    same: true,
    loaded: true,
    cached: true,
    filename: `/dev/null/synthetic/${sha512(COMMON)}`,
  });
}, { needsAddon });

eachVersion('a module is not loaded while it runs, and a cycle gives the same object', ({ node }) => {
  const seen = program(node, `
    globalThis.again = () => synthesize(content);
    const content = 'exports.during = module.loaded; exports.same = again() === module;';
    seen.exports = synthesize(content).exports;
  `);
  assert.deepEqual(seen.exports, { during: false, same: true });
}, { needsAddon });

eachVersion('content that throws leaves no module behind', ({ node }) => {
  const seen = program(node, `
    globalThis.attempts = 0;
    const content = 'attempts += 1; if (attempts === 1) throw new RangeError("first"); exports.attempts = attempts;';
    outcome('first', () => synthesize(content).exports);
    seen.left = Object.keys(require.cache).filter((name) => name.includes('synthetic/'));
    outcome('second', () => synthesize(content).exports);
    outcome('broken', () => synthesize('('));
    seen.leftOfBroken = Object.keys(require.cache).filter((name) => name.includes('synthetic/')).length;
  `);
  assert.deepEqual(seen, { first: 'RangeError', left: [], second: { attempts: 2 }, broken: 'SyntaxError', leftOfBroken: 1 });
}, { needsAddon });

eachVersion('the same content is the same ES module', ({ node }) => {
  const seen = program(node, `
    const one = await synthesizeModule(${JSON.stringify(ESM)});
    seen.same = one === await synthesizeModule(${JSON.stringify(ESM)});
    seen.separator = one.separator;
    seen.url = one.default;
    seen.unknown = await import('nodeward:synthetic/00').then(() => 'loaded', (error) => error.code);
  `);
  assert.deepEqual(seen, {
    same: true, separator: path.sep, url: `nodeward:synthetic/${sha512(ESM)}`, unknown: 'ERR_UNSUPPORTED_ESM_URL_SCHEME',
  });
}, { needsAddon });

eachVersion('packages are found as from the folder of the seal', ({ node }, context) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-synthetic-'));
  context.after(() => fs.rmSync(root, { recursive: true }));
  fs.mkdirSync(path.join(root, 'node_modules', 'beside'), { recursive: true });
  fs.writeFileSync(path.join(root, 'node_modules', 'beside', 'index.js'), 'module.exports = "beside the seal";');
  const common = 'module.exports = require("beside");';
  const esm = 'import beside from "beside"; export default beside;';
  const seen = program(node, `
    install({ seal: ${JSON.stringify(sealed(common, esm))}, root: ${JSON.stringify(root)} });
    seen.common = synthesize(${JSON.stringify(common)}).exports;
    seen.esm = (await synthesizeModule(${JSON.stringify(esm)})).default;
  `);
  assert.deepEqual(seen, { common: 'beside the seal', esm: 'beside the seal' });
}, { needsAddon });

eachVersion('with a seal in force, what it has runs and all else is denied', ({ node }) => {
  const seen = program(node, `
    const denials = [];
    install({ seal: ${JSON.stringify(sealed(COMMON, ESM))}, report: (denial) => denials.push(denial) });
    outcome('sealed', () => synthesize(${JSON.stringify(COMMON)}).exports.answer);
    outcome('other', () => synthesize('globalThis.ran = true;'));
    outcome('nearly', () => synthesize(${JSON.stringify(`${COMMON} `)}));
    seen.esm = (await synthesizeModule(${JSON.stringify(ESM)})).separator;
    seen.otherEsm = await synthesizeModule('globalThis.ran = true;').then(() => 'ran', (error) => error.code);
    seen.ran = globalThis.ran === true;
    seen.denials = denials.map(({ kind, subject }) => [kind, subject.slice(0, 10)]);
    outcome('twice', () => install({ seal: { sources: [] } }));
  `);
  assert.deepEqual(seen, {
    sealed: 42,
    other: 'ERR_NODEWARD_DENIED',
    nearly: 'ERR_NODEWARD_DENIED',
    esm: path.sep,
    otherEsm: 'ERR_NODEWARD_DENIED',
    ran: false,
    denials: [['load', 'synthetic:'], ['load', 'synthetic:'], ['load', 'synthetic:']],
    twice: 'Error',
  });
}, { needsAddon });

eachVersion('a seal without synthetic modules denies all of them, and its report lets them run', ({ node }) => {
  const body = (mode) => `
    const denials = [];
    require(${JSON.stringify(path.join(PACKAGE, 'eval.cjs'))}).install({
      seal: { sources: [], eval: { mode: 'permissive' } }, mode: '${mode}', report: (denial) => denials.push(denial),
    });
    outcome('common', () => synthesize('exports.ran = true;').exports);
    seen.esm = await synthesizeModule('export default 1;').then((space) => space.default, (error) => error.code);
    seen.denials = denials.map(({ subject }) => subject.slice(0, 10));
  `;
  const denials = ['synthetic:', 'synthetic:'];
  const denied = 'ERR_NODEWARD_DENIED';
  assert.deepEqual(program(node, body('enforce')), { common: denied, esm: denied, denials });
  assert.deepEqual(program(node, body('report')), { common: { ran: true }, esm: 1, denials });
}, { needsAddon });

eachVersion('report says what would be denied, and runs it', ({ node }) => {
  const seen = program(node, `
    const denials = [];
    install({ seal: { sources: [] }, mode: 'report', report: (denial) => denials.push(denial) });
    outcome('other', () => synthesize('exports.ran = true;').exports);
    seen.denials = denials.length;
  `);
  assert.deepEqual(seen, { other: { ran: true }, denials: 1 });
}, { needsAddon });

eachVersion('a seal whose synthetic content is not what its name says is refused', ({ node }) => {
  const seal = sealed(COMMON);
  seal.sources[0].content += ' ';
  const seen = program(node, `
    try { install({ seal: ${JSON.stringify(seal)} }); } catch (error) { seen.message = error.message; }
  `);
  assert.match(seen.message, /synthetic:.*not named by its content/);
}, { needsAddon });

eachVersion('what is synthesized while recording is noted once for each file that asks', ({ node }, context) => {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'nodeward-record-')));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  const content = 'exports.text = "λ\\n\\u{1f600}";';
  const inner = 'module.exports = 1;';
  const outer = `module.exports = require(${SYNTHESIZE}).synthesize(${JSON.stringify(inner)}).exports;`;
  const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);
  write('one.cjs', `const { synthesize } = require(${SYNTHESIZE});
    for (const text of ${JSON.stringify([content, content, outer])}) synthesize(text);`);
  write('two.mjs', `import made from ${SYNTHESIZE};
    made.synthesize(${JSON.stringify(content)});
    await made.synthesizeModule(${JSON.stringify(ESM)});`);
  const notes = (place) => {
    program(node, `for (const name of ['one.cjs', 'two.mjs']) await import(${JSON.stringify(`${folder}/`)} + name);`, { NODEWARD_RECORD: place });
    const files = place === folder ? fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [path.basename(place)];
    return files.flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').trimEnd().split('\n')).map((line) => JSON.parse(line));
  };
  const note = (from, text) => ({ kind: 'synthetic', from, sha512: sha512(text), content: text });
  const [one, two] = ['one.cjs', 'two.mjs'].map((name) => path.join(folder, name));
  const expected = [note(one, content), note(one, outer), note(`/dev/null/synthetic/${sha512(outer)}`, inner), note(two, content), note(two, ESM)];
  assert.deepEqual(notes(path.join(folder, 'record.notes')), expected);
  assert.deepEqual(notes(folder), expected);
}, { needsAddon });
