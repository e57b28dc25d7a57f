// sure: a parameter as it was handed in
exports.strip = (text) => text.replace(/ +$/, '');

// sure: a part of it that methods of texts give
exports.strip = (text) => text.trim().replace(/,+$/, '');

// good: what an error says
exports.explain = (error) => error.message.replace(/ +$/, '');

// good: the name of a type
exports.type = (value) => Object.prototype.toString.call(value).match(/\[object (.*)]/)[1];

// good: only a second line makes it slow
exports.bare = (name) => name.replace(/[?#].*$/, '');

// good: its length was looked at
exports.strip = (text) => (text.length < 100 ? text.replace(/ +$/, '') : text);
