'use strict';
// Handlebars makes a function of each template, and one of its decorators.

module.exports = {
  name: 'handlebars',
  covers: [
    {
      package: 'handlebars',
      range: '>=3.0.0 <5.0.0',
      files: ['dist/cjs/handlebars/compiler/javascript-compiler.js', 'dist/handlebars.js'],
      binds: ['Function'],
    },
  ],
};
