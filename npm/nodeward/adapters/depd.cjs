'use strict';
// depd wraps a deprecated function in one with as many parameters, which it makes from a string. Express, Koa and
// body-parser do so when they load.

module.exports = {
  name: 'depd',
  covers: [{ package: 'depd', range: '>=2.0.0 <3.0.0', files: ['index.js'], binds: ['Function'] }],
};
