'use strict';

// An old application, kept as something to scan. Never install or start it.

const express = require('express');
const handlebars = require('handlebars');
const _ = require('lodash');
const moment = require('moment');
const serialize = require('node-serialize');

const { greeting } = require('./lib/greeting');

const app = express();
const page = handlebars.compile('<p>{{greeting}}, it is {{time}}</p>');

app.get('/', (request, response) => {
  const cookie = _.get(request, 'headers.cookie', '');
  const visitor = cookie ? serialize.unserialize(cookie) : {};
  response.send(page({ greeting: greeting(visitor.name), time: moment().format('LT') }));
});

app.listen(process.env.PORT || 3003);
