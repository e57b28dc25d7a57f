// Counts differences by their causes, over all cases, and writes the page that tells them.

/** What each cause means: for files that only @vercel/nft lists, for those that only we list, for those that Node.js did not load. */
const MEANINGS = {
  onlyTheirs: {
    exports: ['What `main`, or a file of that name, would be if the package had no `exports`; listed beside what `exports` gives.', 'Node.js: it asks `exports` alone'],
    sync: ['The other file of a package that offers one for the condition `module-sync`; both are listed.', 'each for its Node.js; ours takes the one that `--node` loads'],
    kind: ['What `import` would take, where an ECMAScript module asks by a `require` that `createRequire` made.', 'Node.js takes the other'],
    table: ['Files that a table of @vercel/nft adds for a package, and what they load.', 'nothing in the package loads them'],
    system: ['Add-ons and programs for other systems.', 'they cannot run here; `--platform` chooses'],
    folder: ['The rest of a folder of the package itself, which a path or a name that is put together leads into.', 'nothing loads them'],
    project: ['What lies at a path from the folder that the program is started in (`process.cwd()`), its `node_modules` among it, and what that loads. All packages of the cases lie there, far more than in one project.', 'such paths are looked at, run as programs, or compared; nothing loads them'],
  },
  onlyOurs: {
    pattern: ['A name that is put together: every file that it can mean.', 'Node.js loads one of them when it is asked for'],
    convention: ['The table of conventions: views, drivers, workers, locales, rules; and what those load.', 'as above'],
    path: ['A file or a folder that is named by its path, to be read: templates, WebAssembly, locales, texts.', 'read when they are needed'],
    addon: ['Add-ons for this system: for musl and each version of the interface, as the finder chooses when it runs.', 'Node.js loads one of them'],
    library: ['Libraries that an add-on names in its header.', 'the system loads them'],
    program: ['Scripts of workers and children that are started by their paths.', 'started when they are needed'],
    named: ['What is resolved and handed on (`require.resolve`, `import.meta.resolve`), or named to somebody who loads it.', 'loaded when it is asked for'],
    renamed: ['`require` by another name: made by `createRequire` in an ECMAScript module, renamed by a compiler, or `module.register`.', 'Node.js loads it'],
    folded: ['A name that has to be worked out: constants, conditions, loops.', 'Node.js loads it'],
    unread: ['Named in a file that its parser cannot read.', 'loaded if that file is compiled first'],
    manifest: ['`package.json` on the way to a listed file.', 'Node.js reads it'],
  },
  idle: {
    function: ['Named in a function that was not called.', 'can load'],
    branch: ['Named in a branch that was not gone: the other side of `NODE_ENV`, another version or system.', 'can load'],
    ended: ['Named in a file behind a load that failed.', 'can load where that is installed'],
    program: ['Scripts of workers and children that were not started.', 'can load'],
    named: ['Resolved or named, and not loaded by the one who got the name.', 'can load'],
    addon: ['Add-ons of the same system for another interface or C library.', 'can load on such a system'],
    library: ['Libraries beside an add-on.', 'loaded by the system, which the recording does not see'],
    pattern: ['A name that is put together, and was another one this time.', 'can load'],
    path: ['Named by its path, and not read.', 'can be read'],
    convention: ['The table of conventions.', 'can load'],
    manifest: ['`package.json` on the way to a listed file.', 'Node.js reads it without loading it'],
  },
};

const TITLES = {
  onlyTheirs: 'Only @vercel/nft lists them',
  onlyOurs: 'Only we list them',
  idle: 'We list them, and Node.js did not load them here',
};

/** Takes up cases one by one. */
export function newTally() {
  const lists = Object.fromEntries(Object.keys(MEANINGS).map((list) => [list, new Map()]));
  return { lists, cases: [], told: new Map(), missed: new Map(), all: new Set() };
}

/** Adds one case: its differences, and what `judge` said of each version of Node.js. */
export function add(tally, name, folder, found, misses) {
  const { entry, theirs, ours, used, loaded } = found;
  for (const list of Object.keys(MEANINGS)) {
    for (const [file, { cause, by, direct }] of found[list]) {
      const lists = tally.lists[list];
      if (!lists.has(cause)) lists.set(cause, { files: new Set(), cases: new Set(), places: 0, loaded: 0, examples: new Map() });
      const one = lists.get(cause);
      one.files.add(`${folder}:${file}`);
      one.cases.add(name);
      one.places += 1;
      if (list !== 'idle') tally.all.add(`${folder}:${file}`);
      if (used.has(file)) one.loaded += 1;
      if (direct !== false && file !== entry) {
        const example = by ? `\`${shown(file)}\` by \`${shown(by)}\`` : `\`${shown(file)}\``;
        one.examples.set(example, (one.examples.get(example) ?? 0) + 1);
      }
    }
  }
  const missedByThem = [...loaded].filter((file) => !theirs.has(file));
  for (const file of missedByThem) count(tally.missed, `${folder}:${file}`, name);
  for (const [file, by] of [...misses.told, ...misses.untold]) count(tally.told, `\`${shown(file)}\` by \`${shown(by ?? '')}\``, name);
  tally.cases.push({
    name, loaded: loaded.size, ours: ours.size, theirs: theirs.size, onlyOurs: found.onlyOurs.size, onlyTheirs: found.onlyTheirs.size,
    missedByThem: missedByThem.length, told: misses.told.length, untold: misses.untold.length,
  });
}

