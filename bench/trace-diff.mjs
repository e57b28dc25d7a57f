// Holds `nodeward trace` against what Node.js really loads, and against @vercel/nft, for many packages and servers.
//
//   node bench/trace-diff.mjs --cache DIR --nodeward "target/release/nodeward trace --format json" [--install] [--nft FOLDER-OF-@vercel/nft] [--only NAME]
//
// The cache is a folder outside of the repository. `--install` fills it through npm, scripts off. For each case an
// entry is written there; a preload notes what Node.js loads while it runs (the last line of each entry uses the
// package a little); the same entry is traced. A file that Node.js loaded and the trace does not have is a miss, unless
// something is reported as loading what is not known. Ends with 1 if anything was missed that nothing tells of.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    cache: { type: 'string' },
    nodeward: { type: 'string' },
    install: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    nft: { type: 'string' },
    json: { type: 'string' },
  },
});
if (!options.cache || !options.nodeward) {
  console.error('needs --cache DIR and --nodeward "COMMAND"');
  process.exit(2);
}

const packages = `ajv ajv-formats archiver argon2 axios bcrypt bcryptjs better-sqlite3 bluebird bullmq bunyan chalk cheerio
chokidar commander cors cross-spawn csv-parse date-fns dayjs debug dotenv ejs esbuild eslint exceljs execa express-session
fast-xml-parser fs-extra glob google-gax got @grpc/grpc-js handlebars helmet highlight.js i18next inquirer ioredis joi jsdom
jsonwebtoken kafkajs knex less lodash log4js luxon marked mathjs mocha moment moment-timezone mongoose morgan multer mysql2
node-fetch nodemailer nunjucks @opentelemetry/sdk-node ora passport pdfkit pg pino playwright-core postcss prettier
@prisma/client protobufjs pug puppeteer-core redis request rollup sass semver @sentry/node sequelize sharp shiki socket.io
stripe stylus superagent svelte svgo tar terser typeorm typescript uglify-js undici uuid vue webpack winston ws xml2js yargs zod
@aws-sdk/client-s3 @babel/core amqplib compression graphql react react-dom rxjs bufferutil`.split(/\s+/);

/** What is done with a package beside loading it: what it loads late is loaded then. */
const uses = {
  bullmq: 'new m.Queue("q", { connection: { lazyConnect: true, host: "127.0.0.1", port: 1, retryStrategy: () => null } }).on("error", () => {})',
  ejs: 'm.render("<%= 1 %>")',
  handlebars: 'm.compile("{{a}}")({ a: 1 })',
  'highlight.js': 'm.highlight("let a", { language: "javascript" })',
  jsdom: 'new m.JSDOM("<p>x</p>").window.close()',
  knex: 'm({ client: "pg" }).select("a").toString()',
  less: 'm.render("a { b: c }", () => {})',
  moment: 'm.locale("de")',
  nunjucks: 'm.renderString("{{ a }}", { a: 1 })',
  pino: 'm({ transport: { target: "pino/file", options: { destination: 1 } } }).info("x")',
  prettier: 'm.format("let a", { parser: "babel" }).catch(() => {})',
  pug: 'm.render("p x")',
  sass: 'm.compileString("a { b: c }")',
  sequelize: 'try { new m.Sequelize("mysql://127.0.0.1:1/x", { logging: false }) } catch {}',
  shiki: 'm.codeToHtml("let a", { lang: "javascript", theme: "nord" }).catch(() => {})',
  stylus: 'm.render("a\\n  b c")',
  svgo: 'm.optimize("<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>")',
  terser: 'm.minify("let a = 1")',
  typeorm: 'new m.DataSource({ type: "mysql" })',
  'uglify-js': 'm.minify("var a = 1")',
  webpack: 'm({ mode: "development", entry: __filename, output: { path: require("os").tmpdir() + "/out" }, target: "node", externals: /./ }, () => {})',
  winston: 'm.createLogger({ transports: [new m.transports.Console()] }).info("x")',
  eslint: 'new m.Linter().verify("var a", [{ rules: { "no-var": 2 } }])',
  i18next: '(m.default ?? m).init({ lng: "en", resources: {} })',
  mocha: 'new m({ reporter: "dot" })',
  '@babel/core': 'm.transformSync("let a", { configFile: false })',
  rollup: 'm.rollup({ input: "x", plugins: [{ resolveId: (id) => id, load: () => "export default 1" }] }).catch(() => {})',
};

