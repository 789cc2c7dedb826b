// What JavaScript does while a coroutine has called it, and what must come of it.
//
//     node run.mjs <module>
//
// `cargo xtask test` names the module in BYSYNCIFY_WASM. Exits with 1 if something else came of it.

import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2] ?? process.env.BYSYNCIFY_WASM));

/** The module anew: its functions, which log what they throw, and the log. */
function instantiate(callback) {
  const log = [];
  const calls = {};
  const host = {
    log: (at, length) => {
      log.push(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, length)));
    },
    callback: () => callback(calls),
  };
  const { exports } = new WebAssembly.Instance(module, { host });
  for (const [name, call] of Object.entries(exports)) {
    if (!name.startsWith("js ")) continue;
    calls[name.slice(3)] = (...values) => {
      try {
        return call(...values);
      } catch (error) {
        log.push(`thrown: ${error.message}`);
        return undefined;
      }
    };
  }
  calls.start();
  return { log, calls };
}

const STARTED = ["task is pending"];
const OUTSIDE = ["can wait: false, Err(NotRunning)", "panic: cannot embed outside a running coroutine", "thrown: unreachable"];

/** What follows where all is well: it goes on, waits, and ends; then another one is cancelled. */
const GOES_ON = (value) => [
  `JavaScript returned ${value}; locals intact: true`,
  "task is pending",
  "then Ok(())",
  "its local is dropped",
  "task is ready",
];
const CANCELLED = (value) => [
  "task is pending",
  "to be dropped: true",
  `JavaScript returned ${value}; locals intact: true`,
  "then Err(Cancelled)",
  "its local is dropped",
  "abandoned: 0",
];

/** Each with what JavaScript does, what is logged then, and what it returns. */
const cases = {
  "it polls the same task": [({ poll }) => (poll(0), 1), ["task is not there"], 1],
  "it drops the same task": [({ cancel }) => (cancel(0), 2), ["to be dropped: false", "abandoned: 0"], 2],
  "it waits": [({ wait }) => (wait(), 3), OUTSIDE, 3],
  "it panics, and goes on": [({ panic }) => (panic(), 4), ["panic: asked for", "thrown: unreachable"], 4],
  "it goes deep": [({ descend }) => descend(3000) && 5, [], 5],
};

let failures = 0;

function compare(title, log, expected) {
  if (JSON.stringify(log) === JSON.stringify(expected)) return;
  failures += 1;
  console.error(`${title}:\n  ${log.join("\n  ")}\ninstead of:\n  ${expected.join("\n  ")}`);
}

for (const [title, [callback, during, value]] of Object.entries(cases)) {
  const { log, calls } = instantiate(callback);
  const task = calls.spawn_caller();
  for (let poll = 0; poll < 3; poll++) calls.poll(task);
  compare(title, log, [...STARTED, ...during, ...GOES_ON(value)]);

  // In another instance: it is cancelled where it waits before it calls.
  const second = instantiate(() => value);
  const other = second.calls.spawn_caller();
  second.calls.poll(other);
  second.calls.cancel(other);
  compare(`${title}, and another is cancelled`, second.log, CANCELLED(value));
}

{
  // An exception goes through the coroutine, which was taken out of the list and stays as it is.
  const { log, calls } = instantiate(() => {
    throw new Error("from JavaScript");
  });
  const task = calls.spawn_caller();
  calls.poll(task);
  calls.poll(task);
  calls.poll(task);
  calls.wait();
  // Things are as they are when nothing runs.
  const next = calls.spawn_caller();
  calls.poll(next);
  compare("it throws", log, [
    ...STARTED, "thrown: from JavaScript", "task is not there", ...OUTSIDE, "task is pending",
  ]);
}

{
  // The same in a coroutine that another one polls.
  const { log, calls } = instantiate(() => {
    throw new Error("from JavaScript");
  });
  calls.spawn_caller();
  const outer = calls.spawn_poller();
  calls.poll(outer);
  calls.poll(outer);
  calls.wait();
  compare("it throws, two coroutines deep", log, [
    "inner task is pending", "thrown: from JavaScript", "task is not there", ...OUTSIDE,
  ]);
}

{
  // The engine's own stack overflows in a coroutine.
  const { log, calls } = instantiate(() => 6);
  const deep = calls.spawn_recursion();
  calls.poll(deep);
  const next = calls.spawn_caller();
  for (let poll = 0; poll < 3; poll++) calls.poll(next);
  calls.poll(deep);
  compare("the engine's stack overflows", log, [
    "thrown: Maximum call stack size exceeded", ...STARTED, ...GOES_ON(6), "task is not there",
  ]);
}

if (failures) process.exit(1);
console.log("what JavaScript does in between is told, or does no harm");
