// bad: all
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const [a] = await Promise.all([req.query.a]);
  exec('ls ' + a);
});

// bad: apply
const app = require('express')();
const { exec } = require('child_process');
function run(d) {
  exec('ls ' + d);
}
app.post('/a', async (req, res) => {
  run.apply(null, [req.query.d]);
});

// bad: args
const app = require('express')();
const { exec } = require('child_process');
function run() {
  exec('ls ' + arguments[0]);
}
app.post('/a', async (req, res) => {
  run(req.query.d);
});

// bad: assign
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const o = Object.assign({}, req.body);
  exec('ls ' + o.x);
});

// bad: async
const app = require('express')();
const { exec } = require('child_process');
async function f(x) {
  return x;
}
app.post('/a', async (req, res) => {
  exec('ls ' + (await f(req.query.d)));
});

// bad: asynclib
const app = require('express')();
const { exec } = require('child_process');
const async = require('async');
app.post('/a', async (req, res) => {
  async.each(req.body.files, (f, cb) => exec('ls ' + f, cb));
});

// bad: b64
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec(Buffer.from(req.query.d, 'base64').toString());
});

// bad: bind
const app = require('express')();
const { exec } = require('child_process');
function run(d) {
  exec('ls ' + d);
}
app.post('/a', async (req, res) => {
  run.bind(null, req.query.d)();
});

// bad: call
const app = require('express')();
const { exec } = require('child_process');
function run(d) {
  exec('ls ' + d);
}
app.post('/a', async (req, res) => {
  run.call(null, req.query.d);
});

// bad: callback
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  [req.query.a, req.query.b].forEach((x) => exec('ls ' + x));
});

// bad: class
const app = require('express')();
const { exec } = require('child_process');
class Git {
  constructor(d) {
    this.d = d;
  }
  log() {
    return exec('git log ' + this.d);
  }
}
app.post('/a', async (req, res) => {
  new Git(req.query.d).log();
});

// bad: closure
const app = require('express')();
const { exec } = require('child_process');
const make = (d) => () => exec('ls ' + d);
app.post('/a', async (req, res) => {
  make(req.query.d)();
});

// bad: concat
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls '.concat(req.query.d));
});

// bad: cond
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const d = req.query.d ? req.query.d : 'a';
  exec('ls ' + d);
});

// bad: cookie
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + req.cookies.a);
});

// bad: destr
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const { query: { d = 'a' } = {} } = req;
  exec('ls ' + d);
});

// bad: emitter
const app = require('express')();
const { exec } = require('child_process');
const E = require('events');
const e = new E();
e.on('x', (d) => exec('ls ' + d));
app.post('/a', async (req, res) => {
  e.emit('x', req.query.d);
});

// bad: entries
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  for (const [k, v] of Object.entries(req.query)) exec(`ls ${k}=${v}`);
});

// bad: exec
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + req.query.d, cb);
});

// bad: execa
const app = require('express')();
const execa = require('execa');
app.post('/a', async (req, res) => {
  await execa.command(`ls ${req.query.d}`);
});

// bad: format
const app = require('express')();
const { exec } = require('child_process');
const util = require('util');
app.post('/a', async (req, res) => {
  exec(util.format('ls %s', req.query.d));
});

// bad: gen
const app = require('express')();
const { exec } = require('child_process');
function* g(x) {
  yield x;
}
app.post('/a', async (req, res) => {
  for (const x of g(req.query.d)) exec('ls ' + x);
});

// bad: getheader
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + req.get('x-a'));
});

// bad: getter
const app = require('express')();
const { exec } = require('child_process');
class A {
  constructor(r) {
    this.r = r;
  }
  get d() {
    return this.r.query.d;
  }
}
app.post('/a', async (req, res) => {
  exec('ls ' + new A(req).d);
});

// bad: header
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + req.headers['x-a']);
});

// bad: inherit
const app = require('express')();
const { exec } = require('child_process');
class A {
  run(d) {
    exec('ls ' + d);
  }
}
class B extends A {}
app.post('/a', async (req, res) => {
  new B().run(req.query.d);
});

// bad: join
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec(['ls', req.query.d].join(' '));
});

// bad: map
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + req.body.files.map((f) => f.name).join(' '));
});

// bad: mapobj
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const m = new Map();
  m.set('a', req.query.d);
  exec('ls ' + m.get('a'));
});

// bad: nexttick
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  process.nextTick((d) => exec('ls ' + d), req.query.d);
});

// bad: nullish
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec(`ls ${req.query.d ?? 'a'}`);
});

// bad: optchain
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + req.query?.d?.trim());
});

// bad: opteq
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  let x = req.query.d;
  x ||= 'a';
  exec('ls ' + x);
});

// bad: promise
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  Promise.resolve(req.query.a).then((x) => exec('ls ' + x));
});

// bad: promisify
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
const run = require('util').promisify(exec);
app.post('/a', async (req, res) => {
  await run(`ls ${req.query.d}`);
});

// bad: reduce
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec(req.body.files.reduce((s, f) => s + ' ' + f, 'ls'));
});

// bad: replace
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls %s'.replace('%s', req.query.d));
});

// bad: rest
const app = require('express')();
const { exec } = require('child_process');
function run(...a) {
  exec('ls ' + a.join(' '));
}
app.post('/a', async (req, res) => {
  run('a', req.query.d);
});

