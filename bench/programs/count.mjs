// Counts the instructions of V8's optimised code that one run of a program takes, by valgrind's callgrind. Where a
// clock says what else the machine does, this says the same each time, and in which functions:
//
//   node bench/programs/count.mjs records plain ours ours--precise
//
// takes the builds that `cargo xtask bench programs --program records` has made. Each takes some minutes. The first is
// what the others are compared with.
//
// V8 compiles a function when it is first called, at once as well as it can; so there is no code of another kind. It
// writes where each function's code is (`--perf-basic-prof`), and callgrind how often each instruction ran.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { start } from './host.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** How many functions are told. */
const SHOWN = 12;

const [program, ...builds] = process.argv.slice(2);
if (program === '--run') {
  await run(...builds);
} else {
  if (builds.length === 0) throw new Error('node count.mjs PROGRAM BUILD…');
  const [first, ...others] = builds.map((build) => ({ build, counts: count(program, build) }));
  console.log(`${first.build}: ${sum(first.counts)} instructions`);
  for (const other of others) compare(first, other);
}

/** One run, in a process that is watched. */
async function run(program, module, name) {
  const { input } = await import(pathToFileURL(join(HERE, program, 'input.mjs')));
  start(readFileSync(module), input)[name]();
}

/** By function: how many instructions a run takes. */
function count(program, build) {
  const folder = mkdtempSync(join(tmpdir(), 'bysyncify-count-'));
  const module = join(HERE, '../../target/bench/programs', program, `${build}.wasm`);
  const output = join(folder, 'callgrind.out');
  const name = build === 'plain' ? 'plain' : 'inside';
  const { pid, status, stderr } = spawnSync('valgrind', [
    '--tool=callgrind', '--dump-instr=yes', '--smc-check=all-non-file', `--callgrind-out-file=${output}`,
    process.execPath, '--no-liftoff', '--wasm-lazy-compilation', '--perf-basic-prof', '--no-logfile-per-isolate',
    '--logfile=/dev/null', fileURLToPath(import.meta.url), '--run', program, module, name,
  ]);
  if (status !== 0) throw new Error(`${build}: ${stderr}`);
  const map = `/tmp/perf-${pid}.map`;
  const counts = byFunction(functions(readFileSync(map, 'utf8')), instructions(readFileSync(output, 'utf8')));
  rmSync(map);
  rmSync(folder, { recursive: true });
  return counts;
}

/** Where V8's optimised code of functions in WebAssembly is, in order. */
function functions(map) {
  const found = [];
  for (const line of map.split('\n')) {
    const [, begin, size, name] = /^([0-9a-f]+) ([0-9a-f]+) JS:(.*)-\d+-turbofan$/.exec(line) ?? [];
    if (!begin) continue;
    // Rust's hash at a name's end is another in each build.
    const stem = name.replace(/17h[0-9a-f]{16}E/, '');
    found.push({ begin: parseInt(begin, 16), size: parseInt(size, 16), name: stem });
  }
  return found.sort((one, other) => one.begin - other.begin);
}

/**
 * How often each instruction ran, by address. An address can be relative to that of the line before, and what follows
 * a call counts all that was called.
 */
function* instructions(output) {
  let address = 0;
  let isCall = false;
  for (const line of output.split('\n')) {
    const [, sign, digits, times] = /^(0x|\+|-|\*)([0-9a-f]*) \S+ (\d+)$/.exec(line) ?? [];
    if (sign === '0x') address = parseInt(digits, 16);
    else if (sign === '+') address += Number(digits);
    else if (sign === '-') address -= Number(digits);
    if (sign && !isCall) yield [address, Number(times)];
    isCall = line.startsWith('calls=');
  }
}

function byFunction(all, instructions) {
  const counts = new Map();
  for (const [address, times] of instructions) {
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle].begin <= address) low = middle + 1;
      else high = middle;
    }
    const found = all[low - 1];
    if (found && address < found.begin + found.size) counts.set(found.name, (counts.get(found.name) ?? 0) + times);
  }
  return counts;
}

function sum(counts) {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}

function compare(first, { build, counts }) {
  const ratio = (sum(counts) / sum(first.counts)).toFixed(4);
  console.log(`${build}: ${ratio} times as many. More than in ${first.build}, by function:`);
  const names = new Set([...counts.keys(), ...first.counts.keys()]);
  const more = [...names].map((name) => [(counts.get(name) ?? 0) - (first.counts.get(name) ?? 0), name]);
  more.sort(([one], [other]) => Math.abs(other) - Math.abs(one));
  for (const [difference, name] of more.slice(0, SHOWN)) console.log(`${String(difference).padStart(12)}  ${name}`);
}
