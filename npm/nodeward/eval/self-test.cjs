'use strict';
// Runs the checks where they can break nothing: in a Node.js process of their own. Also a program:
// `node eval/self-test.cjs [ADD-ON]` prints one JSON document and ends with 1 when a check failed.

const childProcess = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const SUBJECT = 'subject.cjs';
const FLAG = '--disallow-code-generation-from-strings';
const WORKERS = 2;

/**
 * Tries an add-on in a version of Node.js; without one, the JavaScript layer. `ok` is false unless every
 * check passed in every thread. Each thread's `cannot` names the checks that its layer does not claim to pass.
 *
 * @param {{node?: string, addon?: string, timeout?: number}} options
 * @returns {{ok: boolean, node: string, platform: string, layer: string, threads: object[], fault?: string}}
 */
function selfTest({ node = process.execPath, addon, timeout = 60_000 } = {}) {
  const args = addon === undefined ? [FLAG, __filename] : [__filename, path.resolve(addon)];
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const ran = childProcess.spawnSync(node, args, { encoding: 'utf8', timeout, env });
  try {
    return JSON.parse(ran.stdout);
  } catch {
    const fault = ran.error ? ran.error.message : `ended with ${ran.status ?? ran.signal}: ${ran.stderr}`;
    return { ok: false, node, platform: `${process.platform}-${process.arch}`, layer: 'none', threads: [], fault };
  }
}

/** Puts bounded eval in force in this thread, with the subject as the only listed module, and checks it. */
function checkThread(addon) {
  const content = fs.readFileSync(path.join(__dirname, SUBJECT));
  const seal = {
    schema: 'nodeward.seal/1',
    sources: [{ path: SUBJECT, kind: 'cjs', sha256: crypto.createHash('sha256').update(content).digest('hex') }],
    eval: { mode: 'strict', modules: [SUBJECT] },
  };
  const api = require('../eval.cjs');
  const { layer, cannot } = api.install({ addon, seal, root: __dirname, mode: 'enforce', wasm: true });
  const results = require('./checks.cjs').runChecks(require('./subject.cjs'), api);
  return { layer, cannot, checks: results };
}

async function main(addon) {
  const here = checkThread(addon);
  const workers = [];
  for (let number = 1; number <= WORKERS; number += 1) {
    const checked = inWorker(addon).then((result) => ({ thread: `worker ${number}`, ...result }));
    workers.push(checked);
    // Only the add-on keeps threads apart that run at the same time: one check changes a flag of the process.
    if (addon === undefined) await checked;
  }
  const threads = [{ thread: 'main', ...here }, ...await Promise.all(workers)];
  const ok = threads.every((thread) => thread.checks.every((check) => check.ok));
  return { ok, node: process.version, platform: `${process.platform}-${process.arch}`, layer: here.layer, threads };
}

function inWorker(addon) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: { selfTestOf: addon } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

if (!isMainThread && workerData !== null && 'selfTestOf' in workerData) {
  parentPort.postMessage(checkThread(workerData.selfTestOf));
} else if (require.main === module) {
  main(process.argv[2]).then(
    (result) => {
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
      process.exitCode = result.ok ? 0 : 1;
    },
    (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exitCode = 2;
    },
  );
}

module.exports = { selfTest };
