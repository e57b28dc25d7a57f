// bad: a part of the pattern
exports.find = (text, word) => new RegExp('^' + word + '$').test(text);

// good: a pattern that the caller says
exports.find = (text, pattern) => new RegExp(pattern).test(text);
