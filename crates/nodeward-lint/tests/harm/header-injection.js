// bad: h
const app = require('express')();

app.post('/a', async (req, res) => {
  res.setHeader('X-A', req.query.x);
});
