// bad: q
const app = require('express')();

app.post('/a', async (req, res) => {
  res.json(list.filter((x) => new RegExp(req.query.q).test(x)));
});

// good: esc
const app = require('express')();
const esc = require('escape-string-regexp');
app.post('/a', async (req, res) => {
  res.json(list.filter((x) => new RegExp(esc(req.query.q)).test(x)));
});
