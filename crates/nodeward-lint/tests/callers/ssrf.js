// bad: a part of the address
const http = require('http');
exports.ask = (host) => http.get('http://' + host + '/status');

// good: a client is told whom to ask
const http = require('http');
exports.ask = (url) => http.get(url);
