// bad: eval
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send(String(eval(req.query.x)));
});

// bad: fn
const app = require('express')();

app.post('/a', async (req, res) => {
  new Function('a', req.body.code)(1);
});

// bad: global
const app = require('express')();

app.post('/a', async (req, res) => {
  globalThis.eval(req.body.x);
});

// bad: indirect
const app = require('express')();

app.post('/a', async (req, res) => {
  (0, eval)(req.body.x);
});

// bad: timeout
const app = require('express')();

app.post('/a', async (req, res) => {
  setTimeout('f(' + req.query.x + ')', 10);
});

// bad: vm
const app = require('express')();
const vm = require('vm');
app.post('/a', async (req, res) => {
  vm.runInNewContext(req.body.code, {});
});

// bad: vm2
const app = require('express')();
const { VM } = require('vm2');
app.post('/a', async (req, res) => {
  new VM().run(req.body.x);
});

// bad: vmscript
const app = require('express')();
const vm = require('vm');
app.post('/a', async (req, res) => {
  new vm.Script(req.body.code).runInThisContext();
});

// good: jsonparse
const app = require('express')();

app.post('/a', async (req, res) => {
  f(JSON.parse(req.body.x));
});

// good: require
const app = require('express')();

app.post('/a', async (req, res) => {
  require('./a')(req.body.x);
});

// good: timeoutfn
const app = require('express')();

app.post('/a', async (req, res) => {
  setTimeout(() => f(req.query.x), 10);
});

// good: a bound function
const app = require('express')();
const fs = require('fs');
app.post('/a', (req, res) => {
  const job = { run() {} };
  Object.assign(job, req.body);
  setTimeout(job.run.bind(job), 10);
});
