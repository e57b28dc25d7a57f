// bad: imp
const app = require('express')();

app.post('/a', async (req, res) => {
  await import('./plugins/' + req.query.m);
});

// bad: req
const app = require('express')();

app.post('/a', async (req, res) => {
  require(req.query.m);
});
