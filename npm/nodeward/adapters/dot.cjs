'use strict';
// doT makes a function of each template, and asks indirect eval for the global object.

module.exports = {
  name: 'doT',
  covers: [
    { package: 'dot', range: '>=1.0.0 <3.0.0', files: ['doT.js'], binds: ['Function', 'eval'] },
  ],
};
