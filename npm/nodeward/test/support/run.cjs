'use strict';
// Runs a program plainly, guarded, or report-only, and tells what came of it.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const PRELOAD = path.join(__dirname, '../../runtime/preload.cjs');
const PATIENCE = 30_000;

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

/**
 * `mode` is `plain`, `enforce` or `report`. Gives `{code, signal, stdout, stderr, late, denials}`; `late` says that
 * it had to be killed, and `denials` are the reported lines of that process, not of those that it started.
 */
function run({ binary, mode, root, args, env = {}, input, layers = '' }) {
  count += 1;
  const report = path.join(os.tmpdir(), `nodeward-report-${process.pid}-${count}.jsonl`);
  const guard = mode === 'plain' ? [] : ['--require', PRELOAD];
  const variables = { ...process.env, NODE_NO_WARNINGS: '1' };
  for (const name of Object.keys(variables)) if (name.startsWith('NODEWARD_') || name.startsWith('NODE_TEST')) delete variables[name];
  delete variables.NODE_OPTIONS;
  if (mode !== 'plain') Object.assign(variables, { NODEWARD_MODE: mode, NODEWARD_REPORT: report, NODEWARD_LAYERS: layers });
  if (layers === null) delete variables.NODEWARD_LAYERS;
  Object.assign(variables, env);

  return new Promise((resolve) => {
    const child = spawn(binary, [...guard, ...args], { cwd: root, env: variables, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.on('data', (data) => { stdout += data; });
    child.stderr.on('data', (data) => { stderr += data; });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, PATIENCE);
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

module.exports = { PRELOAD, folder, write, run };
