// bad: ldap
const app = require('express')();
const ldap = require('ldapjs');
const client = ldap.createClient({});
app.post('/a', async (req, res) => {
  client.search('o=x', { filter: `(uid=${req.query.u})` }, cb);
});

// bad: xpath
const app = require('express')();
const xpath = require('xpath');
app.post('/a', async (req, res) => {
  xpath.select("//u[@n='" + req.query.n + "']", doc);
});
