// bad: git
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  execFile('git', ['clone', req.body.url]);
});
