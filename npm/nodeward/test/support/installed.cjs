'use strict';
// Packages from npm, installed once and kept in `target/packages` for as long as the same are asked for.

const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const KEPT = path.join(__dirname, '../../../../target/packages');
const OPTIONS = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-save', '--fetch-retries=1', '--loglevel=error'];

/**
 * A folder with these packages and files, and with what `command` of Node.js makes of them: `{root}`, or `{reason}`
 * where they can't be had.
 */
function install(name, packages, files, command = []) {
  const asked = JSON.stringify([packages, files, command]);
  const root = path.join(KEPT, `${name}-${crypto.createHash('sha256').update(asked).digest('hex').slice(0, 12)}`);
  if (fs.existsSync(root)) return { root: fs.realpathSync(root) };
  // Under another name until it is whole. Its depth is the same, for tools that write paths down.
  const unfinished = `${root}-${process.pid}`;
  try {
    for (const [file, text] of Object.entries({ 'package.json': '{"private":true}', ...files })) {
      fs.mkdirSync(path.dirname(path.join(unfinished, file)), { recursive: true });
      fs.writeFileSync(path.join(unfinished, file), text);
    }
    const reason = failure('npm', ['install', ...OPTIONS, ...packages], unfinished)
      ?? (command.length > 0 ? failure(process.execPath, command, unfinished) : undefined);
    if (reason !== undefined) return { reason };
    fs.renameSync(unfinished, root);
    return { root: fs.realpathSync(root) };
  } finally {
    fs.rmSync(unfinished, { recursive: true, force: true });
  }
}

function failure(program, args, cwd) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_OPTIONS: '' };
  for (const name of Object.keys(env)) if (name.startsWith('NODE_TEST')) delete env[name];
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 600_000 });
  if (status === 0) return undefined;
  return `${program} ${args[0]}: ${error ?? (stderr || stdout).trim().split('\n').slice(-3).join(' ')}`;
}

module.exports = { install };
