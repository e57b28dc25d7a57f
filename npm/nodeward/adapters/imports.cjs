'use strict';
// Packages that hide an `import()` from compilers in a function made from a string: real-require, by which pino loads
// its transports in a thread, and TypeORM. They get a function that imports as the file would, and nothing else. So
// does Bull Board, which asks for the place of its pages.

const { importerOf, pathFrom } = require('../eval/compile.cjs');

module.exports = {
  name: 'import',
  covers: [
    {
      package: 'real-require',
      range: '>=0.1.0 <2.0.0',
      files: ['src/index.js'],
      binds: ['Function'],
      onlyInstead: true,
      instead: (texts, _bound, { filename }) => (
        texts.length === 2 && texts[1] === `return import(${texts[0]})` ? importerOf(filename) : undefined),
    },
    {
      package: '@bull-board/api',
      range: '>=5.0.0 <10.0.0',
      files: ['dist/index.js', 'dist/src/index.js'],
      binds: ['eval'],
      onlyInstead: true,
      evaluated: (source, { module }) => (
        source === "require.resolve('@bull-board/ui/package.json')" ? pathFrom(module, '@bull-board/ui/package.json') : undefined),
    },
    {
      package: 'typeorm',
      range: '>=0.3.0 <2.0.0',
      files: ['util/ImportUtils.js'],
      binds: ['Function'],
      onlyInstead: true,
      instead(texts, _bound, { filename }) {
        return texts.length === 1 && texts[0] === 'return filePath => import(filePath)' ? () => importerOf(filename) : undefined;
      },
    },
  ],
};
