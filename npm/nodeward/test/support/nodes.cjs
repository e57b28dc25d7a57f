'use strict';
// The versions of Node.js to test on: those found in the folder that NODEWARD_NODES names, or in target/nodes.

const fs = require('node:fs');
const path = require('node:path');

const LINES = [20, 22, 24, 26];
const FOLDER = process.env.NODEWARD_NODES ?? path.join(__dirname, '../../../../target/nodes');

/** `{line, binary}` of each line; `binary` is undefined where there is none. */
const nodes = LINES.map((line) => {
  const places = [`v${line}/bin/node`, `v${line}/package/bin/node`].map((place) => path.resolve(FOLDER, place));
  const binary = places.find((place) => fs.existsSync(place));
  return { line, binary: binary ?? ownIf(line) };
});

function ownIf(line) {
  return Number(process.versions.node.split('.')[0]) === line ? process.execPath : undefined;
}

const found = nodes.filter(({ binary }) => binary !== undefined);
const absent = nodes.filter(({ binary }) => binary === undefined).map(({ line }) => line);

module.exports = { found, absent };
