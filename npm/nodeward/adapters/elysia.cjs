'use strict';
// Elysia makes one function of each route with its hooks, and one of its whole router; exact-mirror one for each
// schema, that leaves out what the schema does not have.

module.exports = {
  name: 'elysia',
  covers: [
    {
      package: 'elysia',
      range: '>=1.2.0 <2.0.0',
      files: ['dist/compose.js', 'dist/cjs/compose.js', 'dist/cjs/index.js'],
      binds: ['Function'],
    },
    { package: 'exact-mirror', range: '>=0.1.0 <2.0.0', files: ['dist/cjs/index.js', 'dist/index.js'], binds: ['Function'] },
  ],
};
