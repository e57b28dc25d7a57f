// bad: download
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  res.download('f/' + req.params.n);
});

// bad: fsextra
const app = require('express')();
const fse = require('fs-extra');
app.post('/a', async (req, res) => {
  await fse.remove('f/' + req.params.n);
});

// bad: join
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.readFile(path.join(__dirname, 'f', req.params.n), cb);
});

// bad: normalize
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.readFile(path.normalize('f/' + req.params.n), cb);
});

// bad: plus
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.createReadStream('./f/' + req.query.n).pipe(res);
});

// bad: prom
const app = require('express')();
const { readFile } = require('fs/promises');
app.post('/a', async (req, res) => {
  res.send(await readFile('f/' + req.params.n, 'utf8'));
});

// bad: sendfile
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  res.sendFile(path.resolve('f', req.params.n));
});

// bad: stream
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.createWriteStream(`f/${req.headers['x-name']}`);
});

// bad: unlink
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.unlinkSync('f/' + req.query.n);
});

// bad: uploadname
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.renameSync(req.file.path, 'f/' + req.file.originalname);
});

// bad: write
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.writeFileSync(path.join('up', req.body.name), req.body.data);
});

// bad: wrongcheck
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  if (req.params.n.startsWith('/')) return;
  fs.readFile('f/' + req.params.n, cb);
});

// bad: wrongreplace
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.readFile('f/' + req.params.n.replace('../', ''), cb);
});

// good: basename
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.readFile(path.join('f', path.basename(req.params.n)), cb);
});

// good: dots
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  if (req.params.n.includes('..')) return res.sendStatus(400);
  fs.readFile(path.join('f', req.params.n), cb);
});

// good: ext
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  fs.writeFile('f/x' + path.extname(req.body.name), req.body.data, cb);
});

// good: helper
const app = require('express')();
const fs = require('fs'),
  path = require('path');
const root = path.resolve('f');
function safe(n) {
  const f = path.resolve(root, n);
  if (!f.startsWith(root + path.sep)) throw new Error('x');
  return f;
}
app.post('/a', async (req, res) => {
  fs.readFile(safe(req.params.n), cb);
});

// good: map
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  const F = { a: 'x.txt' };
  const f = F[req.params.n];
  if (!f) return;
  fs.readFile(f, cb);
});

// good: num
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  const id = Number(req.params.n);
  fs.readFile(`f/${id}.json`, cb);
});

// good: prefix
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  const root = path.resolve('f');
  const f = path.resolve(root, req.params.n);
  if (!f.startsWith(root + path.sep)) return res.sendStatus(403);
  fs.readFile(f, cb);
});

// good: regex
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  if (!/^[\w-]+$/.test(req.params.n)) return res.sendStatus(400);
  fs.readFile('f/' + req.params.n + '.json', cb);
});

// good: rel
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  const root = path.resolve('f');
  const f = path.resolve(root, req.params.n);
  const r = path.relative(root, f);
  if (r.startsWith('..') || path.isAbsolute(r)) return res.sendStatus(403);
  fs.readFile(f, cb);
});

// good: replaceall
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  const n = req.params.n.replace(/[^a-z0-9]/gi, '');
  fs.readFile('f/' + n, cb);
});

// good: root
const app = require('express')();
const fs = require('fs'),
  path = require('path');
app.post('/a', async (req, res) => {
  res.sendFile(req.params.n, { root: 'f' });
});

// good: uuid
const app = require('express')();
const fs = require('fs'),
  path = require('path');
const { v4 } = require('uuid');
app.post('/a', async (req, res) => {
  fs.writeFile('f/' + v4(), req.body.data, cb);
});

// good: where an upload was put
const app = require('express')();
const fs = require('fs');
app.post('/a', (req, res) => fs.rename(req.file.path, 'files/upload', () => res.end()));

// bad: what an upload is called
const app = require('express')();
const fs = require('fs');
app.post('/a', (req, res) => {
  for (const file of req.files) fs.copyFileSync(file.path, 'files/' + file.originalname);
});

// good: another setting
const app = require('express')();
const fs = require('fs');
app.post('/a', (req, res) => {
  app.set('title', req.body.title);
  fs.readFile(app.get('file'), () => res.end());
});

// bad: the same setting
const app = require('express')();
const fs = require('fs');
app.post('/a', (req, res) => app.set('file', req.body.file));
app.get('/a', (req, res) => fs.readFile(app.get('file'), () => res.end()));

// good: sendFile refuses a path that climbs
const app = require('express')();
app.get('/f/:n', (req, res) => {
  res.sendFile(`${__dirname}/${req.params.n}`);
});

// bad: sendFile is given a path that was resolved
const app = require('express')();
const path = require('path');
app.get('/f/:n', (req, res) => {
  res.sendFile(path.join(__dirname, decodeURIComponent(req.params.n)));
});

// bad: sendFile is given the whole path
const app = require('express')();
app.get('/f/:n', (req, res) => {
  res.sendFile(req.query.n);
});

// bad: download resolves the path
const app = require('express')();
app.get('/f/:n', (req, res) => {
  res.download('/srv/files/' + req.query.n);
});

// unsure: folders beside it begin with the same letters
const app = require('express')();
const fs = require('fs'),
  path = require('path');
const root = path.resolve('files');
app.post('/a', (req, res) => {
  const file = path.join(root, req.query.name);
  if (!file.startsWith(root)) return res.sendStatus(400);
  res.end(fs.readFileSync(file));
});

// good: a separator ends the folder
const app = require('express')();
const fs = require('fs'),
  path = require('path');
const root = path.resolve('files');
app.post('/a', (req, res) => {
  const file = path.join(root, req.query.name);
  if (!file.startsWith(root + path.sep)) return res.sendStatus(400);
  res.end(fs.readFileSync(file));
});

// good: a variable that ends in one
const app = require('express')();
const fs = require('fs'),
  path = require('path');
const root = path.resolve('files') + '/';
app.post('/a', (req, res) => {
  const file = path.join(root, req.query.name);
  if (!file.startsWith(root)) return res.sendStatus(400);
  res.end(fs.readFileSync(file));
});

// bad: a check that looks for other characters
const app = require('express')();
const fs = require('fs');
function isValidPath(name) {
  return !/[\0<>]/.test(name);
}
app.post('/a', (req, res) => {
  const { name } = req.query;
  if (!isValidPath(name)) return res.sendStatus(400);
  res.end(fs.readFileSync('files/' + name));
});

// good: a check that looks for dots
const app = require('express')();
const fs = require('fs');
function isValidPath(name) {
  return !/[\0<>]/.test(name) && !name.includes('..');
}
app.post('/a', (req, res) => {
  const { name } = req.query;
  if (!isValidPath(name)) return res.sendStatus(400);
  res.end(fs.readFileSync('files/' + name));
});
