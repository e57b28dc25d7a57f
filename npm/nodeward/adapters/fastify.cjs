'use strict';
// Fastify's router makes a matcher for each set of constraints, and its serializer a function for each schema.

module.exports = {
  name: 'fastify',
  covers: [
    { package: 'find-my-way', range: '>=9.0.0 <10.0.0', files: ['lib/handler-storage.js'], binds: ['Function'] },
    { package: 'fast-json-stringify', range: '>=6.0.0 <8.0.0', files: ['index.js'], binds: ['Function'] },
  ],
};
