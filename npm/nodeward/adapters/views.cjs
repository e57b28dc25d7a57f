'use strict';
// More engines that make a function of each template.

module.exports = {
  name: 'views',
  covers: [
    { package: 'nunjucks', range: '>=3.0.0 <4.0.0', files: ['src/environment.js'], binds: ['Function'] },
    { package: 'eta', range: '>=4.0.0 <5.0.0', files: ['dist/index.cjs'], binds: ['Function'] },
    { package: 'hogan.js', range: '>=2.0.0 <3.0.0', files: ['lib/compiler.js'], binds: ['Function'] },
    {
      package: 'hogan.js',
      range: '>=3.0.0 <4.0.0',
      files: ['lib/compiler.js', 'dist/hogan-3.0.2.js', 'dist/hogan-3.0.2.min.js'],
      binds: ['Function'],
    },
    {
      package: 'squirrelly',
      range: '>=8.0.0 <10.0.0',
      files: ['dist/squirrelly.cjs.js'],
      binds: ['Function'],
      instead: (texts, bound) => (
        texts.length === 1 && texts[0] === 'return (async function(){}).constructor' ? () => bound.AsyncFunction : undefined),
    },
    { package: 'underscore', range: '>=1.4.0 <1.12.0', files: ['underscore.js'], binds: ['Function'] },
    {
      package: 'underscore',
      range: '>=1.12.0 <2.0.0',
      files: ['underscore-node-f.cjs', 'underscore-umd.js', 'cjs/template.js'],
      binds: ['Function'],
    },
  ],
};
