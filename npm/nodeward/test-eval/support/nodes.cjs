'use strict';
// Where the tests find the versions of Node.js and the add-on. What is not there is said, and skipped.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const PACKAGE = path.resolve(__dirname, '..', '..');
const REPOSITORY = path.resolve(PACKAGE, '..', '..');
const VERSIONS = ['v20', 'v22', 'v24', 'v26'];
const FLAG = '--disallow-code-generation-from-strings';

/** Each version that the tests want, with its binary, or without one where there is none. */
function versions() {
  const folder = process.env.NODEWARD_NODES ?? path.join(REPOSITORY, 'target', 'nodes');
  return VERSIONS.map((version) => {
    const places = [path.join(folder, version, 'bin', 'node'), path.join(folder, version, 'package', 'bin', 'node')];
    const found = places.find((place) => fs.existsSync(place));
    if (found) return { version, node: found };
    return process.version.startsWith(`${version}.`) ? { version, node: process.execPath } : { version, node: undefined };
  });
}

/** The add-on: `NODEWARD_ADDON_BUILD`, or the debug build, made anew where cargo is at hand. */
function addon() {
  if (process.env.NODEWARD_ADDON_BUILD) return path.resolve(process.env.NODEWARD_ADDON_BUILD);
  if (process.platform !== 'linux') return undefined;
  spawnSync('cargo', ['build', '--quiet', '-p', 'nodeward-native'], { cwd: REPOSITORY, stdio: 'inherit' });
  const target = process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target');
  const built = path.join(process.env.NODEWARD_BUILT ?? path.join(target, 'debug'), 'libnodeward_native.so');
  return fs.existsSync(built) ? built : undefined;
}

/**
 * Declares a test for each version of Node.js.
 *
 * @param {string} name
 * @param {(setting: {node: string, addon: string, version: string}, context: object) => unknown} body
 */
function eachVersion(name, body, { needsAddon = true } = {}) {
  const test = require('node:test');
  const built = needsAddon ? addon() : undefined;
  for (const { version, node } of versions()) {
    test(`${version}: ${name}`, (context) => {
      if (node === undefined) return context.skip(`no Node.js ${version} (set NODEWARD_NODES)`);
      if (needsAddon && built === undefined) return context.skip('no add-on (cargo build -p nodeward-native)');
      return body({ node, addon: built, version }, context);
    });
  }
}

/** How Node.js is started: where there is no add-on, V8 itself has to deny. */
const flagsFor = (addon) => (addon === undefined ? [FLAG] : []);

/** Runs a program text in a version of Node.js and gives what it printed. */
function run(node, args, options = {}) {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _test, ...env } = process.env;
  return spawnSync(node, args, { encoding: 'utf8', timeout: 60_000, ...options, env: { ...env, ...options.env } });
}

/** Runs a program that prints one JSON document, and gives that. */
function runForJson(node, args, options) {
  const ran = run(node, args, options);
  try {
    return JSON.parse(ran.stdout);
  } catch {
    throw new Error(`no JSON; ended with ${ran.status ?? ran.signal}\n${ran.stdout}\n${ran.stderr}`);
  }
}

module.exports = { FLAG, PACKAGE, REPOSITORY, addon, eachVersion, flagsFor, run, runForJson, versions };
