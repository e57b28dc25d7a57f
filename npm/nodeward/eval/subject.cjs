// The module of the self-test that may ask for a permission. Its functions stand for those of a template
// engine that was changed to ask. It is sloppy on purpose: only there can direct eval declare a variable.

const { mayI, letMeEval, letMeCompile } = require('nodeward/eval');

let permission;
mayI(module, (given) => {
  permission = given;
});

const run = (permitted, evaluated) => letMeEval(permission, permitted, () => (0, eval)(evaluated));

module.exports = {
  indirect: (source) => run(source, source),
  mismatched: (permitted, evaluated) => run(permitted, evaluated),
  directReads(source) {
    const local = 'of the function'; // eslint-disable-line no-unused-vars -- the evaluated code reads it
    return letMeEval(permission, source, () => eval(source));
  },
  directDeclares(source) {
    return letMeEval(permission, source, function () {
      eval(source);
      return declared; // eslint-disable-line no-undef -- the evaluated code declares it
    });
  },
  throwing(source) {
    letMeEval(permission, source, () => {
      throw new Error('on purpose');
    });
  },
  nested(source) {
    return letMeEval(permission, source, () => {
      const inner = letMeEval(permission, source, () => (0, eval)(source));
      return [inner, (0, eval)(source)];
    });
  },
  functionOf: (text, ...parts) => letMeEval(permission, text, () => new Function(...parts)),
  within: (source, callback) => letMeEval(permission, source, callback),
  compiled: (bytes) => letMeCompile(permission, bytes),
  askAgain: (callback) => mayI(module, callback),
};
