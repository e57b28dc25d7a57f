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

// sure: a shell is asked for in a variable, and takes the arguments as text
const { spawn } = require('child_process');
exports.run = function (program, args) {
  const options = { shell: true };
  options.cwd = '/';
  return spawn(program, args, options);
};

// sure: on one system only
const { spawn } = require('child_process');
const isWindows = process.platform === 'win32';
exports.list = (folder) => spawn('ls', ['--folder=' + folder], { shell: isWindows });

// sure: a function makes the options
const { spawn } = require('child_process');
function options(folder) {
  const made = { shell: true };
  if (folder) made.cwd = folder;
  return made;
}
exports.list = (folder) => {
  const given = options();
  return spawn('ls', ['--folder=' + folder], given);
};

// good: no shell
const { spawn } = require('child_process');
exports.list = function (folder) {
  const options = { shell: false };
  return spawn('ls', ['--folder=' + folder], options);
};

// good: options of a function that calls itself
const { spawn } = require('child_process');
function options() {
  const made = options();
  return made;
}
exports.list = (folder) => spawn('ls', ['--folder=' + folder], options());
