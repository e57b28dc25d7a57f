// bad: ejs
const app = require('express')();
const ejs = require('ejs');
app.post('/a', async (req, res) => {
  res.send(ejs.render(req.body.t, {}));
});

// bad: hbs
const app = require('express')();
const hbs = require('handlebars');
app.post('/a', async (req, res) => {
  res.send(hbs.compile(req.body.t)({}));
});

// bad: lodash
const app = require('express')();
const _ = require('lodash');
app.post('/a', async (req, res) => {
  res.send(_.template(req.body.t)({}));
});

// bad: nunjucks
const app = require('express')();
const nunjucks = require('nunjucks');
app.post('/a', async (req, res) => {
  res.send(nunjucks.renderString(req.body.t, {}));
});

// bad: pug
const app = require('express')();
const pug = require('pug');
app.post('/a', async (req, res) => {
  res.send(pug.compile(req.body.t)());
});

// good: ejsdata
const app = require('express')();
const ejs = require('ejs');
app.post('/a', async (req, res) => {
  res.json(ejs.render('<%= x %>', { x: req.body.x }));
});
