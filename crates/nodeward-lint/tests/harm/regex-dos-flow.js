// bad: email
const app = require('express')();

app.post('/a', async (req, res) => {
  if (/^([a-zA-Z0-9_.-])+@(([a-zA-Z0-9-])+.)+([a-zA-Z0-9]{2,4})+$/.test(req.body.e)) res.end();
});

// bad: r
const app = require('express')();

app.post('/a', async (req, res) => {
  res.json(/^(a+)+$/.test(req.query.x));
});

// good: short
const app = require('express')();

app.post('/a', async (req, res) => {
  const e = req.body.e;
  if (e.length > 50) return;
  if (/^(a+)+$/.test(e)) res.end();
});

// good: the slow text has a line break, and an address has none
const http = require('http');
http.createServer((req, res) => {
  res.end(String(req.url.match(/^([^\?]*)\?{2}([^\?]*)\??.*$/)));
});

// bad: a part of an address that was decoded may have one
const http = require('http');
http.createServer((req, res) => {
  res.end(String(decodeURIComponent(req.url).match(/^([^\?]*)\?{2}([^\?]*)\??.*$/)));
});

// sure: a header as it was sent
const http = require('http');
http.createServer((req, res) => {
  res.end(req.headers.accept.replace(/ +$/, ''));
});
