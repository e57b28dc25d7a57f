'use strict';

const { marked } = require('marked');

/** Renders a message written in Markdown. */
exports.render = (message) => marked.parse(message);
