'use strict';
// What an application or a package may use of Nodeward: permissions for code from strings. Nothing here turns
// enforcement on or off; `node --require nodeward/preload` or `nodeward run` does.

const { mayI, letMeEval, letMeCompile, status } = require('./eval.cjs');

module.exports = { mayI, letMeEval, letMeCompile, status };
