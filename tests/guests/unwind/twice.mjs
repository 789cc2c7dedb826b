// The host calls again after what has left a coroutine without the library's knowing: on its own stack, and
// not on what was the coroutine's; and what else there is goes on.

import assert from "node:assert";
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const imports = Object.fromEntries(
  WebAssembly.Module.imports(module).map(({ name }) => [name, () => 0]),
);

// A panic that nobody catches ends in a trap.
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

// An exception of the host's is no panic: it goes through the coroutine, runs destructors, and comes out
// of the export.
const instantiate = (isChecked) => {
  const log = [];
  let exports;
  const text = (start, length) =>
    new TextDecoder().decode(new Uint8Array(exports.memory.buffer, start, length));
  const host = {
    ...imports,
    log: (start, length) => void log.push(text(start, length)),
    panicked: (start, length) => void log.push(`panicked: ${text(start, length)}`),
    is_checked: () => isChecked(call, log),
  };
  ({ exports } = new WebAssembly.Instance(module, { host }));
  const call = (name, ...values) => exports[`host ${name}`](...values);
  return { call, log };
};
const fails = () => {
  throw new Error("of the host's");
};
const DROPPED = "local is dropped: Err(NotRunning)";
const AT_THE_END = "local is dropped: Ok(())";

for (const inAPoll of [0, 1]) {
  const { call, log } = instantiate(fails);
  const [task, other] = [call("spawn", inAPoll), call("spawn", inAPoll)];
  assert.deepEqual([call("poll", task), call("poll", other)], [0, 0]);
  const before = call("here");
  for (const thrown of [1, 2]) {
    assert.throws(() => call("poll", thrown === 1 ? task : other), { message: "of the host's" });
    assert.deepEqual(log.splice(0), [DROPPED]);
    assert.equal(call("abandoned"), thrown);
    assert.equal(call("can embed"), 0);
  }
  const lost = before - call("here");
  assert.ok(lost >= 0 && lost < 4096, `the stack pointer moved by ${lost} bytes`);
  assert.equal(call("poll", task), 2);
}

// It goes through one coroutine, which the host has polled when another one called it, and the host
// catches it: the other one goes on where it was.
for (const [inAPoll, end] of [
  [0, "array is intact: true"],
  [1, "caught: None; array is intact: true"],
]) {
  let depth = 0;
  const { call, log } = instantiate((call, log) => {
    depth += 1;
    if (depth === 2) fails();
    assert.throws(() => call("poll", 1), { message: "of the host's" });
    assert.deepEqual([call("poll", 1), call("can embed"), call("abandoned")], [2, 0, 1]);
    log.push("the host goes on");
    return 0;
  });
  const outer = call("spawn", inAPoll);
  assert.deepEqual([call("spawn", 0), call("poll", outer), call("poll", 1)], [1, 0, 0]);
  assert.equal(call("poll", outer), 0);
  assert.deepEqual(log.splice(0), [DROPPED, "the host goes on"]);
  while (call("poll", outer) === 0);
  assert.deepEqual(log, [end, AT_THE_END]);
  assert.equal(call("abandoned"), 1);
}
