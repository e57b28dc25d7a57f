// case: bullmq
import { Worker } from 'bullmq';
import { exec } from 'child_process';
new Worker('x', async (job) => {
  exec('ls ' + job.data.x);
});

// case: bun
import { exec } from 'child_process';
Bun.serve({
  port: 1,
  fetch(r) {
    const u = new URL(r.url);
    exec('ls ' + u.searchParams.get('x'));
    return new Response('');
  },
});

// case: fastify_route
import Fastify from 'fastify';
import { exec } from 'child_process';
const app = Fastify({ logger: true });
app.route({
  method: 'GET',
  url: '/',
  handler: async (q, rep) => {
    exec('ls ' + q.query.x);
  },
});

// case: http_newurl
import http from 'node:http';
import { exec } from 'node:child_process';
http
  .createServer((a, b) => {
    const u = new URL(a.url, 'http://x');
    exec('ls ' + u.searchParams.get('x'));
  })
  .listen(1);

// case: koa_params
import Router from 'koa-router';
import { exec } from 'child_process';
const r = Router();
r.get('/:id', async (c) => {
  const { id } = c.params;
  exec('ls ' + id);
});

// case: koa_router
import Router from '@koa/router';
import { exec } from 'child_process';
const r = new Router();
r.post('/', async (c, next) => {
  exec('ls ' + c.request.body.x);
});

// case: nuxt
import { exec } from 'child_process';
export default defineEventHandler(async (event) => {
  const q = getQuery(event);
  exec('ls ' + q.x);
  const b = await readBody(event);
  exec('rm ' + b.y);
});

// case: remix
import { exec } from 'child_process';
export async function action({ request }) {
  const f = await request.formData();
  exec('ls ' + f.get('x'));
}

// case: socketio_of
import { Server } from 'socket.io';
import { exec } from 'child_process';
const io = new Server(1);
io.of('/a').on('connection', (s) => {
  s.on('run', (d, cb) => {
    exec('ls ' + d.x);
  });
});

// case: worker
import { exec } from 'child_process';
export default {
  async fetch(r, env, ctx) {
    const u = new URL(r.url);
    exec('ls ' + u.searchParams.get('x'));
    return new Response('');
  },
};

// case: ws_esm
import { WebSocketServer } from 'ws';
import { exec } from 'child_process';
const wss = new WebSocketServer({ port: 1 });
wss.on('connection', (s) => {
  s.on('message', (m) => {
    const o = JSON.parse(m.toString());
    exec('ls ' + o.x);
  });
});

// case: mcp-server
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { exec } from 'child_process';
const server = new Server({ name: 'x', version: '1' }, { capabilities: {} });
server.setRequestHandler(Schema, async (request) => {
  exec('ls ' + request.params.arguments.path);
});

// case: mcp-tools
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { exec } from 'child_process';
const server = new McpServer({ name: 'x', version: '1' });
server.registerTool('ls', { title: 'ls' }, async ({ path }) => {
  exec('ls ' + path);
});
server.tool('cat', { path: text }, async ({ path }) => {
  exec('cat ' + path);
});
