// The program's host in Node: `node host.mjs host_events.wasm`.
// Tells the module what the lines of the standard input say, as they come.

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const MACHINES = 2;
const KINDS = ['coin', 'button', 'off'];

const [wasm] = process.argv.slice(2);
if (wasm === undefined) {
  console.error('host-events: pass the module first: node host.mjs host_events.wasm');
  process.exit(2);
}

const host = {
  print: (pointer, length) => {
    console.log(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, pointer, length)));
  },
};
const { instance: { exports } } = await WebAssembly.instantiate(await readFile(wasm), { host });
exports.start(MACHINES);

if (process.stdin.isTTY) {
  console.log('Say what happens: `0 coin 20`, `0 button 3`, `1 off`. Ctrl-D ends.');
}
for await (const line of createInterface({ input: process.stdin })) {
  const [, machine, kind, value] = /^(\d+) (coin|button|off)(?: (\d+))?$/.exec(line) ?? [];
  if (kind === undefined) {
    console.log(`\`${line}\` says nothing: write \`0 coin 20\`, \`0 button 3\` or \`0 off\``);
  } else if (exports.event(+machine, KINDS.indexOf(kind), +(value ?? 0)) === 0) {
    console.log(`there is no machine ${machine}, or it is off`);
  }
}
