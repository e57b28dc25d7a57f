// The packages and servers that bench/trace-diff.mjs holds traces against. What is done with each beside loading it
// makes it load what it loads late. `m` is what `require` or `import` gives; `require` is there in both; nothing may
// reach the network.

import { tmpdir } from 'node:os';

/** The packages of the first set, installed in `packages`, each loaded by `require` and by `import`. */
const FIRST = `ajv ajv-formats archiver argon2 axios bcrypt bcryptjs better-sqlite3 bluebird bullmq bunyan chalk cheerio
chokidar commander cors cross-spawn csv-parse date-fns dayjs debug dotenv ejs esbuild eslint exceljs execa express-session
fast-xml-parser fs-extra glob google-gax got @grpc/grpc-js handlebars helmet highlight.js i18next inquirer ioredis joi jsdom
jsonwebtoken kafkajs knex less lodash log4js luxon marked mathjs mocha moment moment-timezone mongoose morgan multer mysql2
node-fetch nodemailer nunjucks @opentelemetry/sdk-node ora passport pdfkit pg pino playwright-core postcss prettier
@prisma/client protobufjs pug puppeteer-core redis request rollup sass semver @sentry/node sequelize sharp shiki socket.io
stripe stylus superagent svelte svgo tar terser typeorm typescript uglify-js undici uuid vue webpack winston ws xml2js yargs zod
@aws-sdk/client-s3 @babel/core amqplib compression graphql react react-dom rxjs bufferutil`.split(/\s+/);

const FIRST_USES = {
  bullmq: 'new m.Queue("q", { connection: { lazyConnect: true, host: "127.0.0.1", port: 1, retryStrategy: () => null } }).on("error", () => {})',
  ejs: 'm.render("<%= 1 %>")',
  handlebars: 'm.compile("{{a}}")({ a: 1 })',
  'highlight.js': 'm.highlight("let a", { language: "javascript" })',
  jsdom: 'new m.JSDOM("<p>x</p>").window.close()',
  knex: 'm({ client: "pg" }).select("a").toString()',
  less: 'await m.render("a { b: c }")',
  moment: 'm.locale("de")',
  nunjucks: 'm.renderString("{{ a }}", { a: 1 })',
  pino: 'm({ transport: { target: "pino/file", options: { destination: 1 } } }).info("x")',
  prettier: 'await m.format("let a", { parser: "babel" }); await m.format("a{}", { parser: "css" }); await m.format("# a", { parser: "markdown" })',
  pug: 'm.render("p x")',
  sass: 'm.compileString("a { b: c }")',
  sequelize: 'for (const dialect of ["mysql", "postgres"]) try { new m.Sequelize(dialect + "://127.0.0.1:1/x", { logging: false }) } catch {}',
  shiki: 'await m.codeToHtml("let a", { lang: "javascript", theme: "nord" })',
  stylus: 'm.render("a\\n  b c")',
  svgo: 'm.optimize("<svg xmlns=\\"http://www.w3.org/2000/svg\\"/>")',
  terser: 'await m.minify("let a = 1")',
  typeorm: 'new m.DataSource({ type: "mysql" })',
  'uglify-js': 'm.minify("var a = 1")',
  webpack: 'await new Promise((done) => m({ mode: "development", entry: ENTRY, output: { path: require("os").tmpdir() + "/out" }, target: "node", externals: /./ }, done))',
  winston: 'm.createLogger({ transports: [new m.transports.Console()] }).info("x")',
  eslint: 'new m.Linter().verify("var a", [{ rules: { "no-var": 2 } }])',
  i18next: 'await (m.default ?? m).init({ lng: "en", resources: {} })',
  mocha: 'new m({ reporter: "dot" })',
  '@babel/core': 'm.transformSync("let a", { configFile: false })',
  rollup: 'await m.rollup({ input: "x", plugins: [{ resolveId: (id) => id, load: () => "export default 1" }] })',
  axios: 'await m.get("http://127.0.0.1:1").catch(() => {})',
  cheerio: 'm.load("<p>x</p>")("p").text()',
  exceljs: 'const book = new m.Workbook(); book.addWorksheet("a").addRow([1]); await book.xlsx.writeBuffer()',
  pdfkit: 'const file = new (m.default ?? m)(); file.font("Helvetica").text("x"); file.end()',
  mathjs: 'm.evaluate("sqrt(2) + det([[1, 2], [3, 4]])")',
  mongoose: 'm.model("A", new m.Schema({ a: String })); await m.connect("mongodb://127.0.0.1:1", { serverSelectionTimeoutMS: 100 }).catch(() => {})',
  svelte: 'await import("svelte/compiler").then((c) => c.compile("<p>x</p>", {}))',
  vue: 'm.compile?.("<p>x</p>")',
  protobufjs: 'm.parse("syntax = \\"proto3\\"; message A { string a = 1; }")',
  yargs: 'm(["--a", "1"]).parse()',
  sharp: 'await m({ create: { width: 1, height: 1, channels: 3, background: "red" } }).png().toBuffer()',
  archiver: 'm.ZipArchive ? new m.ZipArchive() : m("zip")',
  superagent: 'await m.get("http://127.0.0.1:1").catch(() => {})',
  xml2js: 'await m.parseStringPromise("<a/>")',
  '@sentry/node': 'm.init({ dsn: "http://a@127.0.0.1:1/1" }); await m.close(100)',
  'react-dom': 'require("react-dom/server").renderToString(require("react").createElement("p"))',
  '@aws-sdk/client-s3': 'await new m.S3Client({ region: "a", endpoint: "http://127.0.0.1:1", maxAttempts: 1, credentials: { accessKeyId: "a", secretAccessKey: "b" } }).send(new m.ListBucketsCommand({})).catch(() => {})',
};

