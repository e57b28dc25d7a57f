'use strict';
// mathjs before version 4 makes a function of each expression, and typed-function before version 1 one of each
// signature. Later versions make no code from strings and need no adapter.

module.exports = {
  name: 'mathjs',
  covers: [
    { package: 'mathjs', range: '>=3.0.0 <4.0.0', files: ['lib/expression/node/Node.js'], binds: ['Function'] },
    { package: 'typed-function', range: '>=0.10.0 <1.0.0', files: ['typed-function.js'], binds: ['Function'] },
  ],
};
