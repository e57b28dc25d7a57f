// bad: text
const cp = require('child_process');
exports.free = function (drive) {
  return cp.execSync(`fsutil volume diskfree ${drive}:`);
};

// bad: a format
const cp = require('child_process');
const util = require('util');
exports.free = (drive) => cp.execSync(util.format('fsutil volume diskfree %s:', drive));

// good: one character
const cp = require('child_process');
exports.free = function (drive) {
  drive = drive.charAt(0).toLowerCase();
  return cp.execSync(`fsutil volume diskfree ${drive}:`);
};