/** The second set, installed in `more`: what else there is of shapes. A name may be given with a subpath. */
const SECOND = {
  // Conditional exports, dual and ECMAScript modules only.
  hono: 'await new m.Hono().get("/", (c) => c.text("x")).request("/")',
  '@hono/node-server': 'm.getRequestListener(() => new Response("x"))',
  jose: 'await new m.SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(new Uint8Array(32))',
  nanoid: 'm.nanoid()',
  'p-queue': 'await new (m.default ?? m)().add(() => 1)',
  ky: 'await m.default.get("http://127.0.0.1:1", { retry: 0 }).catch(() => {})',
  effect: 'm.Effect.runSync(m.Effect.succeed(1))',
  '@trpc/server': 'm.initTRPC.create().router({})',
  h3: 'm.createApp ? m.createApp() : new m.H3()',
  ofetch: 'await m.ofetch("http://127.0.0.1:1", { retry: 0 }).catch(() => {})',
  unified: 'const parse = await import("remark-parse"), to = await import("remark-rehype"), write = await import("rehype-stringify"); await m.unified().use(parse.default).use(to.default).use(write.default).process("# x")',
  'markdown-it': 'new m().render("# x")',
  vite: 'const config = await m.resolveConfig({ root: require("os").tmpdir(), configFile: false, logLevel: "silent" }, "build"); await m.transformWithOxc?.("let a: 1", "a.ts")',
  jiti: '(m.createJiti ?? m)(ENTRY).import("node:fs")',
  cosmiconfig: 'await m.cosmiconfig("x").search()',
  nconf: 'm.env().argv(); new m.Memory()',
  config: '',
  convict: 'm({ a: { default: 1, format: "int" } }).validate()',
  // Add-ons.
  '@node-rs/bcrypt': 'await m.hash("x", { cost: 4 })',
  '@napi-rs/canvas': 'm.createCanvas(1, 1).toBuffer("image/png")',
  lmdb: 'm.open({ path: require("os").tmpdir() + "/trace-diff-lmdb" }).close()',
  'classic-level': 'new m.ClassicLevel(require("os").tmpdir() + "/trace-diff-level")',
  '@parcel/watcher': 'await m.writeSnapshot(__dirname_of + "/views", require("os").tmpdir() + "/trace-diff-snapshot")',
  'sodium-native': 'm.randombytes_buf(Buffer.alloc(8))',
  '@swc/core': 'm.transformSync("let a: number = 1", { jsc: { parser: { syntax: "typescript" } } })',
  lightningcss: 'm.transform({ filename: "a.css", code: Buffer.from("a{b:c}") })',
  '@resvg/resvg-js': 'new m.Resvg("<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"1\\" height=\\"1\\"/>").render()',
  '@libsql/client': 'await m.createClient({ url: ":memory:" }).execute("select 1")',
  ssh2: 'm.utils.generateKeyPairSync("ed25519"); new m.Client()',
  serialport: 'await m.SerialPort.list().catch(() => {})',
  zeromq: 'new m.Push().close()',
  '@duckdb/node-api': 'await (await (await m.DuckDBInstance.create(":memory:")).connect()).run("select 1")',
  msgpackr: 'm.unpack(m.pack({ a: 1 }))',
  'cbor-x': 'm.decode(m.encode({ a: 1 }))',
  koffi: 'm.struct("A", { a: "int" })',
  'oxc-parser': 'm.parseSync("a.ts", "let a: 1")',
  'node-pty': 'try { m.spawn("true", [], {}) } catch {}',
  // WebAssembly.
  'sql.js': 'const sql = await (m.default ?? m)(); new sql.Database().run("select 1")',
  'source-map': 'await new m.SourceMapConsumer({ version: 3, sources: [], names: [], mappings: "" })',
  'web-tree-sitter': 'await (m.Parser ?? m).init()',
  tiktoken: 'm.get_encoding("gpt2").encode("x")',
  'hash-wasm': 'await m.md5("x")',
  'es-module-lexer': 'await m.init; m.parse("import a from \'a\'")',
  'quickjs-emscripten': '(await m.getQuickJS()).evalCode("1")',
  satori: '',
  // Workers.
  piscina: 'const p = new (m.Piscina ?? m)({ filename: __dirname_of + "/piscina-task.cjs" }); await p.run(1); await p.destroy()',
  workerpool: 'const pool = m.pool({ workerType: "thread" }); await pool.exec((a) => a, [1]); await pool.terminate()',
  threads: '',
  tinypool: 'const p = new (m.default ?? m.Tinypool)({ filename: new URL("file://" + __dirname_of + "/piscina-task.cjs").href }); await p.run(1); await p.destroy()',
  'jest-worker': 'const w = new m.Worker(__dirname_of + "/jest-task.cjs", { numWorkers: 1, enableWorkerThreads: true }); await w.double(2); await w.end(); const c = new m.Worker(__dirname_of + "/jest-task.cjs", { numWorkers: 1 }); await c.double(2); await c.end()',
  synckit: '',
  bree: 'new m({ root: false, logger: false, jobs: [] })',
  'tesseract.js': 'const w = await Promise.race([m.createWorker("eng", 1, { langPath: "/nowhere", cacheMethod: "none", logger() {}, errorHandler() {} }).catch(() => {}), new Promise((done) => setTimeout(done, 3000))])',
  // Plugins and parts named by options.
  '@babel/preset-env': 'require("@babel/core").transformSync("let a = () => 1 ** 2; class B { #c = 1 }; async function* d() {}", { configFile: false, presets: [["@babel/preset-env", { targets: "ie 11" }]] })',
  '@fastify/autoload': 'const f = require("fastify")(); f.register(m, { dir: __dirname_of + "/plugins" }); await f.ready()',
  consolidate: 'await m.pug.render("p x", {}); await m.ejs.render("x", {})',
  'postcss-load-config': 'await m({}, __dirname_of).catch(() => {})',
  autoprefixer: 'await require("postcss")([m]).process("a{user-select:none}", { from: undefined })',
  cssnano: 'await require("postcss")([m({ preset: "default" })]).process("a{color:red;color:red}", { from: undefined })',
  stylelint: 'const lint = m.default ?? m; await lint.lint({ code: "a{color:red}\\n", config: { rules: { "color-named": "never", "block-no-empty": true } } })',
  tailwindcss: 'await m.compile("@theme { --a: b } .c { color: red }")',
  '@tailwindcss/node': 'await m.compile("@import \\"tailwindcss\\"; .c { color: red }", { base: __dirname_of, onDependency() {} })',
  'require-directory': 'm({ id: ENTRY, filename: ENTRY, require, exports: {} }, __dirname_of + "/plugins")',
  eta: 'new m.Eta().renderString("<%= it.a %>", { a: 1 })',
  mustache: 'm.render("{{a}}", { a: 1 })',
  liquidjs: 'await new m.Liquid().parseAndRender("{{ a }}", { a: 1 })',
  twig: 'm.twig({ data: "{{ a }}" }).render({ a: 1 })',
  'express-handlebars': 'm.create()',
  mjml: 'await (m.default ?? m)("<mjml><mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>")',
  'edge.js': 'await m.Edge.create().renderRaw("{{ 1 }}")',
  'email-templates': 'const E = m.default ?? m; await new E({ preview: false, send: false, juice: true }).juiceResources?.("<style>a{b:c}</style><a>x</a>")',
  // Databases.
  'drizzle-orm': 'm.sql`select 1`',
  'drizzle-orm/libsql': 'await m.drizzle(":memory:").run("select 1")',
  objection: 'class A extends m.Model {} A.tableName = "a"; A.query().toKnexQuery?.bind(0)',
  bookshelf: '',
  kysely: 'new m.Kysely({ dialect: { createAdapter: () => new m.SqliteAdapter(), createDriver: () => new m.DummyDriver(), createIntrospector: (d) => new m.SqliteIntrospector(d), createQueryCompiler: () => new m.SqliteQueryCompiler() } }).selectFrom("a").selectAll().compile()',
  mongodb: 'await new m.MongoClient("mongodb://127.0.0.1:1", { serverSelectionTimeoutMS: 100 }).connect().catch(() => {})',
  tedious: 'new m.Connection({ server: "127.0.0.1", options: { port: 1 } })',
  mssql: 'await m.connect("Server=127.0.0.1,1;Database=a;User Id=b;Password=c;Connection Timeout=1").catch(() => {})',
  'cassandra-driver': 'new m.Client({ contactPoints: ["127.0.0.1:1"], localDataCenter: "a" })',
  'neo4j-driver': 'await (m.default ?? m).driver("bolt://127.0.0.1:1").close()',
  '@elastic/elasticsearch': 'await new m.Client({ node: "http://127.0.0.1:1", maxRetries: 0 }).search({}).catch(() => {})',
  pouchdb: '',
  keyv: 'await new (m.Keyv ?? m.default ?? m)().set("a", 1)',
  // Loggers.
  'winston-daily-rotate-file': 'new m({ filename: "a.log", dirname: require("os").tmpdir() + "/trace-diff-logs" })',
  'pino-http': '(m.default ?? m)({ transport: { target: "pino/file", options: { destination: 1 } } })',
  tslog: 'new m.Logger().info("x")',
  signale: 'm.success("x")',
  consola: 'm.consola?.info("x")',
  npmlog: 'm.info("a", "b")',
  // Languages.
  'i18next-fs-backend': 'await require("i18next").use(m.default ?? m).init({ lng: "en", backend: { loadPath: __dirname_of + "/locales/{{lng}}.json" } })',
  i18n: 'm.configure({ directory: __dirname_of + "/locales", updateFiles: false }); m.__("x")',
  'node-polyglot': 'new (m.default ?? m)().t("x")',
  '@formatjs/intl': 'm.createIntl({ locale: "en", messages: {} }).formatNumber(1)',
  'i18n-iso-countries': 'm.getName("DE", "de"); m.registerLocale?.(require("i18n-iso-countries/langs/en.json"))',
  'iconv-lite': 'm.encode("x", "shift_jis"); m.decode(Buffer.from("x"), "gb18030"); m.encode("x", "utf-7"); m.encode("x", "win1251")',
  'libphonenumber-js': '(m.parsePhoneNumberFromString ?? m.default)("+4930123456")',
  '@faker-js/faker': 'm.faker.person.fullName()',
  validator: '(m.default ?? m).isEmail("a@b.c")',
  // Clouds.
  'aws-sdk': 'const s3 = new m.S3({ region: "a" }); new m.DynamoDB({ region: "a" }); await s3.listBuckets({}).promise().catch(() => {})',
  '@aws-sdk/client-dynamodb': 'await new m.DynamoDBClient({ region: "a", endpoint: "http://127.0.0.1:1", maxAttempts: 1 }).send(new m.ListTablesCommand({})).catch(() => {})',
  '@aws-sdk/credential-providers': 'await m.fromNodeProviderChain({ maxRetries: 0, timeout: 100 })().catch(() => {}); await m.fromIni({ profile: "a" })().catch(() => {})',
  '@azure/storage-blob': 'await m.BlobServiceClient.fromConnectionString("UseDevelopmentStorage=true").getProperties({ abortSignal: AbortSignal.timeout(200) }).catch(() => {})',
  '@azure/identity': 'new m.DefaultAzureCredential()',
  '@google-cloud/storage': 'new m.Storage({ projectId: "a" }).bucket("b").file("c")',
  '@google-cloud/pubsub': 'const p = new m.PubSub({ projectId: "a", apiEndpoint: "127.0.0.1:1", emulatorMode: true }); await Promise.race([p.topic("b").publishMessage({ data: Buffer.from("c") }).catch(() => {}), new Promise((done) => setTimeout(done, 1500))])',
  'firebase-admin': 'const app = m.initializeApp({ projectId: "a" }); m.firestore?.(); m.auth?.(); m.storage; m.messaging?.()',
  openai: 'await new m.OpenAI({ apiKey: "a", baseURL: "http://127.0.0.1:1", maxRetries: 0 }).models.list().catch(() => {})',
  twilio: 'const client = (m.default ?? m)("AC" + "0".repeat(32), "b"); client.messages; client.verify; client.conversations',
  '@slack/web-api': 'await new m.WebClient("a", { slackApiUrl: "http://127.0.0.1:1/", retryConfig: { retries: 0 } }).auth.test().catch(() => {})',
  '@octokit/rest': 'await new m.Octokit({ baseUrl: "http://127.0.0.1:1" }).rest.meta.root().catch(() => {})',
  // Programs for the terminal, with commands that load late.
  'cli:npm': { entry: 'npm/bin/npm-cli.js', args: ['ls', '--depth=0'] },
  'cli:npm-config': { entry: 'npm/bin/npm-cli.js', args: ['config', 'ls'] },
  'cli:http-server': { entry: 'http-server/bin/http-server', args: ['--help'] },
  'cli:serve': { entry: 'serve/build/main.js', args: ['--help'] },
  'cli:nodemon': { entry: 'nodemon/bin/nodemon.js', args: ['--version'] },
  'cli:pm2': { entry: 'pm2/bin/pm2', args: ['--help'] },
  'cli:jest': { entry: 'jest/bin/jest.js', args: ['--rootDir', '.', '--passWithNoTests', '--testMatch', '**/tests/*.jest.js', '-i'] },
  'cli:browserify': { entry: 'browserify/bin/cmd.js', args: ['piscina-task.cjs', '-o', `${tmpdir()}/trace-diff-browserify.js`] },
  'cli:gulp': { entry: 'gulp/bin/gulp.js', args: ['--version'] },
  'cli:grunt': { entry: 'grunt/bin/grunt', args: ['--version'] },
  'cli:nyc': { entry: 'nyc/bin/nyc.js', args: ['--silent', '--temp-dir', `${tmpdir()}/trace-diff-nyc`, 'node', 'piscina-task.cjs'] },
  'cli:tsx': { entry: 'tsx/dist/cli.mjs', args: ['typed.ts'] },
  'cli:ts-node': { entry: 'ts-node/dist/bin.js', args: ['-T', 'typed.ts'] },
  'cli:tailwind-mjml': { entry: 'mjml/bin/mjml', args: ['--version'] },
  '@oclif/core': 'm.Flags.string()',
  concurrently: 'await (m.default ?? m)(["true"], { raw: true }).result',
  shelljs: 'm.ls("/"); m.which("node")',
  figlet: 'm.textSync("x", "Standard"); m.textSync("x", "Ghost")',
  prompts: 'm.inject([1]); await m({ type: "text", name: "a", message: "b" })',
  'update-notifier': '(m.default ?? m)({ pkg: { name: "a", version: "1.0.0" } })',
  // Compiled from TypeScript, with decorators.
  inversify: 'require("reflect-metadata"); new m.Container()',
  'class-validator': 'await m.validate({})',
  'class-transformer': 'm.plainToInstance(class {}, {})',
  'type-graphql': '',
  // Bundled by webpack and others.
  'pdfjs-dist': '',
  'pdfjs-dist/legacy/build/pdf.mjs': 'await m.getDocument({ data: Buffer.from("x").buffer, useWorkerFetch: false }).promise.catch(() => {})',
  'pdf-parse': '',
  xlsx: 'm.write({ SheetNames: ["a"], Sheets: { a: m.utils.aoa_to_sheet([[1]]) } }, { type: "buffer", bookType: "xlsx" })',
  mathjax: 'await m.init?.({ loader: { load: ["input/tex", "output/svg"] } }).then((x) => x.tex2svg("x"))',
  prismjs: 'require("prismjs/components/")(["rust", "php"])',
  katex: 'm.renderToString("x")',
  jimp: 'await new m.Jimp({ width: 1, height: 1 }).getBuffer("image/png")',
  qrcode: 'await m.toString("x")',
  // Frameworks and their parts.
  bull: 'new m("a", { redis: { port: 1, host: "127.0.0.1", lazyConnect: true, retryStrategy: () => null } }).on("error", () => {})',
  'node-schedule': 'm.scheduleJob("* * * * *", () => {}).cancel()',
  agenda: '',
  moleculer: 'const b = new m.ServiceBroker({ logger: false, transporter: "TCP" }); const c = new m.ServiceBroker({ logger: false, cacher: "Memory", serializer: "JSON" }); await c.start(); await c.stop()',
  '@hapi/hapi': 'const s = m.server(); s.route({ method: "GET", path: "/", handler: () => "x" }); await s.inject("/")',
  sails: 'await new Promise((done) => new m.Sails().load({ appPath: require("os").tmpdir(), log: { level: "silent" }, hooks: { grunt: false } }, done))',
  'graphql-yoga': 'await m.createYoga({ schema: m.createSchema({ typeDefs: "type Query { a: Int }" }), logging: false }).fetch("http://a/graphql?query={a}")',
  '@fastify/static': 'const f = require("fastify")(); f.register(m, { root: __dirname_of + "/views" }); await f.inject("/index.pug")',
  '@fastify/swagger': 'const f = require("fastify")(); f.register(m); await f.ready(); f.swagger()',
  'swagger-ui-express': 'm.setup({})',
  // Instrumentation.
  'elastic-apm-node': 'm.start({ serverUrl: "http://127.0.0.1:1", logLevel: "off", centralConfig: false }); require("express"); require("pino")',
  'dd-trace': '(m.default ?? m).init({ startupLogs: false, flushInterval: 1e6 }); require("express"); require("pino")',
  newrelic: '',
  'prom-client': 'm.collectDefaultMetrics(); await m.register.metrics()',
  // And more.
  formidable: '(m.default ?? m)({})',
  openpgp: 'await m.generateKey({ userIDs: [{ name: "a" }] })',
  ldapjs: 'm.createServer()',
  soap: '',
  'html-minifier-terser': 'await m.minify("<p>x</p><style>a{b:c}</style><script>let a</script>", { minifyCSS: true, minifyJS: true })',
  'happy-dom': 'new m.Window().document.write("<p>x</p>")',
  linkedom: 'm.parseHTML("<p>x</p>")',
  'sanitize-html': 'm("<p>x</p>")',
  browserify: 'await new Promise((done) => m(__dirname_of + "/piscina-task.cjs").bundle(done))',
  gulp: 'm.src(__dirname_of + "/views/*").on("data", () => {})',
  'ts-morph': 'new m.Project({ useInMemoryFileSystem: true }).createSourceFile("a.ts", "let a = 1").getStatements()',
  'selenium-webdriver': 'new m.Builder().forBrowser("chrome")',
  nock: '(m.default ?? m)("http://a").get("/").reply(200)',
  sinon: 'm.stub()',
  supertest: 'await m(require("express")()).get("/")',
  lighthouse: '',
  'web-push': 'm.generateVAPIDKeys()',
  'oidc-provider': 'new (m.Provider ?? m.default)("http://a", {})',
  'swagger-parser': 'await (m.default ?? m).validate({ openapi: "3.0.0", info: { title: "a", version: "1" }, paths: {} })',
  '@grpc/proto-loader': 'await m.load("google/protobuf/any.proto", { includeDirs: [__dirname_of] }).catch(() => {}); m.loadSync(__dirname_of + "/a.proto")',
  'geoip-lite': 'm.lookup("8.8.8.8")',
  systeminformation: 'await m.cpu()',
  'ts-node': 'm.create({ transpileOnly: true }).compile("let a: number = 1", "a.ts")',
};

