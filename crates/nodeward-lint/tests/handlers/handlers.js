// case: amqp
const amqp = require('amqplib');
const { exec } = require('child_process');
(async () => {
  const c = await amqp.connect('x');
  const ch = await c.createChannel();
  ch.consume('q', (m) => {
    exec('ls ' + m.content.toString());
  });
})();

// case: amqp_cb
const amqp = require('amqplib/callback_api');
const { exec } = require('child_process');
amqp.connect('x', (e, c) => {
  c.createChannel((e, ch) => {
    ch.consume('q', (m) => {
      exec('ls ' + m.content);
    });
  });
});

// case: argv
const { exec } = require('child_process');
exec('ls ' + process.argv[2]);

// case: azure
const { exec } = require('child_process');
module.exports = async function (context, req) {
  exec('ls ' + req.query.x);
};

// case: bull
const Queue = require('bull');
const { exec } = require('child_process');
const q = new Queue('x');
q.process(async (job) => {
  exec('ls ' + job.data.x);
});

// case: busboy
const busboy = require('busboy');
const { exec } = require('child_process');
require('http').createServer((a, b) => {
  const bb = busboy({ headers: a.headers });
  bb.on('file', (n, s, i) => {
    exec('ls ' + i.filename);
  });
  a.pipe(bb);
});

// case: commander
const { program } = require('commander');
const { exec } = require('child_process');
program.command('x <n>').action((n) => exec('ls ' + n));
program.parse();

// case: discord
const { Client } = require('discord.js');
const { exec } = require('child_process');
const c = new Client();
c.on('messageCreate', (m) => {
  exec('ls ' + m.content);
});

// case: electron
const { ipcMain } = require('electron');
const { exec } = require('child_process');
ipcMain.handle('x', (e, a) => {
  exec('ls ' + a);
});

// case: express_arr
const app = require('express')();
const { exec } = require('child_process');
app.get(
  '/a',
  [
    (a, b, n) => {
      exec('ls ' + a.query.x);
      n();
    },
  ],
  (a, b) => {},
);

// case: express_ctrl
const { exec } = require('child_process');
exports.run = (req, res) => {
  exec('ls ' + req.body.x);
  res.end();
};

// case: express_locals
const app = require('express')();
const { exec } = require('child_process');
app.use((a, b, n) => {
  b.locals.x = a.query.x;
  n();
});
app.get('/a', (a, b) => {
  exec('ls ' + b.locals.x);
});

// case: express_mw
const app = require('express')();
const { exec } = require('child_process');
app.use((a, b, n) => {
  a.name = a.query.x;
  n();
});
app.get('/a', (a, b) => {
  exec('ls ' + a.name);
});

// case: express_router_chain
const express = require('express');
const { exec } = require('child_process');
const r = express.Router();
r.route('/a')
  .get((a, b) => {
    exec('ls ' + a.query.x);
  })
  .post(async (a, b) => {
    const { x } = a.body;
    exec('rm ' + x);
  });
module.exports = r;

// case: fastify
const fastify = require('fastify')();
const { exec } = require('child_process');
fastify.get('/a/:b', async (request, reply) => {
  exec('ls ' + request.params.b);
  return 1;
});

// case: fastify_opts
const f = require('fastify')();
const { exec } = require('child_process');
f.post('/a', { schema: {} }, async (a, b) => {
  exec('ls ' + a.body.b);
});

// case: fastify_plugin
const { exec } = require('child_process');
module.exports = async function (fastify, opts) {
  fastify.get('/', async function (request, reply) {
    exec('ls ' + request.query.x);
  });
};

// case: firebase
const functions = require('firebase-functions');
const { exec } = require('child_process');
exports.a = functions.https.onRequest((a, b) => {
  exec('ls ' + a.query.x);
});
exports.b = functions.https.onCall((data, c) => {
  exec('ls ' + data.x);
});

// case: formidable
const formidable = require('formidable');
const { exec } = require('child_process');
require('http').createServer((a, b) => {
  const f = formidable({});
  f.parse(a, (err, fields, files) => {
    exec('ls ' + fields.x);
  });
});

// case: gcf
const functions = require('@google-cloud/functions-framework');
const { exec } = require('child_process');
functions.http('x', (a, b) => {
  exec('ls ' + a.query.x);
});

// case: graphql
const { ApolloServer } = require('apollo-server');
const { exec } = require('child_process');
const resolvers = {
  Query: {
    user: (parent, args, context) => {
      exec('ls ' + args.id);
    },
  },
};
new ApolloServer({ typeDefs: '', resolvers });

// case: hapi
const Hapi = require('@hapi/hapi');
const { exec } = require('child_process');
const server = Hapi.server({ port: 1 });
server.route({
  method: 'GET',
  path: '/',
  handler: (request, h) => {
    exec('ls ' + request.query.x);
    return 1;
  },
});

