// bad: p
const app = require('express')();
const { exec, execFile, spawn, execSync } = require('child_process');
app.post('/a', async (req, res) => {
  spawn(req.query.p, []);
});
