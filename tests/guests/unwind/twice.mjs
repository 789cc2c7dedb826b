// A panic that nobody catches ends in a trap. The host calls again all the same: on its own stack,
// and not on what was the coroutine's.

import assert from "node:assert";
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const imports = Object.fromEntries(
  WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]),
);

for (const catchesFirst of [0, 1]) {
  const messages = [];
  let exports;
  const panicked = (start, length) => {
    const bytes = new Uint8Array(exports.memory.buffer, start, length);
    messages.push(new TextDecoder().decode(bytes));
  };
  ({ exports } = new WebAssembly.Instance(module, { host: { ...imports, panicked } }));
  const before = exports["host here"]();
  assert.throws(() => exports["host panics"](catchesFirst), WebAssembly.RuntimeError);
  const first = catchesFirst ? ["caught"] : [];
  assert.deepEqual(messages, [...first, "not caught", "panic in a function that cannot unwind"]);
  // What the export that trapped had on the host's stack is lost, and no more.
  const lost = before - exports["host here"]();
  assert.ok(lost >= 0 && lost < 4096, `the stack pointer moved by ${lost} bytes`);
  assert.equal(exports["host changed"](300), 0);
}