// case: hapi_payload
const Hapi = require('@hapi/hapi');
const { exec } = require('child_process');
const server = new Hapi.Server();
server.route([
  {
    method: 'POST',
    path: '/',
    options: {
      handler: async (r, h) => {
        exec('ls ' + r.payload.x);
        return 1;
      },
    },
  },
]);

// case: http_body
const http = require('http');
const { exec } = require('child_process');
http
  .createServer((a, b) => {
    let body = '';
    a.on('data', (c) => {
      body += c;
    });
    a.on('end', () => {
      const o = JSON.parse(body);
      exec('ls ' + o.x);
    });
  })
  .listen(1);

// case: http_body2
const http = require('http');
const { exec } = require('child_process');
http
  .createServer((a, b) => {
    const chunks = [];
    a.on('data', (c) => chunks.push(c));
    a.on('end', () => {
      const o = JSON.parse(Buffer.concat(chunks).toString());
      exec('ls ' + o.x);
    });
  })
  .listen(1);

// case: http_body3
const http = require('http');
const { exec } = require('child_process');
http
  .createServer(async (a, b) => {
    let t = '';
    for await (const c of a) t += c;
    exec('ls ' + t);
  })
  .listen(1);

// case: http_url
const http = require('http'),
  url = require('url');
const { exec } = require('child_process');
http
  .createServer((a, b) => {
    const q = url.parse(a.url, true).query;
    exec('ls ' + q.x);
  })
  .listen(1);

// case: kafka
const { Kafka } = require('kafkajs');
const { exec } = require('child_process');
const consumer = new Kafka({}).consumer({});
consumer.run({
  eachMessage: async ({ topic, message }) => {
    exec('ls ' + message.value.toString());
  },
});

// case: koa
const Koa = require('koa');
const { exec } = require('child_process');
const app = new Koa();
app.use(async (ctx) => {
  exec('ls ' + ctx.query.x);
});

// case: lambda
const { exec } = require('child_process');
exports.handler = async (event) => {
  exec('ls ' + event.queryStringParameters.x);
};

// case: lambda_body
const { exec } = require('child_process');
module.exports.hello = async (event, context) => {
  const b = JSON.parse(event.body);
  exec('ls ' + b.x);
};

// case: mqtt
const mqtt = require('mqtt');
const { exec } = require('child_process');
const client = mqtt.connect('x');
client.on('message', (topic, message) => {
  exec('ls ' + message.toString());
});

// case: multer
const app = require('express')();
const multer = require('multer');
const { exec } = require('child_process');
app.post('/a', multer().single('f'), (a, b) => {
  exec('ls ' + a.file.originalname);
});

// case: net
const net = require('net');
const { exec } = require('child_process');
net
  .createServer((s) => {
    s.on('data', (d) => exec('ls ' + d));
  })
  .listen(1);

// case: redis
const redis = require('redis');
const { exec } = require('child_process');
const c = redis.createClient();
c.on('message', (ch, m) => {
  exec('ls ' + m);
});
c.subscribe('x');

// case: restify
const restify = require('restify');
const { exec } = require('child_process');
const s = restify.createServer();
s.get('/a', (a, b, n) => {
  exec('ls ' + a.params.x);
});

// case: sails
const { exec } = require('child_process');
module.exports = {
  run: function (req, res) {
    exec('ls ' + req.param('x'));
  },
};

// case: slack
const { App } = require('@slack/bolt');
const { exec } = require('child_process');
const app = new App({});
app.message('x', async ({ message }) => {
  exec('ls ' + message.text);
});

// case: socketio
const io = require('socket.io')(1);
const { exec } = require('child_process');
io.on('connection', (s) => {
  s.on('run', (d) => {
    exec('ls ' + d.x);
  });
});

// case: sqs
const { exec } = require('child_process');
exports.handler = async (event) => {
  for (const record of event.Records) {
    const b = JSON.parse(record.body);
    exec('ls ' + b.x);
  }
};

// case: telegram
const T = require('node-telegram-bot-api');
const { exec } = require('child_process');
const bot = new T('x');
bot.onText(/x (.+)/, (msg, match) => {
  exec('ls ' + match[1]);
});

// case: ws
const WebSocket = require('ws');
const { exec } = require('child_process');
const wss = new WebSocket.Server({ port: 1 });
wss.on('connection', (s) => {
  s.on('message', (m) => {
    exec('ls ' + m);
  });
});

// case: yargs
const argv = require('yargs')(process.argv.slice(2)).option('x', {}).argv;
const { exec } = require('child_process');
exec('ls ' + argv.x);
