// bad: text
exports.show = function (text) {
  document.getElementById('a').innerHTML = text;
};
