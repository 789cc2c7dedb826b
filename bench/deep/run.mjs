// Times one wait below many callers, in modules that were made of deep.wat in several ways: by turns,
// in one process. See bench/switch.md.
import { readFileSync } from 'node:fs';

const ROUNDS = 51;
const files = process.argv.slice(2);

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

console.log(`${'depth'.padStart(7)}  ${files.map((file) => file.padEnd(28)).join('')}`);
for (const depth of [0, 1, 10, 100, 1000]) {
  const modules = files.map((file) => {
    const module = new WebAssembly.Module(readFileSync(file));
    const { begin, many } = new WebAssembly.Instance(module).exports;
    begin(depth);
    // So that what is hot is compiled, and a round takes some milliseconds.
    let times = 1;
    const took = (count) => {
      const began = performance.now();
      many(depth, count);
      return performance.now() - began;
    };
    for (let began = performance.now(); performance.now() - began < 300; ) {
      if (took(times) < 3) times *= 2;
    }
    return { times, took, nanoseconds: [], ratios: [] };
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    const all = modules.map(({ times, took }) => (took(times) / times) * 1e6);
    all.forEach((nanoseconds, at) => {
      modules[at].nanoseconds.push(nanoseconds);
      modules[at].ratios.push(nanoseconds / all[0]);
    });
  }
  const row = modules.map(({ nanoseconds, ratios }) =>
    `${median(nanoseconds).toFixed(1).padStart(10)} ns ${median(ratios).toFixed(4).padStart(8)}`.padEnd(28));
  console.log(`${String(depth).padStart(7)}  ${row.join('')}`);
}
