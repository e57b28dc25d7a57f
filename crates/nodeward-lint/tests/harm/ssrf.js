// bad: axios
const app = require('express')();
const axios = require('axios');
app.post('/a', async (req, res) => {
  await axios.get(req.body.url);
});

// bad: axiosinst
const app = require('express')();
const axios = require('axios');
const api = axios.create({});
app.post('/a', async (req, res) => {
  await api.get(req.body.url);
});

// bad: fetch
const app = require('express')();

app.post('/a', async (req, res) => {
  const r = await fetch(req.query.url);
  res.send(await r.text());
});

// bad: got
const app = require('express')();
const got = require('got');
app.post('/a', async (req, res) => {
  await got(req.query.url);
});

// bad: host
const app = require('express')();
const axios = require('axios');
app.post('/a', async (req, res) => {
  await axios({ method: 'get', url: `http://${req.query.host}/api` });
});

// bad: http
const app = require('express')();
const http = require('http');
app.post('/a', async (req, res) => {
  http.get(req.query.url, (r) => r.pipe(res));
});

// bad: httpopt
const app = require('express')();
const http = require('http');
app.post('/a', async (req, res) => {
  http.request({ hostname: req.query.h, path: '/' }).end();
});

// bad: nodefetch
const app = require('express')();
const fetch = require('node-fetch');
app.post('/a', async (req, res) => {
  await fetch(`http://${req.params.host}:8080/x`);
});

// bad: puppeteer
const app = require('express')();
const puppeteer = require('puppeteer');
app.post('/a', async (req, res) => {
  const b = await puppeteer.launch();
  const pg = await b.newPage();
  await pg.goto(req.query.url);
});

// bad: request
const app = require('express')();
const request = require('request');
app.post('/a', async (req, res) => {
  request({ uri: req.body.u }, cb);
});

// bad: undici
const app = require('express')();
const { request } = require('undici');
app.post('/a', async (req, res) => {
  await request(req.query.url);
});

// good: allow
const app = require('express')();

app.post('/a', async (req, res) => {
  const u = new URL(req.query.url);
  if (!ALLOWED.includes(u.hostname)) return res.sendStatus(400);
  await fetch(u);
});

// good: fixed
const app = require('express')();

app.post('/a', async (req, res) => {
  await fetch('https://api.example.org/u/' + encodeURIComponent(req.query.id));
});

// good: fixed2
const app = require('express')();

app.post('/a', async (req, res) => {
  await fetch(`https://api.example.org/u/${req.query.id}`);
});

// good: map
const app = require('express')();

app.post('/a', async (req, res) => {
  const HOSTS = { a: 'https://a.example.org' };
  await fetch(HOSTS[req.query.h]);
});

// bad: the host of something else
const app = require('express')();
app.post('/a', async (req) => {
  const job = JSON.parse(req.body.job);
  if (ALLOWED.includes(job.host)) await fetch(job.url);
});

// bad: a socket
const net = require('net');
const app = require('express')();
app.get('/a', (req, res) => {
  net.connect({ host: req.query.host, port: 80 }).pipe(res);
});

// good: a socket to a host that is known
const net = require('net');
const app = require('express')();
app.get('/a', (req, res) => {
  net.connect({ host: 'example.org', port: 80 }).pipe(res);
});
