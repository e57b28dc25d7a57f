// bad: merge
module.exports = function merge(target, source) {
  for (const key in source) {
    if (typeof source[key] === 'object') {
      if (!target[key]) target[key] = {};
      merge(target[key], source[key]);
    } else target[key] = source[key];
  }
  return target;
};

// good: lists that are joined are new lists
exports.merge = function (target, src) {
  var dst = Array.isArray(src) ? [] : {};
  if (Array.isArray(src)) {
    dst = dst.concat(target);
    src.forEach(function (e, i) {
      if (typeof e === 'object') dst[i] = exports.merge(target[i], e);
    });
  } else {
    Object.keys(src).forEach(function (key) {
      if (typeof src[key] !== 'object') dst[key] = src[key];
      else dst[key] = exports.merge(target[key], src[key]);
    });
  }
  return dst;
};

// good: what was just written is no prototype
exports.keys = function (input) {
  var inner = function (result, obj) {
    Object.keys(obj).forEach(function (k) {
      if (typeof obj[k] === 'object') {
        result[k] = {};
        inner(result[k], obj[k]);
      } else {
        result[k] = 1;
      }
    });
  };
  var out = {};
  inner(out, input);
  return out;
};

// bad: what was written elsewhere may be one
exports.keys = function (input) {
  var inner = function (result, obj) {
    Object.keys(obj).forEach(function (k) {
      if (typeof obj[k] === 'object') {
        if (!result[k]) {
          result[k] = {};
        }
        inner(result[k], obj[k]);
      } else {
        result[k] = obj[k];
      }
    });
  };
  var out = {};
  inner(out, input);
  return out;
};

// good: numbers
exports.set = function set(data, index, sub, dim) {
  index[dim].forEach(function (at, k) {
    validateIndex(at);
    if (dim === index.length - 1) data[at] = sub[k];
    else set(data[at], index, sub[k], dim + 1);
  });
};

// good: names that a schema says
exports.transform = function (document, metadata) {
  var entity = metadata.create();
  var add = function (entity, document, embeddeds) {
    embeddeds.forEach(function (embedded) {
      entity[embedded.propertyName] = embedded.create();
      add(entity[embedded.propertyName], document[embedded.prefix], embedded.embeddeds);
    });
  };
  add(entity, document, metadata.embeddeds);
  return entity;
};

// good: the object is the first argument, the names are others
function rest(func) {
  return function () {
    var length = Math.max(arguments.length - 1, 0), rest = Array(length), index = 0;
    for (; index < length; index++) rest[index] = arguments[index + 1];
    return func.call(this, arguments[0], rest);
  };
}
exports.bindAll = rest(function (obj, keys) {
  var index = keys.length;
  while (index--) {
    var key = keys[index];
    obj[key] = obj[key].bind(obj);
  }
  return obj;
});

// bad: the object is read by a name among the arguments
exports.set = function () {
  var inner = arguments[0][arguments[1]];
  inner[arguments[2]] = arguments[3];
};
