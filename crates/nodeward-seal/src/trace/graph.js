'use strict';
const { entries, packages, sources, edges, dynamic } = trace;
const element = (name, text, ...inner) => {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  made.append(...inner);
  return made;
};
const bytes = (size) => size < 1e3 ? `${size} B` : size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
const button = (text, act) => {
  const made = element('button', text);
  made.addEventListener('click', act);
  return made;
};
const files = packages.map(() => []);
sources.forEach(([, place], at) => files[place].push(at));
const sizes = files.map((list) => list.reduce((sum, at) => sum + sources[at][2], 0));
const into = sources.map(() => []);
const out = sources.map(() => []);
edges.forEach((edge) => { into[edge[1]].push(edge); out[edge[0]].push(edge); });
// The shortest way from an entry to each file.
const before = sources.map(() => null);
const place = new Map(sources.map(([path], at) => [path, at]));
const reached = new Set(entries.map((path) => place.get(path)));
for (const at of reached) for (const edge of out[at]) if (!reached.has(edge[1])) { reached.add(edge[1]); before[edge[1]] = edge; }
const told = new Map();
dynamic.forEach(([file, line, pattern, matched]) => told.set(file, [...(told.get(file) ?? []), [line, pattern, matched]]));

const list = document.getElementById('packages');
const detail = document.getElementById('detail');
const order = packages.map((_, at) => at).filter((at) => files[at].length).sort((a, b) => sizes[b] - sizes[a]);
const rows = new Map();
for (const at of order) {
  const row = button(null, () => showPackage(at));
  row.append(element('span', packages[at]), Object.assign(element('span', `${files[at].length} · ${bytes(sizes[at])}`), { className: 'size' }));
  row.title = packages[at];
  rows.set(at, row);
  list.append(row);
}
document.getElementById('summary').textContent =
  `${sources.length} files, ${bytes(sizes.reduce((a, b) => a + b, 0))}, ${order.length} packages; from ${entries.join(', ')}`;
document.getElementById('find').addEventListener('input', ({ target }) => {
  const wanted = target.value.toLowerCase();
  for (const [at, row] of rows) {
    row.hidden = wanted !== '' && !packages[at].toLowerCase().includes(wanted) && !files[at].some((file) => sources[file][0].toLowerCase().includes(wanted));
  }
});

function chips(title, places) {
  const box = element('div', null, ...[...new Set(places)].sort((a, b) => sizes[b] - sizes[a]).map((at) => button(packages[at], () => showPackage(at))));
  box.className = 'chips';
  return places.length ? [element('h3', title), box] : [];
}

function mark(at) {
  rows.forEach((row, other) => row.classList.toggle('on', other === at));
}

function showPackage(at) {
  mark(at);
  const own = new Set(files[at]);
  const from = files[at].flatMap((file) => into[file]).map(([from]) => from).filter((file) => !own.has(file)).map((file) => sources[file][1]);
  const to = files[at].flatMap((file) => out[file]).map(([, to]) => to).filter((file) => !own.has(file)).map((file) => sources[file][1]);
  const all = element('ol');
  let shown = 0;
  const more = () => {
    for (const end = Math.min(shown + 200, files[at].length); shown < end; shown++) all.append(element('li', null, fileLink(files[at][shown])));
    rest.hidden = shown === files[at].length;
    rest.textContent = `${files[at].length - shown} more`;
  };
  const rest = button('', more);
  more();
  detail.replaceChildren(element('h2', packages[at]), element('p', `${files[at].length} files, ${bytes(sizes[at])}`),
    ...chips('Loaded by', from), ...chips('Loads', to), element('h3', 'Files'), all, rest);
  detail.scrollTop = 0;
}

function fileLink(at) {
  const [path, , size, kind, origin] = sources[at];
  const line = element('span', null, button(path, () => showFile(at)), element('span', ` ${kind}, ${bytes(size)}${origin === 'static' ? '' : `, ${origin}`} `));
  if (told.has(path)) line.append(Object.assign(element('span', 'dynamic'), { className: 'mark' }));
  return line;
}

function showFile(at) {
  mark(sources[at][1]);
  const way = [];
  for (let edge = before[at]; edge; edge = before[edge[0]]) way.unshift(edge);
  const steps = element('ol', null, ...way.map(([from, , line, how]) => element('li', null, button(line ? `${sources[from][0]}:${line}` : sources[from][0], () => showFile(from)), element('span', ` ${how}`))));
  const lists = [['Loaded by', into[at], 0], ['Loads', out[at], 1]].map(([title, list, end]) => {
    const inner = element('ol', null, ...list.slice(0, 500).map((edge) => element('li', null, button(sources[edge[end]][0], () => showFile(edge[end])), element('span', ` ${edge[3]}${edge[2] ? `, line ${edge[2]}` : ''}`))));
    return element('details', null, element('summary', `${title} (${list.length})`), inner);
  });
  const open = (told.get(sources[at][0]) ?? []).map(([line, pattern, matched]) =>
    element('li', `line ${line}: ${pattern ?? 'anything'}${matched === null ? ', not narrowed' : `, ${matched} files`}`));
  detail.replaceChildren(element('h2', sources[at][0]),
    element('p', null, button(packages[sources[at][1]], () => showPackage(sources[at][1])), element('span', ` ${sources[at][3]}, ${bytes(sources[at][2])}, ${sources[at][4]}`)),
    element('h3', 'Why it is here'), way.length ? steps : element('p', 'The program starts here.'),
    ...(open.length ? [element('h3', 'Loads that are not known exactly'), element('ul', null, ...open)] : []), ...lists);
  detail.scrollTop = 0;
}

showPackage(order.includes(0) ? 0 : order[0]);
