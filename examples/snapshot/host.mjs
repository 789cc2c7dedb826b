// The program's host in Node: `node host.mjs snapshot.wasm FILE [ANSWER…]`.
// Goes on with what is in the file, or starts if there is none, and saves the program to the file.
// `wasmi/src/main.rs` does the same, and reads and writes the same files.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const [wasmFile, file, ...answers] = process.argv.slice(2);
if (file === undefined) {
  console.error('snapshot: pass a file to save to: cargo bysyncify run snapshot -- FILE [ANSWER…]');
  process.exit(2);
}

const wasm = readFileSync(wasmFile);
const bytes = (...where) => new Uint8Array(exports.memory.buffer, ...where);
const host = {
  print: (pointer, length) => console.log(new TextDecoder().decode(bytes(pointer, length))),
};
const { instance: { exports } } = await WebAssembly.instantiate(wasm, { host });

let waits = true;
if (existsSync(file)) {
  restore(readFileSync(file));
} else {
  waits = exports.start() === 1;
}
for (const answer of answers) {
  if (!waits) break;
  const text = new TextEncoder().encode(answer);
  bytes(exports.answer(text.length), text.length).set(text);
  waits = exports.resume() === 1;
}
if (waits) save();
else rmSync(file, { force: true });

/** The first line of a snapshot: what the rest is. */
function header(size) {
  return Buffer.from(`${size} bytes, the memory of module ${fingerprint(wasm)}\n`);
}

/** Another file takes its place only when it is complete. */
function save() {
  const memory = bytes();
  writeFileSync(`${file}.new`, Buffer.concat([header(memory.length), memory]));
  renameSync(`${file}.new`, file);
}

/** Makes the memory of this new instance what that of the other was. */
function restore(saved) {
  const start = saved.indexOf('\n') + 1;
  const memory = saved.subarray(start);
  if (!saved.subarray(0, start).equals(header(memory.length))) {
    console.error(`Error: \`${file}\` is no whole snapshot of this module; remove it to start again`);
    process.exit(1);
  }
  exports.memory.grow((memory.length - bytes().length) / 65536);
  bytes().set(memory);
}

/** FNV-1a, of 64 bits: tells modules apart, is quick to write in any language, and no secret. */
function fingerprint(content) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of content) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
