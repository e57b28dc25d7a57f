'use strict';
// webpack's hooks call their taps through functions that are made of them, and so does its search in sorted lists.

module.exports = {
  name: 'webpack',
  covers: [
    { package: 'tapable', range: '>=2.0.0 <3.0.0', files: ['lib/HookCodeFactory.js'], binds: ['Function'] },
    { package: 'webpack', range: '>=5.0.0 <6.0.0', files: ['lib/util/binarySearchBounds.js'], binds: ['Function'] },
  ],
};
