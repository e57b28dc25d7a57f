// bad: git
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  execFile('git', ['clone', req.body.url]);
});

// bad: a program that opens others
const open = require('open');
require('express')().get('/a', (req, res) => open(req.query.target));

// bad: cross-spawn by name
const spawn = require('cross-spawn');
require('express')().get('/a', (req, res) => spawn.spawn('git', ['log', req.query.branch]));
