'use strict';

const fastify = require('fastify');
const semver = require('semver');
const { render } = require('@monorepo/format');

const api = fastify({ logger: true });

api.get('/newer/:a/:b', async ({ params: { a, b } }) => ({
  newer: semver.valid(a) && semver.valid(b) ? semver.gt(a, b) : null,
}));

api.post('/messages', async ({ body }) => ({ html: render(String(body.text)) }));

api.listen({ port: Number(process.env.PORT ?? 3001) });
