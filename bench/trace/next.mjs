// The sixth server: an application of Next.js, built here with `output: "standalone"`.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FILES = {
  'package.json': '{"name":"next-case","version":"1.0.0","private":true}',
  'next.config.js': 'module.exports = { output: "standalone", outputFileTracingRoot: __dirname };\n',
  'pages/old.js': 'export default function Old() { return <p>old</p>; }\nexport async function getServerSideProps() { return { props: {} }; }\n',
  'pages/api/hello.js': 'export default function handler(request, response) { response.json({ a: 1 }); }\n',
  'app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }\n',
  'app/page.js': 'import Image from "next/image";\nexport const dynamic = "force-dynamic";\nexport default function Page() { return <p>new <Image src="/a.png" width={16} height={16} alt="" /></p>; }\n',
  'app/lazy/page.js': 'export const dynamic = "force-dynamic";\nexport default async function Page() { const { text } = await import("../../part.js"); return <p>{text()}</p>; }\n',
  'app/data/route.js': 'export const dynamic = "force-dynamic";\nexport async function GET() { return Response.json({ a: 1 }); }\n',
  'part.js': 'import { marked } from "marked";\nexport const text = () => marked("x");\n',
};

/** A picture of one black pixel. */
const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

const ASKED = ['/', '/old', '/api/hello', '/lazy', '/data', '/nothing', '/a.png', '/_next/image?url=%2Fa.png&w=32&q=75'];

/** Builds it where `--install` is given; its case, if it is there. */
export async function nextCase(base, options) {
  const folder = path.join(base, 'next');
  // Apart from the project, whose node_modules it would find else.
  const standalone = path.join(base, 'next-standalone');
  if (options.install) {
    for (const [file, text] of Object.entries(FILES)) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      if (file !== 'package.json' || !existsSync(path.join(folder, file))) writeFileSync(path.join(folder, file), text);
    }
    mkdirSync(path.join(folder, 'public'), { recursive: true });
    writeFileSync(path.join(folder, 'public/a.png'), PICTURE);
    const steps = [
      ['npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', 'next', 'react', 'react-dom', 'sharp', 'marked']],
      [process.execPath, ['node_modules/next/dist/bin/next', 'build']],
    ];
    for (const [program, args] of steps) {
      const done = spawnSync(program, args, { cwd: folder, stdio: 'inherit', env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
      if (done.status !== 0) { console.log('server-next | could not be built'); return []; }
    }
    rmSync(standalone, { recursive: true, force: true });
    cpSync(path.join(folder, '.next/standalone'), standalone, { recursive: true });
    cpSync(path.join(folder, '.next/static'), path.join(standalone, '.next/static'), { recursive: true });
    cpSync(path.join(folder, 'public'), path.join(standalone, 'public'), { recursive: true });
  }
  if (!existsSync(path.join(standalone, 'server.js'))) return [];
  return [{ folder: 'next', name: 'server-next', root: standalone, entry: 'server.js', args: [], run: ask }];
}

/** Starts the server, asks it for everything, and ends it. */
async function ask(program, entry, settings) {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = spawn(program, [entry], {
    ...settings, env: { ...settings.env, PORT: String(port), HOSTNAME: '127.0.0.1', NODE_ENV: 'production' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (part) => { stderr += part; });
  const ended = new Promise((done) => child.on('exit', done));
  const answers = [];
  for (let tries = 0; tries < 100; tries++) {
    try { await fetch(`http://127.0.0.1:${port}/`); break; } catch { await new Promise((done) => setTimeout(done, 200)); }
  }
  for (const address of ASKED) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${address}`);
      await answer.arrayBuffer();
      answers.push(`${address} ${answer.status}`);
    } catch (error) { answers.push(`${address} ${error.message}`); }
  }
  child.kill('SIGTERM');
  await Promise.race([ended, new Promise((done) => setTimeout(done, 5000))]);
  child.kill('SIGKILL');
  return { status: 0, stdout: '', stderr: `TRACE-DIFF ${answers.join(', ')} ${stderr.split('\n')[0]}` };
}
