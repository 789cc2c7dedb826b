// Runs the program in Node: `node host.mjs demo.wasm`. The other side is `src/host.rs`.

import { readFile } from 'node:fs/promises';

const text = (address, length) =>
  new TextDecoder().decode(new Uint8Array(exports.memory.buffer, address >>> 0, length));

const host = {
  print: (address, length) => console.log(text(address, length)),
  print_error: (address, length) => console.error(text(address, length)),
  start_timer: (id, milliseconds) => setTimeout(() => exports.timer_ended(id), milliseconds),
};

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), { host });
const { exports } = instance;
process.exitCode = exports.main(0, 0);
