'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { FLAG, PACKAGE, eachVersion, runForJson } = require('./support/nodes.cjs');
const { selfTest } = require('../eval.cjs');

const SELF_TEST = path.join(PACKAGE, 'eval', 'self-test.cjs');
const THREADS = ['main', 'worker 1', 'worker 2'];

function failed(threads) {
  return threads.flatMap(({ thread, checks }) => checks.filter((check) => !check.ok).map((check) => ({ thread, ...check })));
}

eachVersion('all checks pass with the add-on, on the main thread and in two Workers', ({ node, addon }) => {
  const result = selfTest({ node, addon });
  assert.equal(result.fault, undefined);
  assert.equal(result.layer, 'native');
  assert.deepEqual(result.threads.map(({ thread }) => thread), THREADS);
  assert.deepEqual(failed(result.threads), []);
  for (const { checks } of result.threads) assert.equal(checks.length, 23);
  assert.equal(result.ok, true);
});

eachVersion('they pass with the flag too', ({ node, addon }) => {
  const result = runForJson(node, [FLAG, SELF_TEST, addon]);
  assert.deepEqual(failed(result.threads), []);
  assert.equal(result.ok, true);
});

eachVersion('without the add-on exactly those fail that it says it cannot pass', ({ node }) => {
  const result = selfTest({ node });
  assert.equal(result.fault, undefined);
  assert.equal(result.layer, 'javascript');
  assert.equal(result.ok, false);
  const { cannot } = runForJson(node, [FLAG, '-e', `
    const seal = { sources: [], eval: {} };
    const { cannot } = require(${JSON.stringify(path.join(PACKAGE, 'eval.cjs'))}).install({ seal });
    console.log(JSON.stringify({ cannot }));
  `]);
  for (const { thread, checks } of result.threads) {
    assert.deepEqual(checks.filter((check) => !check.ok).map((check) => check.name), cannot, thread);
  }
  for (const { thread, cannot: said } of result.threads) {
    assert.deepEqual(said, cannot, thread);
  }
}, { needsAddon: false });

eachVersion('a library that is no add-on fails the self-test', ({ node }) => {
  const result = selfTest({ node, addon: __filename });
  assert.equal(result.ok, false);
  assert.match(result.fault, /ended with 2/);
}, { needsAddon: false });