/** Servers that answer one request and end. */
const servers = {
  'server-express': `const express = require('express'); const app = express();
app.set('views', __dirname + '/views'); app.set('view engine', 'pug');
app.use(require('compression')()); app.use(require('helmet')()); app.use(require('cors')()); app.use(express.json());
app.use(require('morgan')('tiny')); app.use(express.static(__dirname + '/public'));
app.get('/', (request, response) => response.render('index'));
const server = app.listen(0, () => fetch('http://127.0.0.1:' + server.address().port).then((r) => r.text()).then(() => process.exit()));`,
  'server-fastify': `const fastify = require('fastify')({ logger: true });
fastify.get('/', { schema: { response: { 200: { type: 'object', properties: { a: { type: 'number' } } } } } }, async () => ({ a: 1 }));
fastify.inject('/').then(() => process.exit());`,
  'server-koa': `const Koa = require('koa'); const app = new Koa(); app.use(async (c) => { c.body = { a: 1 }; });
const server = app.listen(0, () => fetch('http://127.0.0.1:' + server.address().port).then((r) => r.text()).then(() => process.exit()));`,
  'server-nest': `require('reflect-metadata'); const { NestFactory } = require('@nestjs/core'); const { Controller, Get, Module } = require('@nestjs/common');
class A { get() { return { a: 1 }; } }
Get()(A.prototype, 'get', Object.getOwnPropertyDescriptor(A.prototype, 'get')); Controller()(A);
class M {} Module({ controllers: [A] })(M);
NestFactory.create(M).then(async (app) => { await app.listen(0); await fetch(await app.getUrl()); process.exit(); });`,
  'server-apollo': `const { ApolloServer } = require('@apollo/server'); const { startStandaloneServer } = require('@apollo/server/standalone');
const server = new ApolloServer({ typeDefs: 'type Query { a: Int }', resolvers: { Query: { a: () => 1 } } });
startStandaloneServer(server, { listen: { port: 0 } }).then(({ url }) => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{a}"}' })).then((r) => r.text()).then(() => process.exit());`,
};

const base = path.resolve(options.cache);
mkdirSync(base, { recursive: true });
const folder = path.join(base, 'packages');
if (options.install) {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, 'package.json'))) writeFileSync(path.join(folder, 'package.json'), '{"name":"packages","version":"1.0.0","private":true}');
  const names = [...packages, 'express', 'fastify', 'koa', '@nestjs/core', '@nestjs/common', '@nestjs/platform-express', 'reflect-metadata', 'next', '@apollo/server'];
  const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', ...names], { cwd: folder, stdio: 'inherit' });
  if (done.status !== 0) process.exit(2);
}

// Notes what is loaded, in the process and in its workers and children, and by whom as far as Node.js says.
const recorder = path.join(base, 'record.cjs');
writeFileSync(recorder, `const Module = require('node:module'); const fs = require('node:fs'); const { fileURLToPath } = require('node:url');
const note = (file) => { if (file) fs.appendFileSync(process.env.TRACE_DIFF_LOG, file + '\\n'); };
if (Module.registerHooks) Module.registerHooks({ load(url, context, next) { if (url.startsWith('file:')) note(fileURLToPath(url)); return next(url, context); } });
else { const load = Module.prototype.load; Module.prototype.load = function (file) { note(file); return load.call(this, file); }; }
const dlopen = process.dlopen; process.dlopen = function (m, file, ...rest) { note(file); return dlopen.call(this, m, file, ...rest); };`);

