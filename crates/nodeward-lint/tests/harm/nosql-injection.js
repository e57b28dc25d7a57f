// bad: body
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({}));
app.post('/a', async (req, res) => {
  await User.find(req.body);
});

// bad: findone
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({}));
app.post('/a', async (req, res) => {
  await User.findOne({ name: req.body.name, pw: req.body.pw });
});

// bad: native
const app = require('express')();
const { MongoClient } = require('mongodb');
const client = new MongoClient('x');
app.post('/a', async (req, res) => {
  await client.db('a').collection('u').findOne({ name: req.body.name });
});

// bad: ownmodel
const app = require('express')();
const User = require('./models/user');
app.post('/a', async (req, res) => {
  await User.findOne({ email: req.body.email });
});

// good: eq
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({}));
app.post('/a', async (req, res) => {
  await User.findOne({ name: { $eq: req.body.name } });
});

// good: params
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({}));
app.post('/a', async (req, res) => {
  await User.findOne({ name: req.params.name });
});

// good: string
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({}));
app.post('/a', async (req, res) => {
  await User.findOne({ name: String(req.body.name) });
});

// good: typeof
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', new mongoose.Schema({}));
app.post('/a', async (req, res) => {
  if (typeof req.body.name !== 'string') return;
  await User.findOne({ name: req.body.name });
});

// good: text unless it is nothing
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', {});
const text = (value) => (value === null || value === undefined ? value : value.toString());
app.get('/a', async (req, res) => res.json(await User.findOne({ name: text(req.query.name) })));

// bad: a text that is parsed
const app = require('express')();
const mongoose = require('mongoose');
const User = mongoose.model('User', {});
app.get('/a/:q', async (req, res) => res.json(await User.find(JSON.parse(req.params.q))));
