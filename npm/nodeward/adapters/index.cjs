'use strict';
module.exports = { adapterOf: () => undefined, compile() {} };