const entries = path.join(folder, 'entries');
rmSync(entries, { recursive: true, force: true });
mkdirSync(path.join(entries, 'views'), { recursive: true });
mkdirSync(path.join(entries, 'public'), { recursive: true });
writeFileSync(path.join(entries, 'views', 'index.pug'), 'p x\n');

const cases = [
  ...packages.map((name) => [name, `const m = require('${name}'); ${uses[name] ?? ''};\nsetTimeout(() => process.exit(), 1500).unref();\n`, 'cjs']),
  ...packages.map((name) => [`${name} (import)`, `import * as m from '${name}';\nsetTimeout(() => process.exit(), 500).unref();\n`, 'mjs']),
  ...Object.entries(servers).map(([name, text]) => [name, text, 'cjs']),
].filter(([name]) => !options.only || options.only.includes(name));

const nft = options.nft ? (await import(pathToFileURL(path.resolve(options.nft, 'out/index.js')))).nodeFileTrace : null;
const [command, ...args] = options.nodeward.split(' ');
const rows = [];
for (const [name, text, ending] of cases) {
  const entry = path.join(entries, `${name.replace(/[^\w.-]+/g, '_')}.${ending}`);
  writeFileSync(entry, text);
  const log = path.join(base, 'loads.log');
  writeFileSync(log, '');
  const ran = spawnSync(process.execPath, [entry], {
    cwd: entries, timeout: 60_000, encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: base, TRACE_DIFF_LOG: log, NODE_OPTIONS: `--require ${recorder}` },
  });
  const real = realpathSync(folder) + path.sep;
  const seen = new Set(readFileSync(log, 'utf8').split('\n').filter(Boolean).map((file) => {
    try { return realpathSync(file); } catch { return file; }
  }).filter((file) => file.startsWith(real)).map((file) => file.slice(real.length)));
  const traced = spawnSync(command, [...args, entry], { cwd: entries, encoding: 'utf8', maxBuffer: 1 << 30 });
  let document;
  try { document = JSON.parse(traced.stdout); } catch { rows.push({ name, error: traced.stderr }); continue; }
  const ours = new Set(document.sources.map(({ path }) => path));
  const told = document.dynamic.filter(({ matched }) => matched === undefined).map(({ file, line }) => `${file}:${line}`);
  const manifests = new Set(document.manifests);
  const missed = [...seen].filter((file) => !ours.has(file) && !manifests.has(file));
  const theirs = nft && ending === 'cjs' ? await nft([entry], { base: folder }).then(({ fileList }) => fileList, () => null) : null;
  const row = {
    name, loaded: seen.size, ours: ours.size, missed, told: told.length, toldAt: told,
    ended: ran.status, message: ran.status === 0 ? '' : ran.stderr.split('\n').find((line) => /Error/.test(line)) ?? '',
  };
  if (theirs) {
    row.nft = theirs.size;
    row.nftMissed = [...seen].filter((file) => !theirs.has(file)).length;
    row.onlyOurs = [...ours].filter((file) => !theirs.has(file));
    row.onlyTheirs = [...theirs].filter((file) => !ours.has(file) && !manifests.has(file));
  }
  rows.push(row);
  console.log([name, `loaded ${row.loaded}`, `ours ${row.ours}`, `missed ${missed.length}`, `told ${told.length}`, theirs ? `nft ${row.nft} missed ${row.nftMissed}` : '', row.message].join(' | '));
  for (const file of missed.slice(0, 8)) console.log(`    missed ${file}`);
  if (missed.length) console.log(`    told: ${told.join(' ')}`);
}
if (options.json) writeFileSync(options.json, JSON.stringify(rows, null, 1));
const bad = rows.filter(({ missed, error, told }) => error || (missed.length && !told));
console.log(`${rows.length} cases, ${rows.filter(({ missed }) => missed && !missed.length).length} with nothing missed, ${bad.length} with a miss that nothing tells`);
process.exit(bad.length ? 1 : 0);
