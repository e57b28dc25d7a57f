// bad: buf
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send(Buffer.alloc(Number(req.query.n)));
});

// good: min
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send(Buffer.alloc(Math.min(Number(req.query.n), 100)));
});
