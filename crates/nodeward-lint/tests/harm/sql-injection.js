// bad: better
const app = require('express')();
const D = require('better-sqlite3');
const db = new D('x');
app.post('/a', async (req, res) => {
  res.json(db.prepare(`SELECT * FROM t WHERE n='${req.body.name}'`).all());
});

// bad: concat
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  db.query('SELECT * FROM t WHERE id=' + req.query.id, cb);
});

// bad: getconn
const app = require('express')();
const mysql = require('mysql2/promise');
const pool = mysql.createPool({});
app.post('/a', async (req, res) => {
  const c = await pool.getConnection();
  await c.query(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: knexraw
const app = require('express')();
const knex = require('knex')({});
app.post('/a', async (req, res) => {
  await knex.raw(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: knexwhereraw
const app = require('express')();
const knex = require('knex')({});
app.post('/a', async (req, res) => {
  await knex('t').whereRaw(`n='${req.body.name}'`);
});

// bad: mssql
const app = require('express')();
const sql = require('mssql');
app.post('/a', async (req, res) => {
  const r = await sql.query(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: mysql2p
const app = require('express')();
const mysql = require('mysql2/promise');
const pool = mysql.createPool({});
app.post('/a', async (req, res) => {
  const [rows] = await pool.execute(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: mysql2pp
const app = require('express')();
const mysql = require('mysql2');
const pool = mysql.createPool({}).promise();
app.post('/a', async (req, res) => {
  const [rows] = await pool.query(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: nodesqlite
const app = require('express')();
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync('x');
app.post('/a', async (req, res) => {
  res.json(db.prepare(`SELECT * FROM t WHERE n='${req.body.name}'`).all());
});

// bad: ownmodule
const app = require('express')();
const db = require('./db');
app.post('/a', async (req, res) => {
  await db.query(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: pg
const app = require('express')();
const { Pool } = require('pg');
const pool = new Pool();
app.post('/a', async (req, res) => {
  const r = await pool.query(`SELECT * FROM t WHERE name='${req.body.name}'`);
});

// bad: pgclient
const app = require('express')();
const { Pool } = require('pg');
const pool = new Pool();
app.post('/a', async (req, res) => {
  const c = await pool.connect();
  await c.query("DELETE FROM t WHERE n='" + req.body.name + "'");
});

// bad: pgobj
const app = require('express')();
const { Pool } = require('pg');
const pool = new Pool();
app.post('/a', async (req, res) => {
  await pool.query({ text: 'SELECT * FROM t WHERE n=' + req.body.name });
});

// bad: prisma
const app = require('express')();
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
app.post('/a', async (req, res) => {
  await prisma.$queryRawUnsafe(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: seqliteral
const app = require('express')();
const { Sequelize } = require('sequelize');
const sequelize = new Sequelize('x');
app.post('/a', async (req, res) => {
  await User.findAll({ order: sequelize.literal(req.query.order) });
});

// bad: sequelize
const app = require('express')();
const { Sequelize } = require('sequelize');
const sequelize = new Sequelize('x');
app.post('/a', async (req, res) => {
  await sequelize.query(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// bad: sqlite3
const app = require('express')();
const sqlite3 = require('sqlite3').verbose();
const db = new sqlite3.Database(':memory:');
app.post('/a', async (req, res) => {
  db.all(`SELECT * FROM t WHERE n='${req.body.name}'`, cb);
});

// bad: tpl
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const { id } = req.params;
  const q = `SELECT * FROM t WHERE id=${id}`;
  db.query(q, (e, r) => res.json(r));
});

// bad: typeorm
const app = require('express')();
const { getRepository } = require('typeorm');
app.post('/a', async (req, res) => {
  await getRepository(User).createQueryBuilder('u').where(`u.name = '${req.body.name}'`).getOne();
});

// bad: typeormds
const app = require('express')();
const { DataSource } = require('typeorm');
const ds = new DataSource({});
app.post('/a', async (req, res) => {
  await ds.query(`SELECT * FROM t WHERE n='${req.body.name}'`);
});

// good: allow
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const c = req.query.sort;
  if (!['a', 'b'].includes(c)) return res.sendStatus(400);
  db.query(`SELECT * FROM t ORDER BY ${c}`, cb);
});

// good: escape
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  db.query('SELECT * FROM t WHERE id=' + mysql.escape(req.query.id), cb);
});

// good: knexbind
const app = require('express')();
const knex = require('knex')({});
app.post('/a', async (req, res) => {
  await knex.raw('SELECT * FROM t WHERE n=?', [req.body.name]);
});

// good: knexwhere
const app = require('express')();
const knex = require('knex')({});
app.post('/a', async (req, res) => {
  await knex('t').where({ n: String(req.body.name) });
});

// good: map
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const cols = { a: 'x', b: 'y' };
  const c = cols[req.query.sort] || 'x';
  db.query(`SELECT * FROM t ORDER BY ${c}`, cb);
});

// good: mssqltag
const app = require('express')();
const sql = require('mssql');
app.post('/a', async (req, res) => {
  const r = await sql.query`SELECT * FROM t WHERE n=${req.body.name}`;
});

// good: number
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  db.query('SELECT * FROM t WHERE id=' + Number(req.query.id), cb);
});

// good: param
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  db.query('SELECT * FROM t WHERE id=?', [req.query.id], cb);
});

// good: parseint
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const id = parseInt(req.query.id, 10);
  db.query(`SELECT * FROM t WHERE id=${id}`, cb);
});

// good: pgvals
const app = require('express')();
const { Pool } = require('pg');
const pool = new Pool();
app.post('/a', async (req, res) => {
  await pool.query({ text: 'SELECT * FROM t WHERE n=$1', values: [req.body.name] });
});

// good: plus
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const id = +req.query.id;
  db.query(`SELECT * FROM t WHERE id=${id}`, cb);
});

// good: prismatag
const app = require('express')();
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
app.post('/a', async (req, res) => {
  await prisma.$queryRaw`SELECT * FROM t WHERE n=${req.body.name}`;
});

// good: regex
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const c = req.query.sort;
  if (!/^[a-z_]+$/.test(c)) return res.sendStatus(400);
  db.query(`SELECT * FROM t ORDER BY ${c}`, cb);
});

// good: seqrepl
const app = require('express')();
const { Sequelize } = require('sequelize');
const sequelize = new Sequelize('x');
app.post('/a', async (req, res) => {
  await sequelize.query('SELECT * FROM t WHERE n=:n', { replacements: { n: req.body.name } });
});

// good: switch
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  let c;
  switch (req.query.sort) {
    case 'a':
      c = 'a';
      break;
    default:
      c = 'b';
  }
  db.query(`SELECT * FROM t ORDER BY ${c}`, cb);
});

// good: ternary
const app = require('express')();
const mysql = require('mysql');
const db = mysql.createConnection({});
app.post('/a', async (req, res) => {
  const d = req.query.dir === 'desc' ? 'DESC' : 'ASC';
  db.query(`SELECT * FROM t ORDER BY a ${d}`, cb);
});
