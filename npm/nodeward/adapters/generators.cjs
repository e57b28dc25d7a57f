'use strict';
// Packages that make a function of what they are told once, so that it is fast from then on: readers of rows,
// messages and records, formats of log lines, wrappers of callbacks, checks of values.

const captured = require('../eval/captured.cjs');

/** The constructor of a model of this name, which is the same wherever it stands. */
const modelOf = (name) => new RegExp(String.raw`^\s*// every class can receive hash of data as optional param
\s*return function (${name})\(data, options\) \{
\s*if \(!\(this instanceof \1\)\) \{
\s*return new \1\(data, options\);
\s*\}
\s*if \(\1\.settings\.unresolved\) \{
\s*throw new Error\(g\.f\('Model %s is not defined\.', "\1"\)\);
\s*\}
\s*ModelBaseClass\.apply\(this, arguments\);
\s*\};$`, 'u');
const MODEL = modelOf(String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`);
/** A name that no function can have, and that is no code: LoopBack then takes another. */
const UNNAMED = modelOf(String.raw`[\p{ID_Continue}$ /@#+&]+`);

module.exports = {
  name: 'generators',
  covers: [
    // mysql2 makes a reader for the columns of each query by it.
    { package: 'generate-function', range: '>=1.0.0 <3.0.0', files: ['index.js'], binds: ['Function'] },
    { package: '@protobufjs/codegen', range: '>=2.0.0 <3.0.0', files: ['index.js'], binds: ['Function'] },
    {
      package: '@protobufjs/inquire',
      range: '>=1.0.0 <1.1.1',
      files: ['index.js'],
      binds: ['eval'],
      onlyInstead: true,
      // `require`, written so that bundlers don't see it.
      evaluated: (source, { module }) => (source === 'require' ? (request) => module.require(request) : undefined),
    },
    {
      // Names the constructor of a model as the model.
      package: 'loopback-datasource-juggler',
      range: '>=3.0.0 <8.0.0',
      files: ['lib/model-builder.js'],
      binds: ['Function'],
      allows: (texts) => texts.length === 2 && texts[0] === 'ModelBaseClass' && captured.exec(MODEL, texts[1]) !== null,
      instead(texts) {
        const isOther = texts.length === 2 && captured.exec(MODEL, texts[1]) === null;
        if (isOther && captured.exec(UNNAMED, texts[1]) !== null) throw new captured.SyntaxError('no function has this name');
      },
    },
    { package: 'protobufjs', range: '>=8.0.0 <9.0.0', files: ['src/util/codegen.js'], binds: ['Function'] },
    { package: 'avsc', range: '>=5.0.0 <6.0.0', files: ['lib/types.js', 'lib/services.js'], binds: ['Function'] },
    { package: 'morgan', range: '>=1.0.0 <2.0.0', files: ['index.js'], binds: ['Function'] },
    {
      package: 'bluebird',
      range: '>=3.0.0 <4.0.0',
      files: ['js/release/call_get.js', 'js/release/join.js', 'js/release/promisify.js'],
      binds: ['Function'],
    },
    {
      package: 'bluebird',
      range: '>=2.0.0 <3.0.0',
      files: ['js/main/call_get.js', 'js/main/join.js', 'js/main/promisify.js'],
      binds: ['Function'],
    },
    {
      package: '@sinclair/typebox',
      range: '>=0.34.0 <0.35.0',
      files: ['build/cjs/compiler/compiler.js', 'build/cjs/system/evaluate.js'],
      binds: ['globalThis'],
    },
    {
      package: 'fastest-validator',
      range: '>=1.0.0 <2.0.0',
      files: ['lib/validator.js'],
      binds: ['Function'],
      instead(texts, bound) {
        const wanted = 'return Object.getPrototypeOf(async function(){}).constructor';
        return texts.length === 1 && texts[0] === wanted ? () => bound.AsyncFunction : undefined;
      },
    },
    { package: 'zod', range: '>=3.25.0 <5.0.0', files: ['v4/core/doc.cjs', 'v4/core/util.cjs'], binds: ['Function'] },
  ],
};
