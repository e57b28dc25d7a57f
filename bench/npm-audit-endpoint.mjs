// A registry on loopback that answers what `npm audit` asks, from a folder or bulk file of OSV records, so that
// npm can be compared with Nodeward on the same data without the network.
//
//   node bench/npm-audit-endpoint.mjs OSV_JSON LOCKFILE PORT_FILE
//
// OSV_JSON is a JSON array of records; PORT_FILE receives the port once the server listens.

import fs from 'node:fs';
import http from 'node:http';
import zlib from 'node:zlib';

const [osvFile, lockfile, portFile] = process.argv.slice(2);

/** One OSV `affected` entry as the range text that npm reads. */
function rangeText(affected) {
  const parts = [...(affected.versions ?? [])];
  for (const { type, events } of affected.ranges ?? []) {
    if (type === 'GIT') continue;
    let lower = null;
    for (const event of events) {
      if (event.introduced !== undefined) lower = event.introduced;
      if (event.fixed !== undefined) parts.push(lower === '0' ? `<${event.fixed}` : `>=${lower} <${event.fixed}`);
      if (event.last_affected !== undefined) {
        parts.push(lower === '0' ? `<=${event.last_affected}` : `>=${lower} <=${event.last_affected}`);
      }
      if (event.introduced === undefined) lower = null;
    }
    if (lower !== null) parts.push(lower === '0' ? '*' : `>=${lower}`);
  }
  return parts.join(' || ');
}

const advisories = new Map();
let number = 1;
for (const record of JSON.parse(fs.readFileSync(osvFile, 'utf8'))) {
  if (record.withdrawn) continue;
  for (const affected of record.affected ?? []) {
    if (affected.package?.ecosystem !== 'npm') continue;
    const { name } = affected.package;
    if (!advisories.has(name)) advisories.set(name, []);
    advisories.get(name).push({
      id: number++,
      url: `https://github.com/advisories/${record.id}`,
      title: record.summary ?? record.id,
      severity: (record.database_specific?.severity ?? 'moderate').toLowerCase(),
      vulnerable_versions: rangeText(affected),
    });
  }
}

// npm asks for the packuments of what it found, to see whether a fix exists.
const packuments = new Map();
for (const [folder, entry] of Object.entries(JSON.parse(fs.readFileSync(lockfile, 'utf8')).packages)) {
  if (folder === '' || !entry.version) continue;
  const name = entry.name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (!packuments.has(name)) packuments.set(name, { name, 'dist-tags': { latest: entry.version }, versions: {} });
  const { version, dependencies, optionalDependencies, peerDependencies } = entry;
  packuments.get(name).versions[version] = {
    name, version, dependencies, optionalDependencies, peerDependencies, dist: { tarball: '', integrity: entry.integrity },
  };
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    let body = Buffer.concat(chunks);
    if (request.headers['content-encoding'] === 'gzip') body = zlib.gunzipSync(body);
    let answer = packuments.get(decodeURIComponent(request.url.slice(1)));
    if (request.url.endsWith('/advisories/bulk')) {
      const wanted = Object.keys(JSON.parse(body));
      answer = Object.fromEntries(wanted.filter((name) => advisories.has(name)).map((name) => [name, advisories.get(name)]));
    }
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'not found' }));
  });
});
server.listen(0, '127.0.0.1', () => fs.writeFileSync(portFile, String(server.address().port)));
