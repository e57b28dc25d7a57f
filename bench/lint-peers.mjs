// What other tools need to look at the same sources: copies outside `node_modules`, which they leave out, and settings.
//
//   node bench/lint-peers.mjs prepare FOLDER NODE_MODULES   copies the JavaScript to FOLDER/sources; prints its bytes
//   node bench/lint-peers.mjs xray FOLDER PART              js-x-ray over FOLDER/PART; prints how many warnings
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const isSource = (name) => /\.[cm]?js$/.test(name);

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(file);
    else if (entry.isFile() && isSource(entry.name)) yield file;
  }
}

const commands = {
  prepare(folder, modules) {
    const to = path.join(folder, 'sources');
    fs.rmSync(to, { recursive: true, force: true });
    let bytes = 0;
    for (const file of sources(modules)) {
      const below = path.relative(modules, file).replaceAll('node_modules', 'modules');
      const copy = path.join(to, below);
      fs.mkdirSync(path.dirname(copy), { recursive: true });
      fs.copyFileSync(file, copy);
      bytes += fs.statSync(copy).size;
    }
    const config = [
      "import security from 'eslint-plugin-security';",
      'export default [',
      '  { ignores: [] },',
      '  {',
      "    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],",
      "    languageOptions: { sourceType: 'commonjs', ecmaVersion: 'latest' },",
      '    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: "off" },',
      '    plugins: { security },',
      '    rules: security.configs.recommended.rules,',
      '  },',
      "  { files: ['**/*.mjs'], languageOptions: { sourceType: 'module' } },",
      '];',
      '',
    ];
    fs.writeFileSync(path.join(folder, 'eslint.config.mjs'), config.join('\n'));
    console.log(bytes);
  },

  async xray(folder, part) {
    const installed = path.resolve(folder, 'node_modules/@nodesecure/js-x-ray');
    const { exports } = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8'));
    const { AstAnalyser } = await import(pathToFileURL(path.join(installed, exports['.'].import)));
    const analyser = new AstAnalyser();
    let warnings = 0;
    let unread = 0;
    for (const file of sources(path.join(folder, part))) {
      try {
        warnings += analyser.analyse(fs.readFileSync(file, 'utf8')).warnings.length;
      } catch {
        unread += 1;
      }
    }
    console.log(JSON.stringify({ warnings, unread }));
  },
};

const [command, ...args] = process.argv.slice(2);
await commands[command](...args);
