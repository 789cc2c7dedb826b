// The program's frame in Node: `node host.mjs no_alloc.wasm`.
// Gives the module a clock and somewhere to print to, and calls it when it asked to be called.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const [wasm] = process.argv.slice(2);
if (wasm === undefined) {
  console.error('no-alloc: pass the module first: node host.mjs no_alloc.wasm');
  process.exit(2);
}

// The program's clock stands still while nothing happens, and then is as late as it was asked
// to be called: so it does the same on a slow machine as on a fast one.
let now = 0;
const alarms = [];

const write = (stream) => (address, length) =>
  stream.write(new Uint8Array(exports.memory.buffer, address, length).slice());

const imports = {
  now: () => now,
  poll_at: (time) => alarms.push(time),
  print: write(process.stdout),
  panicked: write(process.stderr),
};

const { instance: { exports } } = await WebAssembly.instantiate(await readFile(wasm), { host: imports });

exports.start();
while (exports.poll() === 0) {
  alarms.sort((a, b) => a - b);
  const next = alarms.shift();
  await setTimeout(next - now);
  now = next;
}
