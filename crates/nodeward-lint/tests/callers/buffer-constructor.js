// bad: what a caller passes
exports.encode = function (value) {
  return new Buffer(value).toString('base64');
};

// bad: a private function that is called with what a caller passes
function encode(value) {
  return new Buffer(value).toString('base64');
}
exports.sign = function (payload) {
  return encode(payload);
};

// unsure: a sum of lengths
exports.join = function (old, chunk) {
  const both = new Buffer(old.length + chunk.length);
  old.copy(both, 0);
  return both;
};

// good: text that is put together
exports.html = function (files) {
  var html = '<ul>';
  for (var file of files) {
    html += file.name;
  }
  html += '</ul>';
  return new Buffer(html);
};

// bad: text that becomes something else
exports.html = function (files) {
  var html = '<ul>';
  html = files;
  return new Buffer(html);
};

// good: a private function that is given text
function encode(value) {
  return new Buffer(value).toString('base64');
}
exports.sign = function (payload) {
  return encode(JSON.stringify(payload));
};

// good: behind a test
exports.clone = function (value) {
  if (Buffer.isBuffer(value)) {
    return new Buffer(value);
  }
  return value;
};

// good: with an encoding a number throws
exports.decode = function (value) {
  return new Buffer(value, 'base64').toString();
};

// good: nothing
exports.empty = new Buffer(0);

// bad: what is no buffer goes on
exports.write = function (data) {
  if (Buffer.isBuffer(data)) data = data.toString();
  return new Buffer(data, this.encoding);
};

// unsure: behind a look at the type
exports.write = function (data) {
  if (typeof data === 'number') throw new TypeError('a number');
  return new Buffer(data);
};
