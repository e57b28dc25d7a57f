// bad: text for a timer
exports.later = function (name) {
  setTimeout('run(' + name + ')', 10);
};

// good: functions for timers
exports.later = function (callback) {
  setTimeout(callback, 10);
  setImmediate(callback);
};
