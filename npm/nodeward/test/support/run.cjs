'use strict';
// Runs a program plainly, guarded, or report-only, and tells what came of it.

const { spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** The guard: its modules, or in the folder of NODEWARD_TEST_GUARD the one file that is made of them. */
const GUARD = process.env.NODEWARD_TEST_GUARD ?? path.join(__dirname, '../..');
const IS_ONE_FILE = process.env.NODEWARD_TEST_GUARD !== undefined;
const PRELOAD = path.join(GUARD, 'runtime/preload.cjs');
const PATIENCE = 120_000;

/** Where cargo has put the binary and the add-on. */
const BUILT = process.env.NODEWARD_BUILT ?? path.join(__dirname, '../../../../target/debug');
/** The binary; undefined where it has not been built. */
const NODEWARD = [path.join(BUILT, 'nodeward')].find((file) => fs.existsSync(file));
const ADDON = [path.join(BUILT, 'libnodeward_native.so')].find((file) => fs.existsSync(file));

const ADDON_SHA256 = ADDON && crypto.createHash('sha256').update(fs.readFileSync(ADDON)).digest('hex');

/** A new folder below the system's temporary one, without symbolic links in its path. */
function folder(name) {
  return fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), `nodeward-${name}-`));
}

function write(root, files) {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
}

let count = 0;

/** The command that starts a program in a mode. `options` are those of `nodeward run`, which `full` is. */
function commandOf({ binary, mode, args, report, options = [] }) {
  if (mode === 'full') {
    return [NODEWARD, ['--quiet', 'run', '--node', binary, '--report', report, ...options, '--', 'node', ...args]];
  }
  return [binary, mode === 'plain' ? args : ['--require', PRELOAD, ...args]];
}

/**
 * `mode` is `plain`, `enforce` or `report` with the guard alone, or `full` by `nodeward run`. Gives `{code, signal, stdout, stderr, late, denials}`; `late` says that
 * it had to be killed, and `denials` are the reported lines of that process, not of those that it started.
 */
function run({ binary, mode, root, args, env = {}, input, layers = '', options, during, patience = PATIENCE }) {
  count += 1;
  const report = path.join(os.tmpdir(), `nodeward-report-${process.pid}-${count}.jsonl`);
  const [program, words] = commandOf({ binary, mode, args, report, options });
  const variables = { ...process.env, NODE_NO_WARNINGS: '1' };
  for (const name of Object.keys(variables)) if (name.startsWith('NODEWARD_') || name.startsWith('NODE_TEST')) delete variables[name];
  delete variables.NODE_OPTIONS;
  if (mode === 'enforce' || mode === 'report') Object.assign(variables, { NODEWARD_MODE: mode, NODEWARD_REPORT: report, NODEWARD_LAYERS: layers });
  if (layers === null) delete variables.NODEWARD_LAYERS;
  // The one file is what the launcher brings, and it brings the add-on with it.
  if (IS_ONE_FILE && layers !== null && variables.NODEWARD_MODE !== undefined && ADDON !== undefined) {
    Object.assign(variables, { NODEWARD_ADDON: ADDON, NODEWARD_ADDON_SHA256: ADDON_SHA256 });
  }
  Object.assign(variables, env);

  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd: root, env: variables, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.on('data', (data) => { stdout += data; });
    child.stderr.on('data', (data) => { stderr += data; });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, patience);
    during?.(child);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      let lines = [];
      try {
        lines = fs.readFileSync(report, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
        fs.rmSync(report);
      } catch {
        // Nothing was reported.
      }
      resolve({ code, signal, stdout, stderr, late, denials: lines.filter(({ pid }) => pid === child.pid) });
    });
  });
}

module.exports = { ADDON, IS_ONE_FILE, NODEWARD, PRELOAD, folder, write, run };
