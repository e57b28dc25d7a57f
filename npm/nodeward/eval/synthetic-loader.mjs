// The loader hooks of synthetic ES modules for Node.js 20, where hooks run in a thread of their own: content
// comes through a port, and is there before the import that asks for it.

import { receiveMessageOnPort } from 'node:worker_threads';

const contents = new Map();
let port;
let parent;
let scheme;

export function initialize(data) {
  ({ port, parent, scheme } = data);
}

/** The content of a synthetic URL, once all that was sent so far has been read. */
function contentOf(url) {
  for (let sent = receiveMessageOnPort(port); sent !== undefined; sent = receiveMessageOnPort(port)) {
    contents.set(sent.message.url, sent.message.content);
  }
  return contents.get(url);
}

export function resolve(specifier, context, nextResolve) {
  if (contentOf(specifier) !== undefined) return { url: specifier, format: 'module', shortCircuit: true };
  if (contentOf(context.parentURL) === undefined) return nextResolve(specifier, context);
  return nextResolve(specifier, { ...context, parentURL: `${parent}${context.parentURL.slice(scheme.length)}` });
}

export function load(url, context, nextLoad) {
  const source = contentOf(url);
  return source === undefined ? nextLoad(url, context) : { format: 'module', source, shortCircuit: true };
}
