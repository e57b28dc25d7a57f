'use strict';
// Next.js carries a copy of `send`, and in it one of depd, which makes functions from strings when it loads.

module.exports = {
  name: 'next',
  covers: [{ package: 'next', range: '>=15.0.0 <16.0.0', files: ['dist/compiled/send/index.js'], binds: ['Function'] }],
};
