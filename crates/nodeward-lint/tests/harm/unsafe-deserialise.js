// bad: ns
const app = require('express')();
const s = require('node-serialize');
app.post('/a', async (req, res) => {
  s.unserialize(req.cookies.p);
});

// bad: yaml
const app = require('express')();
const yaml = require('js-yaml');
app.post('/a', async (req, res) => {
  yaml.load(req.body.y, { schema: yaml.DEFAULT_FULL_SCHEMA });
});

// good: yamlsafe
const app = require('express')();
const yaml = require('js-yaml');
app.post('/a', async (req, res) => {
  yaml.load(req.body.y, { schema: yaml.JSON_SCHEMA });
});

// bad: an unsafe schema
const app = require('express')();
const yaml = require('js-yaml');
const { UNSAFE_SCHEMA } = require('./schemas');
app.post('/a', (req, res) => res.json(yaml.load(req.body.y, { schema: UNSAFE_SCHEMA })));
