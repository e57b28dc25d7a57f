'use strict';
// Every attack, on every version of Node.js: unguarded its payload has to run, or the case proves nothing;
// guarded it is denied, the payload does not run and the process ends by itself; report-only it runs, and one
// line tells of it. On the guard as one file (NODEWARD_TEST_GUARD) they are run guarded only.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { describe, it } = require('node:test');
const nodes = require('./support/nodes.cjs');
const { IS_ONE_FILE, run } = require('./support/run.cjs');
const { RAN, layOut, nativePayload } = require('./support/attack.cjs');

const GROUPS = {
  'loads': require('./attacks/loads.cjs'),
  'other spellings, swapped files, other threads': require('./attacks/routes.cjs'),
  'scripts': require('./attacks/scripts.cjs'),
  'processes': require('./attacks/processes.cjs'),
  'tampering with what the guard could use': require('./attacks/tampering.cjs'),
  'native code and memory': require('./attacks/native.cjs'),
  'engines of OpenSSL': require('./attacks/engines.cjs'),
  'watching the guard at work': require('./attacks/watching.cjs'),
  'data as code': require('./attacks/kinds.cjs'),
  'what Node.js keeps to itself': require('./attacks/internals.cjs'),
  'a stack that runs out while a guard is put up': require('./attacks/interrupted.cjs'),
};

if (nodes.absent.length > 0) {
  it(`Node.js ${nodes.absent.join(', ')}`, { skip: 'not found: set NODEWARD_NODES' }, () => {});
}

for (const [group, attacks] of Object.entries(GROUPS)) {
  for (const { line, binary } of nodes.found) {
    describe(`${group} on Node.js ${line}`, { concurrency: 2 }, () => {
      for (const attack of attacks) register(attack, line, binary);
    });
  }
}

function register(attack, line, binary) {
  const { name, since = 20, until = 99 } = attack;
  if (line < since || line > until) return;
  const skip = attack.needs === 'compiler' && nativePayload() === undefined ? 'no C compiler' : false;
  it(name, { skip }, async () => {
    const go = async (mode) => {
      // Some attacks change what lies about, so each run has its own folder.
      const root = layOut(attack);
      if (attack.before) await run({ binary, mode: 'plain', root, args: ['-e', attack.before] });
      const args = [...(attack.flags ?? []), ...(attack.args ?? [attack.main ?? 'app.cjs'])];
      const result = await run({ binary, mode, root, args, env: attack.env, input: attack.input });
      fs.rmSync(root, { recursive: true, force: true });
      return result;
    };
    if (!IS_ONE_FILE) checkUnguarded(attack, line, await go('plain'));
    checkGuarded(attack, line, await go('enforce'));
    if (IS_ONE_FILE) return;
    checkReportOnly(attack, line, await go('report'));
  });
}

const told = (result) => `\nstdout: ${result.stdout}\nstderr: ${result.stderr.slice(0, 3000)}\n${JSON.stringify(result.denials)}`;

/** A property of a case, for all lines or for those that it lists. */
const applies = (value, line) => (Array.isArray(value) ? value.includes(line) : value === true);

/** Why the payload can't run on this line even unguarded, if it can't. */
const impossible = ({ inert }, line) => (typeof inert === 'string' ? inert : inert?.[line]);

function checkUnguarded(attack, line, result) {
  const reason = impossible(attack, line);
  assert.equal(result.late, false, `hangs unguarded${told(result)}`);
  assert.equal(result.stdout.includes(RAN), reason === undefined, `unguarded${told(result)}`);
}

function checkGuarded(attack, line, result) {
  assert.equal(result.late, false, `hangs${told(result)}`);
  assert.equal(result.stdout.includes(RAN), false, `the payload ran${told(result)}`);
  if (applies(attack.silent, line)) return;
  assert.notEqual(result.denials.length, 0, `no denial${told(result)}`);
  assert.equal(result.signal, null, `ended by a signal${told(result)}`);
  const kinds = result.denials.map(({ kind }) => kind);
  assert.ok(kinds.includes(attack.kind), `denied as ${kinds}${told(result)}`);
  assert.ok(result.denials.every(({ mode, schema }) => mode === 'enforce' && schema === 'nodeward.denial/1'));
  // What the application sees of it, where it sees it.
  if (result.stdout.includes('THREW')) assert.match(result.stdout, attack.throws ?? /THREW ERR_NODEWARD_DENIED Nodeward: /);
}

function checkReportOnly(attack, line, result) {
  if (applies(attack.unreported, line)) return;
  assert.equal(result.late, false, `hangs${told(result)}`);
  if (impossible(attack, line) === undefined) assert.ok(result.stdout.includes(RAN), `the payload did not run${told(result)}`);
  if (applies(attack.silent, line)) return;
  const lines = typeof attack.lines === 'function' ? attack.lines(line) : attack.lines ?? 1;
  assert.ok(lines === 'any' ? result.denials.length > 0 : result.denials.length === lines, `lines${told(result)}`);
  assert.equal(result.denials[0].mode, 'report');
  assert.ok(result.denials.some(({ kind }) => kind === attack.kind), told(result));
}
