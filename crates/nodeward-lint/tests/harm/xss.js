// bad: err
const app = require('express')();

app.post('/a', async (req, res) => {
  try {
    f();
  } catch (e) {
    res.status(500).send('<p>bad ' + req.query.x + '</p>');
  }
});

// bad: html
const app = require('express')();

app.post('/a', async (req, res) => {
  res.type('html').send(req.query.x);
});

// bad: render
const app = require('express')();
const Handlebars = require('handlebars');
app.post('/a', async (req, res) => {
  res.send(new Handlebars.SafeString(req.query.x).toString());
});

// bad: send
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send('<h1>' + req.query.x + '</h1>');
});

// bad: tpl
const app = require('express')();

app.post('/a', async (req, res) => {
  res.status(200).send(`<p>${req.body.x}</p>`);
});

// bad: write
const app = require('express')();

app.post('/a', async (req, res) => {
  res.write('<p>' + req.query.x);
  res.end();
});

// good: enc
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send('<p>' + encodeURIComponent(req.query.x) + '</p>');
});

// good: esc
const app = require('express')();
const escapeHtml = require('escape-html');
app.post('/a', async (req, res) => {
  res.send('<h1>' + escapeHtml(req.query.x) + '</h1>');
});

// good: json
const app = require('express')();

app.post('/a', async (req, res) => {
  res.json({ x: req.query.x });
});

// good: number
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send('<p>' + Number(req.query.x) + '</p>');
});

// good: obj
const app = require('express')();

app.post('/a', async (req, res) => {
  res.send({ x: req.query.x });
});

// good: purify
const app = require('express')();
const D = require('dompurify');
app.post('/a', async (req, res) => {
  res.send(D.sanitize(req.body.x));
});

// good: setheader
const app = require('express')();

app.post('/a', async (req, res) => {
  res.setHeader('Content-Type', 'application/json');
  res.end(req.body.x);
});

// good: status
const app = require('express')();

app.post('/a', async (req, res) => {
  res.sendStatus(Number(req.query.x));
});

// good: stringify
const app = require('express')();

app.post('/a', async (req, res) => {
  res.set('Content-Type', 'application/json').send(JSON.stringify(req.body));
});

// good: type
const app = require('express')();

app.post('/a', async (req, res) => {
  res.type('text/plain').send(req.query.x);
});

// unsure: own escaper
const TABLE = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
function escapeHtml(text) {
  let out = '';
  for (const one of text) out += TABLE[one] || one;
  return out;
}
require('express')().get('/a', (req, res) => res.send('<p>' + escapeHtml(req.query.x)));

// bad: plain in one branch only
const app = require('express')();
app.get('/a', (req, res) => {
  if (!req.query.x) {
    res.writeHead(500, { 'Content-Type': 'text/plain' });
    return res.end('no');
  }
  res.end('<p>' + req.query.x);
});

// bad: header of another
const app = require('express')();
app.get('/a', (req, res) => {
  const headers = new Headers();
  headers.set('Content-Type', 'application/json');
  res.end('<p>' + req.query.x);
});

// good: plain text, said right before
const http = require('http');
const fs = require('fs');
http.createServer((req, res) => {
  fs.readFile('x', (error) => {
    if (error) {
      res.writeHead(404, { 'Content-Type': 'text/plain' });
      res.write('404: ' + req.url);
      res.end();
    }
  });
});

// bad: plain text in another branch
const http = require('http');
const fs = require('fs');
http.createServer((req, res) => {
  fs.readFile('x', (error) => {
    if (error) {
      res.writeHead(404, { 'Content-Type': 'text/plain' });
      res.end();
      return;
    }
    res.end('<b>' + req.query.name + '</b>');
  });
});
