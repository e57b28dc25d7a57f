// The package managers' own lockfile parsers, timed within the process: what `cargo xtask bench parsers` compares
// Nodeward's readers with. `make FOLDER` writes a lockfile of about 10 MB for each; `time FOLDER npm|pnpm|yarn` prints
// the median of several reads in milliseconds. The parsers are found in FOLDER/node_modules.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const BYTES = 10_000_000;
const RUNS = 5;

const name = (number) => (number % 3 ? `package-${number}` : `@scope/package-${number}`);
const url = (number) => `https://registry.example.org/${name(number)}/-/package-${number}-1.${number}.0.tgz`;
const integrity = (number) => `sha512-${String(number).padStart(86, 'A')}==`;
// Three requirements each, as real projects have on average; no cycle but through the last.
const required = (number, count) => [1, 7, 31].map((step) => (number + step) % count);

const makers = {
  npm: {
    file: 'package-lock.json',
    entry: (number, count) => [
      `node_modules/${name(number)}`,
      {
        version: `1.${number}.0`,
        resolved: url(number),
        integrity: integrity(number),
        license: 'MIT',
        dependencies: Object.fromEntries(required(number, count).map((other) => [name(other), `^1.${other}.0`])),
        engines: { node: '>=18' },
      },
    ],
    text(count) {
      const root = { name: 'made', version: '1.0.0', dependencies: { [name(0)]: '^1.0.0' } };
      const packages = { '': root };
      for (let number = 0; number < count; number++) {
        const [folder, entry] = this.entry(number, count);
        packages[folder] = entry;
      }
      return JSON.stringify({ name: 'made', version: '1.0.0', lockfileVersion: 3, requires: true, packages }, null, 2);
    },
  },
  pnpm: {
    file: 'pnpm-lock.yaml',
    text(count) {
      const head = `lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '${name(0)}':\n        specifier: ^1.0.0\n        version: 1.0.0\n`;
      const packages = [];
      const snapshots = [];
      for (let number = 0; number < count; number++) {
        const key = `  '${name(number)}@1.${number}.0':\n`;
        packages.push(`${key}    resolution: {integrity: ${integrity(number)}}\n    engines: {node: '>=18'}\n`);
        const lines = required(number, count).map((other) => `      '${name(other)}': 1.${other}.0\n`);
        snapshots.push(`${key}    dependencies:\n${lines.join('')}`);
      }
      return `${head}\npackages:\n\n${packages.join('\n')}\nsnapshots:\n\n${snapshots.join('\n')}`;
    },
  },
  yarn: {
    file: 'yarn.lock',
    text(count) {
      const entries = [];
      for (let number = 0; number < count; number++) {
        const lines = required(number, count).map((other) => `    "${name(other)}" "^1.${other}.0"\n`);
        entries.push(
          `"${name(number)}@^1.${number}.0":\n  version "1.${number}.0"\n  resolved "${url(number)}"\n  integrity ${integrity(number)}\n  dependencies:\n${lines.join('')}`,
        );
      }
      return `# yarn lockfile v1\n\n\n${entries.join('\n')}`;
    },
  },
};

const parsers = {
  async npm(folder, require) {
    const Arborist = require('@npmcli/arborist');
    return async () => (await new Arborist({ path: folder }).loadVirtual()).inventory.size;
  },
  async pnpm(folder, require) {
    const { readWantedLockfile } = require('@pnpm/lockfile.fs');
    return async () => {
      const lockfile = await readWantedLockfile(folder, { ignoreIncompatible: false });
      return Object.keys(lockfile.packages).length;
    };
  },
  async yarn(folder, require) {
    const { parse } = require('@yarnpkg/lockfile');
    return async () => Object.keys(parse(readFileSync(join(folder, 'yarn.lock'), 'utf8')).object).length;
  },
};

const [what, given, parser] = process.argv.slice(2);
const folder = resolve(given);
if (what === 'make') {
  for (const [manager, maker] of Object.entries(makers)) {
    const each = maker.text(1000).length / 1000;
    mkdirSync(join(folder, manager), { recursive: true });
    writeFileSync(join(folder, manager, maker.file), maker.text(Math.round(BYTES / each)));
    const manifest = { name: 'made', version: '1.0.0', dependencies: { [name(0)]: '^1.0.0' } };
    writeFileSync(join(folder, manager, 'package.json'), JSON.stringify(manifest));
  }
} else {
  const read = await parsers[parser](join(folder, parser), createRequire(join(folder, 'package.json')));
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    const packages = await read();
    times.push(performance.now() - started);
    if (packages < 1000) throw new Error(`${parser} read only ${packages} packages`);
  }
  console.log(times.sort((one, other) => one - other)[RUNS >> 1].toFixed(3));
}
