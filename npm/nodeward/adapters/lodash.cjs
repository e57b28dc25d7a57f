'use strict';
// `_.template` makes a function of each template. The package in one file takes `Function` from the global
// object; the packages in many files name it. lodash calls functions of that object as its methods, so whoever
// replaces one of them gets hold of the bounded constructor; but what it can do, `_.template` does for anyone.

module.exports = {
  name: 'lodash.template',
  covers: [
    { package: 'lodash', range: '>=4.0.0 <5.0.0', files: ['lodash.js', 'lodash.min.js'], binds: ['Function', 'global'] },
    { package: 'lodash', range: '>=4.0.0 <5.0.0', files: ['template.js'], binds: ['Function'] },
    { package: 'lodash', range: '>=3.0.0 <4.0.0', files: ['index.js'], binds: ['Function', 'global'] },
    { package: 'lodash', range: '>=3.0.0 <4.0.0', files: ['string/template.js'], binds: ['Function'] },
    {
      package: 'lodash',
      range: '>=2.0.0 <3.0.0',
      files: ['dist/lodash.js', 'dist/lodash.compat.js', 'dist/lodash.underscore.js'],
      binds: ['Function', 'global'],
    },
    { package: 'lodash.template', range: '>=3.0.0 <5.0.0', files: ['index.js'], binds: ['Function'] },
  ],
};
