// Installs real packages that have install scripts through `nodeward install`, and loads them.
//
// Each package is installed in a project of its own by the package manager, with scripts off; all scripts that turn
// up there are allowed; they run confined, without network but where HOSTS says so. A package counts where that ends
// well, a second run finds nothing left to do, and the package loads. Needs the registry that the package manager is
// set to, and for what compiles a compiler, Python and Node.js with its headers.
//
//   node bench/install-scripts.mjs [--manager npm|pnpm|yarn|bun] [--nodeward FILE] [--json FILE] [NAME@VERSION…]

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

/** What is installed, and what is run to see that it loads: `P` is the package. */
const PACKAGES = [
  ["esbuild@0.25.10", "P.transformSync('let a = 1')"],
  ["core-js@3.49.0", ""],
  ["core-js-pure@3.49.0", ""],
  ["protobufjs@7.5.4", "P.Root.fromJSON({ nested: {} })"],
  ["@swc/core@1.13.20", "P.transformSync('let a = 1')"],
  ["@parcel/watcher@2.5.1", "P.getEventsSince"],
  ["es5-ext@0.10.64", ""],
  ["msgpackr-extract@3.0.3", ""],
  ["ssh2@1.17.0", "new P.Client()"],
  ["cpu-features@0.0.10", "P()"],
  ["lmdb@2.9.4", "P.open"],
  ["highlight.js@9.18.5", "P.highlight('js', 'let a')"],
  ["ejs@2.7.4", "P.render('<%= 1 %>')"],
  ["@scarf/scarf@1.4.0", null],
  ["bufferutil@4.0.9", "P.mask"],
  ["utf-8-validate@6.0.5", "P(Buffer.from('a'))"],
  ["unrs-resolver@1.11.1", "new P.ResolverFactory()"],
  ["tree-sitter@0.21.1", "new P()"],
  ["bcrypt@6.0.0", "P.hashSync('a', 4)"],
  ["bcrypt@5.1.1", "P.hashSync('a', 4)"],
  ["argon2@0.44.0", "P.hash"],
  ["sharp@0.34.4", "P.versions"],
  ["microtime@3.1.1", "P.now()"],
  ["leveldown@6.1.1", "P"],
  ["classic-level@1.4.1", "P.ClassicLevel"],
  ["node-pty@1.0.0", "P.spawn"],
  ["snappy@6.3.5", "P.compressSync('a')"],
  ["iconv@3.0.1", "new P.Iconv('UTF-8', 'UTF-16')"],
  ["farmhash@3.3.1", "P.hash32('a')"],
  ["deasync@0.1.30", "P"],
  ["usb@2.16.0", "P.getDeviceList"],
  ["lzma-native@8.0.6", "P.versionString()"],
  ["aws-sdk@2.1693.0", "new P.Endpoint('example.org')"],
  ["msw@2.11.3", "P.http"],
  ["nice-napi@1.0.2", "P(0)"],
  ["dtrace-provider@0.8.8", "P.createDTraceProvider('a')"],
  ["sqlite3@5.1.7", "new P.Database(':memory:')"],
  ["better-sqlite3@12.4.1", "new P(':memory:').prepare('select 1').get()"],
  ["re2@1.22.1", "new P('a+').test('aa')"],
  ["husky@4.3.8", null],
  ["kerberos@2.2.2", "P"],
  ["keytar@7.9.0", "P"],
  ["canvas@3.2.0", "P.createCanvas(1, 1)"],
  ["puppeteer@24.22.3", "P.executablePath()"],
];

/** What is fetched while it is installed, where it has to be: by package, the hosts. */
const HOSTS = {};

const options = { manager: "npm", nodeward: "nodeward", json: undefined };
const named = [];
const words = process.argv.slice(2);
while (words.length > 0) {
  const word = words.shift();
  if (word.startsWith("--")) options[word.slice(2)] = words.shift();
  else named.push(word);
}

const wanted = named.length === 0 ? PACKAGES : named.map(known);

function known(release) {
  return PACKAGES.find(([name]) => name === release || nameOf(name) === release) ?? [release, ""];
}

function nameOf(release) {
  return release.slice(0, release.lastIndexOf("@"));
}

