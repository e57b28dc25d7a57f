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

// good: a list of names in a variable
const NAMES = ['__proto__', 'constructor', 'prototype'];
function set(object, path, value) {
  const parts = path.split('.');
  if (parts.some((part) => NAMES.indexOf(part) !== -1)) return;
  let at = object;
  for (let i = 0; i < parts.length - 1; i++) {
    at = at[parts[i]] = at[parts[i]] || {};
  }
  at[parts[parts.length - 1]] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// good: all parts are tested first
const names = ['__proto__', 'constructor', 'prototype'];
function set(object, path, value) {
  const parts = path.split('.');
  for (let i = 0; i < parts.length; i++) {
    if (names.indexOf(parts[i]) !== -1) return;
  }
  let at = object;
  for (let i = 0; i < parts.length - 1; i++) {
    at = at[parts[i]] = at[parts[i]] || {};
  }
  at[parts[parts.length - 1]] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// good: each part is tested first
function set(object, path, value) {
  const parts = path.split('.');
  for (const part of parts) {
    if (part === '__proto__' || part === 'constructor') throw new Error('no such name');
  }
  let at = object;
  for (let i = 0; i < parts.length - 1; i++) {
    at = at[parts[i]] = at[parts[i]] || {};
  }
  at[parts[parts.length - 1]] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// bad: parts are tested, and used all the same
const names = ['__proto__', 'constructor', 'prototype'];
function set(object, path, value) {
  const parts = path.split('.');
  for (let i = 0; i < parts.length; i++) {
    if (names.indexOf(parts[i]) !== -1) console.log('odd');
  }
  let at = object;
  for (let i = 0; i < parts.length - 1; i++) {
    at = at[parts[i]] = at[parts[i]] || {};
  }
  at[parts[parts.length - 1]] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// good: a guard by another name
function set(object, path, value) {
  const parts = path.split('.');
  let at = object;
  for (const part of parts) {
    if (!isKeySafe(at, part)) return;
    at = at[part] = at[part] || {};
  }
  at.value = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// good: a property of its own on every step
function set(object, path, value) {
  let at = object;
  for (const part of path.split('.')) {
    if (!Object.prototype.hasOwnProperty.call(at, part)) {
      at[part] = {};
    }
    at = at[part];
  }
  at[path] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// bad: a property of any on every step
function set(object, path, value) {
  let at = object;
  for (const part of path.split('.')) {
    if (!at[part]) {
      at[part] = {};
    }
    at = at[part];
  }
  at[path.slice(1)] = value;
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));

// good: keys of the object itself, taken one after the other
function clean(object) {
  const names = Object.keys(object);
  let i = names.length;
  let name;
  while (i--) {
    name = names[i];
    if (typeof object[name] === 'object') clean(object[name]);
    object[name] = String(object[name]);
  }
}
require('express')().post('/a', (req, res) => clean(req.body));

// bad: a list that leaves the other ways open
const NAMES = ['__proto__'];
function set(object, path, value) {
  const parts = path.split('.');
  let at = object;
  for (let i = 0; i < parts.length; i++) {
    if (NAMES.includes(parts[i])) continue;
    if (i === parts.length - 1) at[parts[i]] = value;
    else at = at[parts[i]] = at[parts[i]] || {};
  }
}
require('express')().post('/a', (req, res) => set({}, req.body.path, req.body.value));
