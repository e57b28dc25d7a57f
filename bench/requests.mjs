// What a request to a server costs when it is enforced: CPU time and rate, against plain Node.js.
//
//   node bench/requests.mjs FOLDER NODE NODEWARD [PROCESSES [BATCHES [REQUESTS]]]
//
// Both servers are up at once and get small batches of requests in turn, so that the machine's drift meets both alike;
// what V8 compiles differs from process to process, so there are several pairs of them. `NODEWARD` as `plain` holds
// plain Node.js against itself, which shows the noise. Linux only: CPU time is read from /proc.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:net';

const [, , folder, node, nodeward, ...counts] = process.argv;
const [processes, batches, requests] = [6, 40, 600].map((count, at) => Number(counts[at] ?? count));
const CONNECTIONS = 8;

const COMMANDS = {
  plain: [node, 'server.cjs'],
  enforced: nodeward === 'plain' ? [node, 'server.cjs'] : [nodeward, 'run', '--quiet', '--node', node, '--', 'node', 'server.cjs'],
};

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function start([program, ...args]) {
  const port = await freePort();
  const server = spawn(program, args, { cwd: folder, env: { ...process.env, PORT: port }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit').then(() => { throw new Error(`${program} ended`); });
  await Promise.race([once(server.stdout, 'data'), ended]);
  ended.catch(() => {});
  return { server, port, agent: new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS }), walls: [], cpus: [] };
}

/** Nanoseconds of CPU time of all threads. */
function cpuOf({ pid }) {
  const tasks = fs.readdirSync(`/proc/${pid}/task`);
  const spent = (task) => Number(fs.readFileSync(path.join(`/proc/${pid}/task`, task, 'schedstat'), 'utf8').split(' ')[0]);
  return tasks.reduce((sum, task) => sum + spent(task), 0);
}

const request = ({ port, agent }) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port, path: '/', agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
});

async function batch(side) {
  let left = requests;
  const [before, began] = [cpuOf(side.server), performance.now()];
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => { while (left-- > 0) await request(side); }));
  side.walls.push(performance.now() - began);
  side.cpus.push(cpuOf(side.server) - before);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** The first quarter warms both. */
const steady = (values) => median(values.slice(Math.floor(values.length / 4)));

const [rates, costs] = [[], []];
let own = 0;
for (let at = 0; at < processes; at += 1) {
  const names = at % 2 === 0 ? ['plain', 'enforced'] : ['enforced', 'plain'];
  const sides = {};
  for (const name of names) sides[name] = await start(COMMANDS[name]);
  for (let round = 0; round < batches; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) await batch(sides[name]);
  }
  rates.push(steady(sides.plain.walls) / steady(sides.enforced.walls));
  costs.push(steady(sides.enforced.cpus) / steady(sides.plain.cpus));
  own = steady(sides.plain.cpus) / requests / 1e3;
  for (const { server, agent } of Object.values(sides)) {
    agent.destroy();
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}
const spread = (values) => `${median(values).toFixed(3)} (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)})`;
console.log(`${path.basename(path.resolve(node, '../../..'))}: rate ${spread(rates)}, CPU time ${spread(costs)} of plain, which takes ${own.toFixed(0)} µs a request; ${processes} pairs of processes`);
