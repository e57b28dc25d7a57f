'use strict';

exports.greeting = function (name) {
  return name ? 'Hello ' + name : 'Hello';
};
