'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { PACKAGE, eachVersion, flagsFor, runForJson } = require('./support/nodes.cjs');

const PROGRAM = path.join(__dirname, 'support', 'matching.cjs');
const SEED = process.env.NODEWARD_SEED ?? '20260101';
const ROUNDS = '3000';

for (const [layer, needsAddon] of [['native', true], ['javascript', false]]) {
  eachVersion(`code is permitted if and only if it is the permitted text (${layer})`, ({ node, addon }) => {
    const result = runForJson(node, [...flagsFor(addon), PROGRAM, path.join(PACKAGE, 'eval.cjs'), SEED, ROUNDS, addon ?? '']);
    assert.equal(result.layer, layer);
    assert.deepEqual(result.wrong, [], `with NODEWARD_SEED=${SEED}`);
    // Both answers have to have been given often, or the rounds prove nothing.
    assert.ok(result.allowed > 1000 && result.denied > 1000, JSON.stringify(result));
  }, { needsAddon });
}
