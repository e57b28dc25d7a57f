'use strict';
// Ajv makes a function of each schema.

module.exports = {
  name: 'ajv',
  covers: [
    { package: 'ajv', range: '>=6.0.0 <8.0.0', files: ['lib/compile/index.js'], binds: ['Function'] },
    {
      package: 'ajv',
      range: '>=8.0.0 <9.0.0',
      files: ['dist/compile/index.js', 'dist/compile/jtd/parse.js', 'dist/compile/jtd/serialize.js'],
      binds: ['Function'],
    },
  ],
};
