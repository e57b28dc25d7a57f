'use strict';
// Fastify's router makes a matcher for each prefix of a route, for each set of constraints and what they are read
// from, and its serializer a function for each schema.

const captured = require('../eval/captured.cjs');

const UNIT = String.raw`path\.charCodeAt\(i \+ \d{1,6}\) === \d{1,5}`;
const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const DERIVED = [
  String.raw`   version: req\.headers\['accept-version'\],`,
  String.raw`   host: req\.headers\.host \|\| req\.headers\[':authority'\],`,
  String.raw`  ${NAME}: this\.strategies\.${NAME}\.deriveConstraint\(req, ctx\),`,
].join('|');

/** Compares units of a path with numbers; nothing, where a route is `*`. */
const PREFIX = new RegExp(`^(?:'use strict'\n)?return (?:${UNIT}(?: && ${UNIT})*)?$`, 'u');
/** Reads constraints from a request, by the functions that the router was given. */
const CONSTRAINTS = new RegExp(`^(?:'use strict'\n)?return \\{\n(?:(?:${DERIVED})\n)+\\}$`, 'u');

const allowing = (first, second, body) => (texts) => (
  texts.length === 3 && texts[0] === first && texts[1] === second && captured.exec(body, texts[2]) !== null);

module.exports = {
  name: 'fastify',
  covers: [
    {
      package: 'find-my-way',
      range: '>=6.0.0 <10.0.0',
      files: ['lib/node.js', 'custom_node.js'],
      binds: ['Function'],
      allows: allowing('path', 'i', PREFIX),
    },
    {
      package: 'find-my-way',
      range: '>=6.0.0 <10.0.0',
      files: ['lib/constrainer.js'],
      binds: ['Function'],
      allows: allowing('req', 'ctx', CONSTRAINTS),
    },
    {
      package: 'find-my-way',
      range: '>=6.0.0 <10.0.0',
      files: ['lib/handler-storage.js', 'handler_storage.js', 'lib/compiler.js'],
      binds: ['Function'],
    },
    { package: 'fast-json-stringify', range: '>=4.0.0 <8.0.0', files: ['index.js'], binds: ['Function'] },
  ],
};
