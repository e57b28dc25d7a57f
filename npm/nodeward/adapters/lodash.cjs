'use strict';
// `_.template` makes a function of each template. The package in one file takes `Function` from the global
// object; the packages in many files name it.

module.exports = {
  name: 'lodash.template',
  covers: [
    { package: 'lodash', range: '>=4.0.0 <5.0.0', files: ['lodash.js', 'lodash.min.js'], binds: ['Function', 'global'] },
    { package: 'lodash', range: '>=4.0.0 <5.0.0', files: ['template.js'], binds: ['Function'] },
    { package: 'lodash', range: '>=3.0.0 <4.0.0', files: ['index.js'], binds: ['Function', 'global'] },
    { package: 'lodash', range: '>=3.0.0 <4.0.0', files: ['string/template.js'], binds: ['Function'] },
    { package: 'lodash.template', range: '>=3.0.0 <5.0.0', files: ['index.js'], binds: ['Function'] },
  ],
};
