'use strict';
// EJS makes a function of each template. For async templates it first makes a function that gives it the
// constructor of async functions; it gets the bounded one.

const ASYNC_CONSTRUCTOR = 'return (async function(){}).constructor;';

module.exports = {
  name: 'ejs',
  covers: [
    {
      package: 'ejs',
      range: '>=2.5.0 <8.0.0',
      files: ['ejs.js', 'lib/ejs.js', 'lib/cjs/ejs.js'],
      binds: ['Function'],
      instead(texts, bound) {
        return texts.length === 1 && texts[0] === ASYNC_CONSTRUCTOR ? () => bound.AsyncFunction : undefined;
      },
    },
  ],
};
