'use strict';

const { WebSocketServer } = require('ws');
const { render } = require('@monorepo/format');

const server = new WebSocketServer({ port: Number(process.env.PORT ?? 3002), maxPayload: 16 * 1024 });
server.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(render(data.toString())));
});