// bad: sh
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  spawn('sh', ['-c', 'ls ' + req.query.d]);
});

// bad: shelljs
const app = require('express')();
const shell = require('shelljs');
app.post('/a', async (req, res) => {
  shell.exec('ls ' + req.query.d);
});

// bad: shelltrue
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  spawn('ls ' + req.query.d, { shell: true });
});

// bad: shelltrue2
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  spawn('ls', [req.query.d], { shell: true });
});

// bad: spread
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const o = { ...req.body };
  exec('ls ' + o.x);
});

// bad: static
const app = require('express')();
const { exec } = require('child_process');
class A {
  static run(d) {
    exec('ls ' + d);
  }
}
app.post('/a', async (req, res) => {
  A.run(req.query.d);
});

// bad: table
const app = require('express')();
const { exec } = require('child_process');
const acts = { ls: (d) => exec('ls ' + d) };
app.post('/a', async (req, res) => {
  acts[req.query.a](req.query.d);
});

// bad: timer
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  setTimeout(() => exec('ls ' + req.query.d), 10);
});

// bad: try
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  let x;
  try {
    x = JSON.parse(req.body.j);
  } catch {
    x = {};
  }
  exec('ls ' + x.d);
});

// good: allow
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  const s = new Set(['a', 'b']);
  if (!s.has(req.query.d)) return;
  exec('ls ' + req.query.d);
});

// good: bool
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const v = req.query.v ? '-v' : '';
  exec('ls ' + v);
});

// good: const
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const d = 'a';
  exec('ls ' + d);
});

// good: date
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('touch ' + new Date(req.query.d).toISOString());
});

// good: enumobj
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const M = { a: 'x' };
  if (!(req.query.d in M)) return;
  exec('ls ' + M[req.query.d]);
});

// good: env
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('ls ' + process.cwd());
});

// good: execfile
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  execFile('ls', ['--', req.query.d], cb);
});

// good: find
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const A = ['a', 'b'];
  const d = A.find((x) => x === req.query.d);
  exec('ls ' + d);
});

// good: fixed
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('kill ' + Number(req.query.d).toFixed(0));
});

// good: indexof
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const A = ['a', 'b'];
  if (A.indexOf(req.query.d) === -1) return;
  exec('ls ' + req.query.d);
});

// good: length
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  exec('head -c ' + req.query.d.length);
});

// good: num
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  exec('kill ' + parseInt(req.query.pid, 10));
});

// good: overwritten
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  let d = req.query.d;
  d = 'a';
  exec('ls ' + d);
});

// good: quote
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
const { quote } = require('shell-quote');
app.post('/a', async (req, res) => {
  exec(quote(['ls', req.query.d]));
});

// good: regex
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  if (!/^[a-z0-9]+$/i.test(req.query.d)) throw new Error('x');
  exec('ls ' + req.query.d);
});

// good: some
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', async (req, res) => {
  const A = ['a', 'b'];
  if (!A.some((x) => x === req.query.d)) return;
  exec('ls ' + req.query.d);
});

// good: throwcheck
const app = require('express')();
const { exec } = require('child_process');
function check(x) {
  if (!/^[a-z]+$/.test(x)) throw new Error('x');
  return x;
}
app.post('/a', async (req, res) => {
  exec('ls ' + check(req.query.d));
});

// good: uuid
const app = require('express')();
const { exec } = require('child_process');
const { validate } = require('uuid');
app.post('/a', async (req, res) => {
  if (!validate(req.query.id)) return;
  exec('ls ' + req.query.id);
});

// bad: what is done inside a cleaner
const { exec } = require('child_process');
function sanitizeWith(tool, text) {
  return exec(tool + ' ' + text);
}
require('express')().get('/a', (req, res) => sanitizeWith('clean', req.query.x));

// good: allowed after waiting
const app = require('express')();
const { exec } = require('child_process');
const { isAllowed } = require('./tools');
app.get('/a', async (req, res) => {
  if (!(await isAllowed(req.query.tool))) throw new Error('not allowed');
  exec(req.query.tool + ' --version');
});

// good: one or the other
const app = require('express')();
const { exec } = require('child_process');
app.get('/a', (req, res) => {
  const kind = req.query.kind;
  if (kind !== 'start' && kind !== 'stop') return res.sendStatus(400);
  exec('service app ' + kind);
});

// bad: neither is enough
const app = require('express')();
const { exec } = require('child_process');
app.get('/a', (req, res) => {
  const { kind, name } = req.query;
  if (kind === 'start' || name === 'stop') exec('service app ' + kind);
});

// unsure: quotes that are no quoting
const app = require('express')();
const { exec } = require('child_process');
const quote = (text) => '"' + text + '"';
app.get('/a', (req) => exec('ls ' + quote(req.query.d)));

// bad: a callback that gives back what it finds
const app = require('express')();
const { exec } = require('child_process');
app.get('/a', (req) => exec('ls ' + req.query.d.replace(/[^\w]/g, (one) => one)));

// bad: tested and moved on
const app = require('express')();
const { exec } = require('child_process');
app.post('/a', (req) => {
  const args = req.body.args;
  if (args[0] !== '-c') return;
  args.shift();
  exec(args[0]);
});
