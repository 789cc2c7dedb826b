// Measures functions in pairs, for timing.rs.
//
// Reads a list of `{ours, other}` from standard input. A side is `{module, export, depth}`, for
// a function that is called with the depth and the number of repetitions, or
// `{jspi, depth}`, with the path of bench/jspi.wat in binary. Writes a list: for each pair `{ours, other}`, the
// nanoseconds of one repetition in each round, or null where this Node has no JSPI, or for a module with
// `continuations` cannot switch stacks.

import { readFileSync, writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

const ROUNDS = 151;
const SAMPLE_MS = 3;
// V8 compiles hot code once more, in the background. This is many times as long as that takes.
const WARM_UP_MS = 1000;

const load = (path, imports = {}) =>
  new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), imports).exports;

// V8 needs a flag for this, and cannot do it before Node 26.
function switchesStacks() {
  if (Number(process.versions.node.split(".")[0]) < 26) return false;
  setFlagsFromString("--experimental-wasm-wasmfx");
  return true;
}

// A function of the number of repetitions. Each side has an instance of its own for each pair.
function prepare(side) {
  if (side.jspi) {
    if (!WebAssembly.Suspending) return null;
    const wait = new WebAssembly.Suspending(() => Promise.resolve());
    const run = WebAssembly.promising(load(side.jspi, { host: { wait } }).run);
    return (count) => run(side.depth, count);
  }
  if (side.continuations && !switchesStacks()) return null;
  const measured = load(side.module)[side.export];
  return (count) => measured(side.depth, count);
}

async function nanoseconds(run, count) {
  const started = process.hrtime.bigint();
  // Only JSPI returns a promise. Awaiting would be the same once in thousands of repetitions.
  await run(count);
  return Number(process.hrtime.bigint() - started) / count;
}

async function measure(row) {
  const sides = [prepare(row.ours), prepare(row.other)];
  if (sides.includes(null)) return null;
  const counts = [1000, 1000];
  const sample = async (index) => nanoseconds(sides[index], counts[index]);
  const warm = performance.now() + WARM_UP_MS;
  while (performance.now() < warm) {
    for (const index of [0, 1]) {
      counts[index] = Math.max(1, Math.round((SAMPLE_MS * 1e6) / (await sample(index))));
    }
  }
  const samples = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    // The second side finds other data in the caches, so the sides take turns.
    for (const index of round % 2 ? [1, 0] : [0, 1]) samples[index].push(await sample(index));
  }
  return { ours: samples[0], other: samples[1] };
}

const rows = [];
for (const row of JSON.parse(readFileSync(0, "utf8"))) rows.push(await measure(row));
const text = JSON.stringify(rows);
for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(1, rest));
