// bad: an argument
const cp = require('child_process');
exports.browse = (address) => cp.spawn('firefox', [address]);

// good: an argument that begins with something else
const cp = require('child_process');
const util = require('util');
exports.browse = (o) => cp.spawn('firefox', [util.format('http://%s:%d', o.host, o.port)]);
