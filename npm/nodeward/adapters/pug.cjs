'use strict';
// Pug makes a function of each template, in pug-runtime or inline. The promise package that it loads makes
// functions when it turns callbacks into promises; the uglify-js of Pug 2 makes itself from its source files
// and the core-js of Pug 2 asks for the global object.

/** The code that uglify-js makes of its source files makes functions itself, so it gets the bounded constructor. */
function nested(texts, bound) {
  if (texts.length !== 3) return undefined;
  const make = bound.Function(texts[0], texts[1], 'Function', texts[2]);
  return (first, second) => make(first, second, bound.Function);
}

module.exports = {
  name: 'pug',
  covers: [
    { package: 'pug', range: '>=2.0.0 <4.0.0', files: ['lib/index.js'], binds: ['Function'] },
    { package: 'pug-runtime', range: '>=2.0.0 <4.0.0', files: ['wrap.js'], binds: ['Function'] },
    { package: 'uglify-js', range: '>=2.6.0 <3.0.0', files: ['tools/node.js'], binds: ['Function'], instead: nested },
    {
      package: 'core-js',
      range: '>=2.0.0 <3.0.0',
      files: ['library/modules/_global.js', 'modules/_global.js'],
      binds: ['Function'],
    },
    { package: 'promise', range: '>=7.0.0 <9.0.0', files: ['lib/node-extensions.js'], binds: ['Function'] },
  ],
};