const count = (map, key, name) => map.set(key, (map.get(key) ?? new Set()).add(name));
const shown = (file) => file.replace(/node_modules\//g, '…/').replace(/^(?!…)/, './');
const sum = (cases, of) => cases.reduce((all, one) => all + one[of], 0);

/** The page. */
export function page(tally, { nft, nodes }) {
  const { cases } = tally;
  const different = cases.filter(({ onlyOurs, onlyTheirs }) => onlyOurs + onlyTheirs);
  const lines = [
    '# Where the list differs from @vercel/nft\'s, and from what Node.js loaded', '',
    '<!-- Written by bench/trace-diff.mjs --explain. Do not edit: change bench/trace/differences.mjs or bench/trace/page.mjs, and run it again. -->', '',
    `${cases.length} cases of \`bench/trace/cases.mjs\`: packages by \`require\` and by \`import\`, programs for the terminal, six servers. Each list is that of one entry. Loaded is what Node.js ${nodes.join(' and ')} loaded together; @vercel/nft is ${nft}, with its defaults. A cause is found by a program, file by file; a file that only other differing files lead to has their cause. [trace.md](trace.md) says how the cases are run.`, '',
    '| | files, over all cases |', '|---|---|',
    `| loaded by Node.js | ${sum(cases, 'loaded')} |`,
    `| of those not listed by us, and told | ${sum(cases, 'told')} |`,
    `| of those not listed by us, and not told | ${sum(cases, 'untold')} |`,
    `| of those not listed by @vercel/nft | ${sum(cases, 'missedByThem')}, in ${cases.filter(({ missedByThem }) => missedByThem).length} cases |`,
    `| listed by us, \`package.json\` included | ${sum(cases, 'ours')} |`,
    `| listed by @vercel/nft | ${sum(cases, 'theirs')} |`,
    `| listed by one of the two alone | ${sum(cases, 'onlyOurs') + sum(cases, 'onlyTheirs')}, in ${different.length} cases; ${tally.all.size} different files |`,
    `| of no known cause | ${Object.values(tally.lists).reduce((all, causes) => all + (causes.get('unexplained')?.places ?? 0), 0)} |`, '',
    'A file counts once for each case in the columns "places"; in "files" once.', '',
  ];
  for (const [list, title] of Object.entries(TITLES)) lines.push(`## ${title}`, '', ...causesTable(tally.lists[list], list), '');
  lines.push('## Node.js loaded them, and we do not list them', '', 'Each was told: the file that loads it is reported as loading what is not known.', '');
  lines.push(...[...tally.told].map(([file, names]) => `- ${file} (${[...names].join(', ')})`), '');
  lines.push('## Node.js loaded them, and @vercel/nft does not list them', '', '| package of the file | files | cases | examples |', '|---|---|---|---|', ...missedTable(tally.missed), '');
  lines.push('## Case by case', '', 'One line for `require` and `import` where they are equal. Loaded are modules; lists hold `package.json` and data too.', '',
    '| case | loaded | ours | nft | only ours | only nft | nft misses | ours misses, told | not told |', '|---|---|---|---|---|---|---|---|---|', ...casesTable(cases));
  return `${lines.join('\n')}\n`;
}

function causesTable(causes, list) {
  const lines = [`| what | who is right | places | files | cases | ${list === 'idle' ? '' : 'loaded or read by Node.js | '}for example |`, `|---|---|---|---|---|${list === 'idle' ? '' : '---|'}---|`];
  for (const [cause, one] of [...causes].sort((left, right) => right[1].places - left[1].places)) {
    const [what, right] = MEANINGS[list][cause] ?? [`**${cause}**`, ''];
    const examples = [...one.examples].sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1)).slice(0, cause === 'unexplained' ? Infinity : 3).map(([text]) => text);
    lines.push(`| ${what} | ${right} | ${one.places} | ${one.files.size} | ${one.cases.size} | ${list === 'idle' ? '' : `${one.loaded} | `}${examples.join('; ')} |`);
  }
  return lines;
}

function missedTable(missed) {
  const packages = grouped([...missed], ([file]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(file)?.[1] ?? 'the project');
  return [...packages].sort((left, right) => right[1].length - left[1].length).map(([name, files]) => {
    const names = new Set(files.flatMap(([, names]) => [...names]));
    const examples = files.slice(0, 2).map(([file]) => `\`${shown(file.slice(file.indexOf(':') + 1))}\``);
    return `| ${name} | ${files.length} | ${[...names].slice(0, 4).join(', ')}${names.size > 4 ? `, ${names.size - 4} more` : ''} | ${examples.join(', ')} |`;
  });
}

/** Sorts into groups, in the order in which they come. */
export function grouped(list, keyOf) {
  const groups = new Map();
  for (const one of list) {
    const key = keyOf(one);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  return groups;
}

function casesTable(cases) {
  const columns = ['loaded', 'ours', 'theirs', 'onlyOurs', 'onlyTheirs', 'missedByThem', 'told', 'untold'];
  const rows = new Map();
  for (const one of cases) {
    const numbers = columns.map((column) => one[column]).join(' | ');
    const name = one.name.replace(/ \(import\)$/, '');
    const key = `${name} ${numbers}`;
    if (rows.has(key)) rows.get(key).name = name;
    else rows.set(key, { name: one.name, numbers });
  }
  return [...rows.values()].map(({ name, numbers }) => `| ${name} | ${numbers} |`);
}
