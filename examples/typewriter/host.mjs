// The program's host in Node: `node host.mjs typewriter.wasm [text]`.
// Hands out a text, some of it whenever a timer has ended.

import { readFile } from 'node:fs/promises';

const [wasm, text = 'hello world!!!'] = process.argv.slice(2);
if (wasm === undefined) {
  console.error('typewriter: pass the module first: node host.mjs typewriter.wasm [text]');
  process.exit(2);
}
let unread = Buffer.from(`${text}\n`);

// A new view for each call: memory that has grown is another buffer.
const bytes = (pointer, length) => Buffer.from(exports.memory.buffer, pointer, length);

const env = {
  print: (pointer, length) => {
    process.stdout.write(Buffer.from(bytes(pointer, length)));
  },
  // Copies what there is, `length` bytes at the most; 0 is the end.
  read: (pointer, length) => {
    const copied = unread.copy(bytes(pointer, length));
    unread = unread.subarray(copied);
    return copied;
  },
  // Calls back when there is something to read. `callback` is an index in the module's table.
  onReady: (callback, frame) => {
    setTimeout(() => exports.__indirect_function_table.get(callback)(frame), Math.random() * 200);
  },
};

const { instance: { exports } } = await WebAssembly.instantiate(await readFile(wasm), { env });
exports.init();