function nodeward(folder, words) {
  const started = performance.now();
  const ran = spawnSync(options.nodeward, ["install", "--report", "../report.json", ...words], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, SOURCE_DATE_EPOCH: "" },
  });
  const report = JSON.parse(fs.readFileSync(path.join(folder, "../report.json"), "utf8"));
  return { code: ran.status, text: ran.stderr ?? "", report, seconds: (performance.now() - started) / 1000 };
}

function load(folder, name, code) {
  const script =
    `(async () => { let P; try { P = require(${JSON.stringify(name)}) } ` +
    `catch (error) { if (error.code !== "ERR_REQUIRE_ESM") throw error; P = await import(${JSON.stringify(name)}) } ` +
    `void (${code || "0"}); process.exit(0) })().catch((error) => { console.error(error); process.exit(1) })`;
  const ran = spawnSync(process.execPath, ["-e", script], { cwd: folder, encoding: "utf8", timeout: 60000 });
  return ran.status === 0 ? "" : (ran.stderr || String(ran.signal)).trim();
}

/** The project; where a yarn of the second generation reads it, `node_modules` are asked for. */
function project(folder, release) {
  const name = nameOf(release);
  const manifest = { name: "trial", version: "1.0.0", dependencies: { [name]: release.slice(name.length + 1) } };
  if (options.manager !== "npm") manifest.packageManager = `${options.manager}@${version}`;
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
  if (options.manager === "yarn") fs.writeFileSync(path.join(folder, ".yarnrc.yml"), "nodeLinker: node-modules\n");
}

function trial([release, code]) {
  const name = nameOf(release);
  const house = fs.mkdtempSync(path.join(os.tmpdir(), "nodeward-trial-"));
  const folder = path.join(house, "project");
  try {
    project(folder, release);
    const installed = nodeward(folder, []);
    if (installed.code > 1) return { release, problem: `not installed: ${installed.text.slice(-600)}` };
    const scripted = installed.report.undecided.map((label) => label.split(" (")[0]);
    const without = code === null ? "" : load(folder, name, code);
    if (scripted.length === 0) return { release, problem: "no scripts turned up" };
    const hosts = (HOSTS[name] ?? []).flatMap((host) => ["--network", host]);
    const allowed = scripted.flatMap((label) => ["--allow", label]);
    const words = ["--scripts-only", ...allowed, "--reason", "a trial", ...hosts];
    const { code: ended, report, text, seconds } = nodeward(folder, words);
    const denied = report.packages
      .flatMap((one) => one.scripts)
      .flatMap((script) => script.events)
      .filter((event) => event.fate === "denied")
      .map((event) => `${event.act} ${event.subject.replaceAll(house, "…")}`);
    const again = nodeward(folder, ["--scripts-only"]);
    const problems = [];
    if (ended !== 0) problems.push(`exit code ${ended}: ${text.slice(-1500)}`);
    if (again.code !== 0 || again.report.packages.length > 0) problems.push(`again: ${again.code} ${again.text.slice(-300)}`);
    const unloaded = code === null ? "" : load(folder, name, code);
    if (unloaded) problems.push(`does not load: ${unloaded.slice(-600)}`);
    return {
      release,
      seconds: Math.round(seconds * 10) / 10,
      scripts: report.packages.map((one) => `${one.package}: ${one.scripts.map((script) => script.command[2]).join("; ")}`),
      wrote: report.packages.reduce((sum, one) => sum + one.wrote.length, 0),
      denied: [...new Set(denied)],
      needed: without !== "",
      problem: problems.join("\n"),
    };
  } finally {
    fs.rmSync(house, { recursive: true, force: true });
  }
}

execFileSync(options.nodeward, ["--version"]);
const version = execFileSync(options.manager, ["--version"], { encoding: "utf8" }).trim();
const results = [];
for (const one of wanted) {
  let result;
  try {
    result = trial(one);
  } catch (error) {
    result = { release: one[0], problem: String(error) };
  }
  results.push(result);
  const verdict = result.problem ? `no: ${result.problem}` : `yes, ${result.seconds} s`;
  console.log(`${result.release}: ${verdict}${result.denied?.length ? `; denied: ${result.denied.join(", ")}` : ""}`);
}
console.log(`${results.filter((result) => !result.problem).length} of ${results.length}, with ${options.manager} ${version}`);
if (options.json) fs.writeFileSync(options.json, JSON.stringify(results, null, 1));
