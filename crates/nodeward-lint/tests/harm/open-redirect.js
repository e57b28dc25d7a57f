// bad: header
const app = require('express')();

app.post('/a', async (req, res) => {
  res.setHeader('Location', req.query.next);
  res.status(302).end();
});

// bad: q
const app = require('express')();

app.post('/a', async (req, res) => {
  res.redirect(req.query.next);
});

// bad: status
const app = require('express')();

app.post('/a', async (req, res) => {
  res.redirect(302, req.query.next);
});

// bad: writehead
const app = require('express')();

app.post('/a', async (req, res) => {
  res.writeHead(302, { Location: req.query.next });
  res.end();
});

// good: allow
const app = require('express')();

app.post('/a', async (req, res) => {
  const n = req.query.next;
  if (!['/a', '/b'].includes(n)) return res.redirect('/');
  res.redirect(n);
});

// good: path
const app = require('express')();

app.post('/a', async (req, res) => {
  res.redirect('/u/' + req.params.id);
});

// good: samehost
const app = require('express')();

app.post('/a', async (req, res) => {
  const u = new URL(req.query.next, 'https://a.example.org');
  if (u.origin !== 'https://a.example.org') return;
  res.redirect(u.href);
});

// good: startswith
const app = require('express')();

app.post('/a', async (req, res) => {
  const n = req.query.next;
  if (!n.startsWith('/') || n.startsWith('//')) return res.redirect('/');
  res.redirect(n);
});

// good: path behind a setting
const app = require('express')();
const conf = require('./conf');
app.get('/a/:id', (req, res) => res.redirect(conf.get('base') + '/user/' + req.params.id));

// unsure: beginning behind a setting
const app = require('express')();
const conf = require('./conf');
app.get('/a/:id', (req, res) => res.redirect(conf.get('base') + req.query.to));

// unsure: to itself
const app = require('express')();
app.get('/a', (req, res) => res.redirect(req.originalUrl + '/'));

// good: a folder of a base that is set up
const base = require('./settings').base;
require('express')().get('/a', (req, res) => res.redirect(base + 'users/' + req.query.id));
