// bad: merge
const app = require('express')();
function merge(a, b) {
  for (const k in b) {
    if (typeof b[k] === 'object') {
      a[k] = a[k] || {};
      merge(a[k], b[k]);
    } else a[k] = b[k];
  }
  return a;
}
app.post('/a', async (req, res) => {
  merge({}, req.body);
});

// bad: set
const app = require('express')();
function set(o, p, v) {
  const ks = p.split('.');
  let c = o;
  for (let i = 0; i < ks.length - 1; i++) {
    c = c[ks[i]] = c[ks[i]] || {};
  }
  c[ks[ks.length - 1]] = v;
}
app.post('/a', async (req, res) => {
  set({}, req.body.path, req.body.v);
});

// bad: two
const app = require('express')();
const store = {};
app.post('/a', async (req, res) => {
  store[req.body.a][req.body.b] = req.body.c;
});

// good: map
const app = require('express')();
const store = new Map();
app.post('/a', async (req, res) => {
  store.set(req.body.a, req.body.b);
});

// good: mergeguard
const app = require('express')();
function merge(a, b) {
  for (const k of Object.keys(b)) {
    if (k === '__proto__' || k === 'constructor' || k === 'prototype') continue;
    if (typeof b[k] === 'object') {
      a[k] = a[k] || {};
      merge(a[k], b[k]);
    } else a[k] = b[k];
  }
  return a;
}
app.post('/a', async (req, res) => {
  merge({}, req.body);
});

// good: nullproto
const app = require('express')();

app.post('/a', async (req, res) => {
  const o = Object.create(null);
  o[req.body.a] = req.body.b;
});

// good: one
const app = require('express')();
const store = {};
app.post('/a', async (req, res) => {
  store[req.body.a] = req.body.c;
});

// good: listed parts
const special = new Set(['__proto__', 'constructor', 'prototype']);
function set(object, path, value) {
  const parts = path.split('.');
  let at = object;
  for (let i = 0; i < parts.length - 1; i++) {
    if (special.has(parts[i])) return;
    at = at[parts[i]] = at[parts[i]] || {};
  }
  if (special.has(parts[parts.length - 1])) return;
  at.value = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// bad: another part is tested
const special = new Set(['__proto__', 'constructor', 'prototype']);
function set(object, path, value) {
  const parts = path.split('.');
  let at = object;
  if (special.has(parts[0])) return;
  for (let i = 0; i < parts.length - 1; i++) {
    at = at[parts[i]] = at[parts[i]] || {};
  }
  at[parts[parts.length - 1]] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));
