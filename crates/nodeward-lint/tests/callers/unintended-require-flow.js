// bad: a part of the name
exports.load = (name) => require('./plugins/' + name);

// good: the whole name, which the function is for
exports.load = (name) => require(name);
