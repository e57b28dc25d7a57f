// What confinement costs: what a program's start takes longer, and what a build of a native add-on does.
//
//   node bench/confine.mjs [--nodeward FILE] [--rounds N] [--builds N] [--gyp FILE] [--package FOLDER]
//
// Start: `true`, plainly and by `nodeward exec`, in turn; the difference of the two medians is the cost, with the
// start of nodeward itself, which `--version` shows apart: `nodeward install` pays that once for all scripts.
// Build: `node-gyp rebuild` of an installed package with a `binding.gyp`, plainly and confined in turn, by the
// node-gyp of npm or the one that `--gyp` names, with /usr/bin/python3 or what PYTHON names. Left out without `--package`. Wall clock and CPU time of all
// processes; a ratio for each pair, as what the machine does otherwise changes from minute to minute. Linux only.

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

const options = { nodeward: "nodeward", rounds: "41", builds: "9", gyp: undefined, package: undefined };
const words = process.argv.slice(2);
while (words.length > 0) {
  const name = words.shift().slice(2);
  if (!(name in options) || words.length === 0) throw new Error(`--${name}: not known, or without a value`);
  options[name] = words.shift();
}

/** User and system time of all children that have ended, in milliseconds. */
function spent() {
  const fields = fs.readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function time(command, folder, env = process.env) {
  const [cpu, began] = [spent(), performance.now()];
  const ran = spawnSync(command[0], command.slice(1), { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  if (ran.status !== 0) throw new Error(`${command.join(" ")}: ${ran.error ?? ran.stderr}`);
  return { wall: performance.now() - began, cpu: spent() - cpu };
}

function sorted(numbers) {
  return numbers.toSorted((one, other) => one - other);
}

function median(numbers) {
  const list = sorted(numbers);
  return (list[(list.length - 1) >> 1] + list[list.length >> 1]) / 2;
}

/** Runs commands in turn, forwards and backwards, so that drift meets all alike. */
function turns(commands, rounds, run) {
  const names = Object.keys(commands);
  const taken = Object.fromEntries(names.map((name) => [name, []]));
  names.forEach((name) => run(commands[name]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    order.forEach((name) => taken[name].push(run(commands[name])));
  }
  return taken;
}

function starts(folder) {
  const commands = {
    plain: ["true"],
    version: [options.nodeward, "--version"],
    confined: [options.nodeward, "exec", "--", "true"],
  };
  const taken = turns(commands, Number(options.rounds), (command) => time(command, folder).wall);
  const of = (name) => median(taken[name]);
  const list = sorted(taken.confined.map((wall) => wall - of("plain")));
  const quarter = (part) => list[Math.floor((list.length - 1) * part)].toFixed(1);
  console.log(`start: ${(of("confined") - of("plain")).toFixed(1)} ms more than plainly (quarters ${quarter(0.25)} and ` +
    `${quarter(0.75)}, least ${quarter(0)}); ${(of("confined") - of("version")).toFixed(1)} ms without nodeward's own start`);
}

function builds(folder) {
  const modules = path.dirname(folder).startsWith("@") ? path.resolve(folder, "../..") : path.resolve(folder, "..");
  const node = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  const npm = execFileSync("npm", ["root", "-g"], { encoding: "utf8" }).trim();
  const gyp = options.gyp ?? path.join(npm, "npm/node_modules/node-gyp/bin/node-gyp.js");
  const build = [process.execPath, gyp, "rebuild"];
  const show = ["--read", modules, "--read", path.resolve(gyp, "../.."), "--read", path.join(npm, "npm"), "--write", folder];
  // Of the first `python3` in a PATH with a version manager's shims, one of the two would be started by a shell.
  const python = process.env.PYTHON ?? "/usr/bin/python3";
  const env = { ...process.env, npm_config_nodedir: node, PYTHON: python };
  const handed = ["--env", "npm_config_nodedir", "--env", "PYTHON"];
  const commands = { plain: build, confined: [options.nodeward, "exec", ...handed, ...show, "--", ...build] };
  const taken = turns(commands, Number(options.builds), (command) => time(command, folder, env));
  for (const kind of ["wall", "cpu"]) {
    const ratios = taken.confined.map((one, at) => one[kind] / taken.plain[at][kind]);
    const of = (name) => (median(taken[name].map((one) => one[kind])) / 1000).toFixed(2);
    console.log(`build, ${kind}: ${median(ratios).toFixed(3)} of plain (${sorted(ratios).map((ratio) => ratio.toFixed(3)).join(" ")}); ` +
      `${of("plain")} and ${of("confined")} s`);
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "nodeward-confine-"));
try {
  starts(folder);
} finally {
  fs.rmSync(folder, { recursive: true });
}
if (options.package !== undefined) builds(path.resolve(options.package));