/** Servers that answer one request and end. */
const SERVERS = {
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

/** What is installed, by folder. */
export const INSTALLED = {
  packages: [...FIRST, 'express', 'fastify', 'koa', '@nestjs/core', '@nestjs/common', '@nestjs/platform-express', 'reflect-metadata', '@apollo/server'],
  more: [...new Set(Object.entries(SECOND).map(([name, use]) => packageOf(use?.entry ?? name))),
    ...'@babel/core fastify postcss pug ejs remark-parse remark-rehype rehype-stringify i18next typescript express pino react react-dom graphql reflect-metadata'.split(' ')]
    .map((name) => ({ 'source-map': 'source-map@0.7', 'aws-sdk': 'aws-sdk@2', typescript: 'typescript@5' })[name] ?? name),
};

function packageOf(specifier) {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Files beside the entries. */
export const BESIDE = {
  'views/index.pug': 'p x\n',
  'public/a.txt': 'a\n',
  'piscina-task.cjs': 'module.exports = (a) => a;\n',
  'jest-task.cjs': 'exports.double = (a) => 2 * a;\n',
  'plugins/one.js': 'module.exports = async () => {};\n',
  'tests/one.jest.js': 'test("a", () => {});\n',
  'locales/en.json': '{"x": "y"}\n',
  'typed.ts': 'const a: number = 1; console.log(a);\n',
  'a.proto': 'syntax = "proto3"; message A { string a = 1; }\n',
};

const END = '.catch((error) => console.error("TRACE-DIFF", error?.stack ?? error)).finally(() => setTimeout(() => process.exit(), 600));\n';

/** The text of an entry that loads a package by `require`. */
const required = (specifier, use) =>
  `const m = require(${JSON.stringify(specifier)}); const __dirname_of = __dirname, ENTRY = __filename;\n(async () => { ${use ?? ''} })()${END}`;

/** The text of an entry that loads it by `import`. */
const imported = (specifier, use) =>
  `import * as all from ${JSON.stringify(specifier)}; import { createRequire } from 'node:module'; import { fileURLToPath } from 'node:url'; import path from 'node:path';
const require = createRequire(import.meta.url), ENTRY = fileURLToPath(import.meta.url), __dirname_of = path.dirname(ENTRY);
const m = all.default !== undefined && Object.keys(all).every((name) => ['default', 'module.exports', '__esModule'].includes(name) || all.default?.[name] === all[name]) ? all.default : all;
(async () => { ${use ?? ''} })()${END}`;

/** Every case: its name, the folder of packages it runs in, the name of its entry and the entry's text. */
export function cases() {
  const all = [];
  const add = (folder, name, use) => {
    const file = `case_${name.replace(/[^\w.-]+/g, '_')}`;
    all.push({ folder, name, file: `${file}.cjs`, text: required(name, use), args: [] });
    all.push({ folder, name: `${name} (import)`, file: `${file}.import.mjs`, text: imported(name, use), args: [] });
  };
  for (const name of FIRST) add('packages', name, FIRST_USES[name]);
  for (const [name, use] of Object.entries(SECOND)) {

    if (typeof use === 'string') add('more', name, use);
    else all.push({ folder: 'more', name, entry: `node_modules/${use.entry}`, args: use.args });
  }
  for (const [name, text] of Object.entries(SERVERS)) {
    all.push({ folder: 'packages', name, file: `${name}.cjs`, text, args: [] });
  }
  return all;
}
