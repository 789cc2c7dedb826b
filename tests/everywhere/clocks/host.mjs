// Has a clock and random numbers, and runs the program.

import { readFile } from "node:fs/promises";

const [wasm] = process.argv.slice(2);
const bytes = (address, length) => new Uint8Array(exports.memory.buffer, address >>> 0, length);
const host = {
  now: () => performance.now(),
  random: (address, length) => void crypto.getRandomValues(bytes(address, length)),
  print: (address, length) => console.log(new TextDecoder().decode(bytes(address, length))),
};
const { instance: { exports } } = await WebAssembly.instantiate(await readFile(wasm), { host });
exports.main();
